import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import kendalltau

from naswotlib.stats import bootstrap_interval, kendall_tau, partial_tau, tau_within


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


def pairs_within(x, y, groups) -> tuple[int, int, int]:
    """Sum of agreements, and pairs that x and y tell apart, one by one."""
    agree = x_pairs = y_pairs = 0
    for i, j in itertools.combinations(range(len(x)), 2):
        if groups[i] == groups[j]:
            signs = [int(a[i] > a[j]) - int(a[i] < a[j]) for a in (x, y)]
            agree += signs[0] * signs[1]
            x_pairs += abs(signs[0])
            y_pairs += abs(signs[1])
    return agree, x_pairs, y_pairs


rows = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5), st.integers(0, 2)), min_size=2, max_size=20)


@settings(max_examples=50, deadline=None)
@given(rows)
def test_tau_within_compares_only_members_of_one_group(rows):
    x, y, groups = np.array(rows, dtype=float).T
    x[x == 0] = -np.inf  # a score as any other
    agree, x_pairs, y_pairs = pairs_within(x, y, groups)
    expected = agree / math.sqrt(x_pairs * y_pairs) if x_pairs and y_pairs else math.nan
    assert tau_within(x, y, groups) == pytest.approx(expected, nan_ok=True)
    together = tau_within(x, y, np.zeros(len(x)))
    assert together == pytest.approx(kendall_tau(x, y, rng=rng(), n_boot=0).tau, nan_ok=True)


def test_what_two_owe_to_a_third_leaves_little_partial_correlation_and_none_within():
    g = np.random.default_rng(0)
    size = g.normal(size=1000)
    x, y = size + g.normal(size=1000), size + g.normal(size=1000)
    assert kendall_tau(x, y, rng=rng(), n_boot=0).tau > 0.3
    assert partial_tau(x, y, size) == pytest.approx(0.1, abs=0.02)  # as its documentation says
    classes = np.repeat(np.arange(500), 2)
    assert abs(tau_within(classes + g.normal(size=1000), classes + g.normal(size=1000), classes)) < 0.1
    assert partial_tau(x, x + g.normal(size=1000), size) > 0.3
    assert math.isnan(partial_tau(x, y, x))


def test_an_interval_of_any_statistic_covers_it():
    x = np.random.default_rng(0).normal(size=400)
    low, high = bootstrap_interval(np.mean, x, rng=rng())
    assert low < x.mean() < high
    assert high - low == pytest.approx(2 * 1.96 / math.sqrt(400), rel=0.1)
