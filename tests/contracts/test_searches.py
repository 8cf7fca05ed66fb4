"""Every search of the library is under the contract."""

import numpy as np
import pytest
from pandas.testing import assert_frame_equal

from naswotlib.cli.search import METHODS
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
