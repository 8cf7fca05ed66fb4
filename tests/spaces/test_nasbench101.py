"""NAS-Bench-101 against the benchmark's hashes, parameters, enumeration and mutations."""

from collections import Counter
from itertools import product

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chisquare

from naswotlib.scoring.score import naswot_score
from naswotlib.spaces import get_space
from naswotlib.spaces.nasbench101 import vertex_channels
from naswotlib.spaces.nasbench101_spec import OPERATIONS, ModelSpec, enumerate_specs, fault_of, matrix_from_bits
from support.counting import parameters, units

space = get_space("nasbench101")
INCEPTION = "conv1x1(0)|conv3x3(0)|conv3x3(0)|conv3x3(3)|maxpool3x3(0)|output(1,2,4,5)"
KNOWN = [  # triangle, operations, hash, parameters at stem 128 and 10 classes, at stem 16 and 1 class, N_A at stem 16
    ("1", "", "043721b9c7fe8c5fad811d47d83132ec", 882_570, 14_769, 102_400),
    ("101", "0", "b49ac8c578b4561d79ac7087988f1c61", 10_177_674, 160_593, 188_416),
    ("111", "0", "d32d0b26d534203b48d866facd98cc3e", 11_051_402, 174_833, 274_432),
    ("100110100001001010101", "02001", "00005c142e6f48ac74fdcf73e3439874", 8_555_530, 136_129, 317_440),
    ("100000110000011100111", "12002", "ffff76fafa7b0cdf545fd7feee9c8bf9", 2_490_930, 39_750, 134_272),
    ("111010000010001100011", "10002", "28cfc7874f6d200472e1a9dcd8650aa0", 2_694_282, 43_665, 188_416),
]
seeds = st.integers(0, 10_000)


def from_upper(bits: str, ops: str) -> ModelSpec:
    """The spec of a row of a table: the strict upper triangle row by row, and numbers of OPERATIONS."""
    matrix = matrix_from_bits(map(int, bits), len(ops) + 2)
    return ModelSpec(matrix, ("input", *(OPERATIONS[int(op)] for op in ops), "output"))


def drawn(seed: int) -> ModelSpec:
    return space.sample(np.random.default_rng(seed))


@pytest.mark.parametrize(("bits", "ops", "digest", "params", "small_params", "once"), KNOWN)
def test_known_cells_have_known_hashes_parameters_and_units(bits, ops, digest, params, small_params, once):
    spec = from_upper(bits, ops)
    assert spec.hash == digest
    assert parameters(space.graph(spec, stem_channels=128)) == params
    assert parameters(space.graph(spec, num_classes=1)) == small_params
    assert units(space.build(spec, seed=0), 32) == (once, once)


def test_the_inception_like_cell_of_the_notebook_by_its_text():
    spec = space.from_str(INCEPTION)
    assert spec == from_upper("111010000010001100011", "10002")
    assert space.to_str(spec) == INCEPTION


def test_parameters_and_a_sample_of_hashes_are_those_of_the_published_table(data_dir):
    table = pd.read_parquet(data_dir / "nasbench101.parquet", columns=["hash", "adj_upper", "ops", "params"])
    for row in table.sample(5000, random_state=0).itertuples():
        assert from_upper(row.adj_upper, row.ops).hash == row.hash
    for row in table.sample(2000, random_state=1).itertuples():
        assert parameters(space.graph(from_upper(row.adj_upper, row.ops), stem_channels=128)) == row.params


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_every_hash_of_the_published_table_is_reproduced(data_dir):
    table = pd.read_parquet(data_dir / "nasbench101.parquet", columns=["hash", "adj_upper", "ops"])
    assert len(table) == space.num_architectures
    wrong = [row.hash for row in table.itertuples() if from_upper(row.adj_upper, row.ops).hash != row.hash]
    assert wrong == []


def test_enumeration_finds_every_cell_of_up_to_five_vertices_once():
    sizes = Counter(len(spec.ops) for spec in enumerate_specs(5))
    assert sizes == {2: 1, 3: 6, 4: 84, 5: 2441}


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_enumeration_finds_all_423624_cells():
    sizes = Counter(len(spec.ops) for spec in enumerate_specs())
    assert sizes == {2: 1, 3: 6, 4: 84, 5: 2_441, 6: 62_010, 7: 359_082}
    assert sizes.total() == space.num_architectures


def test_enumeration_of_four_vertices_is_that_of_all_labelled_graphs():
    hashes = set()
    for bits, ops in product(product((0, 1), repeat=6), product("012", repeat=2)):
        if not fault_of(matrix_from_bits(bits, 4)):
            hashes.add(from_upper("".join(map(str, bits)), "".join(ops)).hash)
    assert hashes == {spec.hash for spec in enumerate_specs(4)}


