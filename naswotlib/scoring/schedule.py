"""The passes of the fast engine: what is read, computed and stored together, and where in memory it lies.

A value is a list of *terms*, images that its readers sum, normalise and pool as they read them. A value is stored
only where that would be computed more than once. Each convolution is computed when its input is.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from naswotlib.graph import Op
from naswotlib.graph.sizes import fitting_size_after
from naswotlib.scoring.compiled import tables
from naswotlib.scoring.compiled.tables import CONV, PASS, TERM
from naswotlib.scoring.compiled.vectors import LANES
from naswotlib.scoring.layout import Shape, factor_floats, lay_out
from naswotlib.scoring.plan import Plan
from naswotlib.scoring.program import (
    Arena,
    Block,
    Code,
    Image,
    Pass,
    Program,
    Row,
    Size,
    Term,
    Window,
    panels,
    table_row,
    term_row,
)

_ALIGN = 32  # codes of one count begin at a multiple of 64 bytes
_POOLS = {"avg_pool": tables.MEAN, "global_pool": tables.MEAN, "max_pool": tables.MAXIMUM, "shift": tables.SHIFT}
_ADDED = {"add", "concat", "truncate"}
_ONE = ((1, 1), (1, 1), (0, 0))  # kernel, stride and padding of a 1×1 convolution


def make_program(plan: Plan, side: Size, images: int) -> Program:
    """The program of a plan for so many images of ``side`` (height, width).

    Raises ValueError where terms of a sum differ in size, or an image is smaller than what pools it.
    """
    return _Scheduler(plan, side, images).program()


@dataclass
class _Convolution:
    """A convolution, with the 1×1 convolution ``behind`` a depthwise one; ``row`` are columns of its row."""

    op: Op
    behind: Op | None
    shape: Shape
    row: Row


class _Scheduler:
    """Makes passes in the order of the operations."""

    def __init__(self, plan: Plan, side: Size, images: int) -> None:
        self.ops, self.images, self.side = plan.ops, images, side
        self.readers: dict[int, list[int]] = {number: [] for number in plan.ops}
        for number, op in plan.ops.items():
            for x in dict.fromkeys(op.inputs):
                self.readers[x].append(number)
        self.counts = plan.counts()
        self.sizes: dict[int, Size] = {}
        self.values: dict[int, list[Term]] = {}
        self.done: set[int] = set()  # operations that belong to the pass of what they read
        self.passes: list[Pass] = []
        self.blocks: list[Block] = []  # that the next pass takes
        self.codes: dict[int, Code] = {}
        self.parameters: dict[tuple[str, int], int] = {}
        self.segments: list[int] = []
        self.input: Image | None = None
        self.weights = self.moments = self.scratch = self.flops = self.bytes = 0
        for number, op in plan.ops.items():
            self._measure(number, op)
            if op.kind != "relu" and number not in self.done:
                self._finish(number, op, self.values[number] if number in self.values else self._terms(op))

    def _measure(self, number: int, op: Op) -> None:
        sizes = [self.sizes[x] for x in op.inputs]
        for size in sizes[1:]:
            if size != sizes[0]:
                raise ValueError(
                    f"inputs: {op.kind} meets images of {size} and {sizes[0]} pixels; "
                    "use images whose sides halve evenly"
                )
        self.sizes[number] = fitting_size_after(op, sizes[0]) if sizes else self.side

    def _block(self, floats: int) -> Block:
        block = Block(floats, len(self.passes))
        self.blocks.append(block)
        return block

    def _image(self, width: int, rows: int, columns: int) -> Image:
        image = Image(self.images * width * rows * columns * LANES, len(self.passes), -1, width, rows, columns)
        self.blocks.append(image)
        return image

    def _sums(self, width: int) -> tuple[Block, int]:
        """Memory for the moments of each image, and the place of those of all."""
        self.moments += 2 * width * LANES
        return self._block(self.images * width * 2 * LANES), self.moments - 2 * width * LANES

    def _terms(self, op: Op) -> list[Term]:
        """The terms of the result of an operation that is no convolution."""
        if op.kind == "input":
            rows, columns = self.side
            self.input = image = self._image(panels(op.channels), rows, columns)
            image.floats = self.images * op.channels * rows * columns
            return [Term(image, 0, op.channels, Window(tables.PLANES))]
        parts = [self.values[x] for x in op.inputs] if op.kind != "zero" else []
        if op.kind in ("add", "concat", "zero"):
            at, terms = 0, []
            for x, part in zip(op.inputs, parts, strict=False):
                terms += [term._replace(at=at + term.at) for term in part]
                at += self.ops[x].channels if op.kind == "concat" else 0
            return terms
        if op.kind == "truncate":
            return [t._replace(width=min(t.width, op.channels - t.at)) for t in parts[0] if t.at < op.channels]
        if op.kind == "batch_norm":
            scale, shift = (self._parameter(f"{op.name}.{part}", op.channels) for part in ("weight", "bias"))
            return [term._replace(scale=scale + term.at, shift=shift + term.at) for term in parts[0]]
        kernel = self.sizes[op.inputs[0]] if op.kind == "global_pool" else op.kernel
        window = Window(_POOLS[op.kind], kernel, op.stride, op.padding)
        return [term._replace(window=window) for term in parts[0]]

    def _parameter(self, name: str, floats: int, groups: int = 1) -> int:
        """Where a weight of so many floats lies among the parameters."""
        key = name, groups
        if key not in self.parameters:
            self.parameters[key] = self.weights
            self.weights += floats
        return self.parameters[key]

    def _is_lazy(self, terms: list[Term], readers: list[Op], *, read_once: bool) -> bool:
        """Whether readers can take the terms of a value as they are, and it need not be stored."""
        ends = sorted((term.at, term.at + term.width) for term in terms)
        apart = all(end <= at for (_, end), (at, _) in pairwise(ends))
        pooled = any(term.window.kind != tables.PLAIN for term in terms)
        rectified = [term.rectified for term in terms]
        raw = not any(rectified) and all(term.scale < 0 and term.shift < 0 for term in terms)
        if not (apart and not pooled) and not (read_once and len(terms) <= 2 and readers[0].kind in _ADDED):
            return False
        for op in readers:
            if op.kind == "batch_norm" and not (raw and apart and all(term.mean >= 0 for term in terms)):
                return False
            ready = raw or _POOLS.get(op.kind) == tables.MEAN or (op.kind != "shift" and all(rectified))
            if op.kind in _POOLS and (pooled or not (apart and ready)):
                return False
        return True

    def _finish(self, number: int, op: Op, terms: list[Term]) -> None:
        """Make the pass of a value, if it needs one."""
        relu = next((r for r in self.readers[number] if self.ops[r].kind == "relu"), None)
        convs: list[tuple[int, bool, int]] = []
        stored: list[list[Op]] = []
        for x, rectified in ((number, False), (relu, True)):
            others: list[int] = []
            if x is not None:
                self.sizes[x] = self.sizes[number]
                self._split(x, rectified, 0, convs, others)
            stored.append([self.ops[r] for r in others])
        coded = number in self.counts
        keep = bool(stored[0])
        if keep and self._is_lazy(
            terms, stored[0], read_once=len(stored[0]) == 1 and stored[0][0].inputs.count(number) == 1
        ):
            self.values[number] = terms
            keep = False
        if stored[1] and relu is not None and _rectifies_late(terms, stored[1]):
            self.values[relu], stored[1] = [terms[0]._replace(rectified=True)], []
        if not (convs or coded or keep or stored[1]):
            return
        rows, columns = self.sizes[number]
        width = panels(op.channels)
        row: Row = dict.fromkeys(PASS.names or (), -1)
        row |= {"panels": width, "rows": rows, "columns": columns}
        if coded:
            units = rows * columns
            self.codes[number] = Code(len(self.passes), units * op.channels, self.counts[number], units * width)
        if keep:
            self.values[number] = [self._store(row, "value", op, stored[0])]
        if stored[1] and relu is not None:
            self.values[relu] = [self._store(row, "positive", op, stored[1])]
        for term in terms:
            term.image.last = len(self.passes)
        found = [self._convolution(*conv) for conv in convs]
        widest = max([term.image.columns for term in terms], default=0)
        layout = lay_out(tuple([conv.shape for conv in found]), widest, (rows, columns), width)
        row |= layout.row
        for conv, of_shape in zip(found, layout.convs, strict=True):
            self._write(conv, of_shape)
        self.segments += layout.segments
        self.scratch = max(self.scratch, layout.scratch)
        written = [block.floats for block in self.blocks if isinstance(block, Image) and block is not self.input]
        self.bytes += (
            4 * (sum(term.image.floats for term in terms) + sum(written))
            + coded * self.images * rows * columns * width * 2
        )
        self.passes.append(Pass(row, terms, [conv.row for conv in found], self.blocks))
        self.blocks = []

    def _convolution(self, number: int, rectified: bool, shift: int) -> _Convolution:
        """A convolution that reads the value of the pass, with the 1×1 convolution behind it if that reads it alone."""
        op = self.ops[number]
        x = op.inputs[0]
        inputs = self.ops[x].channels
        rows, columns = fitting_size_after(op, self.sizes[x])
        readers = self.readers[number]
        behind = None
        shape = Shape(
            *(op.kernel, op.stride, op.padding, op.dilation, op.groups, inputs, op.channels, rows, columns),
            *(rectified, shift),
        )
        if shape.is_depthwise and len(readers) == 1 and number not in self.counts:
            reader = self.ops[readers[0]]
            if reader.kind == "conv" and reader.groups == 1 and (reader.kernel, reader.stride, reader.padding) == _ONE:
                behind, shape = reader, shape._replace(behind=reader.channels)
        if behind is not None:
            self.done.add(number)
            number = readers[0]
        self.flops += self.images * shape.flops
        image = self._image(panels(shape.out), rows, columns)
        conv = _Convolution(op, behind, shape, {"out": image})
        self.values[number] = [Term(image, 0, shape.out)]
        if any(self.ops[r].kind in ("batch_norm", "concat", "truncate") for r in self.readers[number]):
            conv.row["sums"], mean = self._sums(panels(shape.out))
            conv.row["mean"] = mean
            self.values[number] = [Term(image, 0, shape.out, mean=mean)]
        if op.kind == "linear":
            shifts = self._parameter(f"{op.name}.bias", op.channels)
            self.values[number] = [term._replace(shift=shifts) for term in self.values[number]]
        return conv

    def _write(self, conv: _Convolution, layout: Row) -> None:
        """The row of a convolution, and where its weights lie, as torch has them and packed."""
        op, shape, kernel = conv.op, conv.shape, conv.op.kernel[0] * conv.op.kernel[1]
        conv.row = layout | conv.row
        conv.row["segments"] += len(self.segments)
        conv.row["taps"] += len(self.segments)
        floats, deep = factor_floats(shape)
        conv.row["factors"] = self._block(floats)
        if shape.is_depthwise:
            conv.row["depthwise"] = self._parameter(f"{op.name}.weight", op.channels * kernel)
            conv.row["depthwise_factors"] = self._block(deep)
            op, kernel = conv.behind or op, 1
        if floats:
            size = op.channels * shape.inputs * kernel
            conv.row["weight"] = self._parameter(f"{op.name}.weight", size, op.groups)

    def _store(self, row: Row, name: str, op: Op, readers: list[Op]) -> Term:
        """Store a value, or its positive part, with its moments where a normalisation reads it."""
        width, rows, columns = panels(op.channels), row["rows"], row["columns"]
        image = self._image(width, rows, columns)
        row[name] = image
        term = Term(image, 0, op.channels)
        if any(reader.kind == "batch_norm" for reader in readers):
            row[f"{name}_sums"], mean = self._sums(width)
            row[f"{name}_mean"] = mean
            term = term._replace(mean=mean)
        return term

    def _split(self, x: int, rectified: bool, shift: int, convs: list[Any], others: list[int]) -> None:
        """Readers of a value: convolutions, and others. A convolution reads a shifted image one pixel further on."""
        for r in self.readers[x]:
            op = self.ops[r]
            if op.kind in ("conv", "linear"):
                convs.append((r, rectified, shift))
            elif op.kind == "shift" and not shift and self._is_folded(r):
                self.done.add(r)
                self.sizes[r] = self.sizes[x]
                self._split(r, rectified, 1, convs, others)
            elif op.kind != "relu":
                others.append(r)

    def _is_folded(self, number: int) -> bool:
        readers = [self.ops[r] for r in self.readers[number]]
        return number not in self.counts and all(op.kind == "conv" and op.padding == (0, 0) for op in readers)

    def program(self) -> Program:
        """Give everything its place, and write the tables."""
        words, classes = self._lay_codes()
        for code in self.codes.values():
            self.passes[code.number].row["codes"] = code.at
        arena = Arena()
        passes: list[tuple[int, ...]] = []
        terms: list[tuple[int, ...]] = []
        convs: list[tuple[int, ...]] = []
        live: list[Block] = []
        for number, part in enumerate(self.passes):
            for block in part.blocks:
                block.start = arena.take(-(-block.floats // LANES) * LANES)
            part.row |= {"first_term": len(terms), "first_conv": len(convs)}
            terms += [term_row(term) for term in part.terms]
            convs += [table_row(conv, CONV) for conv in part.convs]
            part.row |= {"last_term": len(terms), "last_conv": len(convs)}
            passes.append(table_row(part.row, PASS))
            live += part.blocks
            for block in [block for block in live if block.last <= number]:
                arena.give(block.start, -(-block.floats // LANES) * LANES)
                live.remove(block)
        return Program(
            np.array(passes, PASS),
            np.array(terms, TERM),
            np.array(convs, CONV),
            np.array(self.segments, np.int64),
            list(self.parameters),
            self.codes,
            classes,
            words,
            self.images,
            arena.floats,
            self.moments,
            self.scratch,
            self.flops,
            self.bytes,
        )

    def _lay_codes(self) -> tuple[int, dict[int, tuple[int, int]]]:
        """Give each code its place, those that count equally often together; the words of an image, and the classes."""
        at, classes = 0, {}
        for count in sorted(set(self.counts.values())):
            first = at
            for code in self.codes.values():
                if code.count == count:
                    code.at, at = at, at + code.words
            at = -(-at // _ALIGN) * _ALIGN
            classes[count] = first, at
        return at, classes


def _rectifies_late(terms: list[Term], readers: list[Op]) -> bool:
    """Whether readers of the positive part of a value can rectify it themselves: one image, which lies in memory."""
    plain = len(terms) == 1 and terms[0].window.kind == tables.PLAIN and not terms[0].rectified
    return plain and all(op.kind in _ADDED or (op.kind in _POOLS and op.kind != "shift") for op in readers)
