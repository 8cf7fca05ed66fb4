"""Figures show what the tables say."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from naswotbook.play.twin import twin_html
from naswotbook.play.twins import fig3_twin
from naswotbook.plots import count_regions, fig1, fig2, fig3, fig6, pareto
from naswotlib.search.pareto import pareto_front

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
    html = twin_html(fig3_twin(TABLE), "plot", "a label")
    assert all(arch in html for arch in TABLE.arch)
    assert '"-inf"' in html
    assert 'src="_static/plotly.min.js"' in html
    assert html == twin_html(fig3_twin(TABLE), "plot", "a label")


def test_a_menu_of_the_interactive_twin_shows_one_panel_at_a_time() -> None:
    html = twin_html(fig3_twin(pd.concat([TABLE.assign(panel="a"), TABLE.assign(panel="b")])), "plot", "a label")
    assert '<option data-traces="0">a</option><option data-traces="1">b</option>' in html
    assert html.count('"visible":true') == html.count('"visible":false') == 1
    assert "<option" not in twin_html(fig3_twin(TABLE.assign(panel="a")), "plot", "a label")


def test_figure_1_has_a_column_of_kernels_for_each_band_and_leaves_missing_places_empty() -> None:
    low, middle, high = (np.full((4, 4), share) for share in (0.2, 0.4, 0.6))
    figure = fig1({"0 to 50%": [low, middle], "50 to 100%": [high]})
    grid = np.array(figure.axes[:4]).reshape(2, 2)
    assert [ax.get_title() for ax in grid[0]] == ["0 to 50%", "50 to 100%"]
    shown = [[ax.images[0].get_array()[0, 0] if ax.images else None for ax in row] for row in grid]
    assert shown == [[0.2, 0.6], [0.4, None]]
    assert {ax.images[0].get_clim() for ax in grid.flat if ax.images} == {(0, 1)}
    plt.close(figure)


def test_figure_2_names_each_region_by_its_code_and_says_how_many_there_are() -> None:
    half = np.arange(40) >= 20
    left, top = np.broadcast_to(half, (40, 40)), np.broadcast_to(half[:, None], (40, 40))
    first, second = np.stack([left], axis=2), np.stack([top], axis=2)
    figure = fig2(first, second, extent=(-1, 1, -1, 1))
    panels = {ax.get_title(): ax for ax in figure.axes}
    assert (panels["2"].get_xlabel(), panels["4"].get_xlabel()) == ("2 linear regions", "4 linear regions")
    codes = {text.get_text(): text.get_position() for text in panels["4"].texts}
    assert {code: (x > 0, y > 0) for code, (x, y) in codes.items()} == {
        "00": (False, False),
        "01": (False, True),
        "10": (True, False),
        "11": (True, True),
    }
    assert [count_regions(bits) for bits in (first, np.concatenate([first, second], axis=2))] == [2, 4]
    plt.close(figure)
    with pytest.raises(ValueError, match="layer_b: expected the grid of layer_a"):
        fig2(first, second[:20], extent=(-1, 1, -1, 1))


def test_figure_6_has_a_line_a_network_and_the_first_epochs_enlarged() -> None:
    rows = [(name, 90.0, epoch, epoch * scale) for name, scale in (("x", 1.0), ("y", 2.0)) for epoch in range(4)]
    figure = fig6(pd.DataFrame(rows, columns=["arch", "accuracy", "epoch", "score"]), zoom=1)
    left, right = figure.axes
    assert [line.get_ydata().tolist() for line in left.lines] == [[0, 1], [0, 2]]
    assert [line.get_ydata().tolist() for line in right.lines] == [[0, 1, 2, 3], [0, 2, 4, 6]]
    assert [text.get_text() for text in right.get_legend().get_texts()] == ["90.00", "90.00"]
    assert left.get_legend() is None
    plt.close(figure)
    table = pd.DataFrame(rows, columns=["arch", "accuracy", "epoch", "score"]).assign(other=lambda t: -t.score)
    figure = fig6(table, zoom=1, readings={"score": "one way", "other": "another"})
    assert [ax.get_title() for ax in figure.axes][1::2] == ["all epochs, one way", "all epochs, another"]
    assert [line.get_ydata().tolist() for line in figure.axes[2].lines] == [[0, -1], [0, -2]]
    plt.close(figure)


def test_a_front_is_a_line_of_steps_through_its_networks_over_all_that_were_tried() -> None:
    table = TABLE.assign(latency=[2.0, 1.0, 3.0])
    [ax] = pareto(table, pareto_front(table, "latency"), cost="latency").axes
    finite, singular = ax.collections
    assert finite.get_offsets().tolist() == [[2.0, 10.0], [3.0, 30.0]]
    assert singular.get_offsets()[0, 0] == 1.0
    (line,) = ax.lines
    assert line.get_xydata().tolist() == [[2.0, 10.0], [3.0, 30.0]]
    assert line.get_drawstyle() == "steps-post"
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("latency (ms)", "score at initialisation")
