"""The contract of searches passes a sound search and finds a breach of each promise."""

from __future__ import annotations

import math
import random
import warnings
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from naswotlib.search.base import SearchResult
from naswotlib.search.contracts import MadeUpBenchmark, SearchContract, TrainingContract, made_up_scores
from naswotlib.search.with_training import random_search
from naswotlib.search.without_training import naswot
from support.tiny_space import Tiny, promises

TINY = Tiny()
Search = Callable[..., SearchResult]


def with_rng(make: Callable[[np.random.Generator], np.random.Generator]) -> Search:
    """Random search from another generator than the one it is given."""
    return lambda *args, rng, **keywords: random_search(*args, rng=make(rng), **keywords)


def told_otherwise(change: Callable[[SearchResult], dict[str, Any]]) -> Search:
    """Random search whose result is changed afterwards."""

    def search(*args: Any, **keywords: Any) -> SearchResult:
        result = random_search(*args, **keywords)
        return replace(result, **change(result))

    return search


def with_limits(change: Callable[[float, float | None], dict[str, Any]]) -> Search:
    """Random search within other limits than it is given."""

    def search(*args: Any, budget_seconds: float = math.inf, max_evaluations: int | None = None, **keywords: Any):
        return random_search(*args, **change(budget_seconds, max_evaluations), **keywords)

    return search


def global_draw(rng: np.random.Generator) -> np.random.Generator:
    return np.random.default_rng(random.randrange(2**32))


def after_one_peek(space: Any, benchmark: Any, *, dataset: str, epochs: int, **keywords: Any) -> SearchResult:
    benchmark.accuracy(space.at(0), dataset=dataset, split="validation", epochs=epochs)
    return random_search(space, benchmark, dataset=dataset, epochs=epochs, **keywords)


def without_pay(space: Any, benchmark: Any, **keywords: Any) -> SearchResult:
    free = MadeUpBenchmark(space)
    free.asked = benchmark.asked
    return random_search(space, free, **keywords)


def on_the_last_epoch(*args: Any, epochs: int, **keywords: Any) -> SearchResult:
    return random_search(*args, epochs=200, **keywords)


def in_silence(*args: Any, **keywords: Any) -> SearchResult:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return random_search(*args, **keywords)


def by_length(*args: Any, rng: np.random.Generator, max_evaluations: int, **keywords: Any) -> SearchResult:
    rng = np.random.default_rng([max_evaluations, int(rng.integers(99))])
    return random_search(*args, rng=rng, max_evaluations=max_evaluations, **keywords)


def history(**columns: Callable[[Any], Any]) -> Search:
    return told_otherwise(lambda result: {"history": result.history.assign(**columns)})


