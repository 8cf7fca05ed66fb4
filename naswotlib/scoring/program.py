"""Parts of the fast engine's schedule: terms, images and their places in memory, and the program made of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from naswotlib.scoring.compiled import tables
from naswotlib.scoring.compiled.vectors import LANES

Size = tuple[int, int]
Row = dict[str, Any]  # columns of a row of a table; a block of memory stands for its start


def panels(channels: int) -> int:
    """Vectors that hold so many channels of a pixel."""
    return -(-channels // LANES)


@dataclass(eq=False)
class Block:
    """Some memory: where it begins, and the last pass that reads it, which is at least the one that writes it."""

    floats: int
    last: int
    start: int = -1


@dataclass(eq=False)
class Image(Block):
    """Memory that holds ``(N, panels, rows, columns, 16)``."""

    panels: int = 1
    rows: int = 1
    columns: int = 1


class Window(NamedTuple):
    """How a term reads its image."""

    kind: int = tables.PLAIN
    kernel: Size = (1, 1)
    stride: Size = (1, 1)
    padding: Size = (0, 0)


class Term(NamedTuple):
    """Channels of an image, normalised: ``mean`` is where its moments are, ``scale`` and ``shift`` are parameters.

    ``rectified`` says whether readers rectify what they normalise, before they pool or add it.
    """

    image: Image
    at: int
    width: int
    window: Window = Window()
    mean: int = -1
    scale: int = -1
    shift: int = -1
    rectified: bool = False


@dataclass
class Pass:
    """One pass: the columns of its row of the table, its terms and convolutions, and the memory that it takes first."""

    row: Row
    terms: list[Term]
    convs: list[Row]
    blocks: list[Block]


@dataclass
class Code:
    """The signs of a value: the pass that takes them, their number and place among all, and how often they count."""

    number: int
    units: int
    count: int
    words: int
    at: int = 0


@dataclass
class Program:
    """What :func:`naswotlib.scoring.compiled.passes.run_passes` runs.

    ``parameters`` are names of weights, in the order in which they lie one after the other, and the groups of a
    grouped convolution. ``codes`` stand by value, ``classes`` are the first and last + 1 word of each count, words of
    16 bits, of which an image has ``words``. ``floats``, ``moments`` and ``scratch`` are the numbers that memory,
    moments and the own memory of a thread hold. ``flops`` are the multiplications and additions of convolutions by
    their definition, ``bytes`` what must go through memory.
    """

    passes: np.ndarray
    terms: np.ndarray
    convs: np.ndarray
    segments: np.ndarray
    parameters: list[tuple[str, int]]
    codes: dict[int, Code]
    classes: dict[int, tuple[int, int]]
    words: int
    images: int
    floats: int
    moments: int
    scratch: int
    flops: int
    bytes: int


class Arena:
    """Memory for images, 16 floats aligned: each lies where one lay that nothing reads any more."""

    def __init__(self) -> None:
        self.floats = 0
        self._free: list[tuple[int, int]] = []  # start and end, in order, none next to another

    def take(self, floats: int) -> int:
        """The start of so many free floats."""
        for k, (start, end) in enumerate(self._free):
            if end - start >= floats:
                self._free[k : k + 1] = [(start + floats, end)] if end - start > floats else []
                return start
        start = self.floats
        if self._free and self._free[-1][1] == start:
            start = self._free.pop()[0]
        self.floats = start + floats
        return start

    def give(self, start: int, floats: int) -> None:
        """Take memory back."""
        self._free.append((start, start + floats))
        self._free.sort()
        merged: list[tuple[int, int]] = []
        for begin, end in self._free:
            if merged and merged[-1][1] == begin:
                merged[-1] = merged[-1][0], end
            else:
                merged.append((begin, end))
        self._free = merged


def table_row(row: Row, record: np.dtype[np.void]) -> tuple[int, ...]:
    """A row of a table, in the order of its columns."""
    return tuple([value if type(value) is int else value.start for value in map(row.__getitem__, record.names or ())])


def term_row(term: Term) -> tuple[int, ...]:
    """The row of a term in the table of that name."""
    image, window = term.image, term.window
    places = (image.start, window.kind, image.panels, image.rows, image.columns, term.at, term.width)
    return (
        *places,
        term.mean,
        term.scale,
        term.shift,
        int(term.rectified),
        *window.kernel,
        *window.stride,
        *window.padding,
    )
