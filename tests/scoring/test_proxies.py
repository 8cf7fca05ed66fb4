"""Proxies against plain definitions; the network comes back as it was; the runner and the command line know them."""

from __future__ import annotations

import copy
import io
import json
import math
import sys

import numpy as np
import pandas as pd
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from naswotlib import arch_seed, get_space, load_images, naswot_score, score_archs
from naswotlib.cli.main import main
from naswotlib.scoring.parallel import single_thread
from naswotlib.scoring.proxies import NEED_LABELS, PROXIES, flops, grad_norm, num_units, parameters, synflow
from support.small_graphs import images, network_of, random_graph
from support.untouched import untouched

SPACE = get_space("nasbench201")
SMALL = {"stem_channels": 4, "cells_per_stage": 1}
LABELS = torch.tensor([0, 1, 2, 3, 0, 1])


def small_network(seed: int = 0) -> nn.Module:
    return SPACE.build(SPACE[9930], seed=seed, **SMALL)


def arguments(proxy: str) -> dict[str, Tensor]:
    return {"labels": LABELS} if proxy in NEED_LABELS else {}


def plain_gradients(network: nn.Module, inputs: Tensor, labels: Tensor) -> list[Tensor]:
    """By backward() on a copy in training mode."""
    network = copy.deepcopy(network).train()
    F.cross_entropy(network(inputs), labels).backward()
    return [weights.grad for weights in network.parameters() if weights.grad is not None]


def plain_synflow(network: nn.Module, inputs: Tensor) -> float:
    """As the original is described: absolute values written into a copy, one image of ones, eval mode."""
    network = copy.deepcopy(network).double().eval()
    with torch.no_grad():
        for values in network.state_dict().values():
            values.abs_()
    network(torch.ones(1, *inputs.shape[1:], dtype=torch.float64)).sum().backward()
    layers = [module for module in network.modules() if isinstance(module, nn.Conv2d | nn.Linear)]
    weights = [layer.weight for layer in layers if layer.weight.grad is not None]
    flow = sum(float((weight.detach() * weight.grad).abs().sum()) for weight in weights)
    return math.log(flow) if flow else -math.inf


@pytest.mark.parametrize("seed", range(4))
def test_gradient_norms_are_those_of_a_plain_backward_pass(seed):
    network, inputs = network_of(random_graph(seed), seed), images(6, 16, seed=seed)
    gradients = plain_gradients(network, inputs, LABELS)
    weights = [gradient.norm() for gradient in gradients if gradient.dim() >= 2]
    assert grad_norm(network, inputs, labels=LABELS) == pytest.approx(float(sum(weights)), rel=1e-5)
    together = torch.cat([gradient.flatten() for gradient in gradients]).norm()
    assert grad_norm(network, inputs, labels=LABELS, norm="euclidean") == pytest.approx(float(together), rel=1e-5)


@pytest.mark.parametrize("seed", range(4))
def test_synflow_is_the_flow_of_a_network_of_absolute_weights(seed):
    network, inputs = network_of(random_graph(seed), seed), images(6, 16, seed=seed)
    assert synflow(network, inputs) == pytest.approx(plain_synflow(network, inputs), rel=1e-12)


def test_synflow_is_the_same_with_the_batch_normalisation_of_a_fresh_network_taken_out():
    network, inputs = small_network(), images(2, 16)
    bare = copy.deepcopy(network)
    norms = [name for name, module in bare.named_modules() if isinstance(module, nn.BatchNorm2d)]
    for name in norms:
        bare.set_submodule(name, nn.Identity())
    assert synflow(network, inputs) == pytest.approx(synflow(bare, inputs), abs=len(norms) * 1e-5)


def test_synflow_does_not_overflow_where_single_precision_would():
    deep = nn.Sequential(nn.Flatten(), *[nn.Linear(48, 48, bias=False) for _ in range(100)])
    for layer in list(deep)[1:]:
        nn.init.constant_(layer.weight, 1.0)
    flow = synflow(deep, torch.zeros(2, 3, 4, 4))  # each layer carries all of the flow, 48 to the power of 101
    assert flow == pytest.approx(math.log(100) + 101 * math.log(48), rel=1e-12)
    assert flow > math.log(torch.finfo(torch.float32).max)
    for _ in range(100):
        deep.append(nn.Linear(48, 48, bias=False))
        nn.init.constant_(deep[-1].weight, 1.0)
    with untouched(deep), pytest.raises(ValueError, match="its synflow is inf"):
        synflow(deep, torch.zeros(2, 3, 4, 4))


def test_synflow_of_a_network_that_nothing_flows_through_is_minus_infinity():
    cell = SPACE.from_str("|none~0|+|none~0|none~1|+|none~0|none~1|none~2|")
    assert synflow(SPACE.build(cell, seed=0, **SMALL), images(2, 16)) == -math.inf


