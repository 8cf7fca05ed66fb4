"""Convolutions for the fast engine, of images that lie channels last, on vectors of 16 channels.

The two that most cells consist of: 3×3 convolutions of stride 1 by Winograd's F(2×2, 3×3) (Lavin and Gray 2016),
which multiplies 16 times where the definition does 36 times, and 1×1 convolutions. torch computes all others. Each
image is convolved by itself, so that everything stays in the second-level cache, and its moments are taken there,
for the batch normalisation that follows.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

from naswotlib.graph import Op
from naswotlib.scoring.compiled.fused import IDENTITY, Moments, Shape, Term, image_moments
from naswotlib.scoring.compiled.packing import run_kernel
from naswotlib.scoring.compiled.vectors import Memory, accumulate, steps

LANES = 16  # channels of a vector
ROWS = 8  # pixels that one pass of the product computes, each with an accumulator of its own
_TILES = 16  # 2×2 tiles of an image that are transformed at a time, at least

# How an image is read: its channels, the scale and shift of each float of a row, and the least value.
Source = tuple[int, np.ndarray, np.ndarray, float]

_VECTOR = ir.VectorType(ir.FloatType(), LANES)
_CONTRACT = ("contract",)  # a product and a sum may be one instruction, rounded once


def _fused_multiply_add(builder: ir.IRBuilder, x: Any, y: Any, total: Any) -> Any:
    return builder.fadd(total, builder.fmul(x, y, flags=_CONTRACT), flags=_CONTRACT)


@intrinsic
def _multiply(
    _: Any, out: Any, to: Any, out_stride: Any, left: Any, at: Any, left_stride: Any, right: Any, begin: Any, depth: Any
) -> Any:
    """``out[to + r·out_stride + c] = Σ_k left[at + r·left_stride + k] · right[begin + 16 k + c]``.

    For :data:`ROWS` rows r and 16 lanes c.
    """

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> Any:
        kinds = signature.args
        target = Memory(context, builder, kinds[0], arguments[0], LANES)
        source = Memory(context, builder, kinds[3], arguments[3], LANES)
        factors = Memory(context, builder, kinds[6], arguments[6], LANES)
        targets = steps(builder, arguments[1], arguments[2], ROWS)
        sources = steps(builder, arguments[4], arguments[5], ROWS)
        zero = ir.Constant(_VECTOR, [0.0] * LANES)

        def add(k: Any, sums: list[Any]) -> list[Any]:
            factor = factors.load(builder.add(arguments[7], builder.mul(k, ir.Constant(k.type, LANES))))
            return [
                _fused_multiply_add(builder, source.spread(builder.add(x, k)), factor, total)
                for x, total in zip(sources, sums, strict=True)
            ]

        for x, total in zip(targets, accumulate(builder, arguments[8], [zero] * ROWS, add), strict=True):
            target.store(total, x)
        return context.get_dummy_value()

    i = types.intp
    return types.void(out, i, i, left, i, i, right, i, i), generate


def _winograd_input(builder: ir.IRBuilder, d: list[Any]) -> list[Any]:
    """One axis of Bᵀ d B."""
    return [builder.fsub(d[0], d[2]), builder.fadd(d[1], d[2]), builder.fsub(d[2], d[1]), builder.fsub(d[1], d[3])]


def _winograd_output(builder: ir.IRBuilder, m: list[Any]) -> list[Any]:
    """One axis of Aᵀ m A."""
    return [builder.fadd(builder.fadd(m[0], m[1]), m[2]), builder.fsub(builder.fsub(m[1], m[2]), m[3])]


def _transform(axis: Any, builder: ir.IRBuilder, rows: list[list[Any]]) -> list[list[Any]]:
    """Apply the transform of one axis to columns, then to rows."""
    columns = [axis(builder, list(column)) for column in zip(*rows, strict=True)]
    return [axis(builder, list(row)) for row in zip(*columns, strict=True)]


@intrinsic
def _transform_tile(_: Any, out: Any, to: Any, step: Any, image: Any, at: Any, row: Any, pixel: Any) -> Any:
    """The 16 values of Bᵀ d B, of the 4×4 pixels d at ``at`` of ``image``, to ``to``, ``to + step``, ... of ``out``."""

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> Any:
        target = Memory(context, builder, signature.args[0], arguments[0], LANES)
        source = Memory(context, builder, signature.args[3], arguments[3], LANES)
        rows = [
            [source.load(x) for x in steps(builder, start, arguments[6], 4)]
            for start in steps(builder, arguments[4], arguments[5], 4)
        ]
        values = [value for row in _transform(_winograd_input, builder, rows) for value in row]
        for x, value in zip(steps(builder, arguments[1], arguments[2], 16), values, strict=True):
            target.store(value, x)
        return context.get_dummy_value()

    i = types.intp
    return types.void(out, i, i, image, i, i, i), generate


@intrinsic
def _untransform_tile(_: Any, out: Any, to: Any, row: Any, pixel: Any, products: Any, at: Any, step: Any) -> Any:
    """The 2×2 pixels Aᵀ m A of the 16 products m at ``at``, ``at + step``, ..."""

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> Any:
        target = Memory(context, builder, signature.args[0], arguments[0], LANES)
        source = Memory(context, builder, signature.args[4], arguments[4], LANES)
        m = [source.load(x) for x in steps(builder, arguments[5], arguments[6], 16)]
        rows = _transform(_winograd_output, builder, [m[4 * r : 4 * r + 4] for r in range(4)])
        for start, values in zip(steps(builder, arguments[1], arguments[2], 2), rows, strict=True):
            for x, value in zip(steps(builder, start, arguments[3], 2), values, strict=True):
                target.store(value, x)
        return context.get_dummy_value()

    i = types.intp
    return types.void(out, i, i, i, products, i, i), generate


@numba.njit(cache=True)
def _pad(image: np.ndarray, source: Source, padded: np.ndarray, top: int, left: int, columns: int, width: int) -> None:
    """Read an image ``(H, W·C)`` into flat zeros of ``columns`` pixels a row and ``width`` floats a pixel."""
    channels, scale, shift, least = source
    for h in range(len(image)):
        at = ((top + h) * columns + left) * width
        if width == channels:
            row = padded[at : at + image.shape[1]]
            for j in range(len(row)):
                row[j] = np.maximum(image[h, j] * scale[j] + shift[j], least)
        else:
            for w in range(image.shape[1] // channels):
                for c in range(channels):
                    j = w * channels + c
                    padded[at + w * width + c] = np.maximum(image[h, j] * scale[j] + shift[j], least)


@numba.njit(cache=True)
def _crop(source: np.ndarray, width: int, target: np.ndarray, channels: int) -> None:
    """Copy the first channels of pixels of ``width`` floats."""
    if width == channels:
        for j in range(len(target)):
            target[j] = source[j]
    else:
        for w in range(len(target) // channels):
            for c in range(channels):
                target[w * channels + c] = source[w * width + c]


@numba.njit(cache=True)
def _winograd_factors(weight: np.ndarray) -> np.ndarray:
    """``G w Gᵀ`` of weights ``(C_out, C_in, 3, 3)``, as ``(16, panels, C_in, 16 lanes)``."""
    outputs, inputs = weight.shape[:2]
    factors = np.zeros((16, -(-outputs // LANES), inputs, LANES), np.float32)
    half = np.float32(0.5)
    rows = np.empty((4, 3), np.float32)
    for o in range(outputs):
        for i in range(inputs):
            w = weight[o, i]
            for x in range(3):
                even, odd = half * (w[0, x] + w[2, x]), half * w[1, x]
                rows[0, x], rows[1, x], rows[2, x], rows[3, x] = w[0, x], even + odd, even - odd, w[2, x]
            for y in range(4):
                even, odd = half * (rows[y, 0] + rows[y, 2]), half * rows[y, 1]
                factors[4 * y, o // LANES, i, o % LANES] = rows[y, 0]
                factors[4 * y + 1, o // LANES, i, o % LANES] = even + odd
                factors[4 * y + 2, o // LANES, i, o % LANES] = even - odd
                factors[4 * y + 3, o // LANES, i, o % LANES] = rows[y, 2]
    return factors


@numba.njit(cache=True)
def _winograd_image(image: np.ndarray, source: Source, factors: np.ndarray, out: np.ndarray, outputs: int) -> None:
    channels = source[0]
    height, width = len(image), image.shape[1] // channels
    down, across = (height + 1) // 2, (width + 1) // 2
    thick, panels = -(-channels // LANES) * LANES, factors.shape[1]
    wide = panels * LANES
    columns = 2 * across + 2
    padded = np.zeros((2 * down + 2) * columns * thick, np.float32)
    _pad(image, source, padded, 1, 1, columns, thick)
    together = min(down, -(-_TILES // across))  # rows of tiles
    tiles = -(-together * across // ROWS) * ROWS
    # 16 more floats, so that the 16 parts of a tile do not fall on the same lines of the cache
    step, stride = tiles * thick + LANES, tiles * wide + LANES
    transformed = np.empty(16 * step, np.float32)
    products = np.empty(16 * stride, np.float32)
    direct = wide == outputs and height % 2 == width % 2 == 0
    row = out.reshape(-1) if direct else np.empty(4 * across * wide, np.float32)
    panel_size = channels * LANES
    flat = factors.reshape(-1)
    for start in range(0, down, together):
        count = min(together, down - start)
        for t in range(count):
            for s in range(across):
                for c in range(0, thick, LANES):
                    _transform_tile(
                        transformed,
                        (t * across + s) * thick + c,
                        step,
                        padded,
                        (2 * (start + t) * columns + 2 * s) * thick + c,
                        columns * thick,
                        thick,
                    )
        for p in range(16):
            for panel in range(panels):
                for t in range(0, count * across, ROWS):
                    _multiply(
                        products,
                        p * stride + t * wide + panel * LANES,
                        wide,
                        transformed,
                        p * step + t * thick,
                        thick,
                        flat,
                        (p * panels + panel) * panel_size,
                        channels,
                    )
        for t in range(count):
            top = 4 * (start + t) * across * wide if direct else 0
            for s in range(across):
                for c in range(0, wide, LANES):
                    _untransform_tile(
                        row,
                        top + 2 * s * wide + c,
                        2 * across * wide,
                        wide,
                        products,
                        (t * across + s) * wide + c,
                        stride,
                    )
            for y in range(0 if direct else min(2, height - 2 * (start + t))):
                _crop(row[2 * y * across * wide :], wide, out[2 * (start + t) + y], outputs)


@numba.njit(cache=True)
def _pointwise_image(image: np.ndarray, source: Source, factors: np.ndarray, out: np.ndarray, outputs: int) -> None:
    channels = source[0]
    pixels = np.empty(image.size, np.float32)
    _pad(image, source, pixels, 0, 0, image.shape[1] // channels, channels)
    panels = len(factors)
    wide = panels * LANES
    flat = factors.reshape(-1)
    direct = wide == outputs
    scratch = np.empty(0 if direct else ROWS * wide, np.float32)
    for w in range(0, len(out) // outputs, ROWS):
        for panel in range(panels):
            column = panel * LANES
            _multiply(
                out if direct else scratch,
                (w * wide if direct else 0) + column,
                wide,
                pixels,
                w * channels,
                channels,
                flat,
                column * channels,
                channels,
            )
        if not direct:
            _crop(scratch, wide, out[w * outputs : (w + ROWS) * outputs], outputs)


@numba.njit(parallel=True, cache=True)
def _winograd(
    x: np.ndarray, source: Source, weight: np.ndarray, out: np.ndarray, means: np.ndarray, squares: np.ndarray
) -> None:
    factors = _winograd_factors(weight)
    for i in numba.prange(len(x)):
        _winograd_image(x[i], source, factors, out[i], weight.shape[0])
        image_moments(out[i], means[i], squares[i])


@numba.njit(parallel=True, cache=True)
def _pointwise(
    x: np.ndarray, source: Source, weight: np.ndarray, out: np.ndarray, means: np.ndarray, squares: np.ndarray
) -> None:
    outputs, inputs = weight.shape[:2]
    factors = np.zeros((-(-outputs // LANES), inputs, LANES), np.float32)
    for o in range(outputs):
        for i in range(inputs):
            factors[o // LANES, i, o % LANES] = weight[o, i, 0, 0]
    for i in numba.prange(len(x)):
        _pointwise_image(x[i], source, factors.reshape(len(factors), -1), out[i].reshape(-1), outputs)
        image_moments(out[i], means[i], squares[i])


def can_convolve(op: Op, shape: Shape) -> bool:
    """Whether :func:`convolve` computes this convolution of images ``(N, H, W, C)``, and faster than torch does."""
    _, rows, columns, channels = shape
    if op.kind != "conv" or op.groups > 1 or channels < LANES // 2 or (op.stride, op.dilation) != ((1, 1), (1, 1)):
        return False
    if op.kernel == (1, 1):
        return op.padding == (0, 0) and rows * columns % ROWS == 0
    return op.kernel == (3, 3) and op.padding == (1, 1)


def convolve(op: Op, weight: np.ndarray, term: Term, out: np.ndarray) -> Moments:
    """Convolve a term of shape ``(N, H, W, C_in)`` that is not pooled into ``out`` ``(N, H, W, C_out)``.

    The result are the moments of the images of ``out``.
    """
    n, rows, columns, channels = term.image.shape
    means, squares = np.empty((n, op.channels)), np.empty((n, op.channels))
    scale, shift = np.tile(np.broadcast_to(IDENTITY if term.affine is None else term.affine, (2, channels)), columns)
    source = channels, scale, shift, np.float32(0.0 if term.rectify else -np.inf)
    kernel = _winograd if op.kernel == (3, 3) else _pointwise
    run_kernel(kernel, term.image.reshape(n, rows, -1), source, weight, out.reshape(n, rows, -1), means, squares)
    return Moments(means, squares, rows * columns)
