"""A forward pass watched: the codes of every activation, wherever it is called.

Hooks on modules say where the network is; a torch function mode sees every call of an activation function, inside
``nn.ReLU`` or as ``F.relu(x)``. The sign of its **input** is the code, so that in-place ReLUs do not matter.
"""

from __future__ import annotations

import sys
import weakref
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, get_args

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.fx import Proxy
from torch.jit import ScriptModule
from torch.nn.modules import activation as activation_modules
from torch.overrides import TorchFunctionMode

from naswotlib.errors import check_choice, warn
from naswotlib.graph import Counting
from naswotlib.scoring.batches import Forward, Inputs, as_batch
from naswotlib.scoring.codes import ActivationCodes, LayerCode
from naswotlib.scoring.kernel import KernelSum
from naswotlib.scoring.modes import BatchNormMode, check_counting, on_host, scoring_mode
from naswotlib.scoring.ready import is_compiled
from naswotlib.scoring.spellings import Below, Found, kind_of

EVAL_WARNING = (
    "batch_norm='eval' scores with running statistics, which an untrained network has not estimated; "
    "the paper's score uses the statistics of the mini-batch (batch_norm='batch')"
)
ACTIVATIONS = (
    "relu", "relu6", "hardtanh", "threshold", "leaky_relu", "prelu", "rrelu", "elu", "selu", "celu", "gelu", "silu",
    "mish", "hardswish", "softplus", "sigmoid", "hardsigmoid", "logsigmoid", "softsign", "tanh",
)  # fmt: skip
# The functions behind each, such as F.relu, torch.relu_ and Tensor.relu, as torch's override machinery names them.
_NAMES: dict[Callable[..., Any], str] = {
    getattr(owner, f"{name}{end}"): name
    for name in ACTIVATIONS
    for owner in (F, torch, Tensor)
    for end in ("", "_")
    if hasattr(owner, f"{name}{end}")
}
_ELSEWHERE = {"numpy", "__array__", "__dlpack__"}  # methods that hand numbers to other libraries
_LAYERS = tuple(getattr(activation_modules, name) for name in {*activation_modules.__all__} - {"MultiheadAttention"})
GATES = ("sigmoid", "hardsigmoid", "logsigmoid", "softsign", "tanh", "hardtanh", "threshold")
RECTIFIERS = frozenset(ACTIVATIONS) - frozenset(GATES)  # of which ``activations="auto"`` counts the one there is


def activation_codes(
    network: nn.Module,
    inputs: Inputs,
    *,
    counting: Counting = "once",
    batch_norm: BatchNormMode = "batch",
    activations: Iterable[str] = ("relu",),
    forward: Forward | None = None,
) -> ActivationCodes:
    """Codes of every counted unit of ``network`` on the mini-batch ``inputs``, in one forward pass.

    ``inputs`` are a tensor ``(N, ...)``; a tuple or list of arguments; or a mapping of keyword arguments; the labels at
    the end of a data loader's batch are left out. ``forward(network, inputs)`` runs what is called in another way.

    The network is run without gradients, normalisation on batch statistics, dropout off. It comes back
    unchanged (attributes, tensors, hooks), as do random states, also when its forward pass raises; one thread at a time
    scores.

    ``counting="once"`` counts each ReLU unit once, as equation 1 says. ``"reference"`` counts as the authors'
    released code does, whose hook fires on every module with "ReLU" in its class name: a container called
    ``ReLUConvBN`` counts its own ReLU again, and functional calls are not seen.
    ``batch_norm="eval"`` uses running statistics, a well-known mistake, kept for comparison; it warns.
    ``activations`` are the functions to count, of :data:`naswotlib.scoring.watch.ACTIVATIONS`; ``"auto"`` counts the
    one kind of :data:`naswotlib.scoring.watch.RECTIFIERS` that the network applies image by image.

    Rectifiers are seen as modules, functions and operations, also those of scripted code and those written as
    ``clamp(min=0)``, ``maximum(x, 0)``, ``where(x > 0, x, 0)`` or ``x * (x > 0)``. What gates by a sign in other ways,
    and operations of other libraries, stand among ``uncounted``. Arithmetic that rectifies without any of these, such
    as ``(x + abs(x)) / 2``, is not seen.

    Raises ValueError for a bad argument, a NaN among the values, or when nothing was counted.
    """
    wanted = check_arguments(counting, batch_norm, activations)
    codes = watch_codes(network, inputs, counting=counting, batch_norm=batch_norm, wanted=wanted, forward=forward)
    codes = one_kind(codes) if activations == "auto" else codes
    codes.check_counted(counting, wanted)
    codes.check_numbers()
    return codes


