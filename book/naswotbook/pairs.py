"""How well a measure ranks: over pairs of networks, in groups, and at the top, where a search chooses.

Networks that tie are in random order: what is said of them is the mean over all orders.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats
from scipy.special import gammaln

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Pairs:
    """Pairs of networks: how many there are, and how many more a measure orders as their accuracies do than not."""

    agree: float
    number: float

    @property
    def tau(self) -> float:
        """tau-a over these pairs; a pair that ties counts as ordered in neither way. NaN without pairs."""
        return self.agree / self.number if self.number else np.nan


def all_pairs(measure: Numbers, accuracy: Numbers) -> Pairs:
    """Every pair of networks.

    >>> all_pairs(np.array([1.0, 1.0, 2.0]), np.array([1.0, 2.0, 3.0]))
    Pairs(agree=2.0, number=3.0)
    """
    n = len(measure)
    number = n * (n - 1) / 2
    untied = [number - _tied(column) for column in (measure, accuracy)]
    if not all(untied):
        return Pairs(0.0, number)
    tau_b = float(stats.kendalltau(measure, accuracy).statistic)
    return Pairs(float(np.round(tau_b * np.sqrt(untied[0] * untied[1]))), number)


def _tied(column: Numbers) -> float:
    counts = np.unique(column, return_counts=True)[1].astype(float)
    return float((counts * (counts - 1)).sum() / 2)


def split_pairs(measure: Numbers, accuracy: Numbers, count: Numbers) -> tuple[Pairs, Pairs]:
    """Pairs of networks of unequal ``count``, and pairs of equal ``count``: what a count can order and cannot."""
    every = all_pairs(measure, accuracy)
    parts = [all_pairs(measure[count == value], accuracy[count == value]) for value in np.unique(count)]
    agree, number = sum(part.agree for part in parts), sum(part.number for part in parts)
    return Pairs(every.agree - agree, every.number - number), Pairs(agree, number)


def unequal_tau(measure: Numbers, accuracy: Numbers, count: Numbers) -> float:
    """tau-a over pairs of unequal count."""
    return split_pairs(measure, accuracy, count)[0].tau


def equal_tau(measure: Numbers, accuracy: Numbers, count: Numbers) -> float:
    """tau-a over pairs of equal count."""
    return split_pairs(measure, accuracy, count)[1].tau


def tau_b(measure: Numbers, accuracy: Numbers) -> float:
    """Kendall's tau-b: ties are left out of its scale. NaN of fewer than two networks."""
    if len(measure) < 2:
        return np.nan
    return float(stats.kendalltau(measure, accuracy).statistic)


def tau_less(one: Numbers, other: Numbers, accuracy: Numbers) -> float:
    """By how much tau-b of ``one`` with accuracy is above that of ``other``."""
    return tau_b(one, accuracy) - tau_b(other, accuracy)


def best_by(column: Numbers, share: float) -> npt.NDArray[np.bool_]:
    """Whether a network is of the ``share`` with the highest ``column``, those at the edge that tie included."""
    return np.asarray(column >= np.sort(column)[-max(1, round(share * len(column)))])


def _placed(measure: Numbers, gains: Numbers) -> Numbers:
    """The expected gain at each place of the ranking, from the first on."""
    order = np.argsort(-measure, kind="stable")
    ranked = measure[order]
    first = np.flatnonzero(np.concatenate([[True], ranked[1:] != ranked[:-1]]))  # of -inf there is no difference
    sizes = np.diff(np.append(first, len(order)))
    return np.repeat(np.add.reduceat(gains[order], first) / sizes, sizes)


def ndcg(measure: Numbers, accuracy: Numbers, k: int) -> float:
    """Normalised discounted cumulative gain of the first ``k`` of a ranking: 1 where they are the best ones in order.

    The gain of a network is 2^r - 1, r the share of networks that are less accurate, so that it does not depend on how
    accuracies are spread; place i is discounted by log2(i + 1).
    """
    worse = (stats.rankdata(accuracy, method="min") - 1) / max(len(accuracy) - 1, 1)
    gains, discount = 2**worse - 1, np.log2(np.arange(2, k + 2))
    ideal = np.sort(gains)[::-1][:k]
    return float((_placed(measure, gains)[:k] / discount).sum() / (ideal / discount).sum())


def precision(measure: Numbers, accuracy: Numbers, k: int) -> float:
    """The share of the first ``k`` of a ranking that are among the ``k`` most accurate.

    >>> precision(np.array([3.0, 2, 2, 1]), np.array([90.0, 80, 85, 70]), 2)
    0.75
    """
    return float(_chances(measure, k) @ _chances(accuracy, k)) / k


def _chances(column: Numbers, k: int) -> Numbers:
    """With what chance each is among the ``k`` highest."""
    edge = np.sort(column)[-k]
    above, equal = column > edge, column == edge
    return np.asarray(above + equal * (k - above.sum()) / equal.sum())


def regret(measure: Numbers, accuracy: Numbers, k: int) -> float:
    """Points between the most accurate network, and the most accurate of the first ``k`` of a ranking.

    >>> regret(np.array([3.0, 2, 2, 1]), np.array([80.0, 90, 85, 70]), 2)  # 90 or 85, whichever is drawn
    2.5
    """
    edge = np.sort(measure)[::-1][k - 1]
    sure, tied = accuracy[measure > edge], np.sort(accuracy[measure == edge])
    drawn, size = k - len(sure), len(tied)
    places = np.arange(drawn, size + 1)  # the i-th of the tied is the largest of those drawn: C(i-1, d-1) / C(size, d)
    chance = np.exp(_log_choose(places - 1, drawn - 1) - _log_choose(size, drawn))
    found = tied[places - 1] if not len(sure) else np.maximum(tied[places - 1], sure.max())
    return float(accuracy.max() - (chance * found).sum())


def _log_choose(n: npt.ArrayLike, k: npt.ArrayLike) -> Numbers:
    over, under = np.asarray(n, dtype=float), np.asarray(k, dtype=float)
    return np.asarray(gammaln(over + 1) - gammaln(under + 1) - gammaln(over - under + 1))


def explained_by(groups: npt.NDArray[np.str_], values: Numbers) -> float:
    """R2 of ``values`` by the mean of the others of their group, left out one by one; groups of one are left out."""
    names, index, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    total = np.bincount(index, values, minlength=len(names))
    several = sizes[index] > 1
    predicted = (total[index] - values)[several] / (sizes[index] - 1)[several]
    seen = values[several]
    if len(seen) < 2:
        return np.nan
    return float(1 - ((seen - predicted) ** 2).sum() / ((seen - seen.mean()) ** 2).sum())


TOP: dict[str, Callable[[Numbers, Numbers, int], float]] = {"ndcg": ndcg, "precision": precision, "regret": regret}
