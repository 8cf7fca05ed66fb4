"""synflow: the Synaptic Flow of a network (Tanaka et al., 2020)."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.func import functional_call

from naswotlib.scoring.modes import check_network, scoring_mode
from naswotlib.scoring.proxies.base import check_finite, class_scores, floating, gradients_of, register_proxy


@register_proxy("synflow")
def synflow(network: nn.Module, inputs: Tensor) -> float:
    """Logarithm of the Synaptic Flow of ``network`` (Tanaka et al., 2020), summed over its weights.

    With every weight and buffer replaced by its absolute value, an image of ones goes through the network, R is the sum
    of its output (of several, of the first tensor or ``logits``), and the flow is the sum of |w · ∂R/∂w| over the
    weights, parameters of two dimensions or more. Of ``inputs`` ``(N, ...)`` only the shape of one image is used. As
    in the original, BatchNorm uses its running statistics, which in a network that never ran change nothing.

    In double precision; the logarithm is taken since flows span hundreds of orders of magnitude, and is −inf where
    nothing flows. The network's own weights are not touched. Raises ValueError where double precision overflows.

    >>> network = nn.Sequential(nn.Flatten(), nn.Linear(12, 5, bias=False))
    >>> flow = synflow(network, torch.zeros(2, 3, 2, 2))
    >>> math.isclose(flow, math.log(float(network[1].weight.detach().double().abs().sum())))
    True
    """
    check_network(network, inputs)
    if not inputs.is_floating_point():
        raise ValueError(f"inputs: synflow sends ones through the network, which needs floats, got {inputs.dtype}")
    with scoring_mode(network, "eval"), torch.inference_mode(False), torch.enable_grad():
        weights, buffers = (
            {name: tensor.detach().double().abs() for name, tensor in floating(named).items()}
            for named in (network.named_parameters(), network.named_buffers())
        )
        for weight in weights.values():
            weight.requires_grad_()
        image = torch.ones(1, *inputs.shape[1:], dtype=torch.float64, device=inputs.device)
        flow = class_scores(functional_call(network, {**weights, **buffers}, (image,))).sum()
        gradients = gradients_of(flow, weights)
    parts = [(weights[n].detach() * g).abs().sum() for n, g in gradients.items() if g.dim() >= 2]
    total = check_finite("synflow", float(torch.stack(parts).sum()) if parts else 0.0)
    return math.log(total) if total else -math.inf
