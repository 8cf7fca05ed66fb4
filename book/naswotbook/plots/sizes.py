"""How large the networks of a space are."""

from __future__ import annotations

import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter


def sizes(table: pd.DataFrame, ax: Axes, *, by: str | None = None) -> Axes:
    """ReLU units against parameters, one point a network of :func:`naswotlib.spaces.sizes.network_sizes`.

    ``by`` is a column whose values have a colour each. Parameters are on a logarithmic axis. Returns ``ax``.
    """
    palette = None if by is None else "colorblind"
    sns.scatterplot(table, x="parameters", y="num_units", hue=by, palette=palette, ax=ax, s=14, alpha=0.5, linewidth=0)
    millions = FuncFormatter(lambda value, _: f"{value / 1e6:g}")
    ax.set(xscale="log", xlabel="parameters (million)", ylabel="$\\mathregular{N_A}$, ReLU units an image (million)")
    ax.xaxis.set_major_formatter(millions)
    ax.yaxis.set_major_formatter(millions)
    if by is not None:
        sns.move_legend(ax, "upper left", frameon=False, title=None)
    sns.despine(ax=ax)
    return ax
