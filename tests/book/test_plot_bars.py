"""Bars, intervals and histograms are as long, as wide and as many as the tables say."""

from __future__ import annotations

from collections.abc import Iterator

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from naswotbook.plots import (
    agreement,
    all_and_best,
    distributions,
    fig4,
    fig5,
    relative_differences,
    score_by_size,
    within_groups,
)


@pytest.fixture
def ax() -> Iterator[plt.Axes]:
    figure, ax = plt.subplots()
    yield ax
    plt.close(figure)


def lines(ax: plt.Axes) -> list[list[float]]:
    """Both ends of each interval that is drawn along the horizontal axis."""
    drawn = [line for line in ax.collections if hasattr(line, "get_segments")]
    return [segment[:, 0].tolist() for line in drawn for segment in line.get_segments()]


def test_bars_are_as_long_as_the_taus_with_the_first_on_top(ax: plt.Axes) -> None:
    table = pd.DataFrame({"label": ["a", "b"], "kind": ["score", "size"], "tau": [0.5, -0.25]})
    fig4(table.assign(low=[0.4, -0.5], high=[0.75, 0.0]), ax, title="t")
    assert [bar.get_width() for bar in ax.patches] == [0.5, -0.25]
    assert ax.yaxis.get_inverted()
    assert lines(ax) == [[0.4, 0.75], [-0.5, 0.0]]


def test_score_by_size_is_coloured_by_accuracy_and_has_singular_networks_below_all_others(ax: plt.Axes) -> None:
    table = pd.DataFrame({"score": [5.0, -np.inf, 7.0], "num_units": [1000, 2000, 3000], "accuracy": [1.0, 2.0, 3.0]})
    score_by_size(table, ax, accuracy="a")
    finite, singular = ax.collections
    assert finite.get_offsets().tolist() == [[1000, 5], [3000, 7]]
    assert finite.get_array().tolist() == [1, 3]
    [[units, height]] = singular.get_offsets().tolist()
    assert units == 2000
    assert height < 5
    assert ax.figure.axes[-1].get_ylabel() == "a"


def test_a_group_is_a_point_with_its_interval_size_and_number(ax: plt.Axes) -> None:
    group = pd.DataFrame({"group": [5000], "n": [12], "tau": [0.1], "low": [0.0], "high": [0.2]})
    within_groups(group, ax, title="t", group="units")
    interval, points = ax.collections
    assert ax.get_xlabel() == "units; below, networks"
    assert interval.get_segments()[0][:, 1].tolist() == [0.0, 0.2]
    assert points.get_offsets().tolist() == [[0, 0.1]]
    assert [label.get_text() for label in ax.get_xticklabels()] == ["5000\n12"]


def test_a_table_of_scores_has_a_point_for_all_networks_and_one_for_the_best() -> None:
    table = pd.DataFrame({"file": ["x.parquet"], "tau": [0.5], "low": [0.25], "high": [0.75]})
    [ax] = all_and_best(table.assign(tau_top=-0.25, low_top=-0.5, high_top=0.0)).axes
    assert lines(ax) == [[0.25, 0.75], [-0.5, 0.0]]
    assert ax.get_yticklabels()[0].get_text() == "x"
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["all networks", "the best tenth by score"]


def test_histograms_count_every_finite_score_and_name_the_others(ax: plt.Axes) -> None:
    scores = {"a": pd.Series([1.0, 2.0, -np.inf]), "b": pd.Series([1.0, 1.5])}
    distributions(scores, ax, title="t")
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert labels == ["a, n = 2 and 1 singular", "b, n = 2"]


def test_no_difference_at_all_is_drawn_at_the_left_edge() -> None:
    again = pd.DataFrame({"file": ["x.parquet"], "median": [0.0], "largest": [1e-7]})
    [ax] = relative_differences(again).axes
    assert lines(ax) == [[1e-12, 1e-7]]
    assert (ax.get_xscale(), ax.get_yticklabels()[0].get_text()) == ("log", "x")


def test_figure_5_has_a_box_a_network_in_the_order_that_is_given(ax: plt.Axes) -> None:
    table = pd.DataFrame({"network": ["y", "y", "x", "x"], "score": [1.0, 3.0, 5.0, 5.0]})
    fig5(table, ax, title="t", order=["x", "y"])
    assert [label.get_text() for label in ax.get_xticklabels()] == ["x", "y"]
    medians = [
        line.get_ydata()[0] for line in ax.lines if len(set(line.get_ydata())) == 1 and len(line.get_ydata()) == 2
    ]
    assert {5.0, 2.0} <= set(medians)


def test_figure_5_has_a_box_for_each_size_of_the_mini_batch(ax: plt.Axes) -> None:
    table = pd.DataFrame({"network": ["x"] * 4, "score": [1.0, 2, 3, 4], "batch_size": [32, 32, 64, 64]})
    fig5(table, ax, title="t", order=["x"], hue="batch_size")
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["32", "64"]
    assert ax.get_legend().get_title().get_text() == "batch size"


def test_agreement_has_each_pair_of_columns_once() -> None:
    taus = pd.DataFrame([[1, 0.5, 0.25], [0.5, 1, 0.125], [0.25, 0.125, 1]], index=list("abc"), columns=list("abc"))
    [ax] = agreement(taus).axes
    assert [text.get_text() for text in ax.texts] == ["0.50", "0.25", "0.12"]
    assert [label.get_text() for label in ax.get_xticklabels()] == ["a", "b"]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["b", "c"]
