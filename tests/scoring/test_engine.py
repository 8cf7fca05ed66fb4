"""Scores from graphs: exact ones equal the plain definition, fast ones are as close as promised."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from naswotlib import arch_seed, get_space, load_images, naswot_score
from naswotlib.graph import Graph, GraphNetwork, init_weights
from naswotlib.scoring import engine
from naswotlib.scoring.compiled.exact import average_pool
from naswotlib.scoring.engine import graph_kernel, run_fast
from naswotlib.scoring.kernel import KernelSum, hamming_kernel, log_determinant
from naswotlib.scoring.plan import make_plan
from naswotlib.scoring.run import run_plan
from naswotlib.scoring.score import score_graph
from naswotlib.scoring.watch import activation_codes
from support.small_graphs import images, network_of, plain_kernel, random_graph

SPACE = get_space("nasbench201")
ALL_CONVOLUTIONS = "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|nor_conv_3x3~0|nor_conv_3x3~1|nor_conv_3x3~2|"
SMALL = {"stem_channels": 8, "cells_per_stage": 1}


def far_bits(exact: np.ndarray, fast: np.ndarray) -> int:
    return int(np.abs(exact - fast).max())


@pytest.mark.parametrize("counting", ["once", "reference"])
@pytest.mark.parametrize("seed", range(8))
def test_random_networks_of_all_operations_score_exactly_and_fast(seed, counting):
    network, inputs = network_of(random_graph(seed), seed), images(12, 16, seed=seed)
    expected = plain_kernel(network, inputs, reference=counting == "reference")
    exact = naswot_score(network, inputs, counting=counting)
    fast = naswot_score(network, inputs, counting=counting, exact=False)
    codes = activation_codes(network, inputs, counting=counting)
    assert exact.engine == fast.engine == "graph"
    np.testing.assert_array_equal(exact.kernel, expected)
    np.testing.assert_array_equal(hamming_kernel(codes), expected)
    assert exact.layers == fast.layers == codes.units_by_layer
    assert list(exact.layers) == list(codes.units_by_layer)
    assert exact.num_units == fast.num_units == expected[0, 0]
    assert far_bits(exact.kernel, fast.kernel) <= max(2, 1e-4 * exact.num_units)


def test_random_networks_together_use_every_kind_of_operation():
    kinds = Counter(op.kind for seed in range(8) for op in random_graph(seed).ops)
    expected = ["conv", "batch_norm", "relu", "avg_pool", "max_pool", "add", "concat", "zero", "truncate", "shift"]
    for kind in expected:
        assert kinds[kind] > 0, kind
    convs = [op for seed in range(8) for op in random_graph(seed).ops if op.kind == "conv"]
    assert any(op.groups > 1 for op in convs)
    assert any(op.dilation == (2, 2) for op in convs)
    assert any(op.kernel == (1, 7) for op in convs)
    assert any(op.kind == "add" and len(op.inputs) > 4 for seed in range(8) for op in random_graph(seed).ops)


def test_twenty_cells_score_exactly_and_fast():
    rng = np.random.default_rng(0)
    flipped = units = 0
    for seed in range(20):
        network, inputs = SPACE.build(SPACE.sample(rng), seed=seed, **SMALL), images(16, 16, seed=seed)
        exact, fast = naswot_score(network, inputs), naswot_score(network, inputs, exact=False)
        np.testing.assert_array_equal(exact.kernel, plain_kernel(network, inputs))
        assert far_bits(exact.kernel, fast.kernel) <= 1e-4 * exact.num_units
        if np.isfinite(exact.value):
            assert fast.value == pytest.approx(exact.value, rel=1e-6)
        flipped += np.abs(exact.kernel - fast.kernel).sum() / (2 * 16)  # a flip moves a row and a column
        units += 16 * exact.num_units
    assert flipped <= 1e-5 * units


def test_cells_at_the_size_of_the_paper_score_exactly_and_fast():
    inputs = images(128, 32)
    for index in (9930, 1462):
        network = SPACE.build(SPACE[index], seed=index)
        exact, fast = naswot_score(network, inputs), naswot_score(network, inputs, exact=False)
        np.testing.assert_array_equal(exact.kernel, hamming_kernel(activation_codes(network, inputs)))
        assert far_bits(exact.kernel, fast.kernel) <= 1e-4 * exact.num_units
        assert fast.value == pytest.approx(exact.value, rel=1e-6)


def test_what_a_thread_keeps_from_one_network_to_the_next_changes_no_score():
    inputs, rng = images(16, 16), np.random.default_rng(3)
    networks = [SPACE.build(SPACE.sample(rng), seed=seed, **SMALL) for seed in range(3)]
    alone = [naswot_score(network, inputs, exact=False).kernel for network in networks]
    for network, kernel in [*zip(networks, alone, strict=True)][::-1]:
        for kept in engine._WORKSPACE._kept.values():
            kept.fill(np.nan)
        np.testing.assert_array_equal(naswot_score(network, inputs, exact=False).kernel, kernel)


def test_a_thread_keeps_memory_up_to_a_limit(monkeypatch):
    monkeypatch.setattr(engine, "KEPT", 1000)
    workspace = engine._Workspace()
    first, smaller = workspace.take("memory", 900), workspace.take("memory", 800)
    assert len(smaller) == 800
    assert np.shares_memory(first, smaller)
    assert not np.shares_memory(workspace.take("memory", 1001), workspace.take("memory", 900))
    assert not np.shares_memory(workspace.take("scratch", 900), first)


def both_codes(
    graph: Graph, weights: dict[str, torch.Tensor], inputs: torch.Tensor
) -> Iterator[tuple[torch.Tensor, np.ndarray, np.ndarray]]:
    """Each input of a ReLU, ``(N, C, H, W)``, and its bits by the exact engine and by the fast one."""
    plan = make_plan(graph, "once")
    with torch.inference_mode():
        run = run_fast(plan, weights, inputs)
        for value, y in run_plan(plan, weights, inputs, pool=average_pool):
            code, (n, channels, *sides) = run.program.codes[value], y.shape
            assert y[0].numel() == code.units == 16 * code.words  # no row is padded
            words = run.codes.view(np.uint16)[:, code.at : code.at + code.words].copy()
            fast = np.unpackbits(words.view(np.uint8), axis=1, bitorder="little")
            fast = fast.reshape(n, channels // 16, *sides, 16).transpose(0, 1, 4, 2, 3).reshape(y.shape)
            yield y, (y > 0).numpy(), fast.astype(bool)


def flipped_bits(graph: Graph, weights: dict[str, torch.Tensor], inputs: torch.Tensor) -> tuple[int, int, list[Any]]:
    """Bits of the codes in which exact and fast differ, all bits of both, and both K_H."""
    exact, fast = KernelSum(len(inputs)), KernelSum(len(inputs))
    flipped = counted = 0
    for y, bits, others in both_codes(graph, weights, inputs):
        flipped += int((bits != others).sum())
        counted += bits.size
        for total, codes in ((exact, bits), (fast, others)):
            packed = np.packbits(codes.reshape(len(y), -1), axis=1, bitorder="little").view(np.uint64)
            total.add(packed, y[0].numel(), 1)
    return flipped, counted, [exact.kernel(), fast.kernel()]


def flips_are_ties(graph: Graph, seed: int, inputs: torch.Tensor) -> int:
    """Assert that bits differ only where rounding decides, below 1e-5 of the channel's deviation; returns how many."""
    flipped = 0
    for y, bits, others in both_codes(graph, init_weights(graph, seed), inputs):
        apart = torch.from_numpy(bits != others)
        size = (y.abs() / y.std(dim=(0, 2, 3), keepdim=True))[apart]
        assert (size < 1e-5).all(), f"a bit differs where the input of the ReLU is {size.max():.1e} deviations"
        flipped += int(apart.sum())
    return flipped


