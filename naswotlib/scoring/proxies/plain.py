"""plain: weights times their gradients, with their signs (Abdelfattah et al., 2021)."""

from __future__ import annotations

from torch import Tensor, nn

from naswotlib.scoring.proxies.base import check_finite, register_proxy, summed
from naswotlib.scoring.proxies.passes import passes_of


@register_proxy("plain", needs_labels=True)
def plain(network: nn.Module, inputs: Tensor, *, labels: Tensor) -> float:
    """Sum over all weights w of w · ∂L/∂w, with L the cross-entropy on ``inputs`` ``(N, ...)`` and ``labels``.

    It is snip without absolute values: to first order, by how much the loss falls when all weights are taken out. The
    paper does not describe it; it is defined by the code of Abdelfattah et al. (SamsungLabs/zero-cost-nas,
    ``measures/plain.py``), with which this agrees. Of a layer that batch normalisation follows, the terms add up to
    zero but for rounding and the constant in its denominator, since its output does not change with the size of its
    weights; what is left is the classifier. Weights are parameters of two dimensions or more.
    """
    with passes_of(network, inputs, labels) as passes:
        weights, gradients = passes.forward.weights, passes.weight_gradients
        parts = [(weights[name].detach() * gradient.detach()).sum() for name, gradient in gradients.items()]
    return check_finite("plain", summed(parts))
