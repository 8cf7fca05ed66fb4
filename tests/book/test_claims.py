"""Claims: each verdict follows from its rule and the numbers in a file, never from a hand."""

from pathlib import Path

import pandas as pd
import pytest

from naswotbook.claims import Results, judge
from naswotbook.ledger import read_claims

ROOT = Path(__file__).parents[2]
CLAIMS = [claim for part in read_claims(ROOT / "book/claims.yml").values() for claim in part]
PRINTED = pd.read_csv(ROOT / "book/paper/tables.csv", dtype={"table": str})


@pytest.fixture
def verdict(tmp_path):
    """Judge a claim by the rows of a file."""

    def judge_rows(table, /, **claim):
        pd.DataFrame(table).to_csv(tmp_path / "t.csv", index=False)
        return judge({"claim": "c", "file": "t.csv", **claim}, Results(tmp_path, PRINTED))

    return judge_rows


def cell(deviations, split="test", **more):
    ours = {"mean": 90 + deviations, "std": 1.0, "n_runs": 100, "paper_mean": 90.0, "paper_std": 1.0}
    about = {"method": "NASWOT (N=10)", "dataset": "cifar10", "split": split, "drawn_from": 10, "trained": 0}
    return {**about, **ours, "deviations": deviations, "standard_errors": deviations * 7, **more}


@pytest.mark.parametrize(
    ("deviations", "expected"),
    [(0.25, "reproduced"), (-0.25, "reproduced"), (0.26, "close"), (-1.0, "close"), (1.01, "differs")],
)
def test_a_mean_is_judged_in_the_papers_deviations(verdict, deviations, expected):
    found = verdict([cell(deviations)], rule="means")
    assert found.verdict == expected
    assert found.paper == "90.00 ± 1.00"
    assert f"[{90 + deviations - 0.196:.2f}, {90 + deviations + 0.196:.2f}]" in found.ours


def test_a_row_of_the_table_is_as_good_as_its_farthest_cell(verdict):
    cells = [cell(0.1), cell(-0.7, "validation"), cell(0.2), cell(float("nan"))]
    found = verdict(
        [*cells, cell(5.0, method="REA", drawn_from=99, trained=5)], rule="means", rows={"method": "NASWOT (N=10)"}
    )
    assert found.verdict == "close"
    assert "farthest of 3 cells (2 reproduced, 1 close): cifar10 validation" in found.note
    assert "drawn from 10 networks of 99" in found.note


def gap(a, b, low, high, dataset="cifar10", split="test"):
    return {
        "a": a,
        "b": b,
        "dataset": dataset,
        "split": split,
        "difference": (low + high) / 2,
        "low": low,
        "high": high,
    }


@pytest.mark.parametrize(
    ("gaps", "expected"),
    [
        ([(0.1, 0.3)], "reproduced"),
        ([(0.1, 0.3), (-0.1, 0.3)], "undecided"),
        ([(0.1, 0.3), (-0.1, 0.3), (-0.3, -0.1)], "differs"),
    ],
)
def test_an_order_holds_with_the_whole_interval_in_every_cell(verdict, gaps, expected):
    rows = [gap("AREA (500 runs)", "REA", *ends, split="validation") for ends in gaps]
    found = verdict(
        [*rows, gap("RS", "REA", -9, -8)], rule="order", table="2a", better=["AREA (500 runs)"], worse=["REA"]
    )
    assert found.verdict == expected
    assert found.paper == "+0.01"  # 91.20 and 91.19


def test_what_the_papers_own_table_contradicts_needs_no_result(tmp_path):
    [claim] = [claim for claim in CLAIMS if claim["claim"] == "NASWOT outperforms all weight-sharing methods"]
    found = judge(claim, Results(tmp_path, PRINTED))
    assert found.verdict == "contradicted"
    assert "GDAS is ahead of NASWOT (N=1000) in 4 of 36 cells" in found.note
    fewer = {**claim, "worse": ["RSPS", "SETN"], "file": "t.csv"}
    assert judge(fewer, Results(tmp_path, PRINTED)).verdict == "not run"


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(-0.2, 0.2, "reproduced"), (-0.3, 0.1, "undecided"), (0.26, 0.4, "differs"), (-0.4, -0.26, "differs")],
)
def test_likeness_needs_all_of_the_interval_within_the_margin(verdict, low, high, expected):
    assert verdict([gap("a", "b", low, high)], rule="similar", margin=0.25).verdict == expected


