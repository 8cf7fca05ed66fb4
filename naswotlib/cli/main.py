"""``naswot``: score, search, list and train from the shell. Each command is a thin shell over one function."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Annotated

import typer

import naswotlib
from naswotlib.cli import data as data_cli
from naswotlib.cli import options as opt
from naswotlib.cli.errors import run
from naswotlib.cli.score import score
from naswotlib.cli.search import search
from naswotlib.errors import check_choice

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Neural architecture search without training: score untrained networks, search with the score.",
    epilog="Exit status: 0 done; 1 a check, or every architecture of many, failed; 2 a fault in an argument, a file or "
    "code of your own, as one line says; 130 interrupted. NASWOT_TRACEBACK=1 shows where.",
)
app.add_typer(data_cli.app, name="data")
app.command()(score)
app.command()(search)


@app.command()
def spaces(
    pattern: Annotated[str, typer.Argument(help="Shell pattern of names.")] = "*", as_json: opt.AsJson = False
) -> None:
    """List the search spaces."""
    rows: list[tuple[str, int | None, str]] = []
    for name in naswotlib.list_spaces(pattern):
        space = naswotlib.get_space(name)
        size = len(space) if hasattr(space, "__len__") else getattr(space, "num_architectures", None)
        rows.append((name, size, (space.__doc__ or "").strip().split("\n")[0]))
    if as_json:
        print(json.dumps([{"name": n, "architectures": s, "description": d} for n, s, d in rows]))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table("space", "architectures", "description", box=None)
    for name, size, description in rows:
        shown = "" if size is None else f"{size:,}" if size < 1e9 else f"{size:.3g}"
        table.add_row(name, shown, description)
    Console().print(table)


@app.command("compile")
def compile_loops(as_json: opt.AsJson = False) -> None:
    """Compile the loops of the fast engine, which the first fast score would do; they are kept for later."""
    from naswotlib.scoring.ready import loops_folder
    from naswotlib.scoring.warm import compile_all

    seconds = compile_all()
    told = {"seconds": round(seconds, 1), "folder": str(loops_folder())}
    print(json.dumps(told) if as_json else f"compiled in {seconds:.1f} s, kept in {told['folder']}")


@app.command()
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
    seed: Annotated[int, typer.Option(help="Of weights, order and flips; with --verify, of the choice.")] = 0,
    workers: Annotated[int | None, typer.Option(help="Processes, one thread each; default all cores.", min=1)] = None,
    data_dir: opt.DataDir = None,
) -> None:
    """Train networks for a benchmark of your own; stopped at any moment, it continues where it was.

    They have the skeleton of the bundled networks of their space, and are trained as these are, on CIFAR-10: as
    `naswot data fetch cifar10` brings it, or from the tars of JPEG files that the bundled networks were trained on.
    """
    if suite is not None:
        opt.refuse(
            context, "of one table, which --suite does not make", "space", "count", *(() if verify else ("seed",))
        )
    if verify is not None:
        opt.refuse(context, "of training, not of --verify", "space", "count", "workers")
    import numpy as np

    from naswotlib.benchmarks.load import BUNDLED
    from naswotlib.spaces.base import sample_distinct
    from naswotlib.training.suite import small_recipe, train_suite, trained_networks
    from naswotlib.training.suite import verify as train_again
    from naswotlib.training.train import train_table

    if suite is not None:
        check_choice("suite", suite, ("bundled",))
    processes, folder = workers or os.cpu_count() or 1, out or BUNDLED
    if verify is not None:
        tables = [folder] if folder.is_file() else sorted(folder.glob("*.parquet"))
        for row in train_again(tables, verify, data_dir=data_dir, rng=np.random.default_rng(seed)):
            print(
                f"{row['table']}  seed {row['seed']}  first losses ±{row['losses']:.1e}  validation "
                f"{row['validation']:+.2f}  test {row['test']:+.2f}  {row['arch']}",
                flush=True,
            )
    elif suite is not None:
        train_suite(data_dir=data_dir, folder=folder, workers=processes)
        print(f"the whole suite, {len(trained_networks(folder))} networks, is in {folder}")
    elif out is None:
        raise ValueError("out: say with --out which table to write or to continue, or train a whole --suite")
    else:
        chosen = naswotlib.get_space(space)
        texts = [chosen.to_str(arch) for arch in sample_distinct(chosen, count, np.random.default_rng(0))]
        recipe = small_recipe(space)
        table = train_table(space, texts, data_dir=data_dir, out=out, recipe=recipe, seed=seed, workers=processes)
        print(f"{len(table)} networks in {out}; best validation accuracy {table['validation'].str[-1].max():.2f}%")
        print(f'load_benchmark("{out.stem}", data_dir="{out.parent}") reads it')


def main() -> None:
    """Entry point."""
    run(app)
