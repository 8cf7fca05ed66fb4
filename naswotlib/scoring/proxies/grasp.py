"""grasp: how much the flow of gradients feels that a weight is taken out (Wang et al., 2020)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from naswotlib.scoring.proxies.base import check_finite, gradients_of, register_proxy, summed
from naswotlib.scoring.proxies.passes import passes_of


@register_proxy("grasp", needs_labels=True)
def grasp(network: nn.Module, inputs: Tensor, *, labels: Tensor) -> float:
    """Sum over all weights w of −w · (Hg)_w, with g gradient and H Hessian of the cross-entropy in the weights.

    The score S(−w) = −w ⊙ Hg of Wang et al. (ICLR 2020), the change of the gradient's squared norm when a weight is
    taken out, added up over all weights as Abdelfattah et al. (ICLR 2021) do. Hg is the gradient of gᵀ·stop(g), from a
    second backward pass. The authors' code divides the class scores by a temperature of 200 and draws as many images of
    each class; that of Abdelfattah et al. (SamsungLabs/zero-cost-nas, ``measures/grasp.py``) has temperature 1 and one
    mini-batch, as here. Weights are parameters of two dimensions or more; ``labels`` are ``(N,)`` int64.
    """
    with passes_of(network, inputs, labels, second_order=True) as passes:
        gradients = passes.weight_gradients
        weights = {name: passes.forward.weights[name] for name in gradients}
        terms = [(gradient.detach() * gradient).sum() for gradient in gradients.values()]
        product = torch.stack(terms).sum() if terms else torch.zeros(())
        curved = gradients_of(product, weights, retain_graph=True) if product.requires_grad else {}
        parts = [-(weights[name].detach() * column).sum() for name, column in curved.items()]
    return check_finite("grasp", summed(parts))
