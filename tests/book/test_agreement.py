"""What another choice of accuracy changes, against definitions written out."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from naswotbook.experiments.agreement import (
    EACH,
    MAXIMUM,
    RANDOM,
    agreement,
    gain_of_maximum,
    key_name,
    pairs,
    published_choices,
)
from naswotlib.benchmarks import Benchmark, load_benchmark
from naswotlib.benchmarks.table import TableInfo, make_table

VALIDATION, TEST = ("cifar10", "validation", 12), ("cifar10", "test", 12)
INFO = dict.fromkeys(("origin", "licence", "sha256", "seconds", "repeats"), "")


def benchmark(validation: list[list[float]], test: list[list[float]]) -> Benchmark:
    info = TableInfo(name="made up", space="nats_size", splits={}, **INFO)
    archs = [f"{8 * (i + 1)}:8:8:8:8" for i in range(len(test))]
    return Benchmark(make_table(info, archs, {VALIDATION: validation, TEST: test}))


def test_agreement_is_the_share_of_pairs_in_the_same_order_less_that_of_the_others():
    validation, test = [10.0, 20.0, 30.0, 40.0], [15.0, 12.0, 60.0, 80.0]
    table = benchmark([[x - 1, x + 1] for x in validation], [[x] for x in test])
    signs = [np.sign((a - b) * (c - d)) for (a, c), (b, d) in combinations(zip(validation, test, strict=True), 2)]
    taus = agreement(table)
    assert taus.loc[key_name(TEST), key_name(VALIDATION)] == pytest.approx(np.mean(signs))
    assert taus.loc[key_name(TEST), key_name(TEST)] == 1


def test_agreement_is_over_architectures_that_have_both():
    table = benchmark([[1.0], [2.0], []], [[1.0], [], [3.0]])
    assert np.isnan(agreement(table).loc[key_name(TEST), key_name(VALIDATION)])
    assert agreement(table, [VALIDATION]).shape == (1, 1)


def test_each_pair_of_columns_is_listed_once_where_they_can_be_compared():
    table = benchmark([[1.0], [2.0], []], [[1.0], [], [3.0]])
    assert pairs(agreement(table)).empty
    taus = pd.DataFrame([[1, 0.5, 0.25], [0.5, 1, 0.125], [0.25, 0.125, 1]], index=list("abc"), columns=list("abc"))
    assert pairs(taus).to_dict("split")["data"] == [["b", "a", 0.5], ["c", "a", 0.25], ["c", "b", 0.125]]


def test_the_gain_of_a_maximum_is_over_architectures_with_repeats():
    table = benchmark([[0.0]] * 3, [[10.0, 14.0], [50.0], [20.0, 20.0, 26.0]])
    found = gain_of_maximum(table, TEST)
    assert found["n"] == 2
    assert found["repeats"] == 2.5
    assert found["gain"] == pytest.approx((2 + 4) / 2)
    assert found["std"] == pytest.approx((np.sqrt(8) + np.sqrt(12)) / 2)
    assert found["tau"] == 1


def test_without_repeats_nothing_is_gained_and_an_unknown_column_is_named():
    table = benchmark([[0.0]], [[1.0]])
    assert gain_of_maximum(table, TEST)["n"] == 0
    with pytest.raises(ValueError, match=r"key: .*choose one of"):
        gain_of_maximum(table, ("cifar10", "test", 200))


def test_choices_of_the_published_table(data_dir):
    table = load_benchmark("nasbench201", data_dir=data_dir)
    taus = agreement(table, [("cifar10", "validation", 12), ("cifar10", "validation", 200), ("cifar10", "test", 200)])
    long, tested = "cifar10 validation, 200 epochs", "cifar10 test, 200 epochs"
    assert taus.loc[long, tested] > taus.loc["cifar10 validation, 12 epochs", tested] > 0.5


@pytest.mark.filterwarnings("ignore:.*of the .* architectures")
def test_numbers_of_published_tables_list_no_network(data_dir):
    found = published_choices(data_dir)
    [seconds] = found[(found.choice == EACH) & (found.dataset == "cifar10")].itertuples()
    assert seconds.value == pytest.approx(np.mean([117.241 / 89.202, 199.36 / 153.696, 87.1835 / 60.899]), rel=1e-4)
    [whole] = found[found.choice == RANDOM].itertuples()
    assert whole.n == 423_624
    assert (found[found.choice == MAXIMUM].value > 0).all()
    assert found.n.min() == 3
