"""The device engine: on the CPU it gives the integers of the exact engine; on a GPU it is as close as promised."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from naswotlib import arch_seed, get_space, list_spaces, naswot_score, score_archs
from naswotlib.graph import init_weights
from naswotlib.scoring import device
from naswotlib.scoring.device import finish, queue
from naswotlib.scoring.engine import graph_kernel
from naswotlib.scoring.kernel import log_determinant, log_determinants
from support.small_graphs import images, network_of, random_graph

CELLS = get_space("nasbench201")
SMALL = {"stem_channels": 8, "cells_per_stage": 1}


def weights_of(network):
    return {name: weight.detach() for name, weight in network.named_parameters()}


@pytest.mark.parametrize("counting", ["once", "reference"])
@pytest.mark.parametrize("seed", range(8))
def test_random_networks_of_all_operations_have_the_integers_of_the_exact_engine(seed, counting):
    graph = random_graph(seed)
    weights, inputs = weights_of(network_of(graph, seed)), images(12, 16, seed=seed)
    kernel, layers = graph_kernel(graph, weights, inputs, counting=counting)
    found = finish([queue(graph, weights, inputs, counting=counting)])[0]
    np.testing.assert_array_equal(found.kernel, kernel)
    assert found.layers == layers
    value, rank = log_determinant(kernel)
    assert found.rank == rank
    assert found.value == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize("name", list_spaces())
def test_a_network_of_every_space_has_the_integers_of_the_exact_engine(name):
    space = get_space(name)
    graph = space.graph(space.sample(np.random.default_rng(0)))
    inputs, weights = images(2, 32), init_weights(graph, 0)
    found = finish([queue(graph, weights, inputs)])[0]
    np.testing.assert_array_equal(found.kernel, graph_kernel(graph, weights, inputs)[0])


@pytest.mark.parametrize("capacity", [1, 3])
def test_codes_that_do_not_fit_the_buffer_are_multiplied_in_parts(capacity, monkeypatch):
    graph = CELLS.graph(CELLS[1462], **SMALL)
    weights, inputs = init_weights(graph, 0), images(6, 16)
    whole = finish([queue(graph, weights, inputs)])[0]
    monkeypatch.setattr(device, "BLOCK", 64)
    monkeypatch.setattr(device, "CAPACITY", 64 * capacity)
    np.testing.assert_array_equal(finish([queue(graph, weights, inputs)])[0].kernel, whole.kernel)


def test_networks_are_scored_together_and_a_nan_stays_with_its_own():
    graphs = [CELLS.graph(CELLS[index], **SMALL) for index in (1462, 9930, 0)]
    inputs, many = images(6, 16), [init_weights(graph, 1) for graph in graphs]
    many[1]["stem.conv.weight"][0] = torch.nan
    good, bad, other = finish([queue(graph, weights, inputs) for graph, weights in zip(graphs, many, strict=True)])
    assert isinstance(bad, ValueError)
    assert "contains NaN" in str(bad)
    for graph, weights, found in ((graphs[0], many[0], good), (graphs[2], many[2], other)):
        np.testing.assert_array_equal(found.kernel, graph_kernel(graph, weights, inputs)[0])
    assert finish([]) == []


def test_pinned_weights_are_the_same_numbers_in_one_buffer():
    for name in ("nasbench201", "nasbench101", "nds_darts"):
        space = get_space(name)
        graph = space.graph(space.sample(np.random.default_rng(1)))
        apart, together = init_weights(graph, 3), init_weights(graph, 3, pinned=True)
        assert len({weight.untyped_storage().data_ptr() for weight in together.values()}) == 1
        assert all(weight.data_ptr() % 64 == 0 for weight in together.values())
        assert all(torch.equal(together[key], weight) for key, weight in apart.items())


def test_determinants_of_many_are_those_of_one_and_a_singular_one_is_not_certified():
    rng = np.random.default_rng(0)
    codes = rng.random((3, 16, 400)) < 0.5
    codes[1, 3] = codes[1, 7]
    kernels = np.array([(x.astype(int) @ x.T + (~x).astype(int) @ (~x).T) for x in codes])
    values, regular = log_determinants(torch.from_numpy(kernels).double())
    assert regular.tolist() == [True, False, True]
    for i in (0, 2):
        assert float(values[i]) == pytest.approx(log_determinant(kernels[i])[0], rel=1e-12)


@pytest.mark.gpu
@pytest.mark.parametrize("name", list_spaces())
def test_on_a_gpu_few_bits_differ_in_every_space(name):
    space = get_space(name)
    arch = space.sample(np.random.default_rng(0))
    graph, side = space.graph(arch), 64 if "imagenet" in name or "transnas" in name else 32
    inputs, weights = images(16, side), init_weights(graph, 0)
    here = graph_kernel(graph, weights, inputs)[0]
    there = finish([queue(graph, weights, inputs.cuda())])[0].kernel
    assert np.abs(here - there).max() <= max(2, 1e-4 * here[0, 0])


@pytest.mark.gpu
def test_on_a_gpu_scores_of_one_and_of_many_agree_with_the_cpu():
    inputs, archs = images(32, 32), [CELLS[index] for index in (9930, 1462, 7, 4000)]
    here = score_archs(CELLS, archs, inputs, seed=0, progress=False)
    for workers in (1, 2):
        there = score_archs(CELLS, archs, inputs, seed=0, device="cuda", workers=workers, progress=False)
        assert there.error.tolist() == [""] * 4
        np.testing.assert_allclose(there.score, here.score, rtol=1e-5)
    network = CELLS.build(archs[0], seed=arch_seed(0, CELLS.to_str(archs[0]))).cuda()
    alone = naswot_score(network, inputs.cuda())
    assert alone.engine == "graph"
    assert alone.value == pytest.approx(there.score[0], rel=1e-9)
    watched = naswot_score(torch.nn.Sequential(network), inputs.cuda(), activations=("relu",))
    assert watched.value == pytest.approx(alone.value, rel=1e-5)


@pytest.mark.gpu
def test_a_mini_batch_that_does_not_fit_is_refused_with_one_that_would():
    graph = CELLS.graph(CELLS[9930])
    _, total = torch.cuda.mem_get_info()
    inputs = torch.zeros(1, 1, 1, 1, device="cuda").expand(total // (1024 * 64), 3, 32, 32)
    with pytest.raises(MemoryError, match=r"inputs: \d+ images of 32×32 pixels do not fit.* a mini-batch of \d+ would"):
        queue(graph, init_weights(graph, 0), inputs)
