"""The one parallel kernel: all values of a network, one pass over the images each.

A pass sums the terms of a value, takes its signs, stores it where something reads it again, and pads it; all
convolutions that read it follow at once, while it lies in the cache. A thread takes the same share of the images in
every pass, since what it wrote lies in the caches of its core, and then what is left of the shares of others, so that
none waits long for one that something else holds up; moments are kept by image, so that this changes no bit.
"""

from __future__ import annotations

import numba
import numpy as np

from naswotlib.scoring.compiled.convolve import convolve
from naswotlib.scoring.compiled.factors import pack_panel
from naswotlib.scoring.compiled.node import emit, pad, take_signs
from naswotlib.scoring.compiled.terms import row_length, row_of, sum_terms
from naswotlib.scoring.compiled.vectors import LANES, take_next


@numba.njit
def _normalise(
    value: np.record, terms: np.ndarray, parameters: np.ndarray, moments: np.ndarray, epsilon: float
) -> np.ndarray:
    """The sum of the shifts, then scale and own shift of each term, by channel of a value: see :func:`row_of`."""
    affines = np.zeros((1 + 2 * (value.last_term - value.first_term)) * row_length(value), np.float32)
    for t in range(value.first_term, value.last_term):
        term = terms[t]
        scales = row_of(value, t) + term.at
        shifts = term.at + (row_of(value, t) + row_length(value) if term.rectified else LANES)
        for c in range(term.width):
            scale, shift = 1.0, 0.0
            if term.scale >= 0:
                scale = parameters[term.scale + c] / np.sqrt(moments[term.mean + 1 + 2 * c] + epsilon)
                shift = -moments[term.mean + 2 * c] * scale
            if term.shift >= 0:
                shift += parameters[term.shift + c]
            affines[scales + c] = scale
            affines[shifts + c] += np.float32(shift)
    return affines


@numba.njit
def _finish_moments(
    memory: np.ndarray, sums: int, images: int, panels: int, pixels: int, moments: np.ndarray, mean: int
) -> None:
    """Mean and variance of each channel from the sums of each image."""
    count = images * pixels
    width = panels * LANES
    totals = np.zeros(2 * width)  # of each panel sums and then squares, as every image has them
    for i in range(images):
        at = sums + i * 2 * width
        for c in range(2 * width):
            totals[c] += memory[at + c]
    for c in range(width):
        x = c // LANES * 2 * LANES + c % LANES
        average = totals[x] / count
        moments[mean + 2 * c] = average
        moments[mean + 2 * c + 1] = max(totals[x + LANES] / count - average**2, 0.0)


@numba.njit
def _compute(
    value: np.record,
    terms: np.ndarray,
    affines: np.ndarray,
    image: int,
    group: int,
    memory: np.ndarray,
    codes: np.ndarray,
    scratch: np.ndarray,
    home: int,
) -> bool:
    """The value of one image, the ``group``-th of those that are convolved together: all but its convolutions."""
    nan = False
    size = value.rows * value.columns
    padded = value.padded_rows * value.padded_columns
    for panel in range(value.panels):
        index = image * value.panels + panel
        for y in range(0, value.rows, value.band):
            rows = min(value.band, value.rows - y)
            pixels = rows * value.columns
            sum_terms(memory, value, terms, affines, image, panel, y, rows, scratch, home)
            if value.codes >= 0:
                to = value.codes + panel * size + y * value.columns
                nan |= take_signs(scratch, home, pixels, codes[image], to)
            to = (index * size + y * value.columns) * LANES
            if value.value >= 0:
                sums = value.value_sums + 2 * index * LANES if value.value_sums >= 0 else -1
                emit(scratch, home, memory, value.value + to, pixels, False, sums)
            if value.positive >= 0:
                sums = value.positive_sums + 2 * index * LANES if value.positive_sums >= 0 else -1
                emit(scratch, home, memory, value.positive + to, pixels, True, sums)
            inside = (group * value.panels + panel) * padded + (value.top + y) * value.padded_columns + value.left
            if value.padded >= 0:
                to = home + value.padded + inside * LANES
                pad(scratch, home, rows, value.columns, to, value.padded_columns, False)
            if value.padded_positive >= 0:
                to = home + value.padded_positive + inside * LANES
                pad(scratch, home, rows, value.columns, to, value.padded_columns, True)
    return nan


