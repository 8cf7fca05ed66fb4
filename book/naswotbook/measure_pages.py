"""Pages that compare measures: what was published with seed 0, and what this run made."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd

from naswotbook.measures import MEASURES, draw_measures, save_measures
from naswotbook.pages import few_networks, load_published, markdown_table, repository
from naswotbook.panels import Panels
from naswotbook.provenance import Provenance, provenance_table
from naswotlib.benchmarks.importers import official_file
from naswotlib.benchmarks.load import bundled_recipe


def show_published_measures(figure: Panels, page: Provenance) -> None:
    """Glue the panels that the ``paper`` profile made with seed 0, boxes for the others, and show what came out.

    For a cell of a page, whose text places the pictures by their names, such as ``fig4a``.
    """
    from IPython.display import Markdown, display  # comes with notebooks
    from myst_nb import glue

    folder, summaries, runs, links = (repository() / page.parameters["out_dir"] / "paper", [], {}, [])
    for letter, panel in figure.items():
        needed = f"{panel.space}.parquet,\nimported from {official_file(panel.space)}"
        found = load_published(folder, f"{panel.name}-seed0", needed)
        glue(panel.name.partition("-")[0], found.picture, display=False)
        if len(found.summary):
            summaries.append(found.summary)
            runs[f"({letter})"] = found.facts
            links.append(f"({letter}) {found.link}")
    if summaries:
        table = measures_table(figure, pd.concat(summaries))
        display(Markdown(table), Markdown(", ".join(links)), Markdown(provenance_table(runs)))


def show_our_measures(
    figure: Panels, points: pd.DataFrame, summary: pd.DataFrame, page: Provenance, *, name: str
) -> None:
    """Write what a page made, glue its picture as ``NAME-ours``, and show its tables and link.

    For a cell of a page, with the tables of :func:`naswotbook.measures.compare_measures`.
    """
    from IPython.display import Markdown, display  # comes with notebooks
    from myst_nb import glue

    save_measures(figure, points, summary, page, name=name)
    picture = draw_measures(figure, summary)
    glue(f"{name}-ours", picture, display=False)
    plt.close(picture)
    if summary.empty:
        return
    for text in filter(None, (measures_table(figure, summary), few_networks(summary.n))):
        display(Markdown(text))
    if page.parameters["profile"] == "demo":
        spaces = summary.drop_duplicates("panel")
        rows = [
            [f"({letter})", figure[letter].title, n, accuracy, bundled_recipe(space)]
            for letter, n, accuracy, space in zip(
                spaces.panel,
                spaces.n,
                spaces.split + ", " + spaces.epochs.astype(str) + " epochs",
                spaces.space,
                strict=True,
            )
        ]
        link = f"../figures/demo/{name}-seed{page.parameters['seed']}.csv"
        display(Markdown(markdown_table(["panel", "networks", "n", "accuracy", "trained for"], rows)))
        display(Markdown(f"[every measure and the accuracy of each network (CSV)]({link})"))


def measures_table(figure: Panels, summary: pd.DataFrame) -> str:
    """Markdown: Kendall's tau and its interval, a row a measure, a column a panel."""
    letters = list(summary.panel.unique())
    cells = {
        (row["measure"], row["panel"]): f"{row['tau']:.3f} ({row['low']:.3f} to {row['high']:.3f})"
        + (f", {row['dropped']} failed" if row["dropped"] else "")
        for row in summary.to_dict("records")
    }
    rows = [
        [MEASURES[name].label, *(cells.get((name, letter), "") for letter in letters)]
        for name in summary.measure.unique()
    ]
    return markdown_table(["τ (95% interval)", *(f"({x}) {figure[x].title}" for x in letters)], rows)