@pytest.mark.parametrize(("middle", "expected"), [(55, "reproduced"), (61, "close"), (63.5, "differs")])
def test_midway_is_a_share_of_the_way(verdict, middle, expected):
    means = {"Random": 50, "NASWOT": middle, "REA": 62}
    rows = [{"method": name, "mean": mean, "paper_mean": mean} for name, mean in means.items()]
    assert verdict(rows, rule="between", methods=list(means)).verdict == expected


@pytest.mark.parametrize(
    ("low", "high", "expected"), [(0.1, 0.3, "reproduced"), (-0.1, 0.3, "undecided"), (-0.3, -0.1, "differs")]
)
def test_a_correlation_is_positive_with_the_whole_interval(verdict, low, high, expected):
    assert verdict([{"tau": 0.1, "low": low, "high": high, "n": 9}], rule="positive").verdict == expected


@pytest.mark.parametrize(
    ("strong", "other", "expected"),
    [
        ((0.5, 0.6), (0.2, 0.4), "reproduced"),
        ((0.3, 0.6), (0.2, 0.4), "undecided"),
        ((0.1, 0.15), (0.2, 0.4), "differs"),
    ],
)
def test_the_strongest_are_above_all_others(tmp_path, strong, other, expected):
    for name, (low, high) in {"s.csv": strong, "o.csv": other}.items():
        pd.DataFrame({"tau": [(low + high) / 2], "low": low, "high": high}).to_csv(tmp_path / name, index=False)
    claim = {"claim": "c", "rule": "strongest", "files": {"strong": ["s.csv"], "others": ["o.csv"]}}
    assert judge(claim, Results(tmp_path, PRINTED)).verdict == expected


@pytest.mark.parametrize(
    ("intervals", "expected", "below"),
    [
        ([(0.1, 0.3), (0.01, 0.2)], "reproduced", 2),
        ([(0.1, 0.3), (-0.01, 0.2)], "undecided", 1),
        ([(0.1, 0.3), (-0.2, -0.01)], "differs", 1),
    ],
)
def test_the_most_accurate_band_is_below_each_other_with_the_whole_interval(verdict, intervals, expected, below):
    about = {"measure": "x", "networks": 5, "mean": 0.5}
    bands = [{**about, "accuracy": f"band {i}", "low": low, "high": high} for i, (low, high) in enumerate(intervals)]
    bands = [{**band, "above_best": (band["low"] + band["high"]) / 2} for band in bands]
    last = {**about, "accuracy": "best", "above_best": None, "low": None, "high": None}
    other = {**last, "measure": "y"}
    found = verdict([*bands, last, other], rule="lowest", rows={"measure": "x"})
    assert found.verdict == expected
    assert f"lower than {below} of the 2 other bands; 5 networks" in found.note
    assert found.ours.startswith("0.500; band 1: ")


def test_rankings_agree_as_far_as_the_least_of_their_rows(verdict):
    rows = [{"ablation": "sizes", "agreement": 0.9}, {"ablation": "sizes", "agreement": 0.4}]
    assert verdict(rows, rule="agreement", threshold=0.5, rows={"ablation": "sizes"}).verdict == "differs"
    assert verdict(rows, rule="agreement", threshold=0.4).verdict == "reproduced"
    order = [{"agreement": 0.9, "with_first": 0.3}]
    assert verdict(order, rule="agreement", threshold=0.5, column="with_first").verdict == "differs"


