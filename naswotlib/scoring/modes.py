"""The state in which a network is scored, and giving it back as it was."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from typing import Literal

import torch
from torch import Tensor, nn

BatchNormMode = Literal["batch", "eval"]
_NORMS = (nn.modules.batchnorm._BatchNorm, nn.modules.instancenorm._InstanceNorm)


def on_host(tensor: Tensor) -> bool:
    """Whether a look at the values of ``tensor`` waits for no other device."""
    return tensor.device.type == "cpu"


@contextmanager
def scoring_mode(network: nn.Module, batch_norm: BatchNormMode) -> Iterator[None]:
    """Dropout off and normalisation on batch statistics inside the block; on a GPU, no TF32.

    Modes, buffers and the global random states of torch are given back as they were, whatever happens inside.
    """
    modes = [(module, module.training) for module in network.modules()]
    norms = [(module, module.track_running_stats) for module in network.modules() if isinstance(module, _NORMS)]
    buffers = [
        (module, name, buffer, buffer.detach().clone())
        for module in network.modules()
        for name, buffer in module._buffers.items()
        if buffer is not None
    ]
    tensors = chain(network.parameters(), network.buffers())
    devices = sorted({tensor.device.index or 0 for tensor in tensors if tensor.is_cuda})
    try:
        with torch.random.fork_rng(devices=devices), full_precision():
            _set_modes(network, batch_norm)
            yield
    finally:
        for module, training in modes:
            module.training = training
        for norm, track in norms:
            norm.track_running_stats = track
        for module, name, buffer, before in buffers:
            module._buffers[name] = buffer
            if not on_host(buffer) or not torch.equal(buffer, before):  # a copy on a GPU is queued, a look waits
                with torch.no_grad():
                    buffer.copy_(before)


@contextmanager
def full_precision() -> Iterator[None]:
    """Convolutions and matrix products of a GPU in float32 inside the block, and not in TF32, whose products have 10
    bits: it is what PyTorch convolves in by default, and it flips signs.
    """
    convolutions = getattr(torch.backends.cudnn, "conv", torch.backends.cudnn)
    # The older name of the setting fails where someone has used the newer one, which torch has since 2.9.
    name, off = ("fp32_precision", "ieee") if hasattr(convolutions, "fp32_precision") else ("allow_tf32", False)
    before = [(backend, getattr(backend, name)) for backend in (convolutions, torch.backends.cuda.matmul)]
    try:
        for backend, _ in before:
            setattr(backend, name, off)
        yield
    finally:
        for backend, value in before:
            setattr(backend, name, value)


def _set_modes(network: nn.Module, batch_norm: str) -> None:
    for module in network.modules():
        module.training = False
    if batch_norm == "batch":
        for module in network.modules():
            if isinstance(module, _NORMS):
                module.training = True  # batch statistics, and without tracking nothing is written to the buffers
                module.track_running_stats = False
