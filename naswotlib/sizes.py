"""How large the network of a graph is: arithmetic on its operations, without a weight or an image."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import pandas as pd

from naswotlib.graph import Graph, Op
from naswotlib.spaces.base import find_space

Shape = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class NetworkSize:
    """parameters: trainable weights; flops: multiply-adds of convolutions and classifier for one image, without its
    bias; num_units: ReLU units of one image, N_A of equation 1, each counted once.
    """

    parameters: int
    flops: int
    num_units: int


def shapes(graph: Graph, side: int) -> list[Shape]:
    """Channels, height and width of what each operation of ``graph`` makes of an image of ``side`` pixels.

    >>> graph = Graph()
    >>> x = graph.max_pool(graph.conv(graph.input(3), 8, 3, name="conv", padding=1), 2, stride=2)
    >>> shapes(graph, 32)
    [(3, 32, 32), (8, 32, 32), (8, 16, 16)]
    """
    found: list[Shape] = []
    for op in graph.ops:
        height, width = found[op.inputs[0]][1:] if op.inputs else (side, side)
        if op.kind in ("conv", "avg_pool", "max_pool"):
            height, width = (_side(op, axis, length) for axis, length in enumerate((height, width)))
        elif op.kind == "zero":
            height, width = (-(-length // stride) for length, stride in zip((height, width), op.stride, strict=True))
        elif op.kind in ("global_pool", "linear"):
            height, width = 1, 1
        found.append((op.channels, height, width))
    return found


def _side(op: Op, axis: int, length: int) -> int:
    reach = op.dilation[axis] * (op.kernel[axis] - 1) + 1
    return (length + 2 * op.padding[axis] - reach) // op.stride[axis] + 1


def network_size(graph: Graph, side: int) -> NetworkSize:
    """The size of the network of ``graph`` for images of ``side`` pixels."""
    parameters = flops = num_units = 0
    for _, weights, _ in graph.parameters():
        parameters += math.prod(weights)
    for op, shape in zip(graph.ops, shapes(graph, side), strict=True):
        if op.kind in ("conv", "linear"):
            read = graph.channels(op.inputs[0]) // op.groups * math.prod(op.kernel)
            flops += read * math.prod(shape)
        elif op.kind == "relu":
            num_units += math.prod(shape)
    return NetworkSize(parameters, flops, num_units)


def network_sizes(
    space: Any, archs: Iterable[Any], *, side: int = 32, skeleton: Mapping[str, int] | None = None
) -> pd.DataFrame:
    """A row for each of ``archs`` (or their texts) of ``space`` (its name, or itself): ``arch`` as text, and the
    fields of :class:`NetworkSize` on ``skeleton``.

    >>> network_sizes("nats_size", ["8:8:8:8:8"]).num_units.tolist()
    [67072]
    """
    space = find_space(space)
    rows = []
    for given in archs:
        arch = space.from_str(given) if isinstance(given, str) else given
        size = network_size(space.graph(arch, **(skeleton or {})), side)
        rows.append({"arch": space.to_str(arch), **asdict(size)})
    return pd.DataFrame(rows, columns=["arch", "parameters", "flops", "num_units"])
