"""DARTS cells that others trained on CIFAR-10: CSV files of genotypes, which are parsed and never run.

They state no width and no number of cells. So their tables are of the space ``nds_darts_fixed``, which has one of
each, and whose architectures are cells alone: a text says width 16 and depth 20 because the space does.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa

from naswotlib.benchmarks.importers.reading import first_bytes, read_columns
from naswotlib.benchmarks.table import Row, TableInfo, columns_from_rows, table_from_columns
from naswotlib.spaces.base import get_space

SPACE = "nds_darts_fixed"
_BEST = "the 10,000 test images, at the epoch at which they were classified best"


@dataclass(frozen=True)
class _Kind:
    """A file: its table, its origin, its columns of text, and which of the others is which (split, epochs)."""

    name: str
    origin: str
    texts: tuple[str, ...]
    accuracy: dict[str, tuple[str, int]]
    splits: dict[str, str]
    header: bool = True


KINDS = (
    _Kind(
        "darts1000",
        "1,000 random DARTS cells of SWAP-NAS (Peng et al., 2024), normal and reduce cell alike",
        ("genotype",),
        {"accuracy": ("validation", 200)},
        {"validation": "as its authors call it; which images is not stated"},
        header=False,
    ),
    _Kind(
        "darts214",
        "214 random DARTS cells of Yang et al. (NAS evaluation is frustratingly hard, 2020)",
        ("genotype",),
        {"final_test_acc_600ep": ("test", 600), "best_test_acc": ("test-best", 600)},
        {"test": "the 10,000 test images, after the last epoch", "test-best": _BEST},
    ),
    _Kind(
        "darts100",
        "100 DARTS cells of CDP (Liu et al., 2022)",
        ("normal", "reduce"),
        {"best_test_acc_50ep": ("test-best", 50)},
        {"test-best": _BEST},
    ),
)


def from_csv(path: Path, sha256: str) -> pa.Table:
    """``DARTS_archs_CIFAR10.csv`` (no header: genotype, accuracy), ``darts214.csv`` or ``darts100.csv``.

    A cell that does not say what its output is made of has all its nodes there, as all of DARTS do.
    """
    first = first_bytes(path).decode("utf-8-sig", "replace").lstrip().partition("\n")[0].split(",")
    kind = next((kind for kind in KINDS[1:] if kind.texts[0] in map(str.strip, first)), KINDS[0])
    frame = read_columns(path, kind.texts, kind.accuracy, header=kind.header)
    info = TableInfo(
        name=kind.name,
        space=SPACE,
        origin=f"{kind.origin}, from {path.name}; width and depth not stated: texts have those of {SPACE}",
        licence="not stated",
        sha256=sha256,
        splits=kind.splits,
        seconds="not in this file",
        repeats="one training",
        sides={"cifar10": 32},
    )
    return table_from_columns(info, columns_from_rows(_row(kind, row, place) for place, row in frame.iterrows()))


def _row(kind: _Kind, row: pd.Series, place: object) -> Row:
    space = get_space(SPACE)
    if "genotype" in row:
        text = row["genotype"]
    else:
        concat = "range(2, 6)"
        text = (
            f"Genotype(normal={row['normal']}, normal_concat={concat}, reduce={row['reduce']}, reduce_concat={concat})"
        )
    try:
        arch = space.from_str(text)
    except ValueError as error:
        raise ValueError(f"row {place}: {error}") from error
    columns = {f"accuracy/cifar10/{split}/{epochs}": [row[name]] for name, (split, epochs) in kind.accuracy.items()}
    return {"arch": space.to_str(arch)}, columns
