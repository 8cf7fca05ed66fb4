"""Vectors of the processor in compiled loops: sixteen float32 numbers that are loaded, summed and stored together.

numba has no vectors of its own, but lets a function generate LLVM's instructions (``numba.extending.intrinsic``). Here
a vector becomes a type of numba, so that loops read like those on numbers. LLVM cuts a vector into pieces where the
processor has shorter ones; :data:`WIDE` says whether it has not, and how many sums fit its registers follows from it.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import llvmlite.binding
import numba
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic, lower_builtin, models, register_model, type_callable

LANES = 16
_INDEX = ir.IntType(32)
_CONTRACT = ("contract",)  # a product and a sum may be one instruction, rounded once


def has_wide_vectors() -> bool:
    """Whether compiled loops may use AVX-512: registers of 16 numbers, 32 of them.

    Asks numba's settings (``NUMBA_CPU_NAME``, ``NUMBA_CPU_FEATURES``) where they are made, else the processor.
    """
    if numba.config.CPU_FEATURES is not None:
        return "+avx512f" in numba.config.CPU_FEATURES
    if numba.config.CPU_NAME not in (None, "host"):
        return False
    return bool(llvmlite.binding.get_host_cpu_features().get("avx512f"))


WIDE = has_wide_vectors()


class _VectorType(types.Type):
    def __init__(self) -> None:
        super().__init__(name=f"Vector{LANES}")


Vector = _VectorType()
_LLVM = ir.VectorType(ir.FloatType(), LANES)


@register_model(_VectorType)
class _VectorModel(models.PrimitiveModel):  # type: ignore[misc]
    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, _LLVM)


class Memory:
    """Vectors of ``lanes`` elements at positions of a contiguous array, in the code that an intrinsic generates."""

    def __init__(self, context: Any, builder: ir.IRBuilder, kind: Any, array: Any, lanes: int = LANES) -> None:
        self.builder = builder
        self.vector = ir.VectorType(context.get_data_type(kind.dtype), lanes)
        self._data = context.make_array(kind)(context, builder, array).data
        self._align = kind.dtype.bitwidth // 8

    def load(self, at: Any) -> Any:
        return self.builder.load(self._address(at), align=self._align)

    def store(self, values: Any, at: Any) -> None:
        self.builder.store(values, self._address(at), align=self._align)

    def stream(self, values: Any, at: Any) -> None:
        """Store past the caches; the position is a multiple of the lanes in memory aligned to them."""
        store = self.builder.store(values, self._address(at), align=self._align * self.vector.count)
        store.set_metadata("nontemporal", self.builder.module.add_metadata([_INDEX(1)]))

    def element(self, at: Any) -> Any:
        return self.builder.gep(self._data, [at])

    def spread(self, at: Any) -> Any:
        """One element in every lane."""
        return spread_value(self.builder, self.builder.load(self.element(at)), self.vector)

    def _address(self, at: Any) -> Any:
        return self.builder.bitcast(self.element(at), self.vector.as_pointer())


def spread_value(builder: ir.IRBuilder, value: Any, vector: Any = _LLVM) -> Any:
    """A number in every lane."""
    empty = ir.Constant(vector, ir.Undefined)
    first = builder.insert_element(empty, value, ir.Constant(_INDEX, 0))
    return builder.shuffle_vector(first, empty, ir.Constant(ir.VectorType(_INDEX, vector.count), [0] * vector.count))


def multiply_add(builder: ir.IRBuilder, x: Any, y: Any, total: Any) -> Any:
    """``x · y + total``, in one instruction where there is one."""
    return builder.fadd(total, builder.fmul(x, y, flags=_CONTRACT), flags=_CONTRACT)


def accumulate(
    builder: ir.IRBuilder, rounds: Any, sums: list[Any], add: Callable[[Any, list[Any]], list[Any]]
) -> list[Any]:
    """``sums = add(round, sums)`` in at least one round, with sums in registers; ``add`` may accumulate inside."""
    before = builder.block
    body, after = builder.append_basic_block("round"), builder.append_basic_block("summed")
    builder.branch(body)
    builder.position_at_end(body)
    number = builder.phi(rounds.type)
    carried = [builder.phi(total.type) for total in sums]
    results = add(number, carried)
    following = builder.add(number, ir.Constant(rounds.type, 1))
    builder.cbranch(builder.icmp_signed("<", following, rounds), body, after)
    end = builder.block
    for phi, start, result in zip([number, *carried], [rounds.type(0), *sums], [following, *results], strict=True):
        phi.add_incoming(start, before)
        phi.add_incoming(result, end)
    builder.position_at_end(after)
    return results


def steps(builder: ir.IRBuilder, start: Any, stride: Any, count: int) -> list[Any]:
    """Positions ``start``, ``start + stride``, ..."""
    positions = [start]
    for _ in range(count - 1):
        positions.append(builder.add(positions[-1], stride))
    return positions


@intrinsic
def load(_: Any, array: Any, at: Any) -> Any:
    """The vector at a position of a contiguous array of float32."""

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> Any:
        return Memory(context, builder, signature.args[0], arguments[0]).load(arguments[1])

    return Vector(array, types.intp), generate


@intrinsic
def store(_: Any, array: Any, at: Any, vector: Any) -> Any:
    """Write a vector to a position of a contiguous array of float32."""

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> Any:
        Memory(context, builder, signature.args[0], arguments[0]).store(arguments[2], arguments[1])
        return context.get_dummy_value()

    return types.void(array, types.intp, vector), generate


@intrinsic
def stream(_: Any, array: Any, at: Any, vector: Any) -> Any:
    """Write a vector past the caches: the array is aligned to 64 bytes, the position a multiple of 16."""

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> Any:
        Memory(context, builder, signature.args[0], arguments[0]).stream(arguments[2], arguments[1])
        return context.get_dummy_value()

    return types.void(array, types.intp, vector), generate


@intrinsic
def spread(_: Any, number: Any) -> Any:
    """The vector with a float32 number in every lane."""

    def generate(__: Any, builder: ir.IRBuilder, ___: Any, arguments: Any) -> Any:
        return spread_value(builder, arguments[0])

    return Vector(types.float32), generate


@intrinsic
def fma(_: Any, x: Any, y: Any, total: Any) -> Any:
    """``x · y + total`` of three vectors."""

    def generate(__: Any, builder: ir.IRBuilder, ___: Any, arguments: Any) -> Any:
        return multiply_add(builder, *arguments)

    return Vector(x, y, total), generate


@intrinsic
def greatest(_: Any, x: Any, y: Any) -> Any:
    """The larger number in each lane; where ``x`` is not a number, ``y``."""

    def generate(__: Any, builder: ir.IRBuilder, ___: Any, arguments: Any) -> Any:
        return builder.select(builder.fcmp_ordered(">", *arguments), *arguments)

    return Vector(x, y), generate


@intrinsic
def keep(_: Any, mask: Any, x: Any) -> Any:
    """The lanes of ``x`` where ``mask`` is not 0; 0 in the others, whatever ``x`` has there."""

    def generate(__: Any, builder: ir.IRBuilder, ___: Any, arguments: Any) -> Any:
        zero = ir.Constant(_LLVM, [0.0] * LANES)
        return builder.select(builder.fcmp_unordered("!=", arguments[0], zero), arguments[1], zero)

    return Vector(mask, x), generate


@intrinsic
def signs(_: Any, x: Any) -> Any:
    """Bit b of the 16 is whether lane b is above 0."""

    def generate(__: Any, builder: ir.IRBuilder, ___: Any, arguments: Any) -> Any:
        positive = builder.fcmp_ordered(">", arguments[0], ir.Constant(_LLVM, [0.0] * LANES))
        return builder.bitcast(positive, ir.IntType(LANES))

    return types.uint16(x), generate


@intrinsic
def nans(_: Any, x: Any) -> Any:
    """Bit b of the 16 is whether lane b is not a number."""

    def generate(__: Any, builder: ir.IRBuilder, ___: Any, arguments: Any) -> Any:
        return builder.bitcast(builder.fcmp_unordered("uno", arguments[0], arguments[0]), ir.IntType(LANES))

    return types.uint16(x), generate


@intrinsic
def take_next(_: Any, counters: Any, at: Any) -> Any:
    """The value of a counter, int64, which is one more for the next thread that asks."""

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> Any:
        address = Memory(context, builder, signature.args[0], arguments[0], 1).element(arguments[1])
        return builder.atomic_rmw("add", address, ir.IntType(64)(1), "monotonic")

    return types.int64(counters, types.intp), generate


def _binary(symbol: Any, name: str) -> None:
    """``+``, ``-`` or ``*`` of two vectors, as LLVM's instruction ``name``."""

    @type_callable(symbol)
    def infer(_: Any) -> Callable[[Any, Any], Any]:
        return lambda x, y: Vector if isinstance(x, _VectorType) and isinstance(y, _VectorType) else None

    @lower_builtin(symbol, _VectorType, _VectorType)
    def generate(_: Any, builder: ir.IRBuilder, __: Any, arguments: Any) -> Any:
        return getattr(builder, name)(*arguments)


_binary(operator.add, "fadd")
_binary(operator.sub, "fsub")
_binary(operator.mul, "fmul")
