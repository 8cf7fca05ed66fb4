"""The operation graph of a module: the one it was built from, or one that torch.fx finds by tracing it.

Both answer None whenever anything is not understood: hooks score such a network, only slower.
"""

from __future__ import annotations

import operator
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, fx, nn
from torch.nn.modules import module as nn_module
from torch.nn.parameter import is_lazy

from naswotlib.graph import EPSILON, Graph, GraphNetwork, Op

_SHAPE = ("stride", "padding", "dilation", "groups")
_ADDITIONS = {operator.add: False, torch.add: False, operator.iadd: True, "add": False, "add_": True}  # True: in place
_RECTIFIERS = {F.relu: False, torch.relu: False, torch.relu_: True, "relu": False, "relu_": True}


class _NotUnderstoodError(Exception):
    pass


class _Proxy(fx.Proxy):
    """A stand-in that shows when it is added to in place; to fx this is a sum with a new result."""

    def __iadd__(self, other: Any) -> fx.Proxy:
        return self.tracer.create_proxy("call_function", operator.iadd, (self, other), {})

    def _refuse(self, _: Any) -> fx.Proxy:
        raise _NotUnderstoodError

    __isub__ = __imul__ = __itruediv__ = __ifloordiv__ = __imod__ = __ipow__ = _refuse
    __iand__ = __ior__ = __ixor__ = __ilshift__ = __irshift__ = __imatmul__ = _refuse


class _Tracer(fx.Tracer):
    def proxy(self, node: fx.Node) -> fx.Proxy:
        return _Proxy(node, self)


def built_graph(network: nn.Module) -> Graph | None:
    """The graph of a :class:`GraphNetwork` whose layers are still what it says and do nothing else."""
    if type(network) is not GraphNetwork or not _runs_as_written(network) or not _fits(network.graph, network):
        return None
    named = (op for op in network.graph.ops if op.name)
    return network.graph if all(_is_layer_of(op, network.get_submodule(op.name)) for op in named) else None


def traced_graph(network: nn.Module, channels: int) -> Graph | None:
    """The graph of a module in the mode in which it is scored, on images of ``channels``, found by tracing it."""
    unplain = any("ReLU" in type(module).__name__ and type(module) is not nn.ReLU for module in network.modules())
    lazy = any(is_lazy(weights) for weights in network.parameters())
    if unplain or lazy or not _runs_as_written(network):
        return None  # containers that the authors' hook counts again, and rectifiers that are not plain
    try:
        with _no_stand_in_left(network):
            traced = fx.GraphModule(network, _Tracer().trace(network))
    except Exception:  # tracing runs the caller's code on stand-ins, so anything may happen; hooks run it for real
        return None
    try:
        graph = _Reader(traced, channels).graph
    except _NotUnderstoodError:
        return None
    return graph if _fits(graph, network) else None


@contextmanager
def _no_stand_in_left(network: nn.Module) -> Iterator[None]:
    """Take stand-ins out of what a network keeps outside of its attributes: its classes, the names of its modules, and
    containers among them. Nothing else there is changed, since others use it too.
    """
    kinds = {kind for module in network.modules() for kind in type(module).__mro__[:-1] if _is_own(kind.__module__)}
    homes = {kind.__module__ for kind in kinds} & sys.modules.keys()
    before: list[tuple[Any, Any]] = [(kind, dict(vars(kind))) for kind in kinds]
    before += [(names, dict(names)) for names in (vars(sys.modules[name]) for name in homes)]
    found = [value for _, there in before for value in there.values() if isinstance(value, dict | list)]
    found += [inner for value in found if isinstance(value, dict) for inner in value.values() if _is_small(inner)]
    before += [(value, value.copy()) for value in found if _is_small(value)]
    try:
        yield
    finally:
        for holder, there in reversed(before):  # the innermost first
            _take_out(holder, there)


def _is_own(module: str) -> bool:
    return module.partition(".")[0] not in {"torch", "builtins"}


