"""Searches repeated with other random numbers, as the rows of Tables 1 and 2 are: runs, and what they come to.

Run ``i`` of ``seed`` draws from a generator of its own, so it is the same however many runs there are and
whichever process does it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from naswotlib.errors import warn
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


def repeat_naswot(
    scores: pd.DataFrame, benchmark: Any, columns: Sequence[Column], *, n_samples: int, n_runs: int, seed: int
) -> pd.DataFrame:
    """The training-free rows of Table 2 from a table of scores (columns ``arch`` and ``score``), all runs at once.

    Each run draws ``n_samples`` rows of ``scores``, uniformly and independently, so the table is all of a space or
    a uniform sample of it. Returns four rows a run, with its number ``run``, their ``method`` and ``columns`` as in
    :func:`accuracies`: ``naswot``, the first with the highest score of the sample (Algorithm 1); ``random``, the
    first of the sample; ``optimal``, the best value of each column in it, whichever network has it; and
    ``best``, the network of the sample that is best in the first of ``columns``.

    Warns of runs that had nothing but −inf to choose from; RuntimeError where all of a sample failed to score.
    """
    if n_samples < 1:
        raise ValueError(f"n_samples: expected at least 1, got {n_samples}")
    samples = np.stack([rng.integers(len(scores), size=n_samples) for rng in _generators(seed, n_runs)])
    table = accuracies(scores.arch.tolist(), benchmark, columns)
    values = table.to_numpy()
    ranks = scores.score.rank(method="dense", na_option="top").to_numpy()  # NaN, a failure, is below −inf
    runs = np.arange(n_runs)
    chosen = samples[runs, ranks[samples].argmax(axis=1)]
    score = scores.score.to_numpy()[chosen]
    if np.isnan(score).any():
        raise RuntimeError(f"scores: all {n_samples} candidates of {int(np.isnan(score).sum())} runs failed to score")
    if np.isneginf(score).any():
        warn(f"in {int(np.isneginf(score).sum())} of {n_runs} runs every score is -inf, so their choice is arbitrary")
    best = samples[runs, values[samples, 0].argmax(axis=1)]
    rows = {
        "naswot": values[chosen],
        "random": values[samples[:, 0]],
        "optimal": values[samples].max(axis=1),
        "best": values[best],
    }
    frames = [
        pd.DataFrame(part, columns=table.columns).assign(method=method, run=runs) for method, part in rows.items()
    ]
    return pd.concat(frames, ignore_index=True)[["method", "run", *table.columns]]


def mean_difference(
    a: ArrayLike, b: ArrayLike, *, rng: np.random.Generator, n_boot: int = 10_000, level: float = 0.95
) -> tuple[float, float, float]:
    """mean(a) − mean(b) of independent runs, and the ends of its percentile bootstrap interval."""
    x, y = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    means = [rng.choice(values, size=(n_boot, len(values))).mean(axis=1) for values in (x, y)]
    low, high = np.quantile(means[0] - means[1], [(1 - level) / 2, (1 + level) / 2])
    return float(x.mean() - y.mean()), float(low), float(high)


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
    function = partial(_search, method, space, benchmark, search)
    results = repeat_search(function, n_runs, seed=arch_seed(seed, method), workers=workers)
    chosen = accuracies([result.arch for result in results], benchmark, columns)
    trained = [int(result.history.accuracy.notna().sum()) for result in results]
    drawn_from = len(search.get("scores", space))
    facts = {"method": method, "run": range(n_runs), "drawn_from": drawn_from, "trained": trained}
    return pd.DataFrame(facts).join(chosen)


def _search(method: str, space: Any, benchmark: Any, search: dict[str, Any], rng: np.random.Generator) -> SearchResult:
    return TRAINING[method](space, benchmark, rng=rng, **search)


def training_free_runs(
    scores: pd.DataFrame, benchmark: Any, columns: Sequence[Column], *, samples: Sequence[int], n_runs: int, seed: int
) -> pd.DataFrame:
    """Rows ``NASWOT (N=n)``, ``Optimal (N=n)`` and ``Best (N=n)`` for each n of ``samples``, and ``Random``.

    They are those of :func:`repeat_naswot`, with samples of different size drawn independently.
    ``Random`` is the first candidate of each run of the smallest.
    """
    frames: list[pd.DataFrame] = []
    for n in sorted(samples):
        root = arch_seed(seed, f"NASWOT (N={n})")
        runs = repeat_naswot(scores, benchmark, columns, n_samples=n, n_runs=n_runs, seed=root)
        names = {"naswot": f"NASWOT (N={n})", "optimal": f"Optimal (N={n})", "best": f"Best (N={n})"}
        names |= {} if frames else {"random": "Random"}
        frames.append(runs[runs.method.isin(names)].assign(method=runs.method.map(names)))
    return pd.concat(frames, ignore_index=True).assign(drawn_from=len(scores), trained=0)
