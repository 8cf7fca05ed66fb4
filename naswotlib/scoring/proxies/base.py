"""Shared by proxies: their registry, mini-batch, gradients and checks."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import Tensor

from naswotlib.data.images import load_images
from naswotlib.data.plugins import PROXIES as GROUP
from naswotlib.data.plugins import broken, check_clash, load_plugin, plugins
from naswotlib.errors import check_choice

NASWOT = "naswot"  # the name of the score itself, wherever a proxy is asked for
PROXIES: dict[str, Callable[..., float]] = {}
NEED_LABELS: set[str] = set()
Proxy = TypeVar("Proxy", bound=Callable[..., float])


def register_proxy(name: str, *, needs_labels: bool = False) -> Callable[[Proxy], Proxy]:
    """Register a function of a network and its inputs (and ``labels=``, where it needs them) under ``name``.

    ValueError where another package registers what has the name of a measure of this library.
    """

    def register(proxy: Proxy) -> Proxy:
        if (name == NASWOT or _is_ours(name)) and not _home(proxy).startswith("naswotlib."):
            raise ValueError(f"proxy: {name!r} is a measure of naswotlib; {_home(proxy)} has to choose another name")
        PROXIES[name] = proxy
        NEED_LABELS.update({name} if needs_labels else ())
        return proxy

    return register


def list_proxies() -> list[str]:
    """Names of the measures: the score, those of the library, and those of plug-ins, which are not imported for it.

    A plug-in is an installed package with entry points of the group ``naswotlib.proxies``: a name, and a function of a
    network and its inputs, decorated with :func:`register_proxy` under this name where it needs labels.
    """
    return [NASWOT, *PROXIES, *sorted(plugins(GROUP).keys() - PROXIES.keys())]


def find_proxy(name: str, argument: str = "proxy") -> Callable[..., float]:
    """The function of the measure ``name``, which is none of ``naswot``'s; :data:`NEED_LABELS` then knows it.

    ValueError, which begins with ``argument``, with the known names for any other. It names the package whose plug-in
    cannot be used, or both where two bring the same name.

    >>> find_proxy("synflow").__name__
    'synflow'
    """
    check_choice(argument, name, list_proxies())
    check_clash(GROUP, name, ours=name == NASWOT or _is_ours(name))
    if name not in PROXIES:
        found = load_plugin(GROUP, name)
        if not callable(found):
            raise broken(GROUP, name, f"expected a function of a network and its inputs, got {type(found).__name__}")
        PROXIES.setdefault(name, found)
    return PROXIES[name]


def own_proxies(names: Iterable[str]) -> dict[str, Callable[..., float]]:
    """Those of ``names`` that are no measures of this library, with their functions: another process lacks them."""
    return {name: find_proxy(name) for name in names if name != NASWOT and not _is_ours(name)}


def _is_ours(name: str) -> bool:
    return _home(PROXIES.get(name)).startswith("naswotlib.")


def _home(proxy: Any) -> str:
    """The module of a function, also where it is a partial."""
    return str(getattr(getattr(proxy, "func", proxy), "__module__", ""))


def check_proxy(name: str, argument: str = "proxy") -> None:
    """Raise a ValueError, which begins with ``argument``, unless ``name`` is a measure that can be computed."""
    if name != NASWOT:
        find_proxy(name, argument)


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
    check_proxy(proxy)
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
