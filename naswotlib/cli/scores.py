"""``naswot scores``: the score tables of this project, to list, fetch and verify."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer

from naswotlib.cli.errors import tell_faults
from naswotlib.cli.options import AsJson, DataDir

app = typer.Typer(no_args_is_help=True, help="Tables of scores, computed once: list, fetch and verify them.")

Pattern = Annotated[str, typer.Argument(help="Shell pattern of names, such as 'nasbench201-*'.")]
Source = Annotated[
    str | None,
    typer.Option("--from", help="Address or folder that holds manifest.json and the tables; default the repository."),
]


@app.command("list")
def list_tables(
    pattern: Pattern = "*", source: Source = None, data_dir: DataDir = None, as_json: AsJson = False
) -> None:
    """List the tables of a source, or of those that were fetched: rows, size, digest, and which are here."""
    from naswotlib.data.score_tables import MANIFEST, choose, read_tables, repository_source, scores_home

    home = scores_home(data_dir)
    place = source or (str(home) if (home / MANIFEST).exists() else repository_source())
    tables = choose(read_tables(place)[1], pattern)
    if as_json:
        print(json.dumps([asdict(table) | {"here": (home / table.file).exists()} for table in tables]))
        return
    from rich.console import Console
    from rich.table import Column, Table

    shown = Table(Column("table", overflow="fold"), "rows", "kB", "sha256 begins", "here", box=None)
    for table in tables:
        here = "here" if (home / table.file).exists() else ""
        shown.add_row(table.file, f"{table.rows:,}", f"{table.bytes / 1e3:,.0f}", table.sha256[:12], here)
    Console().print(shown)
    print(f"{len(tables)} tables of {place}")


@app.command()
def fetch(
    pattern: Pattern = "*",
    source: Source = None,
    data_dir: DataDir = None,
    replace: Annotated[bool, typer.Option("--replace", help="Let tables go that are there and differ.")] = False,
    as_json: AsJson = False,
) -> None:
    """Bring tables to the folder of the data, if they are not there; each is compared with the manifest's sha256."""
    from naswotlib.data.score_tables import fetch_tables

    paths = fetch_tables(pattern, source=source, data_dir=data_dir, replace=replace, progress=not as_json)
    files = [str(path) for path in paths]
    print(json.dumps({"files": files}) if as_json else "\n".join(files))


@app.command()
def verify(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Compare the tables that were fetched with their manifest; exit status 1 if one is not right."""
    from naswotlib.data.score_tables import verify_tables

    tell_faults(verify_tables(data_dir), right="as its manifest says", as_json=as_json)
