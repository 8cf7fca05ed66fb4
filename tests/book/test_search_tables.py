"""Tables 1 and 2: what runs come to, how far that is from the paper, and how a page shows it."""

import json
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from naswotbook.plots import fig7
from naswotbook.search_tables import beside_paper, differences, summary, trade_off, training_free_runs, training_runs
from naswotbook.table_pages import differences_table, one_table, published_table, three_tables
from naswotlib import load_benchmark
from naswotlib.spaces import get_space

PRINTED = pd.read_csv(Path(__file__).parents[2] / "book/paper/tables.csv", dtype={"table": str})
COLUMN = "cifar10/validation/200"


def runs_of(**accuracies: list[float]) -> pd.DataFrame:
    frames = [
        pd.DataFrame({"method": method, "run": range(len(values)), "drawn_from": 9, "trained": [2, 4], COLUMN: values})
        for method, values in accuracies.items()
    ]
    return pd.concat(frames, ignore_index=True)


@pytest.fixture(scope="module")
def printed() -> pd.DataFrame:
    rows = [("RS", 4, 90.0, 2.0), ("ENAS", 3, 39.77, 0.0)]
    table = pd.DataFrame(rows, columns=["method", "n_runs", "mean", "std"])
    return table.assign(dataset="cifar10", split="validation", search_seconds=[12000.0, 13315.0])


def test_the_papers_tables_are_whole():
    assert PRINTED.groupby("table").method.nunique().to_dict() == {"1": 4, "2a": 17, "2b": 7}
    cells = PRINTED.set_index(["table", "method", "dataset", "split"])["mean"]
    assert cells["2a", "NASWOT (N=100)", "cifar10", "test"] == 92.81
    assert cells["2b", "REA", "imagenet16-120", "test"] == 45.54
    assert len(PRINTED) == 4 + 17 * 6 - 3 + 7 * 6  # AREA has no test accuracies


def test_a_summary_has_the_population_deviation_and_no_row_for_what_a_method_lacks():
    runs = pd.concat([runs_of(RS=[1.0, 3.0]), runs_of(REA=[5.0, 5.0]).rename(columns={COLUMN: "cifar100/test/200"})])
    rows = summary(runs).drop(columns=["epochs", "drawn_from"]).values.tolist()
    assert rows == [["RS", "cifar10", "validation", 2, 3.0, 2.0, 1.0], ["REA", "cifar100", "test", 2, 3.0, 5.0, 0.0]]


def test_distances_from_the_paper_are_in_its_deviations_and_in_standard_errors(printed):
    table = beside_paper(summary(runs_of(NASWOT=[70.0, 70.0], RS=[91.0, 95.0])), printed).set_index("method")
    assert table.index.tolist() == ["RS", "ENAS", "NASWOT"]  # the paper's order, then ours
    assert table.deviations["RS"] == pytest.approx((93 - 90) / 2)
    assert table.standard_errors["RS"] == pytest.approx(3 / np.sqrt(2**2 / 2 + 2**2 / 4))
    assert table.loc["ENAS", ["mean", "deviations", "standard_errors"]].isna().all()
    assert table.loc["NASWOT", ["paper_mean", "deviations"]].isna().all()
    same = beside_paper(summary(runs_of(ENAS=[39.77, 39.77])), printed).set_index("method")
    assert np.isnan(same.standard_errors["ENAS"])


def test_a_difference_is_a_less_b_with_an_interval_where_both_have_the_column():
    runs = runs_of(a=[90.0, 92.0], b=[80.0, 82.0])
    [row] = differences(runs, [("a", "b"), ("a", "nothing")], seed=0).to_dict("records")
    assert (row["a"], row["b"], row["difference"], row["n_a"]) == ("a", "b", 10.0, 2)
    assert row["low"] <= 10.0 <= row["high"]
    assert row["low"] > 0


@pytest.fixture(scope="module")
def bundled():
    benchmark = load_benchmark("bundled")
    scores = pd.DataFrame({"arch": benchmark.archs, "score": np.arange(len(benchmark.archs), dtype=float)})
    return benchmark, scores.assign(seconds=0.5, error="")


class Rows(type(get_space("nasbench201"))):
    """A space that draws from the rows of a table."""

    def __init__(self, archs: list[str]) -> None:
        self.archs = archs

    def __len__(self) -> int:
        return len(self.archs)

    def sample(self, rng: np.random.Generator) -> object:
        return self.from_str(self.archs[int(rng.integers(len(self)))])


