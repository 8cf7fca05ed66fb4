"""The contract of scores passes a space of sound networks and finds a breach of each promise."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import torch
from torch import nn

from naswotlib.scoring.contracts import ScoreContract
from naswotlib.spaces.contracts import SpaceContract
from support.tiny_space import Plain, Stack, Tiny, promises

TINY = Tiny()
PROMISES = sorted(set(promises(ScoreContract)) - set(promises(SpaceContract)))


PASSES = iter(range(1, 1_000_000))  # not kept in the network, whose attributes come back as they were


class Restless(nn.Module):
    """A network that is another one at every pass."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        shift = next(PASSES)
        return self.network(x.roll(shift, 1) * x.roll(shift, 2))


def one_unit(self, arch, *, seed, num_classes=10):
    """One unit an image has the same code for many images, and so a singular kernel."""
    return nn.Sequential(nn.Flatten(), nn.Linear(3 * 16 * 16, 1), nn.ReLU(), nn.Linear(1, num_classes))


def restless(self, arch, *, seed, num_classes=10):
    return Restless(TINY.build(arch, seed=seed, num_classes=num_classes))


def narrower(self, arch, *, seed, num_classes=10):
    return TINY.build(Stack((8, *arch.widths[1:])), seed=seed, num_classes=num_classes)


def other_weights(self, arch, *, seed, num_classes=10):
    return TINY.build(arch, seed=seed + 1, num_classes=num_classes)


def graph_of_nothing(self, arch, *, num_classes=10):
    raise RuntimeError("out of ideas")


BREACHES: dict[str, list[tuple[dict[str, Any], str]]] = {
    "test_a_healthy_network_has_a_finite_score_and_fast_and_exact_engines_agree": [
        ({"build": one_unit}, "0 of 12 networks have a finite score, expected 3"),
        ({"build": restless}, "differs by|units and rank are|scores .* fast"),
    ],
    "test_the_table_of_scores_says_what_the_built_network_says": [
        ({"build": narrower}, "units and score .* in the table"),
        ({"build": other_weights}, "units and score .* in the table"),
        ({"graph": graph_of_nothing, "build": TINY.build}, "RuntimeError: out of ideas"),
    ],
}


def under_contract(space: Any) -> ScoreContract:
    contract = ScoreContract()
    contract.space = space
    return contract


@pytest.mark.parametrize("promise", PROMISES)
@pytest.mark.parametrize("space", [Tiny(), Plain()], ids=["from a graph", "built alone"])
def test_a_space_of_sound_networks_keeps_every_promise(space, promise):
    getattr(under_contract(space), promise)()


@pytest.mark.parametrize(
    ("promise", "instead", "told"),
    [(promise, instead, told) for promise, breaches in BREACHES.items() for instead, told in breaches],
)
@pytest.mark.filterwarnings("ignore::naswotlib.errors.NaswotWarning")
def test_a_breach_is_caught_and_told(promise: str, instead: Mapping[str, Any], told: str):
    broken = type("Broken", (Tiny,), dict(instead))()
    with pytest.raises(AssertionError, match=told):
        getattr(under_contract(broken), promise)()


def test_every_promise_has_a_breach():
    assert sorted(BREACHES) == PROMISES


class Functional(nn.Module):
    """ReLUs that are called, which counting as the authors' code does not see."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.relu(self.conv(x)).mean((2, 3))


def test_networks_of_functional_relus_are_asked_for_one_counting_alone():
    def build(self, arch, *, seed, num_classes=10):
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            return Functional()

    contract = under_contract(type("Called", (Plain,), {"build": build})())
    contract.countings = ("once",)
    contract.test_a_healthy_network_has_a_finite_score_and_fast_and_exact_engines_agree()
