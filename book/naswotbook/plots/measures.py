"""How well each of several measures ranks networks."""

from __future__ import annotations

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

from naswotbook.plots.scatter import drawn_heights

COLOURS = {"score": "tab:blue", "proxy": "tab:orange", "size": "tab:gray"}


def fig4(table: pd.DataFrame, ax: Axes, *, title: str) -> Axes:
    """A group of bars of Figure 4: Kendall's tau with accuracy of each measure, from the top down.

    ``table`` has a row a measure, with columns ``label``, ``kind`` (``score``, ``proxy`` or ``size``, for the colour),
    ``tau``, ``low`` and ``high``, the ends of its interval. Returns ``ax``.
    """
    places = range(len(table))
    ax.barh(places, table.tau, color=[COLOURS[kind] for kind in table.kind], height=0.7)
    ax.hlines(places, table.low, table.high, color="black", linewidth=1)
    ax.axvline(0, color="black", linewidth=0.8)
    ax.set(title=title, xlabel="Kendall's τ with accuracy", yticks=places, yticklabels=table.label)
    ax.yaxis.set_inverted(True)
    sns.despine(ax=ax)
    return ax


def score_by_size(table: pd.DataFrame, ax: Axes, *, accuracy: str) -> Axes:
    """Score against number of ReLU units, one point a network, coloured by accuracy.

    ``table`` has columns ``score``, ``num_units`` and ``accuracy`` (percent, called ``accuracy`` on the scale); a score
    of −inf is drawn as a triangle along the lower edge. Colours saturate at the 5% of lowest accuracy. Returns ``ax``.
    """
    heights, singular = drawn_heights(table.score)
    lowest = float(table.accuracy.quantile(0.05))
    for chosen, marker in ((~singular, "o"), (singular, "v")):
        points = ax.scatter(
            table.num_units[chosen],
            heights[chosen],
            c=table.accuracy[chosen],
            marker=marker,
            cmap="viridis",
            vmin=lowest,
            vmax=table.accuracy.max(),
            s=14,
            linewidths=0,
        )
        if marker == "o":
            ax.figure.colorbar(points, ax=ax, label=accuracy, extend="min")
    ax.set(
        title="score against size", xlabel="$\\mathregular{N_A}$, ReLU units an image", ylabel="score at initialisation"
    )
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value / 1000:g}k"))
    sns.despine(ax=ax)
    return ax


def within_groups(table: pd.DataFrame, ax: Axes, *, title: str, group: str) -> Axes:
    """Kendall's tau with accuracy in groups of networks: a point a group, with its interval and number of networks.

    ``table`` has a row a group, with columns ``group`` (a number, said to be ``group`` on the axis), ``tau``, ``low``,
    ``high`` and ``n``. Returns ``ax``.
    """
    places = range(len(table))
    ax.vlines(places, table.low, table.high, linewidth=1)
    ax.scatter(places, table.tau)
    ax.axhline(0, color="black", linewidth=0.8)
    labels = [f"{value:,}\nn = {n}" for value, n in zip(table.group, table.n, strict=True)]
    ax.set(title=title, ylabel="Kendall's τ with accuracy", xlabel=group, xticks=places)
    ax.set_xticklabels(labels, rotation=45, ha="right", fontsize="small")
    sns.despine(ax=ax)
    return ax


def all_and_best(table: pd.DataFrame, ax: Axes) -> Axes:
    """Kendall's tau of each table of ``accuracy_agreements``, over all networks and over the
    best, with intervals. Returns ``ax``.
    """
    for shift, suffix, name, marker in ((-0.14, "", "all networks", "o"), (0.14, "_best", "the best", "D")):
        places = np.arange(len(table)) + shift
        colour = f"C{int(shift > 0)}"
        ax.hlines(places, table[f"low{suffix}"], table[f"high{suffix}"], linewidth=1, color=colour)
        ax.scatter(table[f"tau{suffix}"], places, s=20, marker=marker, color=colour, label=name)
    ax.axvline(0, color="black", linewidth=0.8)
    ax.set(xlabel="Kendall's τ with published accuracy", yticks=range(len(table)))
    ax.set_yticklabels(table.file.str.removesuffix(".parquet"), fontsize="small")
    ax.yaxis.set_inverted(True)
    ax.legend(frameon=False, ncols=2, loc="lower center", bbox_to_anchor=(0.5, 1))
    sns.despine(ax=ax)
    return ax