# For each promise: searches that break it, and what the contract then says.
BREACHES: dict[str, list[tuple[Search, str]]] = {
    "test_the_generator_decides_everything": [
        (with_rng(lambda rng: np.random.default_rng()), "two generators of one seed"),
        (with_rng(lambda rng: np.random.default_rng(0)), "two seeds saw the same"),
        (history(accuracy=lambda table: np.random.default_rng().random(len(table))), "accuracy"),
        (told_otherwise(lambda result: {"train_seconds": np.random.default_rng().random()}), "paid different seconds"),
    ],
    "test_global_random_state_is_neither_read_nor_changed": [
        (with_rng(global_draw), "changes the global random state of random"),
        (with_rng(lambda rng: np.random.default_rng(torch.initial_seed())), "depends on the global random state"),
        (with_rng(lambda rng: np.random.default_rng(np.random.get_state()[1][:3])), "depends on"),  # noqa: NPY002
    ],
    "test_the_choice_is_the_first_best_seen_by_the_criterion": [
        (told_otherwise(lambda result: {"arch": TINY.from_str(result.history.arch[0])}), "is the first best"),
        (told_otherwise(lambda result: {"criterion": "score", "history": result.history.assign(score=0)}), "score"),
    ],
    "test_the_history_accounts_for_every_second": [
        (history(seconds=1.0), "train_seconds is"),
        (told_otherwise(lambda result: {"score_seconds": 3.0}), "score_seconds is 3.0"),
        (told_otherwise(lambda result: {"history": result.history.drop(columns="score")}), "'arch', 'accuracy'"),
        (told_otherwise(lambda result: {"train_seconds": 0.0}), "train_seconds is 0.0"),
    ],
    "test_the_history_is_all_that_the_benchmark_was_asked_and_in_that_order": [
        (after_one_peek, "accuracies asked for"),
        (on_the_last_epoch, "accuracies asked for"),
        (without_pay, "trainings paid for"),
        (told_otherwise(lambda result: {"history": result.history[::-1]}), "accuracies asked for"),
        (history(accuracy=lambda table: table.accuracy + 1), "other accuracies"),
    ],
    "test_the_budget_is_overrun_by_less_than_the_last_evaluation": [
        (with_limits(lambda seconds, number: {"budget_seconds": seconds + 400}), "were spent before the last"),
        (with_limits(lambda seconds, number: {"max_evaluations": 2}), "were spent before the last"),
        (told_otherwise(lambda result: {"train_seconds": 1.0}), "train_seconds 1.0, not"),
    ],
    "test_evaluations_are_counted_and_the_tighter_limit_holds": [
        (with_limits(lambda seconds, number: {"max_evaluations": number + 1}), "trained 14 networks"),
        (with_limits(lambda seconds, number: {"max_evaluations": number}), "trained 13 networks .* in 300.0 seconds"),
    ],
    "test_longer_searches_begin_like_shorter_ones": [
        (by_length, "arch"),
        (with_limits(lambda seconds, number: {"max_evaluations": 12}), "12 trainings have 12 rows of history, 40 have"),
    ],
    "test_a_search_on_test_accuracy_is_asked_for_warned_of_and_marked": [
        (in_silence, "DID NOT WARN"),
        (told_otherwise(lambda result: {"search_split": "validation"}), "expected 'test', got 'validation'"),
        (told_otherwise(lambda result: {"search_split": "test"}), "expected 'validation', got 'test'"),
        (told_otherwise(lambda result: {"criterion": "accuracy"}), "criterion: expected it to name test"),
    ],
}


def under_contract(search: Search) -> TrainingContract:
    contract = TrainingContract()
    contract.space, contract.search = TINY, search
    return contract


@pytest.mark.parametrize("promise", promises(TrainingContract))
def test_a_sound_search_keeps_every_promise(promise):
    getattr(under_contract(random_search), promise)()


@pytest.mark.parametrize(
    ("promise", "search", "told"),
    [(promise, search, told) for promise, breaches in BREACHES.items() for search, told in breaches],
)
@pytest.mark.filterwarnings("ignore::naswotlib.errors.NaswotWarning")
def test_a_breach_is_caught_and_told(promise: str, search: Search, told: str):
    with pytest.raises((AssertionError, pytest.fail.Exception), match=told):
        getattr(under_contract(search), promise)()


def test_every_promise_has_a_breach():
    assert sorted(BREACHES) == promises(TrainingContract)


def test_a_search_whose_seconds_of_scoring_are_measured_keeps_its_promises():
    class Measured(SearchContract):
        space = TINY

        def run(self, rng):
            scores = made_up_scores(TINY).assign(seconds=np.random.default_rng().random(len(TINY)))
            return naswot(TINY, scores=scores, n_samples=30, rng=rng)

    for promise in promises(SearchContract):
        getattr(Measured(), promise)()


def test_the_global_random_state_is_put_back():
    random.seed(11)
    before = random.getstate(), torch.get_rng_state()
    under_contract(random_search).test_global_random_state_is_neither_read_nor_changed()
    assert random.getstate() == before[0]
    assert torch.equal(torch.get_rng_state(), before[1])
