"""Scoring from an operation graph: only what a ReLU's input depends on is computed, and each thing once.

A :class:`naswotlib.scoring.plan.Plan` says what has to be computed, and is run in one of two ways. Exactly: the
functions that the module would call, on the tensors that it would see, so that the codes have the same bits. Fast: as
the passes of :mod:`naswotlib.scoring.schedule`, in one call of compiled loops, which add numbers in another order.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from naswotlib.graph import EPSILON, Counting, Graph
from naswotlib.scoring.compiled.exact import average_pool
from naswotlib.scoring.compiled.packing import pack_signs, run_kernel
from naswotlib.scoring.compiled.passes import run_passes
from naswotlib.scoring.compiled.vectors import LANES
from naswotlib.scoring.kernel import KernelSum
from naswotlib.scoring.plan import Plan, checked_plan, refuse_nan
from naswotlib.scoring.program import Program
from naswotlib.scoring.ready import compiling
from naswotlib.scoring.run import Weights, run_plan
from naswotlib.scoring.schedule import make_program

Codes = Iterator[tuple[int, np.ndarray, int, bool]]  # value, packed words, units, whether one is not a number


def graph_kernel(
    graph: Graph, weights: Weights, inputs: Tensor, *, counting: Counting = "once", exact: bool = True
) -> tuple[np.ndarray, dict[str, int]]:
    """K_H, ``(N, N)`` int64, and the units counted in each layer, of the network of ``graph`` on the CPU.

    ``weights`` are float32 by name of the parameter, ``inputs`` are images ``(N, C, H, W)``. ``exact`` gives the
    integers that hooks on the module give; otherwise a few signs differ by rounding.
    Raises ValueError where nothing is counted, the input of a ReLU is not a number, or weights or images do not fit.
    """
    plan = checked_plan(graph, weights, inputs, counting)
    total = KernelSum(len(inputs))
    with torch.inference_mode():
        units = (_add_exactly if exact else _add_fast)(plan, weights, inputs, total)
    return total.kernel(), plan.units_by_layer(units)


def _add_exactly(plan: Plan, weights: Weights, inputs: Tensor, total: KernelSum) -> dict[int, int]:
    """Add all codes to ``total``; returns the units of each value."""
    counts = plan.counts()
    units = {}
    for value, words, size, nan in run_exactly(plan, weights, inputs):
        if nan:
            refuse_nan(plan, value)
        total.add(words, size, counts[value])
        units[value] = size
    return units


def _add_fast(plan: Plan, weights: Weights, inputs: Tensor, total: KernelSum) -> dict[int, int]:
    run = run_fast(plan, weights, inputs)
    codes = run.program.codes
    for value, code in codes.items():
        if run.nan[code.number].any():
            refuse_nan(plan, value)
    for count, (start, stop) in run.program.classes.items():
        units = sum(code.units for code in codes.values() if code.count == count)
        total.add(run.codes[:, start // 4 : stop // 4], units, count)
    return {value: code.units for value, code in codes.items()}


class FastRun(NamedTuple):
    """A program that was run: its codes ``(N, words)`` uint64, and ``nan[p, t]``, whether thread t met a NaN in pass p.

    ``memory`` and ``moments`` are what it left there. The next run of the same thread may write over codes and memory.
    """

    program: Program
    codes: np.ndarray
    nan: np.ndarray
    memory: np.ndarray
    moments: np.ndarray


def run_fast(plan: Plan, weights: Weights, inputs: Tensor) -> FastRun:
    """Run the program of a plan."""
    n, _, rows, columns = inputs.shape
    program = make_program(plan, (rows, columns), n)
    flat = [_flat(weights[name], groups) for name, groups in program.parameters]
    parameters = np.concatenate([np.empty(0, np.float32), *flat])  # a network may have no weights
    threads = min(torch.get_num_threads(), n)
    memory = _WORKSPACE.take("memory", program.floats)
    memory[: inputs.numel()].reshape(inputs.shape)[:] = inputs.numpy()
    codes = _WORKSPACE.take("codes", n * program.words // 2).view(np.uint16).reshape(n, program.words)
    for count, (_, stop) in program.classes.items():
        codes[:, max(code.at + code.words for code in program.codes.values() if code.count == count) : stop] = 0
    nan = np.zeros((len(program.passes), threads), np.bool_)
    moments = np.empty(program.moments)
    with compiling():
        run_kernel(
            run_passes,
            *(program.passes, program.terms, program.convs, program.segments, parameters),
            *(memory, moments, codes, nan),
            *(_WORKSPACE.take("scratch", program.scratch * threads), n, threads, EPSILON),
        )
    return FastRun(program, codes.view(np.uint64), nan, memory, moments)


class _Workspace(threading.local):
    """Memory that each thread keeps from one network to the next: the pages of fresh memory cost a tenth of a score."""

    def __init__(self) -> None:
        self._kept: dict[str, np.ndarray] = {}

    def take(self, name: str, floats: int) -> np.ndarray:
        """So many float32, with what the last user of this ``name`` left in them; more than ``KEPT`` are not kept."""
        if floats > KEPT:
            return aligned(floats)
        if name not in self._kept or len(self._kept[name]) < floats:
            self._kept[name] = aligned(floats)
        return self._kept[name][:floats]


KEPT = 2**26  # floats, 256 MiB: what a network on small images needs is a fifth of it
_WORKSPACE = _Workspace()


def aligned(floats: int) -> np.ndarray:
    """Memory for float32 that begins at a multiple of 64 bytes, with a vector before and behind it.

    Loops read vectors that begin or end within a pixel, and drop what lies outside.
    """
    memory = np.empty(floats + 3 * LANES, np.float32)
    start = LANES + -memory.ctypes.data // 4 % LANES
    return memory[start : start + floats]


def _flat(weight: Tensor, groups: int) -> np.ndarray:
    """The weights of a convolution, those between groups 0."""
    if groups == 1 or (weight.shape[1] == 1 and groups == len(weight)):
        return weight.numpy().ravel()
    outputs, inputs = len(weight) // groups, weight.shape[1]
    whole = np.zeros((len(weight), inputs * groups, *weight.shape[2:]), np.float32)
    for g in range(groups):
        rows = slice(g * outputs, (g + 1) * outputs)
        whole[rows, g * inputs : (g + 1) * inputs] = weight[rows].numpy()
    return whole.ravel()


def run_exactly(plan: Plan, weights: Weights, inputs: Tensor) -> Codes:
    """Each value that a ReLU rectifies, computed as the module would: its codes, its units, whether it has a NaN."""
    for number, y in run_plan(plan, weights, inputs, pool=average_pool):
        words, nan = pack_signs(y)
        yield number, words, y[0].numel(), nan
