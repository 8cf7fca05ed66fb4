"""The operation graph of a module: the one it was built from, or one that torch.fx finds by tracing it.

Both answer None whenever anything is not understood: hooks score such a network, only slower.
"""

from __future__ import annotations

import operator
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, fx, nn

from naswotlib.engine import EPSILON
from naswotlib.graph import Graph, GraphNetwork, Op

_ALIASES = (nn.Identity, nn.Dropout, nn.Dropout2d)  # a network is scored with dropout off
_ADDITIONS = {operator.add: False, torch.add: False, operator.iadd: True, "add": False, "add_": True}
_RECTIFIERS = {F.relu: False, torch.relu: False, torch.relu_: True, "relu": False, "relu_": True}


class _NotUnderstoodError(Exception):
    pass


def built_graph(network: nn.Module) -> Graph | None:
    """The graph of a :class:`GraphNetwork` whose layers are still what it says and carry no hooks."""
    if type(network) is not GraphNetwork or _is_hooked(network):
        return None
    for op in network.graph.ops:
        if op.name and not _is_layer_of(op, network.get_submodule(op.name)):
            return None
    return network.graph


def traced_graph(network: nn.Module, channels: int) -> Graph | None:
    """The graph of a module in the mode in which it is scored, on images of ``channels``, found by tracing it."""
    if _is_hooked(network) or any("ReLU" in type(m).__name__ and type(m) is not nn.ReLU for m in network.modules()):
        return None  # containers that the authors' hook counts again, and rectifiers that are not plain
    try:
        traced = fx.symbolic_trace(network)
    except Exception:  # tracing runs the caller's code on stand-ins, so anything may happen; hooks run it for real
        return None
    try:
        return _Reader(traced, channels).graph
    except _NotUnderstoodError:
        return None


def _is_hooked(network: nn.Module) -> bool:
    return any(module._forward_hooks or module._forward_pre_hooks for module in network.modules())


def _is_layer_of(op: Op, layer: nn.Module) -> bool:
    if op.kind == "conv":
        return _is_plain_conv(layer) and (
            (layer.kernel_size, layer.stride, layer.padding, layer.dilation, layer.groups)
            == (op.kernel, op.stride, op.padding, op.dilation, op.groups)
        )
    if op.kind == "batch_norm":
        return _is_plain_norm(layer)
    if op.kind == "relu":
        return type(layer) is nn.ReLU and getattr(layer, "reference_count", 1) == op.reference
    return type(layer) is nn.Linear and layer.bias is not None


def _is_plain_conv(layer: nn.Module) -> bool:
    return (
        type(layer) is nn.Conv2d
        and layer.bias is None
        and layer.padding_mode == "zeros"
        and not isinstance(layer.padding, str)
    )


def _is_plain_norm(layer: nn.Module) -> bool:
    return type(layer) is nn.BatchNorm2d and layer.affine and layer.eps == EPSILON


def _side(value: Any) -> int:
    """A number given as an int or as a pair of equal ones."""
    first, *others = value if isinstance(value, tuple) else (value,)
    if any(other != first for other in others):
        raise _NotUnderstoodError
    return int(first)