def _is_small(value: Any) -> bool:
    return isinstance(value, dict | list) and len(value) <= 10_000


def _is_stand_in(value: Any) -> bool:
    """Whether something is a stand-in, or a container that holds one."""
    if not _is_small(value):
        return isinstance(value, fx.Proxy)
    return any(isinstance(item, fx.Proxy) for item in (value.values() if isinstance(value, dict) else value))


def _take_out(holder: Any, before: Any) -> None:
    """Give those items of a container, or attributes of a class, that are stand-ins the values that they had."""
    if isinstance(holder, list):
        if any(map(_is_stand_in, holder)):
            holder[:] = before
        return
    there = vars(holder) if isinstance(holder, type) else holder
    for name in [name for name, value in there.items() if _is_stand_in(value)]:
        if isinstance(holder, type):
            setattr(holder, name, before[name]) if name in before else delattr(holder, name)
        elif name in before:
            holder[name] = before[name]
        else:
            del holder[name]


def weights_of(network: nn.Module) -> dict[str, Tensor]:
    """The current parameters, by name (a shared layer stands under each of its names)."""
    return {name: value.detach() for name, value in network.named_parameters(remove_duplicate=False)}


def _runs_as_written(network: nn.Module) -> bool:
    """Whether no hook watches or changes a forward pass, and no module has one of its own that its class has not."""
    globally = nn_module._global_forward_hooks or nn_module._global_forward_pre_hooks
    return not globally and not any(
        module._forward_hooks or module._forward_pre_hooks or "forward" in vars(module) for module in network.modules()
    )


def _fits(graph: Graph, network: nn.Module) -> bool:
    """Whether the weights of ``network`` have the shapes that ``graph`` says."""
    weights = weights_of(network)
    return all(name in weights and weights[name].shape == shape for name, shape, _ in graph.parameters())


def _is_layer_of(op: Op, layer: Any) -> bool:
    if op.kind == "conv":
        shape = [getattr(op, key) for key in ("kernel", *_SHAPE)]
        return _is_plain_conv(layer) and shape == [getattr(layer, key) for key in ("kernel_size", *_SHAPE)]
    if op.kind == "batch_norm":
        return _is_plain_norm(layer)
    if op.kind == "relu":
        is_plain = type(layer) is nn.ReLU and not layer.inplace
        return is_plain and getattr(layer, "reference_count", 1) == op.reference
    return type(layer) is nn.Linear and layer.bias is not None


def _is_plain_conv(layer: Any) -> bool:
    is_plain = type(layer) is nn.Conv2d and layer.bias is None and layer.padding_mode == "zeros"
    return is_plain and not isinstance(layer.padding, str)


def _is_plain_norm(layer: Any) -> bool:
    return type(layer) is nn.BatchNorm2d and layer.affine and layer.eps == EPSILON


def _require(condition: bool) -> None:
    if not condition:
        raise _NotUnderstoodError


