"""A part of NAS-Bench-101 that mutations do not leave."""

from __future__ import annotations

from itertools import product

from naswotlib import get_space
from naswotlib.spaces.nasbench101_spec import OPERATIONS, ModelSpec, fault_of, matrix_from_bits


def small_cells() -> list[str]:
    """Every cell of at most four vertices: mutations of the paper's search stay among them."""
    cells = {}
    for size in (2, 3, 4):
        for bits in product((0, 1), repeat=size * (size - 1) // 2):
            for ops in product(OPERATIONS, repeat=size - 2):
                matrix = matrix_from_bits(bits, size)
                if not fault_of(matrix):
                    spec = ModelSpec(matrix, ("input", *ops, "output")).pruned
                    cells.setdefault(spec.hash, spec)
    assert len(cells) == 91
    return [get_space("nasbench101").to_str(spec) for spec in cells.values()]
