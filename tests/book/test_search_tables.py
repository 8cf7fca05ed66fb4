"""Tables 1 and 2: what runs come to, how far that is from the paper, and how a page shows it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from IPython.display import Markdown

from naswotbook.estimates import beside_paper, differences, of_runs, summary
from naswotbook.page import Page
from naswotbook.search_tables import (
    apart_table,
    beside_table,
    counting_table,
    differences_table,
    keep_searches,
    one_table,
    other_searches,
    read_printed,
    searched_scores,
    seconds_a_score,
    show_searches,
)
from support.pages import make_page
from support.runs import PRINTED, runs_of


@pytest.fixture
def printed() -> pd.DataFrame:
    return PRINTED


def test_the_papers_tables_are_whole():
    tables = {name: read_printed(name) for name in ("1", "2a", "2b")}
    assert {name: table.method.nunique() for name, table in tables.items()} == {"1": 4, "2a": 17, "2b": 7}
    cells = {name: table.set_index(["method", "dataset", "split"])["mean"] for name, table in tables.items()}
    assert cells["2a"]["NASWOT (N=100)", "cifar10", "test"] == 92.81
    assert cells["2b"]["REA", "imagenet16-120", "test"] == 45.54
    assert [len(table) for table in tables.values()] == [4, 17 * 6 - 3, 7 * 6]  # AREA has no test accuracies


def test_a_page_shows_ours_with_the_papers_in_brackets_and_marks_what_is_not_alike(printed):
    table = beside_paper(summary(of_runs(runs_of(RS=[91.0, 95.0]))), printed)
    beside = beside_table(table, printed, name="t", title="T", per_score=0.5, budget="9000").replace(
        "\N{NO-BREAK SPACE}", " "
    )
    assert "RS,9000 (12000),93.00 ± 2.00 ≠ (90.00 ± 2.00)" in beside
    assert "ENAS,(13315),(39.77 ± 0.00)" in beside
    assert ":name: t-paper" in beside
    near = beside_table(table.assign(deviations=0.25), printed, name="t", title="T", per_score=0.5, budget="9000")
    assert "93.00 ± 2.00 (90.00 ± 2.00)" in near.replace("\N{NO-BREAK SPACE}", " ")
    apart = apart_table(table, printed, name="t")
    assert "ENAS" not in apart
    assert "RS,+1.50 (+1.7)" in apart
    assert ":name: t-apart" in apart


def test_search_by_counting_stands_by_n_with_the_intervals_that_there_are():
    methods = [
        "Random",
        "NASWOT (N=100)",
        "ReLU units (N=100)",
        "NASWOT (N=10)",
        "Optimal (N=10)",
        "REA",
        "Best (N=10)",
    ]
    rows = {"method": methods, "dataset": "cifar10", "split": "test", "mean": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]}
    ends = {"low": [1.0, 1.5, 3.0, None, 5.0, 5.5, 7.0], "high": [1.0, 2.5, 3.0, None, 5.0, 6.5, 7.0], "std": 1.0}
    table = pd.DataFrame(rows | ends)
    lines = counting_table(table, name="t", title="T").splitlines()
    assert lines[5:-1] == [
        "Random,1.00",
        "NASWOT (N=10),4.00",
        "Optimal (N=10),5.00",
        'NASWOT (N=100),"2.00 [1.50, 2.50]"'.replace("\\", ""),
        "ReLU units (N=100),3.00",
    ]
    printed = pd.DataFrame({"method": ["REA", "Random"]})
    assert other_searches(table, printed).method.tolist() == ["Best (N=10)"]


def test_ours_alone_and_differences_are_tables_too():
    runs = of_runs(runs_of(a=[90.0, 92.0], b=[80.0, 82.0]))
    assert "a,91.00 ± 1.00" in one_table(summary(runs), name="t", title="T")
    shown = differences_table(differences(runs, [("a", "b")]), name="t", title="T")
    assert 'a − b,"+10.00 [' in shown


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What pages have shown so far, as Markdown."""
    displayed: list[str] = []

    def display(block: Markdown) -> None:
        displayed.append(block.data)

    monkeypatch.setattr("naswotbook.page.display", display)
    return displayed


