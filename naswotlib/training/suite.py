"""The bundled benchmark as a list: which networks of which spaces are trained, in which order.

``naswot train --suite bundled`` runs it. Every part is a table in ``naswotlib/benchmarks/bundled``, and every step adds
networks to one.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from naswotlib.benchmarks.load import BUNDLED
from naswotlib.benchmarks.trained import Recipe, Watch, epochs_of, read_trained
from naswotlib.data.files import write_whole
from naswotlib.data.images import load_images
from naswotlib.scoring.many import ScoreOptions, score_archs
from naswotlib.scoring.parallel import single_thread
from naswotlib.spaces import get_space
from naswotlib.spaces.base import sample_distinct
from naswotlib.spaces.nasbench101 import NASBench101
from naswotlib.spaces.nasbench101_spec import MAX_VERTICES
from naswotlib.spaces.nasbench201 import Cell, isomorphism_class
from naswotlib.training.images import load_training_images
from naswotlib.training.run import NO_LIMIT, Limit
from naswotlib.training.train import train_arch, train_table

COMPLETE = "nasbench201-complete"
TRAJECTORIES = "nasbench201-trajectories"
NDS = ("nds_amoeba", "nds_darts", "nds_enas", "nds_nasnet", "nds_pnas")
IMAGENET = "nds_darts_imagenet"
FIXED = ("nds_darts_fixed", "nds_enas_fixed", "nds_pnas_fixed")
# Indices of the cells of Figure 6: drawn with seed 0, those of more than 90% published CIFAR-10 validation accuracy, as
# naswotbook.experiments.trajectories.draw_accurate does it.
FIGURE_6 = (13291, 258, 11398, 42, 11400, 1941, 11000, 1139, 6119, 14720)
KEPT_PROXIES = ("grad_norm", "grad_norm_euclidean", "synflow")
KEEP_PROXIES = ("nasbench201", *NDS, IMAGENET, *FIXED)  # parts of which they are kept


@dataclass(frozen=True)
class Part:
    """A table of networks of ``space``: the first ``count`` of ``order(space, count, folder)``, texts."""

    space: str
    recipe: Recipe
    order: Callable[[str, int, Path], list[str]]
    watch: Watch | None = None  # on what and when the score is taken while they train


@dataclass(frozen=True)
class Step:
    """The first ``count`` networks of a part, trained from ``seed``."""

    part: str
    count: int
    seed: int = 0


def random_networks(space_name: str, count: int, folder: Path) -> list[str]:
    """Networks drawn with seed 0; of NAS-Bench-101, whose draws repeat small cells, those of seven vertices."""
    space, rng = get_space(space_name), np.random.default_rng(0)
    if not isinstance(space, NASBench101):
        return [space.to_str(arch) for arch in sample_distinct(space, count, rng)]
    cells: dict[str, Any] = {}
    while len(cells) < count:
        spec = space.sample(rng).pruned
        if len(spec.ops) == MAX_VERTICES:
            cells.setdefault(spec.hash, spec)
    return [space.to_str(spec) for spec in cells.values()]


def one_of_each_class(space_name: str, count: int, folder: Path) -> list[str]:
    """The cell of fewest convolutions (then of lowest index) of each isomorphism class, in the order of the space."""
    space = get_space(space_name)

    def convolutions(cell: Cell) -> int:
        return sum(op.startswith("nor_conv") for op in cell.ops)

    classes: dict[str, Cell] = {}
    for cell in sorted(space, key=convolutions):  # stable, so equals stay in the order of the space
        classes.setdefault(isomorphism_class(cell), cell)
    return [space.to_str(cell) for cell in sorted(classes.values(), key=space.index)][:count]


def figure_6(space_name: str, count: int, folder: Path) -> list[str]:
    """The first ``count`` of :data:`FIGURE_6`."""
    space = get_space(space_name)
    return [space.to_str(space[index]) for index in FIGURE_6[:count]]


def _skeleton(**keywords: int) -> Recipe:
    return Recipe(skeleton=tuple(keywords.items()))


def published_recipe(epochs: int = 200) -> Recipe:
    """The recipe by which NAS-Bench-201 was trained for its validation accuracies (Dong & Yang, 2020, Table 1).

    On the 25,000 training images of CIFAR-10 whole, at the skeleton of the paper. The benchmark's own split is another
    half; TF32, which PyTorch convolves with by default, is what a GPU of today makes of float32.
    """
    return Recipe(
        skeleton=(),
        side=32,
        epochs=epochs,
        batch_size=256,
        schedule="cosine",
        images=25_000,
        padding=4,
        partial=True,
        evaluated="end",
        tf32=True,
    )


# As the networks of Figure 6, on images of half the side, at the skeleton of the other bundled ones.
SMALL_FIGURE_6 = replace(
    published_recipe(epochs=100), skeleton=Recipe().skeleton, side=Recipe().side, padding=2, tf32=False
)


# Median seconds a network on one core of an AMD EPYC: nasbench201 44, its complete sub-space 45, nasbench101 46,
# nats_size 45, nds_enas 120, nds_nasnet 150, nds_darts 175, nds_amoeba 180, nds_pnas 185, the fixed ones 110 to 150,
# nds_darts_imagenet 85, a trajectory 370. So all STEPS are about 16 hours, and slow sets have few networks.
PARTS = {
    "nasbench201": Part("nasbench201", Recipe(), random_networks),
    COMPLETE: Part("nasbench201_complete", Recipe(), one_of_each_class),
    TRAJECTORIES: Part("nasbench201", SMALL_FIGURE_6, figure_6, Watch("cifar10", within_first=10, running=True)),
    "nasbench101": Part("nasbench101", _skeleton(stem_channels=8, modules_per_stack=1), random_networks),
    "nats_size": Part("nats_size", _skeleton(divide=4), random_networks),
    # Width 4, 6 or 8 and depth 3 to 7, as the architecture has 16, 24 or 32 and 4 to 20.
    **{name: Part(name, _skeleton(divide=4), random_networks) for name in (*NDS, IMAGENET)},
    # What is fixed at 16 and 20 is fixed at 4 and 5 here.
    **{name: Part(name, _skeleton(width=4, depth=5), random_networks) for name in FIXED},
}


def small_recipe(space: str) -> Recipe:
    """The recipe of the suite for networks of ``space``; for a space that it lacks, at the default skeleton."""
    recipes = [part.recipe for part in PARTS.values() if part.space == space and part.watch is None]
    return recipes[0] if recipes else Recipe(skeleton=())


# First what the searches need whole, early enough something of every space, then more of everything.
STEPS = (
    Step("nasbench201", 140),
    Step("nasbench101", 16),
    Step("nats_size", 12),
    Step(COMPLETE, 127),
    *(Step(name, 4) for name in NDS),
    Step("nasbench201", 20, seed=1),
    *(Step(name, 3) for name in FIXED),
    Step(IMAGENET, 3),
    Step("nasbench201", 200),
    Step("nasbench201", 40, seed=1),
    Step("nasbench101", 40),
    Step("nats_size", 40),
    Step("nats_size", 10, seed=1),
    *(Step(name, 6) for name in FIXED),
    *(Step(name, 8) for name in NDS),
    Step(IMAGENET, 6),
    Step("nasbench101", 60),
    *(Step(name, 12) for name in NDS),
    *(Step(name, 11) for name in FIXED),
    *(Step(name, 18) for name in NDS),
    *(Step(name, 16) for name in FIXED),
    *(Step(name, 24) for name in NDS),
    Step(IMAGENET, 16),
    Step("nats_size", 80),
    Step("nats_size", 16, seed=1),
    Step(TRAJECTORIES, 10),
)


def train_suite(
    *,
    data_dir: Path | None,
    folder: Path = BUNDLED,
    workers: int = 1,
    device: str = "cpu",
    limit: Limit = NO_LIMIT,
) -> None:
    """Train what ``folder`` does not have yet of every step, in order, as ``train_table`` says.

    No step begins after ``limit.time``.
    """
    for step in STEPS:
        if limit.time < time.time():
            return
        part = PARTS[step.part]
        train_table(
            part.space,
            part.order(part.space, step.count, folder),
            data_dir=data_dir,
            out=folder / f"{step.part}.parquet",
            recipe=part.recipe,
            seed=step.seed,
            workers=workers,
            watch=part.watch,
            device=device,
            limit=limit,
        )
        if device == "cpu" and step.part in KEEP_PROXIES:
            complete_proxies(step.part, folder, workers=workers)


def kept_proxies(name: str, folder: Path = BUNDLED) -> pd.DataFrame:
    """The table that :func:`complete_proxies` kept of a part, maybe without rows."""
    path = folder / "proxies" / f"{name}.parquet"
    return pd.read_parquet(path) if path.exists() else pd.DataFrame(columns=["arch", *KEPT_PROXIES])


def complete_proxies(name: str, folder: Path = BUNDLED, *, workers: int = 1) -> pd.DataFrame:
    """grad_norm (both readings) and synflow of the networks of a part, untrained, kept in ``folder`` / ``proxies``.

    In the form in which they were trained, with weights of seed 0, on the 128 photographs of seed 0 with their labels.
    What the table lacks is computed and added. Columns: ``arch`` and :data:`KEPT_PROXIES`.
    """
    kept, trained = kept_proxies(name, folder), folder / f"{name}.parquet"
    archs = [row["arch"] for row in read_trained(trained)[0] if row["seed"] == 0]
    missing = [arch for arch in archs if arch not in set(kept.arch)]
    if missing:
        found = compute_proxies(trained, missing, workers=workers)
        kept = pd.concat([kept, found]) if len(kept) else found
    kept = kept.set_index("arch").loc[archs].reset_index()
    if missing:
        with write_whole(folder / "proxies" / f"{name}.parquet") as file:
            kept.to_parquet(file, index=False)
    return kept


def compute_proxies(trained: Path, archs: Sequence[str], *, workers: int = 1) -> pd.DataFrame:
    """Compute what :func:`complete_proxies` keeps, for ``archs`` of the table ``trained``."""
    recipe, space = recipe_of(trained)
    inputs, labels = load_images("photos", 128, seed=0, side=recipe.side, with_labels=True)
    table = pd.DataFrame({"arch": archs})
    how: ScoreOptions = {"skeleton": dict(recipe.skeleton), "workers": workers}
    for proxy in KEPT_PROXIES:
        scored = score_archs(space, archs, inputs, seed=0, proxy=proxy, labels=labels, progress=False, **how)
        table[proxy] = scored.score
    return table


def verify(
    paths: Sequence[Path], count: int, *, data_dir: Path | None, rng: np.random.Generator
) -> Iterator[dict[str, Any]]:
    """Train ``count`` of the networks stored in the tables ``paths`` again, drawn by ``rng``, and compare.

    Yields, for each: ``table``, ``arch``, ``seed``; ``losses``, the largest difference between its first losses and the
    stored ones; ``validation`` and ``test``, how many points more it reached in the end than before. On the processor
    that trained them all are 0; on one that adds in another order the first losses differ by about 1e-3, and
    accuracies as between seeds.

    ValueError where there are fewer networks, where the images in ``data_dir`` are not those of a table, or where it
    was trained on a GPU.
    """
    tables = {path: read_trained(path) for path in paths}
    stored = [(path, row) for path, (rows, _) in tables.items() for row in rows]
    if count > len(stored):
        raise ValueError(f"count: there are {len(stored)} trained networks, fewer than the {count} asked for")
    for path, (_, metadata) in tables.items():
        if metadata["device"] != "cpu":
            raise ValueError(f"out: {path} was trained on {metadata['device']}; only what the CPU trained is verified")
        images = load_training_images(data_dir, Recipe.of(metadata).side)
        if metadata["images"] != images.origin:
            raise ValueError(f"data_dir: it has {images.origin}; {path} was trained on {metadata['images']}")
    for number in rng.permutation(len(stored))[:count]:
        path, row = stored[number]
        _, metadata = tables[path]
        recipe, space = Recipe.of(metadata), get_space(metadata["space"])
        images, limit = load_training_images(data_dir, recipe.side), Limit(epochs_of(row))
        with single_thread():
            again = train_arch(space, row["arch"], images, recipe, row["seed"], limit=limit)
        yield {
            "table": path.stem,
            "arch": row["arch"],
            "seed": row["seed"],
            "losses": max(abs(a - b) for a, b in zip(again["losses"], row["losses"], strict=True)),
            "validation": again["validation"][-1] - row["validation"][-1],
            "test": again["test"][-1] - row["test"][-1],
        }


def recipe_of(path: Path) -> tuple[Recipe, Any]:
    """The recipe and the search space of a trained table."""
    _, metadata = read_trained(path)
    return Recipe.of(metadata), get_space(metadata["space"])


def trained_networks(folder: Path = BUNDLED) -> pd.DataFrame:
    """A row for every training that is in ``folder``.

    Columns: ``table``, ``arch``, ``seed``, ``validation`` and ``test`` (percent after the last epoch), ``seconds``
    (of one processor), ``date``, ``versions``.
    """
    rows = [
        row | {"table": name, "validation": row["validation"][-1], "test": row["test"][-1]}
        for name in PARTS
        for row in read_trained(folder / f"{name}.parquet")[0]
    ]
    columns = ["table", "arch", "seed", "validation", "test", "seconds", "date", "versions"]
    return pd.DataFrame(rows, columns=columns)
