"""Searches that learn from what they trained: regularised evolution (REA), AREA (Algorithm 2) and REINFORCE.

All of them see one accuracy of a benchmark, pay the seconds behind it, and return the best of all they trained;
see :mod:`naswotlib.search.base` for what a result holds.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Unpack

import numpy as np
import pandas as pd
from torch import Tensor

from naswotlib.errors import check_at_least
from naswotlib.scoring.many import ScoreOptions, score_archs
from naswotlib.search.base import SearchResult, TrainedNetworks, Training, TrainingOptions, check_source
from naswotlib.spaces.base import find_space


class AreaOptions(TrainingOptions, ScoreOptions, total=False):
    """Keywords of :func:`area`: those of a search that trains, and those of scoring."""


def random_search(
    space: Any, benchmark: TrainedNetworks, *, rng: np.random.Generator, **options: Unpack[TrainingOptions]
) -> SearchResult:
    """Random search (RS of Table 2): train random architectures until the budget is spent, keep the best.

    Architectures are drawn with ``space.sample(rng)``, independently. ``options``: the search sees ``accuracy(arch,
    dataset=, split=search_split, epochs=)`` of ``benchmark`` (``search_split="validation"`` by default), and pays its
    ``train_seconds`` until ``budget_seconds`` (simulated) are spent or ``max_evaluations`` networks trained, as
    :class:`naswotlib.search.base.TrainingOptions` says. On NAS-Bench-201 the paper's baselines have 12,000 seconds of
    12 epochs. ``search_split="test"`` warns, and the result says so.
    """
    space = find_space(space)
    training = Training(space, benchmark, **options)
    while training.affordable:
        training.train(space.sample(rng))
    return training.result("random_search")


def rea(
    space: Any,
    benchmark: TrainedNetworks,
    *,
    rng: np.random.Generator,
    population_size: int = 10,
    sample_size: int = 3,
    replace: bool = False,
    **options: Unpack[TrainingOptions],
) -> SearchResult:
    """Regularised evolution (Real et al., 2019; REA of Tables 1 and 2).

    ``population_size`` random architectures are trained. Then, as long as the budget lasts, ``sample_size`` of the
    population are drawn, the most accurate of them (the first drawn of equals) is mutated by ``space.mutate``,
    the child is trained and joins, and the oldest leaves. The choice is the best of all that was trained.

    Members are drawn without replacement, as Algorithm 2 says; ``replace=True`` is the variant that other
    implementations run. ``options`` are those of :func:`naswotlib.random_search`: ``dataset``, ``epochs``,
    ``search_split``, ``budget_seconds``, ``max_evaluations``.
    """
    space = find_space(space)
    _check_evolution(space, population_size, sample_size, replace)
    training = Training(space, benchmark, **options)
    start = ((space.sample(rng), math.nan) for _ in range(population_size))
    _evolve(training, start, population_size, sample_size, replace, rng)
    return training.result("rea")


def area(
    space: Any,
    benchmark: TrainedNetworks,
    inputs: Tensor | None = None,
    *,
    rng: np.random.Generator,
    scores: pd.DataFrame | None = None,
    seed: int | None = None,
    n_candidates: int = 20,
    population_size: int = 10,
    sample_size: int = 3,
    replace: bool = False,
    **options: Unpack[AreaOptions],
) -> SearchResult:
    """Assisted regularised evolution (Algorithm 2): :func:`rea` from the best-scored of random candidates.

    Of ``n_candidates`` (M) random architectures the ``population_size`` with the highest scores are the first
    population, trained and ageing in the order in which they were drawn; of equal scores the first drawn stays,
    and a candidate whose scoring failed ranks last. The rest is :func:`rea`.

    With ``inputs``, candidates come from ``space.sample(rng)`` and are scored by :func:`naswotlib.score_archs`;
    ``seed`` is the root of their weights, drawn from ``rng`` where it is None. With ``scores``, a table of
    ``score_archs``, they are drawn from its rows, uniformly and independently: a sample of a large space is enough.
    ``options`` are those of :func:`naswotlib.random_search` and, for scoring, those of :func:`naswotlib.naswot`.

    The budget is of training alone: scoring is measured on this machine, training looked up from another, and a
    search whose choice depends on the speed of a machine could not be repeated. ``history`` begins with a row for
    each candidate scored; ``score_seconds`` says what they cost.
    """
    space = find_space(space)
    _check_evolution(space, population_size, sample_size, replace)
    if n_candidates < population_size:
        raise ValueError(f"n_candidates: expected at least population_size, {population_size}, got {n_candidates}")
    scoring: dict[str, Any] = {**options}
    seen = {key: scoring.pop(key) for key in TrainingOptions.__annotations__ if key in scoring}
    check_source(inputs, scores, scoring)
    training = Training(space, benchmark, **seen)
    if scores is not None:
        scored = scores.iloc[rng.integers(len(scores), size=n_candidates)].reset_index(drop=True)
    else:
        assert inputs is not None
        candidates = [space.sample(rng) for _ in range(n_candidates)]
        seed = int(rng.integers(2**63)) if seed is None else seed
        scored = score_archs(space, candidates, inputs, seed=seed, progress=False, **scoring)
    best = np.argsort(-scored.score.to_numpy(), kind="stable")[:population_size]  # NaN comes last
    chosen = scored.iloc[np.sort(best)]
    start = ((space.from_str(text), score) for text, score in zip(chosen.arch, chosen.score, strict=True))
    _evolve(training, start, population_size, sample_size, replace, rng)
    return training.result("area", scored)


def _check_evolution(space: Any, population_size: int, sample_size: int, replace: bool) -> None:
    if not hasattr(space, "mutate"):
        raise ValueError(f"space: {space.name} has no mutate(arch, rng), which evolution needs; use random_search")
    if sample_size < 1 or (sample_size > population_size and not replace):
        raise ValueError(
            f"sample_size: expected 1 to population_size, {population_size}, got {sample_size}; more than the "
            "population can only be drawn with replace=True"
        )
    check_at_least("population_size", population_size, 1)


def _evolve(
    training: Training,
    start: Iterable[tuple[Any, float]],
    population_size: int,
    sample_size: int,
    replace: bool,
    rng: np.random.Generator,
) -> None:
    """Train the architectures of ``start`` (with their scores), then children, until the budget is spent."""
    population: deque[tuple[float, Any]] = deque(maxlen=population_size)  # the oldest falls out on the left
    for arch, score in start:
        if training.affordable:
            population.append((training.train(arch, score), arch))
    while training.affordable:
        drawn = rng.choice(population_size, size=sample_size, replace=replace)
        _, parent = max((population[i] for i in drawn), key=lambda member: member[0])
        child = training.space.mutate(parent, rng)
        population.append((training.train(child), child))


def reinforce(
    space: Any,
    benchmark: TrainedNetworks,
    *,
    rng: np.random.Generator,
    learning_rate: float = 0.01,
    momentum: float = 0.9,
    **options: Unpack[TrainingOptions],
) -> SearchResult:
    """REINFORCE (Williams, 1992; REINFORCE of Table 2) with a categorical policy for each decision of the space.

    The policy starts uniform. Each architecture it draws is trained, and the logits move along the gradient of
    its log-probability, times the accuracy in percent minus a running mean of accuracies (of ``momentum``), by
    ``learning_rate``. The choice is the best of all that was trained. Needs a space that can be enumerated and
    has ``decisions(arch)``, and in which every combination of decisions is an architecture; ValueError elsewhere.
    ``options`` are those of :func:`naswotlib.random_search`.
    """
    space = find_space(space)
    training = Training(space, benchmark, **options)
    decisions, architectures = _decisions(space)
    logits = [np.zeros(len(choices)) for choices in decisions]
    baseline = math.nan
    while training.affordable:
        policy = [np.exp(row) / np.exp(row).sum() for row in logits]
        drawn = [int(rng.choice(len(row), p=row)) for row in policy]
        arch = architectures[tuple(choices[i] for choices, i in zip(decisions, drawn, strict=True))]
        accuracy = training.train(arch)
        baseline = accuracy if math.isnan(baseline) else momentum * baseline + (1 - momentum) * accuracy
        for row, probabilities, i in zip(logits, policy, drawn, strict=True):
            row[:] += learning_rate * (accuracy - baseline) * (np.eye(len(row))[i] - probabilities)
    return training.result("reinforce")


@lru_cache(maxsize=4)
def _decisions(space: Any) -> tuple[list[tuple[Any, ...]], dict[tuple[Any, ...], Any]]:
    """The choices of each decision, in the order of the space, and the architecture of each combination."""
    if not hasattr(space, "decisions") or not hasattr(space, "__len__"):
        raise ValueError(f"space: {space.name} cannot be enumerated by decisions(arch), which REINFORCE needs; use rea")
    architectures = {tuple(space.decisions(arch)): arch for arch in space}
    decisions = [tuple(dict.fromkeys(choices)) for choices in zip(*architectures, strict=True)]
    if len(architectures) != math.prod(map(len, decisions)):
        raise ValueError(f"space: {space.name} lacks combinations of its decisions, so REINFORCE cannot draw one each")
    return decisions, architectures
