"""NATS-Bench's size space against published counts, order and names."""

import hashlib
from collections import Counter

import numpy as np
import pytest

from naswotlib.spaces import get_space
from naswotlib.spaces.nasbench201 import NASBench201
from naswotlib.spaces.nats_size import CELL
from support.counting import parameters, units

space = get_space("nats_size")


def test_official_order_by_digest_of_all_names():
    names = "\n".join(map(space.to_str, space))
    assert hashlib.sha256(names.encode()).hexdigest() == (
        "8b99b4c0aabe959924c6fb36c0ee4a3f79362343e36b7752b90deee9409b492f"
    )


@pytest.mark.parametrize(
    ("text", "params", "once", "reference"),
    [
        ("8:8:8:8:8", 11_714, 67_072, 133_632),
        ("8:8:8:16:32", 49_202, 74_752, 147_456),
        ("8:8:40:32:40", 144_834, 112_640, 222_720),
        ("48:40:32:24:16", 219_226, 367_104, 733_184),
        ("64:64:64:64:64", 713_674, 536_576, 1_069_056),
    ],
)
def test_known_configurations_have_known_parameters_and_units(text, params, once, reference):
    arch = space.from_str(text)
    assert parameters(space.graph(arch)) == params
    assert units(space.build(arch, seed=0), 32) == (once, reference)


def test_the_fixed_cell_stands_at_its_index_of_the_topology_space():
    assert NASBench201()[9930] == CELL


def test_a_cell_that_keeps_its_width_is_that_of_the_topology_space():
    cell = get_space("nasbench201").graph(CELL, stem_channels=16, cells_per_stage=1)
    ours = space.graph(space.from_str("16:32:32:64:64"))
    assert ours.ops == cell.ops


def test_the_benchmarks_mutation_keeps_the_parent_one_time_in_eight_and_ours_never():
    rng = np.random.default_rng(0)
    parent = space[22737]
    same = Counter(space.mutate_benchmark(parent, rng) == parent for _ in range(4000))
    assert same[True] / 4000 == pytest.approx(1 / 8, abs=0.02)
    assert all(space.mutate(parent, rng) != parent for _ in range(500))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("8:8:8:8", "got 4"),
        ("8:8:12:8:8", "layer 2: 12 is unknown"),
        ("8:8:x:8:8", "8:8:x:8:8"),
        ("", "''"),
        (8, "8"),
    ],
)
def test_a_malformed_configuration_is_named_with_its_place(text, said):
    with pytest.raises(ValueError, match=said):
        space.from_str(text)


def test_dividing_the_channels_divides_every_width_and_keeps_the_operations():
    arch = space.from_str("64:8:24:40:16")
    small, full = space.graph(arch, divide=4), space.graph(arch)
    assert [op.kind for op in small.ops] == [op.kind for op in full.ops]
    assert all(s.channels * 4 == f.channels for s, f in zip(small.ops[1:-1], full.ops[1:-1], strict=True))
    with pytest.raises(ValueError, match="divide: 3 is unknown; choose one of 1, 2, 4, 8"):
        space.graph(arch, divide=3)