def keep_scores(page: Page, name: str, **columns: Any) -> None:
    page.scores.mkdir(parents=True, exist_ok=True)
    pd.DataFrame({"arch": ["a", "b"], "score": [1.0, 2.0], "seconds": [0.25, 0.75], **columns}).to_parquet(
        page.scores / name
    )


def test_without_a_run_a_page_shows_the_paper_alone(tmp_path: Path, shown: list[str]) -> None:
    show_searches(make_page("table1", tmp_path), "table1", PRINTED, label="t", title="T")
    [text] = shown
    assert "not run here" in text
    assert ":name: t-paper" in text
    assert "RS,12000,90.00 ± 2.00" in text


def test_without_a_run_of_what_the_paper_does_not_have_a_page_says_so(tmp_path: Path, shown: list[str]) -> None:
    show_searches(make_page("searches", tmp_path), "table-searches", label="t", title="T")
    assert shown == ["`figures/paper/table-searches-seed0.csv` is not here."]


def test_a_run_is_shown_with_the_seconds_of_its_scores_its_files_and_its_provenance(
    tmp_path: Path, shown: list[str]
) -> None:
    page = make_page("table1", tmp_path, profile="paper", budget_seconds=12000.0, counting="once")
    keep_scores(page, "nasbench101-cifar10-once-seed0.parquet")
    searched_scores(page, "nasbench101")
    runs = of_runs(runs_of(**{"RS": [91.0, 95.0], "NASWOT (N=10)": [70.0, 72.0]}))
    means, gaps = beside_paper(summary(runs), PRINTED), differences(runs, [("RS", "NASWOT (N=10)")])
    keep_searches(page, "table1", means, gaps)
    assert shown == []
    show_searches(make_page("table1", tmp_path), "table1", PRINTED, label="t", title="T")
    tables, counting, others, far, apart, files, provenance = shown
    assert "RS,12000," in tables
    assert ":name: t-apart" in far
    assert "NASWOT" not in tables  # the made-up paper does not print it
    assert 'NASWOT (N=10),"71.00 [' in counting
    assert ":name: t-others" in others
    assert ":name: t-differences" in apart
    assert "(../figures/paper/table1-seed0.csv)" in files
    assert "(../figures/paper/table1-seed0-differences.csv)" in files
    assert "| scores | nasbench101-cifar10-once-seed0.parquet |" in provenance


def test_searches_of_networks_of_ours_can_be_had_as_tables(tmp_path: Path, shown: list[str]) -> None:
    runs = of_runs(runs_of(a=[90.0, 92.0], b=[80.0, 82.0]))
    gaps = differences(runs, [("a", "b")])
    keep_searches(make_page("searches", tmp_path, seed=3), "table-searches", summary(runs), gaps)
    assert sorted(path.name for path in tmp_path.rglob("*.csv")) == [
        "searches-seed3-differences.csv",
        "searches-seed3.csv",
    ]
    [files] = shown
    assert "[differences (CSV)](../figures/demo/searches-seed3-differences.csv)" in files


def test_provenance_names_each_table_of_scores_once_and_in_order(tmp_path: Path) -> None:
    page = make_page("table2", tmp_path, profile="paper", counting="once")
    for seed in (0, 1):
        keep_scores(page, f"nasbench201-cifar10-once-seed{seed}.parquet", seed=seed)
    assert searched_scores(page, "nasbench201", seed=1).seed.tolist() == [1, 1]
    for _ in range(2):
        assert searched_scores(page, "nasbench201").seed.tolist() == [0, 0]
    names = "nasbench201-cifar10-once-seed1.parquet, nasbench201-cifar10-once-seed0.parquet"
    assert page.facts()["scores"] == names
    assert seconds_a_score(page, page.facts()) == 0.5
