"""Rules about figures: each can say each of its verdicts, from a made-up file."""

from __future__ import annotations

import pandas as pd
import pytest

from naswotbook.claims import judge
from naswotbook.verdicts import Results
from support.verdicts import PRINTED


@pytest.mark.parametrize(
    ("low", "high", "expected"), [(0.1, 0.3, "reproduced"), (-0.1, 0.3, "undecided"), (-0.3, -0.1, "differs")]
)
def test_a_correlation_is_positive_with_the_whole_interval(verdict, low, high, expected):
    assert verdict([{"tau": 0.1, "low": low, "high": high, "n": 90}], rule="positive").verdict == expected


def test_of_several_correlations_all_are_positive_and_of_few_networks_none_is(verdict):
    def row(low, high):
        return {"with_accuracy": 0.5, "with_accuracy_low": low, "with_accuracy_high": high, "networks": 10}

    found = verdict([row(0.1, 0.9), row(-0.1, 0.9)], rule="positive", column="with_accuracy")
    assert (found.verdict, found.ours) == ("undecided", "τ = 0.500 [-0.100, 0.900]")
    assert found.note == "least of 2; 10 networks"
    assert verdict([row(0.1, 0.9)], rule="positive", column="with_accuracy").verdict == "reproduced"
    assert verdict([{"tau": 1.0, "low": None, "high": None, "n": 6}], rule="positive").verdict == "undecided"


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
        pd.DataFrame({"tau": [(low + high) / 2], "low": low, "high": high, "n": 90}).to_csv(
            tmp_path / name, index=False
        )
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
        rows = [
            {"measure": name, "tau": tau, "low": tau - 0.1, "high": tau + 0.1, "n": 120} for name, tau in taus.items()
        ]
        pd.DataFrame(rows).to_csv(tmp_path / f"{number}.csv", index=False)
    claim = {"claim": "c", "rule": "steadier", "rivals": ["synflow"], "files": {"spaces": ["0.csv", "1.csv"]}}
    assert judge(claim, Results(tmp_path, PRINTED)).verdict == expected


def test_without_the_rivals_nothing_can_be_said_of_them(tmp_path):
    pd.DataFrame([{"measure": "naswot", "tau": 0.3, "low": 0.2, "high": 0.4, "n": 120}]).to_csv(tmp_path / "0.csv")
    claim = {"claim": "c", "rule": "steadier", "rivals": ["synflow"], "files": {"spaces": ["0.csv"]}}
    found = judge({**claim, "conditions": "other networks"}, Results(tmp_path, PRINTED))
    assert (found.verdict, found.note) == ("not run", "needs synflow in 0.csv")


@pytest.mark.parametrize(
    ("low", "high", "expected"), [(0.8, 0.9, "reproduced"), (0.7, 0.8, "undecided"), (0.5, 0.6, "differs")]
)
def test_data_do_not_matter_where_they_change_no_more_than_a_seed(verdict, low, high, expected):
    rows = [{"kind": kind, "measure": "x", "tau": (a + b) / 2, "low": a, "high": b} for kind, a, b in
            (("data", low, high), ("seeds", 0.75, 0.85))]  # fmt: skip
    found = verdict(rows, rule="no_less_alike", rows={"kind": "data"}, usual={"kind": "seeds"})
    assert found.verdict == expected


@pytest.mark.parametrize(("top", "expected"), [(60, "reproduced"), (99, "differs")])
def test_a_range_of_accuracies_is_tighter_or_not(tmp_path, top, expected):
    for name, bands in {"a.csv": ["40 to 50%", f"50 to {top}%"], "b.csv": ["40.5 to 70%", "70 to 90.5%"]}.items():
        pd.DataFrame({"accuracy": bands}).to_csv(tmp_path / name, index=False)
    claim = {"claim": "c", "rule": "tighter", "files": {"first": ["a.csv"], "second": ["b.csv"]}}
    found = judge(claim, Results(tmp_path, PRINTED))
    assert (found.verdict, found.ours) == (expected, f"{top - 40:.1f} against 50.0 points")


@pytest.mark.parametrize(("mean", "expected"), [(93.12, "reproduced"), (92.85, "close"), (90.0, "differs")])
def test_a_choice_among_other_networks_is_laid_beside_the_papers(verdict, mean, expected):
    rows = [("naswot", mean), ("parameters", 93.0), ("a random one", 90.5), ("the most accurate", 94.0)]
    table = [{"measure": name, "n": 40, "best_of_1000": value} for name, value in rows]
    claim = {"rule": "best_of", "method": "NASWOT (N=1000)", "table": "2b"}
    found = verdict(table, **claim)  # 93.10 ± 0.31
    assert (found.verdict, found.paper, found.note) == (expected, "93.10 ± 0.31", "40 networks")
    assert found.ours.endswith("(90.50 for a random one, 94.00 for the most accurate)")
    assert verdict(table, conditions="of another sample", **claim).verdict == "other conditions"


@pytest.mark.parametrize(("many", "expected"), [(93.0, "reproduced"), (89.0, "differs")])
def test_more_networks_give_a_better_choice_or_not(verdict, many, expected):
    rows = [{"measure": "naswot", "n": 40, "best_of_10": 90.0, "best_of_1000": many}]
    assert verdict(rows, rule="rises", samples=[10, 1000]).verdict == expected


def test_what_stands_in_a_picture_alone_or_cannot_be_run_says_so(tmp_path):
    results = Results(tmp_path, PRINTED)
    assert judge({"claim": "c", "rule": "image"}, results).verdict == "not in the text"
    assert judge({"claim": "c", "rule": "unrun", "needs": "a GPU"}, results).note == "needs a GPU"


@pytest.mark.parametrize(
    ("ends", "keys", "expected"),
    [
        ([(0.1, 0.2)], {}, "reproduced"),
        ([(-0.1, 0.2)], {}, "undecided"),
        ([(-0.2, -0.1)], {}, "differs"),
        ([(-0.2, -0.1)], {"sign": -1}, "reproduced"),
        ([(0.1, 0.2)], {"threshold": 0.3}, "differs"),
        ([(None, None)], {}, "undecided"),
        ([(0.1, 0.2), (-0.1, 0.1)], {"of": ["f0", "f1"]}, "undecided"),
        ([(0.1, 0.2), (-0.2, -0.1)], {"of": ["f0", "f1"]}, "differs"),
    ],
)
def test_figures_lie_above_a_threshold_with_their_whole_interval_or_below_it(verdict, ends, keys, expected):
    rows = [{"name": f"f{k}", "n": 50, "value": 0.1, "low": low, "high": high} for k, (low, high) in enumerate(ends)]
    found = verdict(rows, **{"rule": "above", "of": ["f0"]} | keys)
    assert found.verdict == expected
    assert found.ours.startswith(f"{0.1 * keys.get('sign', 1):+.3f} [")
