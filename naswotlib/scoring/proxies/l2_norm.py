"""l2_norm: the size of the weights, which looks at no data (Abdelfattah et al., 2021)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from naswotlib.scoring.modes import check_network
from naswotlib.scoring.proxies.base import check_finite, register_proxy, summed


@register_proxy("l2_norm")
def l2_norm(network: nn.Module, inputs: Tensor) -> float:
    """Euclidean norms of all weight tensors, added up; ``inputs`` are not looked at.

    The paper does not describe it; it is defined by the code of Abdelfattah et al. (SamsungLabs/zero-cost-nas,
    ``measures/l2_norm.py``), with which this agrees. Weights are parameters of two dimensions or more.

    >>> network = nn.Sequential(nn.Linear(3, 3, bias=False), nn.Linear(3, 1, bias=False))
    >>> nn.init.eye_(network[0].weight.data).trace(), nn.init.constant_(network[1].weight.data, 2.0)
    (tensor(3.), tensor([[2., 2., 2.]]))
    >>> round(l2_norm(network, torch.zeros(2, 3)), 6) == round(3**0.5 + 12**0.5, 6)
    True
    """
    check_network(network, inputs)
    weights = [weight.detach() for weight in network.parameters() if weight.dim() >= 2]
    return check_finite("l2_norm", summed([torch.linalg.vector_norm(weight) for weight in weights]))
