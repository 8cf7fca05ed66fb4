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

from naswotlib.scoring.compiled.packing import nan_word, run_kernel, sign_word

MAX_TERMS = 4  # terms that one call of the compiled loop can sum


Shape = tuple[int, int, int, int]  # (N, H, W, C)


class Moments(NamedTuple):
    """Means and sums of squared deviations, ``(N, C)`` float64, of each channel of images of some ``pixels``."""

    means: np.ndarray
    squares: np.ndarray
    pixels: int


class Window(NamedTuple):
    """A pooling window; ``size`` 0 means that there is none."""

    maximum: int = 0
    size: int = 0
    stride: int = 1
    padding: int = 0


class Term(NamedTuple):
    """``affine[0] * pool(image) + affine[1]``: image ``(N, H, W, C)`` float32, affine ``(2, C)`` float32 or None.

    ``rectify`` takes its positive part, for a convolution alone: sums do not read such a term.
    """

    image: np.ndarray
    affine: np.ndarray | None = None
    window: Window = Window()
    moments: Moments | None = None  # of the image, where they are known
    rectify: bool = False


@numba.njit(cache=True)
def image_moments(image: np.ndarray, mean: np.ndarray, squares: np.ndarray) -> None:
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


@numba.njit(cache=True)
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


@numba.njit(parallel=True, cache=True)
def _moments(x: np.ndarray, means: np.ndarray, squares: np.ndarray) -> None:
    for i in numba.prange(len(x)):
        image_moments(x[i], means[i], squares[i])


@numba.njit(cache=True)
def _span(at: int, window: np.ndarray, length: int) -> tuple[int, int]:
    """First and last + 1 of the ``length`` rows or columns that the window of an output row or column covers."""
    start = at * window[2] - window[3]
    return max(start, 0), min(start + window[1], length)


@numba.njit(cache=True)
def _merge(target: np.ndarray, source: np.ndarray, maximum: int) -> None:
    if maximum:
        for j in range(len(target)):
            target[j] = np.maximum(target[j], source[j])
    else:
        for j in range(len(target)):
            target[j] += source[j]


