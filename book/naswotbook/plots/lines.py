"""Against time, cost and epochs: Figures 6 and 7, cheaper scores, Pareto fronts."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter, FuncFormatter

from naswotbook.counting import COUNTS
from naswotbook.plots.scatter import SINGULAR, drawn_heights
from naswotbook.plots.style import COLOURS, COUNT, OTHER, QUIET, SCORE, WIDE

FREE = 3  # so many times left of what costs least stands what costs nothing: a logarithm has no zero
NEAR = 0.5  # decades of seconds within which labels stand in one column


def fig7(table: pd.DataFrame, *, accuracy: str = "accuracy (%)", zoom: float = 3.0) -> Figure:
    """Figure 7: seconds of search, logarithmic, against the accuracy of what it found; an error bar is a deviation.

    ``table`` has columns ``method, source, seconds, mean, std``: a filled marker where ``source`` is ``"here"``, a
    hollow one for the paper's. What costs nothing stands at the left edge; what lies more than ``zoom`` points below
    the best is a triangle along the lower edge, with its accuracy. Each method has its name beside it. Returns the
    figure.
    """
    figure, ax = plt.subplots(figsize=(WIDE, 4.8), layout="constrained")
    free = table.seconds[table.seconds > 0].min() / FREE
    best = table["mean"].max()
    floor = best - zoom
    drawn = table.assign(
        x=table.seconds.where(table.seconds > 0, free),
        y=table["mean"].clip(lower=floor),
        kind=[_kind(method) for method in table.method],
    )
    for row in drawn.to_dict("records"):
        colour, low = COLOURS[row["kind"]], row["mean"] < floor
        fill = colour if row["source"] == "here" else "none"
        if not low:
            ax.vlines(row["x"], max(row["mean"] - row["std"], floor), row["mean"] + row["std"], color=colour, lw=0.6)
        ax.plot(row["x"], row["y"], marker="v" if low else "o", ms=6, color=colour, mfc=fill, linestyle="none")
    for name, colour in (("NASWOT", SCORE), ("counting", COUNT), ("training and weight sharing", OTHER)):
        ax.plot([], [], "o", color=colour, label=name)
    ax.plot([], [], "o", color=QUIET, mfc="none", label="hollow: as the paper prints it")
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=4)
    label = "search (s); at the left edge, what costs nothing"
    plain = FuncFormatter(lambda seconds, _: f"{seconds:,g}")
    ax.set(xscale="log", xlabel=label, ylabel=accuracy, ylim=(floor - zoom / 15, best + zoom / 4))
    ax.set_xlim(free / 40, drawn.x.max() * 8)
    ax.xaxis.set_major_formatter(plain)
    _label_columns(ax, drawn[drawn["mean"] >= floor], free=free, gap=zoom / 22)
    if len(low := drawn[drawn["mean"] < floor].sort_values("x")):
        names = textwrap.fill(", ".join(f"{row.method} {row.mean:.1f}" for row in low.itertuples()), 42)
        ax.text(low.x.min() / 1.3, floor, f"below, from the left:\n{names}", ha="right", va="bottom", fontsize=8)
    plt.close(figure)
    return figure


def _kind(method: str) -> str:
    searched = method.split(" (", maxsplit=1)[0]
    return "score" if searched == "NASWOT" else "size" if searched in COUNTS.values() else "proxy"


def _label_columns(ax: Axes, drawn: pd.DataFrame, *, free: float, gap: float) -> None:
    """The name of each method beside its points, left of those at ``free``, names of one column ``gap`` apart."""
    named = drawn.sort_values("source").drop_duplicates("method").sort_values("x")
    named["right"] = named.method.map(drawn.groupby("method").x.max())
    column = (np.log10(named.x).diff() > NEAR).cumsum().where(named.x > free, -1)
    for number, group in named.groupby(column):
        above = -np.inf
        for row in group.sort_values("y").to_dict("records"):
            above = max(row["y"], above + gap)
            ax.annotate(
                row["method"],
                (row["x"], row["y"]),
                (free / 1.35 if number < 0 else group.right.max() * 1.35, above),
                va="center",
                ha="right" if number < 0 else "left",
                fontsize=8,
                arrowprops={"arrowstyle": "-", "color": QUIET, "linewidth": 0.5, "shrinkA": 0, "shrinkB": 3},
            )


def cost(table: pd.DataFrame) -> Figure:
    """Kendall's τ of score and accuracy against the cost of a score.

    A point a setting, with its interval: colour the channels of the stem, marker the cells a stage, and the number of
    images beside it. The cost, a share of the first setting's, is logarithmic. A measure that costs nothing is a dashed
    line with its name.
    """
    figure, ax = plt.subplots(figsize=(WIDE, 4.2), layout="constrained")
    for number, row in enumerate(table[table.cost == 0].drop_duplicates("tau").to_dict("records")):
        ax.axhline(row["tau"], color=f"C{number}", linewidth=1, linestyle="--", label=f"{row['measure']}, at no cost")
    table = table[table.cost > 0]
    channels, cells = sorted(set(table.channels)), sorted(set(table.cells))
    colours = dict(zip(channels, sns.color_palette("cividis", len(channels)), strict=True))
    markers = dict(zip(cells, "os^Dv", strict=False))
    for row in table.to_dict("records"):
        error = [[row["tau"] - row["low"]], [row["high"] - row["tau"]]]
        style = {"fmt": markers[row["cells"]], "color": colours[row["channels"]], "capsize": 2, "elinewidth": 0.8}
        ax.errorbar(row["cost"], row["tau"], yerr=error, **style)
        ax.annotate(row["images"], (row["cost"], row["tau"]), (4, 4), textcoords="offset points", fontsize=8)
    for value in channels:
        ax.plot([], [], "o", color=colours[value], label=f"{value} channels")
    for value in cells:
        ax.plot([], [], markers[value], color=QUIET, label=f"{value} cells a stage")
    ax.axhline(table.tau.iloc[0], color=QUIET, linewidth=0.6, linestyle=":")
    ax.legend(fontsize=8, loc="center left", bbox_to_anchor=(1, 0.5))
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
        len(rows), 2, figsize=(WIDE, 0.3 + 3 * len(rows)), layout="constrained", width_ratios=[2, 3], squeeze=False
    )
    colours = sns.color_palette("viridis_r", table.arch.nunique())  # in the order of the legend
    for (column, name), (left, right) in zip(rows.items(), grid, strict=True):
        for ax, title, last in ((left, f"the first {zoom} epochs", zoom), (right, "all epochs", table.epoch.max())):
            for number, (_, line) in enumerate(table[table.epoch <= last].groupby("arch", sort=False)):
                dots = "." if last == zoom else ""  # where few scores make a line
                ax.plot(
                    line.epoch,
                    line[column],
                    lw=1,
                    marker=dots,
                    ms=4,
                    color=colours[number],
                    label=f"{line.accuracy.iloc[0]:.2f}",
                )
            ax.set(title=f"{title}, {name}" if name else title, xlabel="epoch", ylabel="score")
            sns.despine(ax=ax)
        left.set(xticks=range(zoom + 1))
    grid[0, 1].legend(loc="center left", bbox_to_anchor=(1, 0.5), title="accuracy (%)")
    return figure


def pareto(table: pd.DataFrame, front: pd.DataFrame, *, cost: str, value: str = "score") -> Figure:
    """Hardware-aware search: ``value`` against the column ``cost``, and the front of those that nothing beats.

    ``front`` is :func:`naswotlib.search.pareto.pareto_front` of ``table``. The steps show the best value to be had at a
    cost; a score of −inf is drawn along the lower edge, as in :func:`naswotbook.plots.fig3`.
    """
    figure, ax = plt.subplots(figsize=(6, 4.5), layout="constrained")
    heights, singular = drawn_heights(table[value])
    ax.scatter(table[cost][~singular], heights[~singular], s=12, alpha=0.4, linewidths=0, color=SCORE)
    if singular.any():
        ax.scatter(table[cost][singular], heights[singular], s=16, marker="v", color=QUIET, label=SINGULAR)
    ax.step(front[cost], front[value], where="post", marker="o", markersize=4, color=COUNT, label="Pareto front")
    ax.legend(loc="lower right")
    if cost == "latency":
        ax.set(xlabel="latency (ms)", ylabel=value)
    else:
        ax.set(xlabel=cost, ylabel=value)
        ax.xaxis.set_major_formatter(EngFormatter(sep=""))  # 50M
    sns.despine(ax=ax)
    plt.close(figure)
    return figure
