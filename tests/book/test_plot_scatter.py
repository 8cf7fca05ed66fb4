"""Points stand where the table says, and what has no place among them is told apart."""

from collections.abc import Iterator

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from scipy.stats import kendalltau

from naswotbook.plots import against, score_against_units, sizes


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    yield
    plt.close("all")


def test_sizes_are_points_of_the_table_and_a_colour_for_each_space() -> None:
    table = pd.DataFrame({"parameters": [1e6, 2e6], "num_units": [3e5, 4e5], "space": ["one", "two"]})
    [ax] = sizes(table, by="space").axes
    assert ax.collections[0].get_offsets().tolist() == [[1e6, 3e5], [2e6, 4e5]]
    legend = ax.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["one", "two"]
    assert ax.get_xscale() == "log"


def test_sizes_of_one_space_need_no_legend() -> None:
    [ax] = sizes(pd.DataFrame({"parameters": [1e6, 2e6], "num_units": [3e5, 4e5]})).axes
    assert ax.get_legend() is None


def test_score_against_units_has_a_line_of_coin_flips_singular_scores_below_and_no_failed_ones() -> None:
    table = pd.DataFrame(
        {
            "num_units": [300, 100, 200, pd.NA],
            "score": [30.0, 10.0, -np.inf, np.nan],
            "coin_flips": [33.0, 11.0, 22.0, np.nan],
            "error": ["", "", "", "RuntimeError"],
        }
    )
    [ax] = score_against_units(table).axes
    finite, singular = ax.collections
    assert finite.get_offsets().tolist() == [[100, 10], [300, 30]]
    [[units, height]] = singular.get_offsets().tolist()
    assert units == 200
    assert height < 10
    [line] = ax.lines
    assert line.get_xydata().tolist() == [[100, 11], [200, 22], [300, 33]]


def test_two_scores_of_a_network_are_a_point_unless_one_is_singular_which_tau_counts() -> None:
    _, ax = plt.subplots()
    one, other = pd.Series([1.0, 2.0, -np.inf]), pd.Series([2.0, 3.0, 9.0])
    against(one, other, ax)
    assert ax.collections[0].get_offsets().tolist() == [[1, 2], [2, 3]]
    assert ax.get_title() == f"τ = {kendalltau([1, 2, 0], [2, 3, 9]).statistic:.3f} (n = 3, 1 singular not drawn)"
