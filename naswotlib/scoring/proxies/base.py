"""Shared by proxies: their registry, mini-batch, gradients and checks."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import Tensor

from naswotlib.data.images import load_images
from naswotlib.errors import check_choice

NASWOT = "naswot"  # the name of the score itself, wherever a proxy is asked for
PROXIES: dict[str, Callable[..., float]] = {}
NEED_LABELS: set[str] = set()
Proxy = TypeVar("Proxy", bound=Callable[..., float])


def register_proxy(name: str, *, needs_labels: bool = False) -> Callable[[Proxy], Proxy]:
    """Register a function of a network and its inputs (and ``labels=``, where it needs them) under ``name``."""

    def register(proxy: Proxy) -> Proxy:
        PROXIES[name] = proxy
        NEED_LABELS.update({name} if needs_labels else ())
        return proxy

    return register


def load_batch(
    source: str | Path,
    n: int,
    *,
    proxy: str,
    seed: int,
    data_dir: str | Path | None = None,
    side: int | None = None,
    channels: int = 3,
    **more: Any,
) -> tuple[Tensor, Tensor | None]:
    """The mini-batch of :func:`naswotlib.load_images` for a proxy, and labels where it needs them.

    ``more`` are other keywords of :func:`naswotlib.load_images`.
    """
    check_choice("proxy", proxy, (NASWOT, *PROXIES))
    how: dict[str, Any] = {"seed": seed, "data_dir": data_dir, "side": side, "channels": channels} | more
    if proxy in NEED_LABELS:
        return load_images(source, n, with_labels=True, **how)
    return load_images(source, n, **how), None


def floating(named: Iterator[tuple[str, Tensor]]) -> dict[str, Tensor]:
    """The tensors of floating-point numbers."""
    return {name: tensor for name, tensor in named if tensor.is_floating_point()}


def gradients_of(
    value: Tensor, weights: Mapping[str, Tensor], *, retain_graph: bool = False, create_graph: bool = False
) -> dict[str, Tensor]:
    """Gradients by name; without those of weights that ``value`` does not depend on."""
    if not value.requires_grad:
        raise ValueError("network: its output has no gradient; does its forward pass turn gradients off?")
    found = torch.autograd.grad(
        value, list(weights.values()), retain_graph=retain_graph, create_graph=create_graph, allow_unused=True
    )
    return {name: gradient for name, gradient in zip(weights, found, strict=True) if gradient is not None}


def class_scores(output: Any) -> Tensor:
    """The class scores among whatever a forward pass returns: the first tensor, or what is called ``logits``."""
    if isinstance(output, Tensor):
        return output
    values = output.values() if isinstance(output, Mapping) else output if isinstance(output, tuple | list) else ()
    named = output.get("logits") if isinstance(output, Mapping) else getattr(output, "logits", None)
    tensors = [value for value in (named, *values) if isinstance(value, Tensor)]
    if not tensors:
        raise ValueError(f"network: expected a tensor of class scores among its outputs, got {type(output).__name__}")
    return tensors[0]


def check_labels(labels: Tensor, count: int) -> None:
    """Raise ValueError unless ``labels`` are int64 ``(count,)``."""
    if not isinstance(labels, Tensor) or labels.dtype != torch.int64 or labels.shape != (count,):
        got = f"{labels.dtype} {tuple(labels.shape)}" if isinstance(labels, Tensor) else type(labels).__name__
        raise ValueError(f"labels: expected a class for each image, int64 ({count},), got {got}")


def check_finite(proxy: str, value: float) -> float:
    """``value``; ValueError where it is not finite."""
    if not math.isfinite(value):
        raise ValueError(f"network: its {proxy} is {value}; an error is never turned into a score")
    return value


def summed(parts: Sequence[Tensor]) -> float:
    """The sum of numbers that are still on their device, in double precision; 0 of none."""
    return float(torch.stack([part.double() for part in parts]).sum()) if parts else 0.0
