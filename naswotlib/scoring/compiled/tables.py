"""The tables by which a network is described to compiled loops: records of integers, positions in flat arrays.

``memory`` holds images ``(N, C/16, H, W, 16)`` float32, sixteen channels of a pixel together (a *panel*), channels
beyond the last being 0; ``parameters`` the weights as torch has them; ``moments`` mean and variance, float64.
"""

from __future__ import annotations

import numpy as np

PLAIN, MEAN, MAXIMUM, SHIFT, PLANES = range(5)  # how a term reads its image
DIRECT, SEPARABLE, DEPTHWISE, WINOGRAD_TWO, WINOGRAD_FOUR = range(5)  # how a convolution is computed


def _record(*names: str) -> np.dtype[np.void]:
    return np.dtype([(name, np.int64) for name in names])


# A term of a sum: an image, as `kind` reads it, normalised. `image` is its position in memory, of so many `panels`,
# `rows` and `columns`; it is added to `width` channels, from channel `at` on. `mean` is the position of the moments of
# the image and `scale` of the weights of normalisation, or -1; `shift` that of its biases, or -1. Where it is
# `rectified`, what is normalised is rectified before it is pooled or added.
TERM = _record(
    *("image", "kind", "panels", "rows", "columns", "at", "width", "mean", "scale", "shift", "rectified"),
    *("kernel_rows", "kernel_columns", "row_stride", "column_stride", "top", "left"),
)

# A convolution of the value of a pass, or of its rectified values. `out` is the image, `panels` × `rows` × `columns`
# of `channels`; `inputs` the channels read. The first pixel read is at `top` and `left` of the padded image. `weight`
# and `depthwise` are positions in parameters, `factors` and `depthwise_factors` in memory, where they are packed;
# `segments` in the array of that name: of `count` pairs of the product, then of the offsets of the depthwise taps.
# `band` rows, or rows of tiles, of `together` images are computed at a time; `stride` is the distance of two panels
# in scratch memory, in pixels. `sums` is where each image leaves its moments, `mean` where those of all go.
CONV = _record(
    *("kind", "rectified", "out", "panels", "rows", "columns", "channels", "inputs", "top", "left"),
    *("kernel_rows", "kernel_columns", "row_stride", "column_stride", "weight", "depthwise", "factors"),
    *("depthwise_factors", "segments", "count", "taps", "tap_count", "depth", "band", "together", "stride"),
    *("sums", "mean"),
)

# A value: the sum of terms `first_term` to `last_term`, an image of `panels` × `rows` × `columns`, computed `band` rows
# at a time. `value` and `positive` are where it, and its rectified values, are stored in memory, `codes` where its
# signs are, or -1; `value_sums` and `value_mean`, `positive_sums` and `positive_mean` where their moments go, or -1.
# `padded` and `padded_positive` are where its convolutions find it in scratch memory, or -1, with zeros around it, of
# which the first are at `border`; `line` and `work` are free scratch memory.
PASS = _record(
    *("first_term", "last_term", "first_conv", "last_conv", "panels", "rows", "columns", "band", "together"),
    *("value", "value_sums", "value_mean", "positive", "positive_sums", "positive_mean", "codes"),
    *("padded", "padded_positive", "padded_rows", "padded_columns", "top", "left", "line", "border", "work"),
)
