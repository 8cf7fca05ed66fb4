"""The searches of Table 2: what they look at, and what they are judged by."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from naswotbook.experiments.table2 import ahead_of_naswot, compared, scores_of_other_seeds, search_each, search_once
from naswotbook.search_tables import differences, read_printed
from naswotlib import get_space
from naswotlib.benchmarks import Benchmark, TableInfo
from naswotlib.benchmarks.table import make_table
from support.pages import make_page
from support.runs import scores_of

SPACE = get_space("nasbench201_complete")
ARCHS = [SPACE.to_str(arch) for arch in SPACE]
DATASETS = ("cifar10", "cifar100")
HOW: dict[str, Any] = {"samples": [2, 5], "n_runs": 4, "seed": 0, "epochs": 12, "budget_seconds": 1000.0}


@pytest.fixture(scope="module")
def benchmark() -> Benchmark:
    rng = np.random.default_rng(0)
    info = TableInfo("made up", SPACE.name, "random numbers", "MIT", "", {}, "", "")
    columns = {
        (name, "validation", epochs): rng.uniform(10, 90, len(ARCHS)) for name in DATASETS for epochs in (12, 200)
    }
    seconds = {(name, 12): np.full(len(ARCHS), 100.0) for name in DATASETS}
    return Benchmark(make_table(info, ARCHS, columns, seconds))


@pytest.fixture(scope="module")
def scores() -> dict[str, pd.DataFrame]:
    rng = np.random.default_rng(1)
    return {name: scores_of(ARCHS[:50], rng.normal(size=50)) for name in DATASETS}


def test_in_part_b_each_data_set_has_searches_of_its_own(benchmark: Benchmark, scores: dict[str, pd.DataFrame]) -> None:
    runs = search_each(SPACE, benchmark, scores, **HOW)
    rows = runs[runs.method == "REA"]
    assert len(rows) == 8
    assert set(rows.trained) == {10}
    judged = rows[["cifar10/validation/200", "cifar100/validation/200"]].notna()
    assert judged.to_numpy().tolist() == [[True, False]] * 4 + [[False, True]] * 4


def test_in_part_a_a_choice_on_cifar10_is_judged_everywhere_beside_variants(
    benchmark: Benchmark, scores: dict[str, pd.DataFrame]
) -> None:
    runs = search_once(SPACE, benchmark, scores, [scores["cifar10"]], **HOW)
    columns = ["cifar10/validation/200", "cifar100/validation/200"]
    assert runs.loc[runs.method.isin(["RS", "AREA", "NASWOT (N=5)"]), columns].notna().all(axis=None)
    first, own = (runs[runs.method == name] for name in ("AREA", "AREA (each data set)"))
    same = runs[runs.method == "AREA (4 runs)"]
    assert first[columns].to_numpy().tolist() == same[columns].to_numpy().tolist()
    assert own[columns[0]].dropna().tolist() == first[columns[0]].tolist()  # on CIFAR-10 it is the same search
    assert own[columns[1]].dropna().tolist() != first[columns[1]].tolist()
    assert set(runs[runs.method == "NASWOT (N=2, 2 seeds)"].drawn_from) == {100}
    without = search_once(SPACE, benchmark, scores, [], **HOW)
    assert set(runs.method) - set(without.method) == {"NASWOT (N=2, 2 seeds)", "NASWOT (N=5, 2 seeds)"}
    gaps = differences(runs, compared(samples=[5, 2], n_runs=4), seed=0)
    pairs = set(zip(gaps.a, gaps.b, strict=True))
    assert pairs == set(compared(samples=[5, 2], n_runs=4))
    assert ("NASWOT (N=5)", "NASWOT (N=2)") in pairs


def test_other_seeds_count_where_as_many_networks_were_scored(tmp_path: Path) -> None:
    page = make_page("table2", tmp_path, profile="paper", counting="once")
    page.scores.mkdir(parents=True)
    for seed, number in ((0, 6), (1, 6), (2, 5), (4, 7), (5, 9)):
        table = pd.DataFrame({"arch": ARCHS[:number], "score": 1.0, "seed": seed})
        table.to_parquet(page.scores / f"nasbench201-cifar10-once-seed{seed}.parquet")
    assert [table.seed[0] for table in scores_of_other_seeds(page, "nasbench201")] == [1, 4]


def test_the_printed_table_has_one_method_that_shares_weights_ahead_of_naswot() -> None:
    printed = read_printed("2a")
    ahead = ahead_of_naswot(printed, None)
    assert set(ahead.method) == {"GDAS"}
    assert (ahead.as_printed > ahead.printed_naswot).all()
    assert ahead.our_naswot.isna().all()
    ours = printed[printed.method == "NASWOT (N=1000)"].assign(mean=lambda table: table["mean"] + 1)
    assert (ahead_of_naswot(printed, ours).our_naswot - ahead.printed_naswot).tolist() == pytest.approx(
        [1] * len(ahead)
    )
