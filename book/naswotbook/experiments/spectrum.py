"""What of K_H the score reads: its size, its mean, its largest and its smallest eigenvalues, each alone."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Hashable, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.figure import Figure
from torch import Tensor

from naswotbook import pairs
from naswotbook.experiments.measures import resampled
from naswotbook.markdown import with_interval
from naswotbook.plots import fig4
from naswotbook.plots.style import INK, NARROW, QUIET, SCORE, WIDE, subscripts
from naswotlib.graph import init_weights
from naswotlib.scoring.kernel import log_determinant
from naswotlib.scoring.score import score_graph
from naswotlib.spaces.base import arch_seed, get_space

Numbers = npt.NDArray[np.float64]
PARTS = {  # of log|K_H|, which is their sum: N log N_A, and eigenvalues of K_H / N_A by their place from the largest
    "size": "N log N_A",
    "largest": "largest eigenvalue",
    "next_nine": "2nd to 10th",
    "middle": "the middle",
    "last_ten": "ten smallest",
}
ALONE = {
    "naswot": "score",
    "size_free": "score without N log N_A",
    "num_units": "N_A (the trace)",
    "similarity": "mean off the diagonal of K_H / N_A, lowest first",
    "distance": "mean Hamming distance, in units",
    "largest": "largest eigenvalue of K_H / N_A, lowest first",
    "middle": "eigenvalues in the middle",
    "last_ten": "ten smallest eigenvalues",
    "smallest": "smallest eigenvalue",
}
COLUMNS = ["kind", "what", "n", "value", "low", "high"]


def score_spectra(
    space: str, archs: Sequence[str], inputs: Tensor, *, seed: int, skeleton: dict[str, int] | None = None
) -> pd.DataFrame:
    """Of each network its score and the spectrum of K_H: a row for each of ``archs``, by the fast engine.

    Columns: ``arch``, ``score``, ``num_units`` (N_A), ``similarity``, the mean of K_H / N_A off the diagonal, and
    ``e1`` to ``eN``, eigenvalues of K_H / N_A from the largest on, in single precision.
    """
    found, rows = get_space(space), []
    for arch in archs:
        graph = found.graph(found.from_str(arch), **(skeleton or {}))
        weights = init_weights(graph, arch_seed(seed, arch))
        rows.append({"arch": arch} | describe_kernel(score_graph(graph, weights, inputs, exact=False).kernel))
    table = pd.DataFrame(rows)
    return table.astype(dict.fromkeys(_eigenvalues(table), np.float32))


def _eigenvalues(table: pd.DataFrame) -> list[str]:
    return [name for name in map(str, table) if name[0] == "e" and name[1:].isdigit()]


def describe_kernel(kernel: npt.NDArray[np.int64]) -> dict[str, float]:
    """Score, N_A, mean similarity and eigenvalues of K_H, ``(N, N)`` integers, as :func:`score_spectra` names them."""
    n, units = len(kernel), int(kernel[0, 0])
    similar = kernel / units
    values = np.linalg.eigvalsh(similar)[::-1]
    about = {"score": log_determinant(kernel)[0], "num_units": units}
    about["similarity"] = float((similar.sum() - n) / (n * (n - 1)))
    return about | {f"e{place}": float(value) for place, value in enumerate(values, start=1)}


def take_apart(spectra: pd.DataFrame) -> pd.DataFrame:
    """Columns of :data:`PARTS` and :data:`ALONE` of networks whose spectra are known.

    A score of −inf has no spectrum to speak of: what is left of its smallest eigenvalues is rounding, and is −inf too.
    """
    values = spectra[_eigenvalues(spectra)].to_numpy(dtype=float)
    n = values.shape[1]
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.log(np.clip(values, 0, None))
    logs[np.isneginf(spectra.score.to_numpy(dtype=float)), -1] = -np.inf
    units = spectra.num_units.to_numpy(dtype=float)
    size = n * np.log(units)
    similar = spectra.similarity.to_numpy(dtype=float)
    columns = {
        "arch": spectra.arch,
        "naswot": spectra.score,
        "num_units": units,
        "size": size,
        "size_free": spectra.score - size,
        "similarity": -similar,
        "distance": units * (1 - similar),
        "next_nine": logs[:, 1:10].sum(axis=1),
        "middle": logs[:, 10:-10].sum(axis=1),
        "last_ten": logs[:, -10:].sum(axis=1),
        "smallest": logs[:, -1],
        "largest": -logs[:, 0],  # all images alike: one eigenvalue holds the whole trace
    }
    return pd.DataFrame(columns)


def explain_spectrum(
    points: pd.DataFrame, accuracy: npt.ArrayLike, functions: Sequence[Hashable], *, seed: int, n_boot: int
) -> pd.DataFrame:
    """Rows :data:`COLUMNS`, with 95% intervals that draw ``functions`` anew; accuracies are percent.

    ``share``: the covariance of a part with the score, over the variance of the score, of finite scores; they add up
    to 1. ``tau_b``: of each of :data:`ALONE` with accuracy. ``less``: how much lower that is than the score's, paired.
    ``equal``, ``equal_less``: the same by tau-a over pairs of equal number of units. ``agrees``: tau-b with the score.
    """
    reached = np.asarray(accuracy, dtype=float)
    score, units = (points[name].to_numpy(dtype=float) for name in ("naswot", "num_units"))
    how: dict[str, Any] = {"seed": seed, "n_boot": n_boot}
    rows = []

    def add(
        kind: str, what: str, statistic: Callable[..., float], *columns: Numbers, of: Numbers | None = None
    ) -> None:
        kept = np.ones(len(points), dtype=bool) if of is None else of.astype(bool)
        chosen = [column[kept] for column in columns]
        alike = [one for one, there in zip(functions, kept, strict=True) if there]
        low, high = resampled(statistic, *chosen, functions=alike, **how)
        rows.append([kind, what, int(kept.sum()), statistic(*chosen), low, high])

    finite = np.isfinite(score)
    for name in PARTS:
        part = points[name].to_numpy(dtype=float) * (-1 if name == "largest" else 1)
        add("share", name, _share, part, score, of=finite)
    for name in ALONE:
        values = points[name].to_numpy(dtype=float)
        add("tau_b", name, pairs.tau_b, values, reached)
        add("equal", name, pairs.equal_tau, values, reached, units)
        if name != "naswot":
            add("less", name, pairs.tau_less, score, values, reached)
            add("equal_less", name, _equal_less, score, values, reached, units)
            add("agrees", name, pairs.tau_b, values, score)
    return pd.DataFrame(rows, columns=COLUMNS)


def _share(part: Numbers, score: Numbers) -> float:
    return float(np.cov(part, score)[0, 1] / np.var(score, ddof=1))


def _equal_less(score: Numbers, values: Numbers, accuracy: Numbers, units: Numbers) -> float:
    return pairs.equal_tau(score, accuracy, units) - pairs.equal_tau(values, accuracy, units)


def draw_spectrum(explained: pd.DataFrame) -> Figure:
    """Above, what share of the score's variance each part is; below, tau with accuracy of each statistic alone."""
    figure, (above, below) = plt.subplots(2, 1, figsize=(WIDE, 6.4), layout="constrained", height_ratios=[5, 13])
    shares = explained[explained.kind == "share"]
    places = range(len(shares))
    above.barh(places, shares.value, color=SCORE, height=0.7)
    above.hlines(places, shares.low, shares.high, color=INK, linewidth=1)
    above.axvline(0, color=QUIET, linewidth=0.8)
    names = [subscripts(PARTS[name]) for name in shares.what]
    title = "parts of " + subscripts("log |K_H|")
    above.set(title=title, xlabel="share of the score's variance", yticks=places, yticklabels=names)
    above.yaxis.set_inverted(True)
    alone = explained[explained.kind == "tau_b"].rename(columns={"value": "tau"})
    kinds = ["score" if name == "naswot" else "size" if name == "num_units" else "proxy" for name in alone.what]
    labels = [subscripts(textwrap.fill(ALONE[name], NARROW)) for name in alone.what]
    fig4(alone.assign(label=labels, kind=kinds), below, title="each alone")
    plt.close(figure)
    return figure


