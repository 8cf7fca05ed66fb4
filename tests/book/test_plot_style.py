"""One look: the score, counts and other measures each have a colour of their own, wherever they are compared."""

from __future__ import annotations

from collections.abc import Iterator

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.colors import to_hex

from naswotbook.plots import all_and_best, best_of_draws, cost, fig4, fig7, relative_differences, taus_by_group
from naswotbook.plots import top_of_ranking as top
from naswotbook.plots.bars import kind_of_table
from naswotbook.plots.lines import kind_of_method
from naswotbook.plots.style import COLOURS, GROUPS, shades, subscripts

MEASURES = pd.DataFrame(
    {
        "label": ["score", "synflow", "ReLU units", "parameters"],
        "kind": ["score", "proxy", "size", "size"],
        "tau": [0.5, 0.4, 0.3, 0.2],
        "low": 0.1,
        "high": 0.6,
        "group": "all",
        "best_of_10": [91.0, 90.0, 89.0, 88.0],
        "best_of_100": [93.0, 92.0, 91.0, 90.0],
    }
)
EXPECTED = [COLOURS[kind].lower() for kind in MEASURES.kind]


@pytest.fixture
def ax() -> Iterator[Axes]:
    figure, ax = plt.subplots()
    yield ax
    plt.close(figure)


def interval_colours(ax: Axes) -> list[str]:
    """The colours of intervals, in the order in which they are drawn."""
    return [
        to_hex(colour) for lines in ax.collections if isinstance(lines, LineCollection) for colour in lines.get_color()
    ]


def point_colours(ax: Axes) -> list[str]:
    """The outlines of points that stand somewhere, which also hollow ones have."""
    return [
        to_hex(colour)
        for points in ax.collections
        if isinstance(points, PathCollection) and len(np.asarray(points.get_offsets()))
        for colour in points.get_edgecolor()
    ]


def test_bars_of_measures_have_the_colours_of_their_kinds(ax: Axes) -> None:
    fig4(MEASURES, ax, title="t")
    assert [to_hex(bar.get_facecolor()) for bar in ax.patches] == EXPECTED


def test_points_and_intervals_of_measures_have_the_colours_of_their_kinds(ax: Axes) -> None:
    top(MEASURES, ax, title="t")
    assert interval_colours(ax) == point_colours(ax) == EXPECTED


def test_measures_in_groups_have_the_colours_of_their_kinds_and_a_mark_each(ax: Axes) -> None:
    both = pd.concat([MEASURES, MEASURES[:1].assign(label="score on noise", tau=0.6)])
    taus_by_group(both, ax, tau="τ")
    assert interval_colours(ax) == point_colours(ax) == [*EXPECTED, EXPECTED[0]]
    points = [one for one in ax.collections if isinstance(one, PathCollection)]
    looks = {
        (to_hex(p.get_facecolor()[0]), to_hex(p.get_edgecolor()[0]), len(p.get_paths()[0].vertices)) for p in points
    }
    assert len(looks) == len(both)
    assert to_hex(points[-1].get_facecolor()[0]) == "#ffffff"  # the second score is hollow


def test_what_a_search_finds_is_hollow_among_few_and_full_among_many(ax: Axes) -> None:
    best_of_draws(MEASURES, ax, draws=(10, 100))
    few, many = (
        points for points in ax.collections if isinstance(points, PathCollection) and len(points.get_offsets())
    )
    assert np.asarray(few.get_offsets())[:, 0].tolist() == [91, 90, 89, 88]
    assert np.asarray(many.get_offsets())[:, 0].tolist() == [93, 92, 91, 90]
    assert [to_hex(colour) for colour in many.get_facecolor()] == EXPECTED
    assert {to_hex(colour) for colour in few.get_facecolor()} == {"#ffffff"}
    assert point_colours(ax) == EXPECTED * 2


def test_tables_of_scores_and_of_other_measures_are_told_apart_by_colour() -> None:
    files = ["nasbench201-cifar10-once-seed0.parquet", "nasbench201-cifar10-synflow-seed0.parquet"]
    assert [kind_of_table(file) for file in files] == ["score", "proxy"]
    expected = [COLOURS["score"].lower(), COLOURS["proxy"].lower()]
    taus = pd.DataFrame(
        {"file": files, "tau": 0.5, "low": 0.4, "high": 0.6, "tau_top": 0.1, "low_top": 0, "high_top": 1}
    )
    [ax] = all_and_best(taus).axes
    assert interval_colours(ax) == point_colours(ax) == expected * 2
    [ax] = relative_differences(pd.DataFrame({"file": files, "median": 1e-9, "largest": 1e-8})).axes
    assert interval_colours(ax) == expected
    assert point_colours(ax) == expected * 2


def test_counts_that_cost_nothing_are_named_at_their_lines() -> None:
    setting = {
        "measure": "score",
        "channels": 16,
        "cells": 5,
        "images": 128,
        "tau": 0.6,
        "low": 0.5,
        "high": 0.7,
        "cost": 1.0,
    }
    free = {"measure": "ReLU units", "tau": 0.55, "low": 0.5, "high": 0.6, "cost": 0.0}
    table = pd.DataFrame([setting, setting | {"cells": 1, "cost": 0.1, "tau": 0.58}, free])
    [ax] = cost(table.astype(dict.fromkeys(("channels", "cells", "images"), "Int64"))).axes
    [line] = [line for line in ax.lines if line.get_linestyle() == "--"]
    assert (to_hex(line.get_color()), line.get_ydata()[0]) == (COLOURS["size"].lower(), 0.55)
    [name] = [text for text in ax.texts if text.get_text() == "ReLU units"]
    assert name.get_position()[1] == 0.55


def test_searches_have_the_colour_of_what_they_follow_and_stand_under_their_names() -> None:
    assert [kind_of_method(name) for name in ("NASWOT (N=10)", "FLOPs (N=10)", "REA")] == ["score", "size", "proxy"]
    rows = [("NASWOT (N=10)", 3.0, 92.0), ("ReLU units (N=10)", 0.0, 92.5), ("REA", 12000.0, 93.0)]
    table = pd.DataFrame(rows, columns=["method", "seconds", "mean"]).assign(source="here", std=0.1)
    [ax] = fig7(table).axes
    drawn = {line.get_ydata()[0]: to_hex(line.get_color()) for line in ax.lines if len(line.get_xdata()) == 1}
    assert drawn == {mean: COLOURS[kind].lower() for mean, kind in ((92.0, "score"), (92.5, "size"), (93.0, "proxy"))}
    [over] = [text for text in ax.texts if text.get_text() == "NASWOT\n(N=10)"]
    assert over.get_horizontalalignment() == "center"


def test_shades_end_with_the_colour_itself_and_hues_of_groups_mean_nothing_else() -> None:
    assert shades(COLOURS["score"], 3)[-1] == COLOURS["score"].lower()
    assert len(set(shades(COLOURS["score"], 3))) == 3
    assert not {colour.lower() for colour in GROUPS} & {colour.lower() for colour in COLOURS.values()}


def test_subscripts_are_set_and_other_words_left_alone() -> None:
    assert subscripts("K_H / N_A of grad_norm") == r"$\mathregular{K_H}$ / $\mathregular{N_A}$ of grad_norm"
