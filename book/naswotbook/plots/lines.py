"""Against time, cost and epochs: Figures 6 and 7, cheaper scores, Pareto fronts."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from itertools import chain, product, zip_longest
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter, FuncFormatter, PercentFormatter

from naswotbook.counting import COUNTS
from naswotbook.plots.scatter import SINGULAR, drawn_heights
from naswotbook.plots.style import COLOURS, COUNT, INK, NARROW, OTHER, QUIET, SCORE, SMALL, WIDE, shades

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
        kind=[kind_of_method(method) for method in table.method],
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
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=4, columnspacing=1)
    label = "search (s); at the left edge, what costs nothing"
    plain = FuncFormatter(lambda seconds, _: f"{seconds:,g}")
    scored = drawn[drawn.kind == "score"]
    top = max(best, (scored["mean"] + scored["std"]).max())  # where the names of these are
    ax.set(xscale="log", xlabel=label, ylabel=accuracy, ylim=(floor - zoom / 15, top + zoom / 4))
    ax.set_xlim(free / 80, drawn.x.max() * 8)
    ax.xaxis.set_major_formatter(plain)
    high = drawn[drawn["mean"] >= floor]
    _label_above(ax, high[high.kind == "score"])
    _label_columns(ax, high[high.kind != "score"], free=free, gap=zoom / 18)
    if len(low := drawn[drawn["mean"] < floor].sort_values("x")):
        names = textwrap.fill(", ".join(f"{row.method} {row.mean:.1f}" for row in low.itertuples()), 42)
        ax.text(low.x.min() / 1.3, floor, f"below, from the left:\n{names}", ha="right", va="bottom", fontsize=SMALL)
    plt.close(figure)
    return figure


def kind_of_method(method: str) -> str:
    """Whether a search, such as ``NASWOT (N=10)``, follows the ``score``, a count, ``size``, or else, ``proxy``."""
    searched = method.split(" (", maxsplit=1)[0]
    return "score" if searched == "NASWOT" else "size" if searched in COUNTS.values() else "proxy"


def _label_above(ax: Axes, drawn: pd.DataFrame) -> None:
    """The name of each method over its bars."""
    for method, rows in drawn.groupby("method", sort=False):
        middle = float(np.exp(np.log(rows.x).mean()))
        ax.annotate(
            str(method).replace(" (", "\n("),
            (middle, (rows["mean"] + rows["std"]).max()),
            (0, 4),
            textcoords="offset points",
            ha="center",
            fontsize=SMALL,
        )


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
                fontsize=SMALL,
                arrowprops={
                    "arrowstyle": "-",
                    "color": QUIET,
                    "linewidth": 0.5,
                    "shrinkA": 0,
                    "shrinkB": 3,
                    "relpos": (1 if number < 0 else 0, 0.5),
                },
            )


CORNERS: tuple[dict[str, Any], ...] = (  # where a label stands at its point
    {"xytext": (-5, -11), "ha": "right"},
    {"xytext": (-5, 4), "ha": "right"},
    {"xytext": (5, 4), "ha": "left"},
    {"xytext": (5, -11), "ha": "left"},
)


def cost(table: pd.DataFrame) -> Figure:
    """Kendall's τ of score and accuracy against the cost of a score.

    A point a setting, with its interval: the more channels of the stem the darker, marker the cells a stage, and the
    number of images beside it. The cost, a share of the first setting's, is logarithmic. A measure that costs nothing
    is a dashed line with its name at the right end.
    """
    figure, ax = plt.subplots(figsize=(WIDE, 4.2), layout="constrained")
    for row in table[table.cost == 0].drop_duplicates("tau").to_dict("records"):
        ax.axhline(row["tau"], color=COUNT, linewidth=1, linestyle="--")
        ax.text(1.01, row["tau"], row["measure"], transform=ax.get_yaxis_transform(), va="center", fontsize=SMALL)
    table = table[table.cost > 0]
    channels, cells = sorted(set(table.channels)), sorted(set(table.cells))
    colours = dict(zip(channels, shades(SCORE, len(channels) + 1)[1:], strict=True))
    markers = dict(zip(cells, "os^Dv", strict=False))
    place, before = 0, 0.0
    for row in table.sort_values(["cost", "tau"]).to_dict("records"):
        error = [[row["tau"] - row["low"]], [row["high"] - row["tau"]]]
        style = {"fmt": markers[row["cells"]], "color": colours[row["channels"]], "elinewidth": 0.8}
        ax.errorbar(row["cost"], row["tau"], yerr=error, **style)
        place = (place + 1) % len(CORNERS) if row["cost"] < 1.4 * before else 0  # neighbours keep out of the way
        before = row["cost"]
        ax.annotate(
            row["images"], (row["cost"], row["tau"]), textcoords="offset points", fontsize=SMALL, **CORNERS[place]
        )
    dots = [ax.plot([], [], "o", color=colours[value], label=f"{value} channels")[0] for value in channels]
    named = {value: f"{value} {'cell' if value == 1 else 'cells'} a stage" for value in cells}
    marks = [ax.plot([], [], markers[value], color=QUIET, label=name)[0] for value, name in named.items()]
    nothing = ax.plot([], [], " ", label=" ")[0]
    columns = list(zip_longest(dots, marks, fillvalue=nothing))  # a legend goes down its columns
    ax.legend(handles=list(chain(*columns)), ncols=len(columns), loc="lower left", bbox_to_anchor=(0, 1))
    ax.axhline(table.tau.iloc[0], color=QUIET, linewidth=0.6, linestyle=":")
    ax.set(xscale="log", xlabel="multiply-adds, as a share of the first setting's", ylabel="Kendall's τ with accuracy")
    ax.xaxis.set_major_formatter(PercentFormatter(1, decimals=None))
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
    colours = sns.color_palette("viridis_r", table.arch.nunique() + 2)[2:]  # in the order of the legend, none too light
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
        left.set(xticks=range(zoom + 1))
    grid[0, 1].legend(loc="center left", bbox_to_anchor=(1, 0.5), title="accuracy (%)")
    return figure


def moved_scores(tables: Mapping[str, pd.DataFrame], *, readings: Mapping[str, str]) -> Figure:
    """How far the score has moved since before training: a panel a table, by what it is, and a line a network.

    Tables have columns ``arch``, ``epoch`` and those of ``readings``, scores, each by what the legend calls it; what is
    missing is left out. Returns the figure.
    """
    columns = 4
    rows = -(-len(tables) // columns)
    figure, grid = plt.subplots(
        rows,
        columns,
        figsize=(WIDE, 0.5 + 2 * rows),
        layout="constrained",
        sharex=True,
        sharey=True,
        squeeze=False,
    )
    colours = dict(zip(readings, (SCORE, QUIET), strict=False))
    for ax, (name, table) in zip(grid.flat, tables.items(), strict=False):
        ax.axhline(0, color=QUIET, linewidth=0.8)
        for (_, line), (column, colour) in product(table.groupby("arch", sort=False), colours.items()):
            ax.plot(line.epoch, line[column] - line[column].iloc[0], lw=1, color=colour)
        ax.set_title(textwrap.fill(name, NARROW - 4))
    for ax in grid.flat[len(tables) :]:
        ax.set_axis_off()
    for column, colour in colours.items():
        grid[0, 0].plot([], [], color=colour, label=readings[column])
    figure.legend(loc="outside upper center", ncols=len(colours))
    figure.supxlabel("epoch", fontsize=SMALL)
    figure.supylabel("score less that before training", fontsize=SMALL)
    plt.close(figure)
    return figure


_COSTS = {"latency": "latency (ms)", "flops": "FLOPs (multiply-adds)", "num_units": "ReLU units an image"}


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
    ax.step(front[cost], front[value], where="post", marker="o", ms=4, lw=1, color=INK, label="Pareto front")
    ax.legend(loc="lower right")
    ax.set(xlabel=_COSTS.get(cost, cost), ylabel="score at initialisation" if value == "score" else value)
    if cost != "latency":
        ax.xaxis.set_major_formatter(EngFormatter(sep=""))  # 50M
    plt.close(figure)
    return figure
