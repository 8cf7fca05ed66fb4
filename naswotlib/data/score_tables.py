"""The score tables of this project as a package of data, described by a ``manifest.json`` beside them.

The manifest has, under ``files``, rows, columns, bytes and sha256 of each; under the name of a file, what its rows were
computed with. Any folder or address that holds both is a source: a checkout, a copy, a data set of a hub.
"""

from __future__ import annotations

import fnmatch
import io
import json
import re
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path
from typing import Any

from naswotlib.data import fetch
from naswotlib.data.fetch import Remote, data_home, fault, fetch_file, only_writer
from naswotlib.data.files import write_whole

MANIFEST, FILES = "manifest.json", "files"
PLACE = "figures/paper/scores"  # of the tables in the repository
FOLDER = "scores"  # and in the folder of the data
COMMAND = "naswot scores fetch"
_NAME = re.compile(r"\w[\w.-]*\.parquet")
_FIELDS = {"rows": int, "bytes": int, "sha256": str, "columns": list}


@dataclass(frozen=True)
class ScoreTable:
    """A table of scores, as the manifest describes it. columns: their names; sha256: of the file, in hexadecimal."""

    file: str
    rows: int
    bytes: int
    sha256: str
    columns: tuple[str, ...]

    @property
    def remote(self) -> Remote:
        """What a download of it has to be."""
        return Remote(self.file, self.file, self.bytes, f"sha256:{self.sha256}", MANIFEST, "MIT", "", ())


def scores_home(data_dir: str | Path | None = None) -> Path:
    """The folder into which score tables are fetched."""
    return data_home(data_dir) / FOLDER


def repository_source() -> str:
    """The address of the tables in this project's repository, as the installed package names it.

    ValueError where it names none.
    """
    try:
        urls = metadata("naswotlib").get_all("Project-URL") or []
    except PackageNotFoundError:  # a checkout on the path that was never installed
        urls = []
    named = dict(url.split(", ", 1) for url in urls)
    if "Repository" not in named:
        raise ValueError(
            "from: this installation names no repository (pyproject.toml, Repository); say with --from where the "
            f"tables are: an address, or a folder such as that of a checkout, {PLACE}"
        )
    return f"{named['Repository'].rstrip('/')}/raw/HEAD/{PLACE}"


def read_tables(source: str | Path) -> tuple[bytes, list[ScoreTable]]:
    """The manifest of a folder or address, as it is, and the tables that it describes, by name.

    OSError where it cannot be read, ValueError where it is cut off, damaged or of something else.
    """
    address = _join(source, MANIFEST)
    held = io.BytesIO()
    try:
        fetch.download(address, held)
    except OSError as error:
        raise OSError(f"from: {address} cannot be read ({error}); give a folder or an address that holds it") from error
    try:
        described = json.loads(held.getvalue())[FILES]
        tables = [_table(name, about) for name, about in sorted(described.items())]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise ValueError(
            f"from: {address} is cut off, damaged, or no manifest of score tables ({type(error).__name__}: {error})"
        ) from error
    return held.getvalue(), tables


def _table(name: str, about: dict[str, Any]) -> ScoreTable:
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no name of a table")
    for field, kind in _FIELDS.items():
        if not isinstance(about[field], kind):
            raise ValueError(f"{name}: {field} is {about[field]!r}")
    if not re.fullmatch("[0-9a-f]{64}", about["sha256"]):
        raise ValueError(f"{name}: {about['sha256']!r} is no sha256")
    return ScoreTable(name, about["rows"], about["bytes"], about["sha256"], tuple(map(str, about["columns"])))


def _join(source: str | Path, name: str) -> str:
    text = str(source)
    return f"{text.rstrip('/')}/{name}" if "://" in text else str(Path(text).expanduser() / name)


def choose(tables: list[ScoreTable], pattern: str) -> list[ScoreTable]:
    """Those whose name, with or without ``.parquet``, matches a shell pattern; ValueError where none does."""
    chosen = [t for t in tables if fnmatch.fnmatch(t.file, pattern) or fnmatch.fnmatch(t.file, f"{pattern}.parquet")]
    if not chosen:
        raise ValueError(
            f"pattern: {pattern!r} matches none of {len(tables)} tables; `naswot scores list` has their names"
        )
    return chosen


def fetch_tables(
    pattern: str = "*",
    *,
    source: str | Path | None = None,
    data_dir: str | Path | None = None,
    replace: bool = False,
    progress: bool = False,
) -> list[Path]:
    """The tables that match ``pattern``, with their manifest, in :func:`scores_home`; returns their paths.

    ``source`` is a folder or an address, by default :func:`repository_source`. A table stands under its name only with
    the bytes and the sha256 that the manifest states; what was there and is right stays, so that a fetch that was
    stopped goes on from there. One that is there and differs is replaced only with ``replace``, else ValueError names
    it. OSError names a table that came cut off or otherwise than stated; nothing of it is left.
    """
    place = source if source is not None else repository_source()
    text, tables = read_tables(place)
    chosen, home = choose(tables, pattern), scores_home(data_dir)
    paths = {table: home / table.file for table in chosen}
    wrong = {table for table, path in paths.items() if path.exists() and fault(path, table.remote)}
    if wrong and not replace:
        names = ", ".join(sorted(table.file for table in wrong)[:3])
        raise ValueError(
            f"data_dir: {len(wrong)} tables in {home} are not those of {place}: {names}; move them away, or say with "
            "--replace that they may go"
        )
    with only_writer(home / MANIFEST), write_whole(home / MANIFEST) as file:
        file.write(text)
    for table, path in paths.items():
        with only_writer(path):
            if table in wrong or not path.exists():
                address = _join(place, table.file)
                fetch_file(path, table.remote, [address], progress=progress, command=COMMAND)
    return list(paths.values())


def verify_tables(data_dir: str | Path | None = None) -> dict[Path, str]:
    """What is wrong with each table in :func:`scores_home`, an empty text where nothing is; nothing is changed.

    FileNotFoundError where none were fetched.
    """
    home = scores_home(data_dir)
    if not (home / MANIFEST).exists():
        raise FileNotFoundError(f"data_dir: {home} has no {MANIFEST}; `{COMMAND}` brings it, with the tables")
    known = {table.file: table.remote for table in read_tables(home)[1]}
    return {
        path: fault(path, known[path.name]) if path.name in known else f"{MANIFEST} does not have it"
        for path in sorted(home.glob("*.parquet"))
    }
