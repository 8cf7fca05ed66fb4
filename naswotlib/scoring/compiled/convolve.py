"""Convolutions of a padded image that lies in the second-level cache.

Three ways, all on the register tiles of :mod:`naswotlib.scoring.compiled.tiles`: by the definition, for any kernel,
stride and dilation; a depthwise convolution, whose rows stay in the first-level cache for the 1×1 convolution behind
it; and 3×3 convolutions of stride 1 as Winograd does.
"""

from __future__ import annotations

import numba
import numpy as np

from naswotlib.scoring.compiled.product import emit_rows, multiply, multiply_depthwise
from naswotlib.scoring.compiled.tables import DEPTHWISE, DIRECT, SEPARABLE, WINOGRAD_FOUR, WINOGRAD_TWO
from naswotlib.scoring.compiled.vectors import LANES
from naswotlib.scoring.compiled.winograd import convolve_tiles


@numba.njit
def convolve(
    conv: np.record,
    value: np.record,
    image: int,
    count: int,
    scratch: np.ndarray,
    at: int,
    segments: np.ndarray,
    memory: np.ndarray,
    work: int,
) -> None:
    """Convolve ``count`` padded images at ``at`` of scratch, of which ``image`` is the first; ``work`` is free."""
    size = value.panels * value.padded_rows * value.padded_columns * LANES
    if conv.kind in (WINOGRAD_TWO, WINOGRAD_FOUR):
        for g in range(0, count, conv.together):
            some = min(conv.together, count - g)
            convolve_tiles(conv, value, image + g, some, scratch, at + g * size, segments, memory, work)
    else:
        for g in range(count):
            _convolve_bands(conv, value, image + g, scratch, at + g * size, segments, memory, work)


@numba.njit
def _convolve_bands(
    conv: np.record,
    value: np.record,
    image: int,
    scratch: np.ndarray,
    at: int,
    segments: np.ndarray,
    memory: np.ndarray,
    work: int,
) -> None:
    """Some rows at a time: all but Winograd's convolutions."""
    middle = work + conv.panels * conv.stride * LANES
    for y in range(0, conv.rows, conv.band):
        rows = min(conv.band, conv.rows - y)
        if conv.kind != DIRECT:
            to = work if conv.kind == DEPTHWISE else middle
            _convolve_depthwise(conv, value, scratch, at, y, rows, segments, memory, to)
        if conv.kind != DEPTHWISE:
            _convolve_rows(conv, value, scratch, at, y, rows, segments, memory, work, middle)
        emit_rows(conv, image, y, rows, scratch, work, conv.columns, conv.stride, memory)


@numba.njit
def _convolve_depthwise(
    conv: np.record,
    value: np.record,
    scratch: np.ndarray,
    at: int,
    y: int,
    rows: int,
    segments: np.ndarray,
    memory: np.ndarray,
    to: int,
) -> None:
    """Rows ``y`` to ``y + rows`` of a depthwise convolution, panels ``conv.stride`` pixels apart."""
    taps = segments[conv.taps : conv.taps + conv.tap_count]
    for panel in range((conv.inputs + LANES - 1) // LANES):
        plane = at + panel * value.padded_rows * value.padded_columns * LANES
        begin = conv.depthwise_factors + panel * conv.tap_count * LANES
        for r in range(rows):
            line = (y + r) * conv.row_stride + conv.top
            start = plane + (line * value.padded_columns + conv.left) * LANES
            out = to + (panel * conv.stride + r * conv.columns) * LANES
            multiply_depthwise(scratch, out, conv.columns, start, conv.column_stride * LANES, taps, memory, begin)


@numba.njit
def _convolve_rows(
    conv: np.record,
    value: np.record,
    scratch: np.ndarray,
    at: int,
    y: int,
    rows: int,
    segments: np.ndarray,
    memory: np.ndarray,
    to: int,
    middle: int,
) -> None:
    """Rows ``y`` to ``y + rows`` by the definition, or of the 1×1 convolution of a depthwise one at ``middle``."""
    pairs = segments[conv.segments : conv.segments + 2 * conv.count]
    behind = conv.kind == SEPARABLE
    lines, length = rows, conv.columns
    if behind or (conv.row_stride == conv.column_stride == 1 and value.padded_columns == conv.columns):
        lines, length = 1, rows * conv.columns  # rows follow one another: one run of pixels
    step = LANES if behind else conv.column_stride * LANES
    for panel in range(0, conv.panels, 2):
        begin = conv.factors + panel * conv.depth * LANES
        for line in range(lines):
            row = (y + line) * conv.row_stride + conv.top
            start = middle if behind else at + (row * value.padded_columns + conv.left) * LANES
            multiply(
                *(scratch, to + (panel * conv.stride + line * length) * LANES, conv.stride, length, scratch, start),
                *(step, pairs, conv.count, memory, begin, min(2, conv.panels - panel)),
            )
