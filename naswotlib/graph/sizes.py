"""Sizes of the network of a graph, by arithmetic on its operations, without a weight or an image."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from naswotlib.graph import Graph, Op

Shape = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class NetworkSize:
    """parameters: trainable weights; flops: multiply-adds of convolutions and classifier for one image, without its
    bias; num_units: ReLU units of one image, N_A of equation 1, each counted once.
    """

    parameters: int
    flops: int
    num_units: int


def shapes(graph: Graph, side: int | tuple[int, int]) -> list[Shape]:
    """Channels, height and width of what each operation of ``graph`` makes of an image of ``side`` (or H, W) pixels.

    >>> graph = Graph()
    >>> x = graph.max_pool(graph.conv(graph.input(3), 8, 3, name="conv", padding=1), 2, stride=2)
    >>> shapes(graph, 32)
    [(3, 32, 32), (8, 32, 32), (8, 16, 16)]
    """
    found: list[Shape] = []
    sides = (side, side) if isinstance(side, int) else side
    for op in graph.ops:
        size = size_after(op, found[op.inputs[0]][1:]) if op.inputs else sides
        found.append((op.channels, *size))
    return found


def size_after(op: Op, size: tuple[int, int]) -> tuple[int, int]:
    """Height and width of what an operation makes of an input of ``size``; below 1 where its window does not fit."""
    if op.kind in ("global_pool", "linear"):
        return 1, 1
    if op.kind == "zero":
        return -(-size[0] // op.stride[0]), -(-size[1] // op.stride[1])
    if op.kind not in ("conv", "avg_pool", "max_pool"):
        return size
    rows, columns = ((size[k] + 2 * op.padding[k] - reach(op, k)) // op.stride[k] + 1 for k in (0, 1))
    return rows, columns


def fitting_size_after(op: Op, size: tuple[int, int]) -> tuple[int, int]:
    """The same; ValueError where its window does not fit."""
    found = size_after(op, size)
    for axis in (0, 1):
        if found[axis] < 1:
            raise ValueError(
                f"inputs: too small, {op.kind} {op.name} reads {reach(op, axis)} pixels side by side of a "
                f"{size[0]}×{size[1]} image; use larger images"
            )
    return found


def reach(op: Op, axis: int) -> int:
    """How many pixels side by side the window of an operation spans."""
    return op.dilation[axis] * (op.kernel[axis] - 1) + 1


def network_size(graph: Graph, side: int) -> NetworkSize:
    """The size of the network of ``graph`` for images of ``side`` pixels."""
    parameters = sum(math.prod(weights) for _, weights, _ in graph.parameters())
    flops = num_units = 0
    for op, shape in zip(graph.ops, shapes(graph, side), strict=True):
        if op.kind in ("conv", "linear"):
            read = graph.channels(op.inputs[0]) // op.groups * math.prod(op.kernel)
            flops += read * math.prod(shape)
        elif op.kind == "relu":
            num_units += math.prod(shape)
    return NetworkSize(parameters, flops, num_units)


def adds_up(graph: Graph, side: int | Sequence[int]) -> bool:
    """Whether all terms of every sum, and the sides of all parts of a concatenation, are of equal shape."""
    found = shapes(graph, side if isinstance(side, int) else (side[0], side[1]))
    for op in graph.ops:
        terms = {found[x] if op.kind == "add" else found[x][1:] for x in op.inputs}
        if op.kind in ("add", "concat") and len(terms) > 1:
            return False
    return True
