"""What compiled loops need to compute on whole vectors of the processor: memory, and sums kept in registers.

numba has no vectors of its own, but lets a function generate LLVM's instructions (``numba.extending.intrinsic``).
LLVM cuts a vector into pieces where the processor has shorter ones.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir

_INDEX = ir.IntType(32)


class Memory:
    """Vectors of ``lanes`` elements at positions of a contiguous array, in the code that an intrinsic generates."""

    def __init__(self, context: Any, builder: ir.IRBuilder, kind: Any, array: Any, lanes: int) -> None:
        self.builder = builder
        self.vector = ir.VectorType(context.get_data_type(kind.dtype), lanes)
        self._data = context.make_array(kind)(context, builder, array).data
        self._align = kind.dtype.bitwidth // 8

    def load(self, at: Any) -> Any:
        return self.builder.load(self._address(at), align=self._align)

    def store(self, values: Any, at: Any) -> None:
        self.builder.store(values, self._address(at), align=self._align)

    def element(self, at: Any) -> Any:
        return self.builder.gep(self._data, [at])

    def spread(self, at: Any) -> Any:
        """One element in every lane."""
        empty = ir.Constant(self.vector, ir.Undefined)
        first = self.builder.insert_element(empty, self.builder.load(self.element(at)), ir.Constant(_INDEX, 0))
        everywhere = ir.Constant(ir.VectorType(_INDEX, self.vector.count), [0] * self.vector.count)
        return self.builder.shuffle_vector(first, empty, everywhere)

    def _address(self, at: Any) -> Any:
        return self.builder.bitcast(self.element(at), self.vector.as_pointer())


def steps(builder: ir.IRBuilder, start: Any, stride: Any, count: int) -> list[Any]:
    """Positions ``start``, ``start + stride``, ..."""
    positions = [start]
    for _ in range(count - 1):
        positions.append(builder.add(positions[-1], stride))
    return positions


def accumulate(
    builder: ir.IRBuilder, rounds: Any, sums: list[Any], add: Callable[[Any, list[Any]], list[Any]]
) -> list[Any]:
    """``sums = add(round, sums)`` in at least one round, with sums in registers; ``add`` generates no branch."""
    before = builder.block
    body, after = builder.append_basic_block("round"), builder.append_basic_block("summed")
    builder.branch(body)
    builder.position_at_end(body)
    number = builder.phi(rounds.type)
    carried = [builder.phi(total.type) for total in sums]
    results = add(number, carried)
    following = builder.add(number, ir.Constant(rounds.type, 1))
    builder.cbranch(builder.icmp_signed("<", following, rounds), body, after)
    for phi, start, result in zip([number, *carried], [rounds.type(0), *sums], [following, *results], strict=True):
        phi.add_incoming(start, before)
        phi.add_incoming(result, body)
    builder.position_at_end(after)
    return results
