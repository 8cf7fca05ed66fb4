"""``naswot spaces`` and ``naswot measures``: what there is to choose from, with what plug-ins bring."""

from __future__ import annotations

import fnmatch
import json
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Annotated, Any

import typer

import naswotlib
from naswotlib.cli import options as opt

Pattern = Annotated[str, typer.Argument(help="Shell pattern of names.")]


@dataclass(frozen=True)
class Row:
    """What is listed. ``error`` says in a line why it cannot be used; the others are listed all the same."""

    name: str
    description: str
    package: str
    error: str = ""


def spaces(pattern: Pattern = "*", as_json: opt.AsJson = False) -> None:
    """List the search spaces, those of plug-ins included."""
    from naswotlib.data.plugins import SPACES

    rows, sizes = [], list[int | None]()
    for name in naswotlib.list_spaces(pattern):
        row, space = _row(SPACES, name, naswotlib.get_space)
        rows.append(row)
        size = len(space) if hasattr(space, "__len__") else getattr(space, "num_architectures", None)
        sizes.append(size)
    if as_json:
        described = [{"architectures": size} | asdict(row) for row, size in zip(rows, sizes, strict=True)]
        print(json.dumps([{"name": row.pop("name")} | row for row in described]))
        return
    shown = ["" if size is None else f"{size:,}" if size < 1e9 else f"{size:.3g}" for size in sizes]
    _print("space", rows, architectures=shown)


def measures(pattern: Pattern = "*", as_json: opt.AsJson = False) -> None:
    """List what `--proxy` takes: the score, and other measures of an untrained network, those of plug-ins included."""
    from naswotlib.data.plugins import PROXIES
    from naswotlib.scoring.proxies import NASWOT, find_proxy, list_proxies

    def find(name: str) -> Any:
        return naswotlib.naswot_score if name == NASWOT else find_proxy(name)

    rows = [_row(PROXIES, name, find)[0] for name in fnmatch.filter(list_proxies(), pattern)]
    if as_json:
        print(json.dumps([asdict(row) for row in rows]))
    else:
        _print("measure", rows)


def _row(group: str, name: str, find: Callable[[str], Any]) -> tuple[Row, Any]:
    """The row of a name, and what it names; None where that cannot be had."""
    from naswotlib.data.plugins import OURS, package_of, plugins

    points = plugins(group).get(name, ())
    package = ", ".join(package_of(point) for point in points) or OURS
    try:
        found = find(name)
    except ValueError as error:  # a plug-in that is broken, or that clashes; the text names the package
        return Row(name, "", package, str(error)), None
    home = getattr(found, "func", found)  # of a partial
    return Row(name, (home.__doc__ or "").strip().split("\n")[0], package), found


def _print(kind: str, rows: list[Row], **columns: list[str]) -> None:
    """A table on standard output, and a line on standard error for each that cannot be used."""
    from rich.console import Console
    from rich.table import Table

    from naswotlib.data.plugins import OURS

    others = any(row.package != OURS for row in rows)
    table = Table(kind, *columns, "description", *(["package"] if others else []), box=None)
    for number, row in enumerate(rows):
        values = [column[number] for column in columns.values()]
        described = "cannot be used" if row.error else row.description
        table.add_row(row.name, *values, described, *([row.package] if others else []))
    Console().print(table)
    for row in rows:
        if row.error:
            print(f"naswot: {row.error}", file=sys.stderr)
