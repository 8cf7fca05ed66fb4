"""Means of searches: exact where nothing is simulated, with the error that seeds and runs leave."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import t as student

from naswotbook.estimates import beside_paper, differences, of_choices, of_runs, of_searches, summary
from naswotbook.searches import accuracies, repeat_search
from naswotlib import get_space
from naswotlib.benchmarks import Benchmark, TableInfo
from naswotlib.benchmarks.table import make_table
from naswotlib.search.without_training import naswot
from support.runs import COLUMN, PRINTED, runs_of, scores_of

SPACE = get_space("nasbench201_complete")
ARCHS = [SPACE.to_str(arch) for arch in SPACE]
COLUMNS = [("cifar10", "validation", 200), ("cifar10", "test", 200)]


@pytest.fixture(scope="module")
def benchmark() -> Benchmark:
    rng = np.random.default_rng(5)
    info = TableInfo("made up", SPACE.name, "random numbers", "MIT", "", {}, "", "")
    return Benchmark(make_table(info, ARCHS, {column: rng.uniform(10, 95, len(ARCHS)) for column in COLUMNS}))


def scores(seed: int) -> pd.DataFrame:
    values = np.random.default_rng(seed).normal(1500, 100, len(ARCHS))
    values[::50] = -np.inf
    return scores_of(ARCHS, values)


def estimate(method: str, means: dict[int, float], std: float = 1.0, n_runs: int = 0, resampled: Any = None) -> Any:
    about = {"dataset": "cifar10", "split": "validation", "epochs": 200, "drawn_from": 9, "trained": 0.0, "std": std}
    rows = [{"method": method, "score_seed": seed, "mean": mean, "n_runs": n_runs} for seed, mean in means.items()]
    return pd.DataFrame([row | about | {"resampled": resampled} for row in rows])


def test_naswot_in_closed_form_is_what_many_runs_of_naswot_come_to(benchmark: Benchmark) -> None:
    table = scores(0)
    closed = of_choices({0: table}, None, benchmark, COLUMNS, samples=[7]).set_index(["method", "split"])
    results = repeat_search(lambda rng: naswot(SPACE, scores=table, n_samples=7, rng=rng), 400, seed=3)
    runs = accuracies([result.arch for result in results], benchmark, COLUMNS)
    for split in ("validation", "test"):
        row, found = closed.loc[("NASWOT (N=7)", split)], runs[f"cifar10/{split}/200"]
        assert row["mean"] == pytest.approx(found.mean(), abs=4 * found.std() / np.sqrt(400))
        assert row["std"] == pytest.approx(found.std(), rel=0.15)


def test_rows_are_there_for_random_choice_the_optimum_and_each_count(benchmark: Benchmark) -> None:
    counts = pd.DataFrame({"arch": ARCHS[::-1], "num_units": 5, "parameters": range(len(ARCHS))})
    found = of_choices({0: scores(0), 1: scores(1)}, counts, benchmark, COLUMNS, samples=[3, 50])
    rows = found.set_index(["method", "split"])
    known = benchmark.accuracy(ARCHS, dataset="cifar10", split="test", epochs=200)
    assert rows.loc[("Random", "test"), "mean"] == pytest.approx(known.mean())
    assert rows.loc[("ReLU units (N=50)", "test"), "mean"] == pytest.approx(known.mean())  # all tie
    assert rows.loc[("parameters (N=3)", "test"), "mean"] != pytest.approx(known.mean())
    assert rows.loc[("Optimal (N=50)", "test"), "mean"] > rows.loc[("Best (N=50)", "test"), "mean"]
    assert rows.loc[("Optimal (N=50)", "validation"), "mean"] == rows.loc[("Best (N=50)", "validation"), "mean"]
    assert len(found[found.method == "NASWOT (N=3)"]) == 4  # two columns, two seeds
    with pytest.raises(ValueError, match="the same networks"):
        of_choices({0: scores(0), 1: scores(1)[:-1]}, None, benchmark, COLUMNS, samples=[3])


def test_a_summary_has_the_population_deviation_and_no_row_for_what_a_method_lacks() -> None:
    runs = pd.concat([runs_of(RS=[1.0, 3.0]), runs_of(REA=[5.0, 5.0]).rename(columns={COLUMN: "cifar100/test/200"})])
    rows = summary(of_runs(runs))[["method", "dataset", "split", "n_runs", "trained", "mean", "std", "error"]]
    assert rows.values.tolist()[0] == pytest.approx(["RS", "cifar10", "validation", 2, 3.0, 2.0, 1.0, 0.5**0.5])
    assert rows.values.tolist()[1] == ["REA", "cifar100", "test", 2, 3.0, 5.0, 0.0, 0.0]


def test_the_error_of_scores_of_several_seeds_is_between_them_and_of_one_it_is_not_known() -> None:
    [row] = summary(estimate("NASWOT (N=9)", {0: 90.0, 1: 92.0, 2: 91.0})).to_dict("records")
    assert (row["mean"], row["seeds"], row["dof"]) == (91.0, 3, 2)
    assert row["error"] == pytest.approx(1 / 3**0.5)
    assert row["high"] == pytest.approx(91 + student.ppf(0.975, 2) / 3**0.5)
    [alone] = summary(estimate("NASWOT (N=9)", {0: 90.0})).to_dict("records")
    assert np.isnan(alone["error"])
    assert np.isnan(alone["low"])
    [exact] = summary(estimate("ReLU units (N=9)", {-1: 90.0})).to_dict("records")
    assert (exact["error"], exact["low"], exact["high"]) == (0, 90, 90)


def test_a_sample_of_a_space_adds_what_another_sample_would_change() -> None:
    again = np.array([89.0, 91.0, 90.0])
    [row] = summary(estimate("ReLU units (N=9)", {-1: 90.0}, resampled=again)).to_dict("records")
    assert row["error"] == pytest.approx(1.0)


def test_a_difference_is_paired_where_both_choose_by_the_same_scores_or_among_the_same_networks() -> None:
    ten, hundred = ({0: 90.0, 1: 95.0, 2: 85.0}, {0: 91.0, 1: 96.1, 2: 85.9})
    both = pd.concat([estimate("NASWOT (N=10)", ten), estimate("NASWOT (N=100)", hundred)])
    [row] = differences(both, [("NASWOT (N=100)", "NASWOT (N=10)")]).to_dict("records")
    assert row["difference"] == pytest.approx(1.0)
    assert row["error"] == pytest.approx(0.1 / 3**0.5)
    again = np.array([89.0, 91.0, 90.0])
    drawn = pd.concat(
        [
            estimate("ReLU units (N=9)", {-1: 90.0}, resampled=again),
            estimate("FLOPs (N=9)", {-1: 88.0}, resampled=again),
        ]
    )
    [row] = differences(drawn, [("ReLU units (N=9)", "FLOPs (N=9)")]).to_dict("records")
    assert (row["difference"], row["error"]) == (2.0, 0.0)


def test_a_difference_of_runs_and_of_seeds_holds_the_error_of_both() -> None:
    both = pd.concat([estimate("REA", {-1: 93.0}, std=2.0, n_runs=400), estimate("NASWOT (N=9)", {0: 90.0, 1: 92.0})])
    [row] = differences(both, [("REA", "NASWOT (N=9)"), ("REA", "nothing")]).to_dict("records")
    assert row["error"] == pytest.approx(np.hypot(2 / 20, 1.0))
    assert 1 < row["dof"] < 1.1
    assert row["low"] < 0 < row["high"]
    assert (row["n_a"], row["n_b"], row["seeds"]) == (400, 0, 2)


def test_estimates_of_searches_are_kept_by_all_that_they_depend_on(tmp_path: Path, benchmark: Benchmark) -> None:
    how: dict[str, Any] = {"dataset": "cifar10", "epochs": 200, "max_evaluations": 12, "n_runs": 3, "kept": tmp_path}
    first = of_searches("REA", SPACE, benchmark, COLUMNS, seed=0, **how)
    [kept] = tmp_path.glob("*.parquet")
    pd.read_parquet(kept).assign(mean=7.0).to_parquet(kept)
    again = of_searches("REA", SPACE, benchmark, COLUMNS, seed=0, workers=2, **how)
    assert again["mean"].tolist() == [7.0, 7.0]
    assert again.drop(columns="mean").equals(first.drop(columns="mean"))
    others = [{"seed": 1}, {"seed": 0, "sample_size": 10}]
    for other in others:
        assert of_searches("REA", SPACE, benchmark, COLUMNS, **how | other)["mean"].tolist() != [7.0, 7.0]
    for table in (scores(0), scores(1)):
        of_searches("AREA", SPACE, benchmark, COLUMNS, seed=0, scores={0: table}, **how)
    assert len(list(tmp_path.glob("*.parquet"))) == 1 + len(others) + 2


def test_distances_from_the_paper_are_in_its_deviations_and_in_standard_errors() -> None:
    found = summary(of_runs(runs_of(NASWOT=[70.0, 70.0], RS=[91.0, 95.0])))
    table = beside_paper(found, PRINTED).set_index("method")
    assert table.index.tolist() == ["RS", "ENAS", "NASWOT"]  # the paper's order, then ours
    assert table.deviations["RS"] == pytest.approx((93 - 90) / 2)
    assert table.standard_errors["RS"] == pytest.approx(3 / np.sqrt(2**2 / 2 + 2**2 / 4))
    assert table.loc["ENAS", ["mean", "deviations", "standard_errors"]].isna().all()
    assert table.loc["NASWOT", ["paper_mean", "deviations"]].isna().all()
    same = beside_paper(summary(of_runs(runs_of(ENAS=[39.77, 39.77]))), PRINTED).set_index("method")
    assert np.isnan(same.standard_errors["ENAS"])
