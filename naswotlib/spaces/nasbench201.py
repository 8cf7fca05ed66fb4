"""NAS-Bench-201, which is NATS-Bench's topology space: 15,625 cells (Dong & Yang, 2020).

A cell has four nodes and one operation on each of the six edges j → i, j < i; node i is the sum of what its
edges bring. The network is a stem, three stages of ``cells_per_stage`` cells with residual reductions between
them, and a classifier. Operations are ReLU-Conv-BN.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from functools import cached_property
from itertools import product

import numpy as np

from naswotlib.errors import check_at_least, check_choice
from naswotlib.graph import Graph
from naswotlib.spaces.base import Edge, EnumeratedSpace, change_one, register_space

OPERATIONS = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")
EDGES = ((0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3))  # (source, target), in the order of the string
_INTO = [[(edge, source) for edge, (source, end) in enumerate(EDGES) if end == target] for target in (1, 2, 3)]
_SHUFFLE_SEED = 88  # the benchmark shuffled its list of cells with Python's own random module


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell: an operation for each edge of :data:`EDGES`."""

    ops: tuple[str, ...]

    def __post_init__(self) -> None:
        if len(self.ops) != len(EDGES):
            raise ValueError(f"ops: a NAS-Bench-201 cell has {len(EDGES)} operations, got {len(self.ops)}: {self.ops}")
        for (source, target), op in zip(EDGES, self.ops, strict=True):
            check_choice(f"arch, edge {source}→{target}", op, OPERATIONS)


def isomorphism_class(cell: Cell) -> str:
    """A cell's function as an expression in its input ``0``: equal text, same function.

    ``#`` is a zero, ``(x)@op`` an operation, ``+`` a sum with its terms in the order of their text; a skip stands
    for its source and whatever reads exactly ``#`` is ``#``. The benchmark's 6,466 distinct topologies are its values.
    (A convention about text, not all of algebra: a node fed by two zeros is ``#+#``.)

    >>> skip, conv = "skip_connect", "nor_conv_3x3"
    >>> isomorphism_class(Cell((conv, "none", skip, "none", skip, "none")))
    '#+#+(0)@nor_conv_3x3'
    """
    nodes = ["0"]
    for incoming in _INTO:
        terms = []
        for edge, source in incoming:
            op, x = cell.ops[edge], nodes[source]
            terms.append("#" if op == "none" or x == "#" else x if op == "skip_connect" else f"({x})@{op}")
        nodes.append("+".join(sorted(terms)))
    return nodes[3]


def add_cell(graph: Graph, x: int, cell: Cell, channels: int, name: str) -> int:
    """Append one cell that reads ``x`` and has ``channels`` channels; returns its output.

    Where the width changes, a skip from node 0 is a 1×1 convolution and batch normalisation without ReLU, as in
    NATS-Bench's size space.
    """
    nodes = [x]
    for target, incoming in enumerate(_INTO, start=1):
        terms = [
            _add_edge(graph, nodes[source], cell.ops[edge], channels, f"{name}.{source}_to_{target}")
            for edge, source in incoming
        ]
        nodes.append(graph.add(*terms))
    return nodes[3]


def _add_edge(graph: Graph, x: int, op: str, channels: int, name: str) -> int:
    if op == "none":
        return graph.zero(x)
    if op == "avg_pool_3x3":
        return graph.avg_pool(x, 3, padding=1)
    if op == "skip_connect":
        if graph.channels(x) == channels:
            return x
        x = graph.conv(x, channels, 1, name=f"{name}.conv")
        return graph.batch_norm(x, name=f"{name}.bn")
    return graph.relu_conv_bn(x, channels, 3 if op == "nor_conv_3x3" else 1, name=name)


def add_reduction(graph: Graph, x: int, channels: int, name: str) -> int:
    """Append a residual block that halves the image and changes the width; no ReLU follows its sum."""
    y = graph.relu_conv_bn(x, channels, 3, name=f"{name}.conv_a", stride=2)
    y = graph.relu_conv_bn(y, channels, 3, name=f"{name}.conv_b")
    shortcut = graph.conv(graph.avg_pool(x, 2, stride=2), channels, 1, name=f"{name}.downsample")
    return graph.add(shortcut, y)


def add_stem(graph: Graph, channels: int) -> int:
    """Append input and stem: 3×3 convolution and batch normalisation, no ReLU."""
    x = graph.conv(graph.input(3), channels, 3, name="stem.conv", padding=1)
    return graph.batch_norm(x, name="stem.bn")


def add_head(graph: Graph, x: int, num_classes: int) -> int:
    """Append the last batch normalisation and ReLU, global pooling and classifier."""
    x = graph.relu(graph.batch_norm(x, name="last.bn"), name="last.relu")
    return graph.linear(graph.global_pool(x), num_classes, name="classifier")


