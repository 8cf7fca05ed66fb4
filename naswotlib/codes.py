"""Activation codes: which units of a network are active for which image of a mini-batch (section 3 of the paper).

One forward pass is watched. Calls of activation functions are seen where they happen, inside ``nn.ReLU`` or as
``F.relu(x)``, and the sign of their **input** is the code, so that in-place ReLUs do not matter.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.modules import activation as activation_modules

from naswotlib.calls import ACTIVATIONS, CallMode
from naswotlib.errors import check_choice, warn
from naswotlib.kernel import pack_signs
from naswotlib.modes import BatchNormMode, on_host, scoring_mode

Counting = Literal["once", "reference"]
EVAL_WARNING = (
    "batch_norm='eval' scores with running statistics, which an untrained network has not estimated; "
    "the paper's score uses the statistics of the mini-batch (batch_norm='batch')"
)
NOT_A_SCORE = "an error is never turned into a score"

_LAYER_TYPES = tuple(
    kind
    for name in activation_modules.__all__
    if (kind := getattr(activation_modules, name)) is not nn.MultiheadAttention
)


@dataclass(frozen=True, slots=True)
class LayerCode:
    """The codes of one call of an activation.

    ``bits`` are packed words ``(N, ceil(units/64))`` uint64 on the CPU, or booleans ``(N, units)`` on a GPU;
    ``units`` counts the units of one image, and ``count`` how many times the layer enters K_H.
    """

    name: str
    bits: np.ndarray | Tensor
    units: int
    count: int


@dataclass(frozen=True)
class ActivationCodes:
    """Packed codes of a mini-batch, layer by layer in the order of execution.

    ``uncounted`` names activations that ran but were not counted.
    """

    layers: tuple[LayerCode, ...]
    num_images: int
    uncounted: tuple[str, ...]
    _bad: tuple[tuple[str, Tensor], ...] = field(default=(), repr=False)  # on a GPU: an error, and whether it is one

    def check_counted(self, counting: str, wanted: frozenset[str]) -> None:
        """Raise ValueError where nothing was counted."""
        if not self.layers:
            raise ValueError(
                f"network: no {' or '.join(sorted(wanted))} ran, so there is nothing to count (counting={counting!r}); "
                f"other activations seen: {', '.join(self.uncounted) or 'none'}. Pass activations=(...) to count them "
                "by the sign of their input"
            )

    def check_numbers(self) -> None:
        """Raise ValueError where a GPU met a NaN; this waits for it. On the CPU it was raised when it was met."""
        if self._bad:
            happened = torch.stack([flag for _, flag in self._bad]).cpu()
            if happened.any():
                message, _ = self._bad[int(happened.int().argmax())]
                raise ValueError(message)

    @property
    def num_units(self) -> int:
        """N_A, the length of one image's code."""
        return sum(layer.units * layer.count for layer in self.layers)

    @property
    def units_by_layer(self) -> dict[str, int]:
        """Units counted, by name of the layer."""
        units: dict[str, int] = {}
        for layer in self.layers:
            units[layer.name] = units.get(layer.name, 0) + layer.units * layer.count
        return units

    def unpacked(self) -> np.ndarray:
        """The codes as booleans ``(N, N_A)``, units of a layer in the order of memory."""
        columns = []
        for layer in self.layers:
            if isinstance(layer.bits, np.ndarray):
                # Words hold their first unit in the lowest bit; big-endian machines store bytes the other way.
                octets = layer.bits.astype("<u8").view(np.uint8)
                bits = np.unpackbits(octets, axis=1, bitorder="little")[:, : layer.units].astype(bool)
            else:
                bits = layer.bits.cpu().numpy()
            columns += [bits] * layer.count
        return np.concatenate(columns, axis=1)


def activation_codes(
    network: nn.Module,
    inputs: Tensor,
    *,
    counting: Counting = "once",
    batch_norm: BatchNormMode = "batch",
    activations: Iterable[str] = ("relu",),
) -> ActivationCodes:
    """Codes of every counted unit of ``network`` on the mini-batch ``inputs`` ``(N, ...)``, in one forward pass.

    The network is run without gradients, normalisation on batch statistics, dropout off. It comes back
    unchanged (mode, buffers, hooks), as does the global random state, also when its forward pass raises.

    ``counting="once"`` counts each ReLU unit once, as equation 1 says. ``"reference"`` counts as the authors'
    released code does, whose hook fires on every module with "ReLU" in its class name: a container called
    ``ReLUConvBN`` counts its own ReLU again, and functional calls are not seen.
    ``batch_norm="eval"`` uses running statistics, a well-known mistake, kept for comparison; it warns.
    ``activations`` are the functions to count, by the sign of their input: see :data:`naswotlib.calls.ACTIVATIONS`.

    Raises ValueError for a bad argument, a NaN among the values, or when nothing was counted.
    """
    wanted = check_arguments(network, inputs, counting, batch_norm, activations)
    if batch_norm == "eval":
        warn(EVAL_WARNING)
    codes = watch_codes(network, inputs, counting=counting, batch_norm=batch_norm, wanted=wanted)
    codes.check_counted(counting, wanted)
    codes.check_numbers()
    return codes


