"""How scores are distributed over networks."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes


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
    ax.legend(frameon=False, fontsize="small")
    sns.despine(ax=ax)
    return ax


def relative_differences(table: pd.DataFrame, ax: Axes) -> Axes:
    """The median and the largest relative difference of each table of
    :func:`naswotbook.experiments.score_tables.compare_again`. Returns ``ax``.
    """
    places = range(len(table))
    floor = 1e-12  # what is no difference at all has no place on a logarithmic axis
    ax.hlines(places, table["median"].clip(lower=floor), table.largest.clip(lower=floor), linewidth=1)
    ax.scatter(table["median"].clip(lower=floor), places, s=20, label="median")
    ax.scatter(table.largest.clip(lower=floor), places, s=20, marker="D", label="largest")
    ax.set(xscale="log", xlabel="relative difference, kept against computed again", yticks=places)
    ax.set_yticklabels(table.file.str.removesuffix(".parquet"), fontsize="small")
    ax.invert_yaxis()
    ax.legend(frameon=False)
    sns.despine(ax=ax)
    return ax
