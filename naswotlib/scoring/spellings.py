"""Rectifiers below the level of functions: how an operation of torch is told to be an activation.

Scripted and traced code, autograd functions and ``torch.ops`` reach torch as operations, and so do rectifiers that are
written by hand: ``x.clamp(min=0)``, ``maximum(x, 0)``, ``where(x > 0, x, 0)``, ``x * (x > 0)``, ``x[x < 0] = 0``.
"""

from __future__ import annotations

import math
import weakref
from typing import Any, NamedTuple, Protocol

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from naswotlib.scoring.intact import effects_of

OPERATIONS = {
    **{name: name for name in ("relu", "threshold", "leaky_relu", "elu", "gelu", "silu", "mish", "hardswish")},
    **{name: name for name in ("softplus", "sigmoid", "hardsigmoid", "tanh", "hardtanh")},
    "_prelu_kernel": "prelu",
    "rrelu_with_noise": "rrelu",
    "log_sigmoid_forward": "logsigmoid",
}  # operations that are activations, and the function that each belongs to
_POSITIVE, _NEGATIVE = {"gt", "ge"}, {"lt", "le"}
_SAME_VALUES = {"_to_copy", "clone", "alias", "detach", "view", "expand", "unsqueeze"}
_OPPOSITE = {"bitwise_not", "logical_not"}
_LOGIC = {"bitwise_and", "logical_and", "bitwise_or", "logical_or", "bitwise_xor", "logical_xor"}
_ARITHMETIC = {"add", "sub", "rsub", "mul", "div"}
_OTHERS = {"glu", "hardshrink", "softshrink"}  # activations for which the sign of the input is no code
_CHOICES = {"where", "mul", "masked_fill", "index_put", "masked_scatter", "addcmul"}
_TRANSPARENT = ("aten", "prim", "prims", "profiler")  # name spaces whose operations are known; those of others are not
_OPAQUE = (
    "rnn",
    "lstm",
    "gru",
    "encoder_layer",
    "_addmm_activation",
    "_foreach_clamp",
    "_foreach_max",
)  # operations that apply activations inside
_BATCH_NORMS = tuple(
    getattr(torch.ops.aten, name).default
    for name in ("native_batch_norm", "cudnn_batch_norm", "miopen_batch_norm", "_batch_norm_with_update")
    if hasattr(torch.ops.aten, name)
)


class Found(NamedTuple):
    """An activation: the tensor that it is applied to, its kind, and how it is written.

    ``kind`` is none of a function's where it gates by a sign in another way, or is an operation of others. ``by_hand``:
    written with operations that serve other ends too.
    """

    x: Tensor | None
    kind: str
    written: str
    by_hand: bool = True


class _Mask(NamedTuple):
    """The signs of a tensor, or numbers made of them: then it is not known for which they are 1."""

    mask: weakref.ref[Tensor]
    x: weakref.ref[Tensor]
    positive: bool | None


