"""Rectifiers are counted however they are written, and what cannot be seen is named."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from naswotlib.scoring.score import naswot_score
from naswotlib.scoring.watch import activation_codes
from support.small_graphs import images


class Autograd(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x.clamp(min=0)


def by_index(x: Tensor) -> Tensor:
    y = x.clone()
    y[x < 0] = 0
    return y


def by_opposite_index(x: Tensor) -> Tensor:
    x[~(x > 0)] = 0
    return x


def scripted_body(x: Tensor) -> Tensor:
    return torch.relu(x)


with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    SCRIPTED = torch.jit.script(scripted_body)
    TRACED = torch.jit.trace(nn.Sequential(nn.ReLU()), torch.randn(2, 3))

SPELLINGS: dict[str, Callable[[Tensor], Tensor]] = {
    "clamp(min=0)": lambda x: x.clamp(min=0),
    "clamp_(0)": lambda x: x.clone().clamp_(0),
    "clamp_min": lambda x: x.clamp_min(0),
    "clip": lambda x: torch.clip(x, 0),
    "maximum": lambda x: torch.maximum(torch.zeros_like(x), x),
    "max": lambda x: torch.max(x, torch.tensor(0.0)),
    "where": lambda x: torch.where(x > 0, x, 0.0),
    "where, negative": lambda x: torch.where(x <= 0, torch.zeros(()), x),
    "product": lambda x: x * (x > 0),
    "product of numbers": lambda x: (x >= 0).float() * x,
    "masked_fill": lambda x: x.masked_fill(x < 0, 0.0),
    "masked_fill, opposite": lambda x: x.masked_fill(torch.logical_not(x > 0), 0.0),
    "index, opposite": by_opposite_index,
    "fmax": lambda x: torch.fmax(x, torch.zeros(())),
    "clamp(0, inf)": lambda x: x.clamp(0.0, float("inf")),
    "heaviside": lambda x: x * torch.heaviside(x, torch.zeros(())),
    "addcmul": lambda x: torch.addcmul(torch.zeros_like(x), x, (x > 0).float()),
    "threshold(0, 0)": lambda x: F.threshold(x, 0, 0),
    "threshold module": nn.Threshold(0.0, 0.0),
    "leaky_relu(0)": lambda x: F.leaky_relu(x, negative_slope=0.0),
    "hardtanh(0, inf)": nn.Hardtanh(0.0, float("inf")),
    "aten threshold": lambda x: torch.ops.aten.threshold(x, 0, 0),
    "scripted": SCRIPTED,
    "traced": TRACED,
    "autograd function": Autograd.apply,
    "aten": torch.ops.aten.relu,
    "plain": F.relu,
}


class Spelled(nn.Module):
    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.conv, self.function = nn.Conv2d(3, 4, 3), function

    def forward(self, x: Tensor) -> Tensor:
        return self.function(self.conv(x))


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_rectifier_is_counted_once_however_it_is_written(spelling):
    torch.manual_seed(0)
    network = Spelled(SPELLINGS[spelling])
    codes = activation_codes(network, images(5, 8))
    assert (codes.unpacked() == (network.conv(images(5, 8)) > 0).flatten(1).numpy()).all()
    assert codes.uncounted == ()


def test_signs_that_are_put_by_index_are_told_from_the_copy_that_they_are_put_into():
    torch.manual_seed(0)
    assert activation_codes(nn.Sequential(Spelled(by_index), nn.ReLU()), images(5, 8)).uncounted == (
        "0.index_put() (with a sign)",
    )


UNSEEN = "(cannot be seen into)"
BESIDE = {
    "gate": (lambda x: x.flip(1) * (x > 0), "mul() (with a sign)"),
    "leaky by hand": (lambda x: torch.where(x > 0, x, 0.1 * x), "where() (with a sign)"),
    "relu6 by hand": (lambda x: x.clamp(0, 6), "clamp() (relu6)"),
    "negative": (lambda x: -torch.clamp(-x, max=0), "clamp() (with a sign)"),
    "what is left": (lambda x: x - x.clamp_max(0), "clamp_max() (with a sign)"),
    "minimum": (lambda x: -torch.minimum(-x, torch.zeros(())), "minimum() (with a sign)"),
    "arithmetic of signs": (lambda x: x * (1 - (x <= 0).float()), "mul() (with a sign)"),
    "sign": (lambda x: x * (torch.sign(x) + 1) / 2, "mul() (with a sign)"),
    "two signs": (lambda x: x * ((x > 0) & (x < 6)), "mul() (with a sign)"),
    "masked_scatter": (lambda x: (0 * x).masked_scatter(x > 0, x[x > 0]), "masked_scatter() (with a sign)"),
    "glu": (lambda x: F.glu(torch.cat([x, x], 1), 1), "glu() (glu)"),
    "hardshrink": (F.hardshrink, "hardshrink() (hardshrink)"),
    "many at a time": (
        lambda x: torch._foreach_clamp_min([x], 0.0)[0],
        "aten._foreach_clamp_min() " + UNSEEN,
    ),
    "NumPy": (lambda x: torch.from_numpy(np.maximum(x.numpy(), 0)), "numpy() " + UNSEEN),
    "scripted gelu": (torch.ops.aten.gelu, "gelu() (gelu)"),
    "of no image": (lambda x: x + x.mean((0, 2, 3)).clamp(min=0)[:, None, None], "clamp() (relu)"),
}


@pytest.mark.parametrize("kind", BESIDE)
def test_what_gates_in_other_ways_is_named_and_not_counted(kind):
    torch.manual_seed(0)
    function, named = BESIDE[kind]
    score = naswot_score(nn.Sequential(Spelled(function), nn.ReLU()), images(5, 8))
    assert (list(score.layers), score.uncounted) == (["1"], (f"0.{named}",))


@pytest.mark.parametrize(
    "function",
    [
        lambda x: x / x.norm(dim=1, keepdim=True).clamp_min(1e-12),
        lambda x: x.clamp(max=1),
        lambda x: torch.where(torch.ones_like(x, dtype=torch.bool), x, 0.0),
        lambda x: x * (x.mean() > 0.5),
        lambda x: torch.maximum(x, x.flip(1)),
        lambda x: x * (torch.arange(len(x)) > 0)[:, None, None, None],
    ],
)
def test_bounds_choices_and_masks_that_rectify_nothing_are_not_named(function):
    torch.manual_seed(0)
    score = naswot_score(nn.Sequential(Spelled(function), nn.ReLU()), images(5, 8))
    assert (list(score.layers), score.uncounted) == (["1"], ())


def test_gates_inside_one_operation_are_named():
    class Recurrent(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.lstm, self.head = nn.LSTM(8, 4, batch_first=True), nn.Linear(4, 4)

        def forward(self, x: Tensor) -> Tensor:
            return F.relu(self.head(self.lstm(x)[0]))

    score = naswot_score(Recurrent(), torch.randn(3, 5, 8))
    assert score.layers == {"relu()": 20}
    assert any("lstm" in name for name in score.uncounted)


AUTO = {"relu": nn.ReLU, "gelu": nn.GELU, "silu": nn.SiLU, "leaky_relu": nn.LeakyReLU, "hardswish": nn.Hardswish}


@pytest.mark.parametrize("kind", AUTO)
def test_auto_counts_the_one_rectifier_that_there_is_and_says_which(kind):
    network = nn.Sequential(nn.Conv2d(3, 4, 3), AUTO[kind](), nn.Conv2d(4, 4, 1), nn.Sigmoid())
    for exact in (True, False):
        score = naswot_score(network, images(5, 8), activations="auto", exact=exact)
        expected = naswot_score(network, images(5, 8), activations=(kind,))
        assert (score.kernel == expected.kernel).all()
        assert (score.activations, score.layers) == ((kind,), expected.layers)
        assert score.uncounted == ("3 (sigmoid)",)


def test_auto_leaves_out_what_does_not_depend_on_the_images():
    class Position(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv, self.table = nn.Conv2d(3, 4, 3), nn.Linear(2, 4)

        def forward(self, x: Tensor) -> Tensor:
            return F.gelu(self.conv(x)) + F.relu(self.table(torch.ones(1, 2)))[..., None, None]

    score = naswot_score(Position(), images(5, 8), activations="auto")
    assert (score.activations, score.uncounted) == (("gelu",), ("relu() (relu, not by image)",))


def test_auto_refuses_to_choose_between_two():
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.SiLU(), nn.SiLU())
    with pytest.raises(ValueError, match=r"activations: 'auto' .* has 2: silu \(2 calls\), relu \(1 calls\); name"):
        naswot_score(network, images(5, 8), activations="auto")


def test_nothing_to_count_is_told_by_kind_with_three_names():
    network = nn.Sequential(nn.Conv2d(3, 4, 3), *[nn.SiLU() for _ in range(200)])
    with pytest.raises(ValueError, match="activations seen") as error:
        naswot_score(network, images(5, 8))
    assert "200 silu (1, 2, 3, ...)" in str(error.value)
    assert len(str(error.value)) < 300