def watch_codes(
    network: nn.Module,
    inputs: Tensor,
    *,
    counting: Counting = "once",
    batch_norm: BatchNormMode = "batch",
    wanted: frozenset[str] = frozenset({"relu"}),
) -> ActivationCodes:
    """The codes of :func:`activation_codes`, whose arguments have been checked; there may be none.

    On a GPU nothing is waited for, and whether there was a NaN is still to be asked, by ``check_numbers``.
    """
    watcher = _Watcher(len(inputs), counting, wanted)
    if not on_host(inputs) and inputs.is_floating_point():
        watcher.bad.append(("inputs: found NaN or infinite values", ~torch.isfinite(inputs).all()))
    with scoring_mode(network, batch_norm), torch.inference_mode(), watcher.watching(network):
        network(inputs)
    return ActivationCodes(tuple(watcher.layers), len(inputs), tuple(watcher.uncounted), tuple(watcher.bad))


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


@dataclass
class _Watcher:
    """Collects codes during one forward pass."""

    num_images: int
    counting: Counting
    wanted: frozenset[str]
    layers: list[LayerCode] = field(default_factory=list)
    uncounted: dict[str, None] = field(default_factory=dict)
    bad: list[tuple[str, Tensor]] = field(default_factory=list)
    _path: list[tuple[str, nn.Module]] = field(default_factory=list)
    _packed: dict[int, tuple[weakref.ref[Tensor], np.ndarray | Tensor, int]] = field(default_factory=dict)

    @contextmanager
    def watching(self, network: nn.Module) -> Iterator[None]:
        with ExitStack() as stack:
            for name, module in network.named_modules():
                for handle in self._hook(name, module):
                    stack.callback(handle.remove)
            stack.enter_context(CallMode(self.call, self.forget))
            yield

    def _hook(self, name: str, module: nn.Module) -> tuple[Any, Any]:
        rectifies = "ReLU" in type(module).__name__
        count = int(getattr(module, "reference_count", 1))
        leaf = next(module.children(), None) is None
        before: list[int] = []

        def enter(_: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
            self._path.append((name, module))
            before.append(len(self.layers) + len(self.uncounted))
            if self.counting == "reference" and rectifies and count > 0:
                x = next((v for v in (*args, *kwargs.values()) if isinstance(v, Tensor)), None)
                if x is not None:
                    self.record(name, x, count)

        def leave(*_: Any) -> None:
            self._path.pop()
            nothing_seen = before.pop() == len(self.layers) + len(self.uncounted)
            if self.counting == "once" and rectifies and leaf and nothing_seen:
                self.uncounted[f"{name} ({type(module).__name__})"] = None

        return (
            module.register_forward_pre_hook(enter, with_kwargs=True, prepend=True),
            module.register_forward_hook(leave, always_call=True),
        )

    def call(self, activation: str, x: Tensor) -> None:
        """An activation function is about to be applied to ``x``."""
        path, module = self._path[-1] if self._path else ("", None)
        called_by_layer = isinstance(module, _LAYER_TYPES) and path
        name = path if called_by_layer else f"{path}.{activation}()".lstrip(".")
        if self.counting == "once" and activation in self.wanted:
            self.record(name, x, 1)
        elif self.counting == "once" or not (called_by_layer and "ReLU" in type(module).__name__):
            self.uncounted[f"{name} ({activation})"] = None

    def record(self, name: str, x: Tensor, count: int) -> None:
        if x.dim() < 2 or x.shape[0] != self.num_images:
            raise ValueError(
                f"network: layer {name} rectifies a tensor of shape {tuple(x.shape)}, whose first dimension is not the "
                f"{self.num_images} images of the mini-batch, so its units cannot be told apart by image"
            )
        known = self._packed.get(id(x))
        if known is not None and known[0]() is x:
            _, bits, units = known
        else:
            bits, units = self._bits(name, x)
            self._packed[id(x)] = (weakref.ref(x), bits, units)
        self.layers.append(LayerCode(name, bits, units, count))

    def _bits(self, name: str, x: Tensor) -> tuple[np.ndarray | Tensor, int]:
        units, message = x[0].numel(), f"network: the input of layer {name} contains NaN; {NOT_A_SCORE}"
        if not on_host(x):
            self.bad.append((message, torch.isnan(x).any()))
            return (x > 0).flatten(1), units
        words, nan = pack_signs(x)
        if nan:
            raise ValueError(message)
        return words, units

    def forget(self) -> None:
        """Something may have changed in place: no tensor seen so far is known any more."""
        self._packed.clear()
