"""What has to be computed for the codes of an operation graph: nothing that no counted ReLU needs, nothing twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NoReturn

import torch
from torch import Tensor

from naswotlib.graph import Counting, Graph, Op
from naswotlib.graph.graph import last_uses


@dataclass(frozen=True)
class Plan:
    """What must be computed for the codes of a graph.

    ``ops`` are operations by number, in data-flow order, and read only one another. ``layers`` are the counted
    ReLUs in the order in which they run: name, the value they rectify, and how often they count. ``free[x]`` are
    the values that nothing reads after operation x.
    """

    ops: dict[int, Op]
    layers: list[tuple[str, int, int]]
    free: dict[int, list[int]]

    def counts(self) -> Counter[int]:
        """How often the signs of each value count."""
        counts: Counter[int] = Counter()
        for _, value, count in self.layers:
            counts[value] += count
        return counts

    def units_by_layer(self, units: Mapping[int, int]) -> dict[str, int]:
        """Units counted, by name of the layer, where each value has so many ``units``."""
        layers: Counter[str] = Counter()
        for name, value, count in self.layers:
            layers[name] += units[value] * count
        return dict(layers)


def checked_plan(graph: Graph, weights: Mapping[str, Tensor], inputs: Tensor, counting: Counting) -> Plan:
    """The plan of a graph; ValueError where nothing is counted, or weights or images do not fit."""
    channels = graph.channels(0)
    if inputs.dim() != 4 or inputs.shape[1] != channels or inputs.dtype != torch.float32:
        raise ValueError(
            f"inputs: expected float32 images (N, {channels}, H, W), got {inputs.dtype} {tuple(inputs.shape)}"
        )
    for name, shape, _ in graph.parameters():
        weight = weights.get(name)
        if weight is None or weight.shape != shape:
            got = "none" if weight is None else tuple(weight.shape)
            raise ValueError(f"weights: {name} has shape {got}; the graph needs {shape}")
    plan = make_plan(graph, counting)
    if not plan.layers:
        raise ValueError(f"graph: it has no ReLU to count (counting={counting!r})")
    return plan


def refuse_nan(plan: Plan, value: int) -> NoReturn:
    """Raise ValueError that names the layer which rectifies a value."""
    name = next(name for name, rectified, _ in plan.layers if rectified == value)
    raise ValueError(f"network: the input of layer {name} contains NaN; an error is never turned into a score")


def make_plan(graph: Graph, counting: Counting) -> Plan:
    """Drop what no counted ReLU depends on, and unite operations without weights that do the same.

    Every ReLU that runs counts, also one whose output a ``none`` multiplies by zero: its input is needed, the
    convolution behind it is not. A zero that is added to something is dropped.
    """
    ops: dict[int, Op] = {}
    layers = []
    same: dict[int, int] = {}  # the operation whose result a value is
    known: dict[Op, int] = {}
    for number, op in enumerate(graph.ops):
        inputs = tuple(same[x] for x in op.inputs)
        if op.kind == "add":
            inputs = tuple(x for x in inputs if ops[x].kind != "zero") or inputs[:1]
            if len(inputs) == 1:
                same[number] = inputs[0]
                continue
        if op.kind == "relu" and ops[inputs[0]].kind == "relu":
            inputs = ops[inputs[0]].inputs  # rectifying again changes neither values nor signs
        plain = op
        if op.kind == "relu":
            count = op.reference if counting == "reference" else 1
            if count:
                layers.append((op.name, inputs[0], count))
            plain = Op("relu", inputs, op.channels)
        elif inputs != op.inputs:
            plain = replace(op, inputs=inputs)
        same[number] = number if plain.name or op.kind == "input" else known.setdefault(plain, number)
        ops.setdefault(same[number], plain)
    needed = {value for _, value, _ in layers}
    for number in reversed(ops):
        if number in needed:
            needed.update(ops[number].inputs)
    ops = {number: op for number, op in ops.items() if number in needed}
    return Plan(ops, layers, last_uses(ops))
