"""A graph is used only where it says what the network does now; where it does not, hooks score the network as it is."""

from __future__ import annotations

import types
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils import parametrizations, parametrize, prune

from naswotlib import activation_codes, get_space, hamming_kernel, naswot_score
from naswotlib.graph.trace import built_graph, traced_graph
from naswotlib.scoring.modes import scoring_mode
from support.small_graphs import images, plain_kernel
from support.small_modules import Aliased, ChangedBetween, Functional, ModuleResidual, Plain, Residual, conv_bn, seeded

SPACE = get_space("nasbench201")
EDGE = "stage1.cell1.0_to_1"


def fresh() -> nn.Module:
    """With weights of batch normalisation that are not 1 and 0, so that whatever ignores them is seen."""
    network = SPACE.build(SPACE[9930], seed=0, stem_channels=4, cells_per_stage=1)
    generator = torch.Generator().manual_seed(0)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.weight.data = 0.5 + torch.rand(module.weight.shape, generator=generator)
            module.bias.data = torch.randn(module.bias.shape, generator=generator)
    return network


def part(network: nn.Module, name: str) -> nn.Module:
    return network.get_submodule(f"{EDGE}.{name}")


def swap(name: str, make: Callable[[nn.Module], nn.Module]) -> Callable[[nn.Module], None]:
    """A change that puts another module in the place of a layer of one edge."""

    def change(network: nn.Module) -> None:
        network.set_submodule(f"{EDGE}.{name}", make(part(network, name)))

    return change


def assign(name: str, **values: object) -> Callable[[nn.Module], None]:
    """A change of attributes of a layer of one edge."""

    def change(network: nn.Module) -> None:
        for key, value in values.items():
            setattr(part(network, name), key, value)

    return change


class Shifted(nn.ReLU):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x - 0.3)


def override(network: nn.Module) -> None:
    norm = part(network, "bn")
    norm.forward = types.MethodType(lambda self, x: -type(self).forward(self, x), norm)


def widen(network: nn.Module) -> None:
    """Twice the channels between a convolution and another in its place."""
    network.set_submodule(f"{EDGE}.conv", nn.Sequential(conv_bn(4, 8), nn.ReLU(), conv_bn(8, 4)))


def reshape(network: nn.Module) -> None:
    """Another kernel than the layer's attributes say, which convolutions do not look at."""
    conv = part(network, "conv")
    conv.weight = nn.Parameter(conv.weight[:, :, 1:2, 1:2].clone())
    conv.padding = (0, 0)


CHANGES: dict[str, Callable[[nn.Module], None]] = {
    "another activation": swap("relu", lambda _: nn.LeakyReLU()),
    "a subclass of ReLU": swap("relu", lambda _: Shifted()),
    "ReLU in place": assign("relu", inplace=True),
    "no normalisation": swap("bn", lambda _: nn.Identity()),
    "instance normalisation": swap("bn", lambda _: nn.InstanceNorm2d(4)),
    "eps": assign("bn", eps=0.5),
    "no affine": swap("bn", lambda _: nn.BatchNorm2d(4, affine=False)),
    "a bias": assign("conv", bias=nn.Parameter(torch.ones(4))),
    "dilation": assign("conv", dilation=(2, 2), padding=(2, 2)),
    "groups": swap("conv", lambda _: nn.Conv2d(4, 4, 3, padding=1, groups=2, bias=False)),
    "circular padding": swap("conv", lambda _: nn.Conv2d(4, 4, 3, padding=1, padding_mode="circular", bias=False)),
    "another kernel": reshape,
    "wider": widen,
    "weight normalisation": lambda network: parametrizations.weight_norm(part(network, "conv")),
    "pruning": lambda network: prune.l1_unstructured(part(network, "conv"), "weight", amount=0.5),
    "a hook": lambda network: part(network, "bn").register_forward_hook(lambda _, __, y: -y),
    "a hook before": lambda network: part(network, "bn").register_forward_pre_hook(lambda _, x: (-x[0],)),
    "a method of its own": override,
}
KEPT: dict[str, Callable[[nn.Module], None]] = {
    "weights": lambda network: part(network, "conv").weight.data.neg_(),
    "a parameter": lambda network: setattr(part(network, "conv"), "weight", nn.Parameter(torch.ones(4, 4, 3, 3))),
    "momentum": assign("bn", momentum=None),
    "running statistics": assign("bn", running_mean=torch.ones(4), running_var=torch.ones(4)),
    "no running statistics": swap("bn", lambda _: nn.BatchNorm2d(4, track_running_stats=False)),
    "frozen weights": lambda network: network.requires_grad_(False),
    "modes": lambda network: network.eval(),
    "a module that is not used": lambda network: network.add_module("spare", nn.GELU()),
}


# Batch statistics take a bias out again, and normalised weights start out as the same function.
WITHOUT_EFFECT = ("a bias", "weight normalisation", "momentum", "running statistics", "frozen weights", "modes")
WITHOUT_EFFECT += ("a module that is not used",)


@pytest.mark.parametrize("counting", ["once", "reference"])
@pytest.mark.parametrize("change", [*CHANGES, *KEPT])
def test_a_changed_network_is_scored_as_it_is_now(change, counting):
    network, inputs = fresh(), images(8, 16)
    before = naswot_score(network, inputs, counting=counting)
    (CHANGES | KEPT)[change](network)
    expected = hamming_kernel(activation_codes(network, inputs, counting=counting))
    for exact in (True, False):
        score = naswot_score(network, inputs, counting=counting, exact=exact)
        if exact:
            assert score.engine == ("hooks" if change in CHANGES else "graph")
        tolerance = 0 if exact else max(2, 1e-4 * score.num_units)
        assert np.abs(score.kernel - expected).max() <= tolerance
    if change not in WITHOUT_EFFECT:
        assert score.num_units != before.num_units or (score.kernel != before.kernel).any()


