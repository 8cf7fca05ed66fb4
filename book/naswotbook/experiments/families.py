"""NDS on ImageNet: how the score and the sizes of published networks rank them, on photographs and on noise."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from scipy.stats import kendalltau

from naswotbook.markdown import markdown_table
from naswotbook.panels import MEASURES, measure_sample
from naswotbook.plots import taus_by_group
from naswotbook.plots.style import WIDE
from naswotbook.samples import Sample, draw_sample, score_sample
from naswotlib.graph import Counting
from naswotlib.scoring.proxies import NASWOT
from naswotlib.stats import bootstrap_interval, kendall_tau

FAMILIES = {
    "nds_amoeba_imagenet": "AmoebaNet",
    "nds_darts_imagenet": "DARTS",
    "nds_enas_imagenet": "ENAS",
    "nds_nasnet_imagenet": "NASNet",
    "nds_pnas_imagenet": "PNAS",
    "nds_darts_fixed_imagenet": "DARTS, fixed width and depth",
}
SIZES = tuple(name for name, measure in MEASURES.items() if measure.kind == "size")
# Mini-batch and counting of the scores of each network, as the columns are called that hold them.
SCORES: dict[str, tuple[str, Counting]] = {
    "score, photographs": ("photos224", "reference"),
    "score, photographs, once": ("photos224", "once"),
    "score, noise, once": ("noise224", "once"),
}
PAIRS = [
    *(("score, photographs", size) for size in SIZES),
    ("score, photographs", "score, photographs, once"),
    ("score, photographs, once", "score, noise, once"),
]
LABELS = {name: name for name in SCORES} | {name: MEASURES[name].label for name in SIZES}


def measure_family(sample: Sample, **scoring: Any) -> pd.DataFrame:
    """A row for each network of ``sample``: ``arch``, ``accuracy``, and the columns of :data:`LABELS`.

    ``scoring`` are keywords of :func:`naswotbook.samples.score_sample` but for the counting.
    """
    points = measure_sample(sample, SIZES, **scoring)
    for name, (batch, counting) in SCORES.items():
        points[name] = score_sample(sample.on(batch), **scoring, counting=counting).score
    return points


def rank_family(sample: Sample, points: pd.DataFrame, *, seed: int, n_boot: int = 1000) -> Iterator[dict[str, Any]]:
    """A row for each measure of :func:`measure_family`: what it was computed on, and its tau with accuracy."""
    about = {key: vars(sample)[key] for key in ("space", "dataset", "split", "epochs")}
    for name in LABELS:
        batch, counting = SCORES.get(name, ("", ""))
        tau = kendall_tau(points[name], points.accuracy, rng=np.random.default_rng(seed), n_boot=n_boot)
        measure = NASWOT if batch else name
        yield about | {"images": batch, "counting": counting, "seed": seed, "measure": measure} | asdict(tau)


def compare_in_family(
    sample: Sample, points: pd.DataFrame, *, seed: int, n_boot: int = 1000
) -> Iterator[dict[str, Any]]:
    """A row for each of :data:`PAIRS`: the difference of their taus with accuracy, and how alike the two rank.

    ``low`` and ``high`` are the ends of a 95% bootstrap interval over networks, in which both see the same ones;
    ``tau_between`` is Kendall's tau of the two themselves.
    """
    accuracy = points.accuracy.to_numpy(float)
    for one, other in PAIRS:
        x, y = (points[name].to_numpy(float) for name in (one, other))
        low, high = bootstrap_interval(_gain, x, y, accuracy, rng=np.random.default_rng(seed), n_boot=n_boot)
        found = {"difference": _gain(x, y, accuracy), "low": low, "high": high, "tau_between": _tau(x, y)}
        yield {"space": sample.space, "minuend": one, "subtrahend": other, "n": len(points)} | found


def _tau(x: np.ndarray, y: np.ndarray) -> float:
    return float(kendalltau(x, y).statistic)


def _gain(one: np.ndarray, other: np.ndarray, accuracy: np.ndarray) -> float:
    return _tau(one, accuracy) - _tau(other, accuracy)


def rank_families(
    *, seed: int, batch_size: int, data_dir: str | Path | None = None, kept: Path | None = None, **scoring: Any
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows of :func:`rank_family` and of :func:`compare_in_family` for all published networks of :data:`FAMILIES`."""
    taus, differences = list[dict[str, Any]](), list[dict[str, Any]]()
    for space in FAMILIES:
        sample = draw_sample(space, "imagenet", None, profile="paper", seed=seed, data_dir=data_dir)
        how = {"seed": seed, "batch_size": batch_size, "data_dir": data_dir, "kept": kept} | scoring
        points = measure_family(sample, **how)
        taus += [row | {"batch_size": batch_size} for row in rank_family(sample, points, seed=seed)]
        differences += compare_in_family(sample, points, seed=seed)
    return pd.DataFrame(taus), pd.DataFrame(differences)


