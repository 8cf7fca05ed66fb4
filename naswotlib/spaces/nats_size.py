"""NATS-Bench's size space: 32,768 channel configurations of one fixed cell (Dong et al., 2021).

The network is NAS-Bench-201's with one cell a stage, and five numbers say how wide it is: stem c0, cell c0→c0,
reduction c0→c1, cell c1→c2, reduction c2→c3, cell c3→c4, classifier.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from naswotlib.errors import check_at_least, check_choice
from naswotlib.graph import Graph
from naswotlib.spaces.base import Edge, EnumeratedSpace, change_one, register_space
from naswotlib.spaces.nasbench201 import Cell, add_cell, add_head, add_reduction, add_stem

CHANNELS = tuple(range(8, 65, 8))
LAYERS = 5
_SHAPE = (len(CHANNELS),) * LAYERS
CELL = Cell(("nor_conv_3x3", "nor_conv_3x3", "nor_conv_3x3", "skip_connect", "nor_conv_3x3", "nor_conv_3x3"))


@dataclass(frozen=True, slots=True)
class Widths:
    """The five numbers of channels, each one of :data:`CHANNELS`."""

    channels: tuple[int, ...]

    def __post_init__(self) -> None:
        if len(self.channels) != LAYERS:
            raise ValueError(f"channels: expected {LAYERS} numbers, got {len(self.channels)}: {self.channels}")
        for layer, channels in enumerate(self.channels):
            check_choice(f"channels, layer {layer}", channels, CHANNELS)


@register_space("nats_size")
class NATSSize(EnumeratedSpace[Widths]):
    """32,768 choices of five numbers of channels for one cell, in official index order (last number fastest).

    >>> space = NATSSize()
    >>> len(space), space.to_str(space[22737])
    (32768, '48:40:32:24:16')
    """

    name = "nats_size"
    arch_type = Widths
    num_architectures = len(CHANNELS) ** LAYERS

    def at(self, index: int) -> Widths:
        return Widths(tuple(CHANNELS[int(digit)] for digit in np.unravel_index(index, _SHAPE)))

    def index(self, arch: object, *_: int) -> int:
        """The official index of a configuration."""
        if not isinstance(arch, Widths):
            raise ValueError(f"arch: {arch!r} is not a configuration of nats_size; make one with from_str")
        return int(np.ravel_multi_index([CHANNELS.index(channels) for channels in arch.channels], _SHAPE))

    def decisions(self, arch: Widths) -> tuple[int, ...]:
        """The five numbers."""
        return arch.channels

    def cells(self, arch: Widths) -> dict[str, list[Edge]]:
        """Its parts in a row, with their channels in and out. The cells within are all alike."""
        c = arch.channels
        widths = {"stem": (3, c[0]), "cell 1": (c[0], c[0]), "reduction 1": c[:2], "cell 2": c[1:3]}
        widths |= {"reduction 2": c[2:4], "cell 3": c[3:5]}
        parts = ["image", *(f"{part}\n{a} → {b}" for part, (a, b) in widths.items()), "classifier"]
        return {"network": [(before, after, "") for before, after in pairwise(parts)]}

    def mutate(self, arch: Widths, rng: np.random.Generator) -> Widths:
        """Change one number, uniform, to one of the seven others, uniform: always a different configuration."""
        return Widths(change_one(arch.channels, int(rng.integers(LAYERS)), CHANNELS, rng))

    def mutate_benchmark(self, arch: Widths, rng: np.random.Generator) -> Widths:
        """The benchmark's own: one number, uniform, becomes any of the eight, with probability 1/8 the same."""
        channels = list(arch.channels)
        channels[int(rng.integers(LAYERS))] = CHANNELS[int(rng.integers(len(CHANNELS)))]
        return Widths(tuple(channels))

    def to_str(self, arch: Widths) -> str:
        """Its name, ``48:40:32:24:16``."""
        return ":".join(map(str, arch.channels))

    def from_str(self, text: str) -> Widths:
        """The configuration that ``text`` names; ValueError with the place of the fault where it names none."""
        if not isinstance(text, str) or not re.fullmatch(r"\d+(:\d+)*", text.strip()):
            raise ValueError(f"arch: {text!r} is not {LAYERS} numbers between colons, as in 48:40:32:24:16")
        return Widths(tuple(map(int, text.strip().split(":"))))

    def graph(self, arch: Widths, *, num_classes: int = 10, divide: int = 1) -> Graph:
        """Stem, three cells with a residual reduction before the second and third, and classifier.

        ``divide``, one of 1, 2, 4 and 8, divides every number of channels.
        """
        check_at_least("num_classes", num_classes, 1)
        check_choice("divide", divide, (1, 2, 4, 8))
        c = [channels // divide for channels in arch.channels]
        graph = Graph()
        x = add_cell(graph, add_stem(graph, c[0]), CELL, c[0], "stage1.cell1")
        for stage, (reduced, channels) in enumerate([(c[1], c[2]), (c[3], c[4])], start=2):
            x = add_reduction(graph, x, reduced, f"stage{stage}.reduction")
            x = add_cell(graph, x, CELL, channels, f"stage{stage}.cell1")
        add_head(graph, x, num_classes)
        return graph
