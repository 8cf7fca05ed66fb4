"""3×3 convolutions of stride 1 by Winograd's F(2×2, 3×3) and F(4×4, 3×3).

Tiles of some rows, or of some images, are transformed, multiplied part by part, and transformed back. ``parts`` of a
tile lie ``step`` floats apart, as ``(panels, conv.stride tiles, 16)`` each.
"""

from __future__ import annotations

import numba
import numpy as np

from naswotlib.scoring.compiled import tiles
from naswotlib.scoring.compiled.product import emit_rows, multiply
from naswotlib.scoring.compiled.tables import WINOGRAD_FOUR
from naswotlib.scoring.compiled.vectors import LANES


@numba.njit
def _transform_inputs(
    scratch: np.ndarray, at: int, row: int, rows: int, across: int, size: int, to: int, step: int
) -> None:
    """The tiles of ``rows`` rows of tiles of a panel, from a padded image whose rows are ``row`` floats long."""
    for r in range(rows):
        for s in range(across):
            x = at + r * size * row + s * size * LANES
            if size == 4:
                tiles.input_four(scratch, to, 6 * step, step, scratch, x, row, LANES)
            else:
                tiles.input_two(scratch, to, 4 * step, step, scratch, x, row, LANES)
            to += LANES


@numba.njit
def _transform_outputs(scratch: np.ndarray, at: int, step: int, rows: int, across: int, size: int, to: int) -> None:
    """Rows of tiles of a panel back to pixels, in rows of ``size · across``."""
    row = size * across * LANES
    for r in range(rows):
        for s in range(across):
            x = to + r * size * row + s * size * LANES
            if size == 4:
                tiles.output_four(scratch, x, row, LANES, scratch, at, 6 * step, step)
            else:
                tiles.output_two(scratch, x, row, LANES, scratch, at, 4 * step, step)
            at += LANES


@numba.njit
def convolve_tiles(
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
    """Convolve ``count`` padded images at ``at``, of which ``image`` is the first; ``work`` is free memory."""
    pairs = segments[conv.segments : conv.segments + 2 * conv.count]
    size = 4 if conv.kind == WINOGRAD_FOUR else 2
    parts = (size + 2) ** 2
    across, down = (conv.columns + size - 1) // size, (conv.rows + size - 1) // size
    panel_step = conv.stride * LANES
    in_step = conv.count * panel_step + LANES  # so that the parts of a tile do not fall on the same lines of the cache
    out_step = conv.panels * panel_step + LANES
    products = work + parts * in_step
    result = products + parts * out_step
    row = value.padded_columns * LANES
    plane = value.padded_rows * row
    for top in range(0, down, conv.band):
        rows = min(conv.band, down - top)
        start = at + (top * size + conv.top) * row + conv.left * LANES
        for g in range(count):
            for panel in range(conv.count):
                to = work + panel * panel_step + g * rows * across * LANES
                source = start + (g * conv.count + panel) * plane
                _transform_inputs(scratch, source, row, rows, across, size, to, in_step)
        for part in range(parts):
            for panel in range(0, conv.panels, 2):
                to = products + part * out_step + panel * panel_step
                begin = conv.factors + (part * conv.panels + panel) * conv.inputs * LANES
                multiply(
                    *(scratch, to, conv.stride, count * rows * across, scratch, work + part * in_step, LANES),
                    *(pairs, conv.count, memory, begin, min(2, conv.panels - panel)),
                )
        band = conv.band * size * size * across
        for g in range(count):
            for panel in range(conv.panels):
                source = products + panel * panel_step + g * rows * across * LANES
                _transform_outputs(scratch, source, out_step, rows, across, size, result + panel * band * LANES)
            y = top * size
            last = min(rows * size, conv.rows - y)
            emit_rows(conv, image + g, y, last, scratch, result, size * across, band, memory)
