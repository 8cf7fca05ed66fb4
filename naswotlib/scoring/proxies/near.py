"""near: how many directions the values of each layer span (Husistein et al., 2025)."""

from __future__ import annotations

from collections import defaultdict

import torch
from torch import Tensor, nn

from naswotlib.scoring.proxies.base import check_finite, register_proxy
from naswotlib.scoring.proxies.passes import passes_of, seeded_by
from naswotlib.scoring.watch import visit_rectifiers


@register_proxy("near")
def near(network: nn.Module, inputs: Tensor) -> float:
    """Network expressivity by activation rank of ``network`` on ``inputs`` ``(N, ...)`` (arXiv:2408.08776).

    Σ_l erank(Z_l) + erank(H_l) over all layers l with a ReLU: Z_l holds the values before it and H_l after it, and the
    effective rank of a matrix is exp(−Σ_k p_k log p_k), p_k its singular values divided by their sum; of a matrix of
    zeros it is 0. It does not change when a layer's values are scaled by a positive factor.

    A row of Z_l is one pixel of one image, a column a channel, and as many rows are taken as there are channels, pixels
    beside each other from the top of a column of the image, at a place that is drawn for each layer from a hash of
    the network's weights (so one network has one value). The authors' code (ReiherGroup/NEAR, ``near_score.py``,
    commit 4d5d7f1) adds up the outputs of every module with weights, so batch normalisation too, and of
    every activation, and can average over initialisations.
    """
    generator, taken = seeded_by(network), []
    with passes_of(network, inputs):
        visit_rectifiers(network, inputs, lambda values: taken.append(take_rows(values, generator)))
    matrices: dict[torch.Size, list[Tensor]] = defaultdict(list)  # those of one shape are decomposed together
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


def take_rows(values: Tensor, generator: torch.Generator) -> Tensor:
    """As many rows as columns of ``values`` as a matrix, one below the other, from a place drawn; all of fewer.

    The columns are the channels of ``(N, C, H, W)``, whose rows are pixels, column by column of each image, and the
    last dimension of ``(N, C)`` and ``(N, T, C)``.
    """
    values = values.detach()
    pixels = values if values.dim() < 4 else values.flatten(3).permute(0, 3, 2, 1)  # (N, W, H, C)
    per_image, columns = pixels[0, ..., 0].numel(), pixels.shape[-1]
    stride = pixels.shape[-2] if pixels.dim() > 2 else 1  # one starts at the top of a column, or at a first token
    spare = len(pixels) * per_image - columns
    places = max(spare, 0) // stride + 1
    start = stride * int(torch.randint(places, (), generator=generator))
    first = start // per_image
    last = -(-(start + columns) // per_image)
    rows = pixels[first:last].reshape(-1, columns)
    return rows[start - first * per_image :][:columns].clone()
