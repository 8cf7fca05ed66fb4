"""Scoring from an operation graph: only what a ReLU's input depends on is computed, and each thing once.

A :class:`naswotlib.scoring.plan.Plan` says what has to be computed, and is run in one of two ways. Exactly: the
functions that the module would call, on the tensors that it would see, so that the codes have the same bits. Fused:
images lie channels-last, torch convolves, and everything between convolutions happens in the loops of
:mod:`naswotlib.scoring.compiled`, which add numbers in another order.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from naswotlib.graph import EPSILON, Counting, Graph, Op
from naswotlib.graph.network import function_of
from naswotlib.scoring.compiled.convolution import can_convolve, convolve
from naswotlib.scoring.compiled.fused import MAX_TERMS, Shape, Term, Window, combine, moments_of, normalisation
from naswotlib.scoring.compiled.packing import pack_signs
from naswotlib.scoring.kernel import KernelSum
from naswotlib.scoring.plan import Plan, make_plan

Weights = dict[str, Tensor]
Codes = Iterator[tuple[int, np.ndarray, int, bool]]  # value, packed words, units, whether one is not a number


def graph_kernel(
    graph: Graph, weights: Weights, inputs: Tensor, *, counting: Counting = "once", exact: bool = True
) -> tuple[np.ndarray, dict[str, int]]:
    """K_H, ``(N, N)`` int64, and the units counted in each layer, of the network of ``graph`` on the CPU.

    ``weights`` are float32 by name of the parameter, ``inputs`` are images ``(N, C, H, W)``. ``exact`` gives the
    integers that hooks on the module give; otherwise a few signs differ by rounding.
    Raises ValueError where nothing is counted, the input of a ReLU is not a number, or weights or images do not fit.
    """
    _check(graph, weights, inputs)
    plan = make_plan(graph, counting)
    if not plan.layers:
        raise ValueError(f"graph: it has no ReLU to count (counting={counting!r})")
    counts: Counter[int] = Counter()
    for _, value, count in plan.layers:
        counts[value] += count
    units: Counter[int] = Counter()
    total = KernelSum(len(inputs))
    with torch.inference_mode():
        for value, words, size, nan in (_run_exactly if exact else _run_fused)(plan, weights, inputs):
            if nan:
                name = next(name for name, rectified, _ in plan.layers if rectified == value)
                raise ValueError(
                    f"network: the input of layer {name} contains NaN; an error is never turned into a score"
                )
            total.add(words, size, counts[value])
            units[value] += size
    layers: Counter[str] = Counter()
    for name, value, count in plan.layers:
        layers[name] += units[value] * count
    return total.kernel(), dict(layers)


def _check(graph: Graph, weights: Weights, inputs: Tensor) -> None:
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


def _convolve(op: Op, weights: Weights, x: Tensor) -> Tensor:
    return F.conv2d(x, weights[f"{op.name}.weight"], None, op.stride, op.padding, op.dilation, op.groups)


def _linear(op: Op, weights: Weights, x: Tensor) -> Tensor:
    return F.linear(x, weights[f"{op.name}.weight"], weights[f"{op.name}.bias"])


def _run_exactly(plan: Plan, weights: Weights, inputs: Tensor) -> Codes:
    coded = {value for _, value, _ in plan.layers}
    values: dict[int, Tensor] = {}
    for number, op in plan.ops.items():
        xs = [values[x] for x in op.inputs]
        if op.kind == "input":
            y = inputs
        elif op.kind == "conv":
            y = _convolve(op, weights, xs[0])
        elif op.kind == "batch_norm":
            scale, shift = (weights[f"{op.name}.{part}"] for part in ("weight", "bias"))
            y = F.batch_norm(xs[0], None, None, scale, shift, training=True, eps=EPSILON)
        elif op.kind == "linear":
            y = _linear(op, weights, xs[0])
        else:
            y = F.relu(xs[0]) if op.kind == "relu" else function_of(op)(*xs)
        if number in coded:
            words, nan = pack_signs(y)
            yield number, words, y[0].numel(), nan
        values[number] = y
        for x in plan.free[number]:
            del values[x]


def _run_fused(plan: Plan, weights: Weights, inputs: Tensor) -> Codes:
    run = _Fused(plan, weights, inputs)
    for number, op in plan.ops.items():
        if op.kind == "relu":
            run.release(number)  # it was stored when its input was computed
        else:
            yield from run.compute(number, op)
        run.recycle()


def _image(x: Tensor) -> np.ndarray:
    """Memory ``(N, H, W, C)`` of a tensor ``(N, C, H, W)``."""
    return x.contiguous(memory_format=torch.channels_last).permute(0, 2, 3, 1).numpy()


def _tensor(image: np.ndarray) -> Tensor:
    return torch.from_numpy(image).permute(0, 3, 1, 2)


def _shape(term: Term, channels: int) -> Shape:
    n, rows, columns, _ = term.image.shape
    if term.window.size:
        _, size, stride, padding = term.window
        if min(rows, columns) + 2 * padding < size:
            raise ValueError(
                f"inputs: too small, a {rows}×{columns} image is pooled by {size}×{size}; use larger images"
            )
        rows, columns = ((side + 2 * padding - size) // stride + 1 for side in (rows, columns))
    return n, rows, columns, channels


def _at_most(count: int, terms: list[Term], shape: Shape) -> list[Term]:
    """Fewer terms of the same sum, the first ones added up."""
    while len(terms) > count:
        total = np.empty(shape, np.float32)
        combine(terms[:count], shape, value=total)
        terms = [Term(total), *terms[count:]]
    return terms


class _Fused:
    """The values of a fused run that are still needed.

    A value is a :class:`Term`: an image in memory, or one that its readers normalise or pool as they read it.
    ``owners`` counts the values that refer to an image, so that a sum can overwrite one that has none left, and its
    memory is used again: the first touch of new memory costs as much as a convolution.
    """

    def __init__(self, plan: Plan, weights: Weights, inputs: Tensor) -> None:
        self.plan = plan
        self.weights = weights
        self.inputs = _image(inputs)
        self.owners = Counter({id(self.inputs): 1})  # the caller's own memory is never written to
        self.values: dict[int, Term] = {}
        self.used: dict[int, tuple[np.ndarray, np.ndarray]] = {}  # images and the flat memory they lie in
        self.unused: list[np.ndarray] = []
        self.coded = {value for _, value, _ in plan.layers}
        self.relus = {op.inputs[0]: number for number, op in plan.ops.items() if op.kind == "relu"}
        self.read = {x for op in plan.ops.values() if op.kind != "relu" for x in op.inputs}

    def new(self, shape: Shape) -> np.ndarray:
        """An image of any content."""
        size = math.prod(shape)
        fitting = [k for k, memory in enumerate(self.unused) if memory.size >= size]
        memory = (
            self.unused.pop(min(fitting, key=lambda k: self.unused[k].size)) if fitting else np.empty(size, np.float32)
        )
        image = memory[:size].reshape(shape)
        self.used[id(image)] = image, memory
        return image

    def recycle(self) -> None:
        """Take back the memory of images that no value refers to."""
        for key in [key for key in self.used if not self.owners[key]]:
            self.unused.append(self.used.pop(key)[1])

    def keep(self, number: int, term: Term) -> None:
        self.values[number] = term
        self.owners[id(term.image)] += 1

    def release(self, number: int) -> None:
        """Forget what nothing reads after operation ``number``."""
        for x in self.plan.free[number]:
            if x in self.values:  # what only a ReLU reads was never kept
                self.owners[id(self.values.pop(x).image)] -= 1

    def compute(self, number: int, op: Op) -> Codes:
        """Compute a value, as far as its readers need it, its rectified values, and its codes."""
        parts = self._parts(op)
        widths = [self.plan.ops[x].channels for x in op.inputs] if op.kind == "concat" else [op.channels]
        shape = _shape(parts[0][0], op.channels)
        for term in (term for terms in parts for term in terms):
            if _shape(term, op.channels) != shape:
                raise ValueError(
                    f"inputs: {op.kind} meets images of {_shape(term, op.channels)[1:3]} and {shape[1:3]} pixels; "
                    "use images whose sides halve evenly"
                )
        self.release(number)
        lazy = len(parts) == len(parts[0]) == 1
        if lazy and number in self.read:
            self.keep(number, parts[0][0])
        relu, coded = self.relus.get(number), number in self.coded
        value = rectified = positive = None
        left_over = self._overwritable(parts, shape)
        if not lazy and number in self.read:
            value, left_over = (self.new(shape) if left_over is None else left_over), None
            self.keep(number, Term(value))
            positive = Term(value, rectify=True)
        elif lazy and not parts[0][0].window.size and not self._is_wider(parts[0][0], op.channels):
            positive = parts[0][0]._replace(rectify=True, moments=None)
        if relu is not None and positive is not None and self._convolved(relu, shape):
            self.keep(relu, positive)
        elif relu is not None:
            rectified = self.new(shape) if left_over is None else left_over
            self.keep(relu, Term(rectified))
        if value is None and rectified is None and not coded:
            return
        at = 0
        for terms, width in zip(parts, widths, strict=True):
            part = (*shape[:3], width)
            few = _at_most(MAX_TERMS, terms, part)
            words, nan = combine(few, part, value=value, rectified=rectified, at=at, words=coded)
            at += width
            if words is not None:
                yield number, words, part[1] * part[2] * width, nan

    def _parts(self, op: Op) -> list[list[Term]]:
        """The terms whose sum a value is; several sums for a concatenation."""
        if op.kind == "input":
            return [[Term(self.inputs)]]
        if op.kind == "add":
            return [[self.values[x] for x in op.inputs]]
        if op.kind == "concat":
            return [[self.values[x]] for x in op.inputs]
        if op.kind in {"avg_pool", "max_pool"}:
            return [[self._pooled(op)]]
        return [[self._layer(op)]]

    def _pooled(self, op: Op) -> Term:
        x = op.inputs[0]
        term = self.values[x]
        maximum = op.kind == "max_pool"
        # A mean commutes with normalisation, a maximum only where scales are positive.
        if term.window.size or (maximum and term.affine is not None) or self._is_wider(term, self.plan.ops[x].channels):
            term = Term(self._image(x))
        return term._replace(window=Window(int(maximum), op.kernel[0], op.stride[0], op.padding[0]))

    def _layer(self, op: Op) -> Term:
        term = self.values[op.inputs[0]]
        if (
            can_convolve(op, term.image.shape)
            and not term.window.size
            and not self._is_wider(term, self.plan.ops[op.inputs[0]].channels)
        ):
            out = self.new((*term.image.shape[:3], op.channels))
            moments = convolve(op, self.weights[f"{op.name}.weight"].numpy(), term, out)
            return Term(out, moments=moments)
        image = self._image(op.inputs[0])
        affine = None
        if op.kind == "batch_norm":
            scale, shift = (self.weights[f"{op.name}.{part}"].numpy() for part in ("weight", "bias"))
            affine = normalisation(self.values[op.inputs[0]].moments or moments_of(image), scale, shift, EPSILON)
        elif op.kind == "conv":
            image = _image(_convolve(op, self.weights, _tensor(image)))
        elif op.kind == "global_pool":
            image = image.mean(axis=(1, 2), keepdims=True)
        elif op.kind == "linear":
            image = _linear(op, self.weights, torch.from_numpy(image)).numpy()
        elif op.kind != "truncate":  # whose readers take the first channels
            image = _image(function_of(op)(_tensor(image)))
        return Term(image, affine)

    def _is_wider(self, term: Term, channels: int) -> bool:
        """Whether the image of a value has more channels than the value: it was truncated."""
        return bool(term.image.shape[3] > channels)

    def _image(self, x: int) -> np.ndarray:
        """A value as an image of its own."""
        term = self.values[x]
        if term.affine is None and not term.window.size and not self._is_wider(term, self.plan.ops[x].channels):
            return term.image
        shape = _shape(term, self.plan.ops[x].channels)
        image = self.new(shape)
        combine([term], shape, value=image)
        self.owners[id(term.image)] -= 1
        self.keep(x, Term(image))
        return image

    def _convolved(self, number: int, shape: Shape) -> bool:
        """Whether all that reads a value are convolutions that can rectify it as they read it."""
        readers = [op for op in self.plan.ops.values() if number in op.inputs]
        return all(can_convolve(op, shape) for op in readers)

    def _overwritable(self, parts: list[list[Term]], shape: Shape) -> np.ndarray | None:
        """An image that a sum may be written over: nothing refers to it, and no pooling reads its other rows."""
        pooled = {id(term.image) for term in parts[0] if term.window.size}
        for term in parts[0] if len(parts) == 1 else []:
            if term.image.shape == shape and not self.owners[id(term.image)] and id(term.image) not in pooled:
                return term.image
        return None
