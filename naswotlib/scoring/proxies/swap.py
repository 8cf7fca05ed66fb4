"""swap: how many units behave unlike all others on the mini-batch (Peng et al., 2024)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from naswotlib.scoring.codes import ActivationCodes
from naswotlib.scoring.proxies.base import register_proxy
from naswotlib.scoring.proxies.passes import passes_of

IMAGES = 63  # in a word that is summed up: the 64th bit is the sign
UNITS = 2**18  # packed at a time on a GPU: those of 63 images take an eighth of a GiB as words


@register_proxy("swap")
def swap(network: nn.Module, inputs: Tensor) -> float:
    """Number of different sample-wise activation patterns of ``network`` on ``inputs`` ``(N, ...)`` (arXiv:2403.04161).

    The pattern of a ReLU unit says for which of the N images it is active, N bits; the SWAP-Score is the cardinality of
    the set of patterns of all units. It is between 0 and the number of units N_A, and does not change when weights are
    scaled by a positive factor. The authors' code (pym1024/SWAP, ``src/metrics/swap.py``, commit 8d62256) takes signs
    of the outputs of ``nn.ReLU`` modules on images, which are the same bits. The regularised score, with its two
    constants for each space, is not computed.

    >>> network = nn.Sequential(nn.Linear(1, 3), nn.ReLU())
    >>> _ = nn.init.constant_(network[0].weight.data, 1.0)
    >>> network[0].bias.data = torch.tensor([0.0, 0.5, -1.5])
    >>> swap(network, torch.tensor([[1.0], [2.0]]))  # units 0 and 1 are active for both images, unit 2 for the second
    2.0
    """
    with passes_of(network, inputs) as passes:
        return float(count_patterns(passes.codes))


def count_patterns(codes: ActivationCodes) -> int:
    """Number of different columns of the codes ``(N, N_A)``."""
    layers = {id(layer.bits): layer for layer in codes.layers}.values()  # one input rectified twice is the same bits
    columns = [_columns(layer.bits, layer.units) for layer in layers]
    if not columns:
        return 0
    words = torch.cat(columns, dim=1)
    order = torch.arange(words.shape[1], device=words.device)
    for word in words:  # sorted by one word after the other, each time keeping the order that is there
        order = order[torch.sort(word[order], stable=True).indices]
    ordered = words[:, order]
    return 1 + int((ordered[:, 1:] != ordered[:, :-1]).any(dim=0).sum())


def _columns(bits: np.ndarray | Tensor, units: int) -> Tensor:
    """Bits of ``units`` units as words of 63 images each, ``(words, units)`` int64."""
    if isinstance(bits, np.ndarray):  # packed the other way, 64 units a word
        blocks = np.zeros((-(-len(bits) // 64), 64, bits.shape[1]), np.uint64)
        blocks.reshape(-1, bits.shape[1])[: len(bits)] = bits
        columns = [turned(block).T.reshape(-1)[:units] for block in blocks]
        return torch.from_numpy(np.stack(columns).view(np.int64))
    places = torch.arange(IMAGES, device=bits.device)[:, None]
    words = [
        torch.cat([(some.to(torch.int64) << places[: len(some)]).sum(dim=0) for some in part.split(UNITS, dim=1)])
        for part in bits.split(IMAGES)
    ]
    return torch.stack(words)


def turned(block: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Each column of ``block`` ``(64, W)`` as a matrix of bits, transposed: bit b of row r becomes bit r of row b.

    Halves are exchanged across the diagonal, then quarters within them, and so on.

    >>> turned(np.array([[2], *[[0]] * 63], dtype=np.uint64))[:3, 0].tolist()
    [0, 1, 0]
    """
    rows = block.copy()
    size, low = 32, np.uint64(0xFFFFFFFF)
    while size:
        step = np.uint64(size)
        halves = rows.reshape(-1, 2, size, rows.shape[1])
        moved = ((halves[:, 0] >> step) ^ halves[:, 1]) & low
        halves[:, 1] ^= moved
        halves[:, 0] ^= moved << step
        size //= 2
        low ^= low << np.uint64(size)
    return rows
