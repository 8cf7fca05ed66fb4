"""Register tiles: the innermost loops of convolutions, as functions that generate their instructions.

Images lie in memory as ``(N, C/16, H, W, 16)``: sixteen channels of a pixel are one vector, and neighbours in a row
are neighbours in memory. A tile holds the results of some pixels in registers until they are complete.

Winograd's convolutions (Lavin and Gray 2016) are generated from three matrices, ``Y = Aᵀ [(G w Gᵀ) ⊙ (Bᵀ d B)] A``.
F(2×2, 3×3) multiplies 16 times where the definition does 36 times, F(4×4, 3×3) 36 times where it does 144 times.
"""

from __future__ import annotations

from functools import reduce
from math import prod, sqrt
from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

from naswotlib.scoring.compiled.vectors import LANES, WIDE, Memory, accumulate, multiply_add, steps

# Pixels of a tile by the panels (of 16 output channels) that it computes: as many sums as registers hold.
ROWS = {1: 16, 2: 8} if WIDE else {1: 6, 2: 3}
DEPTHWISE_ROWS = 8 if WIDE else 4
_VECTOR = ir.VectorType(ir.FloatType(), LANES)
_ZERO = ir.Constant(_VECTOR, [0.0] * LANES)


def _product(panels: int, stride: int | None) -> Any:
    rows = ROWS[panels]

    @intrinsic
    def product(
        _: Any,
        out: Any,
        to: Any,
        panel_step: Any,
        source: Any,
        at: Any,
        pixel_stride: Any,
        segments: Any,
        count: Any,
        factors: Any,
        begin: Any,
    ) -> Any:
        """``out[to + p·panel_step + 16 r + c] = Σ_s Σ_k source[at + offset_s + r·pixel_stride + k] · factor``.

        For rows r, panels p and lanes c; ``factors[begin:]`` holds a vector for each segment s, depth k and panel,
        in this order, and ``segments`` offset and depth of each s.
        """

        def generate(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> Any:
            to, step, at, pixel, count, begin = (arguments[k] for k in (1, 2, 4, 5, 7, 9))
            target, image, weights = (Memory(context, builder, signature.args[k], arguments[k]) for k in (0, 3, 8))
            table = Memory(context, builder, signature.args[6], arguments[6], 1)
            width = to.type

            def add_segment(segment: Any, carried: list[Any]) -> list[Any]:
                twice = builder.mul(segment, width(2))
                start = builder.add(at, builder.load(table.element(twice)))
                depth = builder.load(table.element(builder.add(twice, width(1))))
                pixels = steps(builder, start, width(stride) if stride else pixel, rows)

                def add(k: Any, sums: list[Any]) -> list[Any]:
                    first = builder.add(carried[0], builder.mul(k, width(LANES * panels)))
                    vectors = [weights.load(x) for x in steps(builder, first, width(LANES), panels)]
                    totals = []
                    for r, x in enumerate(pixels):
                        value = image.spread(builder.add(x, k))
                        for p, vector in enumerate(vectors):
                            totals.append(multiply_add(builder, value, vector, sums[r * panels + p]))
                    return totals

                sums = accumulate(builder, depth, carried[1:], add)
                return [builder.add(carried[0], builder.mul(depth, width(LANES * panels))), *sums]

            sums = accumulate(builder, count, [begin, *[_ZERO] * (rows * panels)], add_segment)[1:]
            for p, start in enumerate(steps(builder, to, step, panels)):
                for r, x in enumerate(steps(builder, start, width(LANES), rows)):
                    target.store(sums[r * panels + p], x)
            return context.get_dummy_value()

        i = types.intp
        return types.void(out, i, i, source, i, i, segments, i, factors, i), generate

    return product


product_one, product_two = _product(1, LANES), _product(2, LANES)  # of pixels that are neighbours
strided_one, strided_two = _product(1, None), _product(2, None)


def _depthwise(stride: int | None) -> Any:
    @intrinsic
    def depthwise(
        _: Any, out: Any, to: Any, source: Any, at: Any, step: Any, taps: Any, count: Any, factors: Any, begin: Any
    ) -> Any:
        """``out[to + 16 r + c] = Σ_t source[at + taps[t] + r·step + c] · factors[begin + 16 t + c]``.

        For :data:`DEPTHWISE_ROWS` rows r and lanes c.
        """

        def generate(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> Any:
            target, image, weights = (Memory(context, builder, signature.args[k], arguments[k]) for k in (0, 2, 7))
            table = Memory(context, builder, signature.args[5], arguments[5], 1)
            width = arguments[1].type

            def add(tap: Any, sums: list[Any]) -> list[Any]:
                factor = weights.load(builder.add(arguments[8], builder.mul(tap, width(LANES))))
                first = builder.add(arguments[3], builder.load(table.element(tap)))
                pixels = steps(builder, first, width(stride) if stride else arguments[4], DEPTHWISE_ROWS)
                return [multiply_add(builder, image.load(x), factor, y) for x, y in zip(pixels, sums, strict=True)]

            sums = accumulate(builder, arguments[6], [_ZERO] * DEPTHWISE_ROWS, add)
            for x, total in zip(steps(builder, arguments[1], width(LANES), DEPTHWISE_ROWS), sums, strict=True):
                target.store(total, x)
            return context.get_dummy_value()

        i = types.intp
        return types.void(out, i, source, i, i, taps, i, factors, i), generate

    return depthwise


depthwise, strided_depthwise = _depthwise(LANES), _depthwise(None)


def winograd_matrices(size: int, points: tuple[float, ...]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Aᵀ ``(size, n)``, Bᵀ ``(n, n)`` and G ``(n, 3)`` of F(size, 3), n = size + 2, by Cook and Toom.

    A polynomial of degree n − 1 is known from its values at n − 1 ``points`` and its leading coefficient.
    """
    n = size + 2
    at, bt, g = np.zeros((size, n)), np.zeros((n, n)), np.zeros((n, 3))
    for j, point in enumerate(points):
        others = [other for other in points if other != point]
        at[:, j] = [point**i for i in range(size)]
        bt[j, : n - 1] = reduce(lambda p, root: np.convolve(p, [-root, 1.0]), others, np.ones(1))
        g[j] = np.array([1.0, point, point**2]) / prod(point - other for other in others)
    at[-1, -1] = g[-1, -1] = 1.0
    bt[-1] = reduce(lambda p, root: np.convolve(p, [-root, 1.0]), points, np.ones(1))
    # Rounded, so that what is 0, or equal at ±a, is so to the last bit.
    return at.round(14), bt.round(14), g.round(14)


def _dot(builder: ir.IRBuilder, row: np.ndarray, xs: list[Any]) -> Any:
    """A sum with constant factors, those of 1 first."""
    terms = sorted(((factor, x) for factor, x in zip(row, xs, strict=True) if factor), key=lambda term: term[0] != 1.0)
    total = None
    for factor, x in terms:
        if total is None:
            total = x if factor == 1.0 else builder.fmul(x, ir.Constant(_VECTOR, [float(factor)] * LANES))
        elif abs(factor) == 1.0:
            total = (builder.fadd if factor > 0 else builder.fsub)(total, x)
        else:
            total = multiply_add(builder, x, ir.Constant(_VECTOR, [float(factor)] * LANES), total)
    return total


def apply_matrix(builder: ir.IRBuilder, matrix: np.ndarray, xs: list[Any]) -> list[Any]:
    """The matrix times vectors, where points ±a share what is even and what is odd in a."""
    matrix, xs = matrix.copy(), list(xs)
    for j in range(matrix.shape[1] - 1):  # columns of equal size, as Aᵀ has
        left, right = matrix[:, j].copy(), matrix[:, j + 1].copy()
        if (np.abs(left) == np.abs(right)).all() and (left != right).any() and (left == right).any():
            xs[j], xs[j + 1] = builder.fadd(xs[j], xs[j + 1]), builder.fsub(xs[j], xs[j + 1])
            matrix[:, j], matrix[:, j + 1] = (left + right) / 2, (left - right) / 2
    results: list[Any] = []
    while len(results) < len(matrix):
        pair = matrix[len(results) : len(results) + 2]
        even, odd = (pair[0] + pair[-1]) / 2, (pair[0] - pair[-1]) / 2
        if len(pair) == 2 and even.any() and odd.any() and not (even * odd).any():
            x, y = _dot(builder, even, xs), _dot(builder, odd, xs)
            results += [builder.fadd(x, y), builder.fsub(x, y)]
        else:
            results.append(_dot(builder, pair[0], xs))
    return results


def _transform(matrix: np.ndarray) -> Any:
    rows, columns = matrix.shape

    @intrinsic
    def transform(
        _: Any, out: Any, to: Any, row_to: Any, column_to: Any, source: Any, at: Any, row: Any, column: Any
    ) -> Any:
        """``M d Mᵀ`` of the square of vectors d at ``source[at + r·row + c·column]``, to ``out`` in the same way."""

        def generate(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> Any:
            target = Memory(context, builder, signature.args[0], arguments[0])
            image = Memory(context, builder, signature.args[4], arguments[4])
            starts = steps(builder, arguments[5], arguments[6], columns)
            across = steps(builder, arguments[5].type(0), arguments[7], columns)
            values = []
            for step in across:
                values.append(apply_matrix(builder, matrix, [image.load(builder.add(x, step)) for x in starts]))
            starts = steps(builder, arguments[1], arguments[2], rows)
            for r, line in enumerate(zip(*values, strict=True)):
                results = apply_matrix(builder, matrix, list(line))
                for x, result in zip(steps(builder, starts[r], arguments[3], rows), results, strict=True):
                    target.store(result, x)
            return context.get_dummy_value()

        i = types.intp
        return types.void(out, i, i, i, source, i, i, i), generate

    return transform


# The points keep the rounding of F(4, 3) at half of that of 0, ±1, ±2: 3.5 flipped bits in a million, and not 15.
AT_TWO, BT_TWO, G_TWO = winograd_matrices(2, (0.0, 1.0, -1.0))
AT_FOUR, BT_FOUR, G_FOUR = winograd_matrices(4, (0.0, sqrt(0.5), -sqrt(0.5), sqrt(2.0), -sqrt(2.0)))
input_two, weight_two, output_two = _transform(BT_TWO), _transform(G_TWO), _transform(AT_TWO)
input_four, weight_four, output_four = _transform(BT_FOUR), _transform(G_FOUR), _transform(AT_FOUR)
