"""The Hamming kernel K_H of equation 1: from activation codes to an N×N matrix, and its log-determinant.

On the CPU a code is packed, 64 units a word, and two codes are compared by XOR and popcount. On a GPU a code
is a row of zeros and ones and all pairs are compared by one matrix product. Both give the same integers.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from functools import cache, reduce
from typing import TYPE_CHECKING, Any, TypeVar

import numba
import numpy as np
import torch
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic
from threadpoolctl import ThreadpoolController
from torch import Tensor

from naswotlib.vectors import Memory, accumulate, steps

if TYPE_CHECKING:
    from naswotlib.codes import ActivationCodes

_LANES = 8  # words of a vector
_TOGETHER = 4  # codes that one code is compared with at a time, while it lies in registers
_WORDS = 512  # words of each code compared at a time: 128 codes of that length fit the second-level cache
_EXACT = 2**24  # float32 counts every integer up to here, so no product may sum more units
_CHUNK = 2**20  # units of one product: as float32, those of 128 images take half a GiB
Result = TypeVar("Result")
_LOCK = threading.Lock()  # some of numba's thread pools take one caller at a time


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


def run_kernel(kernel: Callable[..., Result], *arguments: Any) -> Result:
    """Call a compiled kernel with as many threads as torch uses, one call at a time."""
    with _LOCK:
        threads = torch.get_num_threads()
        numba.set_num_threads(max(1, min(threads, numba.config.NUMBA_NUM_THREADS)))
        torch.set_num_threads(threads)  # starting numba's OpenMP pool, on its first use, sets torch's to its own
        return kernel(*arguments)


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


def hamming_gemm(bits: Tensor, *, chunk: int = _CHUNK) -> Tensor:
    """Hamming distances ``(N, N)`` int64 of boolean codes ``(N, units)``, on their device.

    With r the number of ones of each row, d_ij = r_i + r_j − 2 (x xᵀ)_ij: one product of zeros and ones, which
    float32 (and TF32, which accumulates in float32) sums exactly up to 2²⁴ units. Longer codes than ``chunk`` are cut,
    well before that, for the sake of memory.
    """
    if not 0 < chunk <= _EXACT:
        raise ValueError(f"chunk: expected 1 to 2**24, above which float32 does not count exactly, got {chunk}")
    ones = bits.sum(dim=1, dtype=torch.int64)
    common = torch.zeros(len(bits), len(bits), dtype=torch.int64, device=bits.device)
    for part in bits.split(chunk, dim=1):
        x = part.to(torch.float32)
        common += (x @ x.T).to(torch.int64)
    return ones[:, None] + ones[None, :] - 2 * common


class KernelSum:
    """K_H of ``num_images`` images, summed over codes that come layer by layer."""

    def __init__(self, num_images: int) -> None:
        self.num_units = 0
        self._packed: dict[int, np.ndarray] = {}  # lower triangle of the distances, by how often they count
        self._on_device: Tensor | None = None
        self._shape = (num_images, num_images)

    def add(self, bits: np.ndarray | Tensor, units: int, count: int) -> None:
        """Count ``units`` more units, ``count`` times: packed words ``(N, words)`` or booleans ``(N, units)``."""
        self.num_units += units * count
        if isinstance(bits, np.ndarray):
            run_kernel(_add_hamming, bits, self._packed.setdefault(count, np.zeros(self._shape, np.int64)))
        else:
            part = count * hamming_gemm(bits)
            self._on_device = part if self._on_device is None else self._on_device + part

    def kernel(self) -> np.ndarray:
        """K_H so far, ``(N, N)`` int64."""
        kernel = np.full(self._shape, self.num_units, np.int64)
        for count, lower in self._packed.items():
            kernel -= count * (lower + lower.T)
        if self._on_device is not None:
            kernel -= self._on_device.cpu().numpy()  # the one transfer, and the one wait, of a network on a GPU
        return kernel


def hamming_kernel(codes: ActivationCodes, *, normalize: bool = False) -> np.ndarray:
    """K_H of equation 1: ``K[i, j] = N_A − d_H(c_i, c_j)``, ``(N, N)`` int64.

    With ``normalize=True`` it is divided by N_A, float64 in [0, 1] with ones on the diagonal, as in Figure 1.
    """
    total = KernelSum(codes.num_images)
    counts: Counter[int] = Counter()
    for layer in codes.layers:
        counts[id(layer.bits)] += layer.count
    for layer in {id(layer.bits): layer for layer in codes.layers}.values():  # those of one input are compared once
        total.add(layer.bits, layer.units, counts[id(layer.bits)])
    return total.kernel() / codes.num_units if normalize else total.kernel()


@cache
def _controller() -> ThreadpoolController:
    return ThreadpoolController()


def log_determinant(kernel: np.ndarray) -> tuple[float, int]:
    """log|det K_H| of equation 2 and the rank of K_H.

    −inf where the rank is below N. The rank comes first, since ``slogdet`` alone does not see singularity: with
    126 units and 128 images rounding leaves it a finite answer.

    >>> log_determinant(np.array([[2, 0], [0, 2]]))
    (1.3862943611198906, 2)
    >>> log_determinant(np.array([[2, 2], [2, 2]]))
    (-inf, 1)
    """
    matrix = kernel.astype(np.float64)
    # One thread: the matrix is small, and threads of BLAS that wait for more work slow the next network by a third.
    with _controller().limit(limits=1, user_api="blas"):
        rank = int(np.linalg.matrix_rank(matrix))
        if rank < len(matrix):
            return -np.inf, rank
        sign, value = np.linalg.slogdet(matrix)
    return (float(value), rank) if sign == 1 else (-np.inf, rank)
