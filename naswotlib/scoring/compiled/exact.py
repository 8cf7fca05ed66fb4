"""Average pooling in compiled loops: the bits of torch's own, several times as fast."""

from __future__ import annotations

import numba
import numpy as np
import torch
from torch import Tensor

from naswotlib.scoring.compiled.packing import run_kernel
from naswotlib.scoring.compiled.terms import span

Size = tuple[int, int]


def average_pool(x: Tensor, kernel: Size, stride: Size, padding: Size) -> Tensor:
    """``F.avg_pool2d(x, kernel, stride, padding, count_include_pad=False)`` of contiguous float32 ``(N, C, H, W)``.

    torch adds a window row by row, one pixel after the other, and divides once; so does this.
    """
    n, channels, rows, columns = x.shape
    height, width = (
        (s + 2 * p - k) // t + 1 for s, k, t, p in zip((rows, columns), kernel, stride, padding, strict=True)
    )
    out = torch.empty(n, channels, height, width)
    run_kernel(
        *(_average_pool, x.numpy().reshape(-1, rows, columns), out.numpy().reshape(-1, height, width)),
        *(kernel, stride, padding),
    )
    return out


@numba.njit
def _pool_at(image: np.ndarray, first: int, last: int, left: int, right: int) -> np.float32:
    total = np.float32(0.0)
    for r in range(first, last):
        for w in range(left, right):
            total += image[r, w]
    return total / np.float32((last - first) * (right - left))


@numba.njit
def _pool_row_of_three(image: np.ndarray, first: int, last: int, begin: int, end: int, out: np.ndarray) -> None:
    """Windows of three columns and two or three rows, one pixel apart, whose first begin at column ``begin - 1``."""
    zero, size = np.float32(0.0), np.float32((last - first) * 3)
    a, b, c = image[first], image[first + 1], image[last - 1]
    if last - first == 3:
        for w in range(begin, end):
            x = zero + a[w - 1] + a[w] + a[w + 1] + b[w - 1] + b[w] + b[w + 1]
            out[w] = (x + c[w - 1] + c[w] + c[w + 1]) / size
    else:
        for w in range(begin, end):
            out[w] = (zero + a[w - 1] + a[w] + a[w + 1] + b[w - 1] + b[w] + b[w + 1]) / size


@numba.njit
def _pool_image(image: np.ndarray, out: np.ndarray, kernel: Size, stride: Size, padding: Size) -> None:
    rows, columns = image.shape
    plain = kernel[1] == 3 and stride[1] == 1 and padding[1] == 1 and columns > 2
    for h in range(out.shape[0]):
        first, last = span(h, stride[0], padding[0], kernel[0], rows)
        inside = plain and 2 <= last - first <= 3
        if inside:
            _pool_row_of_three(image, first, last, 1, columns - 1, out[h])
        for w in range(0, out.shape[1], max(1, out.shape[1] - 1) if inside else 1):
            left, right = span(w, stride[1], padding[1], kernel[1], columns)
            out[h, w] = _pool_at(image, first, last, left, right)


@numba.njit(parallel=True, cache=True)
def _average_pool(images: np.ndarray, out: np.ndarray, kernel: Size, stride: Size, padding: Size) -> None:
    for i in numba.prange(len(images)):
        _pool_image(images[i], out[i], kernel, stride, padding)
