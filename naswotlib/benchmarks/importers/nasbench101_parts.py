"""NAS-Bench-101 in part: 30,001 cells with validation accuracy and seconds, and 500 cells on ImageNet."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from naswotlib.benchmarks.importers.nasbench101 import MEAN_COLUMNS, from_means, info
from naswotlib.benchmarks.importers.reading import number, read_columns, read_json
from naswotlib.benchmarks.table import Row, TableInfo, columns_from_rows, read_info, table_from_columns
from naswotlib.data.fetch import find_data
from naswotlib.spaces.base import get_space
from naswotlib.spaces.nasbench101_spec import ModelSpec

EPOCHS = (4, 12, 36, 108)
VALIDATION_COLUMNS = [*(f"val_{epochs}ep" for epochs in EPOCHS), "train_seconds_108ep", "params"]
_TEST = "accuracy/cifar10/test/108"


def from_validation(path: Path, sha256: str) -> pa.Table:
    """A CSV, maybe compressed: ``hash``, ``params``, ``val_EPOCHSep`` (a fraction, of one training at 4, 12, 36 and 108
    epochs) and ``train_seconds_108ep``.

    The training is the best of the cell's three: of 108 epochs, none collapsed unless all three did, as their mean test
    accuracy tells, and each value is a whole number of 9,984 images, so that it is no mean.

    A hash tells the cell, but not its graph, so that ``nasbench101.parquet`` must lie beside the file or in
    :func:`~naswotlib.data.fetch.data_home`; its test accuracies come along. FileNotFoundError where there is none.
    """
    frame = read_columns(path, ["hash"], VALIDATION_COLUMNS)
    whole, known, origin = _all_cells(path)
    rows = pd.Index(whole["hash"].to_pylist()).get_indexer(pd.Index(frame["hash"]))
    if (rows < 0).any():
        raise ValueError(f"hash: {frame['hash'][int((rows < 0).argmax())][:60]!r} is that of no cell in {origin}")
    found = whole.take(pa.array(rows))
    columns = {name: found[name].combine_chunks() for name in ("arch", "hash", _TEST)}
    for epochs in EPOCHS:
        columns[f"accuracy/cifar10/validation/{epochs}"] = _singly(100 * frame[f"val_{epochs}ep"])
        columns[f"seconds/cifar10/{epochs}"] = _singly(epochs / 108 * frame["train_seconds_108ep"])
    columns["params"] = _singly(frame["params"])
    repeats = f"validation accuracy: the best of three trainings; seconds: one; test accuracy: {known.repeats}"
    part = info(path, sha256, repeats)
    part = replace(
        part,
        name="nasbench101_validation",
        origin=f"{part.origin} (validation accuracy, seconds) and {origin} (graphs, test accuracy)",
        licence=f"{part.licence} of the benchmark; not stated for {path.name}",
        splits={split: meaning for split, meaning in part.splits.items() if split != "train"},
        seconds="108 epochs: one training; fewer: that share of it, as the paper's authors charge a search 12/108",
    )
    return table_from_columns(part, columns)


def _all_cells(path: Path) -> tuple[pa.Table, TableInfo, str]:
    """Text, hash and test accuracy of all cells, what they mean, and the name of the file that they are from."""
    name = "nasbench101.parquet"
    beside = path.with_name(name)
    file = beside if beside.exists() else find_data(f"{path.name} has hashes, whose graphs are in {name}", (name,))
    if set(MEAN_COLUMNS) <= set(pq.read_schema(file).names):
        whole = from_means(file, "")
    else:
        whole = pq.read_table(file, columns=["arch", "hash", _TEST])
    return whole, read_info(whole.schema), name


def _singly(values: pd.Series) -> pa.Array:
    return pa.array([[value] for value in values.tolist()], pa.list_(pa.float64()))


def from_imagenet(path: Path, sha256: str) -> pa.Table:
    """``nasbench1_imgnet.json``: a list of ((adjacency matrix, operations), top-1 accuracy in percent on ImageNet).

    The file states neither who trained these cells nor how: their number of epochs is 0 in the table.
    """
    cells: dict[str, Row] = {}  # by hash
    space = get_space("nasbench101")
    for position, ((matrix, operations), accuracy) in enumerate(read_json(path)):
        try:
            spec = ModelSpec(matrix, operations).pruned
        except ValueError as error:
            raise ValueError(f"cell {position}: {error}") from error
        text, digest = space.to_str(spec), spec.hash
        if digest in cells:
            raise ValueError(f"cell {position}: {text} comes twice")
        columns = {"accuracy/imagenet/test/0": [number(f"cell {position}, accuracy", accuracy)]}
        cells[digest] = {"arch": text, "hash": digest}, columns
    table = TableInfo(
        name="nasbench101_imagenet",
        space="nasbench101",
        origin=f"500 NAS-Bench-101 cells on ImageNet, trained by others than the benchmark, from {path.name}",
        licence="not stated",
        sha256=sha256,
        splits={"test": "probably ImageNet's validation images; schedule (here 0 epochs) and width are not stated"},
        seconds="not in this file",
        repeats="one training",
    )
    return table_from_columns(table, columns_from_rows(cells.values()))
