"""Every search of the library is under the contract."""

import numpy as np
import pytest
from pandas.testing import assert_frame_equal

from naswotlib.cli.search import METHODS
from naswotlib.scoring.many import ScoreOptions
from naswotlib.search.base import TrainingOptions
from naswotlib.search.contracts import SearchContract, TrainingContract, made_up_scores
from naswotlib.search.with_training import area, random_search, rea, reinforce
from naswotlib.search.without_training import naswot


def rea_with_replacement(*args, **keywords):
    return rea(*args, replace=True, **keywords)


def area_of_a_table(space, *args, **keywords):
    return area(space, *args, scores=made_up_scores(space), **keywords)


TRAINING = {
    "random_search": random_search,
    "rea": rea,
    "rea with replacement": rea_with_replacement,
    "area": area_of_a_table,
    "reinforce": reinforce,
}


class FromTables:
    """Searches that score nothing here, so that all their seconds are of a table, and repeat."""

    def test_every_second_repeats(self):
        first, again = self.found(), self.found()
        assert first.search_seconds == again.search_seconds
        assert_frame_equal(first.history, again.history)


class TestNaswot(FromTables, SearchContract):
    def run(self, rng):
        return naswot(self.space, scores=made_up_scores(self.space), n_samples=30, rng=rng)


@pytest.mark.parametrize("name", TRAINING)
class TestTraining(FromTables, TrainingContract):
    @pytest.fixture(autouse=True)
    def _choose(self, name):
        self.search = TRAINING[name]

    def test_the_beginning_of_a_longer_search_cost_the_same_seconds(self):
        short, long = (self.train(max_evaluations=n).history for n in (12, 40))
        assert_frame_equal(short, long[: len(short)])


def test_no_search_of_the_library_is_left_out():
    assert set(METHODS) == {"naswot"} | {name.partition(" ")[0] for name in TRAINING}


def test_made_up_scores_are_all_different_and_have_a_row_for_each_architecture():
    space = TestNaswot.space
    scores = made_up_scores(space)
    assert scores.arch.tolist() == [space.to_str(arch) for arch in space]
    assert sorted(scores.score) == np.arange(len(space)).tolist()


@pytest.mark.parametrize("name", TRAINING)
def test_a_keyword_that_is_none_is_named_and_so_is_one_that_is_missing(name):
    space = TestNaswot.space
    with pytest.raises(TypeError, match="budget"):
        TRAINING[name](space, None, dataset="cifar10", epochs=12, rng=np.random.default_rng(0), budget=1.0)
    with pytest.raises(TypeError, match="'epochs'"):
        TRAINING[name](space, None, dataset="cifar10", rng=np.random.default_rng(0), max_evaluations=3)


def test_naswot_names_a_keyword_that_is_none():
    space = TestNaswot.space
    with pytest.raises(TypeError, match="count: no keyword of this search"):
        naswot(space, scores=made_up_scores(space), n_samples=3, rng=np.random.default_rng(0), count="once")


def test_every_keyword_that_is_passed_on_is_documented():
    assert all(keyword in random_search.__doc__ for keyword in TrainingOptions.__annotations__)
    assert all(keyword in rea.__doc__ for keyword in TrainingOptions.__annotations__)
    assert all(keyword in naswot.__doc__ for keyword in ScoreOptions.__annotations__)
