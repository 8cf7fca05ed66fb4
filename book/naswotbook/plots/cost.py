"""What a cheaper score keeps."""

from __future__ import annotations

import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes


def cost(table: pd.DataFrame, ax: Axes) -> Axes:
    """Kendall's τ of score and accuracy against the cost of a score.

    A point a setting, with its interval: colour the channels of the stem, marker the cells a stage, and the number of
    images beside it. The cost, a share of the first setting's, is logarithmic. Returns ``ax``.
    """
    channels, cells = sorted(set(table.channels)), sorted(set(table.cells))
    colours = dict(zip(channels, sns.color_palette("viridis", len(channels)), strict=True))
    markers = dict(zip(cells, "os^Dv", strict=False))
    for row in table.to_dict("records"):
        error = [[row["tau"] - row["low"]], [row["high"] - row["tau"]]]
        style = {"fmt": markers[row["cells"]], "color": colours[row["channels"]], "capsize": 2, "elinewidth": 0.8}
        ax.errorbar(row["cost"], row["tau"], yerr=error, **style)
        ax.annotate(row["images"], (row["cost"], row["tau"]), (4, 4), textcoords="offset points", fontsize="small")
    for value in channels:
        ax.plot([], [], "o", color=colours[value], label=f"{value} channels")
    for value in cells:
        ax.plot([], [], markers[value], color="gray", label=f"{value} cells a stage")
    ax.axhline(table.tau.iloc[0], color="gray", linewidth=0.6, linestyle=":")
    ax.legend(frameon=False, fontsize="small")
    ax.set(xscale="log", xlabel="multiply-adds, as a share of the first setting's", ylabel="Kendall's τ with accuracy")
    sns.despine(ax=ax)
    return ax
