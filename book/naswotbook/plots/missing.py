"""What stands where a panel cannot be drawn."""

from __future__ import annotations

from matplotlib.axes import Axes


def missing_panel(ax: Axes, path: str) -> Axes:
    """A panel whose data are not to be had: an outlined box that names the missing file."""
    ax.text(0.5, 0.5, f"not here:\n{path}", ha="center", va="center", transform=ax.transAxes)
    ax.set(xticks=[], yticks=[])
    return ax
