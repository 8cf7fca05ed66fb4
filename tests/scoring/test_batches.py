"""A mini-batch is whatever a network is called with: a tensor, arguments, keywords, a data loader's batch."""

from __future__ import annotations

from collections import UserDict
from types import SimpleNamespace

import pytest
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from naswotlib.scoring.score import naswot_score
from naswotlib.scoring.watch import activation_codes
from support.small_graphs import images
from support.small_modules import Plain, seeded


class Two(nn.Module):
    """Two inputs, and outputs in a form of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Conv2d(3, 4, 3), nn.Linear(5, 6)

    def forward(self, picture: Tensor, facts: Tensor, *, scale: float = 1.0) -> SimpleNamespace:
        return SimpleNamespace(
            logits=torch.relu(self.a(picture)).mean((1, 2, 3)), facts=torch.relu(self.b(scale * facts))
        )


@pytest.fixture
def two() -> tuple[nn.Module, Tensor, Tensor, list[list[bool]]]:
    network, picture, facts = seeded(Two), images(6, 8), torch.randn(6, 5, generator=torch.Generator().manual_seed(0))
    expected = torch.cat([(network.a(picture) > 0).flatten(1), network.b(facts) > 0], 1)
    return network, picture, facts, expected.tolist()


@pytest.mark.parametrize("form", ["tuple", "list", "dict", "mapping", "forward"])
def test_two_inputs_reach_the_network_in_every_form(two, form):
    network, picture, facts, expected = two
    inputs = {
        "tuple": (picture, facts),
        "list": [picture, facts],
        "dict": {"picture": picture, "facts": facts, "scale": 1.0},
        "mapping": UserDict(picture=picture, facts=facts),
        "forward": {"all": [picture, facts]},
    }[form]
    forward = (lambda network, inputs: network(*inputs["all"])) if form == "forward" else None
    assert activation_codes(network, inputs, forward=forward).unpacked().tolist() == expected
    assert naswot_score(network, inputs, forward=forward).num_units == len(expected[0])


def test_the_labels_of_a_data_loaders_batch_are_left_out_and_that_is_noted():
    network, x = seeded(Plain), images(6, 8)
    batch = next(iter(DataLoader(TensorDataset(x, torch.arange(6)), batch_size=6)))
    score = naswot_score(network, batch)
    assert (score.kernel == naswot_score(network, x).kernel).all()
    assert score.notes == ("the last item of the inputs, taken for labels, was left out",)


def test_numbers_for_which_the_network_has_an_argument_are_no_labels():
    class Lengths(Plain):
        def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
            return super().forward(x * lengths[:, None, None, None])

    assert naswot_score(seeded(Lengths), [images(6, 8), torch.arange(6)]).notes == ()


@pytest.mark.parametrize(
    ("inputs", "error", "message"),
    [
        ((images(6, 8),), TypeError, "missing 1 required positional argument: 'facts'"),
        ((images(6, 8), torch.full((6, 5), torch.nan)), ValueError, "inputs: found NaN"),
        ((images(1, 8), torch.zeros(1, 5)), ValueError, "inputs: .* at least 2 images"),
        ((1, 2), TypeError, "inputs: expected a torch.Tensor of shape .*, got tuple without one"),
        ({}, TypeError, "inputs: expected a torch.Tensor of shape .*, got dict without one"),
        ("abc", TypeError, "inputs: expected a torch.Tensor of shape .*, got str"),
        ((images(6, 8), torch.zeros(6, 5, device="meta")), ValueError, "inputs: on the meta device"),
    ],
)
def test_what_is_no_mini_batch_is_told(two, inputs, error, message):
    with pytest.raises(error, match=message):
        naswot_score(two[0], inputs)


@pytest.mark.parametrize("more", [(torch.rand(6),), (torch.zeros(6, 3),), (images(6, 8), torch.arange(6))])
def test_items_for_which_the_network_has_no_argument_are_told_with_what_to_do(more):
    with pytest.raises(ValueError, match=rf"inputs: {1 + len(more)} items, but the network takes 1; .* forward="):
        naswot_score(seeded(Plain), [images(6, 8), *more])


def test_a_data_loader_is_told_to_give_a_batch():
    loader = DataLoader(TensorDataset(images(6, 8)), batch_size=6)
    with pytest.raises(TypeError, match=r"inputs: .* got DataLoader; .* take a batch: next\(iter\(loader\)\)"):
        naswot_score(seeded(Plain), loader)


@pytest.mark.parametrize(
    ("keywords", "error", "message"),
    [
        ({"forward": 3}, TypeError, "forward: expected a function of the network and the inputs, got 3"),
        ({"max_memory": "4GB"}, ValueError, "max_memory: expected a number of bytes above 0, such as 4e9, got '4GB'"),
        ({"max_memory": -1}, ValueError, "max_memory: expected a number of bytes above 0"),
        ({"max_memory": float("nan")}, ValueError, "max_memory: expected a number of bytes above 0"),
        ({"activations": None}, TypeError, "activations: expected a collection of names .* got None"),
        ({"activations": [1, "relu"]}, TypeError, r"activations: expected a collection of names .* got \[1, 'relu'\]"),
    ],
)
def test_a_keyword_of_another_kind_is_told(keywords, error, message):
    with pytest.raises(error, match=message):
        naswot_score(seeded(Plain), images(6, 8), **keywords)


def test_memory_of_three_images_is_measured_on_three():
    network, x = seeded(Plain), images(3, 16)
    with pytest.raises(ValueError, match=r"on 3 images takes about") as error:
        naswot_score(network, x, max_memory=1)
    needed = float(str(error.value).split("takes about ")[1].split()[0]) * 1e9
    assert naswot_score(network, x, max_memory=round(1.01 * needed)).num_units
    with pytest.raises(ValueError, match="a mini-batch of 2 images would fit"):
        naswot_score(network, x, max_memory=round(0.99 * needed))


def test_memory_is_foretold_and_the_batch_that_fits_does():
    network, x = seeded(Plain), images(64, 16)
    with pytest.raises(
        ValueError, match=r"max_memory: .* 64 images takes about .*; a mini-batch of \d+ images"
    ) as error:
        naswot_score(network, x, max_memory=1_000_000)
    fits = int(str(error.value).split("a mini-batch of ")[1].split()[0])
    assert 2 <= fits < 64
    assert naswot_score(network, x[:fits], max_memory=1_000_000).num_units
    with pytest.raises(ValueError, match=f"a mini-batch of {fits} images would fit"):
        naswot_score(network, x[: fits + 1], max_memory=1_000_000)
    with pytest.raises(ValueError, match="not even one of 2 images would fit"):
        naswot_score(network, x, max_memory=1000)
    assert naswot_score(network, x, max_memory=10**9).value == naswot_score(network, x).value


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16, torch.float16])
def test_half_precision_is_scored_in_its_own_and_said(dtype):
    score = naswot_score(seeded(Plain).to(dtype), images(6, 8).to(dtype))
    assert score.precision == str(dtype).removeprefix("torch.")
    assert f"hooks, {score.precision}" in score.report()


def test_a_report_says_what_was_counted_left_out_and_what_coin_flips_would_score():
    network = nn.Sequential(nn.Flatten(), nn.Linear(192, 8), nn.ReLU(), nn.Linear(8, 4), nn.GELU())
    score = naswot_score(network, images(6, 8))
    lines = score.report().splitlines()
    assert lines[0] == f"score        {score.value:.6g}, log|det K_H| (equation 2)"
    assert f"coin flips   {score.coin_flips:.6g}" in lines[1]
    assert "8 units of 1 layers; counted: relu, each once" in lines[3]
    assert lines[6].split() == ["8", "100.0%", "1", "2"]
    assert lines[7] == "not counted  1 gelu (4)"
    assert any("scores of 6 images compare with those of 6 images alone" in line for line in lines)
    assert len(naswot_score(seeded(Plain), images(6, 8)).report(layers=1).splitlines()) == len(lines) + 1
    assert score.as_dict()["layers"] == {"2": 8}
