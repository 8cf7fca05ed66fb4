"""NAS-Bench-101 as Table 1 searches it: within a budget of seconds, by several readings of the authors' procedure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from naswotbook.closed import resampling_weights
from naswotbook.counting import COUNTS, as_scores
from naswotbook.estimates import of_choices, of_searches
from naswotbook.experiments.equation1 import fails_in_place
from naswotbook.searches import Column
from naswotlib.benchmarks import Benchmark
from naswotlib.spaces.base import get_space
from naswotlib.spaces.nasbench101_spec import ModelSpec, fault_of, matrix_from_bits

DATASET, EPOCHS = "cifar10", 108
SPLITS = ("best", "mean", "validation", "filed")  # the accuracies of the simulated cells
LAST = ", failing last"
ALL, KNOWN = "all", "known"  # the cells that a search may train: of the table, or those of which nothing is modelled
_MANY = 10_000  # cells that are held as they were read
_UNSEEN, _NONE = -2, -1  # of a neighbour: not looked for yet; there is none


@dataclass(frozen=True)
class Reading:
    """One way to read how the authors searched NAS-Bench-101.

    title: of a column; seen, known: which column of the simulated cells a search looks at, and which one where it is
    confined to those that are known; judged: by which it is judged; share: of the seconds of 108 epochs that it pays.
    """

    title: str
    seen: str
    known: str
    judged: str
    share: float

    @property
    def column(self) -> Column:
        """The accuracy that a choice is judged by."""
        return DATASET, self.judged, EPOCHS


READINGS = {
    "authors": Reading("authors' script", "best", "best", "best", 12 / 108),
    "mean": Reading("mean of three", "mean", "mean", "mean", 12 / 108),
    "sound": Reading("sound", "validation", "filed", "mean", 12 / 108),
    "paid": Reading("all seconds paid", "validation", "filed", "mean", 1.0),
}


class CellRows:
    """The space whose cells are the rows of a table, and whose architectures are numbers of rows.

    Cells are drawn uniformly and a mutation flips one edge of the pruned cell, as in the authors' search
    (:meth:`naswotlib.spaces.nasbench101.NASBench101.mutate_paper`); with ``operations`` it is that of the benchmark's
    own regularised evolution. ``inside`` says which rows there are: a child is one of them, at random where no flip
    leads to one. What was found once is remembered. ``hashes`` are those of ``archs``.
    """

    name = "nasbench101"

    def __init__(
        self,
        archs: Sequence[str],
        hashes: Sequence[str],
        *,
        inside: npt.NDArray[np.bool_] | None = None,
        operations: bool = False,
    ) -> None:
        self._archs, self._operations, self._space = archs, operations, get_space("nasbench101")
        self._row_of_hash = {digest: row for row, digest in enumerate(hashes)}
        self._row_of_text = {arch: row for row, arch in enumerate(archs)}
        self._inside = np.ones(len(archs), bool) if inside is None else inside
        self._drawn = np.flatnonzero(self._inside)
        self._children = np.full((len(archs), 21), _UNSEEN, np.int32)
        self._specs: dict[int, ModelSpec] = {}  # of the rows that were parents last
        self._bits = np.zeros(len(archs), np.int8)  # of the matrix of each row; 0: not looked for yet

    def __len__(self) -> int:
        return len(self._drawn)

    def sample(self, rng: np.random.Generator) -> int:
        """A random row."""
        return int(self._drawn[rng.integers(len(self._drawn))])

    def mutate(self, row: int, rng: np.random.Generator) -> int:
        """The row of a child; see the class."""
        if self._operations:
            child = self._space.mutate_benchmark(self._spec(row), rng)
            return self._row_of_hash[child.hash]
        if not self._bits[row]:
            self._bits[row] = len(self._spec(row).bits)
        for position in map(int, rng.permutation(int(self._bits[row]))):
            if (found := self._child(row, position)) != _NONE:
                return found
        return row if self._inside.all() else self.sample(rng)

    def _spec(self, row: int) -> ModelSpec:
        if row not in self._specs:
            if len(self._specs) >= _MANY:
                self._specs.clear()
            self._specs[row] = self._space.from_str(self._archs[row]).pruned
        return self._specs[row]

    def _child(self, row: int, position: int) -> int:
        """The row of the cell of ``row`` with another bit at ``position``."""
        if self._children[row, position] == _UNSEEN:
            spec = self._spec(row)
            bits = list(spec.bits)
            bits[position] ^= 1
            matrix = matrix_from_bits(bits, len(spec.ops))
            child = _NONE if fault_of(matrix) else self._row_of_hash[ModelSpec(matrix, spec.ops).hash]
            self._children[row, position] = child if child != _NONE and self._inside[child] else _NONE
        return int(self._children[row, position])

    def to_str(self, row: int) -> str:
        """The text of a row."""
        return self._archs[row]

    def from_str(self, text: str) -> int:
        """The row of a text."""
        return self._row_of_text[text]


class Simulated:
    """What searches see, pay and are judged by: the columns :data:`SPLITS` and ``seconds`` of ``cells``.

    ``cells`` are those of :func:`naswotbook.experiments.nasbench101_trainings.simulate_cells`. An architecture is a
    number of a row, or its text. Seconds are those of 108 epochs; a search that pays a share of them has a budget that
    is larger by as much.
    """

    available = tuple((DATASET, split, EPOCHS) for split in SPLITS)
    available_seconds = ((DATASET, EPOCHS),)

    def __init__(self, cells: pd.DataFrame) -> None:
        self.archs = cells.arch.tolist()
        self._rows = {arch: row for row, arch in enumerate(self.archs)}
        self._values = {name: cells[name].to_numpy(float) for name in (*SPLITS, "seconds")}

    def accuracy(self, archs: Any, *, dataset: str, split: str, epochs: int) -> Any:
        """In percent, of one architecture or of a list; ``split`` is one of :data:`SPLITS`."""
        return self._look_up(split, archs)

    def train_seconds(self, archs: Any, *, dataset: str, epochs: int) -> Any:
        """Of 108 epochs, of one architecture or of a list."""
        return self._look_up("seconds", archs)

    def _look_up(self, name: str, archs: Any) -> Any:
        values = self._values[name]
        if isinstance(archs, (int, str)):
            return float(values[self._row(archs)])
        return values[[self._row(arch) for arch in archs]]

    def _row(self, arch: int | str) -> int:
        return self._rows[arch] if isinstance(arch, str) else arch


def at_lowest(scores: pd.DataFrame, fails: Callable[[str], bool] = fails_in_place) -> pd.DataFrame:
    """Scores with those of the architectures that fail, as in the authors' code, below all others."""
    return scores.assign(score=scores.score.mask(scores.arch.map(fails), -np.inf))