def test_fast_differs_from_exact_only_where_the_input_of_a_relu_is_zero_but_for_rounding():
    rng = np.random.default_rng(7)
    assert sum(flips_are_ties(SPACE.graph(SPACE.sample(rng)), seed, images(16, 32, seed=seed)) for seed in range(6)) > 0


def test_one_tie_in_a_black_margin_flips_the_bits_of_every_image_that_has_the_margin(data_dir: Path):
    """Equal pixels have equal units. Here 3.6e-7, where the channel deviates by 2.2, is rounded below zero in 28 units
    of the lowest row of 24 images: the cell whose score moves most, by 6e-6 of itself.
    """
    text = "|skip_connect~0|+|none~0|nor_conv_1x1~1|+|skip_connect~0|skip_connect~1|avg_pool_3x3~2|"
    graph, seed = SPACE.graph(SPACE.from_str(text)), arch_seed(2, text)
    inputs = load_images("cifar10", 128, seed=2, data_dir=data_dir)
    assert flips_are_ties(graph, seed, inputs) > 0
    exact, fast = (score_graph(graph, init_weights(graph, seed), inputs, exact=exact) for exact in (True, False))
    assert fast.value == pytest.approx(exact.value, rel=1e-5)


@pytest.mark.slow
def test_fifty_cells_at_the_size_of_the_paper_differ_in_few_code_bits():
    rng, inputs = np.random.default_rng(0), images(128, 32)
    flipped = counted = 0
    for seed in range(50):
        graph = SPACE.graph(SPACE.sample(rng))
        few, many, kernels = flipped_bits(graph, init_weights(graph, seed), inputs)
        assert far_bits(*kernels) <= 1e-4 * kernels[0][0, 0]
        flipped += few
        counted += many
    assert 0 < flipped <= 10e-6 * counted, f"{flipped / counted * 1e6:.1f} in a million"


