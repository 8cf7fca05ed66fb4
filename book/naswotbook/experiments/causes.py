"""What makes the score of small networks move otherwise than that of Figure 6's: one thing is changed at a time.

Networks are trained for three epochs as those of the bundled benchmark are, or with one thing taken from Figure 6, and
scored as they train. Resumable; with the published accuracies and CIFAR-10 in DATA::

    python -m naswotbook.experiments.causes --data-dir DATA --folder OUT --workers 2 --cells 4
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from naswotbook.experiments import trajectories
from naswotlib.benchmarks.trained import Recipe, Watch
from naswotlib.training.suite import published_recipe
from naswotlib.training.train import train_table

FULL, BUNDLED = "full size (Figure 6)", "small, as bundled"
FALLS, RISES, NEITHER = "is lower than before in all networks", "is higher in all", "is neither"
EPOCHS = 3
SMALL, LARGE = Recipe(epochs=EPOCHS), published_recipe(epochs=EPOCHS)


@dataclass(frozen=True)
class Change:
    """Networks of the bundled benchmark with one thing taken from those of Figure 6: ``name`` says which."""

    name: str
    recipe: Recipe = SMALL
    images: str = "photos"  # on which the score is taken


# By the file, among the kept scores, of networks that were trained and scored so.
CHANGES = {
    "fig6-small-photos-seed0.parquet": Change(BUNDLED),
    trajectories.SMALL: Change("scored on CIFAR-10", images="cifar10"),
    "fig6-small-width-seed0.parquet": Change("16 channels", replace(SMALL, skeleton=(("cells_per_stage", 1),))),
    "fig6-small-depth-seed0.parquet": Change("five cells a stage", replace(SMALL, skeleton=(("stem_channels", 8),))),
    "fig6-small-side-seed0.parquet": Change("images of 32 pixels", replace(SMALL, side=LARGE.side)),
    "fig6-small-rate-seed0.parquet": Change("falling learning rate", replace(SMALL, schedule=LARGE.schedule)),
    "fig6-small-batch-seed0.parquet": Change(
        f"batches of {LARGE.batch_size}", replace(SMALL, batch_size=LARGE.batch_size)
    ),
}


def train_changes(
    archs: Sequence[str], folder: Path, scores: Path, *, data_dir: Path | None = None, workers: int = 1
) -> None:
    """Train NAS-Bench-201 cells with each of :data:`CHANGES`, in tables in ``folder``; keep their scores in ``scores``.

    What a table has already is not trained again.
    """
    for file, change in CHANGES.items():
        watch = Watch(images=change.images, within_first=10, running=True)
        how: dict[str, Any] = {
            "data_dir": data_dir,
            "recipe": change.recipe,
            "seed": 0,
            "workers": workers,
            "watch": watch,
        }
        train_table("nasbench201", archs, out=folder / file, **how)
        trajectories.keep_trajectories([folder / file], scores / file)


def read_changes(scores: Path) -> dict[str, pd.DataFrame]:
    """Scores of the first epochs of Figure 6's networks, and of those with each of :data:`CHANGES`, by what they are.

    Tables are those of :func:`naswotbook.experiments.trajectories.load_trajectories`; what is not kept is left out.
    """
    files = {trajectories.KEPT: FULL, **{file: change.name for file, change in CHANGES.items()}}
    tables = {name: trajectories.load_trajectories(scores / file) for file, name in files.items()}
    return {name: table[table.epoch <= EPOCHS] for name, table in tables.items() if len(table)}


def compare_changes(tables: Mapping[str, pd.DataFrame], reading: str = "score") -> pd.DataFrame:
    """A row for each of the tables of :func:`read_changes` that has the ``reading``.

    Columns: ``change``, ``networks``; ``first``, ``one`` and ``last``, how far the score is from that before training,
    in the mean over networks, at the first score in training, after one epoch and after the last; ``below`` and
    ``above``, at how many of the times at which networks were scored it is lower, or higher, in all networks; ``of``,
    how many these times are.
    """
    rows = []
    for name, table in tables.items():
        if table[reading].isna().all():
            continue
        scores = table.pivot(index="epoch", columns="arch", values=reading).dropna()
        moved = (scores - scores.iloc[0]).iloc[1:]
        mean = moved.mean(axis=1)
        row = {"change": name, "networks": moved.shape[1], "first": mean.iloc[0], "one": mean[1], "last": mean.iloc[-1]}
        below, above = (moved < 0).all(axis=1).sum(), (moved > 0).all(axis=1).sum()
        rows.append(row | {"below": below, "above": above, "of": len(moved)})
    return pd.DataFrame(rows)


def describe_changes(found: pd.DataFrame) -> str:
    """What :func:`compare_changes` shows, in words: with which changes small networks do what those of full size do."""
    kinds = [_kind(*row) for row in zip(found.below, found.above, found.of, strict=True)]
    names = {kind: list(found.change[[other == kind for other in kinds]]) for kind in (FALLS, RISES, NEITHER)}
    said = "; ".join(f"it {kind} with: {', '.join(changes)}" for kind, changes in names.items() if changes)
    [as_full] = [kind for kind, change in zip(kinds, found.change, strict=True) if change == FULL]
    tried = found[~found.change.isin((FULL, BUNDLED))]
    alike = [change for change in tried.change if change in names[as_full]]
    return f"""Within the first {EPOCHS} epochs, at all times at which the score was taken, {said}. So {len(alike)} of
    {len(tried)} changes {"makes" if len(alike) == 1 else "make"} small networks move as those of full size do:
    {", ".join(alike) or "none"}. With {tried.networks.min()} cells of each kind this says something of the shape of the
    curves, and nothing of their order."""


def _kind(below: int, above: int, times: int) -> str:
    return FALLS if below == times else RISES if above == times else NEITHER


def main() -> None:
    """Train and keep what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data-dir", type=Path, required=True, help="published accuracies and CIFAR-10")
    parser.add_argument("--folder", type=Path, required=True, help="of trained tables, to which scores go too")
    parser.add_argument("--cells", type=int, default=10, help="so many of Figure 6's, in the order of their drawing")
    parser.add_argument("--workers", type=int, default=1)
    options = parser.parse_args()
    cells = trajectories.draw_accurate(10, data_dir=options.data_dir)[: options.cells]
    scores = options.folder / "scores"
    train_changes(cells, options.folder, scores, data_dir=options.data_dir, workers=options.workers)


if __name__ == "__main__":
    main()
