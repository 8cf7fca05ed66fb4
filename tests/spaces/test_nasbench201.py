"""NAS-Bench-201 against published counts, indices and names."""

import hashlib
from collections import Counter

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.stats import chisquare
from torch import nn

from naswotlib.scoring.watch import activation_codes
from naswotlib.spaces import get_space
from naswotlib.spaces.nasbench201 import OPERATIONS, Cell, isomorphism_class
from support.counting import parameters, units

space = get_space("nasbench201")


def test_official_order_by_digest_of_all_names():
    names = "\n".join(map(space.to_str, space))
    assert hashlib.sha256(names.encode()).hexdigest() == (
        "83abc799e45cf34e9d2163654668ab998b9a54d01c39e72ca1f71f2cdf356d84"
    )


def test_official_order_is_that_of_the_published_table(data_dir):
    table = pd.read_csv(data_dir / "nasbench201.csv.gz")
    text = table.columns[table.iloc[0].astype(str).str.startswith("|")][0]
    assert list(map(space.to_str, space)) == table[text].tolist()


@pytest.mark.parametrize(
    ("index", "params", "once", "reference"),
    [
        (0, 129_306, 327_680, 651_264),
        (1, 802_426, 471_040, 937_984),
        (3, 73_306, 40_960, 77_824),
        (9930, 1_288_506, 757_760, 1_511_424),
        (1462, 1_531_546, 901_120, 1_798_144),
    ],
)
def test_known_cells_have_known_parameters_and_units(index, params, once, reference):
    cell = space[index]
    assert parameters(space.graph(cell)) == params
    assert units(space.build(cell, seed=0), 32) == (once, reference)


def test_both_countings_of_the_score_are_those_of_the_network():
    network, images = space.build(space[0], seed=0), torch.randn(2, 3, 32, 32)
    assert activation_codes(network, images).num_units == 327_680
    assert activation_codes(network, images, counting="reference").num_units == 651_264


@pytest.mark.parametrize(("num_classes", "extra"), [(100, 5_850), (120, 7_150), (1, -585)])
def test_the_classifier_follows_the_number_of_classes(num_classes, extra):
    assert parameters(space.graph(space[0], num_classes=num_classes)) == 129_306 + extra


def test_parameters_follow_the_closed_form():
    for index in range(0, len(space), 97):
        count = Counter(space[index].ops)
        expected = 73_306 + 28_000 * count["nor_conv_1x1"] + 243_040 * count["nor_conv_3x3"]
        assert parameters(space.graph(space[index])) == expected


def test_special_cells_stand_at_their_indices():
    assert set(space[1651].ops) == {"none"}
    assert set(space[1835].ops) == {"skip_connect"}


def test_weights_are_those_of_constructing_the_layers_in_order():
    """Stem; each cell edge by edge in the order of the string; reduction as conv_a, conv_b, downsample; head."""
    cell = space.from_str("|nor_conv_3x3~0|+|none~0|nor_conv_1x1~1|+|skip_connect~0|nor_conv_3x3~1|avg_pool_3x3~2|")
    with torch.random.fork_rng():
        torch.manual_seed(5)
        layers: list[nn.Module] = [nn.Conv2d(3, 4, 3, bias=False), nn.BatchNorm2d(4)]
        for channels in (4, 8, 16):
            if channels > 4:
                layers += [nn.Conv2d(channels // 2, channels, 3, bias=False), nn.BatchNorm2d(channels)]
                layers += [nn.Conv2d(channels, channels, 3, bias=False), nn.BatchNorm2d(channels)]
                layers += [nn.Conv2d(channels // 2, channels, 1, bias=False)]
            for kernel in (3, 1, 3):
                layers += [nn.Conv2d(channels, channels, kernel, bias=False), nn.BatchNorm2d(channels)]
        layers += [nn.BatchNorm2d(16), nn.Linear(16, 10)]
    expected = [p for layer in layers for p in layer.parameters()]
    ours = list(space.build(cell, seed=5, stem_channels=4, cells_per_stage=1).parameters())
    assert [p.shape for p in ours] == [p.shape for p in expected]
    assert all(torch.equal(p, q) for p, q in zip(ours, expected, strict=True))


def test_two_convolutions_that_leave_a_node_have_the_same_codes():
    cell = Cell(("nor_conv_3x3", "nor_conv_1x1", "none", "none", "none", "skip_connect"))
    codes = activation_codes(space.build(cell, seed=0, cells_per_stage=1), torch.randn(4, 3, 8, 8))
    layers = {layer.name: layer.bits for layer in codes.layers}
    assert np.array_equal(layers["stage1.cell1.0_to_1.relu"], layers["stage1.cell1.0_to_2.relu"])


def test_isomorphism_classes_of_the_space_are_6466_and_keep_the_two_ends_apart():
    classes = {isomorphism_class(cell) for cell in space}
    assert len(classes) == 6466
    assert isomorphism_class(space[1651]) != isomorphism_class(space[1835])


def test_isomorphism_classes_of_three_operations_are_127():
    kept = {"none", "skip_connect", "nor_conv_3x3"}
    cells = [cell for cell in space if kept.issuperset(cell.ops)]
    assert (len(cells), len({isomorphism_class(cell) for cell in cells})) == (729, 127)


def test_isomorphism_class_of_hand_worked_cells():
    conv, pool, skip, none = "nor_conv_3x3", "avg_pool_3x3", "skip_connect", "none"
    direct_conv = Cell((pool, none, none, conv, skip, none))  # convolution on 0→3, pool over node 1
    direct_pool = Cell((conv, none, none, pool, skip, none))  # the other way round: the same sum
    assert isomorphism_class(direct_conv) == isomorphism_class(direct_pool) == "#+(0)@avg_pool_3x3+(0)@nor_conv_3x3"
    assert isomorphism_class(Cell((none, none, conv, none, none, conv))) == "#+#+(#+#)@nor_conv_3x3"
    assert isomorphism_class(Cell((none, none, none, skip, none, none))) == "#+#+0"


def test_mutation_changes_one_edge_with_the_benchmarks_own_probabilities():
    rng = np.random.default_rng(0)
    parent = space[1462]
    changed = Counter()
    for _ in range(3000):
        child = space.mutate(parent, rng)
        [edge] = [i for i in range(6) if child.ops[i] != parent.ops[i]]
        changed[edge] += 1
    expected = np.array([1 / 3, 1 / 6, 1 / 6, 1 / 9, 1 / 9, 1 / 9]) * 3000
    assert chisquare([changed[i] for i in range(6)], expected).pvalue > 1e-4


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("|none~0|", "3"),
        ("|none~0|+|none~0|none~1|+|none~0|none~1|conv~2|", r"edge 2→3.*'conv'"),
        ("|none~0|+|none~1|none~0|+|none~0|none~1|none~2|", r"group 2.*\|none~1\|none~0\|"),
        (17, "17"),
    ],
)
def test_a_malformed_cell_is_named_with_its_place(text, said):
    with pytest.raises(ValueError, match=said):
        space.from_str(text)


@pytest.mark.parametrize(
    ("skeleton", "named"),
    [
        ({"stem_channels": 0}, "stem_channels"),
        ({"cells_per_stage": -1}, "cells_per_stage"),
        ({"num_classes": 0}, "num_"),
    ],
)
def test_an_impossible_skeleton_is_named(skeleton, named):
    with pytest.raises(ValueError, match=named):
        space.build(space[0], seed=0, **skeleton)


def test_operations_are_in_canonical_order():
    assert OPERATIONS == ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")
