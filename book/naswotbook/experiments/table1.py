"""NAS-Bench-101 as Table 1 searches it, where its table has neither seconds of training nor single repetitions."""

from __future__ import annotations

import warnings
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from naswotbook.closed import resampling_weights
from naswotbook.counting import COUNTS, as_scores
from naswotbook.estimates import of_choices, of_searches
from naswotbook.searches import final_columns
from naswotlib.benchmarks import Benchmark
from naswotlib.data.fetch import data_home
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


TRIES = 50  # threes of trainings that are drawn for a cell, of which the first that can be is taken


class BestOfThree(Counted):
    """A simulation of the best of three trainings, where ``benchmark`` has their mean.

    ``noise`` says how far single trainings lie from the mean of their cell. Each accuracy is raised by as much as the
    largest of three that are drawn from cells of its accuracy lies above their mean; three whose largest would be
    better than any training that is known are drawn again. They come from ``seed`` and the hash of the cell, so that a
    cell has the same ones every time.
    """

    def __init__(self, benchmark: Benchmark, noise: Noise, *, seed: int) -> None:
        super().__init__(benchmark)
        self._noise, self._seed = noise, seed
        self._space = NASBench101()

    def accuracy(self, archs: Any, **column: Any) -> Any:
        """What the benchmark says, raised."""
        found = super().accuracy(archs, **column)
        if isinstance(archs, Hashable):
            return found + self._above(archs, found)
        return found + np.array([self._above(arch, mean) for arch, mean in zip(archs, found, strict=True)])

    def _above(self, arch: Any, mean: float) -> float:
        spec = self._space.from_str(arch) if isinstance(arch, str) else arch
        drawn = np.random.default_rng(arch_seed(self._seed, spec.hash)).choice(self._noise.near(mean), size=(TRIES, 3))
        above = drawn.max(axis=1) - drawn.mean(axis=1)
        possible = above[mean + above <= self._noise.highest]  # a cell of this mean had no collapse that needs more
        return float(possible[0]) if len(possible) else 0.0


@dataclass(frozen=True)
class Noise:
    """How far single trainings lie from the mean of their cell, in points, by that mean.

    edges: ascending accuracies between groups of cells; apart: of each group, one more than edges, the differences;
    highest: the accuracy of the best of all trainings.
    """

    edges: np.ndarray
    apart: tuple[np.ndarray, ...]
    highest: float = 100.0

    def near(self, mean: float) -> np.ndarray:
        """The differences of the cells whose mean accuracy is like ``mean``."""
        return self.apart[int(np.searchsorted(self.edges, mean, side="right"))]

    @classmethod
    def of_trainings(cls, single: np.ndarray, mean: np.ndarray, *, groups: int = 100) -> Noise:
        """From one training of each of many cells, and the mean accuracy of the cell; ``groups`` of equal size.

        Trainings may be judged on other images than their mean: the median difference of each group is taken out, and
        with it what the two splits differ by. A training that collapsed stays as far off as it was.
        """
        edges = np.unique(np.quantile(mean, np.linspace(0, 1, groups + 1)[1:-1]))
        group = np.searchsorted(edges, mean, side="right")
        apart = [(single - mean)[group == number] for number in range(len(edges) + 1)]
        centre = np.array([np.median(part) for part in apart])
        aligned = tuple(part - middle for part, middle in zip(apart, centre, strict=True))
        return cls(edges, aligned, float((single - centre[group]).max()))


SINGLE = "published/nasbench101/nb101_val_4_12_36_108_time_30001.csv.gz"


def read_noise(benchmark: Benchmark, data_dir: str) -> Noise:
    """The noise of one training of NAS-Bench-101, from the 30,001 cells whose single trainings are published."""
    published = pd.read_csv(data_home(data_dir) / SINGLE)
    mean = benchmark.accuracy(published.hash.tolist(), dataset="cifar10", split="test", epochs=108)
    return Noise.of_trainings(100 * published.val_108ep.to_numpy(), mean)