@settings(max_examples=40, deadline=None)
@given(seeds)
def test_pruning_filling_and_the_order_of_vertices_leave_the_hash_as_it_is(seed):
    spec = drawn(seed)
    assert spec.pruned.hash == spec.filled.hash == spec.pruned.filled.hash == spec.hash
    assert spec.pruned.pruned == spec.pruned
    order = np.random.default_rng(seed).permutation(np.arange(1, 6))
    renamed = np.zeros((7, 7), int)
    names = [0, *order.tolist(), 6]
    for i, j in product(range(7), repeat=2):
        renamed[names[i], names[j]] = spec.matrix[i][j]
    if not np.tril(renamed).any():  # a renaming that is still drawn with edges from lower to higher vertices
        ops = [spec.ops[names.index(v)] for v in range(7)]
        assert ModelSpec(renamed, ops).hash == spec.hash


def test_vertices_share_the_output_and_others_are_as_wide_as_the_widest_that_they_feed():
    # Three vertices make 64 = 22 + 21 + 21 channels; vertex 1 feeds one of 22 and one of 21, which truncates it.
    edges = {(0, 1), (1, 2), (1, 3), (2, 5), (3, 5), (0, 4), (4, 5)}
    table = tuple(tuple(int((i, j) in edges) for j in range(6)) for i in range(6))
    assert vertex_channels(table, 32, 64) == [32, 22, 22, 21, 21, 64]


def test_a_projection_added_to_the_only_vertex_of_the_output_leaves_its_relu_intact():
    """Where the authors' script, adding in place, records no score."""
    spec = space.from_str("conv3x3(0)|output(0,1)")
    network = space.build(spec, seed=0, modules_per_stack=1)
    images = torch.randn(8, 3, 16, 16)
    network.train()(images).sum().backward()
    assert all(p.grad is not None for p in network.parameters())
    assert np.isfinite(naswot_score(network, images).value)


def test_sampling_is_uniform_over_the_legal_labelled_graphs_of_seven_vertices():
    rng = np.random.default_rng(0)
    specs = [space.sample(rng) for _ in range(2000)]
    ops = Counter(op for spec in specs for op in spec.ops[1:-1])
    assert chisquare([ops[op] for op in OPERATIONS]).pvalue > 1e-4
    # Every bit is fair before rejection, so any two legal graphs are as likely: compare with rejection from all.
    numbers = rng.integers(2, size=(20_000, 21))
    legal = np.array([bits for bits in numbers if not fault_of(matrix_from_bits(bits.tolist(), 7))])
    assert len(legal) / len(numbers) == pytest.approx(0.73, abs=0.02)
    shares = Counter(len(spec.pruned.ops) for spec in specs)
    assert [shares[v] / 2000 for v in range(2, 8)] == pytest.approx([0.10, 0.20, 0.27, 0.29, 0.13, 0.004], abs=0.03)


def test_sampling_from_a_table_is_uniform_over_its_rows():
    table = [from_upper(bits, ops) for bits, ops, *_ in KNOWN]
    rng = np.random.default_rng(0)
    drawn_rows = Counter(space.sample_table(rng, table) for _ in range(3000))
    assert chisquare([drawn_rows[spec] for spec in table]).pvalue > 1e-4


@settings(max_examples=60, deadline=None)
@given(seeds)
def test_the_papers_mutation_flips_one_edge_of_the_pruned_cell_and_never_adds_a_vertex(seed):
    parent = drawn(seed)
    child = space.mutate_paper(parent, np.random.default_rng(seed + 1))
    assert child == child.pruned
    assert len(child.ops) <= len(parent.pruned.ops)
    assert not Counter(child.ops) - Counter(parent.pruned.ops)
    if len(child.ops) == len(parent.pruned.ops):
        assert child.ops == parent.pruned.ops
        differs = sum(a != b for a, b in zip(child.bits, parent.pruned.bits, strict=True))
        assert differs == (0 if len(child.ops) == 2 else 1)


def test_the_papers_mutation_has_nothing_to_do_for_the_smallest_cell_alone():
    smallest = space.from_str("output(0)")
    assert space.mutate_paper(smallest, np.random.default_rng(0)) == smallest
    for spec in enumerate_specs(4):
        if spec != smallest:
            assert space.mutate_paper(spec, np.random.default_rng(0)).hash != spec.hash


