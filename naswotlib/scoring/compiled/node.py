"""A value of a network, band by band: its signs are taken, and it goes where it is needed."""

from __future__ import annotations

import numba
import numpy as np

from naswotlib.scoring.compiled.vectors import LANES, fma, greatest, load, nans, signs, spread, store, stream


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
