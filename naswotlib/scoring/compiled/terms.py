"""The terms of a value, band by band: read where they lie, pooled, their lanes moved, normalised, and summed.

A band is some rows of one panel, which stay in the first-level cache: a run of pixels of 16 channels.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from naswotlib.scoring.compiled.tables import MAXIMUM, MEAN, PLAIN, SHIFT
from naswotlib.scoring.compiled.vectors import LANES, fma, greatest, keep, load, signs, spread, store

_STEP = np.repeat(
    np.array([1, 0, 1], np.float32), LANES
)  # from k on: ones in 16 - k lanes; from 16 + k on: in the last k


@numba.njit
def row_length(value: np.record) -> int:
    """Floats from one row of the affines of a value to the next: its channels, with zeros before and behind them."""
    length: int = (value.panels + 2) * LANES
    return length


@numba.njit
def row_of(value: np.record, t: int) -> int:
    """Where the scales of term t begin; its own shifts are in the next row, the sum of all others' in the first."""
    row: int = LANES + (1 + 2 * (t - value.first_term)) * row_length(value)
    return row


@numba.njit
def span(at: int, stride: int, before: int, size: int, length: int) -> tuple[int, int]:
    """First and last + 1 of the ``length`` rows or columns that the window of an output row or column covers."""
    start = at * stride - before
    return max(start, 0), min(start + size, length)


@numba.njit
def _merge_rows(
    memory: np.ndarray,
    at: int,
    first: int,
    last: int,
    length: int,
    out: np.ndarray,
    to: int,
    maximum: bool,
    scale: Any,
    shift: Any,
    rectify: bool,
) -> None:
    """The sum, or the maximum, of rows ``first`` to ``last`` of ``length`` floats, normalised and rectified or not."""
    start = at + first * length
    if rectify:
        zero = spread(np.float32(0.0))
        for c in range(0, length, LANES):
            x = greatest(fma(load(memory, start + c), scale, shift), zero)
            for r in range(1, last - first):
                y = greatest(fma(load(memory, start + r * length + c), scale, shift), zero)
                x = greatest(x, y) if maximum else x + y
            store(out, to + c, x)
        return
    if last - first == 3:
        for c in range(0, length, LANES):
            x, y, z = load(memory, start + c), load(memory, start + length + c), load(memory, start + 2 * length + c)
            store(out, to + c, greatest(greatest(x, y), z) if maximum else x + y + z)
        return
    for c in range(0, length, LANES):
        x = load(memory, start + c)
        for r in range(1, last - first):
            y = load(memory, start + r * length + c)
            x = greatest(x, y) if maximum else x + y
        store(out, to + c, x)


@numba.njit
def _merge_columns(line: np.ndarray, at: int, count: int, maximum: bool) -> Any:
    x = load(line, at)
    for v in range(1, count):
        y = load(line, at + v * LANES)
        x = greatest(x, y) if maximum else x + y
    return x


