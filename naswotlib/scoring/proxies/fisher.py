"""fisher: how much the loss feels that a channel is taken out (Theis et al., 2018; Turner et al., 2020)."""

from __future__ import annotations

from torch import Tensor, nn

from naswotlib.scoring.proxies.base import check_finite, register_proxy, summed
from naswotlib.scoring.proxies.passes import passes_of


@register_proxy("fisher", needs_labels=True)
def fisher(network: nn.Module, inputs: Tensor, *, labels: Tensor) -> float:
    """Fisher information of all channels of ``network`` on ``inputs`` ``(N, ...)`` with ``labels`` ``(N,)`` int64.

    The channel c of a convolution or linear layer has Δ_c = 1/(2N) Σ_n (Σ_ij a_nij · ∂L/∂a_nij)², with a its output at
    image n and pixel (i, j), and L the cross-entropy: the second-order estimate of Theis et al. (arXiv:1801.05787) and
    of Turner et al. (BlockSwap, ICLR 2020) of what its removal costs. Δ_c is added up over all channels and layers. L
    is the mean over images and not their sum, a factor 1/N² that all networks share.

    The text of Abdelfattah et al. (ICLR 2021) squares each pixel's term by itself; their code
    (SamsungLabs/zero-cost-nas, ``measures/fisher.py``) squares the sum over pixels as here, and then counts a channel
    once for each weight of its filter.
    """
    with passes_of(network, inputs, labels) as passes:
        pairs = zip(passes.forward.outputs, passes.output_gradients, strict=True)
        parts = [_information(output.detach(), gradient.detach()) for output, gradient in pairs]
    return check_finite("fisher", summed(parts))


def _information(output: Tensor, gradient: Tensor) -> Tensor:
    """Σ_c Δ_c of a layer whose output is ``(N, C, ...)``; of tokens ``(N, T, C)`` the last dimension are channels."""
    products = output * gradient
    pixels = [1] if products.dim() == 3 else [*range(2, products.dim())]
    by_channel = products.sum(dim=pixels) if pixels else products
    return by_channel.square().mean(dim=0).sum() / 2
