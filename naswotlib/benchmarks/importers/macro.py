"""NAS-Bench-Macro and the two halves of Channel-Bench-Macro: JSON files of one author, by an architecture's digits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from naswotlib.benchmarks.importers.reading import finite, read_json
from naswotlib.benchmarks.table import Row, TableInfo, columns_from_rows, table_from_columns
from naswotlib.graph.sizes import network_size
from naswotlib.spaces.base import get_space

MACRO, HALVES = "nasbench_macro", ("channel_bench_resnet", "channel_bench_mobilenet")
EPOCHS = {MACRO: 50} | dict.fromkeys(HALVES, 60)  # by default of the benchmarks' own training scripts
_RUNS = 3
_CHECKED = 64  # networks of a file whose size is compared with the one that it says


def from_json(path: Path, sha256: str) -> pa.Table:
    """Accuracies of three trainings, parameters and multiply-adds by architecture: ``nas-bench-macro_cifar10.json``,
    ``Results_ResNet.json`` or ``Results_MobileNet.json``.

    Seven digits do not say which half of Channel-Bench-Macro they are of, so that the parameters do. ValueError where
    those of a network are not what its architecture has.
    """
    content: dict[str, dict[str, Any]] = read_json(path)
    name = _space_of(content)
    space = get_space(name)
    for text in list(content)[:: max(1, len(content) // _CHECKED)]:
        expected = _parameters(name, text)
        if content[text]["params"] != expected:
            raise ValueError(
                f"{text!r} has {content[text]['params']} parameters in this file, and {expected:,} in {name}"
            )
    copies = "; networks that are one, as identities stand elsewhere, have the same" if name == MACRO else ""
    title, licence = "NAS-Bench-Macro (Su et al., 2021)", "Apache-2.0"
    if name != MACRO:
        title, licence = "Channel-Bench-Macro (Su et al., 2022)", "not stated"
    info = TableInfo(
        name=name,
        space=name,
        origin=f"{title}, from {path.name}",
        licence=licence,
        sha256=sha256,
        splits={"test-best": "CIFAR-10's 10,000 test images, at the epoch at which they were classified best"},
        seconds="not in this file",
        repeats=f"three trainings, in the order of the file{copies}",
        sides={"cifar10": 32},
    )
    return table_from_columns(info, columns_from_rows(_rows(space, content, EPOCHS[name])))


def _rows(space: Any, content: Mapping[str, Mapping[str, Any]], epochs: int) -> Iterator[Row]:
    for text, row in content.items():
        runs = row["test_acc" if "test_acc" in row else "acc"]
        if not isinstance(runs, list) or len(runs) != _RUNS:
            raise ValueError(f"{text!r}: expected accuracies of {_RUNS} trainings, got {str(runs)[:60]}")
        columns = {f"accuracy/cifar10/test-best/{epochs}": finite(f"accuracy of {text}", runs)}
        columns |= {key: finite(f"{key} of {text}", [row[key]]) for key in ("params", "flops")}
        yield {"arch": space.to_str(space.from_str(text))}, columns


def _space_of(content: Mapping[str, Mapping[str, Any]]) -> str:
    text, row = next(iter(content.items()))
    if len(text) == get_space(MACRO).layers:
        return MACRO
    return HALVES[row["params"] == _parameters(HALVES[1], text)]


def _parameters(name: str, text: str) -> int:
    space = get_space(name)
    return network_size(space.graph(space.from_str(text)), 32).parameters