class Spellings:
    """Looks at one operation after the other."""

    def __init__(self) -> None:
        self._masks: dict[int, _Mask] = {}  # signs that were taken, by the number of the tensor that holds them

    def before(self, operation: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Found | None:
        """The activation that a call is; None where it is none that can be told."""
        name, space = _name(operation), getattr(operation, "namespace", "aten")
        if space not in _TRANSPARENT or any(part in name for part in _OPAQUE):
            return Found(None, "cannot be seen into", f"{space}.{name}()")
        x = args[0] if args else kwargs.get("self")
        return self._activation(name, x, args, kwargs) if isinstance(x, Tensor) else None

    def _activation(self, name: str, x: Tensor, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Found | None:
        if name in OPERATIONS:
            return Found(x, kind_of(OPERATIONS[name], args, kwargs), f"{OPERATIONS[name]}()", by_hand=False)
        if name in _OTHERS:
            return Found(x, name, f"{name}()", by_hand=False)
        if name in {"clamp", "clamp_min", "clamp_max"}:
            low = None if name == "clamp_max" else _argument(args, kwargs, 1, "min")
            kind = _clamped(low, _argument(args, kwargs, 1 if name == "clamp_max" else 2, "max"))
            return Found(x, kind, f"{name}()") if kind else None
        if name in {"maximum", "fmax", "minimum", "fmin"}:
            return self._extreme(name, x, args[1])
        return self._masked(name, args) if name in _CHOICES else None

    def after(self, operation: Any, args: tuple[Any, ...], result: Any) -> None:
        """Note a result that holds the signs of a tensor."""
        if not isinstance(result, Tensor) or not args or not isinstance(args[0], Tensor):
            return
        name, x = _name(operation), args[0]
        if name in _POSITIVE | _NEGATIVE and x.is_floating_point() and _is_zero(args[1]):
            self._masks[id(result)] = _Mask(weakref.ref(result), weakref.ref(x), name in _POSITIVE)
        elif name in {"heaviside", "sign", "sgn"} and x.is_floating_point():
            self._masks[id(result)] = _Mask(weakref.ref(result), weakref.ref(x), True if name == "heaviside" else None)
        elif name in _SAME_VALUES | _OPPOSITE and (known := self._mask(x)):
            positive = not known.positive if name in _OPPOSITE and known.positive is not None else known.positive
            self._masks[id(result)] = known._replace(mask=weakref.ref(result), positive=positive)
        elif name in _ARITHMETIC | _LOGIC and (known := self._of_signs(args, name in _LOGIC)):
            self._masks[id(result)] = known._replace(mask=weakref.ref(result), positive=None)

    def _of_signs(self, args: tuple[Any, ...], some: bool = False) -> _Mask | None:
        """Signs that are counted with, where nothing but signs and numbers is, or ``some`` signs."""
        tensors = [value for value in args[:2] if isinstance(value, Tensor) and value.dim()]
        known = [mask for value in tensors if (mask := self._mask(value))]
        return known[0] if known and (some or len(known) == len(tensors)) else None

    def _mask(self, value: Any) -> _Mask | None:
        known = self._masks.get(id(value))
        return known if known is not None and known.mask() is value else None

    def _extreme(self, name: str, x: Tensor, other: Tensor) -> Found | None:
        for value, zero in ((x, other), (other, x)):
            if _is_zero(zero):
                return Found(value, "relu" if name in {"maximum", "fmax"} else "with a sign", f"{name}()")
        return None

    def _masked(self, name: str, args: tuple[Any, ...]) -> Found | None:
        """A product with signs, or a choice by them."""
        if name in {"mul", "addcmul"}:
            one, other = args[-2:]
            factors = [(self._mask(one), other, None), (self._mask(other), one, None)]
        elif name == "where" and len(args) == 3:
            factors = [(self._mask(args[0]), *args[1:])]
        else:
            mask = args[1][0] if name == "index_put" and len(args[1]) == 1 else args[1]
            factors = [(self._mask(mask), args[2], args[0])]
        if name == "mul" and self._of_signs(args):
            return None
        for known, chosen, other in factors:
            if known is None:
                continue
            x, zero = (chosen, other) if known.positive else (other, chosen)
            if x is not None and known.x() is x and known.positive is not None and (zero is None or _is_zero(zero)):
                return Found(x, "relu", f"{name}()")
            return Found(known.x(), "with a sign", f"{name}()")
        return None


def _name(operation: Any) -> str:
    """The name of an operation, without that it works in place."""
    name = str(getattr(operation, "_schema", operation)).partition("(")[0].partition("::")[2].partition(".")[0]
    return name[:-1] if name.endswith("_") and not name.endswith("__") else name


def _argument(args: tuple[Any, ...], kwargs: dict[str, Any], place: int, name: str) -> Any:
    return args[place] if len(args) > place else kwargs.get(name)


def kind_of(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
    """The kind of an activation that is called ``name``, which may be another one by the numbers that it is given."""
    first, second = _PARAMETERS.get(name, ("", ""))
    a, b = _argument(args, kwargs, 1, first), _argument(args, kwargs, 2, second)
    if name == "hardtanh":
        bounded = _clamped(a, b)
        return bounded if bounded in OPERATIONS or bounded == "relu6" else name
    is_relu = (name == "leaky_relu" and a == 0) or (name == "threshold" and a == 0 and b == 0)
    return "relu" if is_relu else name


_PARAMETERS = {
    "hardtanh": ("min_val", "max_val"),
    "threshold": ("threshold", "value"),
    "leaky_relu": ("negative_slope", ""),
}


def _clamped(low: Any, high: Any) -> str:
    """The kind of an activation that bounds by 0, from below and maybe from above too; empty for other bounds."""
    if low is None or not _is_zero(low):
        return "with a sign" if high is not None and _is_zero(high) else ""
    return "relu" if high is None or (isinstance(high, float) and high == math.inf) else "relu6"


def _is_zero(value: Any) -> bool:
    """Whether a number is 0, or a tensor holds nothing else; on a GPU that is waited for."""
    return not bool(torch.count_nonzero(value)) if isinstance(value, Tensor) else value == 0


class Listener(Protocol):
    """Who wants to be told."""

    def found(self, found: Found) -> None:
        """An activation is about to be applied."""

    def changed(self) -> None:
        """A tensor is about to be changed in place."""

    def normalised(self, by_the_batch: bool) -> None:
        """A batch normalisation is about to run."""


class Below(TorchDispatchMode):
    """Tells a listener of operations: activations, changes in place and batch normalisations."""

    def __init__(self, listener: Listener) -> None:
        super().__init__()
        self._listener, self._spellings = listener, Spellings()

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        if found := self._spellings.before(func, args, kwargs):
            self._listener.found(found)
        if func in _BATCH_NORMS:
            self._listener.normalised(bool(args[5]))
        if effects_of(func).places:
            self._listener.changed()
        result = func(*args, **kwargs)
        self._spellings.after(func, args, result)
        return result
