"""What every search promises, as tests that a search of one's own can be put under.

A test file of three lines, run by pytest (``pip install 'naswotlib[test]'``), asks all of it of a search that is called
like :func:`naswotlib.random_search`::

    from naswotlib.search.contracts import TrainingContract

    class TestMine(TrainingContract):
        search = staticmethod(my_search)

A search that trains nothing sets ``run`` of :class:`SearchContract` instead.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
import torch
from pandas.testing import assert_frame_equal

from naswotlib.errors import NaswotWarning, import_extra
from naswotlib.search.base import SearchResult
from naswotlib.spaces import arch_seed, get_space
from naswotlib.spaces.contracts import global_state_untouched

pytest: Any = import_extra("pytest", "test")


class MadeUpBenchmark:
    """Accuracies (percent) and seconds (100 to 199) that follow from the text of an architecture.

    Attributes:
        asked: text, data set, split and epochs of each accuracy that was asked for, in order.
        paid: text, data set and epochs of each training that was paid for, in order.
    """

    def __init__(self, space: Any) -> None:
        self.space = space
        self.asked: list[tuple[str, str, str, int]] = []
        self.paid: list[tuple[str, str, int]] = []

    def accuracy(self, arch: Any, /, *, dataset: str, split: str, epochs: int) -> float:
        self.asked.append((self.space.to_str(arch), dataset, split, epochs))
        return self.of(self.asked[-1][0])

    def train_seconds(self, arch: Any, /, *, dataset: str, epochs: int) -> float:
        self.paid.append((self.space.to_str(arch), dataset, epochs))
        return 100.0 + arch_seed(1, self.paid[-1][0]) % 100

    @staticmethod
    def of(text: str) -> float:
        """The accuracy of an architecture, which nobody asked."""
        return arch_seed(0, text) % 15625 / 156.25


@lru_cache(maxsize=2)
def made_up_scores(space: Any) -> pd.DataFrame:
    """A table of ``score_archs`` over a space that can be enumerated: different scores, of 0.25 seconds each."""
    texts = [space.to_str(arch) for arch in space]
    scores = np.random.default_rng(0).permutation(len(texts)).astype(float)
    return pd.DataFrame({"arch": texts, "score": scores, "seconds": 0.25, "error": ""})


class SearchContract:
    """Tests of one search, for a subclass named ``Test...`` that sets ``run``.

    A promise that a search means to break is struck in the subclass with ``test_... = None``.

    Attributes:
        space: the space to search, NAS-Bench-201 unless set.
    """

    space: Any = get_space("nasbench201")

    def run(self, rng: np.random.Generator) -> SearchResult:
        """Search ``space`` once, for some 30 architectures, all choices drawn from ``rng``."""
        raise NotImplementedError("run: a subclass of SearchContract says how to run its search")

    def found(self, seed: int = 0) -> SearchResult:
        """What the search finds from a seed."""
        return self.run(np.random.default_rng(seed))

    def test_the_generator_decides_everything(self) -> None:
        first, again, other = self.found(), self.found(), self.found(seed=1)
        assert first.arch == again.arch, f"two generators of one seed chose {first.arch!r} and {again.arch!r}"
        assert first.train_seconds == again.train_seconds, "two generators of one seed paid different seconds"
        assert_frame_equal(_without_measured(first.history), _without_measured(again.history))
        assert first.history.arch.tolist() != other.history.arch.tolist(), "two seeds saw the same architectures"

    def test_global_random_state_is_neither_read_nor_changed(self) -> None:
        with global_state_untouched("the search"):
            first = self.found()
        states = random.getstate(), np.random.get_state(), torch.get_rng_state()  # noqa: NPY002
        try:
            random.seed(5)
            np.random.seed(5)  # noqa: NPY002
            torch.manual_seed(5)
            second = self.found()
        finally:
            random.setstate(states[0])
            np.random.set_state(states[1])  # noqa: NPY002
            torch.set_rng_state(states[2])
        same = first.history.arch.tolist() == second.history.arch.tolist() and first.arch == second.arch
        assert same, "the search depends on the global random state; draw from rng"

    def test_the_choice_is_the_first_best_seen_by_the_criterion(self) -> None:
        result = self.found()
        seen = result.history.score if result.criterion == "score" else result.history.accuracy
        best, chosen = result.history.arch.iloc[int(np.argmax(seen.fillna(-np.inf)))], self.space.to_str(result.arch)
        assert chosen == best, f"by its criterion, {result.criterion}, {best} is the first best, and it chose {chosen}"

    def test_the_history_accounts_for_every_second(self) -> None:
        result = self.found()
        history, trained = result.history, result.history.accuracy.notna()
        assert history.columns.tolist() == ["arch", "score", "accuracy", "seconds"], f"{[*history.columns]}"
        for name, rows in [("train_seconds", trained), ("score_seconds", ~trained)]:
            paid, told = history.seconds[rows].sum(), getattr(result, name)
            assert told == pytest.approx(paid), f"{name} is {told}, its rows of the history have {paid}"
        total = history.seconds.sum()
        assert result.search_seconds == pytest.approx(total), f"search_seconds {result.search_seconds}, not {total}"


def _without_measured(history: pd.DataFrame) -> pd.DataFrame:
    """All but the seconds of scoring, which are measured and never the same."""
    return history.assign(seconds=history.seconds.where(history.accuracy.notna()))


class TrainingContract(SearchContract):
    """Tests of one search that trains, for a subclass named ``Test...`` that sets ``search``.

    :class:`naswotlib.search.base.Training` keeps most of these promises for the search that uses it.

    Attributes:
        search: the search, called as ``search(space, benchmark, dataset=, epochs=, rng=, budget_seconds=,
            max_evaluations=, search_split=)``, of which some are left to their defaults; a ``staticmethod``.
    """

    search: Callable[..., SearchResult]

    def train(self, benchmark: Any = None, **limits: Any) -> SearchResult:
        """Search on made-up accuracies of 12 epochs, within the given limits."""
        benchmark = benchmark or MadeUpBenchmark(self.space)
        rng = np.random.default_rng(0)
        return self.search(self.space, benchmark, dataset="cifar10", epochs=12, rng=rng, **limits)

    def run(self, rng: np.random.Generator) -> SearchResult:
        benchmark = MadeUpBenchmark(self.space)
        return self.search(self.space, benchmark, dataset="cifar10", epochs=12, rng=rng, max_evaluations=30)

    def test_the_history_is_all_that_the_benchmark_was_asked_and_in_that_order(self) -> None:
        benchmark = MadeUpBenchmark(self.space)
        trained = self.train(benchmark, max_evaluations=30).history.dropna(subset="accuracy")
        asked = [(text, "cifar10", "validation", 12) for text in trained.arch]
        paid = [(text, "cifar10", 12) for text in trained.arch]
        assert benchmark.asked == asked, "the accuracies asked for are not those of the history"
        assert benchmark.paid == paid, "the trainings paid for are not those of the history"
        accuracies = [benchmark.of(text) for text in trained.arch]
        assert trained.accuracy.tolist() == accuracies, "the history has other accuracies than the benchmark gave"

    def test_the_budget_is_overrun_by_less_than_the_last_evaluation(self) -> None:
        for budget in (1.0, 500.0, 5000.0):
            result = self.train(budget_seconds=budget)
            seconds = result.history.dropna(subset="accuracy").seconds
            before, spent = seconds[:-1].sum(), seconds.sum()
            assert before < budget <= spent, (
                f"of {budget} seconds, {before} were spent before the last training, {spent} after"
            )
            assert result.train_seconds == pytest.approx(spent), f"train_seconds {result.train_seconds}, not {spent}"

    def test_evaluations_are_counted_and_the_tighter_limit_holds(self) -> None:
        for seconds, least, most in [(np.inf, 13, 13), (300.0, 2, 3)]:
            result = self.train(max_evaluations=13, budget_seconds=seconds)
            trained = int(result.history.accuracy.notna().sum())
            told = f"trained {trained} networks of 100 to 199 seconds, in {seconds} seconds and 13 evaluations at most"
            assert least <= trained <= most, told

    def test_longer_searches_begin_like_shorter_ones(self) -> None:
        short, long = (self.train(max_evaluations=n).history for n in (12, 40))
        assert len(short) < len(long), f"12 trainings have {len(short)} rows of history, 40 have {len(long)}"
        assert_frame_equal(_without_measured(short), _without_measured(long[: len(short)]))

    def test_a_search_on_test_accuracy_is_asked_for_warned_of_and_marked(self) -> None:
        with pytest.warns(NaswotWarning, match="search_split='test'"):
            result = self.train(max_evaluations=3, search_split="test")
        assert result.search_split == "test", f"search_split: expected 'test', got {result.search_split!r}"
        assert "test" in result.criterion, f"criterion: expected it to name test accuracy, got {result.criterion!r}"
        result = self.train(max_evaluations=3)
        assert result.search_split == "validation", f"search_split: expected 'validation', got {result.search_split!r}"
