"""What the authors' code does otherwise, against the library and against definitions written out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.stats import kendalltau

from naswotbook.experiments.equation1 import (
    QUEUES,
    by_text,
    compare_ways,
    count_failing,
    draw_ways,
    fails_in_place,
    in_one_stream,
    put_back,
    score_cell,
    score_in_both_orders,
    score_in_eval,
    spread_over_seeds,
)
from naswotlib import get_space, load_images, score_archs
from naswotlib.benchmarks import Benchmark
from naswotlib.benchmarks.table import TableInfo, make_table
from naswotlib.errors import NaswotWarning

SPACE = get_space("nasbench201")
ARCHS = [SPACE.to_str(SPACE[index]) for index in (9, 1462, 8000)]
SMALL: dict[str, Any] = {"skeleton": {"stem_channels": 4, "cells_per_stage": 1}}
IMAGES = load_images("noise", 6, seed=0, side=16)


def test_a_cell_has_the_score_that_the_library_gives_it() -> None:
    expected = score_archs("nasbench201", ARCHS, IMAGES, seed=5, progress=False, exact=True, **SMALL).score
    assert [score_cell(arch, IMAGES, seed=5, **SMALL) for arch in ARCHS] == pytest.approx(expected.tolist())


def test_running_statistics_make_another_score_and_the_library_says_so() -> None:
    with pytest.warns(NaswotWarning, match="running statistics"):
        table = score_in_eval(ARCHS[:1], IMAGES, seed=5, **SMALL)
    assert table.arch.tolist() == ARCHS[:1]
    assert table.score[0] != pytest.approx(score_cell(ARCHS[0], IMAGES, seed=5, **SMALL))


def test_in_one_stream_weights_depend_on_the_place_in_the_queue() -> None:
    roots = in_one_stream(ARCHS, 3)
    assert list(roots.values()) == list(in_one_stream(ARCHS[::-1], 3).values())
    assert len(set(roots.values())) == len(ARCHS)


def test_a_generator_that_is_put_back_sets_the_first_network_alone_apart() -> None:
    roots = put_back(ARCHS, 3)
    assert roots[ARCHS[0]] != roots[ARCHS[1]]
    assert roots[ARCHS[1]] == roots[ARCHS[2]]
    assert put_back(ARCHS[::-1], 3)[ARCHS[2]] == roots[ARCHS[0]]


@pytest.mark.parametrize("roots_of", QUEUES.values())
def test_roots_come_from_the_seed_alone(roots_of: Callable[..., dict[str, int]]) -> None:
    first = roots_of(ARCHS, 3)
    torch.rand(7)
    assert roots_of(ARCHS, 3) == first
    assert roots_of(ARCHS, 4) != first


def test_only_here_a_score_does_not_depend_on_its_place() -> None:
    table = score_in_both_orders(ARCHS, IMAGES, seed=3, **SMALL)
    assert len(table) == len(ARCHS)
    same = {title: table[title].equals(table[f"{title}, reversed"]) for title in QUEUES}
    assert same == {"first script": False, "final scripts": False, "here": True}
    assert by_text(ARCHS, 3) == dict.fromkeys(ARCHS, 3)
    assert table.here.tolist() == [score_cell(arch, IMAGES, seed=3, exact=False, **SMALL) for arch in ARCHS]


def test_spread_is_over_seeds_within_and_over_means_between_networks_without_singular_ones(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    scores = {"a": [1.0, 2.0, 6.0], "b": [7.0, 7.0, 10.0], "singular": [5.0, -np.inf, 5.0]}

    def score(arch: str, images: torch.Tensor, *, seed: int, **options: Any) -> float:
        assert (images is IMAGES, options) == (True, SMALL | {"exact": False})
        return scores[arch][seed - 4]

    monkeypatch.setattr("naswotbook.experiments.equation1.score_cell", score)
    within, between = spread_over_seeds(list(scores), IMAGES, 3, seed=3, **SMALL)
    assert within == pytest.approx(np.mean([np.std(scores[arch], ddof=1) for arch in "ab"]))
    assert between == pytest.approx(np.std([3, 8], ddof=1))


@pytest.mark.parametrize(
    ("cell", "fails"),
    [
        ("conv3x3(0)|output(0,1)", True),
        ("conv1x1(0)|conv3x3(1)|output(0,2)", True),
        ("maxpool3x3(0)|output(0,1)", False),
        ("conv3x3(0)|output(1)", False),  # nothing is added
        ("conv3x3(0)|conv1x1(0)|output(0,1,2)", False),  # a sum is there to be added to
    ],
)
def test_a_cell_fails_where_its_output_adds_the_input_to_one_convolution(cell: str, fails: bool) -> None:
    assert fails_in_place(cell) == fails
    assert get_space("nasbench101").from_str(cell) is not None


def made_up(cells: list[str]) -> Benchmark:
    """A table of NAS-Bench-101 whose longer training makes accuracies of 90, 60 and 30."""
    info = TableInfo("made up", "nasbench101", *[""] * 3, splits={}, seconds="", repeats="")
    columns = {("cifar10", "test", 4): [[1.0]] * 3, ("cifar10", "test", 108): [[90.0], [60.0], [30.0]]}
    return Benchmark(make_table(info, cells, columns))


def test_failing_cells_are_counted_with_their_accuracy_after_the_longest_training() -> None:
    cells = ["conv3x3(0)|output(0,1)", "maxpool3x3(0)|output(0,1)", "conv3x3(0)|output(1)"]
    [row] = count_failing(made_up(cells)).to_dict("records")
    assert (row["cells"], row["failing"], row["share"]) == (3, 1, pytest.approx(1 / 3))
    assert (row["mean_accuracy"], row["mean_accuracy_failing"]) == (60, 90)


def test_where_no_cell_fails_there_is_no_mean_of_them() -> None:
    cells = ["conv1x1(0)|output(1)", "maxpool3x3(0)|output(0,1)", "conv3x3(0)|output(1)"]
    [row] = count_failing(made_up(cells)).to_dict("records")
    assert (row["failing"], row["share"], row["mean_accuracy"]) == (0, 0, 60)
    assert np.isnan(row["mean_accuracy_failing"])


def test_two_ways_are_compared_with_each_other_and_with_accuracy() -> None:
    rng = np.random.default_rng(0)
    ways = pd.DataFrame(rng.normal(size=(30, 2)), index=[str(number) for number in range(30)], columns=["a", "b"])
    accuracy = pd.Series(rng.normal(size=40), index=[str(number) for number in range(40)]).iloc[::-1]
    row = compare_ways("a, b", ways, accuracy, seed=0)
    assert (row["comparison"], row["n"]) == ("a, b", 30)
    reached = accuracy[ways.index]
    taus = [kendalltau(*pair).statistic for pair in ((ways.a, ways.b), (ways.a, reached), (ways.b, reached))]
    assert [row["agreement"], row["tau_first"], row["tau_second"]] == pytest.approx(taus)


def test_the_picture_has_both_pairs_of_ways_side_by_side() -> None:
    counted = pd.DataFrame({"once": [1.0, 2.0, 3.0], "reference": [2.0, 4.0, 6.0]})
    modes = pd.DataFrame({"batch": [1.0, 2.0, -np.inf], "running": [9.0, 8.0, 7.0]})
    left, right = draw_ways(counted, modes).axes
    assert left.collections[0].get_offsets().tolist() == [[1, 2], [2, 4], [3, 6]]
    assert right.collections[0].get_offsets().tolist() == [[1, 9], [2, 8]]
    assert right.get_title().endswith("1 singular not drawn)")
    assert left.get_ylabel() == "score, as the code counts"
