"""Bars, boxes, histograms and intervals: how measures, columns and tables compare."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from naswotbook.plots.scatter import drawn_heights
from naswotbook.plots.style import COLOURS, QUIET, SCORE, WIDE


def fig4(table: pd.DataFrame, ax: Axes, *, title: str) -> Axes:
    """A group of bars of Figure 4: Kendall's tau with accuracy of each measure, from the top down.

    ``table`` has a row a measure, with columns ``label``, ``kind`` (``score``, ``proxy`` or ``size``, for the colour),
    ``tau``, ``low`` and ``high``, the ends of its interval. Returns ``ax``.
    """
    places = range(len(table))
    ax.barh(places, table.tau, color=[COLOURS[kind] for kind in table.kind], height=0.7)
    ax.hlines(places, table.low, table.high, color="black", linewidth=1)
    ax.axvline(0, color=QUIET, linewidth=0.8)
    ax.set(title=title, xlabel="Kendall's τ with accuracy", yticks=places, yticklabels=table.label)
    ax.yaxis.set_inverted(True)
    sns.despine(ax=ax)
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
    width, hatches = 0.8 / max(len(labels), 1), dict[str, str]()
    for number, label in enumerate(labels):
        rows = table[table.label == label]
        places = np.array([groups.index(group) for group in rows.group]) - 0.4 + width * (number + 0.5)
        colour = COLOURS[kinds[label]]
        if kinds[label] == "size":
            marker = "^sD"[list(labels).index(label) % 3]
            ax.scatter(places, rows.tau, marker=marker, s=26, facecolors="none", edgecolors=colour, label=label)
        else:
            hatch = hatches.setdefault(label, ("", "", "////", "xxxx")[len(hatches) % 4])
            face = colour if not hatch else "none"
            ax.bar(places, rows.tau, width * 0.92, color=face, edgecolor=colour, hatch=hatch, label=label)
        ax.vlines(places, rows.low, rows.high, color="#222222", linewidth=0.9)
    for place, group in enumerate(groups):
        if table.tau[table.group == group].isna().all():
            ax.text(place, 0.05, missing, ha="center", va="bottom", rotation=90, fontsize=8, color=QUIET)
    ax.axhline(0, color=QUIET, linewidth=0.8)
    ax.set(xticks=range(len(groups)), xticklabels=groups, ylabel="Kendall's τ with accuracy")
    ax.tick_params(axis="x", length=0)
    ax.legend(ncols=4, loc="lower center", bbox_to_anchor=(0.5, 1))
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
            cmap="cividis",
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
    ax.axhline(0, color=QUIET, linewidth=0.8)
    labels = [f"{value:,}\nn = {n}" for value, n in zip(table.group, table.n, strict=True)]
    ax.set(title=title, ylabel="Kendall's τ with accuracy", xlabel=group, xticks=places)
    ax.set_xticklabels(labels, rotation=45, ha="right", fontsize=8)
    sns.despine(ax=ax)
    return ax


def taus_by_group(table: pd.DataFrame, ax: Axes, *, tau: str) -> Axes:
    """Rank correlations with their intervals, a row of points a group, a colour and mark a label.

    ``table`` has columns ``group``, ``label``, ``tau``, ``low`` and ``high``; the text ``tau`` stands at the axis.
    Returns ``ax``.
    """
    groups, labels = list(dict.fromkeys(table.group)), list(dict.fromkeys(table.label))
    for number, label in enumerate(labels):
        rows = table[table.label == label].set_index("group").loc[groups]
        places = np.arange(len(groups)) + 0.7 * ((number + 0.5) / len(labels) - 0.5)
        ax.hlines(places, rows.low, rows.high, linewidth=1, color=f"C{number}")
        ax.scatter(rows.tau, places, s=22, marker="osD^vP"[number % 6], color=f"C{number}", label=label)
    ax.axvline(0, color=QUIET, linewidth=0.8)
    ax.set(xlabel=tau, yticks=range(len(groups)), yticklabels=groups)
    ax.yaxis.set_inverted(True)
    ax.legend(frameon=False, ncols=3, loc="lower center", bbox_to_anchor=(0.5, 1))
    sns.despine(ax=ax)
    return ax


def top_of_ranking(table: pd.DataFrame, ax: Axes, *, title: str) -> Axes:
    """Kendall's tau with accuracy of a few measures, a point each with its interval, from the top down.

    ``table`` has columns ``label``, ``tau``, ``low`` and ``high``. Returns ``ax``.
    """
    places = range(len(table))
    ax.hlines(places, table.low, table.high, linewidth=1)
    ax.scatter(table.tau, places)
    ax.axvline(0, color=QUIET, linewidth=0.8)
    ax.set(title=title, xlabel="Kendall's τ with accuracy", yticks=places, yticklabels=table.label)
    ax.yaxis.set_inverted(True)
    sns.despine(ax=ax)
    return ax


def all_and_best(table: pd.DataFrame) -> Figure:
    """Kendall's tau of each table of :func:`naswotbook.experiments.score_tables.accuracy_agreements`, with intervals,
    over all networks and over the tenth with the highest score.
    """
    figure, ax = plt.subplots(figsize=(7, 0.6 + 0.25 * len(table)), layout="constrained")
    for shift, suffix, name, marker in (
        (-0.14, "", "all networks", "o"),
        (0.14, "_top", "the best tenth by score", "D"),
    ):
        places = np.arange(len(table)) + shift
        colour = f"C{int(shift > 0)}"
        ax.hlines(places, table[f"low{suffix}"], table[f"high{suffix}"], linewidth=1, color=colour)
        ax.scatter(table[f"tau{suffix}"], places, s=20, marker=marker, color=colour, label=name)
    ax.axvline(0, color=QUIET, linewidth=0.8)
    ax.set(xlabel="Kendall's τ with published accuracy", yticks=range(len(table)))
    ax.set_yticklabels(table.file.str.removesuffix(".parquet"), fontsize=8)
    ax.yaxis.set_inverted(True)
    ax.legend(frameon=False, ncols=2, loc="lower center", bbox_to_anchor=(0.5, 1))
    sns.despine(ax=ax)
    plt.close(figure)
    return figure


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
        annot_kws={"size": 8},
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
    colours = {"color": SCORE} if hue is None else {"hue": hue, "palette": "crest"}
    sns.boxplot(table, x="network", y="score", order=order, ax=ax, linewidth=0.8, fliersize=2, **colours)
    ax.set(title=title, xlabel="percentile of accuracy", ylabel=score)
    ax.tick_params(axis="x", labelrotation=45)
    if hue is not None:
        sns.move_legend(ax, "upper left", title=hue.replace("_", " "), frameon=False, ncols=2)
    sns.despine(ax=ax)
    return ax


def distributions(scores: Mapping[str, pd.Series[float]], ax: Axes, *, title: str) -> Axes:
    """A histogram of each of ``scores``, by the name that the legend gives it, over the same bins.

    Heights are shares of the networks whose score is finite; the legend says how many are −inf. Returns ``ax``.
    """
    finite = {name: values[np.isfinite(values)] for name, values in scores.items()}
    everything = np.concatenate(list(finite.values()))
    bins = np.linspace(everything.min(), everything.max(), 60).tolist()
    for name, values in finite.items():
        left_out = len(scores[name]) - len(values)
        label = f"{name}, n = {len(values):,}" + (f" and {left_out} singular" if left_out else "")
        weights = np.full(len(values), 1 / len(values))
        ax.hist(values, bins=bins, weights=weights, histtype="stepfilled", alpha=0.45, label=label)
    ax.set(title=title, xlabel="score at initialisation", ylabel="share of networks")
    ax.set_ylim(top=1.4 * ax.get_ylim()[1])  # room for the legend
    ax.legend(frameon=False, fontsize=8)
    sns.despine(ax=ax)
    return ax


def relative_differences(table: pd.DataFrame) -> Figure:
    """The median and the largest relative difference of each table of
    :func:`naswotbook.experiments.score_tables.compare_again`.
    """
    figure, ax = plt.subplots(figsize=(7, 0.6 + 0.23 * len(table)), layout="constrained")
    places = range(len(table))
    floor = 1e-12  # what is no difference at all has no place on a logarithmic axis
    ax.hlines(places, table["median"].clip(lower=floor), table.largest.clip(lower=floor), linewidth=1)
    ax.scatter(table["median"].clip(lower=floor), places, s=20, label="median")
    ax.scatter(table.largest.clip(lower=floor), places, s=20, marker="D", label="largest")
    ax.set(xscale="log", xlabel="relative difference, kept against computed again", yticks=places)
    ax.set_yticklabels(table.file.str.removesuffix(".parquet"), fontsize=8)
    ax.invert_yaxis()
    ax.legend(frameon=False)
    sns.despine(ax=ax)
    plt.close(figure)
    return figure
