"""NAS-Bench-101 as Table 1 searches it."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest

from naswotbook.counting import COUNTS, count_sizes
from naswotbook.estimates import summary
from naswotbook.experiments.equation1 import fails_in_place
from naswotbook.experiments.table1 import (
    ALL,
    DATASET,
    EPOCHS,
    KNOWN,
    LAST,
    READINGS,
    CellRows,
    Setting,
    Simulated,
    choose,
    compared,
    each_reading,
    hashes_of,
    run_searches,
)
from naswotlib import get_space
from naswotlib.benchmarks import Benchmark
from naswotlib.benchmarks.table import TableInfo, make_table
from naswotlib.errors import NaswotWarning
from naswotlib.spaces.nasbench101_spec import ModelSpec
from support.runs import scores_of
from support.small_cells import small_cells

SPACE = get_space("nasbench101")
ARCHS = small_cells()
HASHES = [SPACE.from_str(arch).hash for arch in ARCHS]


@pytest.fixture(scope="module")
def cells() -> pd.DataFrame:
    """As simulated ones: validation accuracies know nothing of test accuracies, which is seen in what is reported."""
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"arch": ARCHS, "known": np.arange(len(ARCHS)) % 3 > 0})
    for name in ("mean", "validation", "filed"):
        table[name] = rng.uniform(60, 90, len(ARCHS))
    return table.assign(best=table["mean"] + rng.uniform(0, 5, len(ARCHS)), seconds=rng.uniform(500, 1500, len(ARCHS)))


@pytest.fixture(scope="module")
def benchmark_of_cells(cells: pd.DataFrame) -> Benchmark:
    info = TableInfo("made up", "nasbench101", "random numbers", "MIT", "", {}, "", "")
    return Benchmark(make_table(info, ARCHS, {(DATASET, "test", EPOCHS): cells["mean"].to_numpy()}))


def setting(**others: Any) -> Setting:
    scored = ARCHS[:60]
    how: dict[str, Any] = {"scores": {0: scores_of(scored)}, "counts": count_sizes("nasbench101", scored)}
    how |= {"samples": [2, 5], "budget_seconds": 3000.0, "n_runs": 4, "seed": 0}
    return Setting(**how | others)


def test_cells_are_drawn_from_the_rows_and_from_all_of_them() -> None:
    inside = np.arange(len(ARCHS)) % 2 == 0
    for rows in (CellRows(ARCHS, HASHES), CellRows(ARCHS, HASHES, inside=inside)):
        rng = np.random.default_rng(0)
        drawn = {rows.sample(rng) for _ in range(20 * len(rows))}
        assert drawn == set(range(len(ARCHS)) if len(rows) == len(ARCHS) else range(0, len(ARCHS), 2))


def test_children_are_those_of_the_authors_search_and_as_often() -> None:
    rows, rng = CellRows(ARCHS, HASHES), np.random.default_rng(0)
    for row in (3, 40, 80):
        spec = SPACE.from_str(ARCHS[row])
        ours, theirs = (
            pd.Series(found).value_counts(normalize=True)
            for found in (
                [HASHES[rows.mutate(row, rng)] for _ in range(1500)],
                [SPACE.mutate_paper(spec, rng).hash for _ in range(1500)],
            )
        )
        assert set(ours.index) == set(theirs.index)
        assert (ours - theirs).abs().max() < 0.06


def test_a_search_that_is_confined_leaves_no_cell_and_is_not_stuck_in_one_without_neighbours() -> None:
    inside = np.zeros(len(ARCHS), bool)
    inside[[5, 60]] = True
    rows, rng = CellRows(ARCHS, HASHES, inside=inside), np.random.default_rng(0)
    assert {rows.mutate(row, rng) for row in (5, 60) for _ in range(30)} == {5, 60}


def test_operations_change_only_where_that_is_asked_for() -> None:
    usual, rng = CellRows(ARCHS, HASHES), np.random.default_rng(0)
    row = next(row for row, arch in enumerate(ARCHS) if arch.count("|") == 2 and "maxpool" not in arch)
    assert not any("maxpool" in usual.to_str(usual.mutate(row, rng)) for _ in range(50))
    spec = SPACE.from_str(ARCHS[row])
    seeds = [n for n in range(50) if "maxpool" in SPACE.to_str(_child(spec, n).pruned)]
    child = _child(spec, seeds[0])
    rows = CellRows([*ARCHS, SPACE.to_str(child)], [*HASHES, child.hash], operations=True)
    assert rows.mutate(row, np.random.default_rng(seeds[0])) == rows.from_str(SPACE.to_str(child))


def _child(spec: ModelSpec, seed: int) -> ModelSpec:
    return SPACE.mutate_benchmark(spec, np.random.default_rng(seed))


def test_hashes_are_computed_where_a_table_has_none(benchmark_of_cells: Benchmark) -> None:
    assert hashes_of(benchmark_of_cells) == HASHES


@pytest.mark.parametrize("name", READINGS)
@pytest.mark.parametrize("confined", [False, True])
def test_each_reading_sees_pays_and_is_judged_by_its_own_columns(
    cells: pd.DataFrame, name: str, confined: bool
) -> None:
    reading, table = READINGS[name], Simulated(cells)
    seen = reading.known if confined else reading.seen
    best = cells.loc[cells[seen].idxmax()]
    rows = CellRows(ARCHS, HASHES)
    found = setting(budget_seconds=1e6, n_runs=2).train("RS", rows, table, reading, confined=confined)
    assert found["mean"].iloc[0] == pytest.approx(best[reading.judged])  # so many trainings see every cell
    bought = 1e6 / reading.share / cells.seconds.mean()
    assert found.trained.iloc[0] == pytest.approx(bought, rel=0.05)


def test_no_reading_warns_of_test_accuracy_since_the_page_says_so(cells: pd.DataFrame) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", NaswotWarning)
        for reading in READINGS.values():
            setting().train("REA", CellRows(ARCHS, HASHES), Simulated(cells), reading)


def test_every_reading_has_its_rows_among_all_cells_and_among_those_that_are_known(
    benchmark_of_cells: Benchmark, cells: pd.DataFrame
) -> None:
    found = run_searches(benchmark_of_cells, cells, setting())
    assert set(found.split) == {"test"}
    means = each_reading(found, summary)
    assert means.columns[:3].tolist() == ["reading", "cells", "method"]
    rows = means.set_index(["reading", "cells", "method"])
    known = cells[cells.known]
    for name, reading in READINGS.items():
        assert rows["mean"][name, ALL, "Random"] == pytest.approx(cells[reading.judged].mean())
        assert rows["mean"][name, KNOWN, "Random"] == pytest.approx(known[reading.judged].mean())
        assert rows.drawn_from[name, KNOWN, "REA"] == len(known)
        for method in ("RS", "AREA", f"AREA{LAST}", f"NASWOT (N=5){LAST}", "ReLU units (N=5)", "AREA by ReLU units"):
            assert (name, ALL, method) in rows.index
    assert rows.trained["paid", ALL, "RS"] < rows.trained["sound", ALL, "RS"]
    pairs = compared(samples=[2, 5])
    assert ("NASWOT (N=2)", f"{COUNTS['flops']} (N=2)") in pairs
    assert ("NASWOT (N=5)", "Random") in pairs


def test_cells_that_fail_are_chosen_last_and_nothing_else_changes(cells: pd.DataFrame) -> None:
    scored = ARCHS[:60]
    failing = [fails_in_place(arch) for arch in scored]
    assert 0 < sum(failing) < len(scored)
    high = scores_of(scored, np.where(failing, 100.0, np.arange(60.0)))
    column = (DATASET, "mean", EPOCHS)
    found = pd.concat(choose(ARCHS, Simulated(cells), column, setting(scores={0: high}, samples=[500])))
    means = found.set_index("method")["mean"]
    accuracy = cells["mean"].to_numpy()[:60]
    assert means["NASWOT (N=500)"] == pytest.approx(accuracy[failing].mean(), abs=0.01)
    whole = max((row for row in range(60) if not failing[row]), default=0)
    assert means[f"NASWOT (N=500){LAST}"] == pytest.approx(accuracy[whole], abs=0.1)
    table = summary(found[~found.method.isin(["Random"])])
    assert (table.low < table["mean"]).all()  # another sample of cells would give other means
