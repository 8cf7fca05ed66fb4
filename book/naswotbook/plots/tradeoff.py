"""Search time against accuracy: Figure 7."""

from __future__ import annotations

from typing import Any

import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.pyplot import subplots

MARKERS = "osD^vP*XphH<>d8"


def fig7(table: pd.DataFrame, *, accuracy: str = "accuracy (%)", zoom: float = 3.0) -> Figure:
    """Figure 7: seconds of search, logarithmic, against the accuracy of what it found; an error bar is a deviation.

    ``table`` has columns ``method, source, seconds, mean, std``: a filled marker where ``source`` is ``"here"``, a
    hollow one for the paper's. Left, all of it; right, what lies within ``zoom`` points of the best.
    """
    figure, axes = subplots(1, 2, figsize=(9.5, 4.2), layout="constrained")
    methods = list(dict.fromkeys(table.method))
    colours = sns.color_palette("husl", len(methods))
    for ax in axes:
        for number, method in enumerate(methods):
            for row in table[table.method == method].to_dict("records"):
                _draw(ax, row, colours[number], MARKERS[number % len(MARKERS)])
        ax.set(xscale="log", xlabel="search (s)", ylabel=accuracy)
        sns.despine(ax=ax)
    best = table["mean"].max()
    axes[1].set_ylim(best - zoom, best + zoom / 5)
    handles, labels = axes[0].get_legend_handles_labels()
    named = dict(zip(labels, handles, strict=True))
    figure.legend(named.values(), named.keys(), loc="outside right center", frameon=False, fontsize="small")
    return figure


def _draw(ax: Axes, row: dict[str, Any], colour: tuple[float, float, float], marker: str) -> None:
    ours = row["source"] == "here"
    style: dict[str, Any] = {
        "marker": marker,
        "color": colour,
        "mfc": colour if ours else "white",
        "capsize": 2,
        "elinewidth": 0.8,
    }
    label = row["method"] if ours else f"{row['method']} (paper)"
    ax.errorbar(row["seconds"], row["mean"], yerr=row["std"], label=label, linestyle="none", **style)
