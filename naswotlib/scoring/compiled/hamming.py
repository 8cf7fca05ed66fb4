"""Compiled Hamming distances of packed codes: XOR and popcount."""

from __future__ import annotations

from functools import reduce
from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from naswotlib.scoring.compiled.packing import run_kernel
from naswotlib.scoring.compiled.vectors import Memory, accumulate, steps

_LANES = 8  # words of a vector
_TOGETHER = 4  # codes that one code is compared with at a time, while it lies in registers
_WORDS = 512  # words of each code compared at a time: 128 codes of that length fit the second-level cache


def add_hamming(words: np.ndarray, lower: np.ndarray) -> None:
    """Add the distances between codes ``(N, words)`` to the lower triangle of ``lower`` ``(N, N)`` int64."""
    run_kernel(_add_hamming, words, lower)


@intrinsic
def _popcount(_: Any, __: Any) -> Any:
    """Number of ones in a 64-bit word, as one machine instruction."""

    def generate(___: Any, builder: ir.IRBuilder, ____: Any, arguments: Any) -> Any:
        return builder.ctpop(arguments[0])

    return types.uint64(types.uint64), generate


@intrinsic
def _add_distances(_: Any, sums: Any, to: Any, words: Any, x: Any, y: Any, stride: Any, rounds: Any) -> Any:
    """Add to ``sums[to + r]`` in how many bits ``words[x:]`` and ``words[y + r·stride:]`` differ, r < _TOGETHER.

    Over ``rounds`` times _LANES words, at least once.
    """

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> Any:
        codes = Memory(context, builder, signature.args[2], arguments[2], _LANES)
        others = steps(builder, arguments[4], arguments[5], _TOGETHER)
        kind = ir.FunctionType(codes.vector, [codes.vector])
        popcount = cgutils.get_or_insert_function(builder.module, kind, f"llvm.ctpop.v{_LANES}i64")

        def add(number: Any, totals: list[Any]) -> list[Any]:
            at = builder.mul(number, number.type(_LANES))
            code = codes.load(builder.add(arguments[3], at))
            return [
                builder.add(total, builder.call(popcount, [builder.xor(code, codes.load(builder.add(y, at)))]))
                for y, total in zip(others, totals, strict=True)
            ]

        zero = ir.Constant(codes.vector, [0] * _LANES)
        target = Memory(context, builder, signature.args[0], arguments[0], 1)
        totals = accumulate(builder, arguments[6], [zero] * _TOGETHER, add)
        for position, total in zip(steps(builder, arguments[1], arguments[1].type(1), _TOGETHER), totals, strict=True):
            lanes = [builder.extract_element(total, ir.IntType(32)(lane)) for lane in range(_LANES)]
            address = target.element(position)
            builder.store(reduce(builder.add, lanes, builder.load(address)), address)
        return context.get_dummy_value()

    i = types.intp
    return types.void(sums, i, words, i, i, i, i), generate


@numba.njit(cache=True)
def _add_row(words: np.ndarray, lower: np.ndarray, i: int, start: int) -> None:
    stop = min(start + _WORDS, words.shape[1])
    rounds = (stop - start) // _LANES
    together = i // _TOGETHER * _TOGETHER if rounds else 0
    for j in range(0, together, _TOGETHER):
        length = words.shape[1]
        _add_distances(
            lower.reshape(-1),
            i * len(words) + j,
            words.reshape(-1),
            i * length + start,
            j * length + start,
            length,
            rounds,
        )
    for j in range(i):
        distance = np.uint64(0)
        for w in range(start + rounds * _LANES if j < together else start, stop):
            distance += _popcount(words[i, w] ^ words[j, w])
        lower[i, j] += np.int64(distance)


@numba.njit(parallel=True, cache=True)
def _add_hamming(words: np.ndarray, lower: np.ndarray) -> None:
    """Add the pairwise Hamming distances to the lower triangle; rows p and n−1−p together cost the same."""
    n = len(words)
    for start in range(0, words.shape[1], _WORDS):
        for p in numba.prange((n + 1) // 2):
            first = np.int64(p)
            _add_row(words, lower, first, start)
            if first != n - 1 - first:
                _add_row(words, lower, n - 1 - first, start)
