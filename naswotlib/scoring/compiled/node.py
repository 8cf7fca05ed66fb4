"""A value of a network, band by band: terms are normalised, pooled and summed, and the sum goes where it is needed.

A band is some rows of one panel, which stay in the first-level cache: a run of pixels of 16 channels.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from naswotlib.scoring.compiled.tables import MAXIMUM, MEAN, PLAIN, SHIFT
from naswotlib.scoring.compiled.vectors import LANES, fma, greatest, load, nans, signs, spread, store, stream


@numba.njit
def span(at: int, stride: int, before: int, size: int, length: int) -> tuple[int, int]:
    """First and last + 1 of the ``length`` rows or columns that the window of an output row or column covers."""
    start = at * stride - before
    return max(start, 0), min(start + size, length)


@numba.njit
def _merge_rows(
    memory: np.ndarray, at: int, first: int, last: int, length: int, out: np.ndarray, to: int, maximum: bool
) -> None:
    """The sum, or the maximum, of rows ``first`` to ``last`` of ``length`` floats."""
    start = at + first * length
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
    memory: np.ndarray, at: int, term: np.record, h: int, columns: int, line: int, scratch: np.ndarray, to: int
) -> None:
    """Row h of the pooled image, by rows of the window and then by its columns; ``line`` is scratch memory."""
    maximum = term.kind == MAXIMUM
    first, last = span(h, term.row_stride, term.top, term.kernel_rows, term.rows)
    _merge_rows(memory, at, first, last, term.columns * LANES, scratch, line, maximum)
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
    y: int,
    rows: int,
    columns: int,
    line: int,
    scratch: np.ndarray,
    to: int,
) -> tuple[np.ndarray, int]:
    """Where rows ``y`` to ``y + rows`` of a panel of a term lie one after the other: in memory, or now in scratch."""
    if panel < 0 or panel >= term.panels:
        for x in range(rows * columns * LANES):
            scratch[to + x] = 0.0
        return scratch, to
    size = term.rows * term.columns * LANES
    at = term.image + (image * term.panels + panel) * size
    if term.kind == PLAIN:
        return memory, at + y * columns * LANES
    for r in range(rows):
        start = to + r * columns * LANES
        if term.kind in (MEAN, MAXIMUM):
            _pool_row(memory, at, term, y + r, columns, line, scratch, start)
        elif term.kind == SHIFT:
            _shift_row(memory, at, term, y + r, columns, scratch, start)
        else:
            whole = term.image + image * term.width * term.rows * term.columns
            _interleave_row(memory, whole, term, panel, y + r, scratch, start)
    return scratch, to


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

    ``affines`` holds, by channel of the value, the sum of all shifts and then the scale of each term.
    """
    size = rows * value.columns * LANES
    width = value.panels * LANES
    full = value.band * value.columns * LANES
    first, second = total + full, total + 2 * full
    constant = load(affines, panel * LANES)
    fresh = True  # the first term is stored, and need not be added to anything
    for t in range(value.first_term, value.last_term):
        term = terms[t]
        lowest, highest = panel * LANES - term.at, panel * LANES + LANES - term.at
        if highest <= 0 or lowest >= term.width:
            continue
        scale = load(affines, (1 + t - value.first_term) * width + panel * LANES)
        below, lanes = lowest // LANES, lowest % LANES
        source, at = _read(memory, term, image, below, y, rows, value.columns, total + value.line, scratch, first)
        if lanes:  # channels that lie in two panels of the term: put side by side, and read from the middle
            other, start = _read(
                memory, term, image, below + 1, y, rows, value.columns, total + value.line, scratch, second
            )
            both = second + full
            for x in range(0, size, LANES):
                store(scratch, both + 2 * x, load(source, at + x))
                store(scratch, both + 2 * x + LANES, load(other, start + x))
            for x in range(0, size, LANES):
                before = constant if fresh else load(scratch, total + x)
                store(scratch, total + x, fma(load(scratch, both + 2 * x + lanes), scale, before))
        elif fresh:
            for x in range(0, size, LANES):
                store(scratch, total + x, fma(load(source, at + x), scale, constant))
        else:
            for x in range(0, size, LANES):
                store(scratch, total + x, fma(load(source, at + x), scale, load(scratch, total + x)))
        fresh = False
    if fresh:
        for x in range(0, size, LANES):
            store(scratch, total + x, constant)


@numba.njit
def take_signs(scratch: np.ndarray, at: int, pixels: int, codes: np.ndarray, to: int) -> bool:
    """The signs of a run of pixels, 16 bits each; returns whether a value is not a number."""
    found = np.uint16(0)
    for x in range(pixels):
        vector = load(scratch, at + x * LANES)
        codes[to + x] = signs(vector)
        found |= nans(vector)
    return bool(found != 0)


@numba.njit
def emit(source: np.ndarray, at: int, memory: np.ndarray, to: int, pixels: int, rectify: bool, sums: int) -> None:
    """Store a run of pixels, or its positive part, and add to its sums and sums of squares where ``sums`` ≥ 0."""
    least = spread(np.float32(0.0 if rectify else -np.inf))
    if sums < 0:
        for x in range(0, pixels * LANES, LANES):
            stream(memory, to + x, greatest(load(source, at + x), least) if rectify else load(source, at + x))
        return
    total, squares = load(memory, sums), load(memory, sums + LANES)
    fours = pixels // 4 * 4 * LANES
    for x in range(0, fours, 4 * LANES):
        p, q = load(source, at + x), load(source, at + x + LANES)
        r, s = load(source, at + x + 2 * LANES), load(source, at + x + 3 * LANES)
        if rectify:
            p, q, r, s = greatest(p, least), greatest(q, least), greatest(r, least), greatest(s, least)
        total = total + ((p + q) + (r + s))
        squares = squares + (fma(p, p, q * q) + fma(r, r, s * s))
        stream(memory, to + x, p)
        stream(memory, to + x + LANES, q)
        stream(memory, to + x + 2 * LANES, r)
        stream(memory, to + x + 3 * LANES, s)
    for x in range(fours, pixels * LANES, LANES):
        p = load(source, at + x)
        if rectify:
            p = greatest(p, least)
        total = total + p
        squares = fma(p, p, squares)
        stream(memory, to + x, p)
    store(memory, sums, total)
    store(memory, sums + LANES, squares)


@numba.njit
def pad(scratch: np.ndarray, at: int, rows: int, columns: int, to: int, padded_columns: int, rectify: bool) -> None:
    """Copy rows into a wider image, or their positive part."""
    zero = spread(np.float32(0.0))
    for r in range(rows):
        source, target = at + r * columns * LANES, to + r * padded_columns * LANES
        if rectify:
            for x in range(0, columns * LANES, LANES):
                store(scratch, target + x, greatest(load(scratch, source + x), zero))
        else:
            for x in range(0, columns * LANES, LANES):
                store(scratch, target + x, load(scratch, source + x))
