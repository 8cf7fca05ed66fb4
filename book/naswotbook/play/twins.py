"""Interactive twins of Figures 3 to 7, 9 and 10, by plotly, from summaries and from networks of ours.

No twin of published accuracies has a point for a network.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any, Protocol

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from naswotbook.page import Page
from naswotbook.play.twin import Twin
from naswotbook.plots.lines import kind_of_method
from naswotbook.plots.scatter import drawn_heights
from naswotbook.plots.style import COLOURS, QUIET, SCORE, shades

CYCLE = ("#0072b2", "#d55e00", "#009e73", "#a0408a", "#b8a500", "#56b4e9", "#e69f00", "#7f7f7f")
NEAR_THE_BEST = 5  # points of accuracy
MARKERS = ("circle", "square", "diamond", "triangle-up", "triangle-down", "cross", "x", "star")


def _lines(arch: str) -> str:
    """An architecture's text in lines that fit a phone."""
    return arch.replace("+|", "+<br>|")


def fig3_twin(table: pd.DataFrame, *, accuracy: str = "validation accuracy (%)") -> Twin:
    """Figure 3, 9 or 10: score of the untrained network against accuracy when trained, one point a network.

    Hovering shows the architecture (column ``arch``), its score and its accuracy. Where ``table`` has a column
    ``panel``, a menu chooses which panel is drawn.
    """
    groups = list(table.groupby("panel", sort=False)) if "panel" in table else [("", table)]
    figure = go.Figure(layout={"height": 420, "showlegend": False, "margin": {"l": 60, "r": 10, "t": 10, "b": 50}})
    for _, group in groups:
        heights, singular = drawn_heights(group.score)
        figure.add_scatter(
            x=group.accuracy,
            y=heights,
            mode="markers",
            marker={"color": np.where(singular, QUIET, SCORE), "opacity": 0.7, "size": 7},
            customdata=np.stack([group.arch.map(_lines), [f"{score:.6g}" for score in group.score]], axis=1),
            hovertemplate="%{customdata[0]}<br>score %{customdata[1]}<br>accuracy %{x:.2f}%<extra></extra>",
        )
    figure.update_xaxes(title=accuracy)
    figure.update_yaxes(title="score at initialisation")
    return Twin(figure, {str(panel): [number] for number, (panel, _) in enumerate(groups)})


class Measure(Protocol):
    """What :data:`naswotbook.panels.MEASURES` has of each."""

    @property
    def label(self) -> str: ...

    @property
    def kind(self) -> str: ...


def fig4_twin(page: Page, ours: pd.DataFrame, measures: Mapping[str, Measure]) -> Twin:
    """Figure 4: Kendall's tau of each measure with accuracy, with its interval; a menu has the panels.

    Those that were published, and those of ``ours``, the summary of :func:`naswotbook.panels.score_panels`. What each
    is called, and of what kind it is, ``measures`` say.
    """
    published = [found.summary for entry in page.chapter.published if (found := page.find(entry))]
    titles = {entry.panel: f"({entry.panel}) {entry.title}" for entry in page.chapter.published}
    figure = go.Figure(layout={"height": 380, "showlegend": False, "margin": {"l": 10, "r": 10, "t": 10, "b": 50}})
    groups: dict[str, list[int]] = {}
    for owner, summary in (("published", published), ("ours" if page.profile == "demo" else "this run", [ours])):
        for letter, rows in pd.concat(summary).groupby("panel", sort=False) if any(map(len, summary)) else ():
            how = [measures[name] for name in rows.measure]
            figure.add_bar(
                y=[measure.label for measure in how],
                x=rows.tau,
                orientation="h",
                marker_color=[COLOURS[measure.kind] for measure in how],
                error_x={"array": rows.high - rows.tau, "arrayminus": rows.tau - rows.low, "color": QUIET},
                customdata=rows[["low", "high", "n"]],
                hovertemplate="%{y}<br>τ with accuracy %{x:.3f}, 95% interval %{customdata[0]:.3f} to "
                "%{customdata[1]:.3f}<br>%{customdata[2]} networks<extra></extra>",
            )
            groups[f"{titles[str(letter)]}, {owner}"] = [len(figure.data) - 1]
    figure.update_yaxes(autorange="reversed", automargin=True)
    figure.update_xaxes(title="τ with accuracy", zeroline=True)
    return Twin(figure, groups)