@numba.njit(cache=True)
def _sum_three(target: np.ndarray, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> None:
    for j in range(len(target)):
        target[j] = x[j] + y[j] + z[j]


@numba.njit(cache=True)
def _pool_row(
    row: np.ndarray, column: np.ndarray, image: np.ndarray, h: int, channels: int, window: np.ndarray
) -> None:
    """Row h of the pooled image, maxima or sums: over the rows of windows first, then over their columns."""
    maximum, size, stride, padding = window
    length, edge = image.shape[1], padding * channels
    first, last = _span(h, window, len(image))
    column[:] = np.float32(-np.inf if maximum else 0.0)  # also beside the image
    inside = column[edge : edge + length]
    if last - first == 3 and not maximum:
        _sum_three(inside, image[first], image[first + 1], image[first + 2])
    else:
        inside[:] = image[first]
        for r in range(first + 1, last):
            _merge(inside, image[r], maximum)
    if stride > 1:
        for w in range(len(row) // channels):
            pixel, at = row[w * channels : (w + 1) * channels], w * stride * channels
            pixel[:] = column[at : at + channels]
            for v in range(1, size):
                _merge(pixel, column[at + v * channels : at + (v + 1) * channels], maximum)
    elif size == 3 and not maximum:
        _sum_three(row, column, column[channels:], column[2 * channels :])
    else:
        row[:] = column[: len(row)]
        for d in range(channels, size * channels, channels):
            _merge(row, column[d:], maximum)


@numba.njit(cache=True)
def _add_scaled(total: np.ndarray, source: np.ndarray, scale: np.ndarray, shift: np.ndarray, factor: float) -> None:
    for j in range(len(source)):
        total[j] += source[j] * (scale[j] * factor) + shift[j]


@numba.njit(cache=True)
def _add_term(
    total: np.ndarray,
    image: np.ndarray,
    affine: np.ndarray,
    window: np.ndarray,
    h: int,
    row: np.ndarray,
    column: np.ndarray,
    channels: int,
) -> None:
    """Add row h of a term to ``total``; ``row`` and ``column`` are scratch memory."""
    factor = np.float32(1.0)
    if window[1]:
        _pool_row(row, column, image, h, channels, window)
        if not window[0]:
            first, last = _span(h, window, len(image))
            factor = np.float32(1.0 / (last - first))
        _add_scaled(total, row, affine[0], affine[1], factor)
    elif image.shape[1] == len(row):
        _add_scaled(total, image[h], affine[0], affine[1], factor)
    else:  # the first channels of a wider image
        stride = image.shape[1] // (len(row) // channels)
        for w in range(len(row) // channels):
            row[w * channels : (w + 1) * channels] = image[h, w * stride : w * stride + channels]
        _add_scaled(total, row, affine[0], affine[1], factor)


@numba.njit(cache=True)
def _tile(affine: np.ndarray, window: np.ndarray, columns: int, tiled: np.ndarray) -> None:
    """Repeat ``(2, C)`` to ``(2, W·C)``, so that loops over a row need not know channels, nor means their width."""
    channels = affine.shape[1]
    for w in range(tiled.shape[1] // channels):
        share = np.float32(1.0)
        if window[1] and not window[0]:
            left, right = _span(w, window, columns)
            share = np.float32(1.0 / (right - left))
        for c in range(channels):
            tiled[0, w * channels + c] = affine[0, c] * share
            tiled[1, w * channels + c] = affine[1, c]


@numba.njit(cache=True)
def _store(target: np.ndarray, at: int, total: np.ndarray, width: int, channels: int, rectify: bool) -> None:
    """Write a row into channels ``at``, ``at + 1``, ... of an image."""
    length = width * channels
    if len(target) == length:
        for j in range(length):
            target[j] = np.maximum(total[j], np.float32(0.0)) if rectify else total[j]
    else:
        stride = len(target) // width
        for w in range(width):
            for c in range(channels):
                value = total[w * channels + c]
                target[w * stride + at + c] = np.maximum(value, np.float32(0.0)) if rectify else value


@numba.njit(cache=True)
def _combine_image(
    images: tuple[np.ndarray, ...],
    affines: np.ndarray,
    windows: np.ndarray,
    i: int,
    shape: Shape,
    value: np.ndarray,
    rectified: np.ndarray,
    at: int,
    words: np.ndarray,
) -> bool:
    _, rows, width, channels = shape
    row = np.empty(width * channels, np.float32)
    longest = max([images[t].shape[2] + 2 * windows[t, 3] * channels for t in range(len(windows))])
    column = np.empty(longest, np.float32)
    total = np.empty((len(row) + 63) // 64 * 64, np.float32)
    tiled = np.empty((len(affines), 2, len(row)), np.float32)
    for t in range(len(affines)):
        _tile(affines[t], windows[t], images[t].shape[2] // channels, tiled[t])
    nan = np.uint64(0)
    for h in range(rows):
        total[:] = 0.0
        for t in range(len(affines)):
            _add_term(total, images[t][i], tiled[t], windows[t], h, row, column, channels)
        if len(words):
            for w in range(words.shape[2]):
                words[i, h, w] = sign_word(total, 64 * w)
                nan |= nan_word(total, 64 * w)
        if len(value):
            _store(value[i, h], at, total, width, channels, False)
        if len(rectified):
            _store(rectified[i, h], at, total, width, channels, True)
    return bool(nan > 0)


@numba.njit(parallel=True, cache=True)
def _combine(
    images: tuple[np.ndarray, ...],
    affines: np.ndarray,
    windows: np.ndarray,
    shape: Shape,
    value: np.ndarray,
    rectified: np.ndarray,
    at: int,
    words: np.ndarray,
) -> bool:
    nan = 0
    for i in numba.prange(shape[0]):
        nan += _combine_image(images, affines, windows, i, shape, value, rectified, at, words)
    return bool(nan > 0)


_NOTHING = np.empty((0, 0, 0), np.float32)
IDENTITY = np.array([[1], [0]], np.float32)
_NO_WORDS = np.empty((0, 0, 0), np.uint64)


def _flat(image: np.ndarray | None) -> np.ndarray:
    return _NOTHING if image is None else image.reshape(image.shape[0], image.shape[1], -1)


def moments_of(image: np.ndarray) -> Moments:
    """Moments of each of the images ``(N, H, W, C)``."""
    n, rows, columns, channels = image.shape
    means, squares = np.empty((n, channels)), np.empty((n, channels))
    run_kernel(_moments, _flat(image), means, squares)
    return Moments(means, squares, rows * columns)


def normalisation(moments: Moments, weight: np.ndarray, bias: np.ndarray, epsilon: float) -> np.ndarray:
    """Scale and shift ``(2, C)`` of batch normalisation on the statistics of the mini-batch."""
    return run_kernel(_affine, *moments, weight, bias, epsilon)


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
    images = tuple(_flat(term.image) for term in terms) + (_NOTHING,) * (MAX_TERMS - len(terms))
    affines = np.empty((len(terms), 2, channels), np.float32)
    for affine, term in zip(affines, terms, strict=True):
        affine[:] = IDENTITY if term.affine is None else term.affine
    windows = np.array([term.window for term in terms], np.int64)
    nan = run_kernel(_combine, images, affines, windows, shape, _flat(value), _flat(rectified), at, bits)
    return (bits.reshape(n, -1) if words else None), nan