class _Reader:
    """Follows the nodes of a trace and appends what each does to ``graph``."""

    def __init__(self, traced: fx.GraphModule, channels: int) -> None:
        self.graph = Graph()
        self.values: dict[fx.Node, int] = {}
        self.flat: set[fx.Node] = set()  # values (N, C), not (N, C, H, W)
        self.overwritten: set[int] = set()
        for node in traced.graph.nodes:
            if node.op == "placeholder" and not self.values:
                self.values[node] = self.graph.input(channels)
            elif node.op == "call_module":
                self.values[node] = self._module(node, traced.get_submodule(str(node.target)))
            elif node.op in {"call_function", "call_method"}:
                self.values[node] = self._function(node)
            elif node.op != "output":
                raise _NotUnderstoodError

    def _read(self, value: Any) -> int:
        if not isinstance(value, fx.Node) or self.values[value] in self.overwritten:
            raise _NotUnderstoodError
        return self.values[value]

    def _module(self, node: fx.Node, layer: nn.Module) -> int:
        if len(node.args) != 1 or node.kwargs:
            raise _NotUnderstoodError
        x, name = self._read(node.args[0]), str(node.target)
        is_flat = node.args[0] in self.flat
        if isinstance(layer, nn.Linear) and layer.bias is not None and is_flat:
            self.flat.add(node)
            return self.graph.linear(x, layer.out_features, name=name)
        if isinstance(layer, nn.ReLU):
            return self._relu(node, x, name, getattr(layer, "reference_count", 1), layer.inplace)
        if type(layer) in _ALIASES:
            return self._like(node, x)
        if is_flat:
            raise _NotUnderstoodError
        if isinstance(layer, nn.Conv2d) and _is_plain_conv(layer):
            shape: Any = {key: getattr(layer, key) for key in ("stride", "padding", "dilation", "groups")}
            return self.graph.conv(x, layer.out_channels, layer.kernel_size, name=name, **shape)  # type: ignore[arg-type]
        if _is_plain_norm(layer) and layer.num_features == self.graph.channels(x):
            return self.graph.batch_norm(x, name=name)
        return self._pool(node, x, layer)

    def _pool(self, node: fx.Node, x: int, layer: nn.Module) -> int:
        if isinstance(layer, nn.AdaptiveAvgPool2d) and layer.output_size in (1, (1, 1)):
            return self.graph.global_pool(x)
        if isinstance(layer, nn.Flatten):
            return self._flatten(node, x, layer.start_dim, layer.end_dim)
        if not isinstance(layer, nn.MaxPool2d | nn.AvgPool2d) or layer.ceil_mode:
            raise _NotUnderstoodError
        size, stride, padding = (_side(value) for value in (layer.kernel_size, layer.stride, layer.padding))
        if isinstance(layer, nn.AvgPool2d):
            if (padding and layer.count_include_pad) or layer.divisor_override:
                raise _NotUnderstoodError
            return self.graph.avg_pool(x, size, stride=stride, padding=padding)
        if _side(layer.dilation) != 1 or layer.return_indices:
            raise _NotUnderstoodError
        return self.graph.max_pool(x, size, stride=stride, padding=padding)

    def _function(self, node: fx.Node) -> int:
        target: Any = node.target
        arguments = list(node.args)
        if target in _ADDITIONS and len(arguments) == 2 and not node.kwargs:
            a, b = (self._read(value) for value in arguments)
            if self.graph.channels(a) != self.graph.channels(b) or self.flat.intersection(node.all_input_nodes):
                raise _NotUnderstoodError
            if _ADDITIONS[target]:
                self.overwritten.add(a)
            return self.graph.add(a, b)
        if target in _RECTIFIERS and len(arguments) == 1 and not node.kwargs.keys() - {"inplace"}:
            stack = list(node.meta.get("nn_module_stack") or {})
            name = ".".join([*stack[-1:], "relu()"])
            inplace = _RECTIFIERS[target] or bool(node.kwargs.get("inplace"))
            return self._relu(node, self._read(arguments[0]), name, 0, inplace)
        if target is torch.cat and isinstance(arguments[0], list | tuple):
            dim = arguments[1] if len(arguments) > 1 else node.kwargs.get("dim", 0)
            if dim == 1 and not self.flat.intersection(node.all_input_nodes):
                return self.graph.concat(*[self._read(value) for value in arguments[0]])
        if target in (torch.flatten, "flatten") and len(arguments) == 2 and not node.kwargs:
            return self._flatten(node, self._read(arguments[0]), arguments[1], -1)
        raise _NotUnderstoodError

    def _relu(self, node: fx.Node, x: int, name: str, reference: int, inplace: bool) -> int:
        if inplace:
            self.overwritten.add(x)
        self._like(node, x)
        return self.graph.relu(x, name=name, reference=reference)

    def _like(self, node: fx.Node, x: int) -> int:
        if node.all_input_nodes[0] in self.flat:
            self.flat.add(node)
        return x

    def _flatten(self, node: fx.Node, x: int, start: Any, end: Any) -> int:
        if (start, end) != (1, -1) or self.graph.ops[x].kind != "global_pool":
            raise _NotUnderstoodError
        self.flat.add(node)
        return x


def weights_of(network: nn.Module) -> dict[str, Tensor]:
    """The current parameters, by name (a shared layer stands under each of its names)."""
    return {name: value.detach() for name, value in network.named_parameters(remove_duplicate=False)}
