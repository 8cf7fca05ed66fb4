"""NAS-Bench-101 as Table 1 searches it, where its table has neither seconds of training nor single repetitions."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np

from naswotlib.benchmarks import Benchmark
from naswotlib.spaces.base import arch_seed
from naswotlib.spaces.nasbench101 import NASBench101
from naswotlib.spaces.nasbench101_spec import ModelSpec


class TableRows(NASBench101):
    """The space whose cells are the rows of ``benchmark``: drawn from them uniformly, as in the authors' search.

    A mutation flips one edge, as there; with ``operations`` it is that of the benchmark's own regularised evolution,
    which changes operations too.
    """

    def __init__(self, benchmark: Benchmark, *, operations: bool = False) -> None:
        self._archs = benchmark.archs
        self._operations = operations

    def __len__(self) -> int:
        return len(self._archs)

    def sample(self, rng: np.random.Generator) -> ModelSpec:
        """The cell of a random row."""
        return self.from_str(self._archs[int(rng.integers(len(self)))])

    def mutate(self, arch: ModelSpec, rng: np.random.Generator) -> ModelSpec:
        """A neighbour; see the class."""
        return self.mutate_benchmark(arch, rng) if self._operations else self.mutate_paper(arch, rng)


class Counted:
    """``benchmark`` with every training at the price of 1, so that a budget is a number of trainings."""

    def __init__(self, benchmark: Benchmark) -> None:
        self._benchmark = benchmark

    def accuracy(self, archs: Any, **column: Any) -> Any:
        """What the benchmark says."""
        return self._benchmark.accuracy(archs, **column)

    def train_seconds(self, arch: Any, **column: Any) -> float:
        """1."""
        return 1.0


class BestOfThree(Counted):
    """A simulation of the best of three trainings, where ``benchmark`` has their mean.

    Each accuracy is raised by as much as the largest of three normal numbers of deviation ``std`` (points) lies above
    their mean. They come from ``seed`` and the hash of the cell, so that a cell has the same ones every time.
    """

    def __init__(self, benchmark: Benchmark, std: float, *, seed: int) -> None:
        super().__init__(benchmark)
        self._std, self._seed = std, seed
        self._space = NASBench101()

    def accuracy(self, archs: Any, **column: Any) -> Any:
        """What the benchmark says, raised; at most 100."""
        found = super().accuracy(archs, **column)
        above = self._above(archs) if isinstance(archs, Hashable) else [self._above(arch) for arch in archs]
        return np.minimum(found + np.asarray(above), 100.0)

    def _above(self, arch: Any) -> float:
        spec = self._space.from_str(arch) if isinstance(arch, str) else arch
        drawn = np.random.default_rng(arch_seed(self._seed, spec.hash)).normal(0.0, self._std, size=3)
        return float(drawn.max() - drawn.mean())
