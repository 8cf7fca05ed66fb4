"""Searches repeated with other random numbers, as the rows of Tables 1 and 2 are: runs, and what they come to.

Run ``i`` of ``seed`` draws from a generator of its own, so it is the same however many runs there are and
whichever process does it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from naswotlib.scoring.parallel import map_unordered
from naswotlib.search.base import SearchResult
from naswotlib.search.with_training import area, random_search, rea, reinforce
from naswotlib.spaces.base import arch_seed

Search = Callable[[np.random.Generator], SearchResult]
Column = tuple[str, str, int]  # dataset, split and epochs of an accuracy
TRAINING = {"REA": rea, "RS": random_search, "REINFORCE": reinforce, "AREA": area}


def final_columns(benchmark: Any, *, dataset: str | None = None, split: str | None = None) -> list[Column]:
    """The accuracies by which a choice is judged: those after the longest training of ``benchmark``, on all data sets
    and splits, or those that are given.
    """
    final = max(epochs for _, _, epochs in benchmark.available)
    wanted = (dataset, split)
    return [
        column
        for column in benchmark.available
        if column[2] == final and all(want in (None, has) for want, has in zip(wanted, column, strict=False))
    ]


def search_budget(benchmark: Any, *, profile: str, seconds: float, trainings: int) -> dict[str, Any]:
    """What a search sees and may spend, as keywords of one that trains.

    Of a published table, 12 epochs of each network until ``seconds`` are spent; of one of ours (``demo``), which has a
    single schedule, so many ``trainings``.
    """
    if profile == "paper":
        return {"epochs": 12, "budget_seconds": seconds}
    [(_, epochs)] = benchmark.available_seconds
    return {"epochs": epochs, "max_evaluations": trainings}


def _generators(seed: int, n_runs: int) -> list[np.random.Generator]:
    if n_runs < 1:
        raise ValueError(f"n_runs: expected at least 1, got {n_runs}")
    return [np.random.default_rng(child) for child in np.random.SeedSequence(seed).spawn(n_runs)]


def repeat_search(search: Search, n_runs: int, *, seed: int, workers: int = 1) -> list[SearchResult]:
    """Results of ``n_runs`` calls ``search(rng)``, in order, from ``workers`` processes.

    ``search`` closes over all the rest: ``lambda rng: rea(space, benchmark, dataset="cifar10", epochs=12, rng=rng,
    budget_seconds=12_000)``.
    """
    runs = list(enumerate(_generators(seed, n_runs)))
    size = -(-n_runs // (4 * workers))  # few tasks: each carries the search, and with it a whole benchmark
    tasks = [runs[start : start + size] for start in range(0, n_runs, size)]
    done = dict(pair for pairs in map_unordered(partial(_run, search), tasks, workers=workers) for pair in pairs)
    return [done[run] for run in range(n_runs)]


def _run(search: Search, runs: Iterable[tuple[int, np.random.Generator]]) -> list[tuple[int, SearchResult]]:
    return [(run, search(rng)) for run, rng in runs]


def accuracies(archs: Sequence[Any], benchmark: Any, columns: Sequence[Column]) -> pd.DataFrame:
    """Accuracies of ``archs`` in a benchmark, such as of the architectures that runs chose: a column for each of
    ``columns``, named ``dataset/split/epochs``.
    """
    return pd.DataFrame(
        {
            f"{dataset}/{split}/{epochs}": benchmark.accuracy(list(archs), dataset=dataset, split=split, epochs=epochs)
            for dataset, split, epochs in columns
        }
    )


def mean_difference(
    a: ArrayLike, b: ArrayLike, *, rng: np.random.Generator, n_boot: int = 10_000, level: float = 0.95
) -> tuple[float, float, float]:
    """mean(a) − mean(b) of independent runs, and the ends of its percentile bootstrap interval."""
    x, y = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    means = [rng.choice(values, size=(n_boot, len(values))).mean(axis=1) for values in (x, y)]
    low, high = np.quantile(means[0] - means[1], [(1 - level) / 2, (1 + level) / 2])
    return float(x.mean() - y.mean()), float(low), float(high)


class Remembered:
    """``benchmark`` for many searches: what was looked up once is not looked up again."""

    def __init__(self, benchmark: Any) -> None:
        self._benchmark = benchmark
        self._accuracies: dict[Any, float] = {}
        self._seconds: dict[Any, float] = {}
        self.available_seconds = getattr(benchmark, "available_seconds", None)

    def accuracy(self, arch: Any, /, *, dataset: str, split: str, epochs: int) -> float:
        """What the benchmark says."""
        key = (arch, dataset, split, epochs)
        if key not in self._accuracies:
            column = {"dataset": dataset, "split": split, "epochs": epochs}
            self._accuracies[key] = self._benchmark.accuracy(arch, **column)
        return self._accuracies[key]

    def train_seconds(self, arch: Any, /, *, dataset: str, epochs: int) -> float:
        """What the benchmark says."""
        key = (arch, dataset, epochs)
        if key not in self._seconds:
            self._seconds[key] = self._benchmark.train_seconds(arch, dataset=dataset, epochs=epochs)
        return self._seconds[key]


def training_runs(
    method: str,
    space: Any,
    benchmark: Any,
    columns: Sequence[Column],
    *,
    n_runs: int,
    seed: int,
    workers: int = 1,
    scores: pd.DataFrame | None = None,
    **search: Any,
) -> pd.DataFrame:
    """``n_runs`` runs of one of :data:`TRAINING`, whose keywords are ``search``, a row each.

    ``scores``, a table of :func:`naswotlib.score_archs`, is what AREA draws from; the others do without.

    Columns ``method``, ``run``, ``drawn_from`` (how many architectures its first ones were drawn from: all, or those
    of ``scores``), ``trained`` (how many it trained), and the accuracies of what it chose, as
    :func:`accuracies` names them. Methods draw from different generators, so that the runs of two
    are independent. ``space`` has a length.
    """
    if method == "AREA":
        search["scores"] = scores
    function = partial(_search, method, space, Remembered(benchmark), search)
    results = repeat_search(function, n_runs, seed=arch_seed(seed, method), workers=workers)
    chosen = accuracies([result.arch for result in results], benchmark, columns)
    trained = [int(result.history.accuracy.notna().sum()) for result in results]
    drawn_from = len(search.get("scores", space))
    facts = {"method": method, "run": range(n_runs), "drawn_from": drawn_from, "trained": trained}
    return pd.DataFrame(facts).join(chosen)


def _search(method: str, space: Any, benchmark: Any, search: dict[str, Any], rng: np.random.Generator) -> SearchResult:
    return TRAINING[method](space, benchmark, rng=rng, **search)


def assisted_runs(
    space: Any,
    benchmark: Any,
    columns: Sequence[Column],
    scores: Mapping[int, pd.DataFrame],
    *,
    n_runs: int,
    seed: int,
    **search: Any,
) -> pd.DataFrame:
    """``n_runs`` runs of AREA in all, as many with the scores of each seed, in a column ``score_seed``.

    Otherwise as :func:`training_runs`, whose keywords ``search`` are. The runs of different seeds have random numbers
    of their own.
    """
    parts, start = [], 0
    for number, (score_seed, table) in enumerate(scores.items()):
        share = n_runs // len(scores) + (number < n_runs % len(scores))
        root = arch_seed(seed, f"scores of seed {score_seed}") if number else seed
        how: dict[str, Any] = {"n_runs": share, "seed": root, "scores": table, **search}
        found = training_runs("AREA", space, benchmark, columns, **how)
        parts.append(found.assign(run=range(start, start + share), score_seed=score_seed))
        start += share
    return pd.concat(parts, ignore_index=True)
