"""Vectors, register tiles and Winograd's transforms against the same sums in NumPy."""

from __future__ import annotations

import numba
import numpy as np
import pytest

from naswotlib.scoring.compiled import tiles
from naswotlib.scoring.compiled.vectors import LANES, fma, greatest, load, nans, signs, spread, store, stream


def numbers(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


@numba.njit
def arithmetic(x: np.ndarray, y: np.ndarray, out: np.ndarray, bits: np.ndarray) -> None:
    a, b = load(x, 0), load(y, 0)
    store(out, 0, a + b)
    store(out, LANES, a - b)
    store(out, 2 * LANES, a * b)
    store(out, 3 * LANES, fma(a, b, spread(np.float32(2.0))))
    store(out, 4 * LANES, greatest(a, b))
    bits[0], bits[1] = signs(a), nans(a)


def test_vectors_compute_what_numpy_computes():
    x, y, out, bits = numbers(16), numbers(16, seed=1), np.zeros(80, np.float32), np.zeros(2, np.uint16)
    x[3], x[7], y[9] = np.nan, 0.0, np.nan
    arithmetic(x, y, out, bits)
    expected = [x + y, x - y, x * y, x * y + 2, np.where(x > y, x, y)]
    np.testing.assert_allclose(out.reshape(5, 16), expected, rtol=1e-6)
    assert bits[0] == sum(1 << k for k in range(16) if x[k] > 0)
    assert bits[1] == 1 << 3


def test_a_streamed_vector_arrives():
    memory = np.zeros(64, np.float32)
    start = -memory.ctypes.data // 4 % 16
    aligned = memory[start : start + 32]

    @numba.njit
    def copy(x: np.ndarray, out: np.ndarray) -> None:
        stream(out, 16, load(x, 0))

    x = numbers(16)
    copy(x, aligned)
    np.testing.assert_array_equal(aligned, [*[0.0] * 16, *x])


def caller(tile: object) -> object:
    @numba.njit
    def call(out, panel_step, source, step, segments, factors):  # type: ignore[no-untyped-def]
        tile(out, 0, panel_step, source, 0, step, segments, len(segments) // 2, factors, 0)

    return call


@pytest.mark.parametrize(
    ("tile", "panels", "step"),
    [(tiles.product_one, 1, 16), (tiles.product_two, 2, 16), (tiles.strided_one, 1, 48), (tiles.strided_two, 2, 48)],
)
def test_a_tile_is_a_matrix_product_over_segments(tile, panels, step):
    rows = tiles.ROWS[panels]
    segments = [(0, 16), (7, 5), (1000, 1)]  # offset and depth
    source, factors = numbers(4000), numbers(22, panels, 16, seed=1)
    out = np.zeros((panels, rows, 16), np.float32)
    caller(tile)(out.reshape(-1), rows * 16, source, step, np.array(segments).ravel(), factors.reshape(-1))
    left = np.array([[source[at + r * step + k] for at, depth in segments for k in range(depth)] for r in range(rows)])
    expected = np.einsum("rk,kpc->prc", left.astype(np.float64), factors)
    np.testing.assert_allclose(out, expected, atol=1e-5)


@pytest.mark.parametrize(("tile", "step"), [(tiles.depthwise, 16), (tiles.strided_depthwise, 32)])
def test_a_depthwise_tile_multiplies_each_channel_by_itself(tile, step):
    @numba.njit
    def call(out: np.ndarray, source: np.ndarray, taps: np.ndarray, factors: np.ndarray) -> None:
        tile(out, 0, source, 0, step, taps, len(taps), factors, 0)

    rows, taps = tiles.DEPTHWISE_ROWS, np.array([0, 16, 320])
    source, factors, out = numbers(2000), numbers(3, 16, seed=1), np.zeros((tiles.DEPTHWISE_ROWS, 16), np.float32)
    call(out.reshape(-1), source, taps, factors.reshape(-1))
    expected = [sum(source[t + r * step :][:16] * f for t, f in zip(taps, factors, strict=True)) for r in range(rows)]
    np.testing.assert_allclose(out, expected, atol=1e-5)


SIZES = [
    (2, (tiles.AT_TWO, tiles.BT_TWO, tiles.G_TWO)),
    (4, (tiles.AT_FOUR, tiles.BT_FOUR, tiles.G_FOUR)),
]


@pytest.mark.parametrize(("size", "matrices"), SIZES)
def test_winograds_matrices_convolve(size, matrices):
    at, bt, g = matrices
    d, w = numbers(size + 2, size + 2).astype(np.float64), numbers(3, 3, seed=1).astype(np.float64)
    expected = [[(d[y : y + 3, x : x + 3] * w).sum() for x in range(size)] for y in range(size)]
    np.testing.assert_allclose(at @ ((g @ w @ g.T) * (bt @ d @ bt.T)) @ at.T, expected, atol=1e-12)


@pytest.mark.parametrize(
    ("transform", "matrix"),
    [
        (tiles.input_two, tiles.BT_TWO),
        (tiles.weight_two, tiles.G_TWO),
        (tiles.output_two, tiles.AT_TWO),
        (tiles.input_four, tiles.BT_FOUR),
        (tiles.weight_four, tiles.G_FOUR),
        (tiles.output_four, tiles.AT_FOUR),
    ],
)
def test_a_transform_is_its_matrix_on_both_sides(transform, matrix):
    rows, columns = matrix.shape

    @numba.njit
    def call(out: np.ndarray, source: np.ndarray) -> None:
        transform(out, 0, rows * 16, 16, source, 0, columns * 16, 16)

    d, out = numbers(columns, columns, 16), np.zeros((rows, rows, 16), np.float32)
    call(out.reshape(-1), d.reshape(-1))
    np.testing.assert_allclose(out, np.einsum("ab,bcl,dc->adl", matrix, d, matrix), atol=1e-5)