def test_sizes_are_those_of_the_benchmark_and_of_the_score():
    network, inputs = SPACE.build(SPACE[0], seed=0), images(2, 32)
    assert parameters(network, inputs) == 129_306
    assert flops(network, inputs) == 15_647_370 - 10  # the benchmark counts the bias of the classifier too
    assert num_units(network, inputs) == 327_680 == naswot_score(network, inputs).num_units


def test_flops_of_attention_are_counted_whatever_kernel_torch_would_take():
    layer = nn.TransformerEncoderLayer(8, 2, dim_feedforward=16, batch_first=True).eval()
    projections, tokens = 4 * 8 * 8 + 2 * 8 * 16, 5
    assert flops(layer, torch.randn(2, tokens, 8)) == tokens * projections + 2 * tokens * tokens * 8


def test_a_network_without_rectifiers_has_no_units():
    assert num_units(nn.Sequential(nn.Flatten(), nn.Linear(12, 3)), images(2, 2)) == 0


class Fails(nn.Module):
    """Fails after all that a forward pass may change has been changed."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network
        self.drop = nn.Dropout(0.5)
        self.register_buffer("calls", torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        self.calls += 1
        self.drop(self.network(x)) + torch.rand(1)
        raise ArithmeticError("on purpose")


@pytest.mark.parametrize("proxy", PROXIES)
@pytest.mark.parametrize("training", [True, False])
def test_the_network_comes_back_as_it_was(proxy, training):
    network, inputs = small_network().train(training), images(6, 16)
    network.get_submodule("stem.conv").weight.requires_grad_(False)
    network.get_submodule("stem.bn").weight.grad = torch.ones(4)
    network.get_submodule("stem.bn").register_forward_hook(lambda *_: None)
    with untouched(network):
        value = PROXIES[proxy](network, inputs, **arguments(proxy))
    assert np.isfinite(value)
    with torch.inference_mode():
        assert PROXIES[proxy](network, inputs, **arguments(proxy)) == value


@pytest.mark.parametrize("proxy", sorted({*PROXIES} - {"parameters", "l2_norm"}))
def test_the_network_comes_back_as_it_was_when_its_forward_pass_raises(proxy):
    network = Fails(small_network())
    with untouched(network), pytest.raises(ArithmeticError, match="on purpose"):
        PROXIES[proxy](network, images(6, 16), **arguments(proxy))


@settings(max_examples=20, deadline=None)
@given(st.permutations(range(6)), st.integers(0, 3))
def test_no_proxy_depends_on_the_order_of_the_images(order, seed):
    network, inputs = network_of(random_graph(seed, steps=6), seed), images(6, 8, seed=seed)
    for proxy in ("grad_norm", "grad_norm_euclidean", "snip", "fisher", "jacob_cov", "epe_nas"):
        labels = ({"labels": LABELS}, {"labels": LABELS[order]}) if proxy in NEED_LABELS else ({}, {})
        expected = PROXIES[proxy](network, inputs, **labels[0])
        assert PROXIES[proxy](network, inputs[order], **labels[1]) == pytest.approx(expected, rel=1e-3)
    for proxy in ("synflow", "swap", "zen"):
        assert PROXIES[proxy](network, inputs[order]) == pytest.approx(PROXIES[proxy](network, inputs), rel=1e-6)


class ManyOutputs(nn.Module):
    """Class scores among other things, in several forms."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind, self.layer = kind, nn.Linear(12, 4)

    def forward(self, x: Tensor) -> object:
        y = self.layer(x.flatten(1))
        return {"tuple": (y, 3 * y), "dict": {"aux": 3 * y, "logits": y}, "list": [y], "none": None}[self.kind]


@pytest.mark.parametrize("kind", ["tuple", "dict", "list"])
def test_of_several_outputs_the_class_scores_are_taken(kind):
    network, inputs = ManyOutputs(kind), images(6, 2)
    single = nn.Sequential(nn.Flatten(), network.layer)
    assert grad_norm(network, inputs, labels=LABELS) == grad_norm(single, inputs, labels=LABELS)
    assert synflow(network, inputs) == synflow(single, inputs)


@pytest.mark.parametrize(
    ("network", "labels", "message"),
    [
        (small_network(), torch.tensor([0, 1]), r"labels: .* int64 \(6,\), got torch.int64 \(2,\)"),
        (small_network(), torch.zeros(6), "labels: .* got torch.float32"),
        (small_network(), [0] * 6, "labels: .* got list"),
        (small_network(), torch.arange(5, 11), "labels: classes 5 to 10 do not fit the network's 10 class scores"),
        (nn.Identity(), LABELS, r"network: expected class scores \(6, classes\) .* got \(6, 3, 16, 16\)"),
        (ManyOutputs("none"), LABELS, None),
    ],
)
def test_what_does_not_fit_is_named(network, labels, message):
    inputs = images(6, 2 if isinstance(network, ManyOutputs) else 16)
    with pytest.raises(ValueError, match=message or "network: expected a tensor of class scores .* got NoneType"):
        grad_norm(network, inputs, labels=labels)


