"""snip: how much the loss feels that a weight is taken out (Lee et al., 2019)."""

from __future__ import annotations

from torch import Tensor, nn

from naswotlib.scoring.proxies.base import check_finite, register_proxy, summed
from naswotlib.scoring.proxies.passes import passes_of


@register_proxy("snip", needs_labels=True)
def snip(network: nn.Module, inputs: Tensor, *, labels: Tensor) -> float:
    """Sum over all weights w of |w · ∂L/∂w|, with L the cross-entropy on ``inputs`` ``(N, ...)`` and ``labels``.

    The connection sensitivity of Lee et al. (ICLR 2019): the derivative of the loss with respect to a factor of 1 on
    each weight, which is w · ∂L/∂w; added up, not normalised, as Abdelfattah et al. (ICLR 2021) do to get a measure of
    a network. Their code (SamsungLabs/zero-cost-nas, ``measures/snip.py``) puts the factors into the layers, and gets
    the same numbers. Weights are parameters of two dimensions or more.

    >>> import torch
    >>> network = nn.Sequential(nn.Flatten(), nn.Linear(1, 2, bias=False))
    >>> nn.init.zeros_(network[1].weight[0].data), nn.init.ones_(network[1].weight[1].data)
    (tensor([0.]), tensor([1.]))
    >>> round(snip(network, torch.zeros(2, 1), labels=torch.tensor([0, 1])), 6)
    0.0
    """
    with passes_of(network, inputs, labels) as passes:
        weights, gradients = passes.forward.weights, passes.weight_gradients
        parts = [(weights[name].detach() * gradient.detach()).abs().sum() for name, gradient in gradients.items()]
    return check_finite("snip", summed(parts))
