"""TransNAS-Bench-101: 4,096 cells and 3,256 skeletons of one network, trained on seven tasks (Duan et al., CVPR 2021).

The networks follow the benchmark's own code, github.com/yawen-d/TransNASBench at commit 6c6e8b9:
``lib/models/net_infer/net_macro.py`` (skeleton, initial weights), ``cell_micro.py`` beside it (cells) and
``lib/models/net_ops/cell_ops.py`` (operations). Its published table of accuracies has neither parameters nor
multiply-adds, so that no size could be compared with one; the set of skeletons and their order are those of the table.

Here a network has the head of the classification tasks, mean over pixels and a linear classifier. The heads of the
other tasks begin at the same backbone, where all ReLUs are: what the score counts is the same for all seven tasks but
for the image, 256 pixels a side (jigsaw: nine tiles of 64).
"""

from __future__ import annotations

import re
from functools import cached_property
from itertools import combinations, pairwise, product

import numpy as np

from naswotlib.errors import check_at_least, check_choice
from naswotlib.graph import Graph
from naswotlib.spaces.base import Edge, EnumeratedSpace, register_space
from naswotlib.spaces.digits import Digits
from naswotlib.spaces.nasbench201 import EDGES, Cell, NASBench201
from naswotlib.spaces.nds_ops import add_factorized_reduction, uncount_without_gradient

OPERATIONS = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3")  # by digit
MODULES = {1: "normal", 2: "2× channels", 3: "½ side", 4: "2× channels, ½ side"}
LENGTHS, DOUBLINGS, HALVINGS = (4, 5, 6), (1, 2, 3), (1, 2, 3, 4)
CELLS_PER_MODULE = 2
MICRO_MODULES = (4, 1, 4, 1, 4)


