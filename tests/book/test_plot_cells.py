"""A drawing of a cell holds what the architecture says, nothing on top of anything else."""

from itertools import combinations, pairwise

import matplotlib.pyplot as plt
import networkx as nx
import numpy as np
import pytest
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from naswotbook.plots import cells
from naswotbook.plots.cells import cell_graph, lay_out, order
from naswotbook.plots.style import WIDE
from naswotlib.spaces import get_space, list_spaces


@pytest.fixture
def draw():
    yield lambda space, arch: cells(get_space(space).cells(arch))
    plt.close("all")


def texts(ax: plt.Axes) -> list[str]:
    return sorted(text.get_text() for text in ax.texts)


def test_a_cell_of_nas_bench_201_has_its_four_nodes_and_six_operations(draw):
    [ax] = draw("nasbench201", get_space("nasbench201")[9]).axes
    assert texts(ax) == sorted(["0", "1", "2", "3", "avg 3×3", "none", "none", "skip", "none", "conv 3×3"])
    assert sum(isinstance(patch, FancyArrowPatch) for patch in ax.patches) == 12
    broken = [patch for patch in ax.patches if isinstance(patch, FancyBboxPatch) and patch.get_linestyle() == "--"]
    assert len(broken) == 3  # of none


def test_a_cell_of_nas_bench_101_is_drawn_without_its_unused_vertices(draw):
    space = get_space("nasbench101")
    [ax] = draw("nasbench101", space.from_str("conv3x3(0)|maxpool3x3(0)|conv1x1(1)|output(0,3)")).axes
    assert texts(ax) == ["1: conv3×3", "2: conv1×1", "input", "output"]


def test_both_cells_of_a_genotype_are_drawn_under_their_names(draw):
    space = get_space("nds_pnas_fixed")
    figure = draw("nds_pnas_fixed", space.sample(np.random.default_rng(0)))
    assert [ax.get_title() for ax in figure.axes] == ["normal", "reduce"]


def test_two_operations_between_the_same_states_are_two_boxes():
    graph = cell_graph([("0", "2", "sep_conv_3x3"), ("0", "2", "sep_conv_3x3"), ("2", "output", "")])
    assert sorted(graph.nodes[node]["label"] for node in graph) == ["0", "2", "output", "sep 3×3", "sep 3×3"]


def test_an_edge_over_a_layer_has_a_place_in_it():
    layers = order(cell_graph([("a", "b", ""), ("b", "c", ""), ("a", "c", "")]))
    assert [len(layer) for layer in layers] == [1, 2, 1]
    assert ("via", "a", "c", 1) in layers[1]


def test_averages_leave_no_crossing_where_none_is_needed():
    edges = [("0", "x", ""), ("1", "y", ""), ("x", "b", ""), ("y", "a", ""), ("b", "out", ""), ("a", "out", "")]
    layers = order(cell_graph(edges))
    assert (layers[0].index("0") < layers[0].index("1")) == (layers[1].index("x") < layers[1].index("y"))
    assert (layers[1].index("x") < layers[1].index("y")) == (layers[2].index("b") < layers[2].index("a"))


@pytest.mark.parametrize("name", list_spaces())
def test_boxes_lie_in_the_picture_apart_and_arrows_lead_to_the_right(draw, name):
    space, rng = get_space(name), np.random.default_rng(0)
    for arch in (space.sample(rng) for _ in range(3)):
        for ax, edges in zip(draw(name, arch).axes, space.cells(arch).values(), strict=True):
            graph = cell_graph(edges)
            assert nx.is_directed_acyclic_graph(graph)
            boxes = [patch for patch in ax.patches if isinstance(patch, FancyBboxPatch)]
            arrows = [patch for patch in ax.patches if isinstance(patch, FancyArrowPatch)]
            assert (len(boxes), len(arrows)) == (graph.number_of_nodes(), graph.number_of_edges())
            spans = [(b.get_x(), b.get_x() + b.get_width(), b.get_y(), b.get_y() + b.get_height()) for b in boxes]
            for (l0, r0, b0, t0), (l1, r1, b1, t1) in combinations(spans, 2):
                assert r0 <= l1 or r1 <= l0 or t0 <= b1 or t1 <= b0
            (left, right), (bottom, top) = ax.get_xlim(), ax.get_ylim()
            assert all(left < l and r < right and bottom < b and t < top for l, r, b, t in spans)  # noqa: E741
            for edge in (edge for *_, edge in lay_out(graph)[0].edges.data() if not edge.get("turns")):
                across = [x for x, _ in edge["knots"]]
                assert across == sorted(set(across))


def test_a_chain_that_is_wider_than_a_page_goes_on_in_a_second_row():
    names = ["image", *(f"{number}: a long name" for number in range(6)), "classifier"]
    graph, wide, _ = lay_out(cell_graph([(one, other, "") for one, other in pairwise(names)]))
    assert wide <= WIDE
    heights = [graph.nodes[name]["box"][2] for name in names]
    assert heights == sorted(heights, reverse=True)
    assert len(set(heights)) == 2
    for row in set(heights):
        boxes = [graph.nodes[name]["box"] for name in names if graph.nodes[name]["box"][2] == row]
        assert all(left[1] < right[0] for left, right in pairwise(boxes))
    [turn] = [(one, other) for one, other, edge in graph.edges.data() if edge.get("turns")]
    knots = graph.edges[turn]["knots"]
    assert knots[0] == (graph.nodes[turn[0]]["box"][1], max(heights))
    assert knots[-1] == (graph.nodes[turn[1]]["box"][0], min(heights))
    assert all(0 <= x <= wide for x, _ in knots)
