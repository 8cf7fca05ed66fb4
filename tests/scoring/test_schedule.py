"""The schedule of the fast engine: nothing is read that was not written, nothing overwritten that is still read."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from naswotlib import get_space
from naswotlib.graph import Graph, init_weights
from naswotlib.graph.sizes import network_size
from naswotlib.scoring import engine
from naswotlib.scoring.plan import make_plan
from naswotlib.scoring.program import Arena, Program
from naswotlib.scoring.schedule import make_program
from support.small_graphs import images, random_graph

SPACE = get_space("nasbench201")


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(1, 9)), max_size=60))
def test_memory_that_is_taken_never_overlaps_and_all_of_it_comes_back(steps: list[tuple[int, int]]) -> None:
    arena, taken = Arena(), []
    for choice, blocks in steps:
        if choice < 3 or not taken:
            start, floats = arena.take(16 * blocks), 16 * blocks
            assert all(start + floats <= other or start >= other + size for other, size in taken)
            assert start + floats <= arena.floats
            taken.append((start, floats))
        else:
            arena.give(*taken.pop(choice % len(taken)))
    for block in taken:
        arena.give(*block)
    floats = arena.floats
    assert floats == 0 or arena.take(floats) == 0
    assert arena.floats == floats


@pytest.mark.parametrize("seed", range(8))
def test_what_memory_holds_before_a_run_does_not_matter(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    graph, inputs = random_graph(seed), images(6, 16, seed=seed)
    weights, kernels = init_weights(graph, seed), []
    aligned = engine.aligned
    for content in (0.0, np.nan):

        def filled(floats: int, content: float = content) -> Any:
            memory = aligned(floats)
            memory[:] = content
            return memory

        monkeypatch.setattr(engine, "aligned", filled)
        kernels.append(engine.graph_kernel(graph, weights, inputs, exact=False)[0])
    np.testing.assert_array_equal(*kernels)


def program(graph: Graph, side: int = 32, n: int = 128) -> Program:
    return make_program(make_plan(graph, "once"), (side, side), n)


def test_operations_are_counted_as_the_definition_needs_them():
    graph = Graph()
    x = graph.conv(graph.input(3), 24, 3, name="stem", padding=1)
    x = graph.conv(graph.relu(x, name="a"), 24, 5, name="depthwise", padding=2, stride=2, groups=24)
    x = graph.conv(graph.conv(x, 32, 1, name="pointwise"), 16, (1, 7), name="row", padding=(0, 3))
    graph.relu(x, name="b")
    assert program(graph).flops == 2 * 128 * network_size(graph, 32).flops


def test_a_node_of_a_cell_is_read_once_and_stored_only_for_sums_and_pools():
    convolutions = "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|nor_conv_3x3~0|nor_conv_3x3~1|nor_conv_3x3~2|"
    pools = convolutions.replace("nor_conv_3x3~1", "avg_pool_3x3~1")
    without, with_pools = (
        program(SPACE.graph(SPACE.from_str(text), cells_per_stage=1)) for text in (convolutions, pools)
    )
    # Images and stem; three more nodes in each of 3 cells; in 2 blocks middle, pooled shortcut and sum; the last ReLU.
    assert len(without.passes) == len(with_pools.passes) == 2 + 3 * 3 + 2 * 3 + 1
    stored = [int((part.passes["value"] >= 0).sum()) for part in (without, with_pools)]
    assert stored[1] == stored[0] + 3


def test_images_that_do_not_fit_are_refused():
    graph = Graph()
    graph.relu(graph.avg_pool(graph.input(3), 7), name="a")
    with pytest.raises(ValueError, match=r"too small, avg_pool .*reads 7 pixels side by side of a 5×5 image"):
        program(graph, side=5)
    with pytest.raises(ValueError, match="halve evenly"):
        program(SPACE.graph(SPACE[9930]), side=15)
