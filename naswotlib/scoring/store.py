"""A folder of scores that survives: parquet parts, each whole, and a manifest of what they were computed with.

A folder has one writer at a time; whoever comes second waits, then does what is still missing. What is no part
has a name with ``_`` or ``.`` in front, so that ``pandas.read_parquet(folder)`` reads the table too.
"""

from __future__ import annotations

import json
import os
import platform
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypedDict

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import torch
from filelock import FileLock, Timeout

from naswotlib import __version__
from naswotlib.data.files import write_whole
from naswotlib.errors import warn

MANIFEST = "_manifest.json"
SCHEMA = pa.schema(
    {"arch": pa.string(), "score": pa.float64(), "num_units": pa.int64(), "seconds": pa.float64(), "error": pa.string()}
)


class Row(TypedDict):
    """The outcome of an architecture, as a row of the table of :func:`naswotlib.score_archs`."""

    arch: str
    score: float
    num_units: int | None
    seconds: float
    error: str


def measures_schema(measures: Sequence[str]) -> pa.Schema:
    """Columns of a table of measures: ``arch``, one a measure, ``seconds``, ``error``."""
    numbers = {name: pa.float64() for name in (*measures, "seconds")}
    return pa.schema({"arch": pa.string(), **numbers, "error": pa.string()})


def make_frame(rows: Sequence[Any], schema: pa.Schema = SCHEMA) -> pd.DataFrame:
    """Rows as the table of ``score_archs``, or as that of another ``schema``."""
    frame = pd.DataFrame(rows, columns=schema.names)
    types = {pa.float64(): "float64", pa.int64(): "Int64"}
    return frame.astype({field.name: types[field.type] for field in schema if field.type in types})


def read_scores(folder: Path | str) -> pd.DataFrame:
    """The table in a folder of ``score_archs(out=folder)`` or ``measure_archs``, in the order of its parts, also while
    it grows.
    """
    if not (Path(folder) / MANIFEST).exists():
        raise FileNotFoundError(f"folder: {folder} is no folder of scores, it has no {MANIFEST}")
    parts = _parts(Path(folder))
    schema = pq.read_schema(parts[0]) if parts else SCHEMA
    return make_frame(_read_rows(parts, schema), schema)


class ScoreStore:
    """The rows of a folder (or of memory alone), old and new; now and then the new ones are written as a part."""

    def __init__(self, folder: Path | None, schema: pa.Schema = SCHEMA) -> None:
        parts = _parts(folder) if folder else []
        self.rows = {row["arch"]: row for row in _read_rows(parts, schema)}
        self._folder, self._schema = folder, schema
        self._next = int(parts[-1].stem.removeprefix("part-")) + 1 if parts else 0
        self._pending: list[Any] = []
        self._opened = self._written = time.monotonic()

    def add(self, rows: Sequence[Any]) -> None:
        """Take in new rows. A kill loses those of the last 2% of the time since the start, at most of a minute."""
        self._pending += rows
        self.rows.update((row["arch"], row) for row in rows)
        now = time.monotonic()
        if now - self._written >= min(60.0, max(0.2, 0.02 * (now - self._opened))):
            self.flush()

    def flush(self) -> None:
        """Write the rows that no part has yet. An OSError says what is safe and what to do."""
        rows, self._pending = self._pending, []
        if not rows or self._folder is None:
            return
        path = self._folder / f"part-{self._next:06d}.parquet"
        try:
            with write_whole(path) as file:
                pq.write_table(pa.Table.from_pylist(rows, self._schema), file)
        except OSError as error:
            message = (
                f"out: cannot write {path}: {error.strerror or error}; the {len(self.rows) - len(rows)} rows written "
                "before are whole and read_scores reads them; make room, and the same call goes on from there"
            )
            raise OSError(error.errno, message) from error
        self._next += 1
        self._written = time.monotonic()


@contextmanager
def open_store(out: Path | str | None, settings: Mapping[str, Any], schema: pa.Schema = SCHEMA) -> Iterator[ScoreStore]:
    """The store in the folder ``out``, this process's alone until the block ends; in memory where ``out`` is None.

    ``schema`` is that of its rows, and ``settings`` are what they depend on. ValueError names the settings where the
    folder holds scores of others.
    """
    if out is None:
        yield ScoreStore(None, schema)
        return
    folder = Path(out)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / ".lock").touch()
    except OSError as error:
        raise ValueError(
            f"out: {folder} cannot be a folder of scores ({error.strerror}); choose another one"
        ) from error
    lock = FileLock(folder / ".lock")  # the system frees it when its process dies
    try:
        with lock.acquire(timeout=0):
            pass
    except Timeout:
        warn(f"out: another process is scoring into {folder}; waiting for it, then doing what is still missing")
    with lock:
        _check_manifest(folder, settings)
        for leftover in folder.glob(".*.tmp"):  # of a process that died while it wrote
            leftover.unlink()
        store = ScoreStore(folder, schema)
        try:
            yield store
        finally:
            store.flush()


def _check_manifest(folder: Path, settings: Mapping[str, Any]) -> None:
    """Compare settings and versions with those of the folder; write them where there are none."""
    versions = {"naswotlib": __version__} | {name: version(name) for name in ("torch", "numpy")}
    here = json.loads(json.dumps({**settings, "versions": versions}))  # as a file gives it back
    path = folder / MANIFEST
    if path.exists():
        there = _read_settings(path)
        differ = [f"{key} is {there.get(key)} there, {here[key]} here" for key in here if there.get(key) != here[key]]
        if differ:
            raise ValueError(f"out: {folder} holds scores of other settings ({'; '.join(differ)}); choose another one")
    elif _parts(folder):
        raise ValueError(f"out: {folder} holds parts of unknown settings, it has no {MANIFEST}; choose another folder")
    else:
        manifest = {"settings": here, "hardware": hardware(str(settings.get("device", "cpu")))}
        with write_whole(path) as file:
            file.write(json.dumps(manifest, indent=1).encode() + b"\n")


def _read_settings(path: Path) -> dict[str, Any]:
    try:
        settings = json.loads(path.read_text())["settings"]
        return dict(settings)
    except (ValueError, KeyError, TypeError, OSError) as error:
        raise ValueError(f"out: {path} is damaged ({type(error).__name__}: {error}); choose another folder") from error


def _parts(folder: Path) -> list[Path]:
    return sorted(folder.glob("part-*.parquet"))


def _read_rows(parts: Sequence[Path], schema: pa.Schema) -> list[Any]:
    rows: list[Any] = []
    for part in parts:
        try:
            rows += pq.read_table(part, schema=schema).to_pylist()
        except (pa.ArrowException, OSError) as error:
            raise ValueError(f"out: {part} is damaged or no part of scores ({error}); remove it, and go on") from error
    return rows


def hardware(device: str = "cpu") -> str:
    """Processor and number of cores of this machine, and its GPU where ``device`` is one."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    processor = next(named, "") or platform.processor() or platform.machine()
    card = f", {torch.cuda.get_device_name(device)}" if torch.device(device).type == "cuda" else ""
    return f"{processor}, {os.cpu_count()} cores{card}"
