"""A forward pass watched: the codes of every activation, wherever it is called.

Hooks on modules say where the network is; a torch function mode sees every call of an activation function, inside
``nn.ReLU`` or as ``F.relu(x)``. The sign of its **input** is the code, so that in-place ReLUs do not matter.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, get_args

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.modules import activation as activation_modules
from torch.overrides import TorchFunctionMode

from naswotlib.errors import check_choice, warn
from naswotlib.graph import Counting
from naswotlib.scoring.codes import ActivationCodes, LayerCode
from naswotlib.scoring.modes import BatchNormMode, check_counting, check_network, on_host, scoring_mode

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
_LAYERS = tuple(getattr(activation_modules, name) for name in {*activation_modules.__all__} - {"MultiheadAttention"})
_IN_PLACE = {
    "__setitem__", "__iadd__", "__isub__", "__imul__", "__itruediv__", "__iand__", "__ior__", "__ipow__", "__set__",
    "set_data",
}  # fmt: skip


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
    ``activations`` are the functions to count, of :data:`naswotlib.scoring.watch.ACTIVATIONS`.

    Raises ValueError for a bad argument, a NaN among the values, or when nothing was counted.
    """
    wanted = check_arguments(network, inputs, counting, batch_norm, activations)
    if batch_norm == "eval":
        warn(EVAL_WARNING)
    codes = watch_codes(network, inputs, counting=counting, batch_norm=batch_norm, wanted=wanted)
    codes.check_counted(counting, wanted)
    codes.check_numbers()
    return codes


def check_arguments(
    network: nn.Module, inputs: Tensor, counting: str, batch_norm: str, activations: Iterable[str]
) -> frozenset[str]:
    """Raise for a bad argument of :func:`activation_codes`; return the names of the activations to count."""
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


def visit_rectifiers(network: nn.Module, inputs: Tensor, visit: Callable[[Tensor], None]) -> None:
    """Hand the input ``(N, ...)`` of every call of a ReLU to ``visit``, in one forward pass as of :func:`watch_codes`.

    ``visit`` sees the values before the call, which may overwrite them.
    """
    watcher = _Visitor(len(inputs), visit)
    with scoring_mode(network, "batch"), torch.inference_mode(), watcher.watching(network):
        network(inputs)


class _Watcher(TorchFunctionMode):
    """Collects codes during one forward pass."""

    def __init__(self, num_images: int, counting: Counting, wanted: frozenset[str]) -> None:
        super().__init__()
        self.num_images, self.counting, self.wanted = num_images, counting, wanted
        self.layers: list[LayerCode] = []
        self.uncounted: dict[str, None] = {}
        self.bad: list[tuple[str, Tensor]] = []
        self._path: list[tuple[str, nn.Module]] = []
        self._packed: dict[int, tuple[weakref.ref[Tensor], np.ndarray | Tensor]] = {}

    @contextmanager
    def watching(self, network: nn.Module) -> Iterator[None]:
        with ExitStack() as stack:
            for name, module in network.named_modules():
                for handle in self._hook(name, module):
                    stack.callback(handle.remove)
            stack.enter_context(self)
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
                    self._record(name, x, count)

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
        if name == "hardtanh" and (args[1] if len(args) > 1 else kwargs.get("min_val")) == 0:
            name = "relu6"  # which is how nn.ReLU6 calls it
        if name is not None:
            x = args[0] if args else kwargs.get("input")
            if isinstance(x, Tensor):
                self._called(name, x)
        if _may_mutate(func, args, kwargs):
            self._packed.clear()  # no tensor seen so far is known any more
        return func(*args, **kwargs)

    def _called(self, activation: str, x: Tensor) -> None:
        """An activation function is about to be applied to ``x``."""
        path, module = self._path[-1] if self._path else ("", None)
        called_by_layer = isinstance(module, _LAYERS) and path
        name = path if called_by_layer else f"{path}.{activation}()".lstrip(".")
        if self.counting == "once" and activation in self.wanted:
            self._record(name, x, 1)
        elif self.counting == "once" or not (called_by_layer and "ReLU" in type(module).__name__):
            self.uncounted[f"{name} ({activation})"] = None

    def _record(self, name: str, x: Tensor, count: int) -> None:
        if x.dim() < 2 or x.shape[0] != self.num_images:
            raise ValueError(
                f"network: layer {name} rectifies a tensor of shape {tuple(x.shape)}, whose first dimension is not the "
                f"{self.num_images} images of the mini-batch, so its units cannot be told apart by image"
            )
        known = self._packed.get(id(x))
        if known is None or known[0]() is not x:
            known = self._packed[id(x)] = weakref.ref(x), self._bits(name, x)
        self.layers.append(LayerCode(name, known[1], x[0].numel(), count))

    def _bits(self, name: str, x: Tensor) -> np.ndarray | Tensor:
        message = f"network: the input of layer {name} contains NaN; an error is never turned into a score"
        if not on_host(x):
            self.bad.append((message, torch.isnan(x).any()))
            return (x > 0).flatten(1)
        from naswotlib.scoring.compiled.packing import pack_signs  # numba takes a second to import

        words, nan = pack_signs(x)
        if nan:
            raise ValueError(message)
        return words


class _Visitor(_Watcher):
    """Hands on what it sees, and keeps nothing."""

    def __init__(self, num_images: int, visit: Callable[[Tensor], None]) -> None:
        super().__init__(num_images, "once", frozenset({"relu"}))
        self.visit = visit

    def _record(self, name: str, x: Tensor, count: int) -> None:
        self.visit(x)


def _may_mutate(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Whether a call may change a tensor in place (a false alarm only costs a code that is packed again)."""
    name = getattr(function, "__name__", "")
    return (
        name in _IN_PLACE
        or (name.endswith("_") and not name.endswith("__"))
        or "out" in kwargs
        or bool(kwargs.get("inplace"))
        or any(argument is True for argument in args)
    )