def draw_families(taus: pd.DataFrame) -> Figure:
    """Rank correlations of :func:`rank_families`, a group for each set, without the second counting."""
    kinds = ["score" if measure == NASWOT else "size" for measure in taus.measure]
    shown = taus.assign(label=[_label(row) for row in taus.to_dict("records")], kind=kinds)
    shown = shown[shown.label != "score, photographs, once"]
    shown["group"] = [f"{FAMILIES[space]}\nn = {n}" for space, n in zip(shown.space, shown.n, strict=True)]
    figure, ax = plt.subplots(figsize=(WIDE, 6.5), layout="constrained")
    taus_by_group(shown, ax, tau="Kendall's τ with ImageNet accuracy")
    plt.close(figure)
    return figure


def _label(row: dict[Any, Any]) -> str:
    batch = row["images"] if isinstance(row["images"], str) else ""
    named = {(*what, NASWOT): name for name, what in SCORES.items()}
    return named[batch, row["counting"], row["measure"]] if batch else LABELS[row["measure"]]


def families_table(taus: pd.DataFrame) -> str:
    """Markdown: rank correlations of :func:`rank_families`, a row a set, a column a measure."""
    cells: dict[str, dict[str, str]] = {}
    for row in taus.to_dict("records"):
        head = f"{FAMILIES[row['space']]}, n = {row['n']}"
        cells.setdefault(head, {})[_label(row)] = f"{row['tau']:.3f} ({row['low']:.3f} to {row['high']:.3f})"
    rows = [[head, *(found[label] for label in LABELS.values())] for head, found in cells.items()]
    return markdown_table(["τ (95% interval)", *LABELS.values()], rows)


def differences_table(differences: pd.DataFrame) -> str:
    """Markdown: differences of :func:`rank_families`, a row a set, a column a pair."""
    cells: dict[str, dict[tuple[str, str], str]] = {}
    for row in differences.to_dict("records"):
        text = f"{row['difference']:+.3f} ({row['low']:+.3f} to {row['high']:+.3f}), {row['tau_between']:.3f}"
        cells.setdefault(FAMILIES[row["space"]], {})[row["minuend"], row["subtrahend"]] = text
    heads = [f"{LABELS[one]} − {LABELS[other]}" for one, other in PAIRS]
    rows = [[head, *(found[pair] for pair in PAIRS)] for head, found in cells.items()]
    return markdown_table(["Δτ (95% interval), τ of the two", *heads], rows)


def describe_families(taus: pd.DataFrame, differences: pd.DataFrame) -> str:
    """What both tables of :func:`rank_families` say, by rules that were fixed before they were computed.

    A correlation holds where its interval lies above 0. One of a pair is ahead where the interval of the difference
    lies above 0, and behind where it lies below.
    """
    reference = taus[(taus.measure == NASWOT) & (taus.counting == "reference")]
    lines = [
        f"The score correlates with accuracy in {(reference.low > 0).sum()} of the {len(reference)} sets: the interval "
        f"of τ lies above 0."
    ]
    for one, other in PAIRS:
        pair = differences[(differences.minuend == one) & (differences.subtrahend == other)]
        sets = {
            word: [FAMILIES[space] for space in pair.space[found]]
            for word, found in {"ahead of": pair.low > 0, "behind": pair.high < 0}.items()
        }
        said = [f"{word} *{LABELS[other]}* in {'; '.join(names)}" for word, names in sets.items() if names]
        alike = f"τ between the two is {pair.tau_between.min():.3f} to {pair.tau_between.max():.3f}"
        lines.append(f"*{LABELS[one]}* is {', '.join(said) or f'nowhere told apart from *{LABELS[other]}*'}; {alike}.")
    return "\n".join(f"- {line}" for line in lines)
