"""Searches with one thing changed, beside what the paper prints of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from naswotbook.counting import count_sizes
from naswotbook.experiments import changes
from naswotbook.experiments.table1 import CellRows, Reading, Setting, Simulated
from naswotbook.search_tables import read_printed
from naswotlib import get_space, load_benchmark
from naswotlib.benchmarks import Benchmark, TableInfo
from naswotlib.benchmarks.table import make_table
from support.runs import scores_of

PAPER = Path(__file__).parents[2] / "figures" / "paper"


@pytest.fixture(scope="module")
def found() -> dict[str, pd.DataFrame]:
    return {table: pd.read_csv(PAPER / f"why-{table}-seed0.csv") for table in ("table1", "table2")}


def test_table_1_is_searched_with_each_change(monkeypatch: pytest.MonkeyPatch) -> None:
    benchmark, asked = load_benchmark("bundled-nasbench101"), []
    archs, n = benchmark.archs, len(benchmark.archs)
    cells = pd.DataFrame({"arch": archs, "known": True, "mean": 80.0, "validation": 80.0, "filed": 80.0})
    cells = cells.assign(best=np.linspace(80, 90, n), seconds=1000.0)
    wider = cells.assign(best=cells.best + 1)

    def train(self: Setting, method: str, space: CellRows, table: Simulated, reading: Reading, **how: Any):
        top = table.accuracy(archs[-1], dataset="cifar10", split="best", epochs=108)
        asked.append((method, reading.title, top, how.get("sample_size"), space._operations))
        return pd.DataFrame({"method": [method]})

    monkeypatch.setattr(Setting, "train", train)  # a cell that mutates leaves the bundled table
    scores = {0: scores_of(archs)}
    setting = Setting(scores, count_sizes("nasbench101", archs), [100], 12_000.0, n_runs=5, seed=0)
    found = changes.change_table1(benchmark, cells, wider, setting)
    expected = [(90.0, None, False), (91.0, None, False), (90.0, 10, False), (90.0, None, True)]
    assert asked == [(method, "authors' script", *change) for method in ("REA", "AREA") for change in expected]
    free = found.set_index(["method", "change"])["mean"]
    for method in ("Random", "NASWOT (N=100)", "Optimal (N=100)"):
        assert free[method, changes.APART] == pytest.approx(free[method, ""] + 1)
    assert free["NASWOT (N=100)", changes.FAILED] <= free["NASWOT (N=100)", ""]


def test_table_2_is_searched_with_each_change() -> None:
    space, rng = get_space("nasbench201"), np.random.default_rng(0)
    archs = [space.to_str(arch) for arch in space]
    info = TableInfo("made up", "nasbench201", "random numbers", "MIT", "", {}, "", "")
    columns = {("cifar10", "validation", epochs): rng.uniform(10, 90, len(archs)) for epochs in (12, 200)}
    benchmark = Benchmark(make_table(info, archs, columns, {("cifar10", 12): np.full(len(archs), 1000.0)}))
    found = changes.change_table2(benchmark, {0: scores_of(archs)}, dearer=1.5, n_runs=2, seed=0)
    trained = found.set_index(["method", "change"]).trained
    assert trained["RS", ""] == 12
    assert trained["RS", "one validation charged"] == 18
    assert trained["AREA", "10 of 10 drawn"] == 12
    assert sorted(found[found.method == "REINFORCE"].change.unique())[1:3] == [
        "learning rate 0.003",
        "learning rate 0.03",
    ]
    table = changes.sum_up_changes(found, read_printed("2a"))
    assert table.columns[:2].tolist() == ["method", "change"]
    assert table.paper_mean.notna().all()  # each change stands beside the method that it changes
    assert len(table) == len(trained)


def test_the_table_has_a_row_a_change_and_blanks_where_the_paper_prints_nothing(found: dict[str, pd.DataFrame]) -> None:
    lines = changes.changes_table(found["table1"]).splitlines()[2:]
    assert len(lines) == len(found["table1"])
    [optimal] = [line for line in lines if line.startswith("| Optimal (N=100) | none |")]
    assert optimal.endswith("|  |  |  |")
    assert [line for line in lines if line.startswith(f"| REA | {changes.DRAWN[0]} |")]
    rows = found["table2"].groupby(["method", "change"], dropna=False)
    assert len(changes.changes_table(found["table2"]).splitlines()) == 2 + rows.ngroups


def test_the_words_say_how_far_each_search_is_from_the_paper(found: dict[str, pd.DataFrame]) -> None:
    words = " ".join(changes.describe_table1(found["table1"]).split())
    rows = found["table1"].fillna({"change": ""}).set_index(["method", "change"])
    gap = rows["mean"] - rows.paper_mean
    assert f"REA {gap['REA', '']:+.2f}, AREA {gap['AREA', '']:+.2f}. With one thing changed" in words
    apart = changes.APART
    assert f"{apart}: REA {gap['REA', apart]:+.2f}, AREA {gap['AREA', apart]:+.2f}" in words
    lowest = rows["mean"]["NASWOT (N=100)", changes.FAILED]
    assert f"NASWOT falls from {rows['mean']['NASWOT (N=100)', '']:.2f} to {lowest:.2f}" in words
    words = " ".join(changes.describe_table2(found["table2"]).split())
    worst = found["table2"].fillna({"change": ""}).assign(far=found["table2"].deviations.abs())
    worst = worst.groupby(["method", "change"]).far.max()
    assert f"REINFORCE and AREA differ by {worst['RS', '']:.2f}, {worst['REA', '']:.2f}," in words


def test_the_learning_rate_that_comes_closest_is_counted_and_not_remembered() -> None:
    cells = [("", 0.5), ("learning rate 0.003", 0.9), ("learning rate 0.03", 0.1), ("one validation charged", 0.0)]
    rows = [
        {"method": "REINFORCE", "change": change, "dataset": "cifar10", "split": split, "deviations": -far}
        for change, far in cells
        for split in ("validation", "test")
    ]
    words = " ".join(changes.describe_rates(pd.DataFrame(rows)).split())
    assert "Of the 3 rates that were kept, 0.03 comes closest to the printed row in 2 of its 2 cells" in words
    assert "0.01: 0.50, 0.003: 0.90, 0.03: 0.10" in words
