"""grad_norm: the size of the gradient (Abdelfattah et al., 2021), in both readings of the paper."""

from __future__ import annotations

from functools import partial
from typing import Literal

import torch
from torch import Tensor, nn

from naswotlib.errors import check_choice
from naswotlib.scoring.proxies.base import check_finite, register_proxy
from naswotlib.scoring.proxies.passes import passes_of

GradientNorm = Literal["sum", "euclidean"]


@register_proxy("grad_norm", needs_labels=True)
def grad_norm(network: nn.Module, inputs: Tensor, *, labels: Tensor, norm: GradientNorm = "sum") -> float:
    """Size of the gradient of the cross-entropy of ``network`` on ``inputs`` ``(N, ...)``, ``labels`` ``(N,)`` int64.

    ``norm="sum"``, the paper's text: the Euclidean norms of the gradients of all weight tensors, added up. Weights are
    the parameters of two dimensions or more, those of convolutions and linear layers, as in the code of Abdelfattah et
    al. ``norm="euclidean"``, the caption of Figure 4: one Euclidean norm over all parameters together.

    One forward and one backward pass, dropout off, normalisation on batch statistics, the mean of the loss over images.
    Of several outputs the first tensor, or ``logits``, are the class scores ``(N, classes)``.
    Raises ValueError for labels that do not fit, or a gradient that is not finite.

    >>> import torch
    >>> network = nn.Sequential(nn.Flatten(), nn.Linear(12, 10, bias=False))
    >>> inputs, labels = torch.ones(2, 3, 2, 2), torch.tensor([0, 1])
    >>> round(grad_norm(network, inputs, labels=labels), 6) == round(
    ...     grad_norm(network, inputs, labels=labels, norm="euclidean"), 6
    ... )
    True
    """
    check_choice("norm", norm, ("sum", "euclidean"))
    with passes_of(network, inputs, labels) as passes:
        gradients = passes.weight_gradients if norm == "sum" else passes.gradients
        norms = [torch.linalg.vector_norm(gradient.detach()) for gradient in gradients.values()]
    total = torch.stack(norms) if norms else torch.zeros(1)
    return check_finite("grad_norm", float(total.sum() if norm == "sum" else torch.linalg.vector_norm(total)))


register_proxy("grad_norm_euclidean", needs_labels=True)(partial(grad_norm, norm="euclidean"))
