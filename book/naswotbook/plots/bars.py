"""Bars, boxes, histograms and intervals: how measures, columns and tables compare."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import cycle
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from naswotbook.plots.scatter import drawn_heights
from naswotbook.plots.style import ACCURACY, COLOURS, GROUPS, INK, MARKS, QUIET, SCORE, SMALL, WIDE, shades


def fig4(table: pd.DataFrame, ax: Axes, *, title: str) -> Axes:
    """A group of bars of Figure 4: Kendall's tau with accuracy of each measure, from the top down.

    ``table`` has a row a measure, with columns ``label``, ``kind`` (``score``, ``proxy`` or ``size``, for the colour),
    ``tau``, ``low`` and ``high``, the ends of its interval. Returns ``ax``.
    """
    places = range(len(table))
    ax.barh(places, table.tau, color=[COLOURS[kind] for kind in table.kind], height=0.7)
    ax.hlines(places, table.low, table.high, color=INK, linewidth=1)
    ax.axvline(0, color=QUIET, linewidth=0.8)
    ax.set(title=title, xlabel="Kendall's τ with accuracy", yticks=places, yticklabels=table.label)
    ax.yaxis.set_inverted(True)
    return ax


def fig4_bars(table: pd.DataFrame, *, missing: str = "not here") -> Figure:
    """Figure 4 in the paper's layout: a group of bars a space, Kendall's tau of each measure upwards.

    ``table`` has columns ``group`` (a space, as the axis says it), ``label``, ``kind``, ``tau``, ``low``
    and ``high``; a row of NaN for a space without results, which is a field that says ``missing``. Counts are hollow
    marks beside the bars, since the paper has none. Returns the figure.
    """
    figure, ax = plt.subplots(figsize=(WIDE, 3.8), layout="constrained")
    groups = list(dict.fromkeys(table.group))
    labels = list(dict.fromkeys(table.label[table.tau.notna()]))
    kinds = table.drop_duplicates("label").set_index("label").kind
    width, hatches, handles = 0.8 / max(len(labels), 1), dict[str, str](), list[Any]()
    for number, label in enumerate(labels):
        rows = table[table.label == label]
        places = np.array([groups.index(group) for group in rows.group]) - 0.4 + width * (number + 0.5)
        colour = COLOURS[kinds[label]]
        if kinds[label] == "size":
            mark = MARKS.get(label, "o")
            handles += [ax.scatter(places, rows.tau, marker=mark, s=26, facecolors="none", edgecolors=colour)]
        else:
            hatch = hatches.setdefault(label, ("", "", "////", "xxxx")[len(hatches) % 4])
            face = colour if not hatch else "none"
            handles += [ax.bar(places, rows.tau, width * 0.92, color=face, edgecolor=colour, hatch=hatch)]
        ax.vlines(places, rows.low, rows.high, color=INK, linewidth=0.9)
    for place, group in enumerate(groups):
        if table.tau[table.group == group].isna().all():
            ax.text(place, 0.05, missing, ha="center", va="bottom", rotation=90, fontsize=SMALL, color=QUIET)
    ax.axhline(0, color=QUIET, linewidth=0.8)
    ax.set(xticks=range(len(groups)), xticklabels=groups, ylabel="Kendall's τ with accuracy")
    ax.tick_params(axis="x", length=0)
    how: dict[str, Any] = {"columnspacing": 1.2, "handlelength": 1.4, "handletextpad": 0.5}
    ax.legend(handles, labels, ncols=len(labels), loc="lower center", bbox_to_anchor=(0.5, 1), **how)
    plt.close(figure)
    return figure


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
            cmap=ACCURACY,
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
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value / 1000:g}k" if value else "0"))
    return ax


def within_groups(table: pd.DataFrame, ax: Axes, *, title: str, group: str) -> Axes:
    """Kendall's tau of the score with accuracy in groups of networks: a point a group, with its interval and number.

    ``table`` has a row a group, with columns ``group`` (a number, said to be ``group`` on the axis), ``tau``, ``low``,
    ``high`` and ``n``. Returns ``ax``.
    """
    places = range(len(table))
    ax.axhline(0, color=QUIET, linewidth=0.8)
    ax.vlines(places, table.low, table.high, linewidth=1, color=SCORE)
    ax.scatter(places, table.tau, s=26, color=SCORE)
    labels = [f"{value}\n{n}" for value, n in zip(table.group, table.n, strict=True)]
    ax.set(title=title, ylabel="Kendall's τ with accuracy", xlabel=f"{group}; below, networks", xticks=places)
    ax.set_xticklabels(labels)
    return ax


def taus_by_group(table: pd.DataFrame, ax: Axes, *, tau: str) -> Axes:
    """Rank correlations with their intervals, a row of points a group, a colour a kind and a mark a label.

    ``table`` has columns ``group``, ``label``, ``kind`` (``score``, ``proxy`` or ``size``), ``tau``, ``low`` and
    ``high``; the text ``tau`` stands at the axis. A second label of the same kind and mark is hollow. Returns ``ax``.
    """
    groups, labels = list(dict.fromkeys(table.group)), list(dict.fromkeys(table.label))
    kinds, used = table.drop_duplicates("label").set_index("label").kind, set[tuple[str, str]]()
    ax.axvline(0, color=QUIET, linewidth=0.8)
    for number, label in enumerate(labels):
        rows = table[table.label == label].set_index("group").loc[groups]
        places = np.arange(len(groups)) + 0.7 * ((number + 0.5) / len(labels) - 0.5)
        colour, mark = COLOURS[kinds[label]], MARKS.get(label, "o")
        ax.hlines(places, rows.low, rows.high, linewidth=1, color=colour)
        inside = "white" if (kinds[label], mark) in used else colour
        ax.scatter(rows.tau, places, s=22, marker=mark, facecolors=inside, edgecolors=colour, label=label, zorder=2)
        used.add((kinds[label], mark))
    ax.set(xlabel=tau, yticks=range(len(groups)), yticklabels=groups)
    ax.yaxis.set_inverted(True)
    ax.legend(ncols=len(labels), loc="lower center", bbox_to_anchor=(0.4, 1))
    return ax


def top_of_ranking(table: pd.DataFrame, ax: Axes, *, title: str) -> Axes:
    """Kendall's tau with accuracy of a few measures, a point each with its interval, from the top down.

    ``table`` has columns ``label``, ``kind`` (``score``, ``proxy`` or ``size``), ``tau``, ``low`` and ``high``. Returns
    ``ax``.
    """
    places, colours = range(len(table)), [COLOURS[kind] for kind in table.kind]
    ax.axvline(0, color=QUIET, linewidth=0.8)
    ax.hlines(places, table.low, table.high, linewidth=1, color=colours)
    for place, (label, tau, colour) in enumerate(zip(table.label, table.tau, colours, strict=True)):
        ax.scatter(tau, place, s=26, marker=MARKS.get(label, "o"), color=colour)
    ax.set(title=title, xlabel="Kendall's τ with accuracy", yticks=places, yticklabels=table.label)
    ax.set_ylim(len(table) - 0.4, -0.6)
    return ax


def best_of_draws(table: pd.DataFrame, ax: Axes, *, draws: Sequence[int]) -> Axes:
    """What a search by a measure finds among as many networks as ``draws`` says: a mark a number, in the kind's colour.

    ``table`` has a row a measure, with columns ``kind`` and ``best_of_N``, its mean accuracy (percent), for each of
    ``draws``, of which there may be two: the first is hollow. Returns ``ax``.
    """
    places, colours = range(len(table)), [COLOURS[kind] for kind in table.kind]
    ends = [table[f"best_of_{n}"] for n in draws]
    ax.hlines(places, ends[0], ends[-1], color=colours, linewidth=1)
    for n, values, inside in zip(draws, ends, ("white", colours), strict=True):
        ax.scatter(values, places, s=24, facecolors=inside, edgecolors=colours, zorder=2)
        ax.scatter([], [], s=24, facecolors="white" if inside == "white" else INK, edgecolors=INK, label=f"N = {n}")
    ax.set(title="the best of N by the measure", xlabel="mean accuracy (%)")
    ax.legend(loc="upper left")
    return ax


def all_and_best(table: pd.DataFrame) -> Figure:
    """Kendall's tau of each table of :func:`naswotbook.experiments.score_tables.accuracy_agreements`, with intervals,
    over all networks and, hollow, over the tenth with the highest score.
    """
    figure, ax = plt.subplots(figsize=(WIDE, 0.8 + 0.25 * len(table)), layout="constrained")
    colours = [COLOURS[kind_of_table(file)] for file in table.file]
    ax.axvline(0, color=QUIET, linewidth=0.8)
    for shift, suffix, name in ((-0.14, "", "all networks"), (0.14, "_top", "the best tenth by score")):
        places = np.arange(len(table)) + shift
        ax.hlines(places, table[f"low{suffix}"], table[f"high{suffix}"], linewidth=1, color=colours)
        inside: Any = "white" if suffix else colours
        ax.scatter(table[f"tau{suffix}"], places, s=22, facecolors=inside, edgecolors=colours, zorder=2)
        ax.scatter([], [], s=22, facecolors="white" if suffix else INK, edgecolors=INK, label=name)
    ax.set(xlabel="Kendall's τ with published accuracy")
    _name_tables(ax, table.file)
    return figure


def kind_of_table(file: str) -> str:
    """What a table of :mod:`naswotbook.kept` holds, by its name: the ``score``, or another measure, a ``proxy``."""
    return "score" if re.search("-(once|reference)-", file) else "proxy"


def _name_tables(ax: Axes, files: pd.Series[str]) -> None:
    ax.set(yticks=range(len(files)), yticklabels=files.str.removesuffix(".parquet"))
    ax.set_ylim(len(files) - 0.4, -0.6)
    ax.legend(ncols=2, loc="lower center", bbox_to_anchor=(0.4, 1))
    plt.close(ax.figure)  # type: ignore[arg-type]


def agreement(taus: pd.DataFrame) -> Figure:
    """Kendall's τ between columns, as :func:`naswotbook.experiments.agreement.agreement` gives it: the lower triangle,
    darker where they agree more, each with its number.
    """
    side = min(0.55 * len(taus), WIDE - 1.8)
    figure, ax = plt.subplots(figsize=(side + 1.8, side + 1), layout="constrained")
    above = np.triu(np.ones(taus.shape, dtype=bool))
    rows, columns = taus.index[1:], taus.columns[:-1]
    sns.heatmap(
        taus.loc[rows, columns],
        mask=above[1:, :-1],
        annot=True,
        fmt=".2f",
        vmin=0,
        vmax=1,
        cmap="Blues",
        cbar=False,
        linewidths=1,
        annot_kws={"size": SMALL},
        ax=ax,
    )
    ax.tick_params(length=0)
    ax.set_xticklabels(ax.get_xticklabels(), rotation=40, ha="right", rotation_mode="anchor")
    plt.close(figure)
    return figure


def fig5(
    table: pd.DataFrame, ax: Axes, *, title: str, order: Sequence[str], score: str = "score", hue: str | None = None
) -> Axes:
    """A panel of Figure 5: box and whiskers of the column ``score``, a box a network, or one for each value of ``hue``.

    ``table`` has a column ``network``, the range of percentiles of its accuracy, such as ``95–100``; ``order`` is that
    of the boxes. The label ``score`` stands at the axis. Returns ``ax``.
    """
    colours: dict[str, Any] = {"color": SCORE}
    if hue is not None:
        colours = {"hue": hue, "palette": shades(SCORE, table[hue].nunique())}
    sns.boxplot(table, x="network", y="score", order=order, ax=ax, linewidth=0.8, fliersize=2, saturation=1, **colours)
    ax.set(title=title, xlabel="percentile of accuracy", ylabel=score)
    ax.tick_params(axis="x", labelrotation=45)
    if hue is not None:
        low, high = ax.get_ylim()
        ax.set_ylim(low, high + 0.25 * (high - low))  # room for the legend
        sns.move_legend(ax, "upper left", title=hue.replace("_", " "), ncols=4, handlelength=1.2, columnspacing=1)
    return ax


def distributions(scores: Mapping[str, pd.Series[float]], ax: Axes, *, title: str) -> Axes:
    """A histogram of each of ``scores``, by the name that the legend gives it, over the same bins.

    Heights are shares of the networks whose score is finite; the legend says how many are −inf. Returns ``ax``.
    """
    finite = {name: values[np.isfinite(values)] for name, values in scores.items()}
    everything = np.concatenate(list(finite.values()))
    bins = np.linspace(everything.min(), everything.max(), 60).tolist()
    for (name, values), colour in zip(finite.items(), cycle(GROUPS)):
        left_out = len(scores[name]) - len(values)
        label = f"{name}, n = {len(values):,}" + (f" and {left_out} singular" if left_out else "")
        weights = np.full(len(values), 1 / len(values))
        ax.hist(values, bins=bins, weights=weights, histtype="stepfilled", alpha=0.5, color=colour, label=label)
    ax.set(title=title, xlabel="score at initialisation", ylabel="share of networks")
    ax.legend(loc="upper center", bbox_to_anchor=(0.45, -0.17))
    return ax


def relative_differences(table: pd.DataFrame) -> Figure:
    """The median and, hollow, the largest relative difference of each table of
    :func:`naswotbook.experiments.score_tables.compare_again`.
    """
    figure, ax = plt.subplots(figsize=(WIDE, 0.8 + 0.23 * len(table)), layout="constrained")
    colours = [COLOURS[kind_of_table(file)] for file in table.file]
    places = range(len(table))
    floor = 1e-12  # what is no difference at all has no place on a logarithmic axis
    median, largest = (table[name].clip(lower=floor) for name in ("median", "largest"))
    ax.hlines(places, median, largest, linewidth=1, color=colours)
    for values, inside, name in ((median, colours, "median"), (largest, "white", "largest")):
        ax.scatter(values, places, s=22, facecolors=inside, edgecolors=colours, zorder=2 + (name == "median"))
        ax.scatter([], [], s=22, facecolors="white" if name == "largest" else INK, edgecolors=INK, label=name)
    ax.set(xscale="log", xlabel="relative difference, kept against computed again")
    _name_tables(ax, table.file)
    return figure
