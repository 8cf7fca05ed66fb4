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