def test_the_benchmarks_mutation_has_its_published_rates():
    """Of 21 edges each flips with probability 1/7, of five operations each changes with probability 1/5."""
    rng = np.random.default_rng(0)
    kept = flips = changes = 0
    for _ in range(1500):
        parent = space.sample(rng)
        child = space.mutate_benchmark(parent, rng)
        assert len(child.ops) == 7
        kept += child.hash == parent.hash
        flips += sum(a != b for a, b in zip(child.bits, parent.bits, strict=True))
        changes += sum(a != b for a, b in zip(child.ops, parent.ops, strict=True))
    assert kept / 1500 == pytest.approx(0.19, abs=0.04)
    assert changes / 1500 == pytest.approx(1.0, abs=0.1)
    assert flips / 1500 == pytest.approx(3.0, abs=0.3)  # a little less, as illegal children are drawn again


@settings(max_examples=60, deadline=None)
@given(seeds)
def test_our_mutation_makes_another_cell(seed):
    parent = drawn(seed)
    child = space.mutate(parent, np.random.default_rng(seed))
    assert child.hash != parent.hash or len(parent.pruned.ops) == 2


def test_our_mutation_changes_an_unused_decision_where_no_one_change_makes_another_cell():
    alone = space.from_str("conv3x3()|conv3x3()|conv3x3()|conv3x3()|conv3x3()|output(0)")
    child = space.mutate(alone, np.random.default_rng(0))
    assert child != alone
    assert child.hash == alone.hash


def test_our_mutation_reaches_larger_cells_from_the_smallest():
    rng = np.random.default_rng(0)
    spec = space.from_str("output(0)")
    sizes = set()
    for _ in range(400):
        spec = space.mutate(spec, rng)
        sizes.add(len(spec.pruned.ops))
    assert sizes >= {3, 4, 5, 6}


MATRIX = ((0, 1, 1), (0, 0, 1), (0, 0, 0))
OPS = ("input", "conv3x3-bn-relu", "output")


@pytest.mark.parametrize(
    ("matrix", "ops", "said"),
    [
        (MATRIX[:2], OPS, "3 rows of 3"),
        (((0, 2, 1), *MATRIX[1:]), OPS, "row 0, column 1.*0 or 1, got 2"),
        (((0, 0.5, 1), *MATRIX[1:]), OPS, "row 0, column 1.*0 or 1, got 0.5"),
        ((*MATRIX[:2], (1, 0, 0)), OPS, "row 2, column 0.*got 1"),
        (MATRIX, ("input", "conv5x5-bn-relu", "output"), "vertex 1.*'conv5x5-bn-relu'"),
        (MATRIX, ("output", "maxpool3x3", "input"), "vertex 0.*'output'"),
        (((0, 1, 0), (0, 0, 0), (0, 0, 0)), OPS, "no path leads from the input, vertex 0, to the output, vertex 2"),
        (matrix_from_bits([1] * 10, 5), ("input", *OPERATIONS, "output"), "10 edges .* at most 9"),
        (matrix_from_bits([j == i + 1 for i in range(8) for j in range(i + 1, 8)], 8), None, "8 vertices .* at most 7"),
    ],
)
def test_a_spec_that_is_no_cell_is_named_with_its_place(matrix, ops, said):
    ops = ops or ("input", *OPERATIONS[:1] * 6, "output")
    with pytest.raises(ValueError, match=said):
        ModelSpec(matrix, ops)


def test_the_limits_hold_after_pruning_as_in_the_benchmark():
    # Vertices 3 and 4 lead nowhere, and take five of the ten edges with them.
    spec = space.from_str("conv3x3(0)|conv3x3(0,1)|conv3x3(0,1,2)|conv3x3(1,2)|output(1,2)")
    assert (sum(spec.bits), sum(spec.pruned.bits)) == (10, 5)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("conv3x3(0)|conv1x1[1]|output(2)", r"vertex 2.*'conv1x1\[1\]'"),
        ("conv3x3(0)|conv5x5(1)|output(2)", "vertex 2: 'conv5x5'"),
        ("conv3x3(0)|conv1x1(3)|output(2)", r"vertex 2.*reads \[3\]"),
        ("conv3x3(0)|conv1x1(1,1)|output(2)", r"vertex 2.*reads \[1, 1\]"),
        ("conv3x3(0)|conv1x1(1)", "vertex 2: 'conv1x1'.*output"),
        ("conv3x3(0)|output()", "no path"),
        (3, "3"),
    ],
)
def test_a_malformed_text_is_named_with_its_place(text, said):
    with pytest.raises(ValueError, match=said):
        space.from_str(text)


def test_a_stem_too_narrow_to_be_shared_is_refused():
    with pytest.raises(ValueError, match="stem_channels: expected at least 5, got 4"):
        space.graph(space.from_str(INCEPTION), stem_channels=4)
