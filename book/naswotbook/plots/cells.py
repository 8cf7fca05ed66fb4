"""Cells of search spaces, drawn from an architecture: states and operations in layers, from left to right."""

from __future__ import annotations

import math
import re
from collections.abc import Hashable, Iterable, Mapping, Sequence
from itertools import pairwise
from statistics import mean

import matplotlib.pyplot as plt
import networkx as nx
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch
from matplotlib.path import Path

from naswotbook.plots.style import SMALL, WIDE
from naswotlib.spaces.base import Edge

Point = tuple[float, float]

_ROW, _GAP = (0.45, 0.42)  # inches between the middles of two boxes of a layer, and between two layers
_TURN = 0.8  # inches between the rows of a chain that is longer than a page is wide
_COLOURS = {"none": "#ffffff", "skip": "#f0f0f0", "pool": "#dcebd5", "conv": "#d4e4f5"}  # the first that fits
_SHORTER = {"nor_conv": "conv", "sep_conv": "sep", "dil_conv": "dil", "_pool": "", "skip_connect": "skip", "_": " "}


def cells(drawn: Mapping[str, Sequence[Edge]]) -> Figure:
    """The cells of an architecture, one below the other under their names, from ``space.cells(arch)``.

    An edge is (source, target, operation): the operation stands in a box of its own on the way, or is empty where
    it belongs to a vertex. Data flow from left to right. Boxes are coloured by what they do: convolutions blue,
    pooling green, skips grey; ``none``, a zero, has a broken outline. Returns the figure.
    """
    figures = [(name, *lay_out(cell_graph(edges))) for name, edges in drawn.items()]
    heights = [high + (0.35 if len(drawn) > 1 else 0.0) for *_, high in figures]
    width = max(wide for *_, wide, _ in figures)
    figure = plt.figure(figsize=(width, sum(heights)))
    bottom = sum(heights)
    for (name, graph, wide, high), height in zip(figures, heights, strict=True):
        bottom -= height
        ax = figure.add_axes((0, bottom / sum(heights), wide / width, high / sum(heights)))
        ax.set(xlim=(0, wide), ylim=(-high / 2, high / 2), title=name if len(drawn) > 1 else "")
        ax.set_axis_off()
        _draw(ax, graph)
    return figure


def cell_graph(edges: Iterable[Edge]) -> nx.DiGraph:
    """The graph to draw: states, and a node for each operation between two of them. Attributes of a node: ``label``,
    and ``operation``, empty for a state.
    """
    graph = nx.DiGraph()
    for number, (source, target, operation) in enumerate(edges):
        path: list[Hashable] = [source, *([(source, target, number)] if operation else []), target]
        nx.add_path(graph, path)
        if operation:
            graph.nodes[path[1]]["operation"] = operation
    for node, attributes in graph.nodes.items():
        operation = attributes.setdefault("operation", str(node) if re.search("conv|pool", str(node)) else "")
        attributes["label"] = _short(operation) if operation else str(node)
    return graph


def _short(operation: str) -> str:
    for long, short in _SHORTER.items():
        operation = operation.replace(long, short)
    return re.sub(r"(\d)x(\d)", r"\1×\2", operation)


def order(graph: nx.DiGraph) -> list[list[Hashable]]:
    """Nodes in layers, each after all that it reads, and from bottom to top near what they are joined to.

    An edge over several layers has a place in each of them: ``("via", source, target, layer)``.
    """
    layers: list[list[Hashable]] = [list(layer) for layer in nx.topological_generations(graph)]
    layer_of = {node: number for number, layer in enumerate(layers) for node in layer}
    routed = nx.DiGraph()
    for source, target in graph.edges:
        stops = [("via", source, target, number) for number in range(layer_of[source] + 1, layer_of[target])]
        for stop in stops:
            layers[stop[3]].append(stop)
        nx.add_path(routed, [source, *stops, target])
    for sweep in range(12):  # of averages, forth and back
        near, through = (routed.pred, layers) if sweep % 2 == 0 else (routed.succ, layers[::-1])
        height = {node: y for layer in layers for node, y in _stack(layer)}
        for layer in through:
            means = {node: mean([height[n] for n in near[node]] or [height[node]]) for node in layer}
            layer.sort(key=means.__getitem__)
            height.update(_stack(layer))
    return layers


def _stack(layer: Sequence[Hashable]) -> list[tuple[Hashable, float]]:
    return [(node, position - (len(layer) - 1) / 2) for position, node in enumerate(layer)]


