"""A forward pass watched: the codes of every activation, wherever it is called.

Calls of activation functions are seen where they happen, inside ``nn.ReLU`` or as ``F.relu(x)``, and the sign of their
**input** is the code, so that in-place ReLUs do not matter.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.modules import activation as activation_modules

from naswotlib.errors import warn
from naswotlib.graph import Counting
from naswotlib.scoring.calls import CallMode
from naswotlib.scoring.checks import check_arguments
from naswotlib.scoring.codes import ActivationCodes, LayerCode
from naswotlib.scoring.modes import BatchNormMode, on_host, scoring_mode

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
    ``activations`` are the functions to count, by the sign of their input: see
    :data:`naswotlib.scoring.calls.ACTIVATIONS`.

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
        from naswotlib.scoring.compiled.packing import pack_signs  # numba takes a second to import

        words, nan = pack_signs(x)
        if nan:
            raise ValueError(message)
        return words, units

    def forget(self) -> None:
        """Something may have changed in place: no tensor seen so far is known any more."""
        self._packed.clear()
