"""NAS-Bench-101 as Table 1 searches it, where its table has neither seconds of training nor single repetitions."""

from __future__ import annotations

import warnings
from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from naswotbook.searches import final_columns, training_free_runs, training_runs
from naswotlib.benchmarks import Benchmark
from naswotlib.errors import NaswotWarning
from naswotlib.spaces.base import arch_seed
from naswotlib.spaces.nasbench101 import NASBench101
from naswotlib.spaces.nasbench101_spec import ModelSpec


class TableRows(NASBench101):
    """The space whose cells are the rows of ``benchmark``: drawn from them uniformly, as in the authors' search.

    A mutation flips one edge, as there; with ``operations`` it is that of the benchmark's own regularised evolution,
    which changes operations too.
    """

    def __init__(self, benchmark: Benchmark | Counted, *, operations: bool = False) -> None:
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
        self.archs, self.available = benchmark.archs, benchmark.available

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


def train_counted(
    method: str, table: Counted, *, trainings: int, operations: bool = False, n_runs: int, seed: int, **search: Any
) -> pd.DataFrame:
    """Runs of a search of NAS-Bench-101 that may train so often: :func:`naswotbook.searches.training_runs`.

    Cells are the rows of ``table``, mutated as :class:`TableRows` says. The search sees the test accuracy by which it
    is judged, since there is no other; the pages say so, and the warning is left out. ``search`` are further keywords.
    """
    columns = final_columns(table, dataset="cifar10", split="test")
    sees: dict[str, Any] = {
        "dataset": "cifar10",
        "epochs": columns[0][2],
        "search_split": "test",
        "max_evaluations": trainings,
    }
    within = TableRows(table, operations=operations)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NaswotWarning)
        return training_runs(method, within, table, columns, n_runs=n_runs, seed=seed, **sees, **search)


def run_searches(
    benchmark: Benchmark,
    scores: pd.DataFrame,
    *,
    training: bool,
    samples: Sequence[int],
    max_trained: int,
    n_runs: int,
    seed: int,
    workers: int = 1,
) -> pd.DataFrame:
    """The rows of Table 1 and ours beside them: runs as :mod:`naswotbook.searches` gives them.

    NASWOT draws from ``scores``, and without ``training`` is alone with what :func:`training_free_runs` gives. With it,
    Random draws from all cells of the table; REA and AREA stand there with their first 50 runs, as in the paper, with
    all of them, and with half and twice as many trainings.
    """
    table, repeated = Counted(benchmark), {"n_runs": n_runs, "seed": seed}
    columns = final_columns(table, dataset="cifar10", split="test")
    free = training_free_runs(scores, table, columns, samples=samples, **repeated)
    if not training:
        return free
    searching: dict[str, Any] = {"workers": workers, "scores": scores, **repeated}
    random = train_counted("RS", table, trainings=1, **searching)
    runs = [random.assign(method="Random"), free[free.method != "Random"]]
    for method in ("REA", "AREA"):
        found = train_counted(method, table, trainings=max_trained, **searching)
        runs += [found[found.run < 50], found.assign(method=f"{method} ({n_runs} runs)")]
        for n in (max_trained // 2, 2 * max_trained):
            again = train_counted(method, table, trainings=n, **searching)
            runs.append(again.assign(method=f"{method} ({n} trainings)"))
    return pd.concat(runs, ignore_index=True)


def compared(*, samples: Sequence[int], max_trained: int, n_runs: int) -> list[tuple[str, str]]:
    """The pairs of methods whose difference is of interest, by their names in :func:`run_searches`."""
    changes = ["", f" ({n_runs} runs)", f" ({max_trained // 2} trainings)", f" ({2 * max_trained} trainings)"]
    best = f"NASWOT (N={max(samples)})"
    assisted = [(f"AREA{change}", f"REA{change}") for change in changes]
    return [*assisted, (best, "Random"), (f"REA ({n_runs} runs)", best)]