def in_words(explained: pd.DataFrame) -> str:
    """What a summary says: where the score's variance lies, what does as well alone, and what adds to a count."""
    rows: dict[tuple[str, str], Any] = {(row.kind, row.what): row for row in explained.itertuples()}  # type: ignore[misc]

    def text(kind: str, what: str) -> str:
        return _with_interval(rows[kind, what])

    def named(fits: Callable[[Any], bool]) -> str:
        return ", ".join(ALONE[name] for name in alone if fits(rows["less", name])) or "none"

    alone = ["num_units", "distance", "similarity", "largest", "middle", "last_ten", "smallest"]
    shares = sorted(((rows["share", name].value, name) for name in PARTS), reverse=True)
    order = ", ".join(f"{PARTS[name]} {max(share, 0):.0%}" for share, name in shares)
    finite = rows["share", "size"].n
    return f"""The score is a sum, and over {finite:,.0f} cells with a finite score its variance divides into: {order}.

    The score ranks networks with a τ of {text("tau_b", "naswot")}. One number of the kernel alone ranks them worse:
    {named(lambda less: less.low > 0)}; better: {named(lambda less: less.high < 0)}; or cannot be told apart from it:
    {named(lambda less: not (less.low > 0 or less.high < 0))}. By how much lower τ is: {text("less", "num_units")} for
    N_A, {text("less", "distance")} for the mean Hamming distance, {text("less", "smallest")} for the smallest
    eigenvalue. A lower mean similarity of images goes with τ = {text("tau_b", "similarity")}.

    Among cells of equal N_A, where a count is silent, τ-a is {text("equal", "naswot")} for the score,
    {text("equal", "similarity")} for the mean similarity, {text("equal", "largest")} for the largest eigenvalue,
    {text("equal", "middle")} for those in the middle, and {text("equal", "last_ten")} for the ten smallest, the score's
    less that {text("equal_less", "last_ten")}. So {_where(rows)}."""