@pytest.mark.slow
def test_the_cell_of_convolutions_alone_differs_in_few_code_bits_whatever_its_weights():
    graph, inputs = SPACE.graph(SPACE.from_str(ALL_CONVOLUTIONS)), images(128, 32)
    for seed in range(8):
        few, many, kernels = flipped_bits(graph, init_weights(graph, seed), inputs)
        assert far_bits(*kernels) <= 1e-4 * kernels[0][0, 0]
        assert 0 < few <= 10e-6 * many, f"seed {seed}: {few / many * 1e6:.1f} in a million"


@pytest.mark.parametrize("exact", [True, False])
def test_number_of_threads_does_not_change_k(exact):
    graph, inputs = SPACE.graph(SPACE[1462], **SMALL), images(16, 16)
    weights, kernels = init_weights(graph, 3), []
    threads = torch.get_num_threads()
    try:
        for count in (1, 2):
            torch.set_num_threads(count)
            kernels.append(score_graph(graph, weights, inputs, exact=exact).kernel)
    finally:
        torch.set_num_threads(threads)
    np.testing.assert_array_equal(*kernels)


@pytest.mark.parametrize("exact", [True, False])
def test_scoring_a_graph_equals_scoring_its_network(exact):
    graph, inputs = SPACE.graph(SPACE[0], **SMALL), images(8, 16)
    network = SPACE.build(SPACE[0], seed=5, **SMALL)
    from_graph = score_graph(graph, init_weights(graph, 5), inputs, exact=exact, counting="reference")
    from_network = naswot_score(network, inputs, exact=exact, counting="reference")
    np.testing.assert_array_equal(from_graph.kernel, from_network.kernel)
    assert from_graph.layers == from_network.layers


def test_current_weights_of_the_network_are_scored():
    network, inputs = SPACE.build(SPACE[9930], seed=0, **SMALL), images(8, 16)
    before = naswot_score(network, inputs, exact=False)
    with torch.no_grad():
        network.get_submodule("stem.conv").weight.neg_()
    after = naswot_score(network, inputs, exact=False)
    assert (before.kernel != after.kernel).any()
    assert far_bits(after.kernel, plain_kernel(network, inputs)) <= 1e-4 * after.num_units


def test_dead_convolutions_and_repeated_rectifiers_are_not_computed():
    graph = Graph()
    x = graph.conv(graph.input(3), 4, 1, name="stem")
    dead = graph.conv(graph.relu(x, name="a"), 4, 1, name="dead")
    alive = graph.conv(graph.relu(x, name="b"), 4, 1, name="alive")
    graph.relu(graph.add(graph.zero(dead), alive), name="c")
    plan = make_plan(graph, "once")
    assert [op.name for op in plan.ops.values() if op.kind == "conv"] == ["stem", "alive"]
    assert sum(op.kind == "relu" for op in plan.ops.values()) == 1
    assert [name for name, _, _ in plan.layers] == ["a", "b", "c"]
    inputs = images(6)
    np.testing.assert_array_equal(
        graph_kernel(graph, init_weights(graph, 0), inputs)[0], plain_kernel(network_of_seed(graph), inputs)
    )


