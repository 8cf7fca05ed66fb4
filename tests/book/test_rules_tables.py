"""Rules about tables: each can say each of its verdicts, from a made-up file."""

from __future__ import annotations

import pandas as pd
import pytest

from naswotbook.claims import judge
from naswotbook.ledger import read_claims
from naswotbook.verdicts import Results
from support.verdicts import PRINTED, ROOT

CLAIMS = [claim for part in read_claims(ROOT / "book/claims.yml").values() for claim in part]


def cell(deviations, split="test", **more):
    ours = {"mean": 90 + deviations, "std": 1.0, "n_runs": 100, "paper_mean": 90.0, "paper_std": 1.0, "paper_runs": 500}
    ours |= {"error": 0.1, "dof": 99, "low": 90 + deviations - 0.2, "high": 90 + deviations + 0.2}
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
    assert f"[{90 + deviations - 0.2:.2f}, {90 + deviations + 0.2:.2f}]" in found.ours


@pytest.mark.parametrize(("errors", "expected"), [(1.9, "within error"), (-2.1, "beyond error"), (None, "")])
def test_a_mean_has_a_second_verdict_by_standard_errors(verdict, errors, expected):
    assert verdict([cell(0.1, standard_errors=errors)], rule="means").errors == expected


def test_more_cells_and_fewer_seeds_allow_more_standard_errors(verdict):
    one = cell(0.1, standard_errors=2.3)
    assert verdict([one], rule="means").errors == "beyond error"
    others = [cell(0.0, split, standard_errors=0.0) for split in "abcde"]
    assert verdict([one, *others], rule="means").errors == "within error"  # one of six
    assert verdict([{**one, "dof": 2, "error": 0.5}], rule="means").errors == "within error"  # of three seeds


def test_a_row_of_the_table_is_as_good_as_its_farthest_cell(verdict):
    cells = [cell(0.1), cell(-0.7, "validation"), cell(0.2), cell(float("nan"))]
    found = verdict(
        [*cells, cell(5.0, method="REA", drawn_from=99, trained=5)], rule="means", rows={"method": "NASWOT (N=10)"}
    )
    assert found.verdict == "close"
    assert "farthest of 3 cells (2 reproduced, 1 close): cifar10 validation" in found.note
    assert "drawn from 10 networks of 99" in found.note


def test_a_printed_error_is_not_taken_for_a_deviation(verdict):
    row = {**cell(0.2), "paper_std": 0.05, "deviations": 4.0, "standard_errors": 2.0}
    assert verdict([row], rule="means").verdict == "differs"
    found = verdict([row], rule="means", error_printed=True)  # the deviation is 0.05 times the root of 500
    assert (found.verdict, found.errors) == ("reproduced", "within error")
    assert found.note.startswith("+0.18 deviations; at most 1.8 standard errors")


def test_agreement_with_a_row_that_a_setting_was_fitted_to_is_no_evidence(verdict):
    assert verdict([cell(0.0)], rule="means", fitted=True).verdict == "fitted"


@pytest.mark.parametrize(
    ("std", "expected", "errors"),
    [(1.05, "reproduced", "within error"), (1.2, "reproduced", "beyond error"), (0.6, "close", "beyond error"),
     (0.45, "differs", "beyond error")],
)  # fmt: skip
def test_a_printed_deviation_is_judged_by_its_ratio_to_ours(verdict, std, expected, errors):
    rows = [cell(0.0, std=std, n_runs=500), cell(0.0, method="other", std=9.0)]
    found = verdict(rows, rule="spreads", methods=["NASWOT (N=10)"])
    assert (found.verdict, found.errors) == (expected, errors)
    assert f"{std:.2f} times the paper's" in found.ours


def gap(a, b, low, high, dataset="cifar10", split="test"):
    ends = {"difference": (low + high) / 2, "low": low, "high": high, "seeds": 3}
    return {"a": a, "b": b, "dataset": dataset, "split": split, **ends}


@pytest.mark.parametrize(
    ("gaps", "expected"),
    [
        ([(0.1, 0.3)], "reproduced"),
        ([(0.1, 0.3), (-0.1, 0.3)], "undecided"),
        ([(0.1, 0.3), (-0.1, 0.3), (-0.3, -0.1)], "differs"),
    ],
)
def test_an_order_holds_with_the_whole_interval_in_every_cell(verdict, gaps, expected):
    rows = [gap("AREA", "REA", *ends, split="validation") for ends in gaps]
    found = verdict([*rows, gap("RS", "REA", -9, -8)], rule="order", table="2a", better=["AREA"], worse=["REA"])
    assert found.verdict == expected
    assert found.paper == "+0.01"  # 91.20 and 91.19
    assert "the paper's own gap is 0.2 standard errors" in found.note
    assert "3 seeds of the scores" in found.note


def test_what_the_papers_own_table_contradicts_needs_no_result(tmp_path):
    [claim] = [claim for claim in CLAIMS if claim["claim"] == "NASWOT outperforms all weight-sharing methods"]
    found = judge(claim, Results(tmp_path, PRINTED))
    assert found.verdict == "contradicted"
    assert "GDAS is ahead of NASWOT (N=1000) in 4 of 36 cells" in found.note
    fewer = {**claim, "worse": ["RSPS", "SETN"]}
    assert judge({**fewer, "file": "t.csv"}, Results(tmp_path, PRINTED)).verdict == "not run"
    with pytest.raises(ValueError, match="names no file to test it"):
        judge(fewer, Results(tmp_path, PRINTED))


