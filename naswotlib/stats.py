"""Kendall's rank correlation with a bootstrap interval."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats as scipy_stats

SMALLEST = 10  # pairs below which a resampled interval says nothing: that of a perfect order is a point


@dataclass(frozen=True, slots=True)
class TauResult:
    """Kendall's tau-b with its interval.

    low, high: NaN where there are fewer than ten pairs. n: pairs used. dropped: pairs left out because one of them is
    not a number.
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
        interval = "" if math.isnan(self.low) else f" [{self.low:.3f}, {self.high:.3f}]"
        return f"τ = {self.tau:.3f}{interval} (n = {self.n}{notes})"


def kendall_tau(
    scores: ArrayLike, accuracies: ArrayLike, *, rng: np.random.Generator, n_boot: int = 1000, level: float = 0.95
) -> TauResult:
    """Kendall's tau-b between two sequences of equal length, with a percentile bootstrap interval over pairs.

    The rank correlation at the top of the paper's plots. A −inf score is a value and ranks last; a pair with NaN is
    left out, and counted. Of fewer than ten pairs there is no interval. Raises ValueError where fewer than two pairs
    remain or lengths differ.

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
    low = high = math.nan
    if len(x) >= SMALLEST:
        low, high = bootstrap_interval(_tau, x, y, rng=rng, n_boot=n_boot, level=level)
    return TauResult(_tau(x, y), low, high, len(x), dropped, int(np.isneginf(x).sum()))


def bootstrap_interval(
    statistic: Callable[..., float],
    *columns: np.ndarray,
    rng: np.random.Generator,
    n_boot: int = 1000,
    level: float = 0.95,
) -> tuple[float, float]:
    """Percentile interval of ``statistic(*columns)`` over resampled rows; a resample without a value is left out."""
    samples = np.empty(n_boot)
    for b in range(n_boot):
        chosen = rng.integers(len(columns[0]), size=len(columns[0]))
        samples[b] = statistic(*(column[chosen] for column in columns))
    samples = samples[~np.isnan(samples)]
    tail = 50 * (1 - level)
    low, high = np.percentile(samples, [tail, 100 - tail]) if len(samples) else (np.nan, np.nan)
    return float(low), float(high)


def tau_a(x: np.ndarray, y: np.ndarray) -> float:
    """Kendall's tau-a: of all pairs, the share ordered alike less the share ordered the other way.

    A pair that either column ties counts as ordered in neither, where tau-b leaves pairs that tie out of its scale: a
    measure with few values is flattered by tau-b. The two are the same without ties.

    >>> round(tau_a(np.array([1, 1, 2]), np.array([1, 2, 3])), 3)
    0.667
    """
    n = len(x)
    pairs = n * (n - 1)
    untied = [pairs - float((counts * (counts - 1)).sum()) for counts in map(_counts, (x, y))]
    return _tau(x, y) * math.sqrt(untied[0] * untied[1]) / pairs if all(untied) else 0.0


def _counts(column: np.ndarray) -> np.ndarray:
    return np.unique(column, return_counts=True)[1]


def partial_tau(x: np.ndarray, y: np.ndarray, given: np.ndarray) -> float:
    """Kendall's partial rank correlation: of ``x`` and ``y``, with what both owe to ``given`` taken out.

    (τ_xy − τ_xz τ_yz) / √((1 − τ_xz²)(1 − τ_yz²)); NaN where ``given`` orders all that ``x`` or ``y`` orders. A little
    of what is shared stays: two normal variables, each ``given`` plus noise of equal size, keep 0.1 of a τ of 0.33.
    :func:`tau_within` leaves nothing.

    >>> round(partial_tau(np.array([1, 2, 3, 4]), np.array([1, 2, 4, 3]), np.array([1, 3, 2, 4])), 3)
    0.632
    """
    xy, xz, yz = _tau(x, y), _tau(x, given), _tau(y, given)
    left = (1 - xz**2) * (1 - yz**2)
    return (xy - xz * yz) / math.sqrt(left) if left > 0 else math.nan


def tau_within(x: np.ndarray, y: np.ndarray, groups: np.ndarray) -> float:
    """Kendall's tau-b over the pairs whose two members are of one group; NaN where there is no such pair.

    >>> tau_within(np.array([1, 2, 2, 1]), np.array([10, 20, 30, 40]), np.array([0, 0, 1, 1]))
    0.0
    """
    agree = x_pairs = y_pairs = 0.0
    for group in np.unique(groups):
        members = [np.unique(column[groups == group], return_inverse=True)[1] for column in (x, y)]
        untied = [len(ranks) ** 2 - float((np.bincount(ranks) ** 2).sum()) for ranks in members]
        x_pairs, y_pairs = x_pairs + untied[0], y_pairs + untied[1]
        if min(untied):
            agree += _tau(*members) * math.sqrt(untied[0] * untied[1])
    return agree / math.sqrt(x_pairs * y_pairs) if x_pairs and y_pairs else math.nan


def _tau(x: np.ndarray, y: np.ndarray) -> float:
    return float(scipy_stats.kendalltau(x, y).statistic)
