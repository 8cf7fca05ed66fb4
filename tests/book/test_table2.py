"""The searches of Table 2: what they look at, and what they are judged by."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from naswotbook.counting import count_sizes
from naswotbook.estimates import differences
from naswotbook.experiments.table2 import (
    ahead_of_naswot,
    compared,
    describe,
    describe_cost,
    scores_of_other_seeds,
    search_each,
    search_once,
)
from naswotbook.search_tables import read_printed
from naswotlib import get_space
from naswotlib.benchmarks import Benchmark, TableInfo
from naswotlib.benchmarks.table import make_table
from support.pages import make_page
from support.runs import scores_of

SPACE = get_space("nasbench201_complete")
ARCHS = [SPACE.to_str(arch) for arch in SPACE]
PAPER = Path(__file__).parents[2] / "figures" / "paper"
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


COUNTED = count_sizes(SPACE.name, ARCHS[:50])


def test_in_part_b_each_data_set_has_searches_of_its_own(benchmark: Benchmark, scores: dict[str, pd.DataFrame]) -> None:
    found = search_each(SPACE, benchmark, scores, counts=COUNTED, **HOW)
    rows = found[found.method == "REA"]
    assert rows.dataset.tolist() == ["cifar10", "cifar100"]
    assert rows.n_runs.tolist() == [4, 4]
    assert set(rows.trained) == {10.0}
    assert set(found[found.method == "parameters (N=5)"].dataset) == {"cifar10", "cifar100"}


def test_in_part_a_a_choice_on_cifar10_is_judged_everywhere_beside_variants(
    benchmark: Benchmark, scores: dict[str, pd.DataFrame]
) -> None:
    other = scores["cifar10"].assign(score=range(50))
    found = search_once(SPACE, benchmark, scores, {3: other}, COUNTED, **HOW)
    cells = found.set_index(["method", "dataset", "score_seed"])["mean"]
    for method in ("RS", "AREA", "NASWOT (N=5)", "AREA by parameters", "REA, 10 of 10 drawn", "FLOPs (N=2)"):
        assert set(found[found.method == method].dataset) == set(DATASETS), method
    assert set(found[found.method == "NASWOT (N=5)"].score_seed) == {0, 3}
    assert cells["NASWOT (N=5)", "cifar10", 0] != cells["NASWOT (N=5)", "cifar10", 3]
    assert cells["NASWOT (N=5, each data set)", "cifar10", 0] == cells["NASWOT (N=5)", "cifar10", 0]
    assert cells["NASWOT (N=5, each data set)", "cifar100", 0] != cells["NASWOT (N=5)", "cifar100", 0]
    fewer = found[found.method == "AREA (each data set)"]
    assert fewer.n_runs.tolist() == [1, 1]  # a fifth of the runs
    gaps = differences(found, compared(samples=[5, 2]))
    pairs = set(zip(gaps.a, gaps.b, strict=True))
    assert pairs == set(compared(samples=[5, 2]))
    assert {("NASWOT (N=5)", "NASWOT (N=2)"), ("AREA by ReLU units", "REA"), ("AREA", "AREA by parameters")} <= pairs


def test_other_seeds_count_where_as_many_networks_were_scored(tmp_path: Path) -> None:
    page = make_page("table2", tmp_path, profile="paper", counting="once")
    page.scores.mkdir(parents=True)
    for seed, number in ((0, 6), (1, 6), (2, 5), (4, 7), (5, 9)):
        table = pd.DataFrame({"arch": ARCHS[:number][::-1] if seed else ARCHS[:number], "score": 1.0, "seed": seed})
        table.to_parquet(page.scores / f"nasbench201-cifar10-once-seed{seed}.parquet")
    found = scores_of_other_seeds(page, "nasbench201")
    assert [(seed, table.seed[0]) for seed, table in found.items()] == [(1, 1), (4, 4)]
    assert all(table.arch.tolist() == ARCHS[:6] for table in found.values())


def test_the_words_have_the_numbers_of_the_table() -> None:
    found, gaps = (pd.read_csv(PAPER / f"table2a-seed0{end}.csv") for end in ("", "-differences"))
    words = describe(found, gaps)
    cells = found.set_index(["method", "dataset", "split"])["mean"]
    assert f"NASWOT {cells['NASWOT (N=10)', 'cifar10', 'test']:.2f}, " in words
    assert f"parameters {cells['parameters (N=10)', 'cifar10', 'test']:.2f}, " in words
    row = gaps[(gaps.a == "AREA") & (gaps.b == "REA") & (gaps.dataset == "cifar10")].iloc[0]
    assert f"AREA {row.difference:+.2f} [{row.low:+.2f}, {row.high:+.2f}]" in words
    cost = describe_cost(found)
    trained = found[(found.method == "AREA (each data set)")].groupby("dataset").trained.first()
    assert f"on average {trained['cifar10'] / trained['cifar100']:.2f} (CIFAR-100)" in cost


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
