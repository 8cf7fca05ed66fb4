"""Searches that only draw and choose, without a simulation: means and deviations over all their runs, exactly.

A search draws N networks independently and uniformly from n, and takes the one with the highest value, of equal values
one at random. The network of rank i (from below) is then chosen with probability (i/n)^N - ((i-1)/n)^N, and networks of
equal value share the probability of their group.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numpy.typing import ArrayLike

Numbers = npt.NDArray[np.float64]


def choice_moments(
    values: ArrayLike, outcomes: ArrayLike, n_draws: int, *, weights: ArrayLike | None = None
) -> tuple[Numbers, Numbers]:
    """Mean and standard deviation, over all runs, of the outcome of what the search chooses.

    values, outcomes: a number each network; the search looks at the first and is judged by the second. -inf is a value.
    weights: how often each network stands in the pool, (..., networks); once each without. What is returned has the
    shape of the leading axes. ValueError where values are NaN: a network that failed to score cannot be drawn.

    >>> mean, std = choice_moments([1, 2, 2], [10.0, 20.0, 40.0], 1)
    >>> round(float(mean), 3), round(float(std), 3)
    (23.333, 12.472)
    >>> float(choice_moments([1, 2, 2], [10.0, 20.0, 40.0], 1000)[0])  # the two that tie, half of the runs each
    30.0
    """
    looked, judged = np.asarray(values, dtype=float), np.asarray(outcomes, dtype=float)
    if looked.shape != judged.shape or looked.ndim != 1:
        raise ValueError(f"outcomes: expected as many as values, got shapes {judged.shape} and {looked.shape}")
    if n_draws < 1:
        raise ValueError(f"n_draws: expected at least 1, got {n_draws}")
    if np.isnan(looked).any():
        raise ValueError(f"values: {int(np.isnan(looked).sum())} of {len(looked)} are NaN; leave out what failed")
    order = np.argsort(looked, kind="stable")
    first = np.flatnonzero(np.concatenate([[True], looked[order][1:] != looked[order][:-1]]))
    times = np.ones(len(looked)) if weights is None else np.asarray(weights, dtype=float)[..., order]
    # Deviations from the mean of all, so that squares of accuracies do not cancel.
    centre = judged.mean()
    apart = judged[order] - centre
    size, total, squares = (np.add.reduceat(part, first, axis=-1) for part in (times, times * apart, times * apart**2))
    below = np.cumsum(size, axis=-1) / size.sum(axis=-1, keepdims=True)
    reached = below**n_draws
    chance = np.diff(reached, prepend=0.0, axis=-1) / np.where(size > 0, size, 1.0)
    mean = (chance * total).sum(axis=-1)
    spread = np.sqrt(np.maximum((chance * squares).sum(axis=-1) - mean**2, 0.0))
    return mean + centre, spread


def choice_chances(values: ArrayLike, n_draws: int) -> Numbers:
    """With what probability the search chooses each network, (networks,); -inf is a value.

    >>> choice_chances([1, 2, 2], 1000).round(3).tolist()
    [0.0, 0.5, 0.5]
    """
    looked = np.asarray(values, dtype=float)
    _, group, size = np.unique(looked, return_inverse=True, return_counts=True)
    reached = (np.cumsum(size) / len(looked)) ** n_draws
    chances: Numbers = (np.diff(reached, prepend=0.0) / size)[group]
    return chances


def resampling_weights(n: int, *, n_boot: int, rng: np.random.Generator) -> Numbers:
    """How often each of ``n`` networks is in each of ``n_boot`` bootstrap samples of them, (n_boot, n)."""
    return rng.multinomial(n, np.full(n, 1 / n), size=n_boot).astype(float)
