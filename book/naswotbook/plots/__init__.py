"""One function for each figure of the paper: arrays or a tidy table in, Axes out. None of them knows of files."""

from naswotbook.plots import style
from naswotbook.plots.bars import (
    agreement,
    all_and_best,
    best_of_draws,
    distributions,
    fig4,
    fig4_bars,
    fig5,
    relative_differences,
    score_by_size,
    taus_by_group,
    top_of_ranking,
    within_groups,
)
from naswotbook.plots.cells import cells
from naswotbook.plots.kernels import fig1
from naswotbook.plots.lines import cost, fig6, fig7, moved_scores, pareto
from naswotbook.plots.regions import count_regions, fig2
from naswotbook.plots.scatter import against, fig3, score_against_units, sizes

__all__ = [
    "against",
    "agreement",
    "all_and_best",
    "best_of_draws",
    "cells",
    "cost",
    "count_regions",
    "distributions",
    "fig1",
    "fig2",
    "fig3",
    "fig4",
    "fig4_bars",
    "fig5",
    "fig6",
    "fig7",
    "moved_scores",
    "pareto",
    "relative_differences",
    "score_against_units",
    "score_by_size",
    "sizes",
    "taus_by_group",
    "top_of_ranking",
    "within_groups",
]

style.use_style()