@numba.njit
def _pool_row(
    memory: np.ndarray,
    at: int,
    term: np.record,
    h: int,
    columns: int,
    line: int,
    scratch: np.ndarray,
    to: int,
    scale: Any,
    shift: Any,
    rectify: bool,
) -> None:
    """Row h of the pooled image, by rows of the window and then by its columns; ``line`` is scratch memory."""
    maximum = term.kind == MAXIMUM
    first, last = span(h, term.row_stride, term.top, term.kernel_rows, term.rows)
    _merge_rows(memory, at, first, last, term.columns * LANES, scratch, line, maximum, scale, shift, rectify)
    # Windows that lie inside the row all have as many pixels, and need no look at its ends.
    begin = (term.left + term.column_stride - 1) // term.column_stride
    end = max((term.columns - term.kernel_columns + term.left) // term.column_stride + 1, begin)
    for w in range(columns):
        if begin <= w < end:
            continue
        left, right = span(w, term.column_stride, term.left, term.kernel_columns, term.columns)
        x = _merge_columns(scratch, line + left * LANES, right - left, maximum)
        if not maximum:
            x = x * spread(np.float32(1.0) / np.float32((last - first) * (right - left)))
        store(scratch, to + w * LANES, x)
    share = spread(np.float32(1.0) / np.float32((last - first) * term.kernel_columns))
    at, step = line - term.left * LANES, term.column_stride * LANES
    if term.kernel_columns == 3:
        for w in range(begin, end):
            x, y, z = (
                load(scratch, at + w * step),
                load(scratch, at + w * step + LANES),
                load(scratch, at + w * step + 2 * LANES),
            )
            if maximum:
                store(scratch, to + w * LANES, greatest(greatest(x, y), z))
            else:
                store(scratch, to + w * LANES, (x + y + z) * share)
    else:
        for w in range(begin, end):
            x = _merge_columns(scratch, at + w * step, term.kernel_columns, maximum)
            store(scratch, to + w * LANES, x if maximum else x * share)


@numba.njit
def _shift_row(
    memory: np.ndarray, at: int, term: np.record, h: int, columns: int, scratch: np.ndarray, to: int
) -> None:
    """Row h of the image moved one pixel up and left."""
    zero = spread(np.float32(0.0))
    for w in range(columns):
        x = zero
        if h + 1 < term.rows and w + 1 < term.columns:
            x = load(memory, at + ((h + 1) * term.columns + w + 1) * LANES)
        store(scratch, to + w * LANES, x)


@numba.njit
def _interleave_row(
    memory: np.ndarray, at: int, term: np.record, panel: int, h: int, scratch: np.ndarray, to: int
) -> None:
    """Row h of 16 channels of an image ``(C, H, W)``."""
    for w in range(term.columns * LANES):
        scratch[to + w] = 0.0
    for c in range(min(LANES, term.width - panel * LANES)):
        start = at + ((panel * LANES + c) * term.rows + h) * term.columns
        for w in range(term.columns):
            scratch[to + w * LANES + c] = memory[start + w]


@numba.njit
def _read(
    memory: np.ndarray,
    term: np.record,
    image: int,
    panel: int,
    scale: Any,
    shift: Any,
    rectify: bool,
    y: int,
    rows: int,
    columns: int,
    line: int,
    scratch: np.ndarray,
    to: int,
) -> tuple[np.ndarray, int]:
    """Where rows ``y`` to ``y + rows`` of a panel of a term lie one after the other: in memory, or now in scratch.

    By ``scale`` and ``shift``, those of the panel's channels, pools normalise what they ``rectify`` as they read it.
    """
    size = term.rows * term.columns * LANES
    at = term.image + (image * term.panels + panel) * size
    if term.kind == PLAIN:
        return memory, at + y * columns * LANES
    for r in range(rows):
        start = to + r * columns * LANES
        if term.kind in (MEAN, MAXIMUM):
            _pool_row(memory, at, term, y + r, columns, line, scratch, start, scale, shift, rectify)
        elif term.kind == SHIFT:
            _shift_row(memory, at, term, y + r, columns, scratch, start)
        else:
            whole = term.image + image * term.width * term.rows * term.columns
            _interleave_row(memory, whole, term, panel, y + r, scratch, start)
    return scratch, to


@numba.njit
def _move_lanes(
    memory: np.ndarray,
    value: np.record,
    term: np.record,
    image: int,
    panel: int,
    y: int,
    rows: int,
    scratch: np.ndarray,
    total: int,
    affines: np.ndarray,
    row: int,
    rectify: bool,
) -> tuple[np.ndarray, int]:
    """What :func:`_read` gives, of a term that does not begin with a panel of the value: channels of two panels of the
    term, side by side. Vectors that begin within a pixel reach into its neighbour, whose lanes are dropped.
    """
    lowest = panel * LANES - term.at
    below, lanes = lowest // LANES, lowest % LANES
    full = value.band * value.columns * LANES
    first, second, line = total + full, total + 2 * full, total + value.line
    lower, upper = load(_STEP, lanes), load(_STEP, lanes + LANES)
    where = (y, rows, value.columns, line, scratch, first)
    scales, length = row + term.at + below * LANES, row_length(value)
    if below >= 0:
        scale, shift = load(affines, scales), load(affines, scales + length)
        source, at = _read(memory, term, image, below, scale, shift, rectify, *where)
        for x in range(0, rows * value.columns * LANES, LANES):
            store(scratch, second + x, keep(lower, load(source, at + x + lanes)))
    if below + 1 < term.panels:
        scale, shift = load(affines, scales + LANES), load(affines, scales + LANES + length)
        source, at = _read(memory, term, image, below + 1, scale, shift, rectify, *where)
        for x in range(0, rows * value.columns * LANES, LANES):
            vector = keep(upper, load(source, at + x + lanes - LANES))
            store(scratch, second + x, load(scratch, second + x) + vector if below >= 0 else vector)
    return scratch, second


@numba.njit
def _add_term(
    source: np.ndarray,
    at: int,
    scratch: np.ndarray,
    total: int,
    size: int,
    scale: Any,
    shift: Any,
    constant: Any,
    fresh: bool,
    rectified: bool,
) -> None:
    """Add a term to ``size`` floats at ``total`` of scratch, where a ``fresh`` sum is the constant."""
    if rectified:
        zero = spread(np.float32(0.0))
        for x in range(0, size, LANES):
            before = constant if fresh else load(scratch, total + x)
            store(scratch, total + x, before + greatest(fma(load(source, at + x), scale, shift), zero))
    elif fresh:
        for x in range(0, size, LANES):
            store(scratch, total + x, fma(load(source, at + x), scale, constant))
    else:
        for x in range(0, size, LANES):
            store(scratch, total + x, fma(load(source, at + x), scale, load(scratch, total + x)))


@numba.njit
def sum_terms(
    memory: np.ndarray,
    value: np.record,
    terms: np.ndarray,
    affines: np.ndarray,
    image: int,
    panel: int,
    y: int,
    rows: int,
    scratch: np.ndarray,
    total: int,
) -> None:
    """Rows ``y`` to ``y + rows`` of the sum of the terms of a value, at ``total`` of scratch.

    ``affines`` are rows of one number a channel: see :func:`row_of`.
    """
    size = rows * value.columns * LANES
    first = total + value.band * value.columns * LANES
    constant, zero = load(affines, LANES + panel * LANES), spread(np.float32(0.0))
    fresh = True  # the first term is stored, and need not be added to anything
    for t in range(value.first_term, value.last_term):
        term = terms[t]
        lowest = panel * LANES - term.at
        if lowest + LANES <= 0 or lowest >= term.width:
            continue
        row = row_of(value, t)
        scale, shift = load(affines, row + panel * LANES), load(affines, row + row_length(value) + panel * LANES)
        # Where no scale is negative, the maximum of what is normalised and rectified is that of the maximum.
        early = term.rectified and (term.kind == MEAN or (term.kind == MAXIMUM and signs(zero - scale) != 0))
        if lowest % LANES:
            source, at = _move_lanes(memory, value, term, image, panel, y, rows, scratch, total, affines, row, early)
        else:
            where = (y, rows, value.columns, total + value.line, scratch, first)
            source, at = _read(memory, term, image, lowest // LANES, scale, shift, early, *where)
        if early:
            scale, shift = spread(np.float32(1.0)), zero
        _add_term(source, at, scratch, total, size, scale, shift, constant, fresh, term.rectified)
        fresh = False
    if fresh:
        for x in range(0, size, LANES):
            store(scratch, total + x, constant)
