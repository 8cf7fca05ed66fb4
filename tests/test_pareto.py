"""Costs as the benchmarks state them, and fronts that hold exactly what nothing beats."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from naswotlib.pareto import costs, pareto_front
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
