"""``naswot train``: networks for a benchmark of one's own, or those of the package."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from naswotlib.cli import options as opt
from naswotlib.errors import check_choice

if TYPE_CHECKING:  # with it come pandas and pyarrow, which take long to import
    from naswotlib.benchmarks.trained import Recipe


def train(
    context: typer.Context,
    out: Annotated[
        Path | None,
        typer.Option(help="Table to write, or to continue; with --suite its folder, default the package's."),
    ] = None,
    suite: Annotated[str | None, typer.Option(help="`bundled`: all tables that ship with the package.")] = None,
    verify: Annotated[
        int | None, typer.Option(help="Train so many of the networks of --out, else of --suite, again; compare.", min=1)
    ] = None,
    space: opt.Space = "nasbench201",
    count: Annotated[int, typer.Option(help="Architectures, the first ones of a random order.", min=1)] = 96,
    archs: Annotated[Path | None, typer.Option(help="File of architectures to train instead, one a line.")] = None,
    recipe: Annotated[
        str, typer.Option(help="`small`, of the bundled networks; or `published`, of NAS-Bench-201, at full size.")
    ] = "small",
    epochs: Annotated[int | None, typer.Option(help="Epochs of the recipe, if not its own.", min=1)] = None,
    side: Annotated[int | None, typer.Option(help="Image side, 16 or 32, if not that of the recipe.")] = None,
    skeleton: Annotated[
        list[str] | None, typer.Option(help="KEY=VALUE of `space.build`, if not as in the recipe; may be repeated.")
    ] = None,
    stop_after: Annotated[int | None, typer.Option(help="Stop each network after so many epochs.", min=1)] = None,
    minutes: Annotated[float, typer.Option(help="Stop at the end of the epoch after so many minutes.")] = float("inf"),
    watch: Annotated[
        str | None,
        typer.Option(
            help="Score each network while it trains, ten times in the first epoch and after each, on 128 of cifar10, "
            "photos, noise, or a path."
        ),
    ] = None,
    running: Annotated[
        bool, typer.Option("--running", help="With --watch, score with running statistics of normalisation, too.")
    ] = False,
    seed: Annotated[
        int, typer.Option(help="Of weights, order and flips; with --verify, of the choice.", min=0, max=2**63 - 1)
    ] = 0,
    workers: Annotated[
        int | None,
        typer.Option(help="Processes, one thread each, default all cores; on a GPU, networks at a time.", min=1),
    ] = None,
    device: opt.Device = "cpu",
    data_dir: opt.DataDir = None,
    as_json: opt.AsJson = False,
) -> None:
    """Train networks for a benchmark of your own; stopped at any moment, it continues where it was.

    They have the skeleton of the bundled networks of their space, and are trained as these are, on CIFAR-10: as
    `naswot data fetch cifar10` brings it, or from the tars of JPEG files that the bundled networks were trained on.
    What one device trains is not mixed with what another did: a table belongs to its device.
    """
    of_one = ("space", "count", "archs", "recipe", "epochs", "side", "skeleton", "watch", "running")
    if suite is not None:
        opt.refuse(context, "of one table, which --suite does not make", *of_one, *(() if verify else ("seed",)))
    if verify is not None:
        opt.refuse(context, "of training, not of --verify", *of_one, "stop_after", "minutes", "workers", "device")
    if archs is not None:
        opt.refuse(context, "of random architectures, not of --archs", "count")
    import numpy as np

    from naswotlib.benchmarks.load import BUNDLED
    from naswotlib.benchmarks.trained import Watch
    from naswotlib.training.run import Limit
    from naswotlib.training.suite import train_suite, trained_networks
    from naswotlib.training.suite import verify as train_again
    from naswotlib.training.train import train_table

    _check(suite, minutes, out if verify is not None else None)
    processes, folder = workers or os.cpu_count() or 1, out or BUNDLED
    limit = Limit(stop_after, time.time() + 60 * minutes)
    if verify is not None:
        tables = [folder] if folder.is_file() else sorted(folder.glob("*.parquet"))
        for row in train_again(tables, verify, data_dir=data_dir, rng=np.random.default_rng(seed)):
            print(
                json.dumps(row | {"table": str(row["table"])})
                if as_json
                else f"{row['table']}  seed {row['seed']}  first losses ±{row['losses']:.1e}  validation "
                f"{row['validation']:+.2f}  test {row['test']:+.2f}  {row['arch']}",
                flush=True,
            )
    elif suite is not None:
        if out is None and device != "cpu":
            raise ValueError(f"out: the bundled tables are of the CPU; name a folder for those of {device}")
        train_suite(data_dir=data_dir, folder=folder, workers=processes, device=device, limit=limit)
        number = len(trained_networks(folder))
        told: dict[str, object] = {"out": str(folder), "networks": number}
        print(json.dumps(told) if as_json else f"the whole suite, {number} networks, is in {folder}")
    elif out is None:
        raise ValueError("out: say with --out which table to write or to continue, or train a whole --suite")
    else:
        plan = _plan(recipe, space, epochs, side, skeleton or [])
        table = train_table(
            space,
            _texts(space, archs, count),
            data_dir=data_dir,
            out=out,
            recipe=plan,
            seed=seed,
            workers=processes,
            watch=None if watch is None else Watch(watch, within_first=10, running=running),
            device=device,
            limit=limit,
        )
        best = float(table["validation"].str[-1].max())
        if as_json:
            print(json.dumps({"out": str(out), "networks": len(table), "best validation": best}))
            return
        print(f"{len(table)} networks in {out}; best validation accuracy {best:.2f}%")
        if plan.evaluated == "epochs":
            print(f'load_benchmark("{out.stem}", data_dir="{out.parent}") reads it')


def _check(suite: str | None, minutes: float, tables: Path | None) -> None:
    """ValueError for what nothing can be done with; ``tables`` have to be there."""
    check_choice("suite", suite or "bundled", ("bundled",))
    if not minutes > 0:
        raise ValueError(f"minutes: expected a number above 0, got {minutes}")
    if tables is not None and not tables.exists():
        raise ValueError(f"out: {tables} does not exist; give a table, or a folder of tables, whose networks to train")


def _texts(space_name: str, archs: Path | None, count: int) -> list[str]:
    """The architectures of a file, one a line, else the first ``count`` of a random order."""
    import numpy as np

    from naswotlib.spaces.base import get_space, sample_distinct

    space = get_space(space_name)
    if archs is None:
        return [space.to_str(arch) for arch in sample_distinct(space, count, np.random.default_rng(0))]
    found = []
    for line in opt.read_archs(archs):
        try:
            found.append(space.to_str(space.from_str(line)))
        except ValueError as error:
            raise ValueError(f"archs: {line[:60]!r} in {archs}: {error}") from error
    return found


def _plan(name: str, space: str, epochs: int | None, side: int | None, skeleton: list[str]) -> Recipe:
    """The recipe called ``name``, changed where something else is asked for."""
    from dataclasses import replace

    from naswotlib.training.suite import published_recipe, small_recipe

    check_choice("recipe", name, ("small", "published"))
    if name == "published" and space != "nasbench201":
        raise ValueError(f"recipe: published is that of nasbench201, not of {space}; leave it out")
    plan = published_recipe() if name == "published" else small_recipe(space)
    built = tuple((dict(plan.skeleton) | _skeleton(skeleton)).items())
    return replace(plan, epochs=epochs or plan.epochs, side=side or plan.side, skeleton=built)


def _skeleton(given: list[str]) -> dict[str, int]:
    """Keywords and whole numbers from texts such as ``stem_channels=16``."""
    found = {}
    for text in given:
        key, _, value = text.partition("=")
        if not (key and value.isdecimal()):
            raise ValueError(f"skeleton: {text!r} is not of the form KEY=NUMBER, such as stem_channels=16")
        found[key] = int(value)
    return found