def train_counted(
    method: str, table: Counted, *, trainings: int, operations: bool = False, n_runs: int, seed: int, **search: Any
) -> pd.DataFrame:
    """Estimates of a search of NAS-Bench-101 that may train so often, by :func:`naswotbook.estimates.of_searches`.

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
        return of_searches(method, within, table, columns, n_runs=n_runs, seed=seed, **sees, **search)


def run_searches(
    benchmark: Benchmark,
    scores: Mapping[int, pd.DataFrame],
    counts: pd.DataFrame,
    *,
    training: bool,
    samples: Sequence[int],
    max_trained: int,
    n_runs: int,
    seed: int,
    workers: int = 1,
    kept: Path | None = None,
) -> pd.DataFrame:
    """The rows of Table 1 and ours beside them: estimates as :mod:`naswotbook.estimates` has them.

    NASWOT and what counts choose among the networks of ``scores``, by seed, and without ``training`` are alone. With
    it, Random and RS, the best of so many random cells, have the closed form over all cells of the table; REA and AREA
    stand there with ``max_trained`` trainings, with a fifth of the runs with half and twice as many, and AREA with its
    candidates ranked by ReLU units and by parameters.
    """
    table = Counted(benchmark)
    columns = final_columns(table, dataset="cifar10", split="test")
    weights = resampling_weights(len(counts), n_boot=1000, rng=np.random.default_rng(seed))
    free = of_choices(scores, counts, table, columns, samples=samples, weights=weights)
    free = free[~free.method.str.startswith("Best")]  # judged by one column, it is Optimal
    if not training:
        return free
    every = {seed: pd.DataFrame({"arch": table.archs, "score": 0.0})}
    whole = of_choices(every, None, table, columns, samples=[max_trained, 2 * max_trained]).set_index("method")
    rows = {f"Optimal (N={max_trained})": "RS", f"Optimal (N={2 * max_trained})": f"RS ({2 * max_trained} trainings)"}
    random = whole.loc[["Random", *rows]].rename(rows).reset_index().assign(trained=[1, max_trained, 2 * max_trained])
    found = [random, free[free.method != "Random"]]
    area_scores = {"AREA": scores} | {
        f"AREA by {COUNTS[name]}": {-1: as_scores(counts, name)} for name in ("num_units", "parameters")
    }
    for n in (max_trained, max_trained // 2, 2 * max_trained):
        usual = n == max_trained
        how: dict[str, Any] = {"trainings": n, "n_runs": n_runs if usual else max(1, n_runs // 5), "seed": seed}
        how |= {"workers": workers, "kept": kept}
        name = "" if usual else f" ({n} trainings)"
        found.append(train_counted("REA", table, **how).assign(method=f"REA{name}"))
        for method, by in area_scores.items():
            if usual or method == "AREA":
                assisted = train_counted("AREA", table, scores=by, **how)
                found.append(assisted.assign(method=f"{method}{name}"))
    return pd.concat(found, ignore_index=True)


def compared(*, samples: Sequence[int], max_trained: int) -> list[tuple[str, str]]:
    """The pairs of methods whose difference is of interest, by their names in :func:`run_searches`."""
    changes = ["", f" ({max_trained // 2} trainings)", f" ({2 * max_trained} trainings)"]
    best = f"NASWOT (N={max(samples)})"
    assisted = [(f"AREA{change}", f"REA{change}") for change in changes]
    assisted += [(f"AREA by {COUNTS[name]}", "REA") for name in ("num_units", "parameters")]
    counted = [(f"NASWOT (N={n})", f"{COUNTS[name]} (N={n})") for name in COUNTS for n in sorted(samples)]
    return [*assisted, (best, "Random"), ("REA", best), ("REA", "RS"), ("AREA", "RS"), *counted]


def describe(found: pd.DataFrame, gaps: pd.DataFrame) -> str:
    """What Table 1 says, in Markdown."""
    cells = {row["method"]: row for row in found.to_dict("records")}
    apart = {(row["a"], row["b"]): row for row in gaps.to_dict("records")}

    def mean(method: str) -> str:
        row = cells[method]
        interval = f" [{row['low']:.2f}, {row['high']:.2f}]" if row["low"] < row["high"] else ""
        return f"{row['mean']:.2f}{interval}"

    def gap(a: str, b: str) -> str:
        row = apart[a, b]
        return f"{row['difference']:+.2f} [{row['low']:+.2f}, {row['high']:+.2f}]"

    counted = "; ".join(f"{name} {mean(f'{name} (N=100)')}" for name in COUNTS.values())
    names = ("NASWOT", "ReLU units", "parameters")
    spread = ", ".join(f"{cells[f'{name} (N=100)']['std']:.2f} by {name}" for name in names)
    return f"""In words:

- **NASWOT is better than a random cell and worse than any search that trains**: {mean("NASWOT (N=100)")} against
  {mean("Random")} and {mean("REA")}. Its interval is wide, since few cells with a high score are poor, and whether they
  are among those that were scored is chance.
- **Counting is no worse, and by some counts it is safer.** The largest of 100 cells by each count: {counted}. NASWOT
  less ReLU units: {gap("NASWOT (N=100)", "ReLU units (N=100)")}. From run to run accuracies vary by {spread}.
- **Random search, which the paper leaves out, comes to {mean("RS")}** with the same number of trainings. REA gains
  {gap("REA", "RS")} on it, AREA {gap("AREA", "RS")}, and AREA {gap("AREA", "REA")} on REA.
"""
