"""``naswot``: score, search, list and train from the shell. Each command is a thin shell over one function."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from naswotlib import __version__
from naswotlib.cli import data as data_cli
from naswotlib.cli import options as opt
from naswotlib.cli.errors import run
from naswotlib.cli.lists import measures, spaces
from naswotlib.cli.score import score
from naswotlib.cli.scores import app as scores
from naswotlib.cli.search import search
from naswotlib.cli.train import train

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Neural architecture search without training: score untrained networks, search with the score.",
    epilog="Exit status: 0 done; 1 a check, or every architecture of many, failed; 2 a fault in an argument, a file or "
    "code of your own, as one line says; 130 interrupted. NASWOT_TRACEBACK=1 shows where.",
)


def _tell_version(wanted: bool) -> None:
    if wanted:
        print(f"naswotlib {__version__}")
        raise typer.Exit


@app.callback()
def _of_all(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_tell_version, is_eager=True)
    ] = False,
) -> None:
    pass


app.add_typer(data_cli.app, name="data")
app.add_typer(scores, name="scores")
app.command()(score)
app.command()(search)
app.command()(train)
app.command()(spaces)
app.command()(measures)


@app.command("compile")
def compile_loops(as_json: opt.AsJson = False) -> None:
    """Compile the loops of the fast engine, which the first fast score would do; they are kept for later."""
    from naswotlib.scoring.ready import loops_folder
    from naswotlib.scoring.warm import compile_all

    seconds = compile_all()
    told = {"seconds": round(seconds, 1), "folder": str(loops_folder())}
    print(json.dumps(told) if as_json else f"compiled in {seconds:.1f} s, kept in {told['folder']}")


def main() -> None:
    """Entry point."""
    run(app)
