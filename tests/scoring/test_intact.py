"""A network comes back as it was, however oddly it is made, and a score disturbs nobody else."""

from __future__ import annotations

import random
import threading
import warnings
from collections.abc import Callable

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from naswotlib.errors import NaswotWarning
from naswotlib.scoring.proxies import flops, grad_norm, num_units
from naswotlib.scoring.score import naswot_score
from support.odd_modules import PARTS, Caching, make_odd, random_states, state_of
from support.small_graphs import images
from support.small_modules import Plain, seeded

USES: dict[str, Callable[..., object]] = {
    "exact": naswot_score,
    "fast": lambda network, x: naswot_score(network, x, exact=False),
    "reference": lambda network, x: naswot_score(network, x, counting="reference"),
    "num_units": num_units,
    "flops": flops,
}


def step(network: nn.Module, x: torch.Tensor) -> list[list[float] | None]:
    """The gradients of a training step from a known random state."""
    torch.manual_seed(11)
    random.seed(11)
    np.random.seed(11)  # noqa: NPY002 (the networks draw from it)
    network.train()
    F.cross_entropy(network(x.clone()), torch.arange(len(x)) % 4).backward()
    return [None if weights.grad is None else weights.grad.tolist() for weights in network.parameters()]


@settings(max_examples=40, deadline=None)
@given(
    parts=st.lists(st.sampled_from(sorted(PARTS)), min_size=1, max_size=4),
    use=st.sampled_from(sorted(USES)),
    training=st.booleans(),
    seed=st.integers(0, 3),
)
@pytest.mark.filterwarnings("ignore")
def test_a_network_comes_back_as_it_was_and_trains_as_if_it_had_never_been_scored(parts, use, training, seed):
    network, twin = make_odd(parts, seed), make_odd(parts, seed)
    x = images(5, 6)
    network.train(training)
    twin.train(training)
    before, numbers, drawn = state_of(network), x.tolist(), random_states()
    USES[use](network, x)
    assert random_states() == drawn
    assert state_of(network) == before
    assert x.tolist() == numbers
    assert step(network, x) == step(twin, x)


@pytest.mark.parametrize("part", sorted(PARTS))
def test_a_second_score_is_the_first(part):
    network = make_odd([part], 0)
    first = naswot_score(network, images(5, 6))
    assert (naswot_score(network, images(5, 6)).kernel == first.kernel).all()


def test_a_lazy_network_is_scored_with_the_weights_that_it_will_have():
    network, x = make_odd(["lazy"], 0), images(5, 6)
    torch.manual_seed(5)
    score = naswot_score(network, x)
    with torch.no_grad():
        network(x)
    assert (naswot_score(network, x).kernel == score.kernel).all()


def test_a_network_that_rectifies_its_inputs_in_place_leaves_those_of_the_caller():
    x = images(5, 6)
    before = x.clone()
    naswot_score(nn.Sequential(nn.ReLU(inplace=True), nn.Flatten(), nn.Linear(108, 8), nn.ReLU()), x)
    assert torch.equal(x, before)


