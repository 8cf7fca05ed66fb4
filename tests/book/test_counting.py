"""Counts: what a network can be ranked by without scoring it."""

from __future__ import annotations

import re

import numpy as np
import pytest

from naswotbook.counting import COUNTS, as_scores, count_sizes
from naswotlib import get_space
from naswotlib.spaces.sizes import network_sizes

SPACE = get_space("nasbench201")
ARCHS = [SPACE.to_str(SPACE[index]) for index in range(0, 15625, 97)]


def test_units_order_the_cells_of_nasbench201_by_convolutions_and_parameters_by_larger_ones_first() -> None:
    table = count_sizes("nasbench201", ARCHS)
    assert table.columns.tolist() == ["arch", *COUNTS]
    by_edges = [len(re.findall("nor_conv", arch)) for arch in ARCHS]
    assert table.convolutions.tolist() == by_edges
    assert table.num_units.rank().tolist() == table.convolutions.rank().tolist()
    assert table.parameters.rank().tolist() == table.flops.rank().tolist()
    larger = [(arch.count("nor_conv_3x3"), arch.count("nor_conv_1x1")) for arch in ARCHS]
    order = sorted(set(larger))
    assert table.parameters.rank(method="dense").tolist() == [order.index(pair) + 1 for pair in larger]
    assert table.convolutions_3x3.iloc[np.argmax(by_edges)] // 100 == max(by_edges)


def test_vertices_of_nasbench101_are_counted_where_they_are_reached_and_other_spaces_have_sizes_alone() -> None:
    cell = "conv3x3(0)|conv1x1(1)|maxpool3x3(2)|output(3)"
    space = get_space("nasbench101")
    text = space.to_str(space.from_str(cell))
    row = count_sizes("nasbench101", [text]).iloc[0]
    assert (row.convolutions, row.convolutions_3x3) == (2, 201)
    widths = get_space("nats_size")
    assert "convolutions" not in count_sizes("nats_size", [widths.to_str(widths[0])])


def test_a_count_takes_the_place_of_a_score() -> None:
    table = as_scores(count_sizes("nasbench201", ARCHS[:3]), "parameters")
    assert table.score.tolist() == network_sizes("nasbench201", ARCHS[:3]).parameters.tolist()
    assert table[["arch", "seconds", "error"]].values.tolist() == [[arch, 0.0, ""] for arch in ARCHS[:3]]


def test_a_space_that_is_not_known_is_named() -> None:
    with pytest.raises(ValueError, match="nasbench999"):
        count_sizes("nasbench999", ["x"])
