"""What the score says of accuracy that the size of a network does not: behind the chapter on predictors."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from naswotbook.markdown import markdown_table
from naswotbook.panels import MEASURES
from naswotbook.plots import score_by_size, within_groups
from naswotlib.scoring.proxies import NASWOT
from naswotlib.stats import bootstrap_interval, kendall_tau, partial_tau, tau_within

SIZES = tuple(name for name, measure in MEASURES.items() if measure.kind == "size")
PREDICTORS = (NASWOT, *SIZES)
SMALLEST = 10  # networks that a group must have for a correlation of its own


def explain_accuracy(points: pd.DataFrame, *, seed: int, n_boot: int = 1000) -> pd.DataFrame:
    """Rank correlations with ``accuracy`` of the columns :data:`PREDICTORS` of ``points``, a row a network.

    A row for each: ``kind``, ``measure``, ``given``, ``group``, ``n``, ``tau``, ``low``, ``high`` (of a 95% bootstrap
    interval over networks). By ``kind``:

    - ``overall``: Kendall's tau of ``measure`` with accuracy;
    - ``partial``: Kendall's partial tau of the score with ``given``, a size, held fixed, and of that size with the
      score held fixed;
    - ``within``: tau of the score over the pairs of networks that have the same ``given``, where there are any;
    - ``group``: tau of the score among the networks with ``group`` ReLU units, where there are at least ten.
    """
    rows = [*_overall(points, seed, n_boot), *_conditional(points, seed, n_boot), *_groups(points, seed, n_boot)]
    return pd.DataFrame(rows, columns=["kind", "measure", "given", "group", "n", "tau", "low", "high"])


def _overall(points: pd.DataFrame, seed: int, n_boot: int) -> Iterator[dict[str, object]]:
    for name in PREDICTORS:
        tau = kendall_tau(points[name], points.accuracy, rng=np.random.default_rng(seed), n_boot=n_boot)
        yield {"kind": "overall", "measure": name, "n": tau.n, "tau": tau.tau, "low": tau.low, "high": tau.high}


def _conditional(points: pd.DataFrame, seed: int, n_boot: int) -> Iterator[dict[str, object]]:
    statistics: list[tuple[str, str, str, Callable[..., float]]] = []
    for size in SIZES:
        statistics += [("partial", NASWOT, size, partial_tau), ("partial", size, NASWOT, partial_tau)]
        statistics += [("within", NASWOT, size, tau_within)]
    for kind, measure, given, statistic in statistics:
        kept = points[points[measure].notna() & points[given].notna()]
        columns = [kept[name].to_numpy(float) for name in (measure, "accuracy", given)]
        tau = statistic(*columns)
        if np.isnan(tau):  # such as within groups of equal size where no two are
            continue
        low, high = bootstrap_interval(statistic, *columns, rng=np.random.default_rng(seed), n_boot=n_boot)
        found: dict[str, object] = {"kind": kind, "measure": measure, "given": given, "n": len(kept)}
        yield found | {"tau": tau, "low": low, "high": high}


def _groups(points: pd.DataFrame, seed: int, n_boot: int) -> Iterator[dict[str, object]]:
    for units, part in points.groupby("num_units"):
        if part[NASWOT].notna().sum() >= SMALLEST:
            tau = kendall_tau(part[NASWOT], part.accuracy, rng=np.random.default_rng(seed), n_boot=n_boot)
            found: dict[str, object] = {
                "kind": "group",
                "measure": NASWOT,
                "given": "num_units",
                "group": units,
                "n": tau.n,
            }
            yield found | {"tau": tau.tau, "low": tau.low, "high": tau.high}


def draw_explanation(points: pd.DataFrame, explained: pd.DataFrame, *, accuracy: str) -> Figure:
    """Score against ReLU units, coloured by accuracy, and beside it the correlations within groups of equal units."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
    score_by_size(points.rename(columns={NASWOT: "score"}), left, accuracy=accuracy)
    groups = explained[explained.kind == "group"].astype({"group": int})
    within_groups(groups, right, title="score among networks of equal size", group="ReLU units")
    return figure


def explanation_table(explained: Mapping[str, pd.DataFrame]) -> str:
    """Markdown: a row for each rank correlation of :func:`explain_accuracy`, a column for each of its tables."""
    cells: dict[str, dict[str, str]] = {}
    for title, table in explained.items():
        for row in table[table.kind != "group"].to_dict("records"):
            label, given = MEASURES[row["measure"]].label, row["given"]
            if row["kind"] != "overall":
                held = MEASURES[given].label
                label += f", {held} held fixed" if row["kind"] == "partial" else f", among networks of equal {held}"
            cells.setdefault(label, {})[title] = f"{row['tau']:.3f} ({row['low']:.3f} to {row['high']:.3f})"
    rows = [[label, *(found.get(title, "") for title in explained)] for label, found in cells.items()]
    return markdown_table(["τ with accuracy (95% interval)", *explained], rows)
