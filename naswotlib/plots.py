"""One function for each figure of the paper: arrays or a tidy table in, Axes out. None of them knows of files."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import plotly.graph_objects as go
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.ndimage import distance_transform_edt

Extent = tuple[float, float, float, float]
SINGULAR = "singular $\\mathregular{K_H}$, score −∞"


def fig2(layer_a: np.ndarray, layer_b: np.ndarray, *, extent: Extent) -> Figure:
    """Figure 2: activation codes and linear regions of a network of two ReLU layers on a plane.

    ``layer_a`` ``(H, W, a)`` and ``layer_b`` ``(H, W, b)`` are the codes, booleans, at the points of a grid that
    spans ``extent`` = (left, right, bottom, top), row 0 at the bottom. Panels as in the paper: 1, each unit of the
    first layer splits the plane; 2, their intersections; 3, the units of the second layer; 4, all units together.
    Returns the figure.
    """
    if layer_a.shape[:2] != layer_b.shape[:2]:
        raise ValueError(f"layer_b: expected the grid of layer_a, {layer_a.shape[:2]}, got {layer_b.shape[:2]}")
    regions_a, regions_b = _region_numbers(layer_a), _region_numbers(layer_b)
    both = np.concatenate([layer_a, layer_b], axis=2)
    colours_a = np.array(sns.color_palette("husl", regions_a.max() + 1))[regions_a]
    # A region of panel 4 keeps the hue of the region of panel 2 that it lies in; the second layer sets the shade.
    weight = 0.25 + 0.5 * (regions_b + 1) / (regions_b.max() + 1)
    colours = 1 - (1 - colours_a) * weight[..., None]

    figure = plt.figure(figsize=(11, 4), layout="constrained")
    columns = figure.add_gridspec(1, 4, width_ratios=[1, 3, 1, 3])
    for column, title, name, layer in ((0, "1", "A", layer_a), (2, "3", "B", layer_b)):
        cells = columns[column].subgridspec(layer.shape[2], 1)
        for unit in range(layer.shape[2]):
            ax = figure.add_subplot(cells[unit], title=title if unit == 0 else "")
            _split_plane(ax, layer[..., unit], extent)
            ax.set_ylabel(f"$\\mathregular{{{name}}}_{{{unit + 1}}}$", rotation=0, ha="right", va="center")
    _labelled_regions(figure.add_subplot(columns[1], title="2"), layer_a, 1 - (1 - colours_a) * 0.45, extent)
    _labelled_regions(figure.add_subplot(columns[3], title="4"), both, colours, extent)
    return figure


def _region_numbers(bits: np.ndarray) -> np.ndarray:
    """Codes ``(H, W, n)`` to region numbers ``(H, W)``, 0 for the smallest code."""
    _, numbers = np.unique(bits.reshape(-1, bits.shape[2]), axis=0, return_inverse=True)
    return np.asarray(numbers).reshape(bits.shape[:2])


def _split_plane(ax: Axes, on: np.ndarray, extent: Extent) -> None:
    ax.imshow(on, origin="lower", extent=extent, cmap="Blues", vmin=0, vmax=2.2, interpolation="nearest")
    for value in np.unique(on):
        ax.text(*_inside(on == value, extent), str(int(value)), ha="center", va="center")
    ax.set(xticks=[], yticks=[])


def _labelled_regions(ax: Axes, bits: np.ndarray, colours: np.ndarray, extent: Extent) -> None:
    regions = _region_numbers(bits)
    border = np.zeros_like(regions, dtype=bool)
    border[1:] |= regions[1:] != regions[:-1]
    border[:, 1:] |= regions[:, 1:] != regions[:, :-1]
    ax.imshow(np.where(border[..., None], 0.25, colours), origin="lower", extent=extent)
    for number in range(regions.max() + 1):
        inside = regions == number
        code = "".join(str(int(bit)) for bit in bits[inside][0])
        radius = distance_transform_edt(np.pad(inside, 1)).max() / max(regions.shape)
        if radius > 0.006 * len(code):  # a smaller region has no room for its code
            ax.text(*_inside(inside, extent), code, ha="center", va="center", fontsize=9 if radius > 0.08 else 7)
    ax.set(xticks=[], yticks=[], xlabel=f"{regions.max() + 1} linear regions")


def _inside(mask: np.ndarray, extent: Extent) -> tuple[float, float]:
    """The point of a region farthest from its border, in the units of ``extent``."""
    depth = distance_transform_edt(np.pad(mask, 1))[1:-1, 1:-1]
    row, column = np.unravel_index(depth.argmax(), depth.shape)
    left, right, bottom, top = extent
    return (
        left + (right - left) * (column + 0.5) / mask.shape[1],
        bottom + (top - bottom) * (row + 0.5) / mask.shape[0],
    )


def fig3(table: pd.DataFrame, ax: Axes, *, title: str, accuracy: str = "validation accuracy (%)") -> Axes:
    """A panel of Figure 3: score of the untrained network against accuracy when trained, one point a row.

    ``table`` has columns ``score`` and ``accuracy`` (percent); a score of −inf is drawn as a triangle along the
    lower edge. ``title`` holds the rank correlation, as the paper's panels do. Returns ``ax``.
    """
    heights, singular = _heights(table.score)
    ax.scatter(table.accuracy[~singular], heights[~singular], s=12, alpha=0.6, linewidths=0)
    if singular.any():
        ax.scatter(table.accuracy[singular], heights[singular], s=16, marker="v", color="tab:orange", label=SINGULAR)
        ax.legend(loc="lower right", frameon=False)
    ax.set(title=title, xlabel=accuracy, ylabel="score at initialisation")
    sns.despine(ax=ax)
    return ax


def fig3_interactive(table: pd.DataFrame, *, name: str, accuracy: str = "validation accuracy (%)") -> str:
    """The interactive twin of :func:`fig3`, as HTML for a page of the book that carries plotly.js in ``_static``.

    Hovering shows the architecture (column ``arch``), its score and its accuracy. ``name`` is the element's id.
    """
    heights, singular = _heights(table.score)
    points = go.Scatter(
        x=table.accuracy,
        y=heights,
        mode="markers",
        marker={"color": np.where(singular, "#ff7f0e", "#1f77b4"), "opacity": 0.7, "size": 7},
        customdata=np.stack([table.arch, [f"{score:.6g}" for score in table.score]], axis=1),
        hovertemplate="%{customdata[0]}<br>score %{customdata[1]}<br>accuracy %{x:.2f}%<extra></extra>",
    )
    layout = {"template": "plotly_white", "height": 420, "margin": {"l": 60, "r": 10, "t": 20, "b": 50}}
    figure = go.Figure(points, layout=layout)
    figure.update_xaxes(title=accuracy)
    figure.update_yaxes(title="score at initialisation")
    html: str = figure.to_html(
        full_html=False, include_plotlyjs="_static/plotly.min.js", div_id=name, config={"responsive": True}
    )
    return html


def _heights(scores: pd.Series[float]) -> tuple[pd.Series[float], pd.Series[bool]]:
    """Where to draw scores, and which are −inf: those go a little below the lowest of the others."""
    singular = scores == -np.inf
    finite = scores[~singular]
    floor = finite.min() - 0.08 * (np.ptp(finite) or 1.0) if len(finite) else 0.0
    return scores.mask(singular, floor), singular


def pareto(table: pd.DataFrame, front: pd.DataFrame, ax: Axes, *, cost: str, value: str = "score") -> Axes:
    """Hardware-aware search: ``value`` against the column ``cost``, and the front of those that nothing beats.

    ``front`` is :func:`naswotlib.pareto.pareto_front` of ``table``. The steps show the best value to be had at a
    cost; a score of −inf is drawn along the lower edge, as in :func:`fig3`. Returns ``ax``.
    """
    heights, singular = _heights(table[value])
    ax.scatter(table[cost][~singular], heights[~singular], s=12, alpha=0.4, linewidths=0)
    if singular.any():
        ax.scatter(table[cost][singular], heights[singular], s=16, marker="v", color="tab:orange", label=SINGULAR)
    ax.step(front[cost], front[value], where="post", marker="o", markersize=4, color="tab:red", label="Pareto front")
    ax.legend(loc="lower right", frameon=False)
    ax.set(xlabel=f"{cost} (ms)" if cost == "latency" else cost, ylabel=value)
    sns.despine(ax=ax)
    return ax


def missing_panel(ax: Axes, path: str) -> Axes:
    """A panel whose data are not to be had: an outlined box that names the missing file."""
    ax.text(0.5, 0.5, f"not here:\n{path}", ha="center", va="center", transform=ax.transAxes)
    ax.set(xticks=[], yticks=[])
    return ax