def _begin(stem_channels: int, num_classes: int) -> tuple[Graph, int]:
    """A graph with the stem, which quarters the side, and its result."""
    check_at_least("num_classes", num_classes, 1)
    check_at_least("stem_channels", stem_channels, 2)
    if stem_channels % 2:
        raise ValueError(f"stem_channels: expected an even number, since the stem halves it, got {stem_channels}")
    graph = Graph(init="resnet")
    x = graph.conv(graph.input(3), stem_channels // 2, 3, name="stem.conv", stride=2, padding=1)
    x = graph.batch_norm(x, name="stem.bn")
    return graph, graph.relu_conv_bn(x, stem_channels, 3, name="stem.block", stride=2)


def _shape_of(module: int, channels: int) -> tuple[int, int]:
    """Channels and stride of the first cell of a module that reads ``channels``."""
    return channels * (2 if module in (2, 4) else 1), 2 if module in (3, 4) else 1


def _add_cell(graph: Graph, x: int, cell: Cell, channels: int, stride: int, name: str, severed: set[int]) -> int:
    """Append a cell; zeros that do not depend on ``x`` are added to ``severed``."""
    nodes = [x]
    for target in (1, 2, 3):
        terms = []
        for op, (source, edge_target) in zip(cell.ops, EDGES, strict=True):
            if edge_target == target:
                step, path = stride if source == 0 else 1, f"{name}.{source}_to_{target}"
                terms.append(_add_edge(graph, nodes[source], op, channels, step, path, severed))
        nodes.append(graph.add(*terms))
    return nodes[3]


def _add_edge(graph: Graph, x: int, op: str, channels: int, stride: int, name: str, severed: set[int]) -> int:
    if op == "none":
        zero = graph.zero(x, stride=stride)
        if graph.channels(x) != channels:  # the benchmark makes new zeros, which no gradient passes
            zero = graph.concat(zero, zero)
            severed.add(zero)
        return zero
    if op == "skip_connect":
        return x if stride == 1 else add_factorized_reduction(graph, x, channels, name)
    return graph.relu_conv_bn(x, channels, 3 if op == "nor_conv_3x3" else 1, name=name, stride=stride)


def _add_residual(graph: Graph, x: int, channels: int, stride: int, name: str) -> int:
    """Append a ResNet basic block, ReLU first; no ReLU follows its sum."""
    y = graph.relu_conv_bn(x, channels, 3, name=f"{name}.conv_a", stride=stride)
    y = graph.relu_conv_bn(y, channels, 3, name=f"{name}.conv_b")
    if stride == 1 and graph.channels(x) == channels:
        return graph.add(x, y)
    shortcut = graph.conv(x, channels, 1, name=f"{name}.downsample.conv", stride=stride)
    return graph.add(graph.batch_norm(shortcut, name=f"{name}.downsample.bn"), y)


@register_space("transnas101_micro")
class TransNASMicro(NASBench201):
    """4,096 cells of four nodes and six edges, as NAS-Bench-201's without pooling, on one skeleton of five modules.

    Architectures are cells of NAS-Bench-201 and mutate as they do; the texts are the benchmark's. Official order is
    that of ``itertools.product`` over the operations, last edge fastest.

    >>> space = TransNASMicro()
    >>> cell = space.from_str("64-41414-1_02_333")
    >>> cell.ops[:3], space.index(cell)
    (('skip_connect', 'none', 'nor_conv_1x1'), 1215)
    """

    name = "transnas101_micro"
    operations = OPERATIONS
    num_architectures = len(OPERATIONS) ** len(EDGES)
    _prefix = f"64-{''.join(map(str, MICRO_MODULES))}-"

    @cached_property
    def _order(self) -> np.ndarray:
        return np.arange(len(self))

    def to_str(self, arch: Cell) -> str:
        """Its text, ``64-41414-1_02_333``: the operations into nodes 1, 2 and 3."""
        digits = "".join(str(OPERATIONS.index(op)) for op in arch.ops)
        return f"{self._prefix}{digits[0]}_{digits[1:3]}_{digits[3:]}"

    def from_str(self, text: str) -> Cell:
        """The cell that ``text`` names; ValueError where it names none."""
        match = (
            re.fullmatch(rf"{self._prefix}([0-3])_([0-3]{{2}})_([0-3]{{3}})", text.strip())
            if isinstance(text, str)
            else None
        )
        if not match:
            raise ValueError(
                f"arch: {text!r} is no cell of {self.name}, expected {self._prefix}a_bc_def with digits 0 to 3"
            )
        return Cell(tuple(OPERATIONS[int(digit)] for digit in "".join(match.groups())))

    def graph(  # type: ignore[override]  # another skeleton
        self, arch: Cell, *, num_classes: int = 10, stem_channels: int = 64, cells_per_module: int = CELLS_PER_MODULE
    ) -> Graph:
        """The network: stem, five modules of ``cells_per_module`` cells, of which the first, third and fifth double the
        channels and halve the side, and the classifier.
        """
        check_at_least("cells_per_module", cells_per_module, 1)
        self._check(arch)
        graph, x = _begin(stem_channels, num_classes)
        severed = set[int]()
        for number, module in enumerate(MICRO_MODULES, start=1):
            channels, stride = _shape_of(module, graph.channels(x))
            for cell in range(1, cells_per_module + 1):
                step = stride if cell == 1 else 1
                x = _add_cell(graph, x, arch, channels, step, f"module{number}.cell{cell}", severed)
        graph.linear(graph.global_pool(x), num_classes, name="classifier")
        uncount_without_gradient(graph, severed)
        return graph


@register_space("transnas101_macro")
class TransNASMacro(EnumeratedSpace[Digits]):
    """3,256 skeletons of four to six modules of two ResNet blocks, in official index order.

    A module is 1 normal, 2 doubles the channels, 3 halves the side, 4 does both; one to three of them double, one to
    four halve.

    >>> space = TransNASMacro()
    >>> len(space), space.to_str(space[1])
    (3256, '64-2311-basic')
    """

    name = "transnas101_macro"
    arch_type = Digits
    num_architectures = 3256

    @cached_property
    def _archs(self) -> list[Digits]:
        return [
            Digits(tuple(1 + (place in doubling) + 2 * (place in halving) for place in range(length)))
            for length, doublings, halvings in product(LENGTHS, DOUBLINGS, HALVINGS)
            for doubling in combinations(range(length), doublings)
            for halving in combinations(range(length), halvings)
        ]

    @cached_property
    def _index(self) -> dict[Digits, int]:
        return {arch: index for index, arch in enumerate(self._archs)}

    def at(self, index: int) -> Digits:
        return self._archs[index]

    def index(self, arch: object, *_: int) -> int:
        """The official index of a skeleton."""
        if arch not in self:
            raise ValueError(f"arch: {arch!r} is no skeleton of {self.name}; make one with from_str")
        return self._index[arch]  # type: ignore[index]

    def __contains__(self, arch: object) -> bool:
        return isinstance(arch, Digits) and arch in self._index

    def _check(self, arch: Digits) -> None:
        for place, module in enumerate(arch.digits, start=1):
            check_choice(f"arch, module {place} of {arch}", module, MODULES)
        doublings = sum(module in (2, 4) for module in arch.digits)
        halvings = sum(module in (3, 4) for module in arch.digits)
        for what, found, allowed in [
            ("modules", len(arch.digits), LENGTHS),
            ("modules that double the channels (2 and 4)", doublings, DOUBLINGS),
            ("modules that halve the side (3 and 4)", halvings, HALVINGS),
        ]:
            if found not in allowed:
                raise ValueError(f"arch: {arch} has {found} {what}; expected {allowed[0]} to {allowed[-1]}")

    def decisions(self, arch: Digits) -> tuple[int, ...]:
        """The kinds of six modules, 0 for those that it does not have."""
        return (*arch.digits, *[0] * (max(LENGTHS) - len(arch.digits)))

    def mutate(self, arch: Digits, rng: np.random.Generator) -> Digits:
        """Ours: one module becomes another, or is added or removed at the end; uniform over all that are skeletons."""
        values, children = self.decisions(arch), []
        for place, module in product(range(len(values)), (0, *MODULES)):
            changed = (*values[:place], module, *values[place + 1 :])
            length = len(values) - changed.count(0)
            child = Digits(changed[:length])
            if module != values[place] and 0 not in child.digits and child in self:
                children.append(child)
        return children[int(rng.integers(len(children)))]

    def cells(self, arch: Digits) -> dict[str, list[Edge]]:
        """Its modules in a row, to draw."""
        modules = (f"{place}: {MODULES[module]}" for place, module in enumerate(arch.digits, start=1))
        row = ["image", "stem", *modules, "classifier"]
        return {"network": [(before, after, "") for before, after in pairwise(row)]}

    def to_str(self, arch: Digits) -> str:
        """Its text, ``64-1234-basic``."""
        return f"64-{arch}-basic"

    def from_str(self, text: str) -> Digits:
        """The skeleton that ``text`` names; ValueError where it names none."""
        match = re.fullmatch(r"64-([0-9]{1,9})-basic", str(text).strip())
        if not match:
            raise ValueError(f"arch: {text!r} is no skeleton of {self.name}, expected a form such as 64-1234-basic")
        arch = Digits(tuple(map(int, match[1])))
        self._check(arch)
        return arch

    def graph(
        self,
        arch: Digits,
        *,
        num_classes: int = 10,
        stem_channels: int = 64,
        cells_per_module: int = CELLS_PER_MODULE,
    ) -> Graph:
        """The network: stem, the modules of ``cells_per_module`` residual blocks each, and the classifier."""
        check_at_least("cells_per_module", cells_per_module, 1)
        self._check(arch)
        graph, x = _begin(stem_channels, num_classes)
        for number, module in enumerate(arch.digits, start=1):
            channels, stride = _shape_of(module, graph.channels(x))
            for cell in range(1, cells_per_module + 1):
                x = _add_residual(graph, x, channels, stride if cell == 1 else 1, f"module{number}.cell{cell}")
        graph.linear(graph.global_pool(x), num_classes, name="classifier")
        return graph
