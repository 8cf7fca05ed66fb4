"""Figures show what the tables say."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from naswotlib.pareto import pareto_front
from naswotlib.plots import agreement, fig3, fig3_interactive, missing_panel, pareto, sizes

TABLE = pd.DataFrame({"arch": ["one", "two", "three"], "score": [10.0, -np.inf, 30.0], "accuracy": [50.0, 10.0, 70.0]})


@pytest.fixture
def ax():
    figure, ax = plt.subplots()
    yield ax
    plt.close(figure)


def test_figure_3_has_a_point_a_network_and_singular_ones_below_all_others(ax: plt.Axes) -> None:
    finite, singular = fig3(TABLE, ax, title="t").collections
    assert finite.get_offsets().tolist() == [[50.0, 10.0], [70.0, 30.0]]
    [[accuracy, height]] = singular.get_offsets().tolist()
    assert accuracy == 10.0
    assert height < 10.0
    assert ax.get_legend() is not None


def test_figure_3_without_singular_networks_has_no_legend(ax: plt.Axes) -> None:
    fig3(TABLE[TABLE.score > 0], ax, title="t")
    assert len(ax.collections) == 1
    assert ax.get_legend() is None


def test_the_interactive_twin_names_architectures_and_asks_nothing_of_the_network() -> None:
    html = fig3_interactive(TABLE, name="plot")
    assert all(arch in html for arch in TABLE.arch)
    assert '"-inf"' in html
    assert 'src="_static/plotly.min.js"' in html
    assert html == fig3_interactive(TABLE, name="plot")


def test_a_front_is_a_line_of_steps_through_its_networks_over_all_that_were_tried(ax: plt.Axes) -> None:
    table = TABLE.assign(latency=[2.0, 1.0, 3.0])
    pareto(table, pareto_front(table, "latency"), ax, cost="latency")
    finite, singular = ax.collections
    assert finite.get_offsets().tolist() == [[2.0, 10.0], [3.0, 30.0]]
    assert singular.get_offsets()[0, 0] == 1.0
    (line,) = ax.lines
    assert line.get_xydata().tolist() == [[2.0, 10.0], [3.0, 30.0]]
    assert line.get_drawstyle() == "steps-post"
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("latency (ms)", "score")


def test_a_missing_panel_names_its_file(ax: plt.Axes) -> None:
    missing_panel(ax, "figures/paper/x.png")
    assert "figures/paper/x.png" in ax.texts[0].get_text()
    assert ax.spines["top"].get_visible()


def test_sizes_are_points_of_the_table_and_a_colour_for_each_space(ax: plt.Axes) -> None:
    table = pd.DataFrame({"parameters": [1e6, 2e6], "num_units": [3e5, 4e5], "space": ["one", "two"]})
    sizes(table, ax, by="space")
    assert ax.collections[0].get_offsets().tolist() == [[1e6, 3e5], [2e6, 4e5]]
    legend = ax.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["one", "two"]
    assert ax.get_xscale() == "log"


def test_agreement_has_each_pair_of_columns_once(ax: plt.Axes) -> None:
    taus = pd.DataFrame([[1, 0.5, 0.25], [0.5, 1, 0.125], [0.25, 0.125, 1]], index=list("abc"), columns=list("abc"))
    agreement(taus, ax)
    assert [text.get_text() for text in ax.texts] == ["0.50", "0.25", "0.12"]
    assert [label.get_text() for label in ax.get_xticklabels()] == ["a", "b"]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["b", "c"]
