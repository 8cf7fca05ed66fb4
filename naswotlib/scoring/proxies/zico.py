"""zico: how steady the gradient is from one part of the mini-batch to the other (Li et al., 2023)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from naswotlib.scoring.proxies.base import check_finite, gradients_of, register_proxy, summed
from naswotlib.scoring.proxies.passes import passes_of, run_forward

PARTS = 2  # batches of the paper's experiments


@register_proxy("zico", needs_labels=True)
def zico(network: nn.Module, inputs: Tensor, *, labels: Tensor) -> float:
    """ZiCo of ``network`` on ``inputs`` ``(N, ...)`` with ``labels`` ``(N,)`` int64, N at least 4 (arXiv:2301.11300).

    Σ_l log Σ_w E|g_w| / √Var|g_w|: l runs over layers, w over the weights of one, g_w is the gradient of the mean
    cross-entropy, and E and Var are over batches. Here they are the two halves of the mini-batch, each with
    its own batch statistics; the paper takes two batches. A weight whose |g_w| does not vary is left out, and a layer
    without any. Weights are parameters of two dimensions or more.

    With two batches the ratio of a weight is (|a| + |b|) / ||a| − |b||, which has no finite mean, so that a few weights
    decide about a layer. The authors' code (SLDGroup/ZiCo, ``ZeroShotProxy/compute_zico.py``, commit bbabe28) differs:
    it takes the deviation of g_w and not of |g_w|, and does not clear gradients in between, so that its second batch is
    the sum of both.
    """
    with passes_of(network, inputs, labels) as passes:
        if len(inputs) < 2 * PARTS:
            raise ValueError(f"inputs: zico compares {PARTS} parts of at least 2 images, got {len(inputs)} in all")
        pairs = zip(inputs.chunk(PARTS), passes.labels.chunk(PARTS), strict=True)
        found = [_weight_gradients(network, images, classes) for images, classes in pairs]
        layers = [name for name in found[0] if all(name in gradients for gradients in found)]
        ratios = [_ratio(torch.stack([gradients[name] for gradients in found])) for name in layers]
    sums = torch.stack(ratios).cpu() if ratios else torch.zeros(0)
    return check_finite("zico", summed([*sums[sums > 0].double().log()]))


def _weight_gradients(network: nn.Module, images: Tensor, labels: Tensor) -> dict[str, Tensor]:
    forward = run_forward(network, images)
    gradients = gradients_of(forward.loss(labels), forward.weights)
    return {name: gradient for name, gradient in gradients.items() if gradient.dim() >= 2}


def _ratio(gradients: Tensor) -> Tensor:
    """Σ_w E|g_w| / √Var|g_w| of gradients ``(batches, ...)``, over the weights where the divisor is not 0."""
    sizes = gradients.double().abs()
    mean, deviation = sizes.mean(dim=0), sizes.std(dim=0, correction=0)
    return torch.where(deviation > 0, mean / deviation, 0.0).sum()
