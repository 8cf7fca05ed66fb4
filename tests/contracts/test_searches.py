"""What every search promises: the same from the same generator, within its budget, nothing hidden."""

import random

import numpy as np
import pandas as pd
import pytest
import torch
from pandas.testing import assert_frame_equal

from naswotlib.errors import NaswotWarning
from naswotlib.scoring.many import ScoreOptions
from naswotlib.search.base import TrainingOptions
from naswotlib.search.with_training import area, random_search, rea, reinforce
from naswotlib.search.without_training import naswot
from naswotlib.spaces import get_space

SPACE = get_space("nasbench201")
ALL = range(len(SPACE))
SCORES = pd.DataFrame(
    {
        "arch": [SPACE.to_str(arch) for arch in SPACE],
        "score": [float(i * 104729 % 15625) for i in ALL],
        "seconds": 0.25,
        "error": "",
    }
)


class Spy:
    """A benchmark made up of the index of a cell, that writes down what it is asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, str, int]] = []
        self.paid: list[tuple[str, str, int]] = []

    def accuracy(self, arch, *, dataset, split, epochs):
        self.asked.append((SPACE.to_str(arch), dataset, split, epochs))
        return float(SPACE.index(arch) * 7919 % 15625) / 156.25

    def train_seconds(self, arch, *, dataset, epochs):
        self.paid.append((SPACE.to_str(arch), dataset, epochs))
        return 100.0 + SPACE.index(arch) % 100


TRAINING = {
    "random_search": random_search,
    "rea": rea,
    "rea with replacement": lambda *args, **keywords: rea(*args, replace=True, **keywords),
    "area": lambda *args, **keywords: area(*args, scores=SCORES, **keywords),
    "reinforce": reinforce,
}


def search(name: str, seed: int = 0, *, spy=None, **keywords):
    rng = np.random.default_rng(seed)
    if name == "naswot":
        return naswot(SPACE, scores=SCORES, n_samples=30, rng=rng)
    budget = keywords or {"max_evaluations": 30}
    return TRAINING[name](SPACE, spy or Spy(), dataset="cifar10", epochs=12, rng=rng, **budget)


every_search = pytest.mark.parametrize("name", ["naswot", *TRAINING])
every_training_search = pytest.mark.parametrize("name", TRAINING)


@every_search
def test_the_generator_decides_everything(name):
    first, again, other = search(name), search(name), search(name, seed=1)
    assert first.arch == again.arch
    assert first.search_seconds == again.search_seconds
    assert_frame_equal(first.history, again.history)
    assert first.history.arch.tolist() != other.history.arch.tolist()


@every_search
def test_global_random_state_is_neither_read_nor_changed(name):
    def states():
        return random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()  # noqa: NPY002

    before = states()
    first = search(name)
    assert states() == before
    random.seed(5)
    torch.manual_seed(5)
    assert search(name).arch == first.arch


@every_search
def test_the_choice_is_the_first_best_seen_by_the_criterion(name):
    result = search(name)
    seen = result.history.score if result.criterion == "score" else result.history.accuracy
    assert SPACE.to_str(result.arch) == result.history.arch[seen.idxmax()]


@every_search
def test_the_history_accounts_for_every_second(name):
    result = search(name)
    assert result.history.columns.tolist() == ["arch", "score", "accuracy", "seconds"]
    trained = result.history.accuracy.notna()
    assert result.history.seconds[trained].sum() == pytest.approx(result.train_seconds)
    assert result.history.seconds[~trained].sum() == pytest.approx(result.score_seconds)
    assert result.search_seconds == pytest.approx(result.history.seconds.sum())


@every_training_search
def test_the_history_is_all_that_the_benchmark_was_asked_and_in_that_order(name):
    spy = Spy()
    trained = search(name, spy=spy).history.dropna(subset="accuracy")
    assert spy.asked == [(text, "cifar10", "validation", 12) for text in trained.arch]
    assert spy.paid == [(text, "cifar10", 12) for text in trained.arch]
    expected = [Spy().accuracy(SPACE.from_str(text), dataset="", split="", epochs=0) for text in trained.arch]
    assert trained.accuracy.tolist() == expected


@every_training_search
@pytest.mark.parametrize("budget", [1.0, 500.0, 5000.0])
def test_the_budget_is_overrun_by_less_than_the_last_evaluation(name, budget):
    result = search(name, budget_seconds=budget)
    seconds = result.history.dropna(subset="accuracy").seconds
    assert seconds[:-1].sum() < budget <= seconds.sum() == pytest.approx(result.train_seconds)


@every_training_search
def test_evaluations_are_counted_and_the_tighter_limit_holds(name):
    assert search(name, max_evaluations=13).history.accuracy.notna().sum() == 13
    both = search(name, max_evaluations=13, budget_seconds=300.0)
    assert both.history.accuracy.notna().sum() <= 3


@every_training_search
def test_longer_searches_begin_like_shorter_ones(name):
    short, long = (search(name, max_evaluations=n).history for n in (12, 40))
    assert_frame_equal(short, long[: len(short)])


@every_training_search
def test_a_search_on_test_accuracy_is_asked_for_warned_of_and_marked(name):
    with pytest.warns(NaswotWarning, match="search_split='test'"):
        result = search(name, max_evaluations=3, search_split="test")
    assert result.search_split == "test"
    assert "test" in result.criterion
    assert search(name).search_split == "validation"


@every_training_search
def test_a_keyword_that_is_none_is_named_and_so_is_one_that_is_missing(name):
    with pytest.raises(TypeError, match="budget"):
        search(name, budget=1.0)
    with pytest.raises(TypeError, match="'epochs'"):
        TRAINING[name](SPACE, Spy(), dataset="cifar10", rng=np.random.default_rng(0), max_evaluations=3)


def test_naswot_names_a_keyword_that_is_none():
    with pytest.raises(TypeError, match="count: no keyword of this search"):
        naswot(SPACE, scores=SCORES, n_samples=3, rng=np.random.default_rng(0), count="once")


def test_every_keyword_that_is_passed_on_is_documented():
    assert all(keyword in random_search.__doc__ for keyword in TrainingOptions.__annotations__)
    assert all(keyword in rea.__doc__ for keyword in TrainingOptions.__annotations__)
    assert all(keyword in naswot.__doc__ for keyword in ScoreOptions.__annotations__)
