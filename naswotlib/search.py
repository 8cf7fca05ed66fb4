"""Search algorithms: NASWOT, which trains nothing, and those it is compared with, on a table of trained networks.

A search on a table *sees* one accuracy (``dataset``, ``epochs``, ``search_split``), *pays* the seconds that the
training behind it took, and returns one architecture, whose other accuracies are for the caller to report.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypedDict

import numpy as np
import pandas as pd
from torch import Tensor

from naswotlib.codes import Counting
from naswotlib.errors import warn
from naswotlib.runner import score_archs
from naswotlib.spaces.base import find_space


class TrainedNetworks(Protocol):
    """What a search asks of a benchmark."""

    def accuracy(self, arch: Any, /, *, dataset: str, split: str, epochs: int) -> float:
        """Accuracy of ``arch`` after ``epochs``."""
        ...

    def train_seconds(self, arch: Any, /, *, dataset: str, epochs: int) -> float:
        """Seconds of its training and validation."""
        ...


@dataclass(frozen=True, eq=False)
class SearchResult:
    """What a search chose and all it saw on the way.

    Attributes:
        arch: the chosen architecture.
        history: a row for each scoring or training, in order: ``arch`` (text), ``score`` (NaN where there is none),
            ``accuracy`` (what the search saw; NaN where nothing was trained), ``seconds`` (what the row cost).
        score_seconds: what scoring cost, measured on the machine that scored.
        train_seconds: what training cost, looked up in the benchmark (so simulated); what a budget limits. The two
            are of different machines, so they stand apart; ``search_seconds`` is their sum.
        method: name of the algorithm.
        criterion: what the choice was made by, such as ``"score"`` or ``"cifar10 validation accuracy, 12 epochs"``.
        search_split: split whose accuracy the search saw, None where it saw none. ``"test"`` marks a search that
            used what it is judged by.
    """

    arch: Any
    history: pd.DataFrame = field(repr=False)
    score_seconds: float
    train_seconds: float
    method: str
    criterion: str
    search_split: str | None = None

    @property
    def search_seconds(self) -> float:
        """Scoring and training together."""
        return self.score_seconds + self.train_seconds


class _Trial(TypedDict):
    arch: str
    score: float
    accuracy: float
    seconds: float


def naswot(
    space: Any,
    inputs: Tensor | None = None,
    *,
    n_samples: int,
    rng: np.random.Generator,
    scores: pd.DataFrame | None = None,
    seed: int | None = None,
    counting: Counting = "once",
    exact: bool = True,
    skeleton: Mapping[str, int] | None = None,
    workers: int = 1,
    device: str = "cpu",
    out: str | Path | None = None,
    client: Any = None,
) -> SearchResult:
    """Algorithm 1: of ``n_samples`` random architectures, the one with the highest score on ``inputs``.

    It starts from −inf, not from the 0 of the printed algorithm, so that a score below 0 can win; the first of
    equal scores wins. Where every score is −inf it warns and the first candidate is returned.

    Candidates are drawn with ``space.sample(rng)``, independently, so one may come twice. ``seed`` is the root of
    their weights; by default it is drawn from ``rng`` after the candidates, so that every run has other weights,
    as in the paper, and the candidates are the same whatever the seed. ``scores``, a table of
    :func:`naswotlib.score_archs`, takes the place of ``inputs`` and of all that scoring depends on.
    The other keywords are those of ``score_archs``.

    ``score_seconds`` is the sum of the measured seconds of the different candidates.
    Raises ValueError for a bad argument or a candidate that ``scores`` lacks, RuntimeError where all failed.
    """
    space = find_space(space)
    if n_samples < 1:
        raise ValueError(f"n_samples: expected at least 1, got {n_samples}")
    if (inputs is None) == (scores is None):
        raise ValueError("inputs, scores: expected one of them, a mini-batch to score on or a table of scores")
    candidates = [space.sample(rng) for _ in range(n_samples)]
    if inputs is not None:
        scored = score_archs(
            space,
            candidates,
            inputs,
            seed=int(rng.integers(2**63)) if seed is None else seed,
            counting=counting,
            exact=exact,
            skeleton=skeleton,
            workers=workers,
            device=device,
            out=out,
            client=client,
            progress=False,
        )
    else:
        assert scores is not None
        scored = _look_up(scores, [space.to_str(arch) for arch in candidates])
    best = _best_score(scored)
    history = history_of_scores(scored)
    return SearchResult(candidates[best], history, float(history.seconds.sum()), 0.0, "naswot", "score")


def history_of_scores(scored: pd.DataFrame) -> pd.DataFrame:
    """Rows of a ``SearchResult.history`` for a table of scores; an architecture that comes twice is paid once."""
    history = scored[["arch", "score"]].assign(accuracy=np.nan, seconds=scored.seconds)
    history.loc[history.arch.duplicated(), "seconds"] = 0.0
    return history


def _look_up(scores: pd.DataFrame, texts: list[str]) -> pd.DataFrame:
    rows = pd.Index(scores.arch).get_indexer(texts)
    if (rows < 0).any():
        missing = texts[int(np.argmin(rows))]
        raise ValueError(f"scores: the table of {len(scores)} architectures has no row for {missing}; score it too")
    found: pd.DataFrame = scores.iloc[rows].reset_index(drop=True)
    return found


def _best_score(scored: pd.DataFrame) -> int:
    """Row of the highest score, the first of equals; one that failed (NaN) is never chosen."""
    score = scored.score.to_numpy()
    usable = np.flatnonzero(~np.isnan(score))
    if len(usable) == 0:
        raise RuntimeError(f"all {len(scored)} candidates failed, the first: {scored.arch[0]}: {scored.error[0]}")
    best = int(usable[np.argmax(score[usable])])
    if score[best] == -np.inf:
        warn(
            f"all {len(usable)} scores are -inf (K_H singular), so the choice is arbitrary: the first candidate; "
            "take more samples, or a smaller mini-batch"
        )
    return best


def random_search(
    space: Any,
    benchmark: TrainedNetworks,
    *,
    dataset: str,
    epochs: int,
    rng: np.random.Generator,
    budget_seconds: float = math.inf,
    max_evaluations: int | None = None,
    search_split: str = "validation",
) -> SearchResult:
    """Random search (RS of Table 2): train random architectures until the budget is spent, keep the best.

    Architectures are drawn with ``space.sample(rng)``, independently. The search sees ``accuracy(arch, dataset=,
    split=search_split, epochs=)`` of ``benchmark`` and pays its ``train_seconds``. It starts a training as long
    as it has spent less than ``budget_seconds`` (simulated) and trained fewer than ``max_evaluations``, so the
    last one may overrun the seconds; at least one of the two is needed. On NAS-Bench-201 the paper's baselines
    have 12,000 seconds of 12 epochs.

    ``search_split="test"`` warns, and the result says so: a search must not see what it is judged by.
    """
    space = find_space(space)
    training = Training(space, benchmark, dataset, epochs, search_split, budget_seconds, max_evaluations)
    while training.affordable:
        training.train(space.sample(rng))
    return training.result("random_search")


@dataclass
class Training:
    """Trains on a table, within a budget, and remembers: what every search that trains is made of.

    It affords another training as long as less than ``budget_seconds`` (simulated) are spent and fewer than
    ``max_evaluations`` networks trained. Raises ValueError unless one of the two limits it; warns where it sees
    test accuracy.
    """

    space: Any
    benchmark: TrainedNetworks
    dataset: str
    epochs: int
    split: str
    budget_seconds: float
    max_evaluations: int | None
    spent: float = 0.0
    archs: list[Any] = field(default_factory=list)
    trials: list[_Trial] = field(default_factory=list)

    def __post_init__(self) -> None:
        if not self.budget_seconds > 0:
            raise ValueError(f"budget_seconds: expected a positive number of seconds, got {self.budget_seconds}")
        if self.max_evaluations is None and math.isinf(self.budget_seconds):
            raise ValueError("budget_seconds, max_evaluations: a search needs at least one of them to end")
        if self.max_evaluations is not None and self.max_evaluations < 1:
            raise ValueError(f"max_evaluations: expected at least 1, got {self.max_evaluations}")
        if self.split == "test":
            warn(
                "search_split='test': this search sees the accuracy it will be judged by, so its result is "
                "optimistic; use a validation split where the benchmark has one"
            )

    @property
    def affordable(self) -> bool:
        """Whether another training may start."""
        return self.spent < self.budget_seconds and (
            self.max_evaluations is None or len(self.trials) < self.max_evaluations
        )

    def train(self, arch: Any, score: float = math.nan) -> float:
        """Look up the accuracy of ``arch`` and pay for it; ``score`` is only noted."""
        accuracy = self.benchmark.accuracy(arch, dataset=self.dataset, split=self.split, epochs=self.epochs)
        seconds = self.benchmark.train_seconds(arch, dataset=self.dataset, epochs=self.epochs)
        self.spent += seconds
        self.archs.append(arch)
        self.trials.append(_Trial(arch=self.space.to_str(arch), score=score, accuracy=accuracy, seconds=seconds))
        return accuracy

    def result(self, method: str, scored: pd.DataFrame | None = None) -> SearchResult:
        """The best of all that was trained, the first of equals; ``scored`` is the history before any training."""
        history = pd.DataFrame(self.trials)
        best = int(np.argmax(history.accuracy))
        criterion = f"{self.dataset} {self.split} accuracy, {self.epochs} epochs"
        score_seconds = 0.0
        if scored is not None:
            score_seconds = float(scored.seconds.sum())
            history = pd.concat([scored, history], ignore_index=True)
        return SearchResult(self.archs[best], history, score_seconds, self.spent, method, criterion, self.split)
