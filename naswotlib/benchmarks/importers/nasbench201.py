"""NAS-Bench-201's ``.pth`` and NATS-Bench's archives: every seed of every data set, split and schedule."""

from __future__ import annotations

import io
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from naswotlib.benchmarks.table import Row, TableInfo, columns_from_rows, table_from_columns
from naswotlib.data.files import is_tar, open_tar
from naswotlib.data.pickles import NASBENCH201, NATS, load_pickle, unpack_bz2

# What the files call (trained on, evaluated on), and what the tables do.
SETS = {
    ("cifar10-valid", "x-valid"): ("cifar10", "validation"),
    ("cifar10-valid", "ori-test"): ("cifar10-valid", "test"),
    ("cifar10", "ori-test"): ("cifar10", "test"),
    ("cifar100", "x-valid"): ("cifar100", "validation"),
    ("cifar100", "x-test"): ("cifar100", "test"),
    ("cifar100", "ori-test"): ("cifar100", "validation+test"),
    ("ImageNet16-120", "x-valid"): ("imagenet16-120", "validation"),
    ("ImageNet16-120", "x-test"): ("imagenet16-120", "test"),
    ("ImageNet16-120", "ori-test"): ("imagenet16-120", "validation+test"),
}
SPLITS = {
    "cifar10/validation": "25,000 training images, the network trained on the other 25,000",
    "cifar10/test": "the 10,000 test images, the network trained on all 50,000",
    "cifar10-valid/test": "the 10,000 test images, the network trained on 25,000",
    "cifar100/validation": "5,000 of the test images, the network trained on all 50,000",
    "cifar100/test": "the other 5,000 test images",
    "imagenet16-120/validation": "3,000 of the validation images",
    "imagenet16-120/test": "the other 3,000 validation images",
    "validation+test": "both of them",
    "train": "the images trained on, augmented, during the last epoch",
}
SIDES = {"cifar10": 32, "cifar10-valid": 32, "cifar100": 32, "imagenet16-120": 16}
SKELETON = {"stem_channels": 16, "cells_per_stage": 5}
SECONDS = (
    "one training and one validation after it, as the benchmark's simulated searches are charged (cifar10: trained on "
    "25,000 images); training_seconds/... and evaluation_seconds/... (once) have the parts"
)
MAGIC = 119547037146038801333356  # with it, files of torch before 1.6 begin


def table_info(name: str, path: Path, sha256: str, **changes: Any) -> TableInfo:
    """What the columns mean; ``changes`` are other fields of :class:`TableInfo`."""
    fields: dict[str, Any] = {
        "space": "nats_size" if name == "nats_size" else "nasbench201",
        "origin": f"NAS-Bench-201 and NATS-Bench (Dong & Yang, 2020; Dong et al., 2021), from {path.name}",
        "licence": "MIT",
        "splits": SPLITS,
        "seconds": SECONDS,
        "repeats": "the seeds in ascending order, as seeds/DATASET/EPOCHS lists them",
        "skeleton": {} if name == "nats_size" else SKELETON,
        "sides": SIDES,
    }
    return TableInfo(name=name, sha256=sha256, **fields | changes)


def arch_row(schedules: Mapping[int, Any]) -> Row:
    """The row of one architecture from the state of its ``ArchResults`` by epochs."""
    columns, texts = defaultdict[str, list[float]](list), set[str]()
    for epochs, state in schedules.items():
        texts.add(state["arch_str"])
        for (trained_on, seed), result in sorted(state["all_results"].items()):
            _add_run(columns, trained_on, int(seed), epochs, result)
    [text] = texts
    return {"arch": text}, columns


def _add_run(columns: dict[str, list[float]], trained_on: str, seed: int, epochs: int, result: Any) -> None:
    own, last = trained_on.lower(), epochs - 1
    columns["params"], columns["flops"] = [1e6 * result["params"]], [1e6 * result["flop"]]
    columns[f"seeds/{own}/{epochs}"].append(seed)
    columns[f"accuracy/{own}/train/{epochs}"].append(result["train_acc1es"][last])
    times, train_times = result.get("eval_times") or {}, result["train_times"]
    if train_times:
        training = sum(train_times[epoch] for epoch in range(epochs))
        columns[f"training_seconds/{own}/{epochs}"].append(training)
    for name in result["eval_names"]:
        dataset, split = SETS[trained_on, name]
        columns[f"accuracy/{dataset}/{split}/{epochs}"].append(result["eval_acc1es"][f"{name}@{last}"])
        if train_times and f"{name}@{last}" in times:
            evaluation = times[f"{name}@{last}"]
            columns[f"evaluation_seconds/{dataset}/{split}/{epochs}"].append(evaluation)
            if split == "validation":
                columns[f"seconds/{dataset}/{epochs}"].append(training + evaluation)


def from_states(path: Path, sha256: str, states: Iterable[Mapping[int, Any]]) -> pa.Table:
    """A table of architectures, each given by its states by epochs."""
    columns = columns_from_rows(arch_row(state) for state in states)
    if not columns:
        raise ValueError(f"{path}: found no architecture; a NATS-Bench folder has 000000.pickle.pbz2 and so on")
    first = columns["arch"][0].as_py()
    name = "nats_size" if ":" in first else "nasbench201" if path.suffix == ".pth" else "nats_topology"
    return table_from_columns(table_info(name, path, sha256), columns)


def from_pth(path: Path, sha256: str, *, trust: bool = False) -> pa.Table:
    """``NAS-Bench-201-v1_0-e61699.pth`` or ``NAS-Bench-201-v1_1-096897.pth``.

    The file is one object, so that reading the official ones takes about twice their size of memory.
    """
    with path.open("rb") as file:
        magic, _, _, content = (load_pickle(file, path, NASBENCH201, trust=trust) for _ in range(4))
    if magic != MAGIC:
        raise ValueError(f"{path}: expected the magic number of a .pth file, found {magic}; fetch it again")
    infos = content["arch2infos"]
    hps = {"less": 12, "full": 200}
    states = ({hps[hp]: state for hp, state in infos.pop(index).items()} for index in sorted(infos))
    return from_states(path, sha256, states)


def from_nats(path: Path, sha256: str, *, trust: bool = False) -> pa.Table:
    """A NATS-Bench folder, its ``.tar``, or the one-file variant (which takes tens of GB of memory).

    A folder may hold some of the architectures; they become a table of so many rows.
    """

    def read(name: str, data: bytes) -> Any:
        what = f"{path}/{name}" if name != path.name else path
        return load_pickle(io.BytesIO(unpack_bz2(data, what)), what, NATS, trust=trust)

    def contents() -> Iterator[Any]:
        if path.is_file() and not is_tar(path):
            infos = read(path.name, path.read_bytes())["arch2infos"]
            yield from (infos.pop(index) for index in sorted(infos))
        else:
            yield from (read(name, data) for name, data in _members(path))

    states = ({int(hp): state for hp, state in content.items()} for content in contents())
    return from_states(path, sha256, states)


def _members(path: Path) -> Iterator[tuple[str, bytes]]:
    """Name and bytes of every architecture's file, in order; nothing is unpacked to the disk, and no link followed."""
    if path.is_dir():
        yield from ((file.name, file.read_bytes()) for file in sorted(path.glob("[0-9]*.pickle.pbz2")))
        return
    with open_tar(path) as tar:
        named = {Path(member.name).name: member for member in tar if member.isfile()}
        for name in sorted(name for name in named if name[:1].isdigit() and name.endswith(".pickle.pbz2")):
            file = tar.extractfile(named[name])
            assert file is not None  # a regular file, as chosen above
            yield name, file.read()
