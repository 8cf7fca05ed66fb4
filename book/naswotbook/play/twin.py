"""Interactive twins of figures, by plotly: how they stand on a page, in its colours, with a menu of what they show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import NamedTuple

import plotly.graph_objects as go
from IPython.display import HTML, display

from naswotbook.play.scripts import stage

Groups = Mapping[str, Sequence[int]]


class Twin(NamedTuple):
    """A figure and, by what a menu calls them, the traces that are seen together."""

    figure: go.Figure
    groups: Groups


def twin_html(twin: Twin, name: str, label: str) -> str:
    """The HTML of a twin for a page that carries plotly.js in ``_static``; ``label`` is for those who do not see it.

    Grounds are transparent, and play.css gives text and lines the colours of the theme. A menu, which
    book/interactive/twins.js listens to, shows one group of traces, the first at first; one group has none.
    """
    figure, groups = twin
    clear = "rgba(0,0,0,0)"
    figure.update_layout(template="plotly_white", paper_bgcolor=clear, plot_bgcolor=clear, font_size=13)
    first = next(iter(groups.values()), ())
    for number, trace in enumerate(figure.data):
        trace.visible = number in first
    drawn = figure.to_html(
        full_html=False,
        include_plotlyjs="_static/plotly.min.js",
        div_id=name,
        config={"responsive": True, "displayModeBar": False},
    )
    options = "".join(
        f'<option data-traces="{" ".join(map(str, traces))}">{escape(group)}</option>'
        for group, traces in groups.items()
    )
    menu = f"""<div class="play-controls"><div class="play-field"><label for="{name}-menu">shown</label>
    <select id="{name}-menu" data-plot="{name}">{options}</select></div></div>"""
    inside = f'<div role="group" aria-label="{escape(label)}">{menu if len(groups) > 1 else ""}{drawn}</div>'
    return stage(f"{name}-stage", ["twins"], inside=inside)


def show_twin(twin: Twin, name: str, label: str) -> None:
    """Show :func:`twin_html` on a page."""
    display(HTML(twin_html(twin, name, label)))
