"""Compiled Hamming distances of packed codes: XOR and popcount, of some codes with some others at a time."""

from __future__ import annotations

from functools import reduce
from typing import Any

import numba
import numpy as np
import torch
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from naswotlib.scoring.compiled.packing import run_kernel
from naswotlib.scoring.compiled.vectors import WIDE, Memory, accumulate

_LANES = 8  # words of a vector
_SIDE = 4 if WIDE else 2  # codes that as many codes are compared with at a time, all distances in registers
_WORDS = 512  # words of each code compared at a time: 128 codes of that length fit the second-level cache


def add_hamming(words: np.ndarray, lower: np.ndarray) -> None:
    """Add the distances between codes ``(N, words)`` uint64 to the lower triangle of ``lower`` ``(N, N)`` int64.

    The rows of ``words`` may be parts of longer ones.
    """
    whole = words if words.strides[1] == words.itemsize else np.ascontiguousarray(words)
    run_kernel(_add_hamming, whole, lower, min(torch.get_num_threads(), len(words)))


@intrinsic
def _popcount(_: Any, __: Any) -> Any:
    """Number of ones in a 64-bit word, as one machine instruction."""

    def generate(___: Any, builder: ir.IRBuilder, ____: Any, arguments: Any) -> Any:
        return builder.ctpop(arguments[0])

    return types.uint64(types.uint64), generate


@intrinsic
def _add_tile(_: Any, sums: Any, words: Any, places: Any, start: Any, rounds: Any) -> Any:
    """Add to ``sums[_SIDE·a + b]`` in how many bits codes a and b differ, over ``rounds`` vectors, at least one.

    Codes a begin at word ``places[a] + start``, codes b at ``places[_SIDE + b] + start``.
    """

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> Any:
        codes = Memory(context, builder, signature.args[1], arguments[1], _LANES)
        table = Memory(context, builder, signature.args[2], arguments[2], 1)
        target = Memory(context, builder, signature.args[0], arguments[0], 1)
        index = arguments[3].type
        begins = [builder.add(builder.load(table.element(index(k))), arguments[3]) for k in range(2 * _SIDE)]
        popcount = cgutils.get_or_insert_function(
            builder.module, ir.FunctionType(codes.vector, [codes.vector]), f"llvm.ctpop.v{_LANES}i64"
        )

        def add(number: Any, totals: list[Any]) -> list[Any]:
            at = builder.mul(number, index(_LANES))
            vectors = [codes.load(builder.add(begin, at)) for begin in begins]
            pairs = [(x, y) for x in vectors[:_SIDE] for y in vectors[_SIDE:]]
            return [
                builder.add(total, builder.call(popcount, [builder.xor(x, y)]))
                for total, (x, y) in zip(totals, pairs, strict=True)
            ]

        zero = ir.Constant(codes.vector, [0] * _LANES)
        for k, total in enumerate(accumulate(builder, arguments[4], [zero] * _SIDE**2, add)):
            lanes = [builder.extract_element(total, ir.IntType(32)(lane)) for lane in range(_LANES)]
            address = target.element(index(k))
            builder.store(reduce(builder.add, lanes, builder.load(address)), address)
        return context.get_dummy_value()

    i = types.intp
    return types.void(sums, words, places, i, i), generate


@numba.njit
def _add_tile_row(flat: np.ndarray, stride: int, lower: np.ndarray, row: int, start: int, stop: int) -> None:
    """Codes ``row`` to ``row + _SIDE`` against all before them and among themselves."""
    n = len(lower)
    places, sums = np.empty(2 * _SIDE, np.int64), np.empty(_SIDE**2, np.uint64)
    rounds = (stop - start) // _LANES
    for column in range(0, row + 1, _SIDE):
        for k in range(_SIDE):  # the last code again where there are no more
            places[k] = min(row + k, n - 1) * stride
            places[_SIDE + k] = min(column + k, n - 1) * stride
        sums[:] = 0
        if rounds:
            _add_tile(sums, flat, places, start, rounds)
        for k in range(_SIDE**2):
            i, j = row + k // _SIDE, column + k % _SIDE
            if j < i < n:
                distance = sums[k]
                for w in range(start + rounds * _LANES, stop):
                    distance += _popcount(flat[i * stride + w] ^ flat[j * stride + w])
                lower[i, j] += np.int64(distance)


@numba.njit(parallel=True, cache=True)
def _add_hamming(words: np.ndarray, lower: np.ndarray, threads: int) -> None:
    """Each thread takes some rows of tiles, of which the first and the last together cost as much as any two."""
    n, length = words.shape
    stride = words.strides[0] // words.itemsize
    flat = np.lib.stride_tricks.as_strided(words, ((n - 1) * stride + length,), (words.itemsize,))
    count = (n + _SIDE - 1) // _SIDE
    for t in numba.prange(threads):
        for start in range(0, length, _WORDS):
            for p in range(t, (count + 1) // 2, threads):
                _add_tile_row(flat, stride, lower, p * _SIDE, start, min(start + _WORDS, length))
                if p != count - 1 - p:
                    _add_tile_row(flat, stride, lower, (count - 1 - p) * _SIDE, start, min(start + _WORDS, length))
