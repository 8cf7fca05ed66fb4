"""NDS against known networks, plain torch layers and published record forms."""

import json
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
import torch
from scipy.stats import chisquare
from torch import nn

from naswotlib.graph import Graph, GraphNetwork, init_weights
from naswotlib.spaces import get_space, list_spaces
from naswotlib.spaces.nds import Genotype, NDSSpace
from naswotlib.spaces.nds_ops import add_factorized_reduction, add_operation
from support.counting import parameters, units

SHORT = {
    **{"sep3": "sep_conv_3x3", "sep5": "sep_conv_5x5", "sep7": "sep_conv_7x7", "skip": "skip_connect"},
    **{"dil3": "dil_conv_3x3", "max3": "max_pool_3x3", "avg3": "avg_pool_3x3", "c7": "conv_7x1_1x7"},
    **{"ds3": "dil_sep_conv_3x3"},
}


def pairs(text: str) -> list[tuple[str, int]]:
    words = text.split()
    return [(SHORT[op], int(state)) for op, state in zip(words[::2], words[1::2], strict=True)]


DARTS_V2 = {
    "normal": pairs("sep3 0 sep3 1 sep3 0 sep3 1 sep3 1 skip 0 skip 0 dil3 2"),
    "normal_concat": [2, 3, 4, 5],
    "reduce": pairs("max3 0 max3 1 skip 2 max3 1 max3 0 skip 2 skip 2 max3 1"),
    "reduce_concat": [2, 3, 4, 5],
}
AMOEBA = {  # of a published record
    "normal": pairs("avg3 0 c7 1 sep3 2 sep5 0 ds3 2 ds3 2 skip 4 ds3 4 c7 2 sep3 4"),
    "normal_concat": [3, 5, 6],
    "reduce": pairs("avg3 0 ds3 1 sep3 0 sep3 0 skip 2 sep7 0 c7 4 skip 4 c7 0 c7 5"),
    "reduce_concat": [3, 6],
}


def record(genotype: dict, width: int, depth: int, **net) -> dict:
    return {"net": {"genotype": genotype, "width": width, "depth": depth, "drop_prob": 0.0, **net}, "rng_seed": 1}


@pytest.mark.parametrize(
    ("name", "genotype", "size", "skeleton", "params", "once", "reference"),
    [
        ("nds_darts", DARTS_V2, (16, 20), {"width": 36}, 3_349_342, 7_796_736, 11_114_496),
        ("nds_darts_fixed", DARTS_V2, (16, 20), {}, 710_682, 3_465_216, 4_939_776),
        ("nds_darts", DARTS_V2, (16, 8), {}, 246_106, 1_286_144, 1_843_200),
        ("nds_amoeba", AMOEBA, (32, 12), {}, 4_190_314, 5_054_464, 6_455_296),
        ("nds_darts_imagenet", DARTS_V2, (48, 14), {"num_classes": 1000}, 4_718_752, 5_795_328, 7_865_088),
    ],
    ids=["darts_v2_36x20", "darts_v2_16x20", "darts_v2_16x8", "amoeba_32x12", "darts_v2_imagenet"],
)
def test_known_networks_have_known_parameters_and_units(name, genotype, size, skeleton, params, once, reference):
    space = get_space(name)
    arch = space.from_record(record(genotype, *size))
    assert parameters(space.graph(arch, **skeleton)) == params
    side = 224 if space.imagenet else 32
    assert units(space.build(arch, seed=0, **skeleton), side) == (once, reference)


@pytest.mark.parametrize(
    ("name", "cells"),
    [
        ("nds_nasnet", 7.1466e16),
        ("nds_amoeba", 5.566e14),
        ("nds_pnas", 5.566e14),
        ("nds_enas", 5.0625e12),
        ("nds_darts", 2.416e11),
    ],
)
def test_sizes_are_the_published_numbers_of_cells_squared_times_widths_and_depths(name, cells):
    space = get_space(name)
    assert (space.num_architectures / 15) ** 0.5 == pytest.approx(cells, rel=1e-3)


def test_size_of_a_tiny_space_is_what_counting_finds():
    space = NDSSpace("tiny", ("skip_connect", "none"), 1, widths=(2, 4), depths=(3,))
    rng = np.random.default_rng(0)
    assert len({space.sample(rng) for _ in range(8000)}) == space.num_architectures == (2 * 2 * 2 * 2) ** 2 * 2


C = 6


