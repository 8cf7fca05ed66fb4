"""Kendall's rank correlation with a bootstrap interval."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats as scipy_stats


@dataclass(frozen=True, slots=True)
class TauResult:
    """Kendall's tau-b with its interval.

    n: pairs used. dropped: pairs left out because one of them is not a number.
    ranked_last: pairs among the n whose score is −inf, a singular kernel; they tie below all others.
    """

    tau: float
    low: float
    high: float
    n: int
    dropped: int
    ranked_last: int

    def __str__(self) -> str:
        notes = f", {self.ranked_last} singular ranked last" if self.ranked_last else ""
        notes += f", {self.dropped} left out" if self.dropped else ""
        return f"τ = {self.tau:.3f} [{self.low:.3f}, {self.high:.3f}] (n = {self.n}{notes})"


def kendall_tau(
    scores: ArrayLike,
    accuracies: ArrayLike,
    *,
    rng: np.random.Generator,
    n_boot: int = 1000,
    level: float = 0.95,
) -> TauResult:
    """Kendall's tau-b between two sequences of equal length, with a percentile bootstrap interval over pairs.

    A −inf score is a value and ranks last; a pair with NaN is left out, and counted. Raises ValueError where
    fewer than two pairs remain or lengths differ. The rank correlation at the top of the paper's plots.

    >>> result = kendall_tau([1, 2, 3, 4], [10, 20, 40, 30], rng=np.random.default_rng(0), n_boot=100)
    >>> round(result.tau, 3)
    0.667
    """
    x, y = np.asarray(scores, dtype=float), np.asarray(accuracies, dtype=float)
    if x.shape != y.shape or x.ndim != 1:
        raise ValueError(f"accuracies: expected as many as scores, got shapes {x.shape} and {y.shape}")
    if not 0 < level < 1:
        raise ValueError(f"level: expected a number between 0 and 1, got {level}")
    keep = ~(np.isnan(x) | np.isnan(y))
    dropped = int((~keep).sum())
    x, y = x[keep], y[keep]
    if len(x) < 2:
        raise ValueError(f"scores: expected at least 2 pairs of numbers, got {len(x)} ({dropped} hold NaN)")
    samples = np.empty(n_boot)
    for b in range(n_boot):
        chosen = rng.integers(len(x), size=len(x))
        samples[b] = _tau(x[chosen], y[chosen])
    tail = 50 * (1 - level)
    low, high = np.nanpercentile(samples, [tail, 100 - tail]) if n_boot else (np.nan, np.nan)
    return TauResult(_tau(x, y), float(low), float(high), len(x), dropped, int(np.isneginf(x).sum()))


def _tau(x: np.ndarray, y: np.ndarray) -> float:
    return float(scipy_stats.kendalltau(x, y).statistic)
