"""NAS-Bench-101: 423,624 cells, directed graphs of at most seven vertices and nine edges (Ying et al., 2019).

Vertices carry operations: each sums what its edges bring, and the output concatenates. **The default skeleton is the
one that the paper scores**, with a stem of 16 channels; the benchmark trained networks of ``stem_channels=128``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import combinations

import numpy as np

from naswotlib.errors import check_at_least, check_choice
from naswotlib.graph import Graph
from naswotlib.spaces.base import Edge, GraphSpace, change_one, register_space
from naswotlib.spaces.nasbench101_spec import MAX_VERTICES, OPERATIONS, Matrix, ModelSpec, fault_of, matrix_from_bits

_TRIANGLE = MAX_VERTICES * (MAX_VERTICES - 1) // 2
_SHORT = {op.partition("-")[0]: op for op in OPERATIONS}
_FORM = "conv3x3(0)|maxpool3x3(0,1)|output(0,2)"


def vertex_channels(matrix: Matrix, channels_in: int, channels_out: int) -> list[int]:
    """Width of every vertex of a pruned cell.

    Vertices that the output concatenates share its channels, the first ones taking one more where they do not
    divide; another is as wide as the widest that it feeds.

    >>> vertex_channels(((0, 1, 1, 0), (0, 0, 0, 1), (0, 0, 0, 1), (0, 0, 0, 0)), 16, 33)
    [16, 17, 16, 33]
    """
    last = len(matrix) - 1
    ends = [v for v in range(1, last) if matrix[v][last]]
    channels = [channels_in, *[0] * (last - 1), channels_out]
    for rank, v in enumerate(ends):
        channels[v] = channels_out // len(ends) + (rank < channels_out % len(ends))
    for v in reversed(range(1, last)):
        if v not in ends:
            channels[v] = max(channels[target] for target in range(v + 1, last) if matrix[v][target])
    return channels


def add_module(graph: Graph, x: int, spec: ModelSpec, channels: int, name: str) -> int:
    """Append one cell (``spec`` is pruned) that reads ``x`` and has ``channels`` channels; returns its output.

    Each edge from the input is a 1×1 projection; an edge from a vertex one channel wider is truncated.
    """
    matrix, last = spec.matrix, len(spec.ops) - 1
    widths = vertex_channels(matrix, graph.channels(x), channels)

    def projected(v: int) -> list[int]:
        return [graph.conv_bn_relu(x, widths[v], 1, name=f"{name}.projection{v}")] if matrix[0][v] else []

    values = {0: x}
    for v in range(1, last):
        terms = [graph.truncate(values[source], widths[v]) for source in range(1, v) if matrix[source][v]]
        total = graph.add(*terms, *projected(v))
        if spec.ops[v] == "maxpool3x3":
            values[v] = graph.max_pool(total, 3, padding=1)
        else:
            values[v] = graph.conv_bn_relu(total, widths[v], int(spec.ops[v][4]), name=f"{name}.vertex{v}")
    ends = [values[v] for v in range(1, last) if matrix[v][last]]
    # A new value, never in place: adding to the one vertex of `ends` would overwrite the output of its ReLU.
    return graph.add(*([graph.concat(*ends)] if ends else []), *projected(last))


@register_space("nasbench101")
class NASBench101(GraphSpace):
    """423,624 cells of at most seven vertices and nine edges, on the skeleton that the paper scores (stem 16).

    Architectures are :class:`ModelSpec`. The text of one names its vertices in order after the input, which is
    vertex 0, each with its sources:

    >>> space = NASBench101()
    >>> spec = space.from_str("conv1x1(0)|conv3x3(0)|conv3x3(0)|conv3x3(3)|maxpool3x3(0)|output(1,2,4,5)")
    >>> spec.hash  # the Inception-like cell of the benchmark's notebook
    '28cfc7874f6d200472e1a9dcd8650aa0'
    """

    name = "nasbench101"
    num_architectures = 423_624

    def sample(self, rng: np.random.Generator) -> ModelSpec:
        """A spec as the benchmark's searches draw it, uniform over the legal labelled graphs of seven vertices.

        That is far from uniform over the 423,624 cells: after pruning most have four or five vertices, where 85% of
        the table has seven. See :meth:`sample_table`.
        """
        while True:
            matrix = matrix_from_bits(rng.integers(2, size=_TRIANGLE).tolist(), MAX_VERTICES)
            if not fault_of(matrix):
                ops = rng.integers(len(OPERATIONS), size=MAX_VERTICES - 2)
                return ModelSpec(matrix, ("input", *(OPERATIONS[op] for op in ops), "output"))

    def sample_table(self, rng: np.random.Generator, table: Sequence[ModelSpec]) -> ModelSpec:
        """A cell as the paper draws it, uniform over the rows of a table, each a different hash."""
        return table[int(rng.integers(len(table)))]

    def decisions(self, arch: ModelSpec) -> tuple[int | str, ...]:
        """The 21 possible edges, row by row, and the five operations, of the spec filled up to seven vertices."""
        spec = arch.filled
        return (*spec.bits, *spec.ops[1:-1])

    def cells(self, arch: ModelSpec) -> dict[str, list[Edge]]:
        """Its cell to draw, pruned: numbered vertices with their operations between input and output."""
        spec = arch.pruned
        names = ["input", *(f"{v}: {op.partition('-')[0]}" for v, op in enumerate(spec.ops[1:-1], start=1)), "output"]
        edges = combinations(range(len(names)), 2)
        return {"cell": [(names[i], names[j], "") for i, j in edges if spec.matrix[i][j]]}

    def mutate(self, arch: ModelSpec, rng: np.random.Generator) -> ModelSpec:
        """Ours: add or remove one edge or replace one operation, in a way that makes another cell (another hash).

        Uniform over the decisions that can. The child keeps its unused vertices, and a smaller parent is filled up to
        seven, so that cells grow too. Where no one decision makes another cell, one that is not used changes.
        """
        spec = arch.filled
        edges, size = len(spec.bits), len(spec.ops)
        unused = []
        for position in map(int, rng.permutation(edges + size - 2)):
            if position < edges:
                matrix, ops = matrix_from_bits(change_one(spec.bits, position, (0, 1), rng), size), spec.ops
            else:
                matrix, ops = spec.matrix, change_one(spec.ops, position - edges + 1, OPERATIONS, rng)
            if not fault_of(matrix):
                child = ModelSpec(matrix, ops)
                if child.hash != spec.hash:
                    return child
                unused.append(child)
        return unused[0]

    def mutate_paper(self, arch: ModelSpec, rng: np.random.Generator) -> ModelSpec:
        """As the authors' search: flip one random edge of the pruned cell, such that it stays a cell, and prune.

        Operations never change and vertices never come back; a cell without such an edge stays as it is.
        """
        spec = arch.pruned
        for position in map(int, rng.permutation(len(spec.bits))):
            matrix = matrix_from_bits(change_one(spec.bits, position, (0, 1), rng), len(spec.ops))
            if not fault_of(matrix):
                return ModelSpec(matrix, spec.ops).pruned
        return spec

    def mutate_benchmark(self, arch: ModelSpec, rng: np.random.Generator) -> ModelSpec:
        """As the benchmark's regularised evolution, of the cell filled up to seven vertices, until it is legal: flip
        every possible edge with probability 1/7 and replace every operation with probability 1/5.
        """
        spec = arch.filled
        size = len(spec.ops)
        while True:
            flips = (rng.random(len(spec.bits)) < 1 / size).tolist()
            matrix = matrix_from_bits([bit ^ flip for bit, flip in zip(spec.bits, flips, strict=True)], size)
            ops = spec.ops
            for vertex in range(1, size - 1):
                if rng.random() < 1 / (size - 2):
                    ops = change_one(ops, vertex, OPERATIONS, rng)
            if not fault_of(matrix):
                return ModelSpec(matrix, ops)

    def to_str(self, arch: ModelSpec) -> str:
        """Its text, ``conv3x3(0)|maxpool3x3(0,1)|output(0,2)``: operation and sources of vertices 1, 2, ..."""
        vertices = []
        for v, op in enumerate(arch.ops[1:], start=1):
            sources = ",".join(str(i) for i in range(v) if arch.matrix[i][v])
            vertices.append(f"{op.partition('-')[0]}({sources})")
        return "|".join(vertices)

    def from_str(self, text: str) -> ModelSpec:
        """The cell that ``text`` names; ValueError with the place of the fault where it names none."""
        parts = text.strip().split("|") if isinstance(text, str) else []
        size = len(parts) + 1
        ops, columns = ["input"], [list[int]()]
        for v, part in enumerate(parts, start=1):
            match = re.fullmatch(r"(\w+)\(((?:\d+(?:,\d+)*)?)\)", part)
            if not match:
                raise ValueError(f"arch: vertex {v} of {text!r} is {part!r}, expected op(sources) as in {_FORM}")
            check_choice(f"arch, vertex {v}", match[1], ("output",) if v == size - 1 else _SHORT)
            ops.append(_SHORT.get(match[1], match[1]))
            sources = [int(source) for source in match[2].split(",") if source]
            if sources != sorted({source for source in sources if source < v}):
                raise ValueError(
                    f"arch: vertex {v} of {text!r} reads {sources}, expected different vertices before {v}, in order"
                )
            columns.append(sources)
        if not parts:
            raise ValueError(f"arch: {text!r} is no text of a cell, expected a form such as {_FORM}")
        matrix = tuple(tuple(int(i in column) for column in columns) for i in range(size))
        return ModelSpec(matrix, tuple(ops))

    def graph(
        self, arch: ModelSpec, *, num_classes: int = 10, stem_channels: int = 16, modules_per_stack: int = 3
    ) -> Graph:
        """Stem, three stacks of modules at 1, 2 and 4 times ``stem_channels``, with 2×2 max pooling between them, and
        classifier. Weights start as the authors' scoring has them (``fan_out``).
        """
        check_at_least("num_classes", num_classes, 1)
        check_at_least("stem_channels", stem_channels, MAX_VERTICES - 2)  # one for each vertex of a concatenation
        check_at_least("modules_per_stack", modules_per_stack, 1)
        spec = arch.pruned
        graph = Graph(init="fan_out")
        x = graph.conv_bn_relu(graph.input(3), stem_channels, 3, name="stem")
        for stack in (1, 2, 3):
            if stack > 1:
                x = graph.max_pool(x, 2, stride=2)
            for module in range(1, modules_per_stack + 1):
                x = add_module(graph, x, spec, stem_channels * 2 ** (stack - 1), f"stack{stack}.module{module}")
        graph.linear(graph.global_pool(x), num_classes, name="classifier")
        return graph
