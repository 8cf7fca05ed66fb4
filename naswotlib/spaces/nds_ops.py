"""The operations of NDS cells (Radosavovic et al., 2019): every set is a choice of these.

Each keeps the number of channels; with stride 2 it halves the image. Convolutions rectify their input first.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from naswotlib.graph import Graph

_WEIGHTED = ("conv", "batch_norm", "linear")
# Per family of separable convolutions: dilation of the depthwise convolution, and how often the block is repeated.
_SEPARABLE = {"sep_conv": (1, 2), "dil_conv": (2, 1), "dil_sep_conv": (2, 2)}


def add_operation(graph: Graph, x: int, op: str, stride: int, name: str) -> int:
    """Append the operation called ``op`` on ``x``; returns its result."""
    if op == "none":
        return graph.zero(x, stride=stride)
    if op == "skip_connect":
        return x if stride == 1 else add_factorized_reduction(graph, x, graph.channels(x), name)
    family, _, size = op.rpartition("_")
    kernel = int(size[-1])  # of 3x3, and of the 1x7 in conv_7x1_1x7
    if family in ("avg_pool", "max_pool"):
        pool = graph.avg_pool if family == "avg_pool" else graph.max_pool
        return pool(x, kernel, stride=stride, padding=kernel // 2)
    if family == "conv":
        return graph.relu_conv_bn(x, graph.channels(x), kernel, name=name, stride=stride, reference=1)
    if family in _SEPARABLE:
        dilation, repeats = _SEPARABLE[family]
        for block in range(1, repeats + 1):
            x = _add_separable(graph, x, kernel, dilation, stride if block == 1 else 1, f"{name}.block{block}")
        return x
    return _add_crossed(graph, x, kernel, stride, name)


def _add_separable(graph: Graph, x: int, kernel: int, dilation: int, stride: int, name: str) -> int:
    channels = graph.channels(x)
    x = graph.relu(x, name=f"{name}.relu")
    x = graph.conv(
        x,
        channels,
        kernel,
        name=f"{name}.depthwise",
        stride=stride,
        padding=dilation * (kernel // 2),
        dilation=dilation,
        groups=channels,
    )
    return graph.batch_norm(graph.conv(x, channels, 1, name=f"{name}.pointwise"), name=f"{name}.bn")


def _add_crossed(graph: Graph, x: int, kernel: int, stride: int, name: str) -> int:
    """A row of a kernel and then a column of it, nothing between the two."""
    channels, half = graph.channels(x), kernel // 2
    x = graph.relu(x, name=f"{name}.relu")
    x = graph.conv(x, channels, (1, kernel), name=f"{name}.row", stride=(1, stride), padding=(0, half))
    x = graph.conv(x, channels, (kernel, 1), name=f"{name}.column", stride=(stride, 1), padding=(half, 0))
    return graph.batch_norm(x, name=f"{name}.bn")


def add_factorized_reduction(graph: Graph, x: int, channels: int, name: str) -> int:
    """Append ReLU, two 1×1 convolutions of stride 2 that see different pixels, and batch normalisation."""
    x = graph.relu(x, name=f"{name}.relu")
    even = graph.conv(x, channels // 2, 1, name=f"{name}.even", stride=2)
    odd = graph.conv(graph.shift(x), channels // 2, 1, name=f"{name}.odd", stride=2)
    return graph.batch_norm(graph.concat(even, odd), name=f"{name}.bn")


def uncount_without_gradient(graph: Graph, severed: Collection[int] = ()) -> None:
    """ReLUs that do not reach the output run, and count once; the authors' hook waits for a gradient in vain.

    ``severed`` values do not depend on what they read, so that no gradient passes them. A ReLU of nothing else gets
    none; the container around it does, whose convolution has weights.
    """
    reaching = {len(graph.ops) - 1}
    for number in reversed(range(len(graph.ops))):
        if number in reaching and number not in severed:
            reaching.update(graph.ops[number].inputs)
    constant = set[int]()
    for number, op in enumerate(graph.ops):
        if number in severed or (op.inputs and op.kind not in _WEIGHTED and constant.issuperset(op.inputs)):
            constant.add(number)
        if op.kind == "relu":
            count = op.reference - (op.inputs[0] in constant) if number in reaching else 0
            graph.ops[number] = replace(op, reference=max(0, count))