def fig5_twin(tables: Mapping[str, pd.DataFrame], order: Sequence[str], titles: Mapping[str, str]) -> Twin:
    """Figure 5: a box a network with its scores as points; a menu has the experiments of ``titles`` for each table.

    ``tables``, by whose networks they are of, have the rows of :func:`naswotbook.experiments.ablation.run_ablations`
    and a column ``network``, the range of percentiles of its accuracy; a point says its architecture where there is a
    column ``arch``. Of mini-batches of several sizes, scores are over the smallest of that size.
    """
    layout: dict[str, Any] = {"height": 420, "margin": {"l": 60, "r": 10, "t": 10, "b": 70}, "boxmode": "group"}
    figure = go.Figure(layout=layout | {"showlegend": False})
    groups: dict[str, list[int]] = {}
    for (whose, table), (ablation, title) in product(tables.items(), titles.items()):
        rows = table[table.ablation == ablation]
        several = rows.batch_size.nunique() > 1
        name = f"{title}{', score over the smallest' if several else ''}; {whose}"
        named = rows.assign(said="<br>" + rows.arch.map(_lines) if "arch" in rows else "")
        colours = shades(SCORE, rows.batch_size.nunique())
        for number, (size, part) in enumerate(named.groupby("batch_size")):
            figure.add_box(
                x=part.network,
                y=part.score / part.score.min() if several else part.score,
                name=f"{size} images",
                customdata=part[["repeat", "said", "score"]],
                hovertemplate="repeat %{customdata[0]}, score %{customdata[2]:.2f}%{customdata[1]}<extra></extra>",
                boxpoints="all",
                jitter=0.4,
                pointpos=0,
                marker={"size": 4, "color": colours[number]},
                line_width=1.2,
            )
            groups.setdefault(name, []).append(len(figure.data) - 1)
    figure.update_xaxes(title="percentile of accuracy", categoryorder="array", categoryarray=list(order))
    figure.update_yaxes(title="score")
    return Twin(figure, groups)


def fig6_twin(tables: Mapping[str, pd.DataFrame]) -> Twin:
    """Figure 6: the score of each network while it is trained; a menu has the ``tables`` that have rows.

    Each has columns ``arch``, ``epoch``, ``score``, and ``accuracy`` (percent, NaN where it is not ours).
    """
    figure = go.Figure(layout={"height": 420, "showlegend": False, "margin": {"l": 60, "r": 10, "t": 10, "b": 50}})
    groups: dict[str, list[int]] = {}
    for name, table in tables.items():
        for arch, line in table.groupby("arch", sort=False):
            own = line.accuracy.iloc[0]
            reached = "" if pd.isna(own) else f"<br>accuracy {own:.2f}%"
            figure.add_scatter(
                x=line.epoch,
                y=line.score,
                mode="lines+markers",
                marker={"size": 4, "color": CYCLE[len(groups.get(name, [])) % len(CYCLE)]},
                line_width=1.3,
                hovertemplate=f"{_lines(str(arch))}{reached}<br>epoch %{{x:.2f}}, score %{{y:.1f}}<extra></extra>",
            )
            groups.setdefault(name, []).append(len(figure.data) - 1)
    figure.update_xaxes(title="epoch")
    figure.update_yaxes(title="score")
    return Twin(figure, groups)


def fig7_twin(tables: Mapping[str, pd.DataFrame], *, accuracy: str) -> Twin:
    """Figure 7: seconds of search, logarithmic, against the mean accuracy of what it found, a deviation up and down.

    ``tables`` by their name in the menu are those of :func:`naswotbook.experiments.trade_off.trade_off`; points are
    filled where they are of this project, hollow where the paper's; what costs nothing stands at the left edge.
    """
    figure = go.Figure(layout={"height": 460, "showlegend": False, "margin": {"l": 60, "r": 10, "t": 10, "b": 50}})
    groups: dict[str, list[int]] = {}
    for name, points in tables.items():
        top = f"{name}, the top"
        free = points.seconds[points.seconds > 0].min() / 3
        for number, (method, rows) in enumerate(points.groupby("method", sort=False)):
            here = rows.source == "here"
            symbol, colour = MARKERS[number % len(MARKERS)], COLOURS[kind_of_method(str(method))]
            about = {"source": here.map({True: "this project", False: "the paper"}), "std": rows["std"]}
            figure.add_scatter(
                x=rows.seconds.where(rows.seconds > 0, free),
                y=rows["mean"],
                mode="markers",
                error_y={"array": rows["std"], "thickness": 1, "color": colour},
                marker={"color": colour, "size": 10, "symbol": [symbol + ("" if own else "-open") for own in here]},
                customdata=pd.DataFrame(about | {"seconds": rows.seconds.map("{:,.2f}".format)}),
                hovertemplate=f"{method}, %{{customdata[0]}}<br>accuracy %{{y:.2f}} ± %{{customdata[1]:.2f}}%"
                "<br>%{customdata[2]} s<extra></extra>",
            )
            for group in (top, name) if rows["mean"].max() > points["mean"].max() - NEAR_THE_BEST else (name,):
                groups.setdefault(group, []).append(len(figure.data) - 1)
    figure.update_xaxes(title="search (s), free at the left", type="log")
    figure.update_yaxes(title=accuracy)
    return Twin(figure, {name: groups[name] for name in sorted(groups, key=lambda name: not name.endswith("the top"))})
