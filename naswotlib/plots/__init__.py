"""One function for each figure of the paper: arrays or a tidy table in, Axes out. None of them knows of files."""

from naswotlib.plots.ablation import fig5
from naswotlib.plots.against import against
from naswotlib.plots.agreement import agreement
from naswotlib.plots.cells import cells
from naswotlib.plots.cost import cost
from naswotlib.plots.distribution import distributions, relative_differences
from naswotlib.plots.kernels import fig1
from naswotlib.plots.measures import all_and_best, fig4, score_by_size, within_groups
from naswotlib.plots.missing import missing_panel
from naswotlib.plots.pareto import pareto
from naswotlib.plots.regions import fig2
from naswotlib.plots.scatter import fig3, fig3_interactive
from naswotlib.plots.sizes import sizes
from naswotlib.plots.tradeoff import fig7
from naswotlib.plots.trajectories import fig6
from naswotlib.plots.units import score_against_units

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
