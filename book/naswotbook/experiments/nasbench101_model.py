"""Seconds and validation accuracy of NAS-Bench-101 cells for which neither is at hand, from those for which both are.

Test accuracies of all 423,624 cells are at hand, the mean of three trainings each; of 30,001 cells so are the seconds
of a training and a validation accuracy (table ``nasbench101_validation``). A search asks for both of any cell.

**Seconds** follow from the cell: least squares on what its operations compute and move, and on products of these.

**Validation accuracy** is drawn: that of one of the known cells whose test mean is nearest, moved by the difference of
the two test means, both without trainings that collapsed. The file calls it that of one training. It is no mean, but
not one of three at random either: where the test mean says that two of three trainings collapsed, it never is a
collapsed one (:func:`measure_model` counts them). It is that of the best of the three, from which
:mod:`naswotbook.experiments.nasbench101_trainings` takes single ones.
"""

from __future__ import annotations

import bisect
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from naswotlib.benchmarks import Benchmark
from naswotlib.spaces.base import get_space
from naswotlib.spaces.nasbench101 import vertex_channels
from naswotlib.spaces.nasbench101_spec import ModelSpec

Numbers = npt.NDArray[np.float64]
STEM = 128  # channels of the networks that were trained
IMAGES = 9984  # by which an accuracy is measured: 39 mini-batches of 256
CHANCE = 10.0  # percent: what a collapsed training reaches
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
FEATURES = (
    *("3×3 multiply-adds", "1×1 multiply-adds", "projection multiply-adds"),
    *("3×3 outputs", "1×1 outputs", "projection outputs", "pooled", "added", "concatenated"),
    *("3×3 convolutions", "1×1 convolutions", "projections", "pools"),
)


def cell_features(spec: ModelSpec) -> Numbers:
    """What the operations of a cell compute and move at :data:`STEM` channels, as :data:`FEATURES` and a one.

    Of one pixel, and in shares of what a full-width 3×3 convolution of the kind would take.
    """
    spec = spec.pruned
    widths = np.array(vertex_channels(spec.matrix, STEM, STEM)) / STEM
    last = len(spec.ops) - 1
    kind = np.array([op.partition("-")[0] for op in spec.ops])
    three, one, pool = (np.flatnonzero(kind == name) for name in ("conv3x3", "conv1x1", "maxpool3x3"))
    matrix = np.array(spec.matrix)
    projected = np.flatnonzero(matrix[0])
    ends = np.flatnonzero(matrix[1:, last]) + 1
    added = sum(widths[v] * max(0, matrix[:, v].sum() - 1) for v in range(1, last))
    added += widths[last] * bool(matrix[0, last] and len(ends))
    computed = [(widths[three] ** 2).sum(), (widths[one] ** 2).sum(), widths[projected].sum()]
    moved = [widths[part].sum() for part in (three, one, projected, pool)]
    concatenated = widths[last] * (len(ends) > 1)
    return np.array([*computed, *moved, added, concatenated, *map(len, (three, one, projected, pool)), 1.0])


def expand(features: Numbers) -> Numbers:
    """Features ``(cells, n)``, the last of which is one, and the products of every two of them."""
    pairs = np.triu_indices(features.shape[1])
    return features[:, pairs[0]] * features[:, pairs[1]]


def collapsed_trainings(test: float) -> int:
    """How many of three trainings ended at chance, as their mean ``test`` accuracy (percent) tells.

    The most for which the others would have reached 80 to 95%, as cells that train do; none where no number fits.

    >>> [collapsed_trainings(test) for test in (91.0, 63.5, 36.0, 10.0, 75.0)]
    [0, 1, 2, 3, 0]
    """
    if test <= CHANCE + 1:
        return 3
    fitting = [count for count in (1, 2) if 80 <= (3 * test - CHANCE * count) / (3 - count) <= 95]
    return max(fitting, default=0)


def trained_mean(test: float) -> float:
    """The mean of the trainings that did not collapse; ``test`` itself where all three did.

    >>> trained_mean(63.5), trained_mean(91.0), trained_mean(10.0)
    (90.25, 91.0, 10.0)
    """
    count = collapsed_trainings(test)
    return test if count in (0, 3) else (3 * test - CHANCE * count) / (3 - count)


