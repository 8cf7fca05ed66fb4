"""Calls of torch functions as a network makes them: which are activations, and which may change a tensor in place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.overrides import TorchFunctionMode

# The functions behind each activation, as torch's override machinery names them.
_FUNCTIONS: dict[str, tuple[Callable[..., Any], ...]] = {
    "relu": (F.relu, torch.relu, torch.relu_, Tensor.relu, Tensor.relu_),
    "relu6": (F.relu6,),
    "hardtanh": (F.hardtanh, F.hardtanh_),  # from 0 it is relu6
    "threshold": (F.threshold, torch.threshold, torch.threshold_),
    "leaky_relu": (F.leaky_relu, F.leaky_relu_),
    "prelu": (F.prelu, torch.prelu, Tensor.prelu),
    "rrelu": (F.rrelu, F.rrelu_, torch.rrelu, torch.rrelu_),
    "elu": (F.elu, F.elu_),
    "selu": (F.selu, F.selu_, torch.selu, torch.selu_),
    "celu": (F.celu, F.celu_, torch.celu, torch.celu_),
    "gelu": (F.gelu,),
    "silu": (F.silu,),
    "mish": (F.mish,),
    "hardswish": (F.hardswish,),
    "softplus": (F.softplus,),
    "sigmoid": (torch.sigmoid, torch.sigmoid_, Tensor.sigmoid, Tensor.sigmoid_, F.sigmoid),
    "hardsigmoid": (F.hardsigmoid,),
    "logsigmoid": (F.logsigmoid,),
    "softsign": (F.softsign,),
    "tanh": (torch.tanh, torch.tanh_, Tensor.tanh, Tensor.tanh_, F.tanh),
}
ACTIVATIONS = tuple(_FUNCTIONS)
_NAMES = {function: name for name, functions in _FUNCTIONS.items() for function in functions}


class CallMode(TorchFunctionMode):
    """Inside it, ``activation(name, x)`` is told of every activation function before it is applied to ``x``, and
    ``changed()`` that tensors may be about to change in place.
    """

    def __init__(self, activation: Callable[[str, Tensor], None], changed: Callable[[], None]) -> None:
        super().__init__()
        self._activation, self._changed = activation, changed

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
                self._activation(name, x)
        if _may_mutate(func, args, kwargs):
            self._changed()
        return func(*args, **kwargs)


_MUTATING_DUNDERS = {
    "__setitem__",
    "__iadd__",
    "__isub__",
    "__imul__",
    "__itruediv__",
    "__iand__",
    "__ior__",
    "__ipow__",
}


def _may_mutate(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Whether a call may change a tensor in place (a false alarm only costs a code that is packed again)."""
    name = getattr(function, "__name__", "")
    return (
        name in _MUTATING_DUNDERS
        or (name.endswith("_") and not name.endswith("__"))
        or "out" in kwargs
        or bool(kwargs.get("inplace"))
        or any(argument is True for argument in args)
        or name in {"__set__", "set_data"}
    )
