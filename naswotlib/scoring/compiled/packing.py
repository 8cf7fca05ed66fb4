"""Compiled packing of signs, 64 units a word; and how every compiled loop is called."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, TypeVar

import numba
import numpy as np
import torch
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic
from torch import Tensor

from naswotlib.scoring.compiled.vectors import Memory

Result = TypeVar("Result")
_LOCK = threading.Lock()  # some of numba's thread pools take one caller at a time


def run_kernel(kernel: Callable[..., Result], *arguments: Any) -> Result:
    """Call a compiled kernel with as many threads as torch uses, one call at a time."""
    with _LOCK:
        threads = torch.get_num_threads()
        numba.set_num_threads(max(1, min(threads, numba.config.NUMBA_NUM_THREADS)))
        torch.set_num_threads(threads)  # starting numba's OpenMP pool, on its first use, sets torch's to its own
        return kernel(*arguments)


@intrinsic
def sign_word(_: Any, row: Any, start: Any) -> Any:
    """Bit b of the word is ``row[start + b] > 0``, for 64 values of a contiguous float vector at once."""

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> Any:
        values = Memory(context, builder, signature.args[0], arguments[0], 64)
        positive = builder.fcmp_ordered(">", values.load(arguments[1]), ir.Constant(values.vector, [0.0] * 64))
        return builder.bitcast(positive, ir.IntType(64))

    return types.uint64(row, types.intp), generate


@intrinsic
def nan_word(_: Any, row: Any, start: Any) -> Any:
    """Bit b of the word is whether ``row[start + b]`` is not a number."""

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> Any:
        values = Memory(context, builder, signature.args[0], arguments[0], 64).load(arguments[1])
        return builder.bitcast(builder.fcmp_unordered("uno", values, values), ir.IntType(64))

    return types.uint64(row, types.intp), generate


@numba.njit(cache=True)
def _pack_row(row: np.ndarray, words: np.ndarray) -> bool:
    full = len(row) // 64
    nan = np.uint64(0)
    for w in range(full):
        words[w] = sign_word(row, w * 64)
        nan |= nan_word(row, w * 64)
    if len(row) > full * 64:
        word = np.uint64(0)
        for b in range(len(row) - full * 64):
            value = row[full * 64 + b]
            word |= np.uint64(value > 0) << np.uint64(b)
            nan |= np.uint64(value != value)
        words[full] = word
    return bool(nan > 0)


@numba.njit(parallel=True, cache=True)
def _pack(values: np.ndarray, words: np.ndarray) -> bool:
    """Bit u of row i is ``values[i, u] > 0``; returns whether a value is not a number."""
    nan = 0
    for i in numba.prange(len(values)):
        nan += _pack_row(values[i], words[i])
    return bool(nan > 0)


def pack_signs(values: Tensor) -> tuple[np.ndarray, bool]:
    """Pack ``values > 0`` of a CPU tensor ``(N, ...)`` into words ``(N, ceil(units/64))`` of 64 bits.

    Units stand in the order of memory (no unit order is preferred by K_H); unused bits of the last word are 0.
    The second result says whether any value is not a number.
    """
    rows = _rows(values)
    array = (rows if rows.dtype in (torch.float32, torch.float64) else rows.float()).contiguous().numpy()
    words = np.empty((array.shape[0], -(-array.shape[1] // 64)), np.uint64)
    nan = run_kernel(_pack, array, words)
    return words, bool(nan)


def _rows(values: Tensor) -> Tensor:
    """``(N, ...)`` as ``(N, units)`` without copying, whatever the memory format, where that is possible."""
    order = sorted(range(1, values.dim()), key=values.stride, reverse=True)
    return values.permute(0, *order).reshape(values.shape[0], -1)
