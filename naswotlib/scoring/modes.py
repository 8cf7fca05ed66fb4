"""Checks of networks and mini-batches, and the state in which a network is scored."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal, get_args

import torch
from torch import Tensor, nn
from torch.jit import ScriptModule
from torch.nn.modules.lazy import LazyModuleMixin

from naswotlib.errors import check_choice
from naswotlib.graph import Counting
from naswotlib.scoring.intact import Intact

BatchNormMode = Literal["batch", "eval"]
_NORMS = (nn.modules.batchnorm._BatchNorm, nn.modules.instancenorm._InstanceNorm)
_SCRIPTED_NORMS = {name for name in vars(nn) if name.startswith(("BatchNorm", "InstanceNorm", "SyncBatchNorm"))}


def on_host(tensor: Tensor) -> bool:
    """Whether a look at the values of ``tensor`` waits for no other device."""
    return tensor.device.type == "cpu"


@contextmanager
def scoring_mode(network: nn.Module, batch_norm: BatchNormMode, inputs: Any = None) -> Iterator[None]:
    """Dropout off and normalisation on batch statistics inside the block; on a GPU, no TF32; nothing is compiled.

    The network, ``inputs`` and random states are given back as they were, whatever happens inside. One thread at a time
    is inside.
    """
    with Intact(network, inputs), full_precision(), _eager():
        # Of scripted modules this is no Python attribute; those that torch froze have none.
        modes = [(module, module.training) for module in network.modules() if hasattr(module, "training")]
        for module, _ in modes:
            module.training = batch_norm == "batch" and _is_norm(module)
            # With tracking off nothing is written to buffers; lazy ones need it on, and in scripted ones it is fixed.
            if module.training and not isinstance(module, ScriptModule | LazyModuleMixin):
                module.track_running_stats = False  # type: ignore[assignment]
        try:
            yield
        finally:
            for module, training in modes:
                module.training = training


def _is_norm(module: nn.Module) -> bool:
    scripted = isinstance(module, ScriptModule) and getattr(module, "original_name", None) in _SCRIPTED_NORMS
    return isinstance(module, _NORMS) or scripted


@contextmanager
def _eager() -> Iterator[None]:
    """Compiled networks run as they are written: what is watched would be compiled anew, which takes a minute."""
    if "torch._dynamo" not in sys.modules or not hasattr(torch.compiler, "set_stance"):
        yield
        return
    with torch.compiler.set_stance("force_eager"):
        yield


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
        without = " without one" if isinstance(inputs, list | tuple | dict) else ""
        loader = "; of a data loader, take a batch: next(iter(loader))" if hasattr(inputs, "dataset") else ""
        raise TypeError(
            f"inputs: expected a torch.Tensor of shape (N, ...), got {type(inputs).__name__}{without}; a tuple, a list "
            f"or a mapping of what the network takes will do too{loader}"
        )
    if least and (inputs.dim() < 2 or len(inputs) < least):
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


def check_device(device: str) -> None:
    """Raise unless ``device`` is one of torch's that can be used here."""
    try:
        torch.empty(1, device=device)
    except Exception as error:  # each kind of device has its own
        said = " ".join(str(error).split())[:200]
        raise ValueError(
            f"device: {device!r} cannot be used here, as cpu can be, or cuda with a GPU ({said})"
        ) from error