def check_arguments(counting: str, batch_norm: str, activations: Iterable[str]) -> frozenset[str]:
    """Raise for a bad argument of :func:`activation_codes`; return the names of the activations to look for.

    Warns of running statistics.
    """
    check_counting(counting)
    check_choice("batch_norm", batch_norm, get_args(BatchNormMode))
    if batch_norm == "eval":
        warn(EVAL_WARNING)
    if activations == "auto":
        return RECTIFIERS
    names = [activations] if isinstance(activations, str) or not isinstance(activations, Iterable) else [*activations]
    if isinstance(activations, str) or not all(isinstance(name, str) for name in names):
        raise TypeError(
            f"activations: expected a collection of names such as ('relu',), or 'auto', got {activations!r}"
        )
    wanted = frozenset(names)
    for name in sorted(wanted):
        check_choice("activations", name, ACTIVATIONS)
    if not wanted:
        raise ValueError("activations: expected at least one name, got none")
    return wanted


def one_kind(codes: ActivationCodes) -> ActivationCodes:
    """``codes``; ValueError where activations of several kinds were counted, of which it is open which to take."""
    kinds = Counter(layer.kind for layer in codes.layers)
    if len(kinds) > 1:
        seen = ", ".join(f"{kind} ({number} calls)" for kind, number in kinds.most_common())
        raise ValueError(
            f"activations: 'auto' counts the one rectifier of a network, and this one has {len(kinds)}: {seen}; name "
            "those to count"
        )
    return codes


def watch_codes(
    network: nn.Module,
    inputs: Inputs,
    *,
    counting: Counting = "once",
    batch_norm: BatchNormMode = "batch",
    wanted: frozenset[str] = frozenset({"relu"}),
    forward: Forward | None = None,
    total: KernelSum | None = None,
    visit: Callable[[Tensor], None] | None = None,
) -> ActivationCodes:
    """The codes of :func:`activation_codes`, whose other arguments have been checked; there may be none.

    ``visit`` is handed what is counted, ``(N, ...)``, before the call that may overwrite it.

    With ``total``, they are added to it as they come, and not kept. On a GPU nothing is waited for, and whether there
    was a NaN is still to be asked, by ``check_numbers``.
    """
    batch = as_batch(network, inputs, forward)
    watcher = _Watcher(batch.num_images, counting, wanted, total, visit)
    for tensor in batch.tensors:
        if not on_host(tensor) and tensor.is_floating_point():
            watcher.bad.append(("inputs: found NaN or infinite values", ~torch.isfinite(tensor).all()))
    with scoring_mode(network, batch_norm, inputs), torch.no_grad(), watcher.watching(network):
        batch.run()
    frozen = tuple(watcher.frozen) if batch_norm == "batch" else ()
    if frozen:
        warn(
            f"{len(frozen)} batch normalisations used running statistics, though those of the batch were asked for: "
            f"{', '.join(frozen[:3])}{', ...' if len(frozen) > 3 else ''}; traced and frozen modules do not switch"
        )
    notes = (batch.note,) if batch.note else ()
    seen = (*watcher.layers,), batch.num_images, (*watcher.uncounted,)
    return ActivationCodes(*seen, frozen, notes, (*watcher.bad,))


_QUICK = 2**25  # numbers whose signs a first score compares without numba, which takes half a second to import


