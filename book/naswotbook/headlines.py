"""The answer of a page in a sentence or two, computed from the files of figures/paper: what the page opens with."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from naswotbook import headlines_chapters as chapters
from naswotbook import headlines_paper as paper
from naswotbook import headlines_spaces as spaces


def headline(name: str, figures: Path) -> str:
    """The answer of the page ``name``; empty where it has none, or what it is made from is not here yet."""
    with suppress(FileNotFoundError):
        return HEADLINES[name](figures) if name in HEADLINES else ""
    return ""


HEADLINES: dict[str, Callable[[Path], str]] = {
    "fig1": paper.kernels,
    "fig3": paper.scatter,
    "fig4": paper.measures,
    "fig5": paper.ablations,
    "fig6": paper.training,
    "fig7": paper.trade_off,
    "fig9": paper.sizes,
    "fig10": paper.fixed,
    "table1": paper.trained_and_chosen,
    "table2": paper.searches,
    "why": paper.reasons,
    "predictors": chapters.predictors,
    "spectrum": chapters.spectrum,
    "cheap": chapters.cheap,
    "yourself": chapters.yourself,
    "nasbench101": spaces.nasbench101,
    "nasbench201": spaces.nasbench201,
    "explorer": spaces.all_cells,
    "nats_size": spaces.nats_size,
    "nds": spaces.nds,
    "accuracy": chapters.accuracy,
    "scores": chapters.scores,
    "nds_imagenet": spaces.nds_imagenet,
    "other_spaces": spaces.other_spaces,
    "measures": chapters.measures,
    "equation1": chapters.equation1,
    "programs": chapters.programs,
    "speed": chapters.speed,
    "searches": chapters.searches,
    "hardware": chapters.hardware,
}
