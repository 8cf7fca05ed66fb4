"""Counts: parameters, multiply-adds and ReLU units, which a measure of an untrained network has to beat."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from naswotlib.scoring.modes import check_network, scoring_mode
from naswotlib.scoring.proxies.base import register_proxy
from naswotlib.scoring.proxies.passes import open_passes
from naswotlib.scoring.watch import watch_codes


@register_proxy("parameters")
def parameters(network: nn.Module, inputs: Tensor) -> float:
    """Number of trainable and other parameters, each once; ``inputs`` are not looked at."""
    return float(sum(weights.numel() for weights in network.parameters()))


@register_proxy("flops")
def flops(network: nn.Module, inputs: Tensor) -> float:
    """Multiply-adds of convolutions and matrix products for one image, what NAS benchmarks call FLOPs.

    Counted by ``torch.utils.flop_counter`` while the first of ``inputs`` ``(N, ...)`` runs through the network; it
    says two operations for each, which is halved here.
    """
    check_network(network, inputs, least=1)
    counter = FlopCounterMode(display=False)
    with scoring_mode(network, "eval", inputs), torch.no_grad(), _no_fused_attention(), counter:
        network(inputs[:1])
    return float(counter.get_total_flops()) / 2


@register_proxy("num_units")
def num_units(network: nn.Module, inputs: Tensor) -> float:
    """N_A, the number of ReLU units, each counted once, from a pass of the first two of ``inputs`` ``(N, ...)``."""
    passes = open_passes(network, inputs)
    if passes is not None:
        return float(passes.codes.num_units)
    check_network(network, inputs)
    return float(watch_codes(network, inputs[:2]).num_units)


@contextmanager
def _no_fused_attention() -> Iterator[None]:
    """Attention by the matrix products that it is made of: those inside fused kernels are not counted."""
    before = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        with sdpa_kernel(SDPBackend.MATH):
            yield
    finally:
        torch.backends.mha.set_fastpath_enabled(before)