class _Watcher(TorchFunctionMode):
    """Collects codes during one forward pass, from calls of functions and, below them, of operations."""

    _number = 0  # of watchers that this process had

    def __init__(
        self,
        num_images: int,
        counting: Counting,
        wanted: frozenset[str],
        total: KernelSum | None,
        visit: Callable[[Tensor], None] | None,
    ) -> None:
        super().__init__()
        self.num_images, self.counting, self.wanted, self.total = num_images, counting, wanted, total
        self.visit = visit
        self.layers: list[LayerCode] = []
        self.uncounted: dict[str, None] = {}
        self.bad: list[tuple[str, Tensor]] = []
        self.frozen: dict[str, None] = {}
        self._path: list[tuple[str, nn.Module]] = []
        self._packed: dict[int, tuple[weakref.ref[Tensor], np.ndarray | Tensor]] = {}
        self._packs = is_compiled("packing")  # else booleans are compared, by a product of matrices
        self._room = _QUICK if total is not None and _Watcher._number == 0 and "numba" not in sys.modules else 0
        _Watcher._number += 1
        self._named = False  # whether a function that is an activation is running

    @contextmanager
    def watching(self, network: nn.Module) -> Iterator[None]:
        with ExitStack() as stack:
            for name, module in network.named_modules():
                for handle in () if isinstance(module, ScriptModule) else self._hook(name, module):
                    stack.callback(handle.remove)
            stack.enter_context(self)
            stack.enter_context(Below(self))
            yield

    def _hook(self, name: str, module: nn.Module) -> tuple[Any, Any]:
        rectifies = "ReLU" in type(module).__name__
        count = int(vars(module).get("reference_count", 1))  # getattr would ask a module that answers everything
        leaf = next(module.children(), None) is None
        before: list[int] = []

        def enter(_: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
            self._path.append((name, module))
            before.append(len(self.layers) + len(self.uncounted))
            if self.counting == "reference" and rectifies and count > 0:
                x = next((v for v in (*args, *kwargs.values()) if isinstance(v, Tensor)), None)
                if x is not None:
                    self._record(name, x, count, "relu")

        def leave(*_: Any) -> None:
            self._path.pop()
            nothing_seen = before.pop() == len(self.layers) + len(self.uncounted)
            if self.counting == "once" and rectifies and leaf and nothing_seen:
                self.uncounted[f"{name} ({type(module).__name__})"] = None

        return (
            module.register_forward_pre_hook(enter, with_kwargs=True, prepend=True),
            module.register_forward_hook(leave, always_call=True),
        )

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        name = _NAMES.get(func)
        called = getattr(func, "__name__", "")
        if called in {"__set__", "set_data"}:
            self._packed.clear()  # x.data = y, which is no operation
        if called in _ELSEWHERE:
            self.found(Found(None, "cannot be seen into", f"{called}()"))
        if name is None:
            return func(*args, **kwargs)
        name = kind_of(name, args, kwargs)  # nn.ReLU6 calls hardtanh
        x = args[0] if args else kwargs.get("input")
        if isinstance(x, Proxy):
            raise TypeError(
                f"network: {name} is given a torch.fx.Proxy, which an earlier trace left in the network; build it anew"
            )
        if isinstance(x, Tensor):
            self._called(name, x, f"{name}()")
        self._named, before = True, self._named
        try:
            return func(*args, **kwargs)
        finally:
            self._named = before

    def found(self, found: Found) -> None:
        """An operation is about to run that is an activation, or cannot be seen into."""
        if self._named:
            return
        x = found.x
        if x is not None and found.kind in ACTIVATIONS and not (found.by_hand and not self._by_image(x)):
            self._called(found.kind, x, found.written)
        else:
            path = self._path[-1][0] if self._path else ""
            self.uncounted[f"{path}.{found.written} ({found.kind})".lstrip(".")] = None

    def changed(self) -> None:
        """A tensor is changed in place: none seen so far is known any more."""
        self._packed.clear()

    def normalised(self, by_the_batch: bool) -> None:
        """A batch normalisation is about to run."""
        if not by_the_batch:
            self.frozen[self._path[-1][0] if self._path else "a call"] = None

    def _called(self, activation: str, x: Tensor, written: str) -> None:
        """An activation is about to be applied to ``x``."""
        path, module = self._path[-1] if self._path else ("", None)
        called_by_layer = isinstance(module, _LAYERS) and path
        name = path if called_by_layer else f"{path}.{written}".lstrip(".")
        if self.wanted is RECTIFIERS and not self._by_image(x):
            self.uncounted[f"{name} ({activation}, not by image)"] = None
        elif self.counting == "once" and activation in self.wanted:
            self._record(name, x, 1, activation)
        elif self.counting == "once" or not (called_by_layer and "ReLU" in type(module).__name__):
            self.uncounted[f"{name} ({activation})"] = None

    def _by_image(self, x: Tensor) -> bool:
        return x.dim() > 1 and x.shape[0] == self.num_images

    def _record(self, name: str, x: Tensor, count: int, kind: str) -> None:
        if not self._by_image(x):
            raise ValueError(
                f"network: layer {name} rectifies a tensor of shape {tuple(x.shape)}, whose first dimension is not the "
                f"{self.num_images} images of the mini-batch, so its units cannot be told apart by image; "
                "activations='auto' leaves such layers out and says so"
            )
        self._named, before = True, self._named  # what is called from here is not the network's
        try:
            if self.visit is not None:
                self.visit(x)
            known = self._packed.get(id(x))
            if known is None or known[0]() is not x:
                known = self._packed[id(x)] = weakref.ref(x), self._bits(name, x)
        finally:
            self._named = before
        units, bits = x[0].numel(), known[1]
        if self.total is not None:
            self.total.add(bits, units, count)
            bits = bits[:, :0]
        self.layers.append(LayerCode(name, bits, units, count, kind))

    def _bits(self, name: str, x: Tensor) -> np.ndarray | Tensor:
        message = f"network: the input of layer {name} contains NaN; an error is never turned into a score"
        if not on_host(x):
            self.bad.append((message, torch.isnan(x).any()))
            return (x > 0).flatten(1)
        words: np.ndarray | Tensor
        self._room -= x.numel()
        if self._packs and self._room < 0:
            from naswotlib.scoring.compiled.packing import pack_signs  # numba takes a second to import

            words, nan = pack_signs(x)
        else:
            words, nan = (x > 0).flatten(1), bool(torch.isnan(x).any())
        if nan:
            raise ValueError(message)
        return words
