"""Score against what a network costs."""

from __future__ import annotations

import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.ticker import EngFormatter

from naswotbook.plots.scatter import SINGULAR, drawn_heights


def pareto(table: pd.DataFrame, front: pd.DataFrame, ax: Axes, *, cost: str, value: str = "score") -> Axes:
    """Hardware-aware search: ``value`` against the column ``cost``, and the front of those that nothing beats.

    ``front`` is :func:`naswotlib.search.pareto.pareto_front` of ``table``. The steps show the best value to be had at a
    cost; a score of −inf is drawn along the lower edge, as in :func:`naswotbook.plots.fig3`. Returns ``ax``.
    """
    heights, singular = drawn_heights(table[value])
    ax.scatter(table[cost][~singular], heights[~singular], s=12, alpha=0.4, linewidths=0)
    if singular.any():
        ax.scatter(table[cost][singular], heights[singular], s=16, marker="v", color="tab:orange", label=SINGULAR)
    ax.step(front[cost], front[value], where="post", marker="o", markersize=4, color="tab:red", label="Pareto front")
    ax.legend(loc="lower right", frameon=False)
    if cost == "latency":
        ax.set(xlabel="latency (ms)", ylabel=value)
    else:
        ax.set(xlabel=cost, ylabel=value)
        ax.xaxis.set_major_formatter(EngFormatter(sep=""))  # 50M
    sns.despine(ax=ax)
    return ax
