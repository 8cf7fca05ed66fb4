"""Checks of networks and mini-batches, and the state in which a network is scored."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from typing import Literal, get_args

import torch
from torch import Tensor, nn

from naswotlib.errors import check_choice
from naswotlib.graph import Counting

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
            for module in network.modules():
                module.training = batch_norm == "batch" and isinstance(module, _NORMS)
                if module.training:  # batch statistics, and without tracking nothing is written to the buffers
                    module.track_running_stats = False  # type: ignore[assignment]
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
def full_precision(tf32: bool = False) -> Iterator[None]:
    """No TF32 on a GPU inside the block: products of 10 bits, in which PyTorch convolves by default, flip signs.

    ``tf32``: TF32 everywhere instead, for training.
    """
    convolutions = getattr(torch.backends.cudnn, "conv", torch.backends.cudnn)
    # The older name of the setting fails where someone has used the newer one, which torch has since 2.9.
    newer = hasattr(convolutions, "fp32_precision")
    name, chosen = ("fp32_precision", "tf32" if tf32 else "ieee") if newer else ("allow_tf32", tf32)
    before = [(backend, getattr(backend, name)) for backend in (convolutions, torch.backends.cuda.matmul)]
    try:
        for backend, _ in before:
            setattr(backend, name, chosen)
        yield
    finally:
        for backend, value in before:
            setattr(backend, name, value)


def check_inputs(inputs: Tensor, *, least: int = 2) -> None:
    """Raise unless ``inputs`` is a mini-batch of ``least`` images or more, and finite (on a GPU that is not asked)."""
    if not isinstance(inputs, Tensor):
        raise TypeError(f"inputs: expected a torch.Tensor of shape (N, ...), got {type(inputs).__name__}")
    if inputs.dim() < 2 or len(inputs) < least:
        raise ValueError(
            f"inputs: expected a mini-batch (N, ...) of at least {least} images, since K_H compares images with one "
            f"another and normalisation needs a batch; got shape {tuple(inputs.shape)}"
        )
    if inputs.is_meta:
        raise ValueError("inputs: on the meta device, which holds no numbers; move them with .to('cpu') or similar")
    if on_host(inputs) and inputs.is_floating_point() and not bool(torch.isfinite(inputs).all()):
        raise ValueError("inputs: found NaN or infinite values; check how the images were normalised")


def check_network(network: nn.Module, inputs: Tensor, *, least: int = 2) -> None:
    """Raise unless ``network`` is a module, and ``inputs`` a mini-batch of ``least`` images where its weights are."""
    if not isinstance(network, nn.Module):
        raise TypeError(f"network: expected a torch.nn.Module, got {type(network).__name__}")
    check_inputs(inputs, least=least)
    for tensor in [*network.parameters(), *network.buffers()]:
        if tensor.device != inputs.device:
            raise ValueError(
                f"inputs: on device {inputs.device}, but the network has weights on {tensor.device}; "
                "move one of them with .to(device)"
            )


def check_counting(counting: str) -> None:
    """Raise unless ``counting`` is one of the two ways of counting."""
    check_choice("counting", counting, get_args(Counting))
