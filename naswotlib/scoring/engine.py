"""Scoring from an operation graph: only what a ReLU's input depends on is computed, and each thing once.

A :class:`naswotlib.scoring.plan.Plan` says what has to be computed, and is run in one of two ways. Exactly: the
functions that the module would call, on the tensors that it would see, so that the codes have the same bits. Fast: as
the passes of :mod:`naswotlib.scoring.schedule`, in one call of compiled loops, which add numbers in another order.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from naswotlib.graph import EPSILON, Counting, Graph, Op
from naswotlib.graph.network import function_of
from naswotlib.scoring.compiled.exact import average_pool
from naswotlib.scoring.compiled.packing import pack_signs, run_kernel
from naswotlib.scoring.compiled.passes import run_passes
from naswotlib.scoring.kernel import KernelSum
from naswotlib.scoring.plan import Plan, make_plan
from naswotlib.scoring.program import Program
from naswotlib.scoring.schedule import make_program

Weights = dict[str, Tensor]
Codes = Iterator[tuple[int, np.ndarray, int, bool]]  # value, packed words, units, whether one is not a number


def graph_kernel(
    graph: Graph, weights: Weights, inputs: Tensor, *, counting: Counting = "once", exact: bool = True
) -> tuple[np.ndarray, dict[str, int]]:
    """K_H, ``(N, N)`` int64, and the units counted in each layer, of the network of ``graph`` on the CPU.

    ``weights`` are float32 by name of the parameter, ``inputs`` are images ``(N, C, H, W)``. ``exact`` gives the
    integers that hooks on the module give; otherwise a few signs differ by rounding.
    Raises ValueError where nothing is counted, the input of a ReLU is not a number, or weights or images do not fit.
    """
    _check(graph, weights, inputs)
    plan = make_plan(graph, counting)
    if not plan.layers:
        raise ValueError(f"graph: it has no ReLU to count (counting={counting!r})")
    total = KernelSum(len(inputs))
    with torch.inference_mode():
        units = (_add_exactly if exact else _add_fast)(plan, weights, inputs, total)
    layers: Counter[str] = Counter()
    for name, value, count in plan.layers:
        layers[name] += units[value] * count
    return total.kernel(), dict(layers)


def _refuse_nan(plan: Plan, value: int) -> None:
    name = next(name for name, rectified, _ in plan.layers if rectified == value)
    raise ValueError(f"network: the input of layer {name} contains NaN; an error is never turned into a score")


def _add_exactly(plan: Plan, weights: Weights, inputs: Tensor, total: KernelSum) -> dict[int, int]:
    """Add all codes to ``total``; returns the units of each value."""
    counts: Counter[int] = Counter()
    for _, value, count in plan.layers:
        counts[value] += count
    units = {}
    for value, words, size, nan in run_exactly(plan, weights, inputs):
        if nan:
            _refuse_nan(plan, value)
        total.add(words, size, counts[value])
        units[value] = size
    return units


def _add_fast(plan: Plan, weights: Weights, inputs: Tensor, total: KernelSum) -> dict[int, int]:
    run = run_fast(plan, weights, inputs)
    codes = run.program.codes
    for value, code in codes.items():
        if run.nan[code.number].any():
            _refuse_nan(plan, value)
    for count, (start, stop) in run.program.classes.items():
        units = sum(code.units for code in codes.values() if code.count == count)
        total.add(run.codes[:, start // 4 : stop // 4], units, count)
    return {value: code.units for value, code in codes.items()}


class FastRun(NamedTuple):
    """A program that was run: its codes ``(N, words)`` uint64, and ``nan[p, t]``, whether thread t met a NaN in pass p.

    ``memory`` and ``moments`` are what it left there.
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
    memory = aligned(program.floats)
    memory[: inputs.numel()].reshape(inputs.shape)[:] = inputs.numpy()
    codes = np.zeros((n, program.words // 4), np.uint64)
    threads = min(torch.get_num_threads(), n)
    nan = np.zeros((len(program.passes), threads), np.bool_)
    moments = np.empty(program.moments)
    run_kernel(
        run_passes,
        *(program.passes, program.terms, program.convs, program.segments, parameters),
        *(memory, moments, codes.view(np.uint16), nan),
        *(aligned(program.scratch * threads), n, threads, EPSILON),
    )
    return FastRun(program, codes, nan, memory, moments)


def aligned(floats: int) -> np.ndarray:
    """Memory for float32 that begins at a multiple of 64 bytes."""
    memory = np.empty(floats + 16, np.float32)
    start = -memory.ctypes.data // 4 % 16
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


def _check(graph: Graph, weights: Weights, inputs: Tensor) -> None:
    channels = graph.channels(0)
    if inputs.dim() != 4 or inputs.shape[1] != channels or inputs.dtype != torch.float32:
        raise ValueError(
            f"inputs: expected float32 images (N, {channels}, H, W), got {inputs.dtype} {tuple(inputs.shape)}"
        )
    for name, shape, _ in graph.parameters():
        weight = weights.get(name)
        if weight is None or weight.shape != shape:
            got = "none" if weight is None else tuple(weight.shape)
            raise ValueError(f"weights: {name} has shape {got}; the graph needs {shape}")


def _convolve(op: Op, weights: Weights, x: Tensor) -> Tensor:
    return F.conv2d(x, weights[f"{op.name}.weight"], None, op.stride, op.padding, op.dilation, op.groups)


def _linear(op: Op, weights: Weights, x: Tensor) -> Tensor:
    return F.linear(x, weights[f"{op.name}.weight"], weights[f"{op.name}.bias"])


def run_exactly(plan: Plan, weights: Weights, inputs: Tensor) -> Codes:
    """Each value that a ReLU rectifies, computed as the module would: its codes, its units, whether it has a NaN."""
    coded = {value for _, value, _ in plan.layers}
    values: dict[int, Tensor] = {}
    for number, op in plan.ops.items():
        xs = [values[x] for x in op.inputs]
        if op.kind == "input":
            y = inputs
        elif op.kind == "conv":
            y = _convolve(op, weights, xs[0])
        elif op.kind == "batch_norm":
            scale, shift = (weights[f"{op.name}.{part}"] for part in ("weight", "bias"))
            y = F.batch_norm(xs[0], None, None, scale, shift, training=True, eps=EPSILON)
        elif op.kind == "linear":
            y = _linear(op, weights, xs[0])
        elif op.kind == "avg_pool" and xs[0].is_contiguous():
            y = average_pool(xs[0], op.kernel, op.stride, op.padding)
        else:
            y = F.relu(xs[0]) if op.kind == "relu" else function_of(op)(*xs)
        if number in coded:
            words, nan = pack_signs(y)
            yield number, words, y[0].numel(), nan
        values[number] = y
        for x in plan.free[number]:
            del values[x]