@dataclass(frozen=True)
class Setting:
    """What all searches of Table 1 share: scores by seed, counts of the cells that are scored, budget, repetition."""

    scores: Mapping[int, pd.DataFrame]
    counts: pd.DataFrame
    samples: Sequence[int]
    budget_seconds: float
    n_runs: int
    seed: int
    workers: int = 1
    kept: Path | None = None

    def within(self, archs: set[str]) -> Setting:
        """The same among the scored cells of ``archs`` alone."""
        scores = {seed: table[table.arch.isin(archs)].reset_index(drop=True) for seed, table in self.scores.items()}
        return replace(self, scores=scores, counts=self.counts[self.counts.arch.isin(archs)])

    def train(
        self, method: str, space: CellRows, table: Simulated, reading: Reading, *, confined: bool = False, **search: Any
    ) -> pd.DataFrame:
        """Estimates of one search that trains, by :func:`naswotbook.estimates.of_searches`."""
        how: dict[str, Any] = {"n_runs": self.n_runs, "seed": self.seed, "workers": self.workers, "kept": self.kept}
        how |= {"dataset": DATASET, "epochs": EPOCHS, "search_split": reading.known if confined else reading.seen}
        how |= {"budget_seconds": self.budget_seconds / reading.share} | search
        return of_searches(method, space, table, [reading.column], **how)


