"""Codes of any network: every activation is seen where it happens, and nothing of the caller's is changed."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torchvision
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from torch import Tensor, nn

from naswotlib.errors import NaswotWarning
from naswotlib.scoring.codes import ActivationCodes, LayerCode
from naswotlib.scoring.compiled.packing import pack_signs
from naswotlib.scoring.kernel import hamming_kernel
from naswotlib.scoring.watch import ACTIVATIONS, activation_codes
from support.small_graphs import images
from support.small_modules import (
    Aliased,
    ChangedBetween,
    Containers,
    Functional,
    Mixed,
    ModuleResidual,
    Outputs,
    Plain,
    Residual,
    seeded,
)
from support.untouched import untouched

booleans = st.tuples(st.integers(2, 9), st.integers(1, 200)).flatmap(lambda shape: arrays(np.bool_, shape))


def codes_of(*matrices: np.ndarray) -> ActivationCodes:
    """Codes of layers, from booleans ``(N, units)``."""
    layers = []
    for number, bits in enumerate(matrices):
        words, _ = pack_signs(torch.from_numpy(np.where(bits, 1.0, -1.0)))
        layers.append(LayerCode(str(number), words, bits.shape[1], 1))
    return ActivationCodes(tuple(layers), len(matrices[0]), ())


@settings(max_examples=60, deadline=None)
@given(booleans)
def test_k_is_symmetric_with_the_number_of_units_on_its_diagonal_and_no_entry_beyond(bits):
    kernel = hamming_kernel(codes_of(bits))
    assert (kernel == kernel.T).all()
    assert (np.diag(kernel) == bits.shape[1]).all()
    assert ((kernel >= 0) & (kernel <= bits.shape[1])).all()
    assert (kernel == (bits[:, None] == bits[None]).sum(2)).all()
    normalised = hamming_kernel(codes_of(bits), normalize=True)
    assert (normalised == kernel / bits.shape[1]).all()


@settings(max_examples=60, deadline=None)
@given(booleans, st.randoms(use_true_random=False))
def test_k_does_not_see_the_order_of_units_and_follows_that_of_images(bits, random):
    units, rows = list(range(bits.shape[1])), list(range(len(bits)))
    random.shuffle(units)
    random.shuffle(rows)
    kernel = hamming_kernel(codes_of(bits))
    cut = random.randint(1, bits.shape[1])
    parts = [part for part in (bits[:, units[:cut]], bits[:, units[cut:]]) if part.shape[1]]
    assert (hamming_kernel(codes_of(*parts)) == kernel).all()
    assert (hamming_kernel(codes_of(bits[rows])) == kernel[rows][:, rows]).all()
    assert (codes_of(*parts).unpacked() == bits[:, units]).all()


@pytest.mark.parametrize("kind", [Plain, Functional, Residual, Mixed])
def test_images_in_another_order_give_the_same_codes_in_that_order(kind):
    network, inputs = seeded(kind), images(8, 8)
    order = torch.randperm(8, generator=torch.Generator().manual_seed(0))
    codes = activation_codes(network, inputs).unpacked()
    there = activation_codes(network, inputs[order]).unpacked()
    assert (codes[order] != there).mean() < 1e-3  # batch statistics are summed in another order


def codes_by_hand(network: Plain | Residual, inputs: Tensor) -> list[Tensor]:
    """What goes into each rectifier of the three networks, by their own formulas."""
    network.train()
    if isinstance(network, Residual):
        first = network.stem(inputs)
        second = network.conv(first.relu())
        return [first, second, second.relu() + first.relu()]
    first = network.body[0](inputs)
    second = network.body[2](first.relu())
    if not isinstance(network, Functional):
        return [first, second]
    third, fourth = second.relu() - 0.1, second.relu() - 0.2
    return [first, second, third, fourth, third.relu() + fourth.relu() - 0.05]


@pytest.mark.parametrize("kind", [Plain, Functional, Residual, ModuleResidual])
def test_codes_are_the_signs_of_what_goes_into_each_rectifier(kind):
    network, inputs = seeded(kind), images(5, 8)
    codes = activation_codes(network, inputs)
    with torch.no_grad():
        expected = [(x > 0).flatten(1).numpy() for x in codes_by_hand(network, inputs)]
    assert [layer.units for layer in codes.layers] == [bits.shape[1] for bits in expected]
    assert (codes.unpacked() == np.concatenate(expected, axis=1)).all()
    assert codes.num_units == sum(codes.units_by_layer.values()) == sum(bits.shape[1] for bits in expected)
    assert codes.uncounted == ()


def test_a_tensor_that_changes_between_two_rectifiers_is_coded_anew():
    network, inputs = seeded(ChangedBetween), images(5, 8)
    codes = activation_codes(network, inputs)
    x = network.train().a(inputs).detach()
    later = torch.cat([torch.ones_like(x[:, :2]), (0.5 - x)[:, 2:]], dim=1)
    expected = [x > 0, -x > 0, 0.5 - x > 0, later > 0]
    assert (codes.unpacked() == torch.cat([bits.flatten(1) for bits in expected], 1).numpy()).all()
    aliased = activation_codes(seeded(Aliased), inputs).unpacked()
    network = seeded(Aliased).train()
    assert (aliased == (network.a(inputs) + network.b(inputs) > 0).flatten(1).numpy()).all()


def test_rectifying_one_tensor_often_packs_it_once():
    class Twice(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x.relu() + torch.relu(x)

    first, second = activation_codes(Twice(), images(3, 4)).layers
    assert first.bits is second.bits


REQUESTED = {
    "relu6": ["layers.ReLU6", "relu6()"],
    "leaky_relu": ["layers.LeakyReLU", "leaky_relu()"],
    "prelu": ["layers.PReLU"],
    "gelu": ["layers.GELU", "gelu()"],
    "silu": ["layers.SiLU", "silu()"],
    "hardswish": ["layers.Hardswish", "hardswish()"],
    "elu": ["layers.ELU"],
    "hardtanh": ["layers.Hardtanh"],
    "sigmoid": ["layers.Sigmoid"],
    "tanh": ["tanh()"],
}


@pytest.mark.parametrize("activation", REQUESTED)
def test_activations_count_on_request_by_the_sign_of_their_input(activation):
    network, inputs = seeded(Mixed), images(5, 8)
    codes = activation_codes(network, inputs, activations=[activation])
    assert sorted(codes.units_by_layer) == sorted(REQUESTED[activation])
    expected = (network.train().conv(inputs) > 0).flatten(1).numpy()
    assert (codes.unpacked() == np.tile(expected, len(REQUESTED[activation]))).all()
    others = {f"{name} ({kind})" for kind, names in REQUESTED.items() for name in names if kind != activation}
    assert set(codes.uncounted) == others | {"relu() (relu)"}


def test_all_activations_together_leave_nothing_uncounted():
    codes = activation_codes(seeded(Mixed), images(5, 8), activations=ACTIVATIONS)
    assert codes.uncounted == ()
    assert len(codes.layers) == 1 + sum(map(len, REQUESTED.values()))


def test_a_rectifier_that_does_not_call_torchs_is_named_as_uncounted():
    class OwnReLU(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return (x + x.abs()) / 2

    codes = activation_codes(nn.Sequential(nn.ReLU(), OwnReLU()), images(3, 4))
    assert (list(codes.units_by_layer), codes.uncounted) == (["0"], ("1 (OwnReLU)",))


def test_the_authors_counting_sees_class_names():
    codes = activation_codes(seeded(Containers), images(3, 4), counting="reference")
    twice, once = 3 * 16, 6 * 16
    assert codes.units_by_layer == {
        "cells.0": twice,
        "cells.0.op.0": twice,
        "cells.1": once,
        "cells.1.op.0": once,
        "cells.2": once,
    }
    assert codes.uncounted == ("relu() (relu)",)


@pytest.mark.parametrize("form", ["tuple", "dict", "list", "nothing"])
def test_what_a_network_returns_does_not_matter(form):
    expected = activation_codes(seeded(Plain), images(4, 8)).unpacked()
    assert (activation_codes(seeded(Outputs, form), images(4, 8)).unpacked() == expected).all()


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16, torch.float16])
def test_other_precisions_are_coded_in_their_own(dtype):
    network, inputs = seeded(Plain).to(dtype), images(4, 8).to(dtype)
    first = activation_codes(network, inputs).unpacked()[:, : 6 * 64]
    assert (first == (network.train().body[0](inputs) > 0).flatten(1).numpy()).all()


TORCHVISION = {  # what to count
    "resnet18": ("relu",),
    "mobilenet_v3_small": ("relu", "hardswish"),
    "densenet121": ("relu",),
    "googlenet": ("relu",),
    "convnext_tiny": ("gelu",),
    "vit_b_16": ("gelu",),
}


@pytest.mark.parametrize("name", TORCHVISION)
def test_networks_of_torchvision_come_back_as_they_were(name):
    options = {"vit_b_16": {"image_size": 64}, "googlenet": {"aux_logits": True, "init_weights": False}}
    with torch.random.fork_rng():
        network = getattr(torchvision.models, name)(weights=None, **options.get(name, {}))
    modes = [module.training for module in network.modules()]
    buffers = {key: value.clone() for key, value in network.named_buffers()}
    random = torch.get_rng_state()
    codes = activation_codes(network, images(2, 64), activations=TORCHVISION[name])
    assert codes.num_units > 10_000
    assert [module.training for module in network.modules()] == modes
    assert all(torch.equal(value, buffers[key]) for key, value in network.named_buffers())
    assert torch.equal(torch.get_rng_state(), random)
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in network.modules())


class NormAct(nn.BatchNorm2d):
    """Normalisation and activation in one layer, as timm writes them: a subclass with a forward pass of its own."""

    def __init__(self, channels: int) -> None:
        super().__init__(channels)
        self.drop, self.act = nn.Identity(), nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        if self.training and self.track_running_stats:
            self.num_batches_tracked.add_(1)
        uses_batch = self.training or (self.running_mean is None and self.running_var is None)
        mean, var = (
            x if not self.training or self.track_running_stats else None for x in (self.running_mean, self.running_var)
        )
        x = nn.functional.batch_norm(x, mean, var, self.weight, self.bias, uses_batch, self.momentum, self.eps)
        return self.act(self.drop(x))


def test_a_layer_that_normalises_and_rectifies_uses_the_batch_and_keeps_its_statistics():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = nn.Sequential(nn.Conv2d(3, 4, 3), NormAct(4), nn.Conv2d(4, 4, 3), NormAct(4))
    inputs = images(5, 8)
    with untouched(network):
        codes = activation_codes(network, inputs)
    x = network[0](inputs)
    normalised = nn.functional.batch_norm(x, None, None, training=True)
    assert list(codes.units_by_layer) == ["1.act", "3.act"]
    assert (codes.unpacked()[:, : 4 * 36] == (normalised > 0).flatten(1).numpy()).all()


def test_units_of_a_residual_network_are_where_its_paper_has_them():
    with torch.random.fork_rng():
        network = torchvision.models.resnet18(weights=None)
    units = activation_codes(network, images(2, 64)).units_by_layer
    assert units["relu"] == 64 * 32 * 32
    assert [units[f"layer{i}.0.relu"] for i in (1, 2, 3, 4)] == [2 * 64 * 2**i * (16 // 2**i) ** 2 for i in range(4)]


def test_the_units_of_a_transformer_layer_are_seen_in_spite_of_its_fast_path():
    layer = nn.TransformerEncoderLayer(8, 2, dim_feedforward=16, batch_first=True)
    codes = activation_codes(nn.TransformerEncoder(layer, 2, enable_nested_tensor=False), torch.randn(3, 5, 8))
    assert [(layer.name, layer.units) for layer in codes.layers] == [("layers.0.relu()", 80), ("layers.1.relu()", 80)]


def test_running_statistics_are_another_score_and_warn():
    network, inputs = seeded(Plain), images(6, 8)
    with pytest.warns(NaswotWarning, match="batch_norm='eval' scores with running statistics"):
        there = activation_codes(network, inputs, batch_norm="eval")
    assert (there.unpacked() != activation_codes(network, inputs).unpacked()).any()


class Fails(Plain):
    """Fails when all has been changed that a forward pass may change."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("calls", torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        self.calls += 1
        self.calls = self.calls + 1
        nn.functional.dropout(super().forward(x) + torch.rand(1))
        raise ArithmeticError("on purpose")


