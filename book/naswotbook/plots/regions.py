"""Figure 2: linear regions of a small network, and their codes."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.ndimage import distance_transform_edt

from naswotbook.plots.style import SMALL, WIDE

Extent = tuple[float, float, float, float]


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

    figure = plt.figure(figsize=(WIDE, 3.2), layout="constrained")
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


def count_regions(bits: np.ndarray) -> int:
    """How many linear regions of a plane have a point of the grid: the different codes of ``(H, W, n)``."""
    return int(_region_numbers(bits).max()) + 1


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
        if radius > 0.012 * len(code):  # a smaller region has no room for its code
            ax.text(*_inside(inside, extent), code, ha="center", va="center", fontsize=SMALL)
    ax.set(xticks=[], yticks=[], xlabel=f"{count_regions(bits)} linear regions")


def _inside(mask: np.ndarray, extent: Extent) -> tuple[float, float]:
    """The point of a region farthest from its border, in the units of ``extent``."""
    depth = distance_transform_edt(np.pad(mask, 1))[1:-1, 1:-1]
    row, column = np.unravel_index(depth.argmax(), depth.shape)
    left, right, bottom, top = extent
    return (
        left + (right - left) * (column + 0.5) / mask.shape[1],
        bottom + (top - bottom) * (row + 0.5) / mask.shape[0],
    )
