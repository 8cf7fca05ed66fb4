"""Benchmarks by name."""

from __future__ import annotations

import hashlib
from itertools import groupby
from pathlib import Path

import pandas as pd
import pyarrow as pa

from naswotlib.benchmarks.benchmark import Benchmark
from naswotlib.benchmarks.table import TableInfo, make_table
from naswotlib.fetch import find_data
from naswotlib.spaces import list_spaces
from naswotlib.spaces.base import check_choice
from naswotlib.training import read_trained

BUNDLED = Path(__file__).parent / "bundled"


def load_benchmark(name: str, *, data_dir: str | Path | None = None) -> Benchmark:
    """The table of trained accuracies called ``name``.

    ``"bundled"`` and ``"bundled-SPACE"`` ship with the library: networks of NAS-Bench-201, or of another space,
    that this project trained itself. The others are published tables, named after their space, that lie in
    ``data_dir``, else in the folder NASWOTLIB_DATA, else in the cache: FileNotFoundError says what was looked for.
    """
    bundled = {f"bundled-{path.stem}": path for path in sorted(BUNDLED.glob("*.parquet"))}
    if name == "bundled" or name.startswith("bundled-"):
        check_choice("name", name, ["bundled", *bundled])
        return from_trained(bundled["bundled-nasbench201" if name == "bundled" else name])
    check_choice("name", name, ["bundled", *bundled, *list_spaces()])
    names = (f"{name}.parquet", *(["nasbench201.csv.gz"] if name == "nasbench201" else []))
    path = find_data(f"name {name!r}", names, data_dir)
    return Benchmark(path if path.suffix == ".parquet" else nasbench201_from_csv(path))


def from_trained(path: Path) -> Benchmark:
    """A table that :func:`naswotlib.training.train_table` wrote; its runs with several seeds are the repetitions.

    ``epochs`` counts the epochs trained so far, of one schedule. ValueError where the file is no such table.
    """
    rows, metadata = read_trained(path)
    if not rows:
        raise FileNotFoundError(f"path: {path} does not exist, or holds no trained network")
    recipe, dataset = metadata["recipe"], metadata["dataset"]
    by_arch = [list(runs) for _, runs in groupby(sorted(rows, key=lambda row: row["arch"]), lambda row: row["arch"])]
    info = TableInfo(
        name=f"bundled-{metadata['space']}",
        space=metadata["space"],
        origin=f"trained by naswotlib: {metadata['images']}; recipe {recipe}",
        licence="MIT",
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        splits={
            "validation": "10,000 of the 50,000 training images, not trained on, after so many epochs of the schedule",
            "test": "the 10,000 test images, after so many epochs of the schedule",
        },
        seconds=metadata["seconds"],
        repeats=f"seeds {', '.join(map(str, sorted({row['seed'] for row in rows})))}",
        skeleton=recipe["skeleton"],
        sides={dataset: recipe["side"]},
    )
    accuracy = {
        (dataset, split, epoch + 1): [[run[split][epoch] for run in runs] for runs in by_arch]
        for split in info.splits
        for epoch in range(recipe["epochs"])
    }
    seconds = {(dataset, recipe["epochs"]): [[run["seconds"] for run in runs] for runs in by_arch]}
    return Benchmark(make_table(info, [runs[0]["arch"] for runs in by_arch], accuracy, seconds))


def nasbench201_from_csv(path: Path) -> pa.Table:
    """NAS-Bench-201 from a CSV with columns ``arch_str``, ``DATASET_{val,test}_EPOCHSep`` (percent) and
    ``DATASET_train_and_val_seconds_EPOCHSep``.
    """
    frame = pd.read_csv(path)
    accuracy, seconds = {}, {}
    for column in frame.columns.drop(["index", "arch_str"]):
        dataset, kind, epochs = str(column).replace("train_and_val_seconds", "seconds").split("_")
        key = int(epochs.removesuffix("ep"))
        if kind == "seconds":
            seconds[dataset, key] = frame[column].to_numpy()
        else:
            accuracy[dataset, {"val": "validation", "test": "test"}[kind], key] = frame[column].to_numpy()
    return make_table(
        TableInfo(
            name="nasbench201",
            space="nasbench201",
            origin="NAS-Bench-201 and NATS-Bench (Dong & Yang, 2020; Dong et al., 2021), as a CSV of means",
            licence="MIT",
            sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
            splits={
                "cifar10/validation": "25,000 training images, the network trained on the other 25,000",
                "cifar10/test": "the 10,000 test images, the network trained on all 50,000",
                "cifar100/validation": "5,000 of the test images, the network trained on all 50,000",
                "cifar100/test": "the other 5,000 test images",
                "imagenet16-120/validation": "3,000 of the validation images",
                "imagenet16-120/test": "the other 3,000 validation images",
            },
            seconds="one training and one validation, as a simulated search is charged",
            repeats="mean over the seeds that the benchmark has",
            skeleton={"stem_channels": 16, "cells_per_stage": 5},
            sides={"cifar10": 32, "cifar100": 32, "imagenet16-120": 16},
        ),
        frame["arch_str"],
        accuracy,
        seconds,
    )
