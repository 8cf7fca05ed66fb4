"""What is committed of published benchmarks: pictures and summaries, never the accuracies of single networks."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from naswotlib import load_benchmark

PAPER = Path(__file__).parents[2] / "figures" / "paper"
TABLES = sorted(path for path in PAPER.rglob("*") if path.suffix in (".csv", ".parquet"))
KEYS = ("arch", "arch_str", "hash", "index")


def _read(path: Path) -> pd.DataFrame:
    return pd.read_csv(path) if path.suffix == ".csv" else pd.read_parquet(path)


@pytest.mark.parametrize("path", TABLES, ids=lambda path: path.name)
def test_a_table_of_single_networks_has_no_column_of_accuracies(path: Path) -> None:
    columns = _read(path).columns
    if any(key in columns for key in KEYS):
        assert [name for name in columns if re.search("acc|valid|test|error_rate|top1", name)] == []


def test_no_column_of_a_committed_table_follows_published_accuracies(data_dir: Path) -> None:
    benchmark = load_benchmark("nasbench201", data_dir=data_dir)
    published = pd.DataFrame(
        {"/".join(map(str, key)): benchmark.accuracy(benchmark.archs, dataset=key[0], split=key[1], epochs=key[2])
         for key in benchmark.available},
        index=benchmark.archs,
    )  # fmt: skip
    for path in TABLES:
        table = _read(path)
        rows = table[table.arch.isin(published.index)] if "arch" in table else table[:0]
        numbers = rows.select_dtypes("number").astype(float).replace(-np.inf, np.nan)
        for name in numbers if len(rows) > 20 else ():
            linear = published.loc[rows.arch].set_index(numbers.index).corrwith(numbers[name])
            assert not (linear.abs() > 0.999).any(), f"{path.name}, {name}"
