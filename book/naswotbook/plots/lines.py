"""Against time, cost and epochs: Figures 6 and 7, cheaper scores, Pareto fronts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter

from naswotbook.plots.scatter import SINGULAR, drawn_heights

MARKERS = "osD^vP*XphH<>d8"


def fig7(table: pd.DataFrame, *, accuracy: str = "accuracy (%)", zoom: float = 3.0) -> Figure:
    """Figure 7: seconds of search, logarithmic, against the accuracy of what it found; an error bar is a deviation.

    ``table`` has columns ``method, source, seconds, mean, std``: a filled marker where ``source`` is ``"here"``, a
    hollow one for the paper's. Left, all of it, with what costs nothing at the left edge; right, a line a method, of
    what lies within ``zoom`` points of the best. Returns the figure.
    """
    figure, (left, right) = plt.subplots(1, 2, figsize=(10.5, 4.8), layout="constrained", width_ratios=[5, 4])
    methods = list(dict.fromkeys(table.method))
    styles = dict(zip(methods, sns.color_palette("husl", len(methods)), strict=True))
    markers = {method: MARKERS[number % len(MARKERS)] for number, method in enumerate(methods)}
    free = table.seconds[table.seconds > 0].min() / 3
    best = table["mean"].max()
    near = [method for method in methods if (table["mean"][table.method == method] > best - zoom).any()]
    for row in table.to_dict("records"):
        style = _style(row, styles[row["method"]], markers[row["method"]])
        left.errorbar(row["seconds"] or free, row["mean"], yerr=row["std"], **style)
        if row["method"] in near:
            place = near.index(row["method"]) + (0.14 if row["source"] == "here" else -0.14)
            right.errorbar(row["mean"], place, xerr=row["std"], **style)
    left.set(xscale="log", xlabel="search (s); at the left edge, what costs nothing", ylabel=accuracy)
    right.set(xlabel=accuracy, yticks=range(len(near)), yticklabels=near, xlim=(best - zoom, best + zoom / 5))
    right.yaxis.set_inverted(True)
    for ax in (left, right):
        sns.despine(ax=ax)
    plt.close(figure)
    return figure


def _style(row: Mapping[Any, Any], colour: tuple[float, float, float], marker: str) -> dict[str, Any]:
    ours = row["source"] == "here"
    how: dict[str, Any] = {"marker": marker, "color": colour, "mfc": colour if ours else "white"}
    return how | {"capsize": 2, "elinewidth": 0.8, "linestyle": "none"}


def cost(table: pd.DataFrame) -> Figure:
    """Kendall's τ of score and accuracy against the cost of a score.

    A point a setting, with its interval: colour the channels of the stem, marker the cells a stage, and the number of
    images beside it. The cost, a share of the first setting's, is logarithmic. A measure that costs nothing is a dashed
    line with its name.
    """
    figure, ax = plt.subplots(figsize=(8.5, 4.2), layout="constrained")
    for number, row in enumerate(table[table.cost == 0].drop_duplicates("tau").to_dict("records")):
        ax.axhline(row["tau"], color=f"C{number}", linewidth=1, linestyle="--", label=f"{row['measure']}, at no cost")
    table = table[table.cost > 0]
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
    ax.legend(frameon=False, fontsize="small", loc="center left", bbox_to_anchor=(1, 0.5))
    ax.set(xscale="log", xlabel="multiply-adds, as a share of the first setting's", ylabel="Kendall's τ with accuracy")
    sns.despine(ax=ax)
    plt.close(figure)
    return figure


def fig6(table: pd.DataFrame, *, zoom: int = 2, readings: Mapping[str, str] | None = None) -> Figure:
    """Score during training, a line a network; left the first ``zoom`` epochs, right all of them.

    ``table`` has columns ``arch``, ``accuracy`` (percent, for the legend), ``epoch`` (0 before training, a fraction
    within one) and ``score``. ``readings``: columns that take the place of ``score``, a row of panels each, by what the
    panels are to be called. Returns the figure.
    """
    rows = readings or {"score": ""}
    figure, grid = plt.subplots(
        len(rows), 2, figsize=(9, 0.4 + 3.2 * len(rows)), layout="constrained", width_ratios=[2, 3], squeeze=False
    )
    for (column, name), (left, right) in zip(rows.items(), grid, strict=True):
        for ax, title, last in ((left, f"the first {zoom} epochs", zoom), (right, "all epochs", table.epoch.max())):
            for _, line in table[table.epoch <= last].groupby("arch", sort=False):
                dots = "." if last == zoom else ""  # where few scores make a line
                ax.plot(line.epoch, line[column], lw=1, marker=dots, label=f"{line.accuracy.iloc[0]:.2f}")
            ax.set(title=f"{title}, {name}" if name else title, xlabel="epoch", ylabel="score")
            sns.despine(ax=ax)
        left.set(xticks=range(zoom + 1))
    grid[0, 1].legend(loc="center left", bbox_to_anchor=(1, 0.5), title="accuracy (%)", frameon=False)
    return figure


def pareto(table: pd.DataFrame, front: pd.DataFrame, *, cost: str, value: str = "score") -> Figure:
    """Hardware-aware search: ``value`` against the column ``cost``, and the front of those that nothing beats.

    ``front`` is :func:`naswotlib.search.pareto.pareto_front` of ``table``. The steps show the best value to be had at a
    cost; a score of −inf is drawn along the lower edge, as in :func:`naswotbook.plots.fig3`.
    """
    figure, ax = plt.subplots(figsize=(6, 4.5), layout="constrained")
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
    plt.close(figure)
    return figure