def depthwise_separable(kernel: int, stride: int, dilation: int) -> list[nn.Module]:
    padding = dilation * (kernel - 1) // 2
    return [
        nn.ReLU(),
        nn.Conv2d(C, C, kernel, stride, padding, dilation, groups=C, bias=False),
        nn.Conv2d(C, C, 1, bias=False),
        nn.BatchNorm2d(C),
    ]


def crossed(k: int, s: int) -> list[nn.Module]:
    return [
        nn.ReLU(),
        nn.Conv2d(C, C, (1, k), (1, s), (0, k // 2), bias=False),
        nn.Conv2d(C, C, (k, 1), (s, 1), (k // 2, 0), bias=False),
        nn.BatchNorm2d(C),
    ]


PLAIN = {
    "avg_pool_3x3": lambda s: [nn.AvgPool2d(3, s, 1, count_include_pad=False)],
    **{f"max_pool_{k}x{k}": lambda s, k=k: [nn.MaxPool2d(k, s, k // 2)] for k in (3, 5, 7)},
    **{
        f"conv_{k}x{k}": lambda s, k=k: [nn.ReLU(), nn.Conv2d(C, C, k, s, k // 2, bias=False), nn.BatchNorm2d(C)]
        for k in (1, 3)
    },
    "conv_3x1_1x3": lambda s: crossed(3, s),
    "conv_7x1_1x7": lambda s: crossed(7, s),
    **{
        f"sep_conv_{k}x{k}": lambda s, k=k: depthwise_separable(k, s, 1) + depthwise_separable(k, 1, 1)
        for k in (3, 5, 7)
    },
    **{f"dil_conv_{k}x{k}": lambda s, k=k: depthwise_separable(k, s, 2) for k in (3, 5)},
    "dil_sep_conv_3x3": lambda s: depthwise_separable(3, s, 2) + depthwise_separable(3, 1, 2),
}


@pytest.mark.parametrize(("op", "stride"), list(product(PLAIN, (1, 2))))
def test_an_operation_is_its_published_layers_in_order(op, stride):
    graph = Graph()
    add_operation(graph, graph.input(C), op, stride, "op")
    with torch.random.fork_rng():
        torch.manual_seed(3)
        layers = nn.Sequential(*PLAIN[op](stride)).train()
    ours = GraphNetwork(graph, init_weights(graph, 3)).train()
    images = torch.randn(4, C, 9, 9)
    torch.testing.assert_close(ours(images), layers(images))
    assert all(o.reference == 1 for o in graph.ops)


def test_none_is_zero_and_skip_is_the_input_or_a_factorized_reduction():
    images = torch.randn(4, C, 8, 8)
    graph = Graph()
    x = graph.input(C)
    assert add_operation(graph, x, "skip_connect", 1, "op") == x
    add_operation(graph, x, "none", 2, "op")
    assert torch.equal(GraphNetwork(graph, {})(images), torch.zeros(4, C, 4, 4))

    graph = Graph()
    add_factorized_reduction(graph, graph.input(C), 8, "op")
    weights = init_weights(graph, 0)
    relu = images.relu()
    shifted = nn.functional.pad(relu, (0, 1, 0, 1))[:, :, 1:, 1:]
    halves = [
        nn.functional.conv2d(relu, weights["op.even.weight"], stride=2),
        nn.functional.conv2d(shifted, weights["op.odd.weight"], stride=2),
    ]
    expected = nn.functional.batch_norm(torch.cat(halves, 1), None, None, training=True)
    torch.testing.assert_close(GraphNetwork(graph, weights).train()(images), expected)


def test_every_operation_of_every_set_is_one_that_is_tested_here():
    used = {op for name in list_spaces("nds_*") for op in get_space(name).operations}
    assert used == {*PLAIN, "none", "skip_connect"}


@pytest.mark.parametrize("name", ["nds_darts", "nds_amoeba", "nds_darts_imagenet"])
def test_relus_that_get_no_gradient_are_those_that_the_reference_counting_leaves_out(name):
    """As the authors' hook, which waits for a gradient, would find on the built network."""
    space = get_space(name)
    arch = space.sample(np.random.default_rng(0))
    left_out = 0
    # Cells that read only one of their inputs: with (0, 1), no cell after some reads what it makes.
    for normal, reduce in [(None, None), (0, None), (1, None), (None, 0), (0, 1), (1, 0), (0, 0)]:
        fewer = replace(arch, normal=reading_only(normal, arch.normal), reduce=reading_only(reduce, arch.reduce))
        network = space.build(fewer, seed=0, width=4, depth=5).train()
        outputs = {}

        def keep(module, _, output, outputs=outputs):
            output.retain_grad()
            outputs[module] = output

        paths = {module: path for path, module in network.named_modules() if isinstance(module, nn.ReLU)}
        for module in paths:
            module.register_forward_hook(keep)
        network(torch.randn(2, 3, 16, 16)).sum().backward()
        for module, output in outputs.items():
            count, owner = module.reference_count, paths[module].rpartition(".")[0]
            assert (count == 0) == (output.grad is None)
            one_by_one = "preprocess" in owner and not hasattr(network.get_submodule(owner), "even")
            assert count in ((0, 2) if one_by_one else (0, 1))
            left_out += count == 0
    assert left_out > 20


def reading_only(state: int | None, cell: tuple) -> tuple:
    """The cell with all that it reads of its inputs read from one of them (from both as before for None)."""
    return tuple((op, state if state is not None and source < 2 else source) for op, source in cell)


def test_cells_at_a_third_and_two_thirds_of_the_depth_halve_the_image_and_double_the_channels():
    space = get_space("nds_darts")
    arch = space.from_record(record(DARTS_V2, 16, 4))
    for depth, reductions in [(4, (1, 2)), (8, (2, 5)), (12, (4, 8)), (16, (5, 10)), (20, (6, 13))]:
        graph = space.graph(arch, depth=depth)
        widths = {op.name.split(".")[0]: op.channels for op in graph.ops if "preprocess1.conv" in op.name}
        assert [n for n in range(1, depth) if widths[f"cell{n}"] > widths[f"cell{n - 1}"]] == list(reductions)


def test_dividing_a_network_keeps_three_cells_and_one_in_so_many_of_the_others():
    space = get_space("nds_darts")
    for width, depth, cells in [(16, 4, 3), (24, 8, 4), (32, 12, 5), (16, 16, 6), (24, 20, 7)]:
        arch = space.from_record(record(DARTS_V2, width, depth))
        assert space.graph(arch, divide=4).ops == space.graph(arch, width=width // 4, depth=cells).ops


def test_a_genotype_is_read_from_every_published_form():
    space = get_space("nds_darts")
    arch = space.from_record(record(DARTS_V2, 24, 12, aux=True))
    listed = {key: [list(pair) if isinstance(pair, tuple) else pair for pair in DARTS_V2[key]] for key in DARTS_V2}
    assert space.from_str(json.dumps(record(listed, 24, 12, aux=False))) == arch
    assert space.from_str(json.dumps({"genotype": listed, "width": 24, "depth": 12})) == arch
    text = f"Genotype(normal={DARTS_V2['normal']}, normal_concat=range(2, 6), "
    text += f"reduce={listed['reduce']}, reduce_concat=[2, 3, 4, 5]"
    assert space.from_str(f"{text}, width=24, depth=12)") == arch
    assert get_space("nds_darts_fixed").from_str(f"{text})") == replace(arch, width=16, depth=20)
    by_node = {cell: [DARTS_V2[cell][at : at + 2] for at in range(0, 8, 2)] for cell in ("normal", "reduce")}
    assert space.from_record({**DARTS_V2, **by_node, "width": 24, "depth": 12}) == arch
    assert eval(space.to_str(arch)) == arch


def test_outputs_are_made_of_all_nodes_or_of_those_that_none_reads():
    rng = np.random.default_rng(0)
    for name in list_spaces("nds_*"):
        space = get_space(name)
        for arch in [space.sample(rng) for _ in range(20)]:
            states = set(range(2, space.nodes + 2))
            unread = states - {state for _, state in arch.normal}
            assert set(arch.normal_concat) == (unread if space.loose else states)
    record_arch = get_space("nds_amoeba").from_record(record(AMOEBA, 32, 12))
    assert get_space("nds_amoeba")._concat(record_arch.normal) == record_arch.normal_concat
    assert get_space("nds_amoeba")._concat(record_arch.reduce) == record_arch.reduce_concat


def test_every_decision_is_sampled_uniformly_and_mutated_equally_often():
    space, rng = get_space("nds_darts"), np.random.default_rng(0)
    drawn = list(zip(*(space.decisions(space.sample(rng)) for _ in range(2000)), strict=True))
    for values, choices in zip(drawn, space._choices, strict=True):
        assert chisquare([values.count(choice) for choice in choices]).pvalue > 1e-5
    parent = space.sample(rng)
    before = space.decisions(parent)
    changed = []
    for _ in range(3000):
        after = space.decisions(space.mutate(parent, rng))
        changed += [i for i, (old, new) in enumerate(zip(before, after, strict=True)) if old != new]
    assert chisquare(np.bincount(changed, minlength=len(before))).pvalue > 1e-5


def test_two_inputs_of_a_node_are_the_same_state_as_often_as_chance_has_it():
    space, rng = get_space("nds_darts"), np.random.default_rng(0)
    archs = [space.sample(rng) for _ in range(1500)]
    for node, share in enumerate([1 / 2, 1 / 3, 1 / 4, 1 / 5]):
        same = [arch.normal[2 * node][1] == arch.normal[2 * node + 1][1] for arch in archs]
        assert np.mean(same) == pytest.approx(share, abs=0.05)


def test_fixed_spaces_have_one_width_and_depth():
    for name in list_spaces("nds_*_fixed"):
        arch = get_space(name).sample(np.random.default_rng(0))
        assert (arch.width, arch.depth) == (16, 20)


def broken(**changes) -> dict:
    """A record of DARTS_V2 with other values in some places: normal_3=..., reduce_concat=..., width=..."""
    genotype = {key: list(value) for key, value in DARTS_V2.items()}
    net = {"width": 16, "depth": 8}
    for key, value in changes.items():
        cell, _, position = key.partition("_")
        if position.isdigit():
            genotype[cell][int(position)] = value
        else:
            (net if key in net else genotype)[key] = value
    return record(genotype, **net)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"normal_3": ("conv_7x1_1x7", 0)}, r"normal cell, pair 3 \(node 3\): 'conv_7x1_1x7' is unknown"),
        ({"reduce_2": ("skip_connect", 3)}, r"reduce cell, pair 2 \(node 3\): reads state 3"),
        ({"reduce_2": ("skip_connect", -1)}, r"reads state -1"),
        ({"normal_0": ("skip_connect",)}, r"normal cell, pair 0.*got \('skip_connect',\)"),
        ({"normal_0": ("skip_connect", "0")}, r"pair 0.*got \('skip_connect', '0'\)"),
        ({"normal_0": 7}, r"pair 0.*got 7"),
        ({"normal": 7}, "normal: expected a list, got 7"),
        ({"reduce_concat": 7}, "reduce_concat: expected a list, got 7"),
        ({"normal": DARTS_V2["normal"][:6], "normal_concat": [2, 3, 4]}, "4 nodes of two pairs each, got 6"),
        ({"normal_concat": [2, 6]}, r"normal_concat.*got \[2, 6\]"),
        ({"reduce_concat": []}, r"reduce_concat.*got \[\]"),
        ({"reduce_concat": [3, 3]}, r"reduce_concat.*got \[3, 3\]"),
        ({"width": 17}, "width in nds_darts: 17 is unknown; choose one of 16, 24, 32"),
        ({"depth": 9}, "depth in nds_darts: 9 is unknown; choose one of 4, 8, 12, 16, 20"),
    ],
)
def test_a_fault_in_a_genotype_is_named_with_place_and_value(changes, said):
    with pytest.raises(ValueError, match=said):
        get_space("nds_darts").from_record(broken(**changes))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Genotype(normal=[('skip_connect', 0)])", "there is no normal_concat, reduce, reduce_concat, width, depth"),
        ('{"net": {"width": 16}}', "there is no normal"),
        ('{"net": ', "neither .* nor JSON"),
        ("Genotype(normal=", "neither .* nor JSON"),
        ("Genotype(normal=open('x'))", "open.* neither a literal nor a range"),
        ("Genotype(1, 2)", "not of the form"),
        ("[1, 2]", "not of the form"),
        ('{"net": 3}', "expected a mapping .* got 3"),
    ],
)
def test_a_text_that_is_no_genotype_is_named(text, said):
    with pytest.raises(ValueError, match=said):
        get_space("nds_darts").from_str(text)


def test_a_genotype_of_another_size_is_built_when_asked_and_refused_otherwise():
    space = get_space("nds_darts")
    arch = Genotype(**DARTS_V2, width=36, depth=20)
    with pytest.raises(ValueError, match="width in nds_darts: 36"):
        space.graph(arch)
    assert parameters(space.graph(replace(arch, width=16), width=36)) == 3_349_342


@pytest.mark.parametrize(("skeleton", "said"), [({"width": 7}, "width.*even.*7"), ({"depth": 2}, "depth.*3.*2")])
def test_an_impossible_skeleton_is_named(skeleton, said):
    space = get_space("nds_darts")
    with pytest.raises(ValueError, match=said):
        space.graph(space.sample(np.random.default_rng(0)), **skeleton)
