"""The three trainings of each NAS-Bench-101 cell, simulated: its table has the mean of their test accuracies alone.

Of 30,001 cells there are seconds and one validation accuracy as well, that of the best of the three trainings
(:mod:`naswotbook.experiments.nasbench101_model`). How far it lies from what is usual for the test mean is taken for how
far one training lies from another.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from naswotbook.experiments.nasbench101_model import (
    CHANCE,
    CellModel,
    Numbers,
    collapsed_trainings,
    fit_model,
    trained_mean,
)
from naswotlib.benchmarks import Benchmark
from naswotlib.spaces.base import get_space

TRIES = 50  # threes of trainings that are drawn for a cell, of which the first that can be is taken


@dataclass(frozen=True)
class Noise:
    """How far single trainings lie from what is usual for the mean accuracy of their cell, in points.

    edges: ascending accuracies between groups of cells; apart: of each group, one more than edges, the differences.
    """

    edges: Numbers
    apart: tuple[Numbers, ...]

    @classmethod
    def of_trainings(cls, single: Numbers, mean: Numbers, *, groups: int = 100) -> Noise:
        """From one training of each of many cells, and the mean accuracy of the cell; ``groups`` of equal size, fewer
        where these would have fewer than ten cells.

        Trainings may be judged on other images than their mean: the median difference of each group is taken out, and
        with it what the two splits differ by.
        """
        shares = np.linspace(0, 1, max(1, min(groups, len(mean) // 10)) + 1)
        edges = np.unique(np.quantile(mean, shares[1:-1]))
        group = np.searchsorted(edges, mean, side="right")
        apart = [(single - mean)[group == number] for number in range(len(edges) + 1)]
        centre = np.array([np.median(part) for part in apart])
        aligned = tuple(part - middle for part, middle in zip(apart, centre, strict=True))
        return cls(edges, aligned)

    def times(self, spread: float) -> Noise:
        """The same with all differences so many times as large."""
        return Noise(self.edges, tuple(spread * part for part in self.apart))

    def highest(self, mean: Numbers) -> float:
        """The accuracy that no training is above: that of the best cell of ``mean``, and what is usual above it."""
        best = np.full(1000, mean.max())
        threes = self.draw_threes(best, rng=np.random.default_rng(0))
        return float(mean.max() + (threes.max(axis=1) - threes.mean(axis=1)).mean())

    def draw_threes(self, mean: Numbers, *, rng: np.random.Generator) -> Numbers:
        """Differences ``(cells, 3)`` of three trainings each, of the cells whose mean accuracy is like ``mean``."""
        group = np.searchsorted(self.edges, mean, side="right")
        drawn = np.empty((len(mean), 3))
        for number in np.unique(group):
            rows = group == number
            drawn[rows] = rng.choice(self.apart[number], size=(int(rows.sum()), 3))
        return drawn


def _trained(test: Numbers) -> tuple[Numbers, npt.NDArray[np.int64]]:
    """Mean accuracy of the trainings that did not collapse, and of how many; the test mean where all did."""
    values, place = np.unique(test, return_inverse=True)
    left = 3 - np.array([collapsed_trainings(value) for value in values.tolist()])
    healthy = np.array([trained_mean(value) for value in values.tolist()])
    return healthy[place], left[place]


def _spread(healthy: Numbers, left: npt.NDArray[np.int64], noise: Noise, rng: np.random.Generator) -> Numbers:
    """Differences of the trainings that did not collapse; NaN in the place of the others."""
    drawn = noise.draw_threes(healthy, rng=rng)
    drawn[np.arange(3) >= np.maximum(left, 1)[:, None]] = np.nan
    return drawn


def best_of_three(test: Numbers, noise: Noise, *, rng: np.random.Generator) -> Numbers:
    """The best test accuracy of the three trainings of each cell, whose mean is ``test``, in percent.

    What collapsed, as the mean tells, is left out. The mean of the others is raised by as much as the largest of as
    many differences, drawn from those of cells of its accuracy, lies above their mean. What would be above
    :meth:`Noise.highest` is drawn again.
    """
    healthy, left = _trained(test)
    highest = noise.highest(test)
    best, rows = np.minimum(healthy, highest), np.flatnonzero(left > 1)
    for _ in range(TRIES):
        drawn = _spread(healthy[rows], left[rows], noise, rng)
        raised = healthy[rows] + np.nanmax(drawn, axis=1) - np.nanmean(drawn, axis=1)
        possible = raised <= highest
        best[rows[possible]] = raised[possible]
        rows = rows[~possible]
        if not len(rows):
            break
    return best


def one_of_three(test: Numbers, filed: Numbers, noise: Noise, *, rng: np.random.Generator) -> Numbers:
    """Validation accuracy of one training of each cell, in percent, drawn at random from the three.

    ``test`` are the means of the test accuracies, ``filed`` the validation accuracies of the best of the three. One
    that collapsed is at chance, as often as the mean tells; another is lower than ``filed`` by what the largest of as
    many differences lies above the first.
    """
    healthy, left = _trained(test)
    drawn = _spread(healthy, left, noise, rng)
    lowered = filed - (np.nanmax(drawn, axis=1) - drawn[:, 0])
    return np.where(rng.integers(3, size=len(test)) < left, np.clip(lowered, CHANCE, 100), CHANCE)


def known_noise(cells: pd.DataFrame) -> Noise:
    """From the cells of :func:`~naswotbook.experiments.nasbench101_model.read_cells`, those without a collapse."""
    whole = cells[cells.test.map(collapsed_trainings) == 0]
    return Noise.of_trainings(whole.validation.to_numpy(float), whole.test.to_numpy(float))


def simulate_cells(benchmark: Benchmark, cells: pd.DataFrame, *, seed: int, spread: float = 1.0) -> pd.DataFrame:
    """A row for each cell of ``benchmark``, in its order, with what a search may see, pay and be judged by.

    ``cells`` are those of :func:`~naswotbook.experiments.nasbench101_model.read_cells`. Columns: ``arch``; ``known``,
    whether it is one of them; ``mean``, test accuracy, and ``best``, that of the best of three, simulated; ``filed``,
    validation accuracy of the best of three, and ``seconds`` of a training, both as published or, where not known, of
    the model; ``validation``, that of one training, simulated. In percent, after 108 epochs.
    """
    rng, space = np.random.default_rng(seed), get_space("nasbench101")
    specs = [space.from_str(arch) for arch in cells.arch]
    model = fit_model(specs, cells.seconds, cells.test, cells.validation)
    test = benchmark.accuracy(benchmark.archs, dataset="cifar10", split="test", epochs=108)
    columns = ["arch", "seconds", "validation"]
    table = pd.DataFrame({"arch": benchmark.archs}).merge(cells[columns], on="arch", how="left", validate="1:1")
    known = table.seconds.notna().to_numpy()
    filed, seconds = table.validation.to_numpy(float).copy(), table.seconds.to_numpy(float).copy()
    filed[~known] = [model.filed_validation(mean, rng) for mean in test[~known].tolist()]
    seconds[~known] = np.concatenate([[], *_in_parts(model, table.arch[~known].tolist())])
    noise = known_noise(cells).times(spread)
    best = best_of_three(test, noise, rng=rng)
    single = one_of_three(test, filed, noise, rng=rng)
    simulated = {"known": known, "mean": test, "best": best, "filed": filed, "validation": single, "seconds": seconds}
    return table[["arch"]].assign(**simulated)


def _in_parts(model: CellModel, archs: list[str], size: int = 10_000) -> Iterator[Numbers]:
    """Seconds of many cells, so many at a time: their features are wide."""
    space = get_space("nasbench101")
    for start in range(0, len(archs), size):
        yield model.seconds([space.from_str(arch) for arch in archs[start : start + size]])
