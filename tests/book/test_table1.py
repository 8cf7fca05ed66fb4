"""NAS-Bench-101 as Table 1 searches it."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from naswotbook.experiments.table1 import BestOfThree, Counted, TableRows, compared, run_searches, train_counted
from naswotlib import load_benchmark
from naswotlib.errors import NaswotWarning
from support.runs import scores_of

BENCHMARK = load_benchmark("bundled-nasbench101")
COLUMN = {"dataset": "cifar10", "split": "test", "epochs": 3}


def test_cells_are_drawn_from_the_rows_and_from_all_of_them() -> None:
    rows, rng = TableRows(BENCHMARK), np.random.default_rng(0)
    drawn = {rows.to_str(rows.sample(rng)) for _ in range(20 * len(rows))}
    assert drawn == set(BENCHMARK.archs)


def test_operations_change_only_where_that_is_asked_for() -> None:
    arch = next(spec for spec in map(TableRows(BENCHMARK).from_str, BENCHMARK.archs) if len(spec.ops) == 7)
    rng = np.random.default_rng(0)

    def multisets(rows: TableRows) -> set[tuple[str, ...]]:
        return {tuple(sorted(rows.mutate(arch, rng).ops)) for _ in range(50)}

    usual = {kept for kept in multisets(TableRows(BENCHMARK)) if len(kept) == 7}
    assert usual == {tuple(sorted(arch.ops))}
    assert len({kept for kept in multisets(TableRows(BENCHMARK, operations=True)) if len(kept) == 7}) > 1


def test_a_training_costs_one_and_the_accuracy_is_that_of_the_benchmark() -> None:
    table = Counted(BENCHMARK)
    assert table.train_seconds(BENCHMARK.archs[0], dataset="cifar10", epochs=3) == 1.0
    assert table.accuracy(BENCHMARK.archs, **COLUMN).tolist() == BENCHMARK.accuracy(BENCHMARK.archs, **COLUMN).tolist()


def test_the_best_of_three_lies_as_far_above_their_mean_as_normal_numbers_do() -> None:
    raised = BestOfThree(BENCHMARK, 0.5, seed=0).accuracy(BENCHMARK.archs, **COLUMN)
    above = raised - BENCHMARK.accuracy(BENCHMARK.archs, **COLUMN)
    assert (above >= 0).all()
    expected = 0.846 * 0.5  # the mean of the largest of three standard normal numbers
    assert above.mean() == pytest.approx(expected, abs=4 * above.std() / np.sqrt(len(above)))
    one = BestOfThree(BENCHMARK, 0.5, seed=0).accuracy(BENCHMARK.archs[3], **COLUMN)
    assert one == raised[3]  # a cell has the same numbers every time
    assert BestOfThree(BENCHMARK, 0.5, seed=1).accuracy(BENCHMARK.archs[3], **COLUMN) != one


def test_a_search_that_sees_test_accuracy_does_not_warn_since_the_page_says_so() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", NaswotWarning)
        runs = train_counted("RS", Counted(BENCHMARK), trainings=4, n_runs=3, seed=0)
    assert runs.trained.tolist() == [4, 4, 4]


def test_without_training_the_rows_are_those_of_naswot_and_each_pair_is_of_rows_of_a_whole_run() -> None:
    scores = scores_of(BENCHMARK.archs)
    runs = run_searches(BENCHMARK, scores, training=False, samples=[2, 5], max_trained=4, n_runs=3, seed=0)
    assert {"NASWOT (N=2)", "NASWOT (N=5)", "Random"} <= set(runs.method)
    assert not runs.trained.any()
    pairs = compared(samples=[2, 5], max_trained=4, n_runs=3)
    assert ("NASWOT (N=5)", "Random") in pairs
    assert [pair for pair in pairs if "(2 trainings)" in pair[0]] == [("AREA (2 trainings)", "REA (2 trainings)")]
