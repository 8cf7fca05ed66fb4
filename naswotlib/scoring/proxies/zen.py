"""zen: how far the feature map of Gaussian weights moves when a Gaussian image is moved (Lin et al., 2021)."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.func import functional_call
from torch.overrides import TorchFunctionMode

from naswotlib.scoring.proxies.base import check_finite, floating, register_proxy
from naswotlib.scoring.proxies.passes import passes_of, seeded_by

STEP = 0.01  # α of the paper


@register_proxy("zen")
def zen(network: nn.Module, inputs: Tensor) -> float:
    """Zen-Score of ``network`` on Gaussian images shaped as ``inputs`` ``(N, ...)`` (arXiv:2102.01063, Algorithm 1).

    log E‖f(x) − f(x + αε)‖ + Σ_k log σ_k: all weights (parameters of two dimensions or more), x and ε are drawn from
    N(0, 1), α = 0.01, f is the last feature map of more than one pixel, the one before global pooling (without any, the
    output), E the mean over images, and σ_k² the variance of what goes into batch normalisation k, its mean over
    channels. What is drawn comes from a hash of the network's weights, so one network has one value. A batch
    normalisation whose input does not vary, behind a node that nothing reaches, is left out. −inf where f is constant.

    The paper takes residual connections out first; here the network stays as it is, since in the spaces of this library
    they are what is searched for. The authors' code (idstcv/ZenNAS, ``ZeroShotProxy/compute_zen_score.py``, commit
    ec10755) adds up absolute differences instead of the norm, reads σ_k off running statistics that start at 1, and
    averages over 32 draws.
    """
    generator = seeded_by(network)
    with passes_of(network, inputs), torch.no_grad():
        weights = _gaussian_weights(network, generator)
        draws = [torch.randn(inputs.shape, generator=generator).to(inputs.device) for _ in range(2)]
        still = _watch(network, weights, draws[0], spread=True)
        moved = _watch(network, weights, draws[0] + STEP * draws[1])
        distance = torch.linalg.vector_norm((still.features - moved.features).double().flatten(1), dim=1).mean().cpu()
        variances = torch.stack(still.variances).double().cpu() if still.variances else torch.zeros(0)
    if float(distance) == 0:
        return -math.inf
    return check_finite("zen", float(distance.log() + variances[variances > 0].log().sum() / 2))


def _gaussian_weights(network: nn.Module, generator: torch.Generator) -> dict[str, Tensor]:
    """N(0, 1) for weights; of normalisation, factors of 1; no bias."""
    drawn = {}
    for name, weight in floating(network.named_parameters()).items():
        if weight.dim() >= 2:
            drawn[name] = torch.randn(weight.shape, generator=generator).to(weight)
        else:
            drawn[name] = torch.full_like(weight, float(name.split(".")[-1] == "weight"))
    return drawn


def _watch(network: nn.Module, weights: dict[str, Tensor], images: Tensor, *, spread: bool = False) -> _Maps:
    maps = _Maps(spread)
    with maps:
        output = functional_call(network, weights, (images,))
    if maps.last is None and not isinstance(output, Tensor):
        raise ValueError(f"network: expected feature maps or a tensor as its output, got {type(output).__name__}")
    maps.features = output if maps.last is None else maps.last
    return maps


class _Maps(TorchFunctionMode):
    """Keeps the last feature map of a forward pass and, with ``spread``, variances before each batch normalisation."""

    def __init__(self, spread: bool) -> None:
        super().__init__()
        self.spread = spread
        self.features = torch.zeros(0)
        self.last: Tensor | None = None
        self.variances: list[Tensor] = []

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        if self.spread and func is F.batch_norm:
            x = args[0]
            self.variances.append(x.var(dim=[0, *range(2, x.dim())], correction=0).mean())
        output = func(*args, **(kwargs or {}))
        if isinstance(output, Tensor) and output.dim() == 4 and output[0, 0].numel() > 1:
            self.last = output
        return output
