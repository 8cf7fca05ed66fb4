"""One function for each figure of the paper: arrays or a tidy table in, Axes out. None of them knows of files."""

from naswotbook.plots.ablation import fig5
from naswotbook.plots.against import against
from naswotbook.plots.agreement import agreement
from naswotbook.plots.cells import cells
from naswotbook.plots.cost import cost
from naswotbook.plots.distribution import distributions, relative_differences
from naswotbook.plots.kernels import fig1
from naswotbook.plots.measures import all_and_best, fig4, score_by_size, within_groups
from naswotbook.plots.missing import missing_panel
from naswotbook.plots.pareto import pareto
from naswotbook.plots.regions import fig2
from naswotbook.plots.scatter import fig3, fig3_interactive
from naswotbook.plots.sizes import sizes
from naswotbook.plots.tradeoff import fig7
from naswotbook.plots.trajectories import fig6
from naswotbook.plots.units import score_against_units

__all__ = [
    "against",
    "agreement",
    "all_and_best",
    "cells",
    "cost",
    "distributions",
    "fig1",
    "fig2",
    "fig3",
    "fig3_interactive",
    "fig4",
    "fig5",
    "fig6",
    "fig7",
    "missing_panel",
    "pareto",
    "relative_differences",
    "score_against_units",
    "score_by_size",
    "sizes",
    "within_groups",
]
