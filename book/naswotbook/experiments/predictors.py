"""What the score says of accuracy that the size of a network does not: behind the chapter on predictors."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from naswotbook.markdown import DATASETS, markdown_table
from naswotbook.page import Page
from naswotbook.panels import MEASURES
from naswotbook.plots import score_by_size, within_groups
from naswotbook.provenance import provenance_table
from naswotbook.samples import Sample
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
            found: dict[str, object] = {"kind": "group", "measure": NASWOT, "given": "num_units", "group": units}
            yield found | {"n": tau.n, "tau": tau.tau, "low": tau.low, "high": tau.high}


def draw_explanation(points: pd.DataFrame, explained: pd.DataFrame, sample: Sample) -> Figure:
    """Score against ReLU units, coloured by accuracy, and beside it the correlations within groups of equal units."""
    accuracy = f"{DATASETS[sample.dataset]} {sample.split} accuracy (%)"
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
    score_by_size(points.rename(columns={NASWOT: "score"}), left, accuracy=accuracy)
    groups = explained[explained.kind == "group"].astype({"group": int})
    within_groups(groups, right, title="score among networks of equal size", group="ReLU units")
    plt.close(figure)
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


def show_published_explanations(page: Page) -> None:
    """Show what the ``paper`` profile found of each data set: the picture of the first, a table of all, and words."""
    found = {DATASETS[str(panel.summary.dataset[0])]: panel for panel in page.published().values()}
    if not found:
        return
    explained = {title: panel.summary for title, panel in found.items()}
    page.show(
        explanation_table(explained),
        ", ".join(f"{title}: {panel.link}" for title, panel in found.items()),
        provenance_table({title: panel.facts for title, panel in found.items()}),
        f"In words:\n{explanation_in_words(explained)}",
    )


def explanation_in_words(explained: Mapping[str, pd.DataFrame]) -> str:
    """What the tables of :func:`explain_accuracy` say, numbers first, a data set after the other."""
    groups = {title: table[table.kind == "group"] for title, table in explained.items()}

    def numbers(column: str, kind: str, measure: str, given: str = "") -> list[float]:
        tables = (
            t[(t.kind == kind) & (t.measure == measure) & (t.given.fillna("") == given)] for t in explained.values()
        )
        return [float(table[column].item()) for table in tables]

    def tau(*key: str) -> str:
        return ", ".join(f"{value:.3f}" for value in numbers("tau", *key))

    lows, highs = numbers("low", "overall", NASWOT), numbers("high", "overall", "num_units")
    apart = [low > high for low, high in zip(lows, highs, strict=True)]
    steps = [f"{title}: " + ", ".join(f"{value:.2f}" for value in found.tau) for title, found in groups.items()]
    nothing = [
        f"{title} {row['tau']:.2f} [{row['low']:.2f}, {row['high']:.2f}]"
        for title, found in groups.items()
        for row in found.tail(2).to_dict("records")
        if row["low"] <= 0
    ]
    return f"""
- **Counting ReLUs is nearly as good as the score.** The score has a $\\tau$ of {tau("overall", NASWOT)}; the
  number of units alone has {tau("overall", "num_units")}. The intervals are apart on {sum(apart)} of {len(apart)}
  data sets. Parameters have {tau("overall", "parameters")}, and so have FLOPs, since both order the cells of this
  space by 3×3 convolutions, and then by 1×1.
- **The score does know something else.** With the number of units held fixed its partial correlation is
  {tau("partial", NASWOT, "num_units")}; that of the number of units, with the score held fixed, is
  {tau("partial", "num_units", NASWOT)}.
- **It tells poor networks from fair ones better than fair ones from good ones.** Among cells of none, one, two and up
  to six convolutions, its $\\tau$ is: {"; ".join(steps)}. Of the two groups of most units, it is not clearly above
  zero on: {"; ".join(nothing) or "none"}.
"""