def network_of_seed(graph: Graph) -> GraphNetwork:
    return GraphNetwork(graph, init_weights(graph, 0))


def test_inputs_and_weights_are_not_written_to():
    graph = Graph()
    x = graph.input(3)
    x = graph.add(graph.relu(x, name="first"), x)
    graph.relu(graph.batch_norm(graph.conv(graph.relu(x, name="second"), 4, 1, name="c"), name="bn"), name="third")
    inputs = images(6).contiguous(memory_format=torch.channels_last)
    before, weights = inputs.clone(), init_weights(graph, 0)
    kept = {name: weight.clone() for name, weight in weights.items()}
    score_graph(graph, weights, inputs)
    assert torch.equal(inputs, before)
    assert all(torch.equal(weights[name], kept[name]) for name in kept)


def test_a_changed_network_is_scored_as_it_is():
    inputs = images(8, 16)
    network = SPACE.build(SPACE[9930], seed=0, **SMALL)
    network.get_submodule("stage1.cell1.0_to_1").relu = nn.LeakyReLU()
    score = naswot_score(network, inputs, exact=False)
    assert score.engine == "hooks"
    assert score.uncounted == ("stage1.cell1.0_to_1.relu (leaky_relu)",)
    hooked = SPACE.build(SPACE[9930], seed=0, **SMALL)
    hooked.get_submodule("stem.bn").register_forward_hook(lambda *_: None)
    assert naswot_score(hooked, inputs, exact=False).engine == "hooks"


def test_nan_inside_is_an_error_that_names_the_layer():
    graph = SPACE.graph(SPACE[9930], **SMALL)
    weights = init_weights(graph, 0)
    weights["stage2.reduction.conv_a.bn.bias"][0] = torch.nan
    for exact in (True, False):
        with pytest.raises(ValueError, match=r"stage2\.reduction\.conv_b\.relu contains NaN"):
            score_graph(graph, weights, images(4, 16), exact=exact)


def test_bad_arguments_say_what_was_expected():
    graph = SPACE.graph(SPACE[9930], **SMALL)
    weights, inputs = init_weights(graph, 0), images(4, 16)
    with pytest.raises(ValueError, match=r"inputs: expected float32 images \(N, 3, H, W\), got .*\(4, 1, 16, 16\)"):
        score_graph(graph, weights, inputs[:, :1])
    with pytest.raises(ValueError, match="at least 2 images"):
        score_graph(graph, weights, inputs[:1])
    with pytest.raises(ValueError, match="counting: 'twice' is unknown"):
        score_graph(graph, weights, inputs, counting="twice")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"weights: stem\.conv\.weight has shape none"):
        score_graph(graph, {}, inputs)
    with pytest.raises(ValueError, match="halve evenly"):
        score_graph(graph, weights, images(4, 15))
    with pytest.raises(ValueError, match="no ReLU"):
        score_graph(Graph(ops=graph.ops[:2]), weights, inputs)


def test_padded_and_narrow_images():
    for channels, side in [(1, 1), (1, 4), (5, 3), (64, 1), (7, 9)]:
        graph = Graph()
        x = graph.conv(graph.input(3), channels, 1, name="c")
        x = graph.add(graph.batch_norm(x, name="bn"), graph.avg_pool(x, 3, padding=1), graph.max_pool(x, 5, padding=2))
        graph.relu(graph.conv(graph.relu(x, name="r"), 3, 1, name="d"), name="s")
        inputs = images(6, side)
        expected = plain_kernel(network_of_seed(graph), inputs)
        for exact in (True, False):
            kernel, layers = graph_kernel(graph, init_weights(graph, 0), inputs, exact=exact)
            assert layers == {"r": channels * side**2, "s": 3 * side**2}
            assert far_bits(kernel, expected) <= (0 if exact else 1)


def test_value_of_a_fast_score_is_the_log_determinant_of_its_kernel():
    score = score_graph(
        SPACE.graph(SPACE[9930], **SMALL), init_weights(SPACE.graph(SPACE[9930], **SMALL), 0), images(8, 16)
    )
    assert (score.value, score.rank) == log_determinant(score.kernel)
