"""How each convolution is computed, and where a pass keeps what in the cache: padded images, tiles, rows of results."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from naswotlib.graph import Op
from naswotlib.scoring.compiled.factors import SCRATCH
from naswotlib.scoring.compiled.tables import CONV, DEPTHWISE, DIRECT, SEPARABLE, WINOGRAD_FOUR, WINOGRAD_TWO
from naswotlib.scoring.compiled.tiles import ROWS
from naswotlib.scoring.compiled.vectors import LANES, WIDE
from naswotlib.scoring.program import Row, Size, Term, panels

_BAND = 256  # pixels of a panel that are computed at a time: 16 KiB, a third of a first-level cache
_CACHED = 2**15  # weights that stay in the second-level cache while an image is convolved band by band
_SLACK = 32 * LANES  # tiles read and write some pixels behind the last row


@dataclass
class Convolution:
    """A convolution of ``inputs`` channels to an image of ``rows`` × ``columns``.

    It reads the value of a pass, or its rectified values, ``shift`` pixels further down and right. ``behind`` is the
    1×1 convolution of what a depthwise one computes. ``row`` are its columns of the table.
    """

    op: Op
    inputs: int
    rows: int
    columns: int
    rectified: bool
    shift: int = 0
    behind: Op | None = None
    row: Row = field(default_factory=dict)

    @cached_property
    def kind(self) -> int:
        """How it is computed: the constants of :mod:`naswotlib.scoring.compiled.tables`."""
        if self.behind is not None:
            return SEPARABLE
        if is_depthwise(self.op, self.inputs):
            return DEPTHWISE
        if (self.op.kernel, self.op.stride, self.op.dilation) != ((3, 3), (1, 1), (1, 1)) or self.inputs < LANES // 2:
            return DIRECT
        return WINOGRAD_FOUR if WIDE and min(self.inputs, self.op.channels) >= 2 * LANES else WINOGRAD_TWO

    @property
    def channels(self) -> int:
        return (self.behind or self.op).channels

    @cached_property
    def tile(self) -> int:
        """Rows and columns that are computed together."""
        return {WINOGRAD_TWO: 2, WINOGRAD_FOUR: 4}.get(self.kind, 1)

    def end(self, axis: int) -> int:
        """First pixel behind those that it reads, from where its padding begins."""
        length = -(-(self.rows, self.columns)[axis] // self.tile) * self.tile
        reach = self.op.dilation[axis] * (self.op.kernel[axis] - 1) + 1
        return self.shift + (length - 1) * self.op.stride[axis] + reach

    @property
    def flops(self) -> int:
        """Multiplications and additions for one image, by the definition."""
        kernel = self.op.kernel[0] * self.op.kernel[1]
        first = 2 * self.rows * self.columns * self.op.channels * kernel * (self.inputs // self.op.groups)
        return first + (2 * self.rows * self.columns * self.op.channels * self.channels if self.behind else 0)


def is_depthwise(op: Op, inputs: int) -> bool:
    """Whether each channel is convolved by itself."""
    return op.kind == "conv" and op.groups == inputs == op.channels > 1


def lay_out(
    convs: list[Convolution],
    row: Row,
    terms: list[Term],
    size: Size,
    width: int,
    segments: list[int],
) -> int:
    """Fill in the rows of a pass and of its convolutions; returns the floats of scratch memory that a thread needs.

    ``size`` and ``width`` are height, width and panels of the value of the pass.
    """
    rows, columns = size
    top, left = (max([conv.op.padding[axis] for conv in convs], default=0) for axis in (0, 1))
    ends = [
        max([size[axis] + pad, *[pad - conv.op.padding[axis] + conv.end(axis) for conv in convs]])
        for axis, pad in ((0, top), (1, left))
    ]
    row |= {"top": top, "left": left, "padded_rows": ends[0], "padded_columns": ends[1]}
    band = max(1, min(rows, _BAND // columns))
    line = 5 * band * columns * LANES + _SLACK
    border = line + max([term.image.columns for term in terms], default=0) * LANES + _SLACK
    for conv in convs:
        _lay_convolution(conv, top, left, ends, segments)
    together = max([conv.row["together"] for conv in convs], default=1)
    row |= {"band": band, "line": line, "border": border, "together": together}
    work = border
    for name, rectified in (("padded", False), ("padded_positive", True)):
        if any(conv.rectified == rectified for conv in convs):
            row[name] = work
            work += together * width * ends[0] * ends[1] * LANES
    row["work"] = work
    return max(work + max([_work(conv) for conv in convs], default=0) + _SLACK, SCRATCH)


def _lay_convolution(conv: Convolution, top: int, left: int, ends: list[int], segments: list[int]) -> None:
    op, kind = conv.op, conv.kind
    width, deep = panels(conv.channels), panels(conv.inputs)
    row: Row = dict.fromkeys(CONV.names or (), -1)
    row |= {"kind": kind, "rectified": int(conv.rectified), "panels": width, "rows": conv.rows, "columns": conv.columns}
    row |= {
        "channels": conv.channels,
        "inputs": conv.inputs,
        "kernel_rows": op.kernel[0],
        "kernel_columns": op.kernel[1],
    }
    row |= {"row_stride": op.stride[0], "column_stride": op.stride[1]}
    row |= {"top": top - op.padding[0] + conv.shift, "left": left - op.padding[1] + conv.shift}
    if kind in (WINOGRAD_TWO, WINOGRAD_FOUR):
        row |= _lay_tiles(conv)
    else:
        pixels = max(1, _BAND // max(width, deep if kind != DIRECT else 1) // conv.columns)
        weights = conv.inputs * conv.channels * (op.kernel[0] * op.kernel[1] if kind == DIRECT else 1)
        row["band"] = min(conv.rows, pixels) if weights <= _CACHED else conv.rows
        row |= {"together": 1, "stride": row["band"] * conv.columns + LANES}
    depths = [min(LANES, conv.inputs - panel * LANES) for panel in range(deep)]
    taps = [
        (r * op.dilation[0] * ends[1] + c * op.dilation[1]) * LANES
        for r in range(op.kernel[0])
        for c in range(op.kernel[1])
    ]
    plane = ends[0] * ends[1] if kind == DIRECT else row["stride"]
    offsets = [(tap + k * plane * LANES, depths[k]) for tap in (taps if kind == DIRECT else [0]) for k in range(deep)]
    row |= {"segments": len(segments), "count": len(offsets), "depth": sum(depth for _, depth in offsets)}
    segments += [number for pair in offsets for number in pair]
    if kind in (SEPARABLE, DEPTHWISE):
        row |= {"taps": len(segments), "tap_count": len(taps)}
        segments += taps
    else:
        row |= {"taps": 0, "tap_count": 0}
    conv.row = row | conv.row


def _lay_tiles(conv: Convolution) -> dict[str, int]:
    """Rows of tiles, and images, of which all tiles are multiplied together: more where weights fill the cache."""
    down, across = (-(-length // conv.tile) for length in (conv.rows, conv.columns))
    weights = conv.inputs * conv.channels
    wanted = 16 if weights <= 2**12 else 32 if weights <= 2**14 else 64
    band = min(down, max(1, wanted // across))
    together = max(1, wanted // (down * across)) if band == down else 1
    count = band * across * together
    return {"band": band, "together": together, "stride": max(-(-count // rows) * rows for rows in ROWS.values())}


def _work(conv: Convolution) -> int:
    """Floats of scratch memory that a convolution needs beside the padded images."""
    row = conv.row
    deep = panels(conv.inputs)
    if row["kind"] not in (WINOGRAD_TWO, WINOGRAD_FOUR):
        floats: int = (row["panels"] + deep) * row["stride"] * LANES
        return floats
    parts = (conv.tile + 2) ** 2
    result = row["panels"] * row["band"] * conv.tile**2 * -(-conv.columns // conv.tile)
    floats = (parts * ((deep + row["panels"]) * row["stride"] + 2) + result) * LANES
    return floats


def factor_floats(conv: Convolution) -> tuple[int, int]:
    """Floats of the packed weights: of the product, and of the depthwise convolution."""
    kernel = conv.op.kernel[0] * conv.op.kernel[1]
    deep = panels(conv.inputs) * LANES * kernel if conv.kind in (SEPARABLE, DEPTHWISE) else 0
    parts = {DIRECT: kernel, SEPARABLE: 1, DEPTHWISE: 0, WINOGRAD_TWO: 16, WINOGRAD_FOUR: 36}[conv.kind]
    return parts * panels(conv.channels) * LANES * conv.inputs, deep
