"""near: how many directions the values of each layer span (Husistein et al., 2025)."""

from __future__ import annotations

from collections import defaultdict

import torch
from torch import Tensor, nn

from naswotlib.scoring.proxies.base import check_finite, register_proxy
from naswotlib.scoring.proxies.passes import passes_of


@register_proxy("near")
def near(network: nn.Module, inputs: Tensor) -> float:
    """Network expressivity by activation rank of ``network`` on ``inputs`` ``(N, ...)`` (arXiv:2408.08776).

    Σ_l erank(Z_l) + erank(H_l) over all layers l with a ReLU: Z_l holds the values before it and H_l after it, and the
    effective rank of a matrix is exp(−Σ_k p_k log p_k), p_k its singular values divided by their sum; of a matrix of
    zeros it is 0. It does not change when a layer's values are scaled by a positive factor.

    A row of Z_l is one pixel of one image, a column a channel, and as many rows are taken as there are channels, by
    :func:`naswotlib.scoring.proxies.rows.take_rows`, at a place that is drawn for each layer from a hash of the
    network's weights (so one network has one value). The authors' code (ReiherGroup/NEAR, ``near_score.py``, commit
    4d5d7f1) adds up the outputs of every module with weights, so batch normalisation too, and of
    every activation, and can average over initialisations.
    """
    matrices: dict[torch.Size, list[Tensor]] = defaultdict(list)  # those of one shape are decomposed together
    with passes_of(network, inputs) as passes:
        taken = passes.rows
    for before in taken:
        matrices[before.shape] += [before, before.clamp(min=0)]
    ranks = [effective_ranks(torch.stack(alike).double().cpu()).sum() for alike in matrices.values()]
    return check_finite("near", float(torch.stack(ranks).sum()) if ranks else 0.0)


def effective_ranks(matrices: Tensor) -> Tensor:
    """Exponential of the entropy of the singular values of matrices ``(..., rows, columns)``; 0 where all are 0.

    >>> round(float(effective_ranks(torch.eye(4))), 3)
    4.0
    """
    values = torch.linalg.svdvals(matrices)
    total = values.sum(dim=-1, keepdim=True)
    shares = values / total
    entropy = -torch.special.xlogy(shares, shares).sum(dim=-1)
    return torch.where(total.squeeze(-1) == 0, 0.0, entropy.exp())
