"""Format of a table of trained accuracies: one parquet file, one row an architecture, :class:`TableInfo` as metadata.

``accuracy/cifar10/test/200`` holds accuracies in percent on the split ``test`` of ``cifar10`` after the 200-epoch
schedule (0 epochs where nobody states them); ``seconds/cifar10/200`` holds seconds of training;
``metric/room_layout/validation/25`` what a task that is no classification is judged by, in its own unit, higher being
better. These, and all other columns of numbers, are lists of float64, one item for each repetition of the training.
Text is in ``arch`` and maybe ``hash``, a second key of its row.
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from naswotlib.data.files import write_whole

Values = npt.ArrayLike | Iterable[Iterable[float]]
METADATA = b"naswotlib.table"
_MOST = 2.0**53  # beyond, a float64 does not hold every whole number, and no network has so many of anything
BOUNDS = {
    "accuracy": (0.0, 100.0, "percentage"),
    "metric": (-_MOST, _MOST, "value of a metric"),
    "seconds": (0.0, _MOST, "number of seconds"),
    "params": (0.0, _MOST, "number of parameters"),
    "flops": (0.0, _MOST, "number of multiply-adds"),
}  # of numbers in columns of a kind


@dataclass(frozen=True)
class TableInfo:
    """Origin of a table and meaning of its numbers.

    name: of the table; space: of its search space; origin: who trained the networks and how; licence: of the
    numbers; sha256: of the file they were read from; splits: what each ``split``, or ``dataset/split``, is; seconds:
    what the training times include; repeats: what the repetitions are; skeleton: keywords of ``space.build`` for the
    networks that were trained; sides: image side in pixels by dataset.
    """

    name: str
    space: str
    origin: str
    licence: str
    sha256: str
    splits: dict[str, str]
    seconds: str
    repeats: str
    skeleton: dict[str, int] = field(default_factory=dict)
    sides: dict[str, int] = field(default_factory=dict)


def read_info(schema: pa.Schema) -> TableInfo:
    """The metadata of a table; ValueError where the schema is of another file."""
    if METADATA not in (schema.metadata or {}):
        raise ValueError(
            "expected a table of this library, found parquet without its metadata; `naswot data import` makes one from "
            "the official files"
        )
    return TableInfo(**json.loads(schema.metadata[METADATA]))


def make_table(
    info: TableInfo,
    archs: Iterable[str],
    accuracy: Mapping[tuple[str, str, int], Values],
    seconds: Mapping[tuple[str, int], Values] | None = None,
) -> pa.Table:
    """A table from columns: ``accuracy[dataset, split, epochs]`` and ``seconds[dataset, epochs]``.

    A column is one number an architecture, or a list of numbers (repetitions, maybe none) an architecture.
    ValueError where an accuracy is not a percentage, an architecture comes twice or a column is too short.
    """
    columns = {"/".join(map(str, ("accuracy", *key))): _lists(values) for key, values in accuracy.items()}
    columns |= {"/".join(map(str, ("seconds", *key))): _lists(values) for key, values in (seconds or {}).items()}
    return table_from_columns(info, {"arch": pa.array(archs, pa.string())} | columns)


def table_from_columns(info: TableInfo, columns: Mapping[str, pa.Array]) -> pa.Table:
    """A table from columns by their names; errors as for :func:`make_table`."""
    archs = columns["arch"]
    if twice := len(archs) - len(archs.unique()):
        raise ValueError(f"archs: {twice} come twice; put their runs into one list")
    for name, column in columns.items():
        if len(column) != len(archs):
            raise ValueError(f"{name}: {len(column)} values for {len(archs)} architectures")
        kind = name.partition("/")[0]
        if kind in BOUNDS:
            flat = column.flatten().to_numpy(zero_copy_only=False)
            least, most, what = BOUNDS[kind]
            wrong = flat[~((flat >= least) & (flat <= most))]
            if len(wrong):
                raise ValueError(f"{name}: {wrong[0]} is no {what}; expected {least:g} to {most:g}")
    return pa.table(dict(columns)).replace_schema_metadata({METADATA: json.dumps(asdict(info), sort_keys=True)})


Row = tuple[Mapping[str, str], Mapping[str, Iterable[float]]]


def columns_from_rows(rows: Iterable[Row]) -> dict[str, pa.Array]:
    """Columns from a stream of rows: its texts (``arch``, maybe ``hash``), and lists of numbers by column name.

    A row that lacks a column of numbers has an empty list there.
    """
    texts: dict[str, list[str]] = {}
    numbers: dict[str, tuple[array[float], array[int]]] = {}  # all values, and where each row's begin
    count = 0
    for count, (words, found) in enumerate(rows, start=1):
        for name, text in words.items():
            texts.setdefault(name, []).append(text)
        for name, values in found.items():
            flat, starts = numbers.setdefault(name, (array("d"), array("i")))
            starts.extend([len(flat)] * (count - len(starts)))
            flat.extend(values)
    columns = {name: pa.array(column, pa.string()) for name, column in texts.items()}
    for name, (flat, starts) in numbers.items():
        starts.extend([len(flat)] * (count + 1 - len(starts)))
        columns[name] = _from_starts(np.asarray(starts), np.asarray(flat))
    return columns


def _from_starts(starts: np.ndarray, flat: np.ndarray) -> pa.Array:
    return pa.ListArray.from_arrays(pa.array(starts, pa.int32()), pa.array(flat, pa.float64()))


def _lists(values: Values) -> pa.Array:
    if isinstance(values, np.ndarray):
        flat = values.reshape(-1)
        return _from_starts(np.arange(len(values) + 1) * (len(flat) // max(len(values), 1)), flat)
    return pa.array(list(values), pa.list_(pa.float64()))  # type: ignore[arg-type]


def write_table(path: Path, table: pa.Table) -> None:
    """Write a table whole, as parquet."""
    try:
        with write_whole(path) as file:
            pq.write_table(table, file, compression="zstd")
    except OSError as error:
        raise OSError(
            error.errno, f"out: cannot write {path}: {error.strerror or error}; nothing was changed"
        ) from error
