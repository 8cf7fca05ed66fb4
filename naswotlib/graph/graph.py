"""The operation graph of a network: a short list of operations in data-flow order.

A search space emits it. Module and initial weights (:mod:`naswotlib.graph.network`) and the plan of the score
(:mod:`naswotlib.scoring.plan`) all come from it, so that they cannot disagree.

Conventions: values are numbered in the order of their operations; images are ``(N, C, H, W)``; every convolution is
without bias, every batch normalisation affine with eps 1e-5, the classifier has a bias.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Pair = tuple[int, int]
Init = Literal["pytorch", "fan_out", "resnet"]
Counting = Literal["once", "reference"]  # of units: each once, or as the authors' released code
EPSILON = 1e-5  # of every batch normalisation in a graph


@dataclass(frozen=True, slots=True)
class Op:
    """An operation. ``inputs`` are numbers of earlier operations, ``channels`` is the width of the result.

    ``reference``: how often the authors' code counts a ReLU. 2 inside their ``ReLUConvBN`` containers, whose class name
    their hook matches too, 0 for a ``functional`` call, which no hook sees, 1 elsewhere.
    """

    kind: str
    inputs: tuple[int, ...]
    channels: int
    name: str = ""
    kernel: Pair = (1, 1)
    stride: Pair = (1, 1)
    padding: Pair = (0, 0)
    dilation: Pair = (1, 1)
    groups: int = 1
    reference: int = 1
    functional: bool = False


@dataclass
class Graph:
    """Operations in data-flow order; the last one is the network's output.

    Each method appends one operation and returns its number:

    >>> g = Graph()
    >>> x = g.input(3)
    >>> x = g.relu(g.batch_norm(g.conv(x, 8, 3, name="stem.conv", padding=1), name="stem.bn"), name="stem.relu")
    >>> x = g.linear(g.global_pool(x), 10, name="classifier")
    >>> [op.kind for op in g.ops]
    ['input', 'conv', 'batch_norm', 'relu', 'global_pool', 'linear']
    """

    init: Init = "pytorch"
    ops: list[Op] = field(default_factory=list)

    def _append(self, kind: str, inputs: tuple[int, ...], channels: int | None = None, **attributes: Any) -> int:
        """Append an operation, as wide as its input unless ``channels`` says otherwise; returns its number."""
        width = self.channels(inputs[0]) if channels is None else channels
        for key in ("kernel", "stride", "padding", "dilation"):
            if isinstance(value := attributes.get(key), int):
                attributes[key] = (value, value)
        self.ops.append(Op(kind, inputs, width, **attributes))
        return len(self.ops) - 1

    def channels(self, x: int) -> int:
        """Width of value ``x``."""
        return self.ops[x].channels

    def input(self, channels: int) -> int:
        """The mini-batch."""
        return self._append("input", (), channels)

    def conv(
        self,
        x: int,
        channels: int,
        kernel: int | Pair,
        *,
        name: str,
        stride: int | Pair = 1,
        padding: int | Pair = 0,
        dilation: int | Pair = 1,
        groups: int = 1,
    ) -> int:
        """Convolution without bias."""
        window = {"kernel": kernel, "stride": stride, "padding": padding, "dilation": dilation}
        return self._append("conv", (x,), channels, name=name, groups=groups, **window)

    def batch_norm(self, x: int, *, name: str) -> int:
        """Batch normalisation, affine."""
        return self._append("batch_norm", (x,), name=name)

    def relu(self, x: int, *, name: str, reference: int = 1, functional: bool = False) -> int:
        """Rectified linear units, the only operation that a score counts."""
        return self._append("relu", (x,), name=name, reference=reference, functional=functional)

    def avg_pool(self, x: int, kernel: int, *, stride: int = 1, padding: int = 0) -> int:
        """Average pooling; padding is not counted in the mean."""
        return self._append("avg_pool", (x,), kernel=kernel, stride=stride, padding=padding)

    def max_pool(self, x: int, kernel: int, *, stride: int = 1, padding: int = 0) -> int:
        """Max pooling."""
        return self._append("max_pool", (x,), kernel=kernel, stride=stride, padding=padding)

    def add(self, *xs: int) -> int:
        """Sum, from left to right; the value itself when there is only one."""
        return xs[0] if len(xs) == 1 else self._append("add", xs)

    def concat(self, *xs: int) -> int:
        """Concatenation of channels; the value itself when there is only one."""
        return xs[0] if len(xs) == 1 else self._append("concat", xs, sum(self.channels(x) for x in xs))

    def zero(self, x: int, *, stride: int = 1) -> int:
        """The ``none`` operation: the (strided) input times 0.0, so that what lies upstream still runs."""
        return self._append("zero", (x,), stride=stride)

    def truncate(self, x: int, channels: int) -> int:
        """The first ``channels`` channels; the value itself when it has no more."""
        return x if self.channels(x) == channels else self._append("truncate", (x,), channels)

    def shift(self, x: int) -> int:
        """The image moved one pixel up and left, zeros coming in (second path of a factorized reduction)."""
        return self._append("shift", (x,))

    def global_pool(self, x: int) -> int:
        """Mean over space: ``(N, C, H, W)`` to ``(N, C)``."""
        return self._append("global_pool", (x,))

    def linear(self, x: int, features: int, *, name: str) -> int:
        """The classifier, with bias."""
        return self._append("linear", (x,), features, name=name)

    def relu_conv_bn(
        self, x: int, channels: int, kernel: int, *, name: str, stride: int = 1, reference: int = 2
    ) -> int:
        """ReLU, convolution (padded to keep the size), batch normalisation: the ``ReLUConvBN`` block."""
        x = self.relu(x, name=f"{name}.relu", reference=reference)
        x = self.conv(x, channels, kernel, name=f"{name}.conv", stride=stride, padding=kernel // 2)
        return self.batch_norm(x, name=f"{name}.bn")

    def conv_bn_relu(self, x: int, channels: int, kernel: int, *, name: str, stride: int = 1, groups: int = 1) -> int:
        """Convolution (padded to keep the size), batch normalisation, ReLU."""
        x = self.conv(x, channels, kernel, name=f"{name}.conv", stride=stride, padding=kernel // 2, groups=groups)
        return self.relu(self.batch_norm(x, name=f"{name}.bn"), name=f"{name}.relu")

    def parameters(self) -> Iterator[tuple[str, tuple[int, ...], Op]]:
        """Name, shape and operation of every parameter, in data-flow order."""
        for op in self.ops:
            if op.kind == "conv":
                fan = self.channels(op.inputs[0]) // op.groups
                yield f"{op.name}.weight", (op.channels, fan, *op.kernel), op
            elif op.kind == "batch_norm":
                yield f"{op.name}.weight", (op.channels,), op
                yield f"{op.name}.bias", (op.channels,), op
            elif op.kind == "linear":
                yield f"{op.name}.weight", (op.channels, self.channels(op.inputs[0])), op
                yield f"{op.name}.bias", (op.channels,), op


def last_uses(ops: Mapping[int, Op]) -> dict[int, list[int]]:
    """For each operation, the values that nothing after it reads, so that their memory can go."""
    free: dict[int, list[int]] = {number: [] for number in ops}
    for x, number in {x: number for number, op in ops.items() for x in op.inputs}.items():
        free[number].append(x)
    return free
