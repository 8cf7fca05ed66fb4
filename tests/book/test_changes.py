"""Searches with one thing changed, beside what the paper prints of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from naswotbook.experiments import changes
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

    def train(method: str, table: object, **how: object) -> pd.DataFrame:
        asked.append((method, type(table).__name__, how["trainings"], how.get("sample_size"), how.get("operations")))
        return pd.DataFrame({"method": [method]})

    monkeypatch.setattr(changes, "train_counted", train)  # a cell that mutates leaves the bundled table
    runs = changes.change_table1(benchmark, scores_of(benchmark.archs), n_runs=5, seed=0)
    best = [("BestOfThree", 54, None, None)] * 3
    expected = [("Counted", 54, None, None), ("Counted", 108, None, None), ("Counted", 54, 10, None)]
    expected += [("Counted", 54, None, True), *best]
    assert asked == [(method, *change) for method in ("REA", "AREA") for change in expected]
    free = runs[runs.method == "Optimal (N=100)"].groupby("change")["cifar10/test/3"].mean()
    assert free["best of three, noise 0.3"] > free[""]


def test_table_2_is_searched_with_each_change() -> None:
    space, rng = get_space("nasbench201"), np.random.default_rng(0)
    archs = [space.to_str(arch) for arch in space]
    info = TableInfo("made up", "nasbench201", "random numbers", "MIT", "", {}, "", "")
    columns = {("cifar10", "validation", epochs): rng.uniform(10, 90, len(archs)) for epochs in (12, 200)}
    benchmark = Benchmark(make_table(info, archs, columns, {("cifar10", 12): np.full(len(archs), 1000.0)}))
    runs = changes.change_table2(benchmark, scores_of(archs), dearer=1.5, n_runs=2, seed=0)
    trained = runs.groupby(["method", "change"]).trained.mean()
    assert trained["RS", ""] == 12
    assert trained["RS", "one validation charged"] == 18
    assert trained["AREA", "10 of 10 drawn"] == 12
    assert sorted(runs[runs.method == "REINFORCE"].change.unique())[1:3] == [
        "learning rate 0.003",
        "learning rate 0.03",
    ]
    table = changes.sum_up_changes(runs, read_printed("2a"))
    assert table.columns[:2].tolist() == ["method", "change"]
    assert table.paper_mean.notna().all()  # each change stands beside the method that it changes
    assert len(table) == len(trained)


def test_the_table_has_a_row_a_change_and_blanks_where_the_paper_prints_nothing(found: dict[str, pd.DataFrame]) -> None:
    lines = changes.changes_table(found["table1"]).splitlines()[2:]
    assert len(lines) == len(found["table1"])
    assert lines[0] == "| NASWOT (N=100) | none |  | 91.39 ± 4.48 | 91.77 ± 0.05 | -7.56 |"
    assert lines[1] == "| Optimal (N=100) | none |  | 93.58 ± 0.18 |  |  |"
    [rea] = [line for line in lines if line.startswith("| REA | twice the trainings |")]
    assert "| 108 |" in rea
    rows = found["table2"].groupby(["method", "change"], dropna=False)
    assert len(changes.changes_table(found["table2"]).splitlines()) == 2 + rows.ngroups


def test_the_words_say_how_far_each_search_is_from_the_paper(found: dict[str, pd.DataFrame]) -> None:
    words = " ".join(changes.describe_table1(found["table1"]).split())
    rows = found["table1"].fillna({"change": ""}).set_index(["method", "change"])
    assert f"REA differs by {rows.deviations['REA', '']:+.2f} of" in words
    assert f"0.3: {rows.deviations['REA', 'best of three, noise 0.3']:+.2f} and" in words
    assert "our mean lies" in words
    words = " ".join(changes.describe_table2(found["table2"]).split())
    worst = found["table2"].fillna({"change": ""}).assign(far=found["table2"].deviations.abs())
    worst = worst.groupby(["method", "change"]).far.max()
    assert f"REINFORCE and AREA differ by {worst['RS', '']:.2f}, {worst['REA', '']:.2f}," in words
