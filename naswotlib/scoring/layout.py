"""How each convolution is computed, and where a pass keeps what in the cache: padded images, tiles, rows of results."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from naswotlib.scoring.compiled.factors import SCRATCH
from naswotlib.scoring.compiled.tables import CONV, DEPTHWISE, DIRECT, SEPARABLE, WINOGRAD_FOUR, WINOGRAD_TWO
from naswotlib.scoring.compiled.tiles import ROWS
from naswotlib.scoring.compiled.vectors import LANES, WIDE
from naswotlib.scoring.program import Row, Size, panels

_BAND = 256  # pixels of a panel that are computed at a time: 16 KiB, a third of a first-level cache
_CACHED = 2**15  # weights that stay in the second-level cache while an image is convolved band by band
_SLACK = 32 * LANES  # tiles read and write some pixels behind the last row


class Shape(NamedTuple):
    """What decides how a convolution is computed: of ``inputs`` to ``channels``, to ``rows`` × ``columns`` pixels.

    It reads the value of a pass, or its rectified values, ``shift`` pixels further down and right. ``behind`` is how
    many channels the 1×1 convolution of what a depthwise one computes has, or 0.
    """

    kernel: Size
    stride: Size
    padding: Size
    dilation: Size
    groups: int
    inputs: int
    channels: int
    rows: int
    columns: int
    rectified: bool = False
    shift: int = 0
    behind: int = 0

    @property
    def is_depthwise(self) -> bool:
        """Whether each channel is convolved by itself."""
        return self.groups == self.inputs == self.channels > 1

    @property
    def kind(self) -> int:
        """How it is computed: the constants of :mod:`naswotlib.scoring.compiled.tables`."""
        if self.behind:
            return SEPARABLE
        if self.is_depthwise:
            return DEPTHWISE
        if (self.kernel, self.stride, self.dilation) != ((3, 3), (1, 1), (1, 1)) or self.inputs < LANES // 2:
            return DIRECT
        return WINOGRAD_FOUR if WIDE and min(self.inputs, self.channels) >= 2 * LANES else WINOGRAD_TWO

    @property
    def out(self) -> int:
        """Channels of what it stores."""
        return self.behind or self.channels

    @property
    def tile(self) -> int:
        """Rows and columns that are computed together."""
        return {WINOGRAD_TWO: 2, WINOGRAD_FOUR: 4}.get(self.kind, 1)

    def end(self, axis: int) -> int:
        """First pixel behind those that it reads, from where its padding begins."""
        length = -(-(self.rows, self.columns)[axis] // self.tile) * self.tile
        reach = self.dilation[axis] * (self.kernel[axis] - 1) + 1
        return self.shift + (length - 1) * self.stride[axis] + reach

    @property
    def flops(self) -> int:
        """Multiplications and additions for one image, by the definition."""
        kernel = self.kernel[0] * self.kernel[1]
        first = 2 * self.rows * self.columns * self.channels * kernel * (self.inputs // self.groups)
        return first + 2 * self.rows * self.columns * self.channels * self.behind


class Layout(NamedTuple):
    """Columns of the rows of a pass and of its convolutions, the segments that these count from 0, and the floats of
    scratch memory that a thread needs. Kept for the next network: not to be written to.
    """

    row: Row
    convs: tuple[Row, ...]
    segments: tuple[int, ...]
    scratch: int


@lru_cache(maxsize=4096)
def lay_out(shapes: tuple[Shape, ...], widest: int, size: Size, width: int) -> Layout:
    """How a pass and its convolutions are computed. The cells of a network, and of the next one, are much alike.

    ``size`` and ``width`` are height, width and panels of the value of the pass, ``widest`` the columns of the widest
    image that it reads.
    """
    rows, columns = size
    top, left = (max([shape.padding[axis] for shape in shapes], default=0) for axis in (0, 1))
    ends = [
        max([size[axis] + pad, *[pad - shape.padding[axis] + shape.end(axis) for shape in shapes]])
        for axis, pad in ((0, top), (1, left))
    ]
    row: Row = {"top": top, "left": left, "padded_rows": ends[0], "padded_columns": ends[1]}
    band = max(1, min(rows, _BAND // columns))
    line = 5 * band * columns * LANES + _SLACK
    border = line + widest * LANES + _SLACK
    segments: list[int] = []
    convs = tuple(_lay_convolution(shape, top, left, ends, segments) for shape in shapes)
    together = max([conv["together"] for conv in convs], default=1)
    row |= {"band": band, "line": line, "border": border, "together": together}
    work = border
    for name, rectified in (("padded", False), ("padded_positive", True)):
        if any(shape.rectified == rectified for shape in shapes):
            row[name] = work
            work += together * width * ends[0] * ends[1] * LANES
    row["work"] = work
    most = max([_work(shape, conv) for shape, conv in zip(shapes, convs, strict=True)], default=0)
    return Layout(row, convs, tuple(segments), max(work + most + _SLACK, SCRATCH))


def _lay_convolution(shape: Shape, top: int, left: int, ends: list[int], segments: list[int]) -> Row:
    kind = shape.kind
    width, deep = panels(shape.out), panels(shape.inputs)
    row: Row = dict.fromkeys(CONV.names or (), -1)
    row |= {"kind": kind, "rectified": int(shape.rectified), "panels": width, "rows": shape.rows}
    row |= {"columns": shape.columns, "channels": shape.out, "inputs": shape.inputs}
    row |= {"kernel_rows": shape.kernel[0], "kernel_columns": shape.kernel[1]}
    row |= {"row_stride": shape.stride[0], "column_stride": shape.stride[1]}
    row |= {"top": top - shape.padding[0] + shape.shift, "left": left - shape.padding[1] + shape.shift}
    if kind in (WINOGRAD_TWO, WINOGRAD_FOUR):
        row |= _lay_tiles(shape)
    else:
        pixels = max(1, _BAND // max(width, deep if kind != DIRECT else 1) // shape.columns)
        weights = shape.inputs * shape.out * (shape.kernel[0] * shape.kernel[1] if kind == DIRECT else 1)
        row["band"] = min(shape.rows, pixels) if weights <= _CACHED else shape.rows
        row |= {"together": 1, "stride": row["band"] * shape.columns + LANES}
    depths = [min(LANES, shape.inputs - panel * LANES) for panel in range(deep)]
    taps = [
        (r * shape.dilation[0] * ends[1] + c * shape.dilation[1]) * LANES
        for r in range(shape.kernel[0])
        for c in range(shape.kernel[1])
    ]
    plane = ends[0] * ends[1] if kind == DIRECT else row["stride"]
    offsets = [(tap + k * plane * LANES, depths[k]) for tap in (taps if kind == DIRECT else [0]) for k in range(deep)]
    row |= {"segments": len(segments), "count": len(offsets), "depth": sum(depth for _, depth in offsets)}
    segments += [number for pair in offsets for number in pair]
    row |= {"taps": len(segments), "tap_count": 0}
    if kind in (SEPARABLE, DEPTHWISE):
        row["tap_count"] = len(taps)
        segments += taps
    return row


def _lay_tiles(shape: Shape) -> dict[str, int]:
    """Rows of tiles, and images, of which all tiles are multiplied together: more where weights fill the cache."""
    down, across = (-(-length // shape.tile) for length in (shape.rows, shape.columns))
    weights = shape.inputs * shape.channels
    wanted = 16 if weights <= 2**12 else 32 if weights <= 2**14 else 64
    band = min(down, max(1, wanted // across))
    together = max(1, wanted // (down * across)) if band == down else 1
    count = band * across * together
    return {"band": band, "together": together, "stride": max(-(-count // rows) * rows for rows in ROWS.values())}


def _work(shape: Shape, row: Row) -> int:
    """Floats of scratch memory that a convolution needs beside the padded images."""
    deep = panels(shape.inputs)
    if row["kind"] not in (WINOGRAD_TWO, WINOGRAD_FOUR):
        floats: int = (row["panels"] + deep) * row["stride"] * LANES
        return floats
    parts = (shape.tile + 2) ** 2
    result = row["panels"] * row["band"] * shape.tile**2 * -(-shape.columns // shape.tile)
    floats = (parts * ((deep + row["panels"]) * row["stride"] + 2) + result) * LANES
    return floats


def factor_floats(shape: Shape) -> tuple[int, int]:
    """Floats of the packed weights: of the product, and of the depthwise convolution."""
    kernel, kind = shape.kernel[0] * shape.kernel[1], shape.kind
    deep = panels(shape.inputs) * LANES * kernel if kind in (SEPARABLE, DEPTHWISE) else 0
    parts = {DIRECT: kernel, SEPARABLE: 1, DEPTHWISE: 0, WINOGRAD_TWO: 16, WINOGRAD_FOUR: 36}[kind]
    return parts * panels(shape.out) * LANES * shape.inputs, deep