@register_space("nasbench201")
class NASBench201(EnumeratedSpace[Cell]):
    """15,625 cells of four nodes and six edges, in official index order, on the skeleton of the paper.

    >>> space = NASBench201()
    >>> len(space), space.to_str(space[9])
    (15625, '|avg_pool_3x3~0|+|none~0|none~1|+|skip_connect~0|none~1|nor_conv_3x3~2|')
    """

    name = "nasbench201"
    arch_type = Cell
    num_architectures = len(OPERATIONS) ** len(EDGES)
    operations: tuple[str, ...] = OPERATIONS

    @cached_property
    def _order(self) -> np.ndarray:
        """Cell number (its operations as base-5 digits, first edge most significant) by official index."""
        numbers = list(range(len(self)))
        random.Random(_SHUFFLE_SEED).shuffle(numbers)
        return np.array(numbers)

    @cached_property
    def _index(self) -> np.ndarray:
        return np.argsort(self._order)

    @cached_property
    def _cells(self) -> list[tuple[str, ...]]:
        return list(product(self.operations, repeat=len(EDGES)))

    def at(self, index: int) -> Cell:
        return Cell(self._cells[self._order[index]])

    def index(self, arch: object, *_: int) -> int:
        """The official index of a cell."""
        if not isinstance(arch, Cell):
            raise ValueError(f"arch: {arch!r} is not a NAS-Bench-201 cell; make one with from_str")
        self._check(arch)
        digits = [self.operations.index(op) for op in arch.ops]
        return int(self._index[np.ravel_multi_index(digits, (len(self.operations),) * len(EDGES))])

    def _check(self, arch: Cell) -> None:
        for op in arch.ops:
            check_choice(f"arch, operation in {self.name}", op, self.operations)

    def __contains__(self, arch: object) -> bool:
        return isinstance(arch, Cell) and set(arch.ops) <= set(self.operations)

    def decisions(self, arch: Cell) -> tuple[str, ...]:
        """The six operations."""
        return arch.ops

    def cells(self, arch: Cell) -> dict[str, list[Edge]]:
        """Its cell to draw: nodes 0, the input, to 3, the output, and an operation on each edge."""
        return {"cell": [(str(i), str(j), op) for (i, j), op in zip(EDGES, arch.ops, strict=True)]}

    def mutate(self, arch: Cell, rng: np.random.Generator) -> Cell:
        """Change one edge to another operation, as the benchmark's own evolution does: a target node of 1, 2, 3, one of
        its edges, and one of the other operations, each uniform. (So edge 0→1 has probability 1/3, 2→3 only 1/9.)
        """
        incoming = _INTO[int(rng.integers(3))]
        edge = int(rng.choice([edge for edge, _ in incoming]))
        return Cell(change_one(arch.ops, edge, self.operations, rng))

    def to_str(self, arch: Cell) -> str:
        """Its text, ``|op~0|+|op~0|op~1|+|op~0|op~1|op~2|``."""
        parts = [f"{op}~{source}" for op, (source, _) in zip(arch.ops, EDGES, strict=True)]
        return f"|{parts[0]}|+|{'|'.join(parts[1:3])}|+|{'|'.join(parts[3:])}|"

    def from_str(self, text: str) -> Cell:
        """The cell that ``text`` names; ValueError with the place of the fault where it names none."""
        form = "|op~0|+|op~0|op~1|+|op~0|op~1|op~2|"
        groups = text.strip().split("+") if isinstance(text, str) else []
        if len(groups) != 3:
            raise ValueError(f"arch: {text!r} has {len(groups)} groups between '+', expected 3, as in {form}")
        ops = []
        for target, group in enumerate(groups, start=1):
            edges = re.fullmatch(r"\|(.*)\|", group)
            terms = edges[1].split("|") if edges else []
            if [term.partition("~")[2] for term in terms] != [str(source) for source in range(target)]:
                raise ValueError(
                    f"arch: group {target} of {text!r} is {group!r}, expected {form.split('+')[target - 1]}"
                )
            ops += [term.partition("~")[0] for term in terms]
        cell = Cell(tuple(ops))
        self._check(cell)
        return cell

    def graph(self, arch: Cell, *, num_classes: int = 10, stem_channels: int = 16, cells_per_stage: int = 5) -> Graph:
        """Stem, three stages of ``cells_per_stage`` cells at 1, 2 and 4 times ``stem_channels``, with a residual
        reduction before the second and third, and classifier. Image sides must be multiples of 4.
        """
        check_at_least("num_classes", num_classes, 1)
        check_at_least("stem_channels", stem_channels, 1)
        check_at_least("cells_per_stage", cells_per_stage, 0)
        graph = Graph()
        x = add_stem(graph, stem_channels)
        for stage in (1, 2, 3):
            channels = stem_channels * 2 ** (stage - 1)
            if stage > 1:
                x = add_reduction(graph, x, channels, f"stage{stage}.reduction")
            for cell in range(1, cells_per_stage + 1):
                x = add_cell(graph, x, arch, channels, f"stage{stage}.cell{cell}")
        add_head(graph, x, num_classes)
        return graph


@register_space("nasbench201_complete")
class NASBench201Complete(NASBench201):
    """729 cells of NAS-Bench-201 whose edges are none, skip_connect or nor_conv_3x3.

    They are 127 functions (:func:`isomorphism_class`), of each of which the bundled benchmark has trained a network, so
    that a search that mutates never meets a cell without an accuracy. Ours, in the order of ``itertools.product``.

    >>> space = NASBench201Complete()
    >>> len(space), len({isomorphism_class(cell) for cell in space})
    (729, 127)
    """

    name = "nasbench201_complete"
    operations = ("none", "skip_connect", "nor_conv_3x3")
    num_architectures = len(operations) ** len(EDGES)

    @cached_property
    def _order(self) -> np.ndarray:
        return np.arange(len(self))
