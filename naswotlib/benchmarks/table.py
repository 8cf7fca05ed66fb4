"""What a table of trained accuracies is: one parquet file, one row an architecture.

Columns are typed by their names. ``accuracy/cifar10/test/200`` holds accuracies in percent, on the split ``test``
of ``cifar10``, after the 200-epoch schedule; ``seconds/cifar10/200`` holds seconds of training. Each is a list of
float64, one item for each repetition of the training (another seed). What else the schema's metadata must say is
:class:`TableInfo`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from naswotlib.parallel import write_whole

Values = npt.ArrayLike | Iterable[Iterable[float]]
METADATA = b"naswotlib.table"


@dataclass(frozen=True)
class TableInfo:
    """Where a table comes from and what its numbers mean.

    name: of the table; space: of its search space; origin: who trained the networks and how; licence: of the
    numbers; sha256: of the file they were read from; splits: each split, with ``dataset/split`` where datasets
    differ, in words; seconds: what the training times include; repeats: what the repetitions are; skeleton:
    keywords of ``space.build`` for the networks that were trained; sides: image side in pixels by dataset.
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
    texts = list(archs)
    if len(set(texts)) < len(texts):
        raise ValueError(f"archs: {pd.Series(texts).duplicated().sum()} come twice; put their runs into one list")
    columns = {"arch": pa.array(texts, pa.string())}
    for key, values in accuracy.items():
        columns["/".join(map(str, ("accuracy", *key)))] = column = _lists(values)
        flat = column.flatten().to_numpy(zero_copy_only=False)
        wrong = flat[~((flat >= 0) & (flat <= 100))]
        if len(wrong):
            raise ValueError(f"accuracy {key}: {wrong[0]} is no percentage; expected 0 to 100")
    for pair, values in (seconds or {}).items():
        columns["/".join(map(str, ("seconds", *pair)))] = _lists(values)
    for name, column in columns.items():
        if len(column) != len(texts):
            raise ValueError(f"{name}: {len(column)} values for {len(texts)} architectures")
    return pa.table(columns).replace_schema_metadata({METADATA: json.dumps(asdict(info), sort_keys=True)})


def _lists(values: Values) -> pa.Array:
    if isinstance(values, np.ndarray) and values.ndim == 1:
        values = values[:, None]
    return pa.array(list(values), pa.list_(pa.float64()))  # type: ignore[arg-type]


def write_table(path: Path, table: pa.Table) -> None:
    """Write a table whole, as parquet."""
    with write_whole(path) as file:
        pq.write_table(table, file, compression="zstd")