class _Reader:
    """Follows the nodes of a trace and appends what each does to ``graph``."""

    def __init__(self, traced: fx.GraphModule, channels: int) -> None:
        self.graph = Graph()
        self.values: dict[fx.Node, int] = {}
        self.flat: set[fx.Node] = set()  # values (N, C), not (N, C, H, W)
        self.overwritten: set[int] = set()  # values whose memory holds something else by now
        for node in traced.graph.nodes:
            if node.op == "output":
                break  # whatever comes out, every activation has been seen
            if node.op == "placeholder" and not self.values:
                self.values[node] = self.graph.input(channels)
            elif node.op == "call_module":
                _require(len(node.args) == 1 and not node.kwargs)
                self.values[node] = self._module(node, traced.get_submodule(str(node.target)))
            else:
                _require(node.op in {"call_function", "call_method"})
                self.values[node] = self._function(node, node.target)

    def _read(self, value: Any, *, flat: bool = False) -> int:
        _require(isinstance(value, fx.Node) and (value in self.flat) == flat)
        _require(self.values[value] not in self.overwritten)
        return self.values[value]

    def _module(self, node: fx.Node, layer: Any) -> int:
        source, name = node.args[0], str(node.target)
        if type(layer) is nn.Linear:
            _require(layer.bias is not None)
            self.flat.add(node)
            return self.graph.linear(self._read(source, flat=True), layer.out_features, name=name)
        if type(layer) is nn.ReLU:
            return self._relu(node, name, getattr(layer, "reference_count", 1), layer.inplace)
        if type(layer) in {nn.Identity, nn.Dropout, nn.Flatten}:  # dropout is off while a network is scored
            flattens = type(layer) is nn.Flatten
            _require(not flattens or (layer.start_dim, layer.end_dim) == (1, -1))
            return self._flattened(node) if flattens else self._alias(node, is_flat=source in self.flat)
        x = self._read(source)
        if _is_plain_conv(layer):
            shape = {key: getattr(layer, key) for key in _SHAPE}
            return self.graph.conv(x, layer.out_channels, layer.kernel_size, name=name, **shape)
        if _is_plain_norm(layer):
            _require(layer.num_features == self.graph.channels(x))
            return self.graph.batch_norm(x, name=name)
        return self._pool(x, layer)

    def _pool(self, x: int, layer: Any) -> int:
        if type(layer) is nn.AdaptiveAvgPool2d:
            _require(layer.output_size in (1, (1, 1)))
            return self.graph.global_pool(x)
        _require(type(layer) in {nn.MaxPool2d, nn.AvgPool2d} and not layer.ceil_mode)
        size, stride, padding = layer.kernel_size, layer.stride, layer.padding
        _require(all(isinstance(value, int) for value in (size, stride, padding)))
        if type(layer) is nn.MaxPool2d:
            _require(layer.dilation == 1 and not layer.return_indices)
            return self.graph.max_pool(x, size, stride=stride, padding=padding)
        _require(not layer.divisor_override and not (padding and layer.count_include_pad))
        return self.graph.avg_pool(x, size, stride=stride, padding=padding)

    def _function(self, node: fx.Node, target: Any) -> int:
        arguments: list[Any] = list(node.args)
        if target in _ADDITIONS and len(arguments) == 2 and not node.kwargs:
            a, b = (self._read(value) for value in arguments)
            _require(self.graph.channels(a) == self.graph.channels(b))
            self.overwritten.update({a} if _ADDITIONS[target] else ())
            return self.graph.add(a, b)
        if target in _RECTIFIERS and len(arguments) == 1 and not node.kwargs.keys() - {"inplace"}:
            name = ".".join([*list(node.meta.get("nn_module_stack") or ())[-1:], "relu()"])
            inplace = _RECTIFIERS[target] or bool(node.kwargs.get("inplace"))
            return self._relu(node, name, 0, inplace, functional=True)
        if target is torch.cat and (arguments[1:] == [1] or node.kwargs == {"dim": 1}):
            return self.graph.concat(*[self._read(value) for value in arguments[0]])
        _require(target in (torch.flatten, "flatten") and arguments[1:] == [1] and not node.kwargs)
        return self._flattened(node)

    def _flattened(self, node: fx.Node) -> int:
        _require(self.graph.ops[self._read(node.args[0])].kind == "global_pool")
        return self._alias(node, is_flat=True)

    def _relu(self, node: fx.Node, name: str, reference: int, inplace: bool, *, functional: bool = False) -> int:
        is_flat = node.args[0] in self.flat
        x = self._alias(node, is_flat=is_flat)
        self.overwritten.update({x} if inplace else ())
        return self.graph.relu(x, name=name, reference=reference, functional=functional)

    def _alias(self, node: fx.Node, *, is_flat: bool) -> int:
        """The value that a node reads, under another name or shape."""
        source = node.args[0]
        x = self._read(source, flat=source in self.flat)
        self.flat.update({node} if is_flat else ())
        return x