@pytest.mark.parametrize("about", ["rise", "plateau", "alike", "ranking"])
def test_training_raises_the_score_at_once_then_leaves_it_and_its_ranking(verdict, about):
    columns = ("epoch", "networks", "above_start", "mean_score", "std_rise", "tau_start")
    good = [(0, 3, 0, 100, 0, 1.0), (1, 3, 3, 198, 20, 0.9), (10, 3, 3, 200, 20, 0.8)]
    bad = [(0, 3, 0, 100, 0, 1.0), (1, 3, 2, 120, 20, 0.4), (10, 3, 3, 200, 26, 0.8)]
    cases = [(good, 3, 10, "reproduced"), (bad, 3, 10, "differs")]
    cases += [(rows, *fewer, "undecided") for rows in (good, bad) for fewer in ((4, 10), (3, 11))]
    for rows, networks, epochs, expected in cases:
        frame = [dict(zip(columns, row, strict=True)) for row in rows]
        found = verdict(frame, rule="trained", about=about, threshold=0.5, networks=networks, epochs=epochs)
        assert (found.verdict, found.note) == (expected, "3 networks, 10 epochs")


def test_the_same_scores_taken_in_another_way_are_a_remark(tmp_path, verdict):
    columns = ("epoch", "networks", "above_start", "mean_score", "std_rise", "tau_start")
    falls, rises = ([(0, 3, 0, 100, 0, 1.0), (1, 3, above, end, 1, 1.0)] for above, end in ((0, 90), (3, 110)))
    frame = [dict(zip(columns, row, strict=True)) for row in falls]
    claim = {"rule": "trained", "about": "rise", "networks": 3, "epochs": 1, "other": ["other.csv", "smoothed"]}
    assert verdict(frame, **claim).note == "3 networks, 1 epochs"
    pd.DataFrame(rises, columns=columns).to_csv(tmp_path / "other.csv", index=False)
    found = verdict(frame, **claim)
    assert found.verdict == "differs"
    assert found.note == "3 networks, 1 epochs; smoothed: reproduced, 3 of 3 after one epoch"


@pytest.mark.parametrize(
    ("score", "rival", "expected"),
    [
        ((0.2, 0.4), (-0.3, 0.5), "reproduced"),
        ((0.05, 0.4), (-0.3, 0.5), "undecided"),  # an interval reaches below 0
        ((0.2, 0.4), (0.2, 0.3), "differs"),
        ((-0.3, 0.4), (-0.9, 0.5), "differs"),
    ],
)
def test_the_score_is_steadier_where_its_correlations_are_positive_and_range_less(tmp_path, score, rival, expected):
    for number in (0, 1):
        taus = {"naswot": score[number], "synflow": rival[number]}
        rows = [{"measure": name, "tau": tau, "low": tau - 0.1, "high": tau + 0.1} for name, tau in taus.items()]
        pd.DataFrame(rows).to_csv(tmp_path / f"{number}.csv", index=False)
    claim = {"claim": "c", "rule": "steadier", "rivals": ["synflow"], "files": {"spaces": ["0.csv", "1.csv"]}}
    assert judge(claim, Results(tmp_path, PRINTED)).verdict == expected


def test_seconds_are_shown_and_not_compared(tmp_path):
    claim = {"claim": "c", "rule": "seconds", "method": "NASWOT (N=100)"}
    assert judge(claim, Results(tmp_path, PRINTED)).ours == ""
    (tmp_path / "scores").mkdir()
    pd.DataFrame({"seconds": [0.25, 0.75]}).to_parquet(tmp_path / "scores/nasbench201-cifar10-once-seed0.parquet")
    found = judge(claim, Results(tmp_path, PRINTED))
    assert (found.verdict, found.paper, found.ours) == ("not compared", "30.01 s", "50.0 s")


def test_a_claim_without_results_says_what_it_needs_and_one_that_chooses_nothing_is_an_error(tmp_path, verdict):
    claim = {"claim": "c", "rule": "positive", "file": "no.csv", "needs": "a table"}
    found = judge(claim, Results(tmp_path, PRINTED))
    assert (found.verdict, found.note) == ("not run", "needs a table")
    with pytest.raises(ValueError, match=r"chooses nothing from t\.csv"):
        verdict([{"method": "REA"}], rule="means", rows={"method": "RAE"})
    with pytest.raises(ValueError, match="rule: 'reproduced' is unknown"):
        judge({"claim": "c", "rule": "reproduced"}, Results(tmp_path, PRINTED))