def lay_out(graph: nx.DiGraph) -> tuple[nx.DiGraph, float, float]:
    """The graph with ``box``, (left, right, y), of each node and ``knots`` of each edge, in inches; its size."""
    layers = order(graph)
    for source, target in graph.edges:
        graph.edges[source, target]["knots"] = []
    left = 0.1
    for layer in layers:
        widths = {node: _width(graph.nodes[node]["label"]) for node in layer if node in graph}
        right = left + max(widths.values())
        for node, row in _stack(layer):
            if node in graph:
                middle, half = (left + right) / 2, widths[node] / 2
                graph.nodes[node]["box"] = (middle - half, middle + half, row * _ROW)
            else:
                _, source, target, _ = node  # type: ignore[misc]
                graph.edges[source, target]["knots"] += [(left, row * _ROW), (right, row * _ROW)]
        left = right + _GAP
    for source, target in graph.edges:
        (_, start, low), (end, _, high) = (graph.nodes[source]["box"], graph.nodes[target]["box"])
        graph.edges[source, target]["knots"] = [(start, low), *graph.edges[source, target]["knots"], (end, high)]
    wide = left - _GAP + 0.1
    if wide > WIDE and max(map(len, layers)) == 1:
        return _in_rows(graph, [layer[0] for layer in layers], math.ceil(wide / WIDE))
    return graph, wide, _ROW * max(map(len, layers)) + 0.15


def _in_rows(graph: nx.DiGraph, chain: Sequence[Hashable], rows: int) -> tuple[nx.DiGraph, float, float]:
    """A chain laid out in one row, in several instead: an edge from one to the next is a line that ``turns``."""
    size = math.ceil(len(chain) / rows)
    parts = [chain[start : start + size] for start in range(0, len(chain), size)]
    wide = 0.0
    for number, part in enumerate(parts):
        shift, y = graph.nodes[part[0]]["box"][0] - 0.3, ((len(parts) - 1) / 2 - number) * _TURN
        for node in part:
            left, right, _ = graph.nodes[node]["box"]
            graph.nodes[node]["box"] = (left - shift, right - shift, y)
            wide = max(wide, right - shift + 0.25)
        for source, target in pairwise(part):
            (_, start, _), (end, _, _) = graph.nodes[source]["box"], graph.nodes[target]["box"]
            graph.edges[source, target]["knots"] = [(start, y), (end, y)]
    for one, other in pairwise(parts):
        (_, start, high), (end, _, low) = graph.nodes[one[-1]]["box"], graph.nodes[other[0]]["box"]
        side, middle = start + 0.15, (high + low) / 2
        before = end - 0.2
        knots = [(start, high), (side, high), (side, middle), (before, middle), (before, low), (end, low)]
        graph.edges[one[-1], other[0]].update(knots=knots, turns=True)
    return graph, wide, _TURN * len(parts)


def _width(label: str) -> float:
    return 0.22 + 0.078 * max(map(len, label.split("\n")))


def _draw(ax: Axes, graph: nx.DiGraph) -> None:
    for attributes in graph.nodes.values():
        operation, (left, right, y) = attributes["operation"], attributes["box"]
        tall = 0.3 + 0.12 * attributes["label"].count("\n")
        box = FancyBboxPatch(
            (left, y - tall / 2),
            right - left,
            tall,
            boxstyle=f"round,pad=0,rounding_size={0.05 if operation else 0.13}",
            facecolor=next((colour for word, colour in _COLOURS.items() if word in operation), "#fdf3d7"),
            edgecolor="#555555",
            linestyle="--" if operation == "none" else "-",
            linewidth=0.8,
        )
        ax.add_patch(box)
        label = attributes["label"]
        ax.text((left + right) / 2, y, label, ha="center", va="center", fontsize=SMALL, color="#222222")
    for source, target, edge in graph.edges.data():
        dead = "none" in (graph.nodes[source]["operation"], graph.nodes[target]["operation"])
        arrow = FancyArrowPatch(
            path=Path(edge["knots"]) if edge.get("turns") else _smooth(edge["knots"]),
            arrowstyle="-|>",
            mutation_scale=8,
            color="#999999" if dead else "#444444",
            linestyle="--" if dead else "-",
            linewidth=0.9,
            zorder=0.5,
        )
        ax.add_patch(arrow)


def _smooth(knots: Sequence[Point]) -> Path:
    """A curve through points from left to right, level at each of them."""
    vertices, codes = [knots[0]], [Path.MOVETO]
    for (x0, y0), (x1, y1) in pairwise(knots):
        middle = (x0 + x1) / 2
        vertices += [(middle, y0), (middle, y1), (x1, y1)]
        codes += [Path.CURVE4] * 3
    return Path(vertices, codes)