@dataclass(frozen=True)
class CellModel:
    """What :func:`fit_model` learnt.

    weights: of :func:`expand` of the features; fastest, slowest: of the known cells, seconds, which bound what is
    expected; trained, validation: percent, of the known cells, :func:`trained_mean` in ascending order and what the
    file has; neighbours: of how many of them a draw is.
    """

    weights: Numbers
    fastest: float
    slowest: float
    trained: Numbers
    validation: Numbers
    neighbours: int = 50

    def seconds(self, specs: Sequence[ModelSpec]) -> Numbers:
        """Seconds of 108 epochs that a training of each of ``specs`` is expected to take."""
        expected = expand(np.array([cell_features(spec) for spec in specs])) @ self.weights
        return np.clip(expected, self.fastest, self.slowest)

    def nearest(self, test: float) -> Numbers:
        """Validation accuracies, in percent, that the file might have for a cell of mean ``test`` accuracy, all
        equally likely.
        """
        mean = trained_mean(test)
        count = min(self.neighbours, len(self.trained))
        middle = bisect.bisect_left(self.trained, mean)
        around = np.arange(max(0, middle - count), min(len(self.trained), middle + count))
        near = around[np.argsort(np.abs(self.trained[around] - mean), kind="stable")[:count]]
        collapsed = self.validation[near] <= 2 * CHANCE  # ends at chance, whatever the test mean is
        moved = self.validation[near] + np.where(collapsed, 0, mean - self.trained[near])
        return np.clip(moved, 0, self.validation.max())  # none is better than the best that is known

    def filed_validation(self, test: float, rng: np.random.Generator) -> float:
        """A validation accuracy in percent, drawn as the file has it for cells of mean ``test`` accuracy."""
        return float(rng.choice(self.nearest(test)))


def fit_model(
    specs: Sequence[ModelSpec], seconds: npt.ArrayLike, test: npt.ArrayLike, validation: npt.ArrayLike
) -> CellModel:
    """The model of cells whose ``seconds``, mean ``test`` and ``validation`` accuracy (percent) are known."""
    took, known, filed = (np.asarray(column, dtype=float) for column in (seconds, test, validation))
    features = expand(np.array([cell_features(spec) for spec in specs]))
    weights, *_ = np.linalg.lstsq(features, took, rcond=None)
    trained = np.array([trained_mean(value) for value in known.tolist()])
    order = np.argsort(trained, kind="stable")
    return CellModel(weights, float(took.min()), float(took.max()), trained[order], filed[order])


def read_cells(benchmark: Benchmark) -> pd.DataFrame:
    """The cells of the table ``nasbench101_validation``: ``arch``, and ``seconds``, ``test`` and ``validation`` of 108
    epochs.
    """
    of_108: dict[str, Any] = {"dataset": "cifar10", "epochs": 108}
    archs = benchmark.archs
    columns = {split: benchmark.accuracy(archs, split=split, **of_108) for split in ("test", "validation")}
    return pd.DataFrame({"arch": archs, "seconds": benchmark.train_seconds(archs, **of_108)} | columns)


def measure_model(cells: pd.DataFrame, *, share: float = 0.2, seed: int) -> dict[str, float]:
    """How well a model of the other cells tells the random ``share`` of ``cells`` that it did not see.

    ``cells`` are those of :func:`read_cells`. Returns ``fitted`` and ``held_out``, numbers of cells; ``r2`` and
    ``median_error`` (a share of the seconds) of seconds; ``below_Q``, the share of held-out validation accuracies at or
    below what the model has as their quantile Q, for each of :data:`QUANTILES`; ``real_Q`` and ``model_Q``, quantiles
    of these accuracies and of one draw each. Of all cells, ``two_of_three``, of which two trainings collapsed by their
    test mean, ``collapsed_of_two``, those of them whose validation accuracy is a collapsed one, of which two in three
    would be if it were that of a training at random; ``whole``, the share that is a whole number of
    :data:`IMAGES`, as no mean of three would be; and ``collapsed``, the share of single trainings that did.
    """
    space, rng = get_space("nasbench101"), np.random.default_rng(seed)
    held = np.zeros(len(cells), dtype=bool)
    held[rng.permutation(len(cells))[: round(share * len(cells))]] = True
    seen, others = cells[~held], cells[held]
    model = fit_model([space.from_str(arch) for arch in seen.arch], seen.seconds, seen.test, seen.validation)
    expected = model.seconds([space.from_str(arch) for arch in others.arch])
    seconds = others.seconds.to_numpy(dtype=float)
    found = {"fitted": float(len(seen)), "held_out": float(len(others))}
    found["r2"] = 1 - float(((seconds - expected) ** 2).sum() / ((seconds - seconds.mean()) ** 2).sum())
    found["median_error"] = float(np.median(np.abs(expected / seconds - 1)))
    real = others.validation.to_numpy(dtype=float)
    nearest = [model.nearest(test) for test in others.test]
    edges = np.array([np.quantile(values, QUANTILES) for values in nearest])
    drawn = np.array([rng.choice(values) for values in nearest])
    for place, quantile in enumerate(QUANTILES):
        found[f"below_{quantile}"] = float((real <= edges[:, place]).mean())
        found[f"real_{quantile}"] = float(np.quantile(real, quantile))
        found[f"model_{quantile}"] = float(np.quantile(drawn, quantile))
    counts = cells.test.map(collapsed_trainings)
    two = cells.validation[counts == 2]
    found |= {"two_of_three": float(len(two)), "collapsed_of_two": float((two <= 2 * CHANCE).sum())}
    images = cells.validation.to_numpy(float) * IMAGES / 100
    found["whole"] = float((np.abs(images - images.round()) < 0.01).mean())
    return found | {"collapsed": float(counts.mean() / 3)}