def test_an_unknown_norm_a_nan_and_integers_are_refused():
    network, inputs = small_network(), images(6, 16)
    with pytest.raises(ValueError, match="norm: 'max' is unknown; choose one of sum, euclidean"):
        grad_norm(network, inputs, labels=LABELS, norm="max")
    with torch.no_grad():
        network.get_submodule("stem.conv").weight[0] = torch.nan
    with pytest.raises(ValueError, match="its grad_norm is nan; an error is never turned into a score"):
        grad_norm(network, inputs, labels=LABELS)
    with pytest.raises(ValueError, match="its synflow is nan"):
        synflow(network, inputs)
    with pytest.raises(ValueError, match=r"inputs: synflow .* got torch\.int64"):
        synflow(network, inputs.long())


@pytest.mark.parametrize("proxy", PROXIES)
def test_the_runner_gives_what_the_function_gives(proxy):
    inputs = images(6, 16)
    table = score_archs(SPACE, SPACE[:2], inputs, seed=3, proxy=proxy, labels=LABELS, skeleton=SMALL, progress=False)
    for arch, score in zip(SPACE[:2], table.score, strict=True):
        network = SPACE.build(arch, seed=arch_seed(3, SPACE.to_str(arch)), **SMALL)
        with single_thread():  # as in the runner: sums in another order move grasp, plain and zico
            expected = PROXIES[proxy](network, inputs, **arguments(proxy))
        assert score == pytest.approx(expected, rel=1e-6)
    assert table.num_units.isna().all()
    assert (table.error == "").all()


def test_a_folder_of_scores_names_its_proxy_and_takes_no_other(tmp_path):
    def score(**keywords):
        return score_archs(
            SPACE, SPACE[:1], images(6, 16), seed=0, skeleton=SMALL, out=tmp_path / "out", progress=False, **keywords
        )

    score(proxy="grad_norm", labels=LABELS)
    written = json.loads((tmp_path / "out" / "_manifest.json").read_text())["settings"]
    assert written["proxy"] == "grad_norm"
    assert written["labels"].startswith("(6,) int64 sha256")
    with pytest.raises(ValueError, match="proxy is grad_norm there, synflow here"):
        score(proxy="synflow")
    with pytest.raises(ValueError, match=r"labels is \(6,\) int64 sha256 .* there, "):
        score(proxy="grad_norm", labels=LABELS.flip(0))


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ({"proxy": "fischer"}, "proxy: 'fischer' is unknown; choose one of naswot, grad_norm"),
        ({"proxy": "grad_norm"}, r"labels: grad_norm needs a class for each image, int64 \(6,\), got none"),
        ({"proxy": "grad_norm", "labels": LABELS[:2]}, r"labels: .* got torch.int64 \(2,\)"),
        ({"device": "gpu0"}, "device: 'gpu0' cannot be used here"),
    ],
)
def test_what_would_fail_every_architecture_raises_at_once(bad, message):
    with pytest.raises(ValueError, match=message):
        score_archs(SPACE, SPACE[:2], images(6, 16), seed=0, progress=False, **bad)


@pytest.mark.parametrize("proxy", ["synflow", "grad_norm"])
def test_the_command_line_computes_them(proxy, monkeypatch, capsys):
    arch = SPACE.to_str(SPACE[0])

    def naswot(*options: str) -> str:
        command = ["naswot", "score", "--proxy", proxy, "--batch-size", "4", "--images", "photos", *options]
        monkeypatch.setattr(sys, "argv", command)
        with pytest.raises(SystemExit) as stop:
            main()
        assert not stop.value.code
        return capsys.readouterr().out

    told = json.loads(naswot("--arch", arch, "--json"))
    inputs, labels = load_images("photos", 4, seed=0, with_labels=True)
    network = SPACE.build(SPACE[0], seed=arch_seed(0, arch))
    expected = PROXIES[proxy](network, inputs, **({"labels": labels} if proxy in NEED_LABELS else {}))
    assert (told["proxy"], told["score"]) == (proxy, pytest.approx(expected, rel=1e-6))
    assert f"{proxy:12} {told['score']:.6g}" in naswot("--arch", arch)
    table = pd.read_csv(io.StringIO(naswot("--count", "1")))
    assert table.arch.tolist() == [SPACE.to_str(SPACE.sample(np.random.default_rng(0)))]
    assert np.isfinite(table.score[0])