@numba.njit
def _compute_images(
    value: np.record,
    terms: np.ndarray,
    convs: np.ndarray,
    segments: np.ndarray,
    affines: np.ndarray,
    images: int,
    memory: np.ndarray,
    codes: np.ndarray,
    scratch: np.ndarray,
    home: int,
    thread: int,
    counters: np.ndarray,
) -> bool:
    """One thread's part of a pass: its share of the images, then what no other thread has taken of theirs.

    ``counters[k]`` is how much of the share of thread k is taken.
    """
    nan = False
    for x in range(home + value.border, home + value.work):  # zeros around the padded images
        scratch[x] = 0.0
    jobs = (images + value.together - 1) // value.together
    threads = len(counters)
    for k in range(threads):
        owner = (thread + k) % threads
        first, last = owner * jobs // threads, (owner + 1) * jobs // threads
        job = first + take_next(counters, owner)
        while job < last:
            start = job * value.together
            count = min(value.together, images - start)
            for g in range(count):
                nan |= _compute(value, terms, affines, start + g, g, memory, codes, scratch, home)
            for c in range(value.first_conv, value.last_conv):
                conv = convs[c]
                at = home + (value.padded_positive if conv.rectified else value.padded)
                convolve(conv, value, start, count, scratch, at, segments, memory, home + value.work)
            job = first + take_next(counters, owner)
    return nan


@numba.njit
def _prepare(
    value: np.record,
    convs: np.ndarray,
    parameters: np.ndarray,
    memory: np.ndarray,
    images: int,
    scratch: np.ndarray,
    home: int,
    thread: int,
    threads: int,
) -> None:
    """Pack the weights of this thread's share of all panels, and let the sums of these begin at 0."""
    job = 0
    for c in range(value.first_conv, value.last_conv):
        for panel in range(convs[c].panels):
            if job % threads == thread:
                pack_panel(convs[c], panel, parameters, memory, scratch, home)
            job += 1
        if thread == 0 and convs[c].sums >= 0:
            memory[convs[c].sums : convs[c].sums + images * convs[c].panels * 2 * LANES] = 0.0
    if thread == 0:
        for sums in (value.value_sums, value.positive_sums):
            if sums >= 0:
                memory[sums : sums + images * value.panels * 2 * LANES] = 0.0


@numba.njit
def _finish(value: np.record, convs: np.ndarray, memory: np.ndarray, images: int, moments: np.ndarray) -> None:
    """The moments of all that a pass has stored."""
    for c in range(value.first_conv, value.last_conv):
        conv = convs[c]
        if conv.mean >= 0:
            _finish_moments(memory, conv.sums, images, conv.panels, conv.rows * conv.columns, moments, conv.mean)
    size = value.rows * value.columns
    if value.value_mean >= 0:
        _finish_moments(memory, value.value_sums, images, value.panels, size, moments, value.value_mean)
    if value.positive_mean >= 0:
        _finish_moments(memory, value.positive_sums, images, value.panels, size, moments, value.positive_mean)


@numba.njit(parallel=True, cache=True)
def run_passes(
    passes: np.ndarray,
    terms: np.ndarray,
    convs: np.ndarray,
    segments: np.ndarray,
    parameters: np.ndarray,
    memory: np.ndarray,
    moments: np.ndarray,
    codes: np.ndarray,
    nan: np.ndarray,
    scratch: np.ndarray,
    images: int,
    threads: int,
    epsilon: float,
) -> None:
    """Run all passes in order. ``codes`` are ``(N, words)`` uint16, ``nan[p, t]`` whether thread t met a NaN in pass p.

    ``scratch`` is memory for each of the ``threads``.
    """
    share = len(scratch) // threads
    counters = np.zeros((len(passes), threads), np.int64)
    for p in range(len(passes)):
        value = passes[p]
        affines = _normalise(value, terms, parameters, moments, epsilon)
        for t in numba.prange(threads):
            _prepare(passes[p], convs, parameters, memory, images, scratch, t * share, t, threads)
        for t in numba.prange(threads):
            nan[p, t] = _compute_images(
                *(passes[p], terms, convs, segments, affines, images, memory, codes, scratch, t * share, t, counters[p])
            )
        _finish(value, convs, memory, images, moments)
