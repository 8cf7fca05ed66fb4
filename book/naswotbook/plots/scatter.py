"""Points: score against accuracy, units, another score; sizes against sizes."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter
from scipy.stats import kendalltau

from naswotbook.plots.style import COUNT, GROUPS, INK, QUIET, SCORE, SMALL

SINGULAR = "singular $\\mathregular{K_H}$, score −∞"


def fig3(
    table: pd.DataFrame, ax: Axes, *, title: str, accuracy: str = "validation accuracy (%)", edges: bool = False
) -> Axes:
    """A panel of Figure 3: score of the untrained network against accuracy when trained, one point a row.

    ``table`` has columns ``score`` and ``accuracy`` (percent); a score of −inf is drawn as a triangle along the
    lower edge. ``title`` holds the rank correlation, as the paper's panels do. With ``edges``, histograms along the
    upper and right edge say how both are distributed. Returns ``ax``.
    """
    heights, singular = drawn_heights(table.score)
    ax.scatter(table.accuracy[~singular], heights[~singular], s=8, alpha=0.45, linewidths=0, color=SCORE)
    if singular.any():
        ax.scatter(table.accuracy[singular], heights[singular], s=16, marker="v", color=QUIET, label=SINGULAR)
        ax.legend(loc="lower right", handletextpad=0.1)
    ax.set(title=title, xlabel=accuracy, ylabel="score at initialisation")
    if edges and len(table):
        above, beside = ax.inset_axes((0, 1.02, 1, 0.13), sharex=ax), ax.inset_axes((1.02, 0, 0.09, 1), sharey=ax)
        how: dict[str, Any] = {"bins": 40, "color": SCORE, "alpha": 0.5}
        above.hist(table.accuracy, **how)
        beside.hist(heights[~singular], orientation="horizontal", **how)
        for strip in (above, beside):
            strip.set_axis_off()
        ax.set_title(title, y=1.16)
    return ax


def drawn_heights(scores: pd.Series[float]) -> tuple[pd.Series[float], pd.Series[bool]]:
    """Where to draw scores, and which are −inf: those go a little below the lowest of the others."""
    singular = scores == -np.inf
    finite = scores[~singular]
    floor = finite.min() - 0.08 * (np.ptp(finite) or 1.0) if len(finite) else 0.0
    return scores.mask(singular, floor), singular


def against(one: pd.Series[float], other: pd.Series[float], ax: Axes) -> Axes:
    """A point for each network that has two finite scores, and Kendall's τ of all of them above. Returns ``ax``."""
    finite = np.isfinite(one) & np.isfinite(other)
    ax.scatter(one[finite], other[finite], s=10, alpha=0.5, linewidths=0, color=SCORE)
    left_out = int((~finite).sum())
    note = f", {left_out} singular not drawn" if left_out else ""
    ax.set_title(f"τ = {kendalltau(one, other).statistic:.3f} (n = {len(one):,}{note})", fontsize=SMALL)
    return ax


def score_against_units(table: pd.DataFrame) -> Figure:
    """Score against number of ReLU units, a point for each row of :func:`naswotlib.score_archs`.

    The line is the column ``coin_flips`` (:mod:`naswotbook.experiments.coin_flips`). A score of −inf is drawn as a
    triangle along the lower edge, a failed row not at all. Returns the figure.
    """
    figure, ax = plt.subplots(figsize=(6, 4), layout="constrained")
    scored = table[table.error == ""].sort_values("num_units")
    units = scored.num_units.astype(float)
    heights, singular = drawn_heights(scored.score)
    ax.plot(units, scored.coin_flips, color=INK, linewidth=0.8, label="coin flips")
    for chosen, marker, colour in ((~singular, "o", SCORE), (singular, "v", QUIET)):
        ax.scatter(units[chosen], heights[chosen], s=16, alpha=0.7, linewidths=0, marker=marker, color=colour)
    ax.set(xscale="log", xlabel="$\\mathregular{N_A}$, ReLU units an image", ylabel="score at initialisation")
    ax.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    ax.xaxis.set_minor_formatter(NullFormatter())
    ax.legend()
    return figure


def sizes(table: pd.DataFrame, *, by: str | None = None) -> Figure:
    """ReLU units against parameters, one point a network of :func:`naswotlib.spaces.sizes.network_sizes`.

    ``by`` is a column whose values have a colour each. Parameters are on a logarithmic axis. Returns the figure.
    """
    figure, ax = plt.subplots(figsize=(6, 4) if by is None else (7, 4.5), layout="constrained")
    how: dict[str, Any] = {"color": COUNT}
    if by is not None:
        how = {"hue": by, "style": by, "palette": list(GROUPS[: table[by].nunique()])}
    sns.scatterplot(table, x="parameters", y="num_units", ax=ax, s=16, alpha=0.6, linewidth=0, **how)
    millions = FuncFormatter(lambda value, _: f"{value / 1e6:g}")
    ax.set(xscale="log", xlabel="parameters (million)", ylabel="$\\mathregular{N_A}$, ReLU units an image (million)")
    ax.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    ax.xaxis.set_major_formatter(millions)
    ax.xaxis.set_minor_formatter(NullFormatter())
    ax.yaxis.set_major_formatter(millions)
    if by is not None:
        sns.move_legend(ax, "lower center", bbox_to_anchor=(0.5, 1), ncols=3, title=None)
    return figure
