"""What happens between two convolutions, in compiled loops that read and write each image once.

Images lie in memory as ``(N, H, W, C)``, channels last, and are passed as ``(N, H, W·C)``. A node of a network is
a sum of *terms*; a term is an image, optionally pooled, times a scale and plus a shift for each channel, which is
how batch normalisation is applied without a pass of its own. :func:`combine` sums the terms of a row in the
first-level cache and stores from there what readers want: the sum, its rectified values, and its sign bits.
"""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np

from naswotlib.kernel import nan_word, run_kernel, sign_word

MAX_TERMS = 4  # terms that one call of the compiled loop can sum


Shape = tuple[int, int, int, int]  # (N, H, W, C)


class Window(NamedTuple):
    """A pooling window; ``size`` 0 means that there is none."""

    maximum: int = 0
    size: int = 0
    stride: int = 1
    padding: int = 0


class Term(NamedTuple):
    """``affine[0] * pool(image) + affine[1]``: image ``(N, H, W, C)`` float32, affine ``(2, C)`` float32 or None."""

    image: np.ndarray
    affine: np.ndarray | None = None
    window: Window = Window()


@numba.njit(cache=True)  # type: ignore[misc]
def _moments(image: np.ndarray, mean: np.ndarray, squares: np.ndarray) -> None:
    """Mean and sum of squared deviations of each channel of one image ``(H, W·C)``, in two passes over the cache."""
    rows, length = image.shape
    channels = len(mean)
    total = np.zeros(length, np.float32)
    centre = np.empty(length, np.float32)
    for h in range(rows):
        for j in range(length):
            total[j] += image[h, j]
    mean[:] = 0.0
    for start in range(0, length, channels):
        for c in range(channels):
            mean[c] += total[start + c]
    mean /= rows * (length // channels)
    for start in range(0, length, channels):
        for c in range(channels):
            centre[start + c] = mean[c]
    total[:] = 0.0
    for h in range(rows):
        for j in range(length):
            deviation = image[h, j] - centre[j]
            total[j] += deviation * deviation
    squares[:] = 0.0
    for start in range(0, length, channels):
        for c in range(channels):
            squares[c] += total[start + c]


@numba.njit(cache=True)  # type: ignore[misc]
def _affine(
    means: np.ndarray, squares: np.ndarray, pixels: int, weight: np.ndarray, bias: np.ndarray, epsilon: float
) -> np.ndarray:
    """Scale and shift of each channel from the moments ``(N, C)`` of images of ``pixels``."""
    affine = np.empty((2, means.shape[1]), np.float32)
    for c in range(means.shape[1]):
        mean = means[:, c].mean()
        variance = squares[:, c].mean() / pixels + ((means[:, c] - mean) ** 2).mean()
        scale = weight[c] / np.sqrt(variance + epsilon)
        affine[0, c] = scale
        affine[1, c] = bias[c] - mean * scale
    return affine


@numba.njit(parallel=True, cache=True)  # type: ignore[misc]
def _normalisation(x: np.ndarray, weight: np.ndarray, bias: np.ndarray, epsilon: float) -> np.ndarray:
    n, rows, length = x.shape
    means = np.empty((n, len(weight)))
    squares = np.empty((n, len(weight)))
    for i in numba.prange(n):
        _moments(x[i], means[i], squares[i])
    return _affine(means, squares, rows * (length // len(weight)), weight, bias, epsilon)


@numba.njit(cache=True)  # type: ignore[misc]
def _merge(target: np.ndarray, at: int, source: np.ndarray, start: int, length: int, maximum: int) -> None:
    """Add ``source[start : start + length]`` to ``target[at : at + length]``, or take the larger."""
    if maximum:
        for j in range(length):
            target[at + j] = max(target[at + j], source[start + j])
    else:
        for j in range(length):
            target[at + j] += source[start + j]


@numba.njit(cache=True)  # type: ignore[misc]
def _pool_row(
    row: np.ndarray, column: np.ndarray, image: np.ndarray, h: int, channels: int, window: np.ndarray
) -> None:
    """Row h of the pooled image: windows are reduced over rows first, then over columns; padding does not count."""
    maximum, size, stride, padding = window
    length = image.shape[1]
    first = max(h * stride - padding, 0)
    last = min(h * stride - padding + size, image.shape[0])
    for j in range(length):
        column[j] = image[first, j]
    for r in range(first + 1, last):
        _merge(column, 0, image[r], 0, length, maximum)
    if stride == 1 and size == 2 * padding + 1:
        for j in range(length):
            row[j] = column[j]
        for d in range(channels, (padding + 1) * channels, channels):
            if d < length:
                _merge(row, 0, column, d, length - d, maximum)
                _merge(row, d, column, 0, length - d, maximum)
    else:
        for w in range(len(row) // channels):
            left = max(w * stride - padding, 0)
            for c in range(channels):
                row[w * channels + c] = column[left * channels + c]
            for v in range(left + 1, min(w * stride - padding + size, length // channels)):
                _merge(row, w * channels, column, v * channels, channels, maximum)
    if not maximum:
        for w in range(len(row) // channels):
            columns = min(w * stride - padding + size, length // channels) - max(w * stride - padding, 0)
            share = np.float32(1.0 / (columns * (last - first)))
            for c in range(channels):
                row[w * channels + c] *= share


@numba.njit(cache=True)  # type: ignore[misc]
def _add_term(
    total: np.ndarray,
    image: np.ndarray,
    affine: np.ndarray,
    window: np.ndarray,
    h: int,
    channels: int,
    row: np.ndarray,
    column: np.ndarray,
) -> None:
    """Add row h of a term to ``total``."""
    width = len(row) // channels
    if window[1]:
        _pool_row(row, column, image, h, channels, window)
        source = row
    elif image.shape[1] == len(row):
        source = image[h]
    else:  # the first channels of a wider image
        for w in range(width):
            for c in range(channels):
                row[w * channels + c] = image[h, w * (image.shape[1] // width) + c]
        source = row
    if affine.shape[1]:
        for j in range(len(source)):
            total[j] += source[j] * affine[0, j] + affine[1, j]
    else:
        for j in range(len(source)):
            total[j] += source[j]


@numba.njit(cache=True)  # type: ignore[misc]
def _store(target: np.ndarray, at: int, total: np.ndarray, width: int, channels: int, rectify: bool) -> None:
    """Write a row into channels ``at``, ``at + 1``, ... of an image."""
    length = width * channels
    if len(target) == length:
        for j in range(length):
            target[j] = max(total[j], np.float32(0.0)) if rectify else total[j]
    else:
        stride = len(target) // width
        for w in range(width):
            for c in range(channels):
                value = total[w * channels + c]
                target[w * stride + at + c] = max(value, np.float32(0.0)) if rectify else value


@numba.njit(cache=True)  # type: ignore[misc]
def _tiled(affine: np.ndarray, length: int) -> np.ndarray:
    """``(2, C)`` repeated to ``(2, W·C)``, so that loops over a row need not know channels."""
    channels = affine.shape[1]
    tiled = np.empty((2, length if channels else 0), np.float32)
    for j in range(tiled.shape[1]):
        tiled[0, j] = affine[0, j % channels]
        tiled[1, j] = affine[1, j % channels]
    return tiled


@numba.njit(cache=True)  # type: ignore[misc]
def _combine_image(
    count: int,
    x0: np.ndarray,
    x1: np.ndarray,
    x2: np.ndarray,
    x3: np.ndarray,
    tiled0: np.ndarray,
    tiled1: np.ndarray,
    tiled2: np.ndarray,
    tiled3: np.ndarray,
    windows: np.ndarray,
    i: int,
    shape: tuple[int, int, int, int],
    value: np.ndarray,
    rectified: np.ndarray,
    at: int,
    words: np.ndarray,
) -> bool:
    _, rows, width, channels = shape
    length = width * channels
    total = np.empty((length + 63) // 64 * 64, np.float32)
    row = np.empty(length, np.float32)
    column = np.empty(max(x0.shape[2], x1.shape[2], x2.shape[2], x3.shape[2]), np.float32)
    nan = np.uint64(0)
    for h in range(rows):
        total[:] = 0.0
        _add_term(total, x0[i], tiled0, windows[0], h, channels, row, column)
        if count > 1:
            _add_term(total, x1[i], tiled1, windows[1], h, channels, row, column)
        if count > 2:
            _add_term(total, x2[i], tiled2, windows[2], h, channels, row, column)
        if count > 3:
            _add_term(total, x3[i], tiled3, windows[3], h, channels, row, column)
        if len(words):
            for w in range(words.shape[2]):
                words[i, h, w] = sign_word(total, 64 * w)
                nan |= nan_word(total, 64 * w)
        if len(value):
            _store(value[i, h], at, total, width, channels, False)
        if len(rectified):
            _store(rectified[i, h], at, total, width, channels, True)
    return nan > 0


@numba.njit(parallel=True, cache=True)  # type: ignore[misc]
def _combine(
    count: int,
    x0: np.ndarray,
    x1: np.ndarray,
    x2: np.ndarray,
    x3: np.ndarray,
    affine0: np.ndarray,
    affine1: np.ndarray,
    affine2: np.ndarray,
    affine3: np.ndarray,
    windows: np.ndarray,
    shape: tuple[int, int, int, int],
    value: np.ndarray,
    rectified: np.ndarray,
    at: int,
    words: np.ndarray,
) -> bool:
    length = shape[2] * shape[3]
    t0, t1, t2, t3 = _tiled(affine0, length), _tiled(affine1, length), _tiled(affine2, length), _tiled(affine3, length)
    nan = 0
    for i in numba.prange(shape[0]):
        nan += _combine_image(count, x0, x1, x2, x3, t0, t1, t2, t3, windows, i, shape, value, rectified, at, words)
    return nan > 0


_NOTHING = np.empty((0, 0, 0), np.float32)
_NO_WORDS = np.empty((0, 0, 0), np.uint64)
_NO_AFFINE = np.empty((2, 0), np.float32)


def _flat(image: np.ndarray | None) -> np.ndarray:
    return _NOTHING if image is None else image.reshape(image.shape[0], image.shape[1], -1)


def normalisation(image: np.ndarray, weight: np.ndarray, bias: np.ndarray, epsilon: float) -> np.ndarray:
    """Scale and shift ``(2, C)`` that normalise ``image`` by the statistics of the mini-batch, and apply weight and bias."""
    return run_kernel(_normalisation, _flat(image), weight, bias, epsilon)


def combine(
    terms: list[Term],
    shape: Shape,
    *,
    value: np.ndarray | None = None,
    rectified: np.ndarray | None = None,
    at: int = 0,
    words: bool = False,
) -> tuple[np.ndarray | None, bool]:
    """Sum at most :data:`MAX_TERMS` terms to an image of ``shape`` (N, H, W, C).

    The sum goes to channels ``at`` to ``at + C`` of ``value`` and its rectified values to those of ``rectified``,
    images ``(N, H, W, ≥C)``, where these are given; either may be the image of a term that is not pooled. With
    ``words``, its sign bits are returned as ``(N, words)`` uint64, rows padded with zero bits. The second result
    says whether a value whose bit was taken is not a number.
    """
    n, rows, width, channels = shape
    bits = np.empty((n, rows, -(-width * channels // 64)), np.uint64) if words else _NO_WORDS
    images = [_flat(term.image) for term in terms]
    affines = [_NO_AFFINE if term.affine is None else term.affine for term in terms]
    missing = MAX_TERMS - len(terms)
    nan = run_kernel(
        _combine,
        len(terms),
        *images,
        *[_NOTHING] * missing,
        *affines,
        *[_NO_AFFINE] * missing,
        np.array([term.window for term in terms], np.int64),
        shape,
        _flat(value),
        _flat(rectified),
        at,
        bits,
    )
    return (bits.reshape(n, -1) if words else None), nan