@pytest.mark.parametrize("change", [*CHANGES, *KEPT])
def test_a_changed_network_is_what_plain_hooks_see(change):
    """The oracle of the test above, against the definition, wherever all rectifiers are still plain."""
    network, inputs = fresh(), images(8, 16)
    (CHANGES | KEPT)[change](network)
    if change not in ("another activation", "a subclass of ReLU"):
        assert (naswot_score(network, inputs).kernel == plain_kernel(network, inputs)).all()


def test_a_hook_on_all_modules_is_noticed_too():
    network, inputs = fresh(), images(4, 16)
    assert built_graph(network) is network.graph
    handle = nn.modules.module.register_module_forward_hook(lambda *_: None)
    try:
        assert built_graph(network) is None
        assert traced_graph(seeded(Plain), 3) is None
        assert naswot_score(network, inputs).engine == "hooks"
    finally:
        handle.remove()
    assert built_graph(network) is network.graph


def test_a_parametrised_user_module_is_left_to_hooks():
    network = seeded(Plain)
    parametrize.register_parametrization(network.body[0][0], "weight", nn.Tanh())
    assert naswot_score(network, images(4, 8), exact=False).engine == "hooks"


class Branches(nn.Module):
    """Concatenation, pooling of both kinds, a sum of two, and a classifier."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.a, self.b = conv_bn(3, 8), conv_bn(8, 4, 1), conv_bn(8, 4)
        self.pools = nn.ModuleList([nn.AvgPool2d(2), nn.MaxPool2d(2)])
        self.last, self.relu = nn.BatchNorm2d(16), nn.ReLU()
        self.pool, self.fc = nn.AdaptiveAvgPool2d(1), nn.Linear(16, 4)

    def forward(self, x: Tensor) -> Tensor:
        x = self.relu(self.stem(x))
        y = torch.cat([self.a(x), self.b(x)], 1) + x
        y = torch.cat([pool(y) for pool in self.pools], dim=1)
        return self.fc(self.pool(self.relu(self.last(y))).flatten(1))


class Hidden(Plain):
    """A rectifier whose result nobody reads still counts."""

    def __init__(self) -> None:
        super().__init__()
        self.unread = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        self.unread(x)
        return super().forward(x)


class ReadAfter(Plain):
    """A value is read again after a rectifier has overwritten it."""

    def forward(self, x: Tensor) -> Tensor:
        x = self.body[0](x)
        y = nn.functional.relu(x, inplace=True)
        return nn.functional.relu(self.body[2](x + y))


class Depends(Plain):
    """What happens depends on the images, which a trace cannot know."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x if x.mean() > 0 else -x)


class Scaled(Plain):
    """A number that a trace does not know, since it comes from the shape."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x * (x.shape[2] / 8))


class Broadcast(nn.Module):
    """A sum of shapes that differ, which a trace does not show."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.pool, self.relu = conv_bn(3, 4), nn.AvgPool2d(8), nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x)
        return self.relu(x + self.pool(x))


class Mutates(Plain):
    """A product in place."""

    def forward(self, x: Tensor) -> Tensor:
        y = x = self.body[0](x)
        x *= -1.0
        return nn.functional.relu(y)


class Reused(nn.Module):
    """One convolution and one rectifier for two calls each."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.conv, self.relu = conv_bn(3, 4), conv_bn(4, 4), nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        return self.relu(self.conv(self.relu(self.conv(self.relu(x)))))


TRACED = [Plain, ModuleResidual, Branches, Hidden, Reused]
HOOKED = [Functional, Residual, ReadAfter, Depends, Scaled, Broadcast, Mutates, Aliased, ChangedBetween]


@pytest.mark.parametrize("kind", [*TRACED, *HOOKED])
def test_fast_scores_of_user_modules_are_right_traced_or_not(kind):
    network, inputs = seeded(kind), images(8, 8)
    exact, fast = naswot_score(network, inputs), naswot_score(network, inputs, exact=False)
    assert fast.engine == ("fx" if kind in TRACED else "hooks")
    assert fast.layers == exact.layers
    assert np.abs(fast.kernel - exact.kernel).max() <= (2 if kind in TRACED else 0)


def test_an_aliased_sum_in_place_is_not_taken_for_a_new_value():
    """To torch.fx alone, ``x += y`` is a new value, and the other name of ``x`` still has the old one."""
    network = seeded(Aliased)
    with scoring_mode(network, "batch"):
        assert traced_graph(network, 3) is None
    inputs = images(8, 8)
    sums = (network.train().a(inputs) + network.b(inputs) > 0).flatten(1)
    expected = (sums[:, None] == sums[None]).sum(2).numpy()
    assert (naswot_score(network, inputs, exact=False).kernel == expected).all()


def test_the_graph_of_a_trace_lists_what_the_module_does():
    with scoring_mode(network := seeded(ModuleResidual), "batch"):
        graph = traced_graph(network, 3)
    assert graph is not None
    assert [op.kind for op in graph.ops] == (
        ["input", "conv", "batch_norm", "relu", "conv", "batch_norm", "relu", "add", "relu", "global_pool", "linear"]
    )
    assert [op.name for op in graph.ops if op.kind == "relu"] == ["relu"] * 3
