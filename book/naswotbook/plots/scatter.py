"""Score against accuracy, one point a network: the panels of Figures 3, 9 and 10."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import seaborn as sns
from matplotlib.axes import Axes

SINGULAR = "singular $\\mathregular{K_H}$, score −∞"


def fig3(table: pd.DataFrame, ax: Axes, *, title: str, accuracy: str = "validation accuracy (%)") -> Axes:
    """A panel of Figure 3: score of the untrained network against accuracy when trained, one point a row.

    ``table`` has columns ``score`` and ``accuracy`` (percent); a score of −inf is drawn as a triangle along the
    lower edge. ``title`` holds the rank correlation, as the paper's panels do. Returns ``ax``.
    """
    heights, singular = drawn_heights(table.score)
    ax.scatter(table.accuracy[~singular], heights[~singular], s=12, alpha=0.6, linewidths=0)
    if singular.any():
        ax.scatter(table.accuracy[singular], heights[singular], s=16, marker="v", color="tab:orange", label=SINGULAR)
        ax.legend(loc="lower right", frameon=False)
    ax.set(title=title, xlabel=accuracy, ylabel="score at initialisation")
    sns.despine(ax=ax)
    return ax


def fig3_interactive(table: pd.DataFrame, *, name: str, accuracy: str = "validation accuracy (%)") -> str:
    """The interactive twin of :func:`fig3`, as HTML for a page of the book that carries plotly.js in ``_static``.

    Hovering shows the architecture (column ``arch``), its score and its accuracy. Where ``table`` has a column
    ``panel``, a menu chooses which panel is drawn. ``name`` is the element's id.
    """
    groups = list(table.groupby("panel", sort=False)) if "panel" in table else [("", table)]
    figure = go.Figure(layout={"template": "plotly_white", "height": 420, "showlegend": False})
    for number, (_, group) in enumerate(groups):
        heights, singular = drawn_heights(group.score)
        figure.add_scatter(
            x=group.accuracy,
            y=heights,
            visible=number == 0,
            mode="markers",
            marker={"color": np.where(singular, "#ff7f0e", "#1f77b4"), "opacity": 0.7, "size": 7},
            customdata=np.stack([group.arch, [f"{score:.6g}" for score in group.score]], axis=1),
            hovertemplate="%{customdata[0]}<br>score %{customdata[1]}<br>accuracy %{x:.2f}%<extra></extra>",
        )
    if len(groups) > 1:
        buttons = [
            {"label": name, "method": "restyle", "args": ["visible", [name == other for other, _ in groups]]}
            for name, _ in groups
        ]
        figure.update_layout(
            updatemenus=[{"buttons": buttons, "x": 0, "xanchor": "left", "y": 1.02, "yanchor": "bottom"}]
        )
    figure.update_layout(margin={"l": 60, "r": 10, "t": 20 if len(groups) == 1 else 60, "b": 50})
    figure.update_xaxes(title=accuracy)
    figure.update_yaxes(title="score at initialisation")
    html: str = figure.to_html(
        full_html=False, include_plotlyjs="_static/plotly.min.js", div_id=name, config={"responsive": True}
    )
    return html


def drawn_heights(scores: pd.Series[float]) -> tuple[pd.Series[float], pd.Series[bool]]:
    """Where to draw scores, and which are −inf: those go a little below the lowest of the others."""
    singular = scores == -np.inf
    finite = scores[~singular]
    floor = finite.min() - 0.08 * (np.ptp(finite) or 1.0) if len(finite) else 0.0
    return scores.mask(singular, floor), singular
