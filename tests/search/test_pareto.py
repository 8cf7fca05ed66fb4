"""Costs as the benchmarks state them, and fronts that hold exactly what nothing beats."""

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from naswotlib.search.pareto import costs, front_summary, pareto_front
from naswotlib.spaces import get_space

SPACE = get_space("nasbench201")
PUBLISHED = {  # index: parameters, FLOPs of the benchmark
    0: (129_306, 15_647_370),
    1: (802_426, 113_951_370),
    3: (73_306, 7_783_050),
    1462: (1_531_546, 220_119_690),
}


def test_parameters_and_flops_are_those_of_the_benchmark():
    archs = [SPACE[i] for i in PUBLISHED]
    parameters, flops = zip(*PUBLISHED.values(), strict=True)
    assert costs(SPACE, archs, "parameters").parameters.tolist() == list(parameters)
    biases = 10  # the benchmark counts the bias of the classifier as operations
    assert (costs("nasbench201", map(SPACE.to_str, archs), "flops").flops + biases).tolist() == list(flops)


def test_a_network_of_more_convolutions_takes_longer():
    table = costs(SPACE, [SPACE[1462], SPACE[1835]], "latency")
    assert table.arch.tolist() == [SPACE.to_str(SPACE[1462]), SPACE.to_str(SPACE[1835])]
    assert table.latency[0] > table.latency[1] > 0


def test_the_skeleton_and_the_image_side_are_those_asked_for():
    small = costs(SPACE, SPACE[:1], "flops", side=16, skeleton={"cells_per_stage": 1}).flops[0]
    assert small < costs(SPACE, SPACE[:1], "flops", side=16).flops[0] < costs(SPACE, SPACE[:1], "flops").flops[0]


def test_an_unknown_cost_is_named():
    with pytest.raises(ValueError, match="cost: 'energy' is unknown; choose one of parameters, flops, latency"):
        costs(SPACE, SPACE[:1], "energy")


values = st.one_of(st.integers(0, 5).map(float), st.just(-np.inf), st.just(np.nan))


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), values)))
def test_a_front_is_what_no_row_dominates(rows):
    table = pd.DataFrame(rows, columns=["cost", "score"]).astype(float)
    table["arch"] = table.index
    finite = table[np.isfinite(table.score)]
    expected = {
        (row.cost, row.score)
        for row in finite.itertuples()
        if not (
            ((finite.cost < row.cost) & (finite.score >= row.score))
            | ((finite.cost <= row.cost) & (finite.score > row.score))
        ).any()
    }
    front = pareto_front(table, "cost")
    assert list(zip(front.cost, front.score, strict=True)) == sorted(expected)
    for row in front.itertuples():
        twins = table[(table.cost == row.cost) & (table.score == row.score)]
        assert row.arch == twins.arch.iloc[0]


def test_any_column_can_be_the_value():
    table = pd.DataFrame({"arch": list("ab"), "latency": [1.0, 2.0], "accuracy": [90.0, 80.0]})
    assert pareto_front(table, "latency", value="accuracy").arch.tolist() == ["a"]


@pytest.mark.parametrize("dtype", ["int64", "Int64", "float32"])
def test_a_front_of_whole_numbers_is_found_without_a_warning(dtype):
    table = pd.DataFrame({"flops": [3, 1, 2, 2], "num_units": pd.array([9, 5, 4, 7], dtype)})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert pareto_front(table, "flops", value="num_units").num_units.tolist() == [5, 7, 9]


def test_networks_of_a_front_are_judged_among_those_that_cost_no_more():
    table = pd.DataFrame(
        {
            "arch": list("abcde"),
            "flops": [1.0, 2.0, 2.0, 3.0, 4.0],
            "score": [1.0, 2.0, 1.5, 3.0, 2.5],
            "accuracy": [50.0, 40.0, 60.0, 55.0, 70.0],
        }
    )
    front = pareto_front(table, "flops")
    assert front.arch.tolist() == ["a", "b", "d"]
    found = front_summary(table, front, "flops")
    # b beats neither a nor c, which costs as much; d beats a and b of a, b, c; a has nobody to be judged with.
    assert found["median_share"] == pytest.approx((0 + 2 / 3) / 2)
    assert found["least_share"] == 0
    assert (found["n"], found["on_front"], found["largest_share"]) == (5, 3, 1)
