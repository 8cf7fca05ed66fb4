"""``naswot data``: what can be downloaded, what is there, and tables made from it."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from naswotlib.cli.errors import tell_faults
from naswotlib.cli.options import AsJson, DataDir
from naswotlib.errors import check_choice

if TYPE_CHECKING:
    from naswotlib.data.fetch import Remote

app = typer.Typer(no_args_is_help=True, help="Benchmark tables and image data: list, fetch, verify and import them.")


@app.command("list")
def list_sources(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """List what can be downloaded: size, licence, and how far its digest can be trusted."""
    from naswotlib.data.fetch import SOURCES, data_home

    if as_json:
        home = data_home(data_dir)
        rows = [
            asdict(remote) | {"here": (home / remote.file).exists()} for each in SOURCES.values() for remote in each
        ]
        print(json.dumps(rows))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table("name", "files", "size", "digest", "licence", "here", box=None)
    for name, remotes in SOURCES.items():
        here = sum((data_home(data_dir) / remote.file).exists() for remote in remotes)
        shown = f"{here} of {len(remotes)}" if here else ""
        table.add_row(name, str(len(remotes)), _size(remotes), remotes[0].evidence or "open", remotes[0].licence, shown)
    Console().print(table)
    print(
        "digest: verified (computed from the file), official (its publisher's), third-party (expected), open (unknown)"
    )


def _size(remotes: list[Remote]) -> str:
    sizes = [remote.bytes for remote in remotes]
    return "unknown" if None in sizes else f"{sum(size or 0 for size in sizes) / 1e6:,.0f} MB"


@app.command()
def fetch(
    name: Annotated[str, typer.Argument(help="A name of `naswot data list`.")],
    folder: Annotated[
        Path | None, typer.Option("--from", help="Folder of files downloaded by other means, instead of the network.")
    ] = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Download the files called NAME, if they are not there; a download is compared with its published digest."""
    from naswotlib.data import fetch as fetching

    check_choice("name", name, fetching.SOURCES)
    remotes = fetching.SOURCES[name]
    if not as_json:
        print(f"{name}: {len(remotes)} files, {_size(remotes)}; licence {remotes[0].licence}; {remotes[0].page}")
    paths = [str(path) for path in fetching.fetch(name, data_dir=data_dir, folder=folder, progress=not as_json)]
    print(json.dumps({"name": name, "files": paths}) if as_json else "\n".join(paths))


@app.command()
def where(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Say where the data are, which tables are there, and which ones plug-ins bring."""
    from naswotlib.data.fetch import data_home
    from naswotlib.data.plugins import BENCHMARKS, package_of, plugins

    home = data_home(data_dir)
    tables = [path.name for path in sorted(home.glob("*.parquet"))]
    brought = {name: ", ".join(map(package_of, points)) for name, points in plugins(BENCHMARKS).items()}
    lines = [str(home), *(f"  {name}" for name in tables), *(f"{name}  of {by}" for name, by in brought.items())]
    told = {"folder": str(home), "tables": tables, "plugins": brought}
    print(json.dumps(told) if as_json else "\n".join(lines))


@app.command()
def verify(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Compare the downloaded files with their sizes and digests; exit status 1 if one is not right."""
    from naswotlib.data.fetch import data_home
    from naswotlib.data.fetch import verify as verify_files

    faults = verify_files(data_dir=data_dir)
    if not faults:
        raise FileNotFoundError(
            f"data_dir: {data_home(data_dir)} has no file of `naswot data list`, nothing was verified; say with "
            "--data-dir where they are, or bring one with `naswot data fetch`"
        )
    tell_faults(faults, right="as published", as_json=as_json)


@app.command("import")
def import_table(
    file: Annotated[Path, typer.Argument(help="A published file, or a folder of NATS-Bench.")],
    out: Annotated[Path | None, typer.Option(help="Folder for the table; default as --data-dir elsewhere.")] = None,
    trust: Annotated[
        bool, typer.Option("--trust", help="Run a pickle that asks for more than data. Only if you know who made it.")
    ] = False,
    replace: Annotated[
        bool, typer.Option("--replace", help="Let the new table replace one of another origin, or that has more.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Make a table from a published file, recognised by its content."""
    from naswotlib.benchmarks import Benchmark, import_file
    from naswotlib.data.fetch import data_home

    path = import_file(file, out=data_home(out), trust=trust, replace=replace)
    table = Benchmark(path)
    told = asdict(table.info) | {"file": str(path), "architectures": len(table.archs)}
    print(json.dumps(told) if as_json else f"{path}\n{table.describe()}")
