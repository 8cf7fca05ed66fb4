import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import kendalltau

from naswotlib.stats import kendall_tau


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def test_tau_of_a_hand_worked_example():
    # Six pairs of pairs; only (2, 3) against (3, 2) disagrees: (5 - 1) / 6.
    assert kendall_tau([1, 2, 3, 4], [1, 3, 2, 4], rng=rng(), n_boot=0).tau == pytest.approx(4 / 6)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=3, max_size=30))
def test_tau_is_scipys_also_with_ties(pairs):
    x, y = np.array(pairs, dtype=float).T
    assert kendall_tau(x, y, rng=rng(), n_boot=0).tau == pytest.approx(kendalltau(x, y).statistic, nan_ok=True)


def test_interval_covers_tau_narrows_with_n_and_repeats():
    def one(n: int):
        g = np.random.default_rng(1)
        x = g.normal(size=n)
        return kendall_tau(x, x + g.normal(size=n), rng=rng())

    small, large = one(50), one(800)
    assert small.low < small.tau < small.high
    assert large.high - large.low < small.high - small.low
    assert one(50) == small


def test_singular_scores_rank_last_and_failures_are_left_out_and_counted():
    result = kendall_tau([-np.inf, 1, 2, np.nan], [10, 20, 30, 99], rng=rng(), n_boot=10)
    assert (result.tau, result.n, result.dropped, result.ranked_last) == (1.0, 3, 1, 1)
    assert "1 singular ranked last, 1 left out" in str(result)


@pytest.mark.parametrize(
    ("scores", "accuracies", "named"),
    [([1, 2], [1], "accuracies"), ([1], [1], "scores"), ([np.nan, 1], [1, 2], "scores")],
)
def test_bad_input_names_the_argument(scores, accuracies, named):
    with pytest.raises(ValueError, match=named):
        kendall_tau(scores, accuracies, rng=rng())