def _where(rows: dict[tuple[str, str], Any]) -> str:
    """Which parts of the kernel order networks of equal size, and which order them the wrong way round."""
    parts = ["similarity", "largest", "middle", "last_ten", "smallest"]
    right = [ALONE[name] for name in parts if rows["equal", name].low > 0]
    wrong = [ALONE[name] for name in parts if rows["equal", name].high < 0]
    said = [f"what the kernel knows besides its size is in: {', '.join(right) or 'none of these'}"]
    return "; ".join([*said, *([f"the wrong way round goes: {', '.join(wrong)}"] if wrong else [])])


def _with_interval(row: Any) -> str:
    return with_interval(row.value, row.low, row.high, 3)


def summary_table(explained: pd.DataFrame) -> pd.DataFrame:
    """A row for each statistic: its tau with accuracy, among equal units, with the score, and how much lower it is."""
    alone = explained[explained.kind.isin(["tau_b", "equal", "less", "agrees"])]
    shown = [_with_interval(row) for row in alone.itertuples()]
    wide = alone.assign(shown=shown).pivot(index="what", columns="kind", values="shown").loc[list(ALONE)]
    names = {"tau_b": "τ-b", "less": "less than the score's", "equal": "τ-a, equal units"}
    names |= {"agrees": "τ-b with the score"}
    wide = wide[list(names)].rename(columns=names).rename_axis(columns=None).fillna("").reset_index(drop=True)
    wide.insert(0, "ranked by", list(ALONE.values()))
    return wide