def test_a_network_that_caches_is_scored_alike_by_both_engines_and_can_be_trained():
    layers = [nn.Conv2d(3, 4, 3), nn.ReLU(), Caching(), nn.Conv2d(4, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(256, 4)]
    network, x = nn.Sequential(*layers), images(5, 12)
    fast, exact = naswot_score(network, x, exact=False), naswot_score(network, x)
    assert (fast.num_units, fast.layers) == (exact.num_units, exact.layers)
    assert isinstance(network(x), torch.Tensor)
    assert all(gradient is not None for gradient in step(network, x))


KEPT: dict[str, torch.Tensor] = {}


class OfAll(nn.Module):
    """Keeps a tensor in a dictionary of its class, or of its module, or as an attribute of its class."""

    table: dict[str, torch.Tensor] = {}  # noqa: RUF012 (that it is of the class is the matter)
    newest: torch.Tensor | None = None

    def __init__(self, place: str) -> None:
        super().__init__()
        self.conv, self.place = nn.Conv2d(3, 4, 3), place

    def forward(self, x):
        y = self.conv(x)
        kept = {"class": OfAll.table, "nested": OfAll.table.setdefault("all", {}), "module": KEPT}.get(self.place)
        if kept is None:
            OfAll.newest = torch.linspace(0, 1, y.shape[-1]) if OfAll.newest is None else OfAll.newest
            return F.relu(y - OfAll.newest)
        if "pos" not in kept:
            kept["pos"] = torch.linspace(0, 1, y.shape[-1])
        return F.relu(y - kept["pos"])


@pytest.mark.parametrize("place", ["class", "nested", "module", "attribute"])
def test_what_a_network_keeps_in_its_class_or_module_holds_no_stand_in_after_a_fast_score(place):
    OfAll.table.clear()
    KEPT.clear()
    OfAll.newest = None
    network, x = seeded(OfAll, place), images(5, 8)
    fast, exact = naswot_score(network, x, exact=False), naswot_score(network, x)
    assert (fast.num_units, fast.layers) == (exact.num_units, exact.layers)
    assert isinstance(network(x), torch.Tensor)
    assert isinstance((OfAll.table.get("all", {}) | OfAll.table | KEPT).get("pos", OfAll.newest), torch.Tensor)


def test_where_one_thing_cannot_be_given_back_all_else_is():
    class Stubborn:
        __slots__ = ("_held",)

        def __init__(self):
            object.__setattr__(self, "_held", 0)

        held = property(lambda self: self._held)

    class Raises(nn.Module):
        def __init__(self):
            super().__init__()
            self.norm, self.calls, self.stubborn = nn.BatchNorm2d(3), 0, Stubborn()

        def forward(self, x):
            self.calls += 1
            self.norm.running_mean.add_(1)
            object.__setattr__(self.stubborn, "_held", 1)
            raise ArithmeticError("on purpose")

    network = Raises()
    before = state_of(network)
    with pytest.raises(ArithmeticError, match="on purpose"):
        naswot_score(network, images(5, 6))
    assert state_of(network) == before
    assert network.stubborn.held == 0


def test_a_frozen_scripted_network_is_scored():
    network, x = nn.Sequential(nn.Flatten(), nn.Linear(108, 8), nn.ReLU()), images(5, 6)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        frozen = torch.jit.freeze(torch.jit.script(network.eval()))
    assert (naswot_score(frozen, x).kernel == naswot_score(network, x).kernel).all()


def test_what_an_earlier_trace_left_in_a_network_is_no_tensor_and_is_told():
    network = nn.Sequential(nn.Flatten(), nn.Linear(12, 4), nn.ReLU(), Caching(), nn.ReLU())
    torch.fx.Tracer().trace(network, {})
    with pytest.raises((TypeError, ValueError), match=r"torch\.fx\.Proxy|Proxy"):
        naswot_score(nn.Sequential(network[1], Left(network[3]), nn.ReLU()), torch.randn(3, 12))


class Left(nn.Module):
    def __init__(self, caching: Caching) -> None:
        super().__init__()
        self.caching = caching

    def forward(self, x):
        return F.relu(self.caching(x))


def test_one_network_scored_from_four_threads_gives_one_score_and_comes_back():
    network, x = seeded(Plain).train(), images(6, 8)
    before, expected, found = state_of(network), naswot_score(network, x), []

    def score() -> None:
        found.extend(naswot_score(network, x, exact=exact).kernel for exact in (True, False, True))

    threads = [threading.Thread(target=score) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 12
    assert all(np.abs(kernel - expected.kernel).max() <= 1 for kernel in found)
    assert state_of(network) == before


@pytest.mark.parametrize("use", [naswot_score, lambda n, x: grad_norm(n, x, labels=LABELS)])
def test_the_random_numbers_that_another_thread_draws_meanwhile_are_those_that_it_would_have_drawn(use):
    network, x = seeded(Plain), images(6, 8)
    torch.manual_seed(0)
    expected = [torch.rand(1).item() for _ in range(3)]
    torch.manual_seed(0)
    found = [torch.rand(1).item()]

    class Draws(nn.Module):
        def forward(self, y):
            thread = threading.Thread(target=lambda: found.append(torch.rand(1).item()))
            thread.start()
            thread.join()
            return y

    use(nn.Sequential(Draws(), network), x)
    assert [*found, torch.rand(1).item()] == expected


LABELS = torch.tensor([0, 1, 2, 3, 0, 1])


def test_scripted_normalisation_uses_the_batch_and_what_was_traced_in_eval_mode_warns():
    network, x = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU()), images(5, 8)
    expected = naswot_score(network, x)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        scripted, traced = torch.jit.script(network), torch.jit.trace(network.eval(), x)
    assert (naswot_score(scripted, x).kernel == expected.kernel).all()
    with pytest.warns(NaswotWarning, match="1 batch normalisations used running statistics"):
        assert naswot_score(traced, x).num_units == expected.num_units


def test_a_compiled_network_is_scored_as_it_is_written_without_being_compiled():
    network, x = seeded(Plain), images(5, 8)
    compiled = torch.compile(network, backend=lambda *_: pytest.fail("it was compiled"))
    assert (naswot_score(compiled, x).kernel == naswot_score(network, x).kernel).all()