def choose(archs: Sequence[str], table: Any, column: Column, setting: Setting) -> Iterator[pd.DataFrame]:
    """Estimates of what trains nothing: Random over all of ``archs``, NASWOT and the counts over those scored.

    They are judged by the accuracies of ``column`` in ``table``.
    """
    columns = [column]
    every = {setting.seed: pd.DataFrame({"arch": archs, "score": 0.0})}
    yield of_choices(every, None, table, columns, samples=[])
    weights = resampling_weights(len(setting.counts), n_boot=1000, rng=np.random.default_rng(setting.seed))
    how: dict[str, Any] = {"samples": setting.samples, "weights": weights}
    free = of_choices(setting.scores, setting.counts, table, columns, **how)
    yield free[~free.method.str.match("Random|Best")]  # of the scored ones; and judged by one column, it is Optimal
    last = of_choices({n: at_lowest(part) for n, part in setting.scores.items()}, None, table, columns, **how)
    last = last[last.method.str.startswith("NASWOT")]
    yield last.assign(method=last.method + LAST)


def search_cells(space: CellRows, cells: pd.DataFrame, table: Simulated, name: str, setting: Setting) -> pd.DataFrame:
    """All methods by the reading ``name`` of :data:`READINGS`, among the rows of ``space``, which are of ``cells``.

    Of those that are known there are no variants of AREA: few of them are scored.
    """
    reading, confined = READINGS[name], len(space) < len(cells)
    inside = cells.arch[cells.known] if confined else cells.arch
    if confined:
        setting = setting.within(set(inside))
    found = list(choose(inside.tolist(), table, reading.column, setting))
    found += [setting.train(method, space, table, reading, confined=confined) for method in ("RS", "REA")]
    assisted = {"AREA": setting.scores}
    if not confined:
        assisted[f"AREA{LAST}"] = {n: at_lowest(part) for n, part in setting.scores.items()}
        assisted["AREA by ReLU units"] = {-1: as_scores(setting.counts, "num_units")}
    for method, by in assisted.items():
        trained = setting.train("AREA", space, table, reading, confined=confined, scores=by)
        found.append(trained.assign(method=method))
    columns = {"split": "test", "reading": name, "cells": KNOWN if confined else ALL}
    return pd.concat(found, ignore_index=True).assign(**columns)


def hashes_of(benchmark: Benchmark) -> list[str]:
    """The hash of each row of a table of NAS-Bench-101, computed where the table has none."""
    if "hash" in benchmark.columns:
        hashes: list[str] = benchmark.column("hash").to_pylist()
        return hashes
    space = get_space("nasbench101")
    return [space.from_str(arch).hash for arch in benchmark.archs]


def run_searches(benchmark: Benchmark, cells: pd.DataFrame, setting: Setting) -> pd.DataFrame:
    """Estimates of Table 1, of every reading, among all cells and among those that are known.

    ``cells`` are those of :func:`naswotbook.experiments.nasbench101_trainings.simulate_cells`. Estimates are as
    :mod:`naswotbook.estimates` has them, with columns ``reading`` and ``cells`` (:data:`ALL` or :data:`KNOWN`).
    """
    archs, hashes, table = benchmark.archs, hashes_of(benchmark), Simulated(cells)
    found = []
    for inside in (None, cells.known.to_numpy(bool)):
        space = CellRows(archs, hashes, inside=inside)
        found += [search_cells(space, cells, table, name, setting) for name in READINGS]
    return pd.concat(found, ignore_index=True)


def each_reading(
    estimates: pd.DataFrame, sum_up: Callable[[pd.DataFrame], pd.DataFrame], by: Sequence[str] = ("reading", "cells")
) -> pd.DataFrame:
    """What ``sum_up`` makes of the estimates of each reading and set of cells, which stand in its first columns."""
    parts = []
    for names, part in estimates.groupby(list(by), sort=False):
        summed = sum_up(part.drop(columns=list(by)))
        for place, (column, name) in enumerate(zip(by, names, strict=True)):
            summed.insert(place, column, str(name))
        parts.append(summed)
    return pd.concat(parts, ignore_index=True)


def compared(*, samples: Sequence[int]) -> list[tuple[str, str]]:
    """The pairs of methods whose difference is of interest, by their names in :func:`search_cells`."""
    best = f"NASWOT (N={max(samples)})"
    pairs = [("AREA", "REA"), (f"AREA{LAST}", "REA"), ("AREA by ReLU units", "REA"), ("REA", "RS"), ("AREA", "RS")]
    counted = [(f"NASWOT (N={n})", f"{COUNTS[name]} (N={n})") for name in COUNTS for n in sorted(samples)]
    return [*pairs, (best, "Random"), ("REA", best), *counted]
