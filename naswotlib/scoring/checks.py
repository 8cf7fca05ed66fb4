"""Checks of what a network is scored with: each error names its argument."""

from __future__ import annotations

from collections.abc import Iterable
from typing import get_args

import torch
from torch import Tensor, nn

from naswotlib.errors import check_choice
from naswotlib.graph import Counting
from naswotlib.scoring.calls import ACTIVATIONS
from naswotlib.scoring.modes import BatchNormMode, on_host


def check_inputs(inputs: Tensor, *, least: int = 2) -> None:
    """Raise unless ``inputs`` is a mini-batch of at least two images (or of ``least``), finite where that is known
    without waiting for a GPU.
    """
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


def check_arguments(
    network: nn.Module, inputs: Tensor, counting: str, batch_norm: str, activations: Iterable[str]
) -> frozenset[str]:
    """Raise for a bad argument of :func:`activation_codes`; returns the names of the activations to count."""
    check_network(network, inputs)
    if isinstance(activations, str):
        raise TypeError(f"activations: expected a collection of names such as ({activations!r},), got a string")
    wanted = frozenset(activations)
    check_counting(counting)
    check_choice("batch_norm", batch_norm, get_args(BatchNormMode))
    for name in sorted(wanted):
        check_choice("activations", name, ACTIVATIONS)
    if not wanted:
        raise ValueError("activations: expected at least one name, got none")
    return wanted
