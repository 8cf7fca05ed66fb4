"""NDS: the cells of AmoebaNet, DARTS, ENAS, NASNet and PNAS on one skeleton (Radosavovic et al., 2019).

A genotype has two cells, a normal one and one that halves the image. A cell's states are its two inputs, the
outputs of the cells before it, and then its nodes, each the sum of two operations on earlier states.
"""

from __future__ import annotations

import ast
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import partial
from typing import Any

import numpy as np

from naswotlib.errors import check_at_least, check_choice
from naswotlib.graph import Graph
from naswotlib.spaces.base import Edge, GraphSpace, change_one, register_space
from naswotlib.spaces.nds_ops import add_factorized_reduction, add_operation, uncount_without_gradient

Pairs = tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Genotype:
    """The two cells of a network, and its size.

    ``normal`` and ``reduce`` list (operation, state it reads), pairs 2i and 2i + 1 for node i, which is state
    i + 2; the ``concat``s list the states that make up a cell's output. ``width`` is the number of channels of the
    first cells, ``depth`` the number of cells. Lists are taken for tuples. Raises ValueError with the place where
    a pair is none, or reads a state that does not come before its node.
    """

    normal: Pairs
    normal_concat: tuple[int, ...]
    reduce: Pairs
    reduce_concat: tuple[int, ...]
    width: int
    depth: int

    def __post_init__(self) -> None:
        for cell in ("normal", "reduce"):
            pairs, concat = getattr(self, cell), getattr(self, f"{cell}_concat")
            for field, value in [(cell, pairs), (f"{cell}_concat", concat)]:
                if not isinstance(value, list | tuple | range):
                    raise ValueError(f"arch, {field}: expected a list, got {value!r}")
            for position, pair in enumerate(pairs):
                state = position // 2 + 2
                place = f"arch, {cell} cell, pair {position} (node {state})"
                if not isinstance(pair, list | tuple) or [type(part) for part in pair] != [str, int]:
                    raise ValueError(f"{place}: expected (operation, state), got {pair!r}")
                if not 0 <= pair[1] < state:
                    raise ValueError(f"{place}: reads state {pair[1]}, expected one before its node, 0 to {state - 1}")
            states = list(range(2, len(pairs) // 2 + 2))
            if not concat or list(concat) != [state for state in states if state in concat]:
                raise ValueError(f"arch, {cell}_concat: expected nodes among {states}, in order, got {list(concat)}")
            object.__setattr__(self, cell, tuple((op, state) for op, state in pairs))
            object.__setattr__(self, f"{cell}_concat", tuple(concat))


_FIELDS = tuple(field.name for field in fields(Genotype))


@dataclass(eq=False)
class NDSSpace(GraphSpace):
    """Genotypes over one set of operations. Their text is that of the Python value; JSON records are read too.

    ``nodes`` is how many a cell has. With ``loose`` its output is made of the nodes that no other node reads,
    else of all. ``imagenet`` chooses the stem: an eighth of the image's side instead of all of it. The
    auxiliary classifier of published records serves training alone and is left out.
    """

    name: str
    operations: tuple[str, ...]
    nodes: int
    loose: bool = False
    widths: tuple[int, ...] = (16, 24, 32)
    depths: tuple[int, ...] = (4, 8, 12, 16, 20)
    imagenet: bool = False

    def __post_init__(self) -> None:
        cell = [choices for i in range(2 * self.nodes) for choices in (self.operations, range(i // 2 + 2))]
        self._choices: list[Sequence[Any]] = [*cell, *cell, self.widths, self.depths]  # of each of the decisions
        self.num_architectures = math.prod(map(len, self._choices))
        widths, depths = (", ".join(map(str, values)) for values in (self.widths, self.depths))
        self.__doc__ = (
            f"{len(self.operations)} operations, {self.nodes} nodes a cell, width {widths}, depth {depths}, "
            f"{'ImageNet' if self.imagenet else 'CIFAR'} stem."
        )

    def decisions(self, arch: Genotype) -> tuple[str | int, ...]:
        """Operation and source of each pair of the normal cell, then of the reduce cell; width; depth."""
        return (*(value for pair in (*arch.normal, *arch.reduce) for value in pair), arch.width, arch.depth)

    def _from_decisions(self, values: Sequence[Any]) -> Genotype:
        size = 4 * self.nodes
        cells = [
            tuple(zip(values[at : at + size : 2], values[at + 1 : at + size : 2], strict=True)) for at in (0, size)
        ]
        normal, reduce = cells
        return Genotype(normal, self._concat(normal), reduce, self._concat(reduce), *values[2 * size :])

    def _concat(self, pairs: Pairs) -> tuple[int, ...]:
        read = {source for _, source in pairs} if self.loose else set()
        return tuple(state for state in range(2, self.nodes + 2) if state not in read)

    def sample(self, rng: np.random.Generator) -> Genotype:
        """Every decision uniform and independent of the others: both inputs of a node may be the same state."""
        return self._from_decisions([choices[int(rng.integers(len(choices)))] for choices in self._choices])

    def mutate(self, arch: Genotype, rng: np.random.Generator) -> Genotype:
        """Ours: one operation, source, width or depth, uniform, becomes another; what the output is made of follows."""
        free = [position for position, choices in enumerate(self._choices) if len(choices) > 1]
        position = free[int(rng.integers(len(free)))]
        return self._from_decisions(change_one(self.decisions(arch), position, self._choices[position], rng))

    def cells(self, arch: Genotype) -> dict[str, list[Edge]]:
        """Its two cells to draw: inputs 0 and 1, nodes from 2 on, and the output that concatenates some of them."""
        drawn = {}
        for cell in ("normal", "reduce"):
            pairs, concat = getattr(arch, cell), getattr(arch, f"{cell}_concat")
            edges = [(str(state), str(number // 2 + 2), op) for number, (op, state) in enumerate(pairs)]
            drawn[cell] = edges + [(str(state), "output", "") for state in concat]
        return drawn

    def to_str(self, arch: Genotype) -> str:
        """Its text, ``Genotype(normal=(('skip_connect', 0), ...), ..., width=16, depth=20)``."""
        return repr(arch)

    def from_str(self, text: str) -> Genotype:
        """The genotype that ``text`` names, in the form of :meth:`to_str` or as JSON (see :meth:`from_record`).

        Lists, pairs by node and ``range(2, 6)`` are fine; width and depth may be left out where the space has only
        one. ValueError with the place of the fault.
        """
        shown = repr(text) if len(repr(text)) < 80 else f"{text[:60]!r}..."
        try:
            if text.strip().startswith("{"):
                return self.from_record(json.loads(text))
            call = ast.parse(text.strip(), mode="eval").body
            if isinstance(call, ast.Call) and not call.args:
                return self.from_record({str(keyword.arg): _value(keyword.value) for keyword in call.keywords})
        except (SyntaxError, json.JSONDecodeError) as error:
            raise ValueError(f"arch: {shown} is neither Genotype(normal=[...], ...) nor JSON: {error}") from error
        raise ValueError(f"arch: {shown} is not of the form Genotype(normal=[...], normal_concat=[...], reduce=...)")

    def from_record(self, record: Mapping[str, Any]) -> Genotype:
        """The genotype of a published record, of its ``net`` or of a flat mapping with the fields of Genotype."""
        net = record.get("net", record)
        genotype = net.get("genotype", net) if isinstance(net, Mapping) else net
        if not isinstance(genotype, Mapping):
            raise ValueError(f"arch: expected a mapping with the fields {', '.join(_FIELDS)}, got {genotype!r}")
        found = {**net, **genotype}
        for key, choices in [("width", self.widths), ("depth", self.depths)]:
            if len(choices) == 1:
                found.setdefault(key, choices[0])
        missing = [name for name in _FIELDS if name not in found]
        if missing:
            raise ValueError(f"arch: expected the fields {', '.join(_FIELDS)}; there is no {', '.join(missing)}")
        for cell in ("normal", "reduce"):
            found[cell] = _flat(found[cell])
        arch = Genotype(*(found[name] for name in _FIELDS))
        self._check(arch)
        return arch

    def _check(self, arch: Genotype) -> None:
        for cell in ("normal", "reduce"):
            pairs: Pairs = getattr(arch, cell)
            if len(pairs) != 2 * self.nodes:
                raise ValueError(
                    f"arch, {cell} cell: {self.name} has {self.nodes} nodes of two pairs each, got {len(pairs)} pairs"
                )
            for position, (op, _) in enumerate(pairs):
                check_choice(f"arch, {cell} cell, pair {position} (node {position // 2 + 2})", op, self.operations)
        check_choice(f"arch, width in {self.name}", arch.width, self.widths)
        check_choice(f"arch, depth in {self.name}", arch.depth, self.depths)

    def graph(
        self,
        arch: Genotype,
        *,
        num_classes: int = 10,
        width: int | None = None,
        depth: int | None = None,
        divide: int = 1,
    ) -> Graph:
        """The network: stem, ``depth`` cells of which numbers ``depth // 3`` and ``2 * depth // 3`` halve the image
        and double the channels, and the classifier. ``width`` and ``depth`` stand in for those of ``arch``, and may
        be ones that the space does not have. ``divide`` makes networks that train on a desk: it divides the width,
        and of the cells beyond the three that there must be, one in ``divide`` is built.
        """
        self._check(arch)
        check_at_least("divide", divide, 1)
        width = (arch.width if width is None else width) // divide
        depth = 3 + ((arch.depth if depth is None else depth) - 3) // divide
        check_at_least("num_classes", num_classes, 1)
        check_at_least("depth", depth, 3)
        check_at_least("width", width, 2)
        if width % 2:
            raise ValueError(f"width: expected an even number, since reductions halve it, got {width}")
        graph = Graph()
        before, last = _add_imagenet_stem(graph, width) if self.imagenet else _add_cifar_stem(graph, width)
        halved = self.imagenet  # whether `before` is twice as large as `last`
        for number in range(depth):
            reduces = number in (depth // 3, 2 * depth // 3)
            width *= 2 if reduces else 1
            before, last = last, _add_cell(graph, before, last, arch, width, halved, reduces, f"cell{number}")
            halved = reduces
        graph.linear(graph.global_pool(last), num_classes, name="classifier")
        uncount_without_gradient(graph)
        return graph


def _value(node: ast.expr) -> Any:
    """The value of a literal, or of a range."""
    try:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "range":
            return list(range(*map(ast.literal_eval, node.args))[:64])
        return ast.literal_eval(node)
    except (ValueError, TypeError) as error:
        raise ValueError(f"arch: {ast.unparse(node)!r} is neither a literal nor a range") from error


def _flat(pairs: Any) -> Any:
    """The pairs of a cell; some publish them by node, two in each list."""
    by_node = isinstance(pairs, list | tuple) and all(
        isinstance(node, list | tuple) and [type(pair) for pair in node] in ([tuple] * 2, [list] * 2) for node in pairs
    )
    return [pair for node in pairs for pair in node] if by_node else pairs


def _add_cifar_stem(graph: Graph, width: int) -> tuple[int, int]:
    x = graph.conv(graph.input(3), 3 * width, 3, name="stem.conv", padding=1)
    x = graph.batch_norm(x, name="stem.bn")
    return x, x


def _add_imagenet_stem(graph: Graph, width: int) -> tuple[int, int]:
    def halve(x: int, channels: int, name: str) -> int:
        x = graph.conv(x, channels, 3, name=f"{name}.conv", stride=2, padding=1)
        return graph.batch_norm(x, name=f"{name}.bn")

    x = graph.relu(halve(graph.input(3), width // 2, "stem0"), name="stem0.relu")
    before = halve(x, width, "stem1")
    return before, halve(graph.relu(before, name="stem2.relu"), width, "stem2")


def _add_cell(
    graph: Graph, before: int, last: int, arch: Genotype, channels: int, halved: bool, reduces: bool, name: str
) -> int:
    if halved:
        states = [add_factorized_reduction(graph, before, channels, f"{name}.preprocess0")]
    else:
        states = [graph.relu_conv_bn(before, channels, 1, name=f"{name}.preprocess0")]
    states.append(graph.relu_conv_bn(last, channels, 1, name=f"{name}.preprocess1"))
    pairs = arch.reduce if reduces else arch.normal
    for node in range(2, len(pairs) // 2 + 2):
        terms = []
        for side, (op, source) in zip("ab", pairs[2 * node - 4 : 2 * node - 2], strict=True):
            stride = 2 if reduces and source < 2 else 1
            terms.append(add_operation(graph, states[source], op, stride, f"{name}.node{node}{side}"))
        states.append(graph.add(*terms))
    return graph.concat(*(states[state] for state in (arch.reduce_concat if reduces else arch.normal_concat)))


_POOLS = ("avg_pool_3x3", "max_pool_3x3")
_SEP = ("sep_conv_3x3", "sep_conv_5x5")
_AMOEBA = ("skip_connect", *_SEP, "sep_conv_7x7", *_POOLS, "dil_sep_conv_3x3", "conv_7x1_1x7")
_DARTS = ("none", "max_pool_3x3", "avg_pool_3x3", "skip_connect", *_SEP, "dil_conv_3x3", "dil_conv_5x5")
_ENAS = ("skip_connect", *_SEP, *_POOLS)
_NASNET = (
    *("skip_connect", "conv_3x1_1x3", "conv_7x1_1x7", "dil_conv_3x3", *_POOLS, "max_pool_5x5", "max_pool_7x7"),
    *("conv_1x1", "conv_3x3", *_SEP, "sep_conv_7x7"),
)
_PNAS = (*_SEP, "sep_conv_7x7", "conv_7x1_1x7", "skip_connect", *_POOLS, "dil_conv_3x3")
_FIXED: dict[str, Any] = {"widths": (16,), "depths": (20,)}
_IMAGENET: dict[str, Any] = {"widths": (32, 48, 64, 80, 96), "depths": (6, 10, 14, 18, 22), "imagenet": True}
_FIXED_IMAGENET: dict[str, Any] = {"widths": (32,), "depths": (22,), "imagenet": True}

for _name, _operations, _nodes, _options in [
    ("nds_amoeba", _AMOEBA, 5, {"loose": True}),
    ("nds_darts", _DARTS, 4, {}),
    ("nds_enas", _ENAS, 5, {"loose": True}),
    ("nds_nasnet", _NASNET, 5, {"loose": True}),
    ("nds_pnas", _PNAS, 5, {}),
    ("nds_darts_fixed", _DARTS, 4, _FIXED),
    ("nds_enas_fixed", _ENAS, 5, {"loose": True, **_FIXED}),
    ("nds_pnas_fixed", _PNAS, 5, _FIXED),
    ("nds_amoeba_imagenet", _AMOEBA, 5, {"loose": True, **_IMAGENET}),
    ("nds_darts_imagenet", _DARTS, 4, _IMAGENET),
    ("nds_enas_imagenet", _ENAS, 5, {"loose": True, **_IMAGENET}),
    ("nds_nasnet_imagenet", _NASNET, 5, {"loose": True, **_IMAGENET}),
    ("nds_pnas_imagenet", _PNAS, 5, _IMAGENET),
    ("nds_darts_fixed_imagenet", _DARTS, 4, _FIXED_IMAGENET),
]:
    register_space(_name)(partial(NDSSpace, _name, _operations, _nodes, **_options))