def test_one_printed_cell_is_enough_to_contradict_that_all_methods_are_better(verdict):
    rows = [gap(a, "NASWOT (N=1000)", 0.1, 0.2) for a in ("REA", "RS")]
    found = verdict(rows, rule="order", table="2a", better=["REA", "RS", "BOHB"], worse=["NASWOT (N=1000)"])
    assert found.verdict == "contradicted"
    assert found.note == "NASWOT (N=1000) is ahead of BOHB in 1 of 18 cells, most in imagenet16-120 test"
    assert found.ours == "least: +0.15 [+0.10, +0.20]"
    without = verdict(rows, rule="order", table="2a", better=["REA", "RS"], worse=["NASWOT (N=1000)"])
    assert without.verdict == "reproduced"


@pytest.mark.parametrize(
    ("gaps", "expected"),
    [
        ([(-0.2, 0.2)], "reproduced"),
        ([(-0.3, 0.1)], "undecided"),
        ([(0.26, 0.4)], "differs"),
        ([(-0.4, -0.26)], "differs"),
        ([(-0.2, 0.2), (-0.3, 0.1)], "undecided"),
        ([(-0.2, 0.2), (-0.3, 0.1), (0.3, 0.4)], "differs"),
    ],
)
def test_likeness_needs_all_of_each_interval_within_the_margin(verdict, gaps, expected):
    assert verdict([gap("a", "b", *ends) for ends in gaps], rule="similar", margin=0.25).verdict == expected


def test_likeness_is_looked_for_in_the_papers_own_table_first(verdict, tmp_path):
    claim = {"claim": "c", "rule": "similar", "table": "2b", "rows": {"a": "REA", "b": "NASWOT (N=1000)"}}
    found = judge({**claim, "margin": 0.5}, Results(tmp_path, PRINTED))
    assert (found.verdict, found.paper) == ("contradicted", "+1.27")
    assert "most in cifar100 validation" in found.note
    rows = [gap("REA", "NASWOT (N=1000)", 0.1, 0.2)]
    assert verdict(rows, **{**claim, "margin": 1.3}).verdict == "reproduced"


@pytest.mark.parametrize(
    ("low", "high", "expected"), [(0.1, 0.9, "reproduced"), (0.1, 1.2, "undecided"), (1.0, 1.2, "differs")]
)
def test_close_is_no_farther_than_the_paper_prints(verdict, low, high, expected):
    rows = [gap("REA", "NASWOT (N=1000)", low, high), gap("REA", "NASWOT (N=1000)", 0.1, 0.2, "cifar100")]
    about = {"a": "REA", "b": "NASWOT (N=1000)"}
    found = verdict(rows, rule="no_farther", table="2a", rows=about)
    assert (found.verdict, found.paper) == (expected, "+0.96")  # 93.92 and 92.96


@pytest.mark.parametrize(
    ("middle", "error", "expected"),
    [(55, 0.1, "reproduced"), (58.9, 0.5, "undecided"), (61, 0.1, "differs"), (63.5, 0.1, "differs")],
)
def test_midway_is_a_share_of_the_way_with_its_interval(verdict, middle, error, expected):
    means = {"Random": 50, "NASWOT": middle, "REA": 62}
    rows = [{"method": name, "mean": mean, "error": error, "paper_mean": mean} for name, mean in means.items()]
    assert verdict(rows, rule="between", methods=list(means)).verdict == expected


@pytest.mark.parametrize(("count", "expected"), [(7, "reproduced"), (8, "differs")])
def test_a_size_is_that_of_the_published_table(verdict, count, expected):
    assert verdict([{"drawn_from": count}], rule="size", paper=7).verdict == expected


def test_a_size_is_counted_where_a_space_can_be_enumerated(tmp_path):
    claim = {"claim": "c", "rule": "size", "space": "nasbench201", "paper": 15625}
    assert judge(claim, Results(tmp_path, PRINTED)).verdict == "reproduced"
    assert judge({**claim, "paper": 15624}, Results(tmp_path, PRINTED)).verdict == "differs"


def test_seconds_are_shown_and_not_compared(tmp_path):
    claim = {"claim": "c", "rule": "seconds", "method": "NASWOT (N=100)"}
    assert judge(claim, Results(tmp_path, PRINTED)).ours == ""
    (tmp_path / "scores").mkdir()
    pd.DataFrame({"seconds": [0.25, 0.75]}).to_parquet(tmp_path / "scores/nasbench201-cifar10-once-seed0.parquet")
    found = judge(claim, Results(tmp_path, PRINTED))
    assert (found.verdict, found.paper, found.ours) == ("not compared", "30.01 s", "50.0 s")
    against = judge({**claim, "against": "REA"}, Results(tmp_path, PRINTED))
    assert "400 times faster than REA: 10 to the 2.6" in against.note


def test_what_is_quoted_or_judged_elsewhere_says_so(tmp_path):
    results = Results(tmp_path, PRINTED)
    assert judge({"claim": "BOHB", "rule": "quoted", "table": "2a"}, results).paper == "93.61 ± 0.52"
    found = judge({"claim": "c", "rule": "repeated", "see": "Table 9"}, results)
    assert (found.verdict, found.note) == ("repeated", "judged at Table 9")
