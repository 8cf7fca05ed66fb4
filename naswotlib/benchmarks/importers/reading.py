"""Reading published text: JSON and CSV, maybe compressed, each refused with its fault where it is not in order."""

from __future__ import annotations

import csv
import gzip
import io
import json
import math
import zlib
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

LIMIT = 2**28  # characters of one file that is compressed, where the largest published one has five million
_GZIP = b"\x1f\x8b"


def first_bytes(path: Path, count: int = 512) -> bytes:
    """The first bytes of a file, of what it holds where it is compressed; ValueError where it cannot be unpacked."""
    with path.open("rb") as file:
        head = file.read(count)
        return _unpacked(path, file, count) if head[:2] == _GZIP else head


def read_text(path: Path) -> str:
    """What a text file holds, unpacked; ValueError where it is cut off, damaged or expands beyond :data:`LIMIT`."""
    with path.open("rb") as file:
        if file.read(2) == _GZIP:
            data = _unpacked(path, file, LIMIT + 1)
        else:
            file.seek(0)
            return file.read().decode("utf-8-sig")
    if len(data) > LIMIT:
        raise ValueError(f"{path}: expands beyond {LIMIT:,} bytes; expected a table of text")
    return data.decode("utf-8-sig")


def _unpacked(path: Path, file: IO[bytes], count: int) -> bytes:
    file.seek(0)
    try:
        with gzip.open(file) as unpacked:
            return unpacked.read(count)
    except (OSError, EOFError, zlib.error) as error:
        raise ValueError(f"{path}: cut off or damaged ({error}); fetch it again") from error


def read_json(path: Path) -> Any:
    """What a JSON file holds, NaN and Infinity as Python's parser takes them; ValueError where a key comes twice."""
    return json.loads(read_text(path), object_pairs_hook=_once)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"{key[:60]!r} comes twice in one object; expected every architecture and field once")
        found[key] = value
    return found


def read_columns(path: Path, texts: Iterable[str], numbers: Iterable[str], *, header: bool = True) -> pd.DataFrame:
    """The columns of a CSV that are asked for: ``texts`` as they are written, ``numbers`` finite.

    Without a ``header`` the columns of the file are those, in that order. ValueError names a column that is not there
    and a number that is none.
    """
    texts, numbers = list(texts), list(numbers)
    frame = read_table(path, None if header else [*texts, *numbers])
    missing = [name for name in [*texts, *numbers] if name not in frame]
    if missing or (not header and not isinstance(frame.index, pd.RangeIndex)):
        shown = ", ".join(map(str, frame.columns))[:200]
        raise ValueError(f"expected the columns {', '.join([*texts, *numbers])}; found {shown}")
    for name in numbers:
        frame[name] = finite(name, frame[name])
    return frame[[*texts, *numbers]].fillna("")


def read_table(path: Path, names: list[str] | None = None) -> pd.DataFrame:
    """A CSV as text, with the columns ``names`` where it has no header; ValueError where one comes twice."""
    text = read_text(path)
    try:
        header = next(csv.reader(io.StringIO(text)), [])
        frame = pd.read_csv(io.StringIO(text), dtype=str, names=names, keep_default_na=False)
    except (pd.errors.ParserError, pd.errors.EmptyDataError, csv.Error) as error:
        raise ValueError(f"no table of text ({error})") from error
    twice = [name for name, count in Counter(map(str.strip, header)).items() if count > 1]
    if twice and names is None:
        raise ValueError(f"column {twice[0][:60]!r} comes twice; expected every column once")
    if names is None and not isinstance(frame.index, pd.RangeIndex):
        raise ValueError(f"its rows have more fields than the {len(header)} of its first line")
    return frame


def finite(name: str, values: Iterable[Any]) -> npt.NDArray[np.float64]:
    """The numbers of a column, as they are or as text; ValueError says in which row there is no finite one."""
    if isinstance(values, pd.Series):  # of text: all at once, where all are numbers
        found = pd.to_numeric(values, errors="coerce").to_numpy(np.float64)
        if np.isfinite(found).all():
            return found
    return np.array([number(f"{name}, row {row}", value) for row, value in enumerate(values)])


def number(what: str, value: Any) -> float:
    """A number, as it is or as text; ValueError where ``value`` is none, or not finite."""
    try:
        found = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        found = math.nan
    if not math.isfinite(found):
        raise ValueError(f"{what}: {str(value)[:60]!r} is no finite number")
    return found
