"""Weights of convolutions, packed as the register tiles read them: one output channel a lane."""

from __future__ import annotations

import numba
import numpy as np

from naswotlib.scoring.compiled import tiles
from naswotlib.scoring.compiled.tables import DEPTHWISE, SEPARABLE, WINOGRAD_FOUR, WINOGRAD_TWO
from naswotlib.scoring.compiled.vectors import LANES, load, store

SCRATCH = 45 * LANES  # floats that packing needs for itself


@numba.njit
def pack_panel(
    conv: np.record, panel: int, parameters: np.ndarray, memory: np.ndarray, scratch: np.ndarray, at: int
) -> None:
    """Pack the weights of 16 output channels; ``at`` is scratch memory for :data:`SCRATCH` floats."""
    if conv.kind in (WINOGRAD_TWO, WINOGRAD_FOUR):
        _pack_winograd(conv, panel, parameters, memory, scratch, at)
        return
    if conv.kind in (SEPARABLE, DEPTHWISE):
        # A pointwise convolution may have fewer panels than the depthwise one in front of it, or more.
        for p in range(panel, (conv.inputs + LANES - 1) // LANES, conv.panels):
            _pack_depthwise(conv, p, parameters, memory)
    if conv.kind != DEPTHWISE:
        _pack_product(conv, panel, parameters, memory)


@numba.njit
def _place(panel: int, panels: int) -> tuple[int, int, int]:
    """First panel of the tile that computes a panel, its place in the tile, and the panels of the tile."""
    first = panel // 2 * 2
    return first, panel - first, min(2, panels - first)


@numba.njit
def _pack_depthwise(conv: np.record, panel: int, parameters: np.ndarray, memory: np.ndarray) -> None:
    """``(panels, taps, 16)``."""
    for tap in range(conv.tap_count):
        to = conv.depthwise_factors + (panel * conv.tap_count + tap) * LANES
        for lane in range(LANES):
            channel = panel * LANES + lane
            inside = channel < conv.inputs
            memory[to + lane] = parameters[conv.depthwise + channel * conv.tap_count + tap] if inside else 0.0


@numba.njit
def _pack_product(conv: np.record, panel: int, parameters: np.ndarray, memory: np.ndarray) -> None:
    """``(tiles, taps, inputs, panels of the tile, 16)``."""
    first, place, together = _place(panel, conv.panels)
    taps = 1 if conv.kind == SEPARABLE else conv.kernel_rows * conv.kernel_columns
    row = conv.inputs * taps
    lanes = min(LANES, conv.channels - panel * LANES)
    to = conv.factors + first * LANES * row + place * LANES
    for tap in range(taps):
        for k in range(conv.inputs):
            start = conv.weight + panel * LANES * row + k * taps + tap
            for lane in range(LANES):
                memory[to + lane] = parameters[start + lane * row] if lane < lanes else 0.0
            to += together * LANES


@numba.njit
def _pack_winograd(
    conv: np.record, panel: int, parameters: np.ndarray, memory: np.ndarray, scratch: np.ndarray, at: int
) -> None:
    """``G w Gᵀ`` as ``(parts, tiles, inputs, panels of the tile, 16)``."""
    first, place, together = _place(panel, conv.panels)
    lanes = min(LANES, conv.channels - panel * LANES)
    step = conv.panels * conv.inputs * LANES
    side = 6 if conv.kind == WINOGRAD_FOUR else 4
    parts = at + 9 * LANES
    scratch[at:parts] = 0.0
    for k in range(conv.inputs):
        for lane in range(lanes):
            start = conv.weight + ((panel * LANES + lane) * conv.inputs + k) * 9
            for tap in range(9):
                scratch[at + tap * LANES + lane] = parameters[start + tap]
        if side == 6:
            tiles.weight_four(scratch, parts, 6 * LANES, LANES, scratch, at, 3 * LANES, LANES)
        else:
            tiles.weight_two(scratch, parts, 4 * LANES, LANES, scratch, at, 3 * LANES, LANES)
        to = conv.factors + (first * conv.inputs + k * together + place) * LANES
        for part in range(side * side):
            store(memory, to + part * step, load(scratch, parts + part * LANES))
