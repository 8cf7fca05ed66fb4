"""How well a measure ranks, against counting pairs and orders one by one."""

from __future__ import annotations

from itertools import combinations, permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from naswotbook.pairs import (
    Numbers,
    all_pairs,
    best_by,
    equal_tau,
    explained_by,
    ndcg,
    precision,
    regret,
    split_pairs,
    tau_b,
    unequal_tau,
)
from naswotlib.stats import tau_a

NETWORKS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 90), st.integers(0, 2)), min_size=3, max_size=7)


def columns(networks: list[tuple[int, int, int]]) -> list[Numbers]:
    return [np.array(column, dtype=float) for column in zip(*networks, strict=True)]


def count_pairs(measure: Numbers, accuracy: Numbers, pairs: list[tuple[int, int]]) -> float:
    return sum(float(np.sign((measure[i] - measure[j]) * (accuracy[i] - accuracy[j]))) for i, j in pairs)


@settings(deadline=None, max_examples=80)
@given(NETWORKS)
def test_pairs_are_those_that_can_be_counted_one_by_one(networks: list[tuple[int, int, int]]) -> None:
    measure, accuracy, count = columns(networks)
    every = list(combinations(range(len(measure)), 2))
    equal = [(i, j) for i, j in every if count[i] == count[j]]
    unequal = [pair for pair in every if pair not in equal]
    assert all_pairs(measure, accuracy).agree == count_pairs(measure, accuracy, every)
    apart, alike = split_pairs(measure, accuracy, count)
    assert (apart.number, alike.number) == (len(unequal), len(equal))
    assert (apart.agree, alike.agree) == (
        count_pairs(measure, accuracy, unequal),
        count_pairs(measure, accuracy, equal),
    )
    if equal:
        assert equal_tau(measure, accuracy, count) == pytest.approx(count_pairs(measure, accuracy, equal) / len(equal))
    if unequal:
        assert unequal_tau(measure, accuracy, count) == pytest.approx(
            count_pairs(measure, accuracy, unequal) / len(unequal)
        )


def test_a_measure_of_few_values_is_flattered_by_tau_b_alone() -> None:
    accuracy = np.arange(100.0)
    few = np.floor(accuracy / 50)
    assert tau_a(few, accuracy) == pytest.approx(50 * 50 / 4950)
    assert tau_b(few, accuracy) == pytest.approx(np.sqrt(50 * 50 / 4950))
    assert tau_a(accuracy, accuracy) == tau_b(accuracy, accuracy) == pytest.approx(1)


@settings(deadline=None, max_examples=40)
@given(NETWORKS, st.integers(1, 3))
def test_at_the_top_ties_count_as_the_mean_over_all_orders(networks: list[tuple[int, int, int]], k: int) -> None:
    measure, accuracy, _ = columns(networks)
    accuracy = accuracy + np.arange(len(accuracy)) / 100  # no two are equally accurate
    orders = [p for p in permutations(range(len(measure))) if (np.diff(measure[list(p)]) <= 0).all()]
    best = set(np.argsort(-accuracy)[:k])
    assert precision(measure, accuracy, k) == pytest.approx(
        np.mean([len(best & set(order[:k])) / k for order in orders])
    )
    assert regret(measure, accuracy, k) == pytest.approx(
        np.mean([accuracy.max() - accuracy[list(order[:k])].max() for order in orders])
    )
    strict = [ndcg(-np.argsort(order).astype(float), accuracy, k) for order in orders]
    assert ndcg(measure, accuracy, k) == pytest.approx(np.mean(strict))


def test_the_gain_is_one_for_the_right_order_and_less_for_any_other() -> None:
    accuracy = np.array([10.0, 80.0, 90.0, 91.0])
    assert ndcg(accuracy, accuracy, 3) == pytest.approx(1)
    swapped = ndcg(np.array([1.0, 2.0, 4.0, 3.0]), accuracy, 3)
    assert ndcg(-accuracy, accuracy, 3) < swapped < 1
    assert ndcg(accuracy, accuracy**3, 3) == pytest.approx(1)  # how accuracies are spread does not matter


def test_the_best_share_holds_those_that_tie_at_its_edge() -> None:
    assert best_by(np.array([1.0, 3.0, 3.0, 2.0]), 0.25).tolist() == [False, True, True, False]


def test_what_a_group_explains_is_said_by_its_other_members() -> None:
    groups, rng = np.repeat(["a", "b", "c"], 40), np.random.default_rng(0)
    means = np.repeat([1.0, 5.0, 9.0], 40)
    assert explained_by(groups, means) == pytest.approx(1)
    assert explained_by(groups, rng.normal(size=120)) < 0.05
    noisy = means + rng.normal(size=120)
    assert explained_by(groups, noisy) == pytest.approx(1 - 1 / noisy.var(), abs=0.03)
    assert explained_by(np.append(groups, "alone"), np.append(noisy, 999.0)) == explained_by(groups, noisy)
