"""Shared by all searches: their result, the keywords of those that train, training on a table within a budget.

A search on a table *sees* one accuracy (``dataset``, ``epochs``, ``search_split``), *pays* the seconds that the
training behind it took, and returns one architecture, whose other accuracies are for the caller to report.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field
from typing import Any, Protocol, Required, TypedDict

import numpy as np
import pandas as pd
from torch import Tensor

from naswotlib.errors import check_at_least, warn
from naswotlib.scoring.many import ScoreOptions


class TrainedNetworks(Protocol):
    """A benchmark, as far as a search needs it."""

    def accuracy(self, arch: Any, /, *, dataset: str, split: str, epochs: int) -> float:
        """Accuracy of ``arch`` after ``epochs``."""

    def train_seconds(self, arch: Any, /, *, dataset: str, epochs: int) -> float:
        """Seconds of its training and validation."""


class TrainingOptions(TypedDict, total=False):
    """Keywords of every search that trains: which accuracy of the benchmark it sees, and when it ends.

    It starts a training as long as it has spent less than ``budget_seconds`` (simulated; by default without limit) and
    trained fewer than ``max_evaluations`` networks (likewise), so that the last one may overrun the seconds; one of the
    two must be given. ``search_split`` is ``"validation"`` by default; ``"test"`` warns, and the result says so: a
    search must not see what it is judged by.
    """

    dataset: Required[str]
    epochs: Required[int]
    search_split: str
    budget_seconds: float
    max_evaluations: int | None


@dataclass(frozen=True, eq=False)
class SearchResult:
    """The choice of a search, and all it saw on the way.

    Attributes:
        arch: the chosen architecture.
        history: a row for each scoring or training, in order: ``arch`` (text), ``score`` (NaN where there is none),
            ``accuracy`` (what the search saw; NaN where nothing was trained), ``seconds`` (what the row cost).
        score_seconds: of scoring, measured on the machine that scored.
        train_seconds: of training, looked up in the benchmark, so simulated, and of another machine; NaN where the
            benchmark has none.
        method: name of the algorithm.
        criterion: what the choice was made by, such as ``"score"`` or ``"cifar10 validation accuracy, 12 epochs"``.
        search_split: split whose accuracy the search saw, None where it saw none.
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


def check_source(inputs: Tensor | None, scores: pd.DataFrame | None, options: Mapping[str, Any]) -> None:
    """Raise unless candidates are scored on ``inputs`` or come from ``scores``, and ``options`` are of score_archs."""
    if (inputs is None) == (scores is None):
        raise ValueError("inputs, scores: expected one of them, a mini-batch to score on or a table of scores")
    if unknown := sorted(options.keys() - ScoreOptions.__annotations__.keys()):
        raise TypeError(f"{', '.join(unknown)}: no keyword of this search, nor one of score_archs that it passes on")


def history_of_scores(scored: pd.DataFrame) -> pd.DataFrame:
    """Rows of a ``SearchResult.history`` for a table of scores; an architecture that comes twice is paid once."""
    history = scored[["arch", "score"]].assign(accuracy=np.nan, seconds=scored.seconds)
    history.loc[history.arch.duplicated(), "seconds"] = 0.0
    return history


@dataclass
class Training:
    """Trains on a table, within a budget, and remembers: what every search that trains is made of.

    Its keywords are :class:`TrainingOptions`. Raises ValueError for a budget without end; warns of test accuracy. A
    benchmark without seconds is enough where ``max_evaluations`` alone limits it: what was spent is NaN.
    """

    space: Any
    benchmark: TrainedNetworks
    _: KW_ONLY
    dataset: str
    epochs: int
    search_split: str = "validation"
    budget_seconds: float = math.inf
    max_evaluations: int | None = None
    spent: float = field(default=0.0, init=False)
    archs: list[Any] = field(default_factory=list, init=False)
    trials: list[dict[str, Any]] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        if not self.budget_seconds > 0:
            raise ValueError(f"budget_seconds: expected a positive number of seconds, got {self.budget_seconds}")
        if self.max_evaluations is None and math.isinf(self.budget_seconds):
            raise ValueError("budget_seconds, max_evaluations: a search needs at least one of them to end")
        if self.max_evaluations is not None:
            check_at_least("max_evaluations", self.max_evaluations, 1)
        if self.search_split.startswith("test"):
            warn(
                f"search_split={self.search_split!r}: this search sees the accuracy it will be judged by, so its "
                "result is optimistic; use a validation split where the benchmark has one"
            )

    @property
    def affordable(self) -> bool:
        """Whether another training may start."""
        most = math.inf if self.max_evaluations is None else self.max_evaluations
        paid = math.isinf(self.budget_seconds) or self.spent < self.budget_seconds
        return paid and len(self.trials) < most

    def _seconds(self, arch: Any) -> float:
        """What a training costs; NaN where the benchmark does not know and no budget of seconds asks."""
        known = getattr(self.benchmark, "available_seconds", None)
        if math.isinf(self.budget_seconds) and known is not None and (self.dataset, self.epochs) not in known:
            return math.nan
        return self.benchmark.train_seconds(arch, dataset=self.dataset, epochs=self.epochs)

    def train(self, arch: Any, score: float = math.nan) -> float:
        """Look up the accuracy of ``arch`` and pay for it; ``score`` is only noted."""
        accuracy = self.benchmark.accuracy(arch, dataset=self.dataset, split=self.search_split, epochs=self.epochs)
        seconds = self._seconds(arch)
        self.spent += seconds
        self.archs.append(arch)
        self.trials.append({"arch": self.space.to_str(arch), "score": score, "accuracy": accuracy, "seconds": seconds})
        return accuracy

    def result(self, method: str, scored: pd.DataFrame | None = None) -> SearchResult:
        """The best of all that was trained, the first of equals; ``scored`` is a table of scores from before."""
        history = pd.DataFrame(self.trials)
        best = int(np.argmax(history.accuracy))
        criterion = f"{self.dataset} {self.search_split} accuracy, {self.epochs} epochs"
        score_seconds = 0.0
        if scored is not None:
            before = history_of_scores(scored)
            score_seconds = float(before.seconds.sum())
            history = pd.concat([before, history], ignore_index=True)
        return SearchResult(self.archs[best], history, score_seconds, self.spent, method, criterion, self.search_split)
