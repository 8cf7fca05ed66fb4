"""Network Design Spaces (Radosavovic et al., 2019): the JSON files of ``data.zip``."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from naswotlib.benchmarks.importers.reading import read_json
from naswotlib.benchmarks.table import TableInfo, columns_from_rows, table_from_columns
from naswotlib.errors import check_choice
from naswotlib.spaces.base import get_space, list_spaces

CELLS = ("Amoeba", "DARTS", "ENAS", "NASNet", "PNAS")
_KEPT = ("params", "flops", "rng_seed", "iter_time", "base_lr", "wd")  # numbers of an entry or of its optimiser
FAMILIES = (*CELLS, "ResNet", "ResNet-B", "ResNeXt-A", "ResNeXt-B", "Vanilla")


def table_name(stem: str) -> str:
    """The name of the table of ``STEM.json``; ValueError where it is no file of NDS.

    >>> table_name("DARTS_in"), table_name("DARTS_fix-w-d_in"), table_name("ResNeXt-A")
    ('nds_darts_imagenet', 'nds_darts_fixed_imagenet', 'nds_resnext_a')
    """
    family, *variants = stem.split("_")
    check_choice("file, whose name tells which networks these are", family, FAMILIES)
    words = {"in": "imagenet", "fix-w-d": "fixed"}
    return "_".join(["nds", family, *(words.get(variant, variant) for variant in variants)]).lower().replace("-", "_")


def from_json(path: Path, sha256: str) -> pa.Table:
    """Accuracy after the last epoch and at the best one, learning curves, parameters and optimiser of every network.

    ``net`` is the text of an architecture: as the search space writes it, or, without one, its JSON. Networks that
    were trained several times have several repetitions; an accuracy that is not a number is left out.
    """
    name = table_name(path.stem)
    entries = read_json(path)
    if isinstance(entries, dict):
        entries = [entry for group in ("top", "mid") for entry in entries[group]]
    dataset = "imagenet" if name.endswith("_imagenet") else "cifar10"
    space = name.replace("_lr_wd", "")
    rows = defaultdict[str, defaultdict[str, list[float]]](lambda: defaultdict(list))
    for entry in entries:
        columns = rows[_text(space, entry["net"])]
        for column, values in _columns(entry, dataset):
            columns[column].extend(values)
    info = TableInfo(
        name=name,
        space=space,
        origin=f"Network Design Spaces (Radosavovic et al., 2019), from {path.name}",
        licence="MIT for the code; none stated for the data",
        sha256=sha256,
        splits={
            "train": "the training images, after the last epoch",
            "test": "CIFAR-10's test images or ImageNet's validation images, after the last epoch",
            "test-best": "the same, at the epoch at which they were classified best",
        },
        seconds="not published; iter_time holds the seconds of one iteration",
        repeats="the networks of equal architecture, in the order of the file; curve/... is one run after the other",
        sides={dataset: 224 if dataset == "imagenet" else 32},
    )
    return table_from_columns(info, columns_from_rows(({"arch": text}, row) for text, row in rows.items()))


def _text(space: str, net: dict[str, Any]) -> str:
    text = json.dumps(net, sort_keys=True)
    if space not in list_spaces():
        return text
    found = get_space(space)
    return str(found.to_str(found.from_str(text)))


def _columns(entry: dict[str, Any], dataset: str) -> Iterator[tuple[str, list[float]]]:
    curves = {split: [100 - error for error in _numbers(entry[f"{split}_ep_top1"])] for split in ("train", "test")}
    epochs = len(curves["test"])
    best = 100 - _numbers([entry["min_test_top1"]])[0]
    for split, accuracy in (("train", curves["train"][-1]), ("test", curves["test"][-1]), ("test-best", best)):
        if not math.isnan(accuracy):
            yield f"accuracy/{dataset}/{split}/{epochs}", [accuracy]
    yield from ((f"curve/{split}", curve) for split, curve in curves.items())
    yield "curve/train-loss", _numbers(entry.get("train_ep_loss", []))
    for group in (entry, entry["optim"]):
        yield from ((key, [group[key]]) for key in _KEPT if key in group)


def _numbers(values: list[float | None]) -> list[float]:
    return [math.nan if value is None else float(value) for value in values]
