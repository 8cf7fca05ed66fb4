"""Sizes by arithmetic against networks that are built and run."""

import numpy as np
import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from naswotlib.graph import Graph
from naswotlib.graph.sizes import network_size, shapes
from naswotlib.spaces import get_space, list_spaces
from naswotlib.spaces.sizes import network_sizes
from support.counting import parameters, units

# Skeletons small enough to run; NDS's smallest has both kinds of reduction.
SMALL = {
    "nasbench201": {"cells_per_stage": 1},
    "nasbench101": {"modules_per_stack": 1},
    **{name: {"width": 8, "depth": 4} for name in list_spaces("nds_*")},
}


@pytest.mark.parametrize("name", list_spaces())
def test_sizes_are_those_of_the_built_network(name):
    space, rng, side = get_space(name), np.random.default_rng(0), 20  # which halves to an odd number
    for arch in (space.sample(rng) for _ in range(2)):
        graph = space.graph(arch, **SMALL.get(name, {}))
        size = network_size(graph, side)
        network = space.build(arch, seed=0, **SMALL.get(name, {}))
        with FlopCounterMode(display=False) as counter, torch.no_grad():
            network.to("meta").eval()(torch.empty(1, 3, side, side, device="meta"))
        assert size.parameters == parameters(graph) == sum(p.numel() for p in network.parameters())
        assert size.flops == counter.get_total_flops() / 2
        assert size.num_units == units(network, side)[0]


def test_a_strided_zero_keeps_the_first_of_each_pair_of_pixels():
    graph = Graph()
    graph.zero(graph.input(3), stride=2)
    assert shapes(graph, 9)[-1] == (3, 5, 5) == torch.empty(1, 3, 9, 9)[:, :, ::2, ::2].shape[1:]


def test_a_row_for_each_architecture_in_their_order_text_or_not():
    space = get_space("nats_size")
    table = network_sizes(space, [space[3], "8:8:8:16:32"], side=16)
    assert table.arch.tolist() == ["8:8:8:8:32", "8:8:8:16:32"]
    assert table.num_units[1] * 4 == 74_752  # the published number is for 32 pixels
