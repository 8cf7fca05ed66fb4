"""A cell of NAS-Bench-101 (Ying et al., 2019): a labelled graph, and the hash that is its key in the benchmark's table.

Graphs that differ only in the names of their vertices are one cell: their :attr:`ModelSpec.hash` is equal.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import md5
from itertools import combinations, product

from naswotlib.errors import check_choice

OPERATIONS = ("conv3x3-bn-relu", "conv1x1-bn-relu", "maxpool3x3")
MAX_VERTICES = 7
MAX_EDGES = 9

Matrix = tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """A cell: ``matrix[i][j] = 1`` where an edge leads from vertex i to j > i, and an operation for each vertex.

    The first operation is ``input``, the last ``output``. Vertices that no path from input to output meets are allowed,
    as in the benchmark's own class, and take no part in network, hash and limits. Raises ValueError, with the place,
    where the graph is not one, its ends are not connected, or it is above the limits.

    >>> ModelSpec([[0, 1, 1], [0, 0, 1], [0, 0, 0]], ["input", "conv3x3-bn-relu", "output"]).hash
    'd32d0b26d534203b48d866facd98cc3e'
    """

    matrix: Matrix
    ops: tuple[str, ...]

    def __post_init__(self) -> None:
        size = len(self.ops)
        rows = [len(row) for row in self.matrix]
        if size < 2 or rows != [size] * size:
            raise ValueError(
                f"matrix: expected {size} rows of {size}, one for each of ops (2 or more), got rows of {rows}"
            )
        for i, j in product(range(size), repeat=2):
            if self.matrix[i][j] not in ((0, 1) if j > i else (0,)):
                expected = "0 or 1" if j > i else "0, since edges lead from lower to higher vertices"
                raise ValueError(f"matrix, row {i}, column {j}: expected {expected}, got {self.matrix[i][j]}")
        for vertex, op in enumerate(self.ops):
            allowed = ("input",) if vertex == 0 else ("output",) if vertex == size - 1 else OPERATIONS
            check_choice(f"ops, vertex {vertex}", op, allowed)
        # Lists and arrays are welcome; what is kept can be hashed and pickled small.
        object.__setattr__(self, "matrix", tuple(tuple(map(int, row)) for row in self.matrix))
        object.__setattr__(self, "ops", tuple(self.ops))
        if fault := fault_of(self.matrix):
            raise ValueError(f"matrix: {fault} in {self.matrix}")

    @property
    def bits(self) -> tuple[int, ...]:
        """The strict upper triangle of the matrix, row by row: one bit for each possible edge."""
        return tuple(self.matrix[i][j] for i, j in combinations(range(len(self.ops)), 2))

    @property
    def pruned(self) -> ModelSpec:
        """The spec without the vertices that no path from input to output meets."""
        kept = _kept(self.matrix)
        if len(kept) == len(self.ops):
            return self
        return ModelSpec(tuple(tuple(self.matrix[i][j] for j in kept) for i in kept), tuple(self.ops[v] for v in kept))

    @property
    def filled(self) -> ModelSpec:
        """The spec with unused vertices, which read the input, before its output, so that it has seven."""
        extra = MAX_VERTICES - len(self.ops)
        if extra <= 0:
            return self
        rows = [(*row[:-1], *[int(i == 0)] * extra, row[-1]) for i, row in enumerate(self.matrix)]
        unused = [(0,) * MAX_VERTICES] * extra
        return ModelSpec((*rows[:-1], *unused, rows[-1]), (*self.ops[:-1], *OPERATIONS[:1] * extra, "output"))

    @property
    def hash(self) -> str:
        """The benchmark's graph hash of the pruned cell: 32 hexadecimal digits, the same for isomorphic cells."""
        spec = self.pruned
        return _hash(spec.matrix, [-1, *map(OPERATIONS.index, spec.ops[1:-1]), -2])


def matrix_from_bits(bits: Iterable[int], size: int) -> Matrix:
    """The matrix of ``size`` vertices whose strict upper triangle, row by row, is ``bits``."""
    flat = iter(bits)
    return tuple(tuple(next(flat) if j > i else 0 for j in range(size)) for i in range(size))


def _kept(matrix: Matrix) -> list[int]:
    """Vertices on a path from the first to the last; none where the two are not connected."""
    last = len(matrix) - 1
    reached = {0}
    for v in range(1, last + 1):
        if any(matrix[i][v] for i in reached):
            reached.add(v)
    leading = {last}
    for v in reversed(range(last)):
        if any(matrix[v][j] for j in leading):
            leading.add(v)
    return sorted(reached & leading)


def fault_of(matrix: Matrix) -> str:
    """Why a matrix is no cell of the space; empty where it is one."""
    kept = _kept(matrix)
    if not kept:
        return f"no path leads from the input, vertex 0, to the output, vertex {len(matrix) - 1}"
    if len(kept) > MAX_VERTICES:
        return f"{len(kept)} vertices lie on paths from input to output, at most {MAX_VERTICES} may"
    edges = sum(matrix[i][j] for i, j in combinations(kept, 2))
    return f"{edges} edges lie on paths from input to output, at most {MAX_EDGES} may" if edges > MAX_EDGES else ""


def _digest(text: str) -> str:
    return md5(text.encode(), usedforsecurity=False).hexdigest()


def _hash(matrix: Matrix, labels: Sequence[int]) -> str:
    """Vertices start from degrees and label, then take in their neighbours, as often as there are vertices."""
    size = range(len(matrix))
    sources = [[i for i in size if matrix[i][v]] for v in size]
    targets = [[j for j in size if matrix[v][j]] for v in size]
    digests = [_digest(str((len(targets[v]), len(sources[v]), labels[v]))) for v in size]
    for _ in size:
        parts = [[sorted(digests[n] for n in near[v]) for near in (sources, targets)] for v in size]
        digests = [_digest(f"{''.join(ins)}|{''.join(outs)}|{digests[v]}") for v, (ins, outs) in enumerate(parts)]
    return _digest(str(sorted(digests)))


def enumerate_specs(max_vertices: int = MAX_VERTICES) -> Iterator[ModelSpec]:
    """Yield one spec of every cell with up to ``max_vertices`` vertices, in order of size: 423,624 for seven (minutes).

    Isomorphic graphs are removed before their vertices are labelled with operations, isomorphic cells after.
    """
    for size in range(2, max_vertices + 1):
        shapes: dict[str, Matrix] = {}
        for bits in product((0, 1), repeat=size * (size - 1) // 2):
            if sum(bits) <= MAX_EDGES and len(_kept(matrix := matrix_from_bits(bits, size))) == size:
                shapes.setdefault(_hash(matrix, [-1, *[0] * (size - 2), -2]), matrix)
        seen = set()
        for matrix in shapes.values():
            for labels in product(range(len(OPERATIONS)), repeat=size - 2):
                digest = _hash(matrix, [-1, *labels, -2])
                if digest not in seen:
                    seen.add(digest)
                    yield ModelSpec(matrix, ("input", *(OPERATIONS[label] for label in labels), "output"))
