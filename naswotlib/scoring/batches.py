"""Mini-batches of any kind: what a network is called with, and how many images that is."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from naswotlib.scoring.modes import check_inputs, check_network

Inputs = Tensor | Sequence[Any] | Mapping[str, Any]
Forward = Callable[[nn.Module, Any], Any]


class Batch(NamedTuple):
    """A mini-batch: ``run`` is the forward pass, ``tensors`` are all that it is given, ``note`` what was left out."""

    run: Callable[[], Any]
    tensors: tuple[Tensor, ...]
    num_images: int
    note: str = ""


def as_batch(network: nn.Module, inputs: Inputs, forward: Forward | None = None, *, least: int = 2) -> Batch:
    """How ``network`` is called with ``inputs``.

    A tensor ``(N, ...)`` is its one argument; the items of a tuple or list are its arguments, those of a mapping its
    keyword arguments. ``forward(network, inputs)`` says otherwise. Of a data loader's batch the labels, int64 ``(N,)``
    at its end, are left out where the network cannot take them. Raises where this is no mini-batch of at least
    ``least`` images, all on the device of the network, and finite.
    """
    if forward is not None and not callable(forward):
        raise TypeError(f"forward: expected a function of the network and the inputs, got {forward!r}")
    if isinstance(inputs, Tensor):
        check_network(network, inputs, least=least)
        return Batch(_caller(network, inputs, forward, (inputs,), {}), (inputs,), len(inputs))
    args, kwargs, note, most = (), {}, "", math.inf
    if isinstance(inputs, Mapping):
        kwargs = dict(inputs)
    elif isinstance(inputs, tuple | list):
        args = tuple(inputs)
        most = _most_arguments(network) if forward is None and isinstance(network, nn.Module) else math.inf
        if _is_labels(args) and len(args) > most:
            args, note = args[:-1], "the last item of the inputs, taken for labels, was left out"
    tensors = tuple(_tensors([*args, *kwargs.values()]))
    if not tensors:
        check_network(network, inputs)  # type: ignore[arg-type]  # says what was expected
    if len(args) > most:
        raise ValueError(
            f"inputs: {len(inputs)} items, but the network takes {most:.0f}; leave the others out, or say with "
            "forward= what is called. The last one is left out by itself where it is int64 (N,), as labels are"
        )
    first = next((tensor for tensor in tensors if tensor.dim()), tensors[0])
    for tensor in tensors:
        check_network(network, tensor, least=0)
    check_inputs(first.reshape(len(first), -1) if first.dim() else first, least=least)
    return Batch(_caller(network, inputs, forward, args, kwargs), tensors, len(first), note)


def _caller(
    network: nn.Module, inputs: Inputs, forward: Forward | None, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Callable[[], Any]:
    return (lambda: network(*args, **kwargs)) if forward is None else (lambda: forward(network, inputs))


def _tensors(values: Sequence[Any]) -> Iterator[Tensor]:
    for value in values:
        if isinstance(value, Tensor):
            yield value
        elif isinstance(value, Mapping):
            yield from _tensors(list(value.values()))
        elif isinstance(value, tuple | list):
            yield from _tensors(value)


def _is_labels(args: tuple[Any, ...]) -> bool:
    images, labels = (args[0], args[-1]) if len(args) > 1 else (None, None)
    return (
        isinstance(images, Tensor)
        and isinstance(labels, Tensor)
        and labels.dtype == torch.int64
        and labels.shape == images.shape[:1]
    )


def _most_arguments(network: nn.Module) -> float:
    """How many positional arguments the forward pass takes."""
    try:
        parameters = inspect.signature(network.forward).parameters.values()
    except (TypeError, ValueError):  # scripted ones have no signature
        return math.inf
    if any(parameter.kind is parameter.VAR_POSITIONAL for parameter in parameters):
        return math.inf
    return sum(
        parameter.kind in {parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD} for parameter in parameters
    )
