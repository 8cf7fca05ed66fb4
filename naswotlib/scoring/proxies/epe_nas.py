"""epe_nas: how alike images of one class look to the gradient (Lopes et al., 2021)."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from naswotlib.scoring.proxies.base import check_finite, register_proxy
from naswotlib.scoring.proxies.jacob_cov import OFFSET, correlations
from naswotlib.scoring.proxies.passes import passes_of

MANY_CLASSES = 100  # τ of the paper: above it, classes are compared with one another


@register_proxy("epe_nas", needs_labels=True)
def epe_nas(network: nn.Module, inputs: Tensor, *, labels: Tensor) -> float:
    """EPE-NAS of ``network`` on ``inputs`` ``(N, ...)`` with ``labels`` ``(N,)`` int64 (arXiv:2102.08099).

    For each class c of the mini-batch, e_c = Σ_ij log(|R_c,ij| + k), with R_c the correlation matrix of the gradients
    of its images (the rows J_i of :func:`jacob_cov`) and k = 10⁻⁵. Of a network with at most 100 classes the score is
    Σ_c |e_c|; with more, each e_c is divided by the number of its images, and the score is the sum of |e_c − e_d| over
    all ordered pairs, divided by the number of classes met. Classes with one image have e_c = log(1 + k). −inf where
    the gradient of an image is the same number everywhere.

    This is the arithmetic of the authors' code (VascoLopes/EPE-NAS, ``search.py``, commit 74ed5d7), which leaves out
    classes whose correlations cannot be computed, and takes the first case whatever the number of classes.
    """
    with passes_of(network, inputs, labels) as passes:
        gradients, classes = passes.input_gradients, passes.forward.scores.shape[1]
        matrix = correlations(gradients)
    if matrix is None:
        return -math.inf
    many = classes > MANY_CLASSES
    logs = (matrix.abs() + OFFSET).log()
    found = []
    for label in labels.unique().cpu():
        members = (labels.cpu() == label).nonzero().flatten()
        total = logs[members][:, members].sum()
        found.append(total / len(members) if many else total)
    sums = torch.stack(found)
    value = (sums[:, None] - sums[None, :]).abs().sum() / len(sums) if many else sums.abs().sum()
    return check_finite("epe_nas", float(value))
