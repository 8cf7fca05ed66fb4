"""Pages of panels of score against accuracy: what was published with seed 0, and what this run made."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import matplotlib.pyplot as plt
import pandas as pd

from naswotbook.pages import few_networks, glue_published, markdown_table
from naswotbook.panels import Panels, draw_panels, save_panels
from naswotbook.plots import fig3_interactive
from naswotbook.provenance import Provenance, provenance_table
from naswotbook.samples import needed_file
from naswotlib.benchmarks.load import bundled_recipe

COLUMNS = ("panel", "networks", "accuracy", "units", "n", "τ", "95% interval", "singular")


def show_published(figure: Panels, page: Provenance) -> None:
    """Glue the panels that the ``paper`` profile made with seed 0, boxes for the others, and show what came out.

    For a cell of a page, whose text places the pictures by their names, such as ``fig3a``.
    """
    from IPython.display import Markdown, display  # comes with notebooks

    glued = {panel.name.partition("-")[0]: panel for panel in figure.values()}
    files = {name: (f"{panel.name}-seed0", needed_file(panel.space)) for name, panel in glued.items()}
    summaries, rows, runs = [], [], {}
    for found in glue_published(page, files).values():
        for row in found.summary.to_dict("records"):
            summaries.append(row)
            runs[f"({row['panel']})"] = found.facts
            scores = f"{row['space']}-{row['dataset']}-{row['counting']}-seed{row['seed']}.parquet"
            rows.append([*_cells(figure, row), f"{found.link}, [scores](../figures/paper/scores/{scores})"])
    if rows:
        above = sum(row["low"] > 0 for row in summaries)
        ranked = [f"({row['panel']})" for row in sorted(summaries, key=lambda row: row["tau"])]
        outcome = (
            f"The interval of τ lies above 0 in {above} of the {len(rows)} panels that could be drawn; from the "
            f"highest τ to the lowest, they are {', '.join(reversed(ranked))}."
        )
        for text in (markdown_table([*COLUMNS, "files"], rows), outcome, provenance_table(runs)):
            display(Markdown(text))


def show_ours(figure: Panels, points: pd.DataFrame, summary: pd.DataFrame, page: Provenance, *, name: str) -> None:
    """Write what a page made, glue its picture as ``NAME-ours``, and show its table, link and interactive twin.

    For a cell of a page, with the tables of :func:`naswotbook.panels.score_panels`. In ``paper`` the points are
    published accuracies: they are seen, and not to be had as a table.
    """
    from IPython.display import HTML, Markdown, display  # comes with notebooks
    from myst_nb import glue

    save_panels(figure, points, summary, page, name=name)
    picture = draw_panels(figure, points, summary)
    glue(f"{name}-ours", picture, display=False)
    plt.close(picture)
    if summary.empty:
        return
    texts = [markdown_table(COLUMNS, [_cells(figure, row) for row in summary.to_dict("records")])]
    texts.append(few_networks(summary.n))
    if page.parameters["profile"] == "demo":
        by_training = defaultdict[str, list[str]](list)
        for letter, space in zip(summary.panel, summary.space, strict=True):
            training, _, skeleton = bundled_recipe(space).rpartition("; ")
            by_training[training].append(f"({letter}) {skeleton}")
        texts += [f"Trained for {training}: {'; '.join(built)}." for training, built in by_training.items()]
        link = f"../figures/demo/{name}-seed{page.parameters['seed']}.csv"
        texts.append(f"[Architecture, score and accuracy of each network (CSV)]({link})")
    for text in filter(None, texts):
        display(Markdown(text))
    titles = points.panel.map({letter: f"({letter}) {panel.title}" for letter, panel in figure.items()})
    display(HTML(fig3_interactive(points.assign(panel=titles), name=f"{name}-plot")))


def _cells(figure: Panels, row: dict[Any, Any]) -> list[object]:
    interval = f"{row['low']:.3f} to {row['high']:.3f}"
    accuracy = f"{row['split']}, {row['epochs']} epochs"
    names = [f"({row['panel']})", figure[row["panel"]].title, accuracy, row["counting"]]
    return [*names, row["n"], f"{row['tau']:.3f}", interval, row["ranked_last"]]