def test_methods_draw_independently_and_say_what_from(bundled):
    benchmark, scores = bundled
    within = Rows(benchmark.archs)
    column = [("cifar10", "test", 3)]
    sees = {"dataset": "cifar10", "epochs": 3, "max_evaluations": 4, "n_runs": 5}
    random = training_runs("RS", within, benchmark, column, seed=0, **sees)
    assert random.trained.tolist() == [4] * 5
    assert random.drawn_from.tolist() == [len(benchmark.archs)] * 5
    pd.testing.assert_frame_equal(random, training_runs("RS", within, benchmark, column, seed=0, **sees))
    free = training_free_runs(scores[:50], benchmark, column, samples=[8, 2], n_runs=5, seed=0)
    names = ["NASWOT", "Optimal", "Best"]
    assert set(free.method) == {f"{name} (N={n})" for name in names for n in (2, 8)} | {"Random"}
    assert set(free.drawn_from) == {50}
    two, eight = (free.loc[free.method == f"NASWOT (N={n})", "cifar10/test/3"].tolist() for n in (2, 8))
    assert two != eight
    assert len(set(random["cifar10/test/3"])) > 1


def test_a_page_shows_ours_the_papers_and_the_distance_and_marks_what_is_quoted(printed):
    table = beside_paper(summary(runs_of(RS=[91.0, 95.0])), printed)
    ours, paper, apart = three_tables(table, printed, name="t", title="T", per_score=0.5, budget="9000").split(
        "```{csv-table}"
    )[1:]
    assert "RS,9000,93.00 ± 2.00" in ours
    assert "ENAS †,13315,39.77 ± 0.00" in ours
    assert "RS,12000,90.00 ± 2.00" in paper
    assert "ENAS" not in apart
    assert "RS,+1.50 (+1.7)" in apart
    assert ":name: t-apart" in apart


def test_ours_alone_and_differences_are_tables_too():
    runs = runs_of(a=[90.0, 92.0], b=[80.0, 82.0])
    assert "a,91.00 ± 1.00" in one_table(summary(runs), name="t", title="T")
    shown = differences_table(differences(runs, [("a", "b")], seed=0), name="t", title="T")
    assert 'a − b,"+10.00 [' in shown


def test_without_a_run_a_page_shows_the_paper_alone(tmp_path, printed):
    text = published_table(tmp_path, "table9-seed0", printed, label="t", title="T")
    assert "not run here" in text
    assert "RS,12000,90.00 ± 2.00" in text


def test_a_run_is_shown_with_the_seconds_of_its_scores_and_its_provenance(tmp_path, printed):
    runs = runs_of(**{"RS": [91.0, 95.0], "NASWOT (N=10)": [70.0, 72.0]})
    beside_paper(summary(runs), printed).to_csv(tmp_path / "t.csv", index=False)
    differences(runs, [("RS", "NASWOT (N=10)")], seed=0).to_csv(tmp_path / "t-differences.csv", index=False)
    (tmp_path / "t.json").write_text(json.dumps({"scores": "s.parquet", "budget_seconds": "12000.0", "seed": "0"}))
    (tmp_path / "scores").mkdir()
    pd.DataFrame({"seconds": [0.25, 0.75]}).to_parquet(tmp_path / "scores" / "s.parquet")
    text = published_table(tmp_path, "t", printed, label="t", title="T")
    assert "NASWOT (N=10),5,71.00 ± 1.00" in text
    assert "(../figures/paper/t-differences.csv)" in text
    assert "| seed | 0 |" in text


def test_figure_7_has_a_point_for_each_search_and_source(printed):
    runs = runs_of(**{"RS": [91.0, 95.0], "NASWOT (N=10)": [70.0, 72.0], "Random": [1.0, 2.0]})
    more = pd.DataFrame({"method": ["NASWOT (N=10)"], "n_runs": 9, "mean": 80.0, "std": 1.0, "search_seconds": 3.05})
    printed = pd.concat([printed, more.assign(dataset="cifar10", split="validation")])
    where = {"dataset": "cifar10", "split": "validation"}
    table = trade_off(beside_paper(summary(runs), printed), printed, per_score=0.25, budget=9000, **where)
    points = table.set_index(["method", "source"])
    assert points.seconds.to_dict() == {
        ("RS", "here"): 9000,
        ("NASWOT (N=10)", "here"): 2.5,
        ("RS", "paper"): 12000,
        ("ENAS", "paper"): 13315,
        ("NASWOT (N=10)", "paper"): 3.05,
    }
    assert points["mean"][("RS", "here")] == 93
    left, right = fig7(table).axes
    assert left.get_xscale() == "log"
    assert len(left.containers) == 5
    assert right.get_ylim()[0] == 90
    plt.close("all")
