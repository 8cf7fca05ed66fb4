"""Panels of score against accuracy, as Figures 3, 9 and 10 have them: scored, drawn and kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from naswotbook.pages import repository, save_panel, write_csv
from naswotbook.plots import fig3, missing_panel
from naswotbook.provenance import Provenance
from naswotbook.samples import draw_sample, has_table, score_sample
from naswotlib.benchmarks.importers import official_file
from naswotlib.errors import check_choice
from naswotlib.graph import Counting
from naswotlib.stats import TauResult, kendall_tau


@dataclass(frozen=True)
class Panel:
    """One panel: the name of its files without the seed, its title, the space, and the data set of its accuracies."""

    name: str
    title: str
    space: str
    dataset: str


Panels = Mapping[str, Panel]
POINTS = ["arch", "score", "num_units", "accuracy"]
SUMMARY = ["panel", "space", "dataset", "split", "epochs", "batch_size", "counting", "seed"]
SUMMARY += [field.name for field in fields(TauResult)]


def choose_panels(panels: Panels, letters: str, *, profile: str, data_dir: str | Path | None = None) -> Panels:
    """The panels with these letters; without any, those whose accuracies ``profile`` has at hand.

    FileNotFoundError where ``paper`` has none of them at hand. ``demo`` may have none.
    """
    for letter in letters:
        check_choice("panels", letter, panels)
    found = {
        letter: panel
        for letter, panel in panels.items()
        if (letter in letters if letters else has_table(panel.space, panel.dataset, profile=profile, data_dir=data_dir))
    }
    if profile == "paper" and not found:
        files = sorted({official_file(panel.space) for panel in panels.values()})
        raise FileNotFoundError(f"panels: the accuracies of none are at hand; they come from {', '.join(files)}")
    return found


def score_panels(
    figure: Panels,
    *,
    profile: str,
    panels: str,
    n_archs: int,
    batch_size: int,
    counting: Counting,
    seed: int,
    device: str,
    workers: int,
    data_dir: str,
    out_dir: str,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Points and summaries of the panels of ``figure`` with the letters ``panels``, or of those at hand.

    The first table has a row a network: ``panel`` (its letter), ``arch``, ``score``, ``num_units``, ``accuracy``.
    The second has a row a panel: what was compared, and Kendall's tau with its interval. The keywords are the
    parameters of a page; networks are those of :func:`naswotbook.samples.draw_sample`, and scores of ``paper`` are kept
    as :func:`naswotbook.samples.score_sample` says.
    """
    points, summaries = [], []
    for letter, panel in choose_panels(figure, panels, profile=profile, data_dir=data_dir).items():
        sample = draw_sample(panel.space, panel.dataset, n_archs, profile=profile, seed=seed, data_dir=data_dir)
        table = score_sample(
            sample,
            seed=seed,
            batch_size=batch_size,
            counting=counting,
            device=device,
            workers=workers,
            data_dir=data_dir,
            kept=repository() / out_dir / "paper" / "scores" if profile == "paper" else None,
        )
        tau = kendall_tau(table.score, table.accuracy, rng=np.random.default_rng(seed))
        compared: dict[str, object] = {
            "panel": letter,
            "space": panel.space,
            "dataset": panel.dataset,
            "split": sample.split,
        }
        compared |= {"epochs": sample.epochs, "batch_size": batch_size, "counting": counting, "seed": seed}
        points.append(table[POINTS].assign(panel=letter))
        summaries.append(compared | asdict(tau))
    table = pd.concat(points, ignore_index=True) if points else pd.DataFrame(columns=[*POINTS, "panel"])
    return table, pd.DataFrame(summaries, columns=SUMMARY)


def draw_panels(panels: Panels, points: pd.DataFrame, summary: pd.DataFrame, *, columns: int = 3) -> Figure:
    """The panels of the tables of :func:`score_panels` side by side, each with its rank correlation above it.

    A box where there is none: this project has not trained networks of that space.
    """
    if summary.empty:
        figure, ax = plt.subplots(figsize=(4.2, 2), layout="constrained")
        missing_panel(ax, "networks of this space\nthat this project trained")
        return figure
    columns = min(columns, len(summary))
    rows = -(-len(summary) // columns)
    figure, axes = plt.subplots(rows, columns, figsize=(4.2 * columns, 3.4 * rows), layout="constrained", squeeze=False)
    for ax in axes.flat[len(summary) :]:
        ax.remove()
    for ax, row in zip(axes.flat, summary.to_dict("records"), strict=False):
        tau = f"τ = {row['tau']:.3f} [{row['low']:.3f}, {row['high']:.3f}], n = {row['n']}"
        title = f"({row['panel']}) {panels[row['panel']].title}\n{tau}"
        fig3(points[points.panel == row["panel"]], ax, title=title, accuracy=f"{row['split']} accuracy (%)")
    return figure


def save_panels(figure: Panels, points: pd.DataFrame, summary: pd.DataFrame, page: Provenance, *, name: str) -> None:
    """Write what a page made: of ``demo`` the points, as ``NAME-seedN.csv``; of ``paper``, whose accuracies belong to
    others, for each panel its picture, summary and provenance.
    """
    page.came_to(n_archs=int(summary.n.max() if len(summary) else 0))
    profile, seed = page.parameters["profile"], page.parameters["seed"]
    folder = repository() / page.parameters["out_dir"] / profile
    if profile == "demo":
        write_csv(folder / f"{name}-seed{seed}.csv", points)
        return
    for letter in summary.panel:
        rows = summary[summary.panel == letter]
        picture = draw_panels(figure, points, rows)
        save_panel(folder, f"{figure[letter].name}-seed{seed}", picture, rows, page)
        plt.close(picture)