class Folded(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.flatten(0, 1).relu()


def poisoned() -> nn.Module:
    network = seeded(Plain)
    with torch.no_grad():
        network.body[2][1].weight[0] = torch.nan
    return network


@pytest.mark.parametrize(
    ("network", "inputs", "error", "message"),
    [
        (seeded(Plain), images(1, 8), ValueError, r"inputs: .* at least 2 images, .* got shape \(1, 3, 8, 8\)"),
        (seeded(Plain), images(4, 8) / 0, ValueError, "inputs: found NaN or infinite values"),
        (seeded(Plain), images(4, 8).to("meta"), ValueError, "inputs: on the meta device, which holds no numbers"),
        (seeded(Plain).to("meta"), images(4, 8), ValueError, "inputs: on device cpu, but the network .* on meta"),
        (seeded(Plain), [1, 2], TypeError, r"inputs: expected a torch.Tensor of shape \(N, ...\), got list"),
        (nn.Sequential(nn.Conv2d(3, 2, 1), nn.GELU()), images(4, 8), ValueError, r"no relu ran.* seen: 1 gelu \(1\)"),
        (nn.Sequential(nn.Conv2d(3, 2, 1)), images(4, 8), ValueError, "no relu ran.* seen: none"),
        (seeded(Fails), images(4, 8), ArithmeticError, "on purpose"),
        (poisoned(), images(4, 8), ValueError, r"input of layer body.3 contains NaN; an error is never turned into"),
        (Folded(), images(4, 8), ValueError, r"layer relu\(\) rectifies .* \(12, 8, 8\), whose first dimension is not"),
    ],
)
@pytest.mark.parametrize("training", [True, False])
def test_an_error_says_what_was_wrong_and_leaves_the_network_alone(network, inputs, error, message, training):
    network.train(training)
    network.register_forward_hook(lambda *_: None)
    for weights in list(network.parameters())[:1]:
        weights.grad = torch.ones_like(weights)
    with untouched(network), pytest.raises(error, match=message):
        activation_codes(network, inputs)


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"counting": "twice"}, "counting: 'twice' is unknown; choose one of once, reference"),
        ({"batch_norm": "train"}, "batch_norm: 'train' is unknown; choose one of batch, eval"),
        ({"activations": ["swish"]}, "activations: 'swish' is unknown; choose one of relu, relu6"),
        ({"activations": []}, "activations: expected at least one name"),
    ],
)
def test_bad_keywords_are_named(keywords, message):
    with pytest.raises(TypeError, match=r"network: expected a torch\.nn\.Module, got builtin_function_or_method"):
        activation_codes(len, images(4, 8))
    with pytest.raises(ValueError, match=message):
        activation_codes(seeded(Plain), images(4, 8), **keywords)
    with pytest.raises(TypeError, match="activations: expected a collection of names such as"):
        activation_codes(seeded(Plain), images(4, 8), activations="relu")


def test_a_second_run_is_the_same_and_random_layers_are_off():
    network = nn.Sequential(nn.Conv2d(3, 8, 3), nn.Dropout(0.5), nn.RReLU(), nn.ReLU(), nn.Dropout2d(0.5), nn.ReLU())
    first, second = (activation_codes(network, images(4, 8)).unpacked() for _ in range(2))
    assert (first == second).all()
