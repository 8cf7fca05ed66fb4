"""Searches that only draw and choose: their closed form is what counting every possible run gives."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from naswotbook.closed import choice_moments, resampling_weights


def every_run(values: list[float], outcomes: list[float], n_draws: int) -> tuple[float, float]:
    """Mean and deviation over all runs that can be made; networks that tie are each chosen as often."""
    chances = np.zeros(len(values))
    for drawn in product(range(len(values)), repeat=n_draws):
        tied = [i for i in drawn if values[i] == max(values[j] for j in drawn)]
        for i in tied:
            chances[i] += 1 / len(tied)
    chances /= chances.sum()
    mean = float(chances @ np.array(outcomes))
    return mean, float(np.sqrt(chances @ (np.array(outcomes) - mean) ** 2))


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.tuples(st.sampled_from([-np.inf, 1.0, 2.0, 3.0]), st.floats(0, 100)), min_size=1, max_size=5),
    st.integers(1, 4),
)
def test_the_closed_form_is_the_mean_over_all_runs_with_ties_broken_at_random(
    networks: list[tuple[float, float]], n_draws: int
) -> None:
    values, outcomes = (list(column) for column in zip(*networks, strict=True))
    mean, std = choice_moments(values, outcomes, n_draws)
    expected = every_run(values, outcomes, n_draws)
    assert float(mean) == pytest.approx(expected[0], abs=1e-9)
    assert float(std) == pytest.approx(expected[1], abs=1e-6)


def test_one_draw_is_random_choice_and_many_find_the_highest() -> None:
    rng = np.random.default_rng(0)
    values, outcomes = rng.normal(size=50), rng.normal(size=50)
    mean, std = choice_moments(values, outcomes, 1)
    assert (float(mean), float(std)) == pytest.approx((outcomes.mean(), outcomes.std()))
    mean, std = choice_moments(values, outcomes, 100_000)
    assert float(mean) == pytest.approx(outcomes[values.argmax()])
    assert float(std) == pytest.approx(0, abs=1e-6)


def test_a_network_that_stands_twice_in_the_pool_is_drawn_twice_as_often() -> None:
    values, outcomes = [1.0, 2.0, 3.0], [10.0, 40.0, 20.0]
    weights = np.array([[1.0, 2.0, 0.0], [1.0, 1.0, 1.0]])
    means, stds = choice_moments(values, outcomes, 2, weights=weights)
    assert means[0] == pytest.approx(choice_moments([1, 2, 2], [10, 40, 40], 2)[0])
    assert (means[1], stds[1]) == pytest.approx(choice_moments(values, outcomes, 2))


def test_bootstrap_samples_are_as_large_as_the_pool() -> None:
    weights = resampling_weights(30, n_boot=7, rng=np.random.default_rng(0))
    assert weights.shape == (7, 30)
    assert weights.sum(axis=1).tolist() == [30.0] * 7


@pytest.mark.parametrize(
    ("values", "outcomes", "n_draws", "message"),
    [
        ([1.0], [1.0, 2.0], 1, "outcomes: expected as many"),
        ([1.0], [1.0], 0, "n_draws: .* got 0"),
        ([1.0, np.nan], [1.0, 2.0], 3, "values: 1 of 2 are NaN"),
    ],
)
def test_what_cannot_be_drawn_is_an_error(
    values: list[float], outcomes: list[float], n_draws: int, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        choice_moments(values, outcomes, n_draws)
