"""The state in which a network is scored, and giving it back as it was."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import torch
from torch import nn

BatchNormMode = Literal["batch", "eval"]
_NORMS = (nn.modules.batchnorm._BatchNorm, nn.modules.instancenorm._InstanceNorm)


@contextmanager
def scoring_mode(network: nn.Module, batch_norm: BatchNormMode) -> Iterator[None]:
    """Dropout off and normalisation on batch statistics inside the block.

    Modes, buffers and the global random state are given back as they were, whatever happens inside.
    """
    modes = [(module, module.training) for module in network.modules()]
    norms = [(module, module.track_running_stats) for module in network.modules() if isinstance(module, _NORMS)]
    buffers = [
        (module, name, buffer, buffer.detach().clone())
        for module in network.modules()
        for name, buffer in module._buffers.items()
        if buffer is not None
    ]
    devices = sorted({buffer.device.index or 0 for *_, buffer in buffers if buffer.is_cuda})
    try:
        with torch.random.fork_rng(devices=devices):
            _set_modes(network, batch_norm)
            yield
    finally:
        for module, training in modes:
            module.training = training
        for norm, track in norms:
            norm.track_running_stats = track
        for module, name, buffer, before in buffers:
            module._buffers[name] = buffer
            if not torch.equal(buffer, before):
                with torch.no_grad():
                    buffer.copy_(before)


def _set_modes(network: nn.Module, batch_norm: str) -> None:
    for module in network.modules():
        module.training = False
    if batch_norm == "batch":
        for module in network.modules():
            if isinstance(module, _NORMS):
                module.training = True  # batch statistics, and without tracking nothing is written to the buffers
                module.track_running_stats = False
