"""Runs of pixels through the register tiles, and their results to memory with the moments that normalisation needs."""

from __future__ import annotations

import numba
import numpy as np

from naswotlib.scoring.compiled import tiles
from naswotlib.scoring.compiled.node import emit
from naswotlib.scoring.compiled.vectors import LANES

_ONE, _TWO, _DEEP = tiles.ROWS[1], tiles.ROWS[2], tiles.DEPTHWISE_ROWS


@numba.njit
def multiply(
    out: np.ndarray,
    to: int,
    stride: int,
    pixels: int,
    source: np.ndarray,
    at: int,
    step: int,
    segments: np.ndarray,
    count: int,
    factors: np.ndarray,
    begin: int,
    panels: int,
) -> None:
    """One or two panels of a run of output pixels, ``stride`` pixels apart; some more pixels are written behind it."""
    if panels == 2:
        for w in range(0, pixels, _TWO):
            x, y = to + w * LANES, at + w * step
            if step == LANES:
                tiles.product_two(out, x, stride * LANES, source, y, step, segments, count, factors, begin)
            else:
                tiles.strided_two(out, x, stride * LANES, source, y, step, segments, count, factors, begin)
    else:
        for w in range(0, pixels, _ONE):
            x, y = to + w * LANES, at + w * step
            if step == LANES:
                tiles.product_one(out, x, stride * LANES, source, y, step, segments, count, factors, begin)
            else:
                tiles.strided_one(out, x, stride * LANES, source, y, step, segments, count, factors, begin)


@numba.njit
def multiply_depthwise(
    scratch: np.ndarray,
    to: int,
    pixels: int,
    at: int,
    step: int,
    taps: np.ndarray,
    factors: np.ndarray,
    begin: int,
) -> None:
    """One panel of a run of output pixels, each channel by itself; some more pixels are written behind it."""
    for w in range(0, pixels, _DEEP):
        x, y = to + w * LANES, at + w * step
        if step == LANES:
            tiles.depthwise(scratch, x, scratch, y, step, taps, len(taps), factors, begin)
        else:
            tiles.strided_depthwise(scratch, x, scratch, y, step, taps, len(taps), factors, begin)


@numba.njit
def emit_rows(
    conv: np.record,
    image: int,
    y: int,
    rows: int,
    scratch: np.ndarray,
    at: int,
    columns: int,
    stride: int,
    memory: np.ndarray,
) -> None:
    """Store rows of an image from scratch rows of ``columns`` pixels, panels ``stride`` pixels apart."""
    for panel in range(conv.panels):
        index = image * conv.panels + panel
        sums = conv.sums + 2 * index * LANES if conv.sums >= 0 else -1
        to = conv.out + (index * conv.rows + y) * conv.columns * LANES
        start = at + panel * stride * LANES
        if columns == conv.columns:
            emit(scratch, start, memory, to, rows * columns, False, sums)
        else:
            for r in range(rows):
                source = start + r * columns * LANES
                emit(scratch, source, memory, to + r * conv.columns * LANES, conv.columns, False, sums)
