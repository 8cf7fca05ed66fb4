"""Claims: each verdict follows from its rule and the numbers in a file, never from a hand."""

import pandas as pd
import pytest

from naswotbook.claims import judge
from naswotbook.verdicts import VERDICTS, Results, kind_of, worst
from support.verdicts import PRINTED


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


def test_a_rise_may_be_asked_for_after_a_few_epochs(verdict):
    columns = ("epoch", "networks", "above_start", "mean_score", "std_rise", "tau_start")
    rows = [(0, 3, 0, 100, 0, 1.0), (1, 3, 1, 90, 5, 0.9), (5, 3, 3, 120, 5, 0.8)]
    frame = [dict(zip(columns, row, strict=True)) for row in rows]
    claim = {"rule": "trained", "about": "rise", "networks": 3, "epochs": 5}
    assert verdict(frame, **claim).verdict == "differs"
    found = verdict(frame, **claim, after=5)
    assert (found.verdict, found.ours) == ("reproduced", "3 of 3 after 5 epochs")


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


def test_a_claim_without_results_says_what_it_needs_and_one_that_chooses_nothing_is_an_error(tmp_path, verdict):
    claim = {"claim": "c", "rule": "positive", "file": "no.csv", "needs": "a table"}
    found = judge(claim, Results(tmp_path, PRINTED))
    assert (found.verdict, found.note) == ("not run", "needs a table")
    with pytest.raises(ValueError, match=r"chooses nothing from t\.csv"):
        verdict([{"method": "REA"}], rule="means", rows={"method": "RAE"})
    with pytest.raises(ValueError, match="rule: 'reproduced' is unknown"):
        judge({"claim": "c", "rule": "reproduced"}, Results(tmp_path, PRINTED))


@pytest.mark.parametrize(("low", "said"), [(0.1, "as claimed"), (-0.1, "undecided"), (-0.9, "not as claimed")])
def test_what_is_tested_under_other_conditions_is_no_verdict_on_the_claim_whatever_came_out(verdict, low, said):
    row = {"tau": low + 0.1, "low": low, "high": low + 0.2, "n": 121}
    found = verdict([row], rule="positive", conditions="trained on another data set")
    assert found.verdict == "other conditions"
    assert found.ours == f"τ = {low + 0.1:.3f} [{low:.3f}, {low + 0.2:.3f}]"
    assert found.note == f"121 networks; {said}, but trained on another data set"
    assert kind_of(found.verdict) == "under other conditions"


def test_without_its_file_it_is_not_run_and_without_a_number_it_is_an_error(tmp_path, verdict):
    claim = {"claim": "c", "rule": "positive", "file": "no.csv", "needs": "a table", "conditions": "other networks"}
    assert judge(claim, Results(tmp_path, PRINTED)).verdict == "not run"
    few = {"tau": 0.5, "low": None, "high": None, "n": 9}
    with pytest.raises(ValueError, match="needs a number, its interval"):
        verdict([few], rule="positive", conditions="other networks")


def test_a_claim_that_is_about_several_things_is_as_good_as_its_worst_part():
    assert worst(["reproduced", "differs", "undecided"]) == "differs"
    assert worst(["reproduced", "undecided", "close"]) == "undecided"


def test_each_verdict_is_of_one_kind():
    kinds = {name: kind_of(name) for name in VERDICTS}
    assert [name for name, kind in kinds.items() if kind == "tested"] == [
        "reproduced",
        "close",
        "undecided",
        "differs",
        "contradicted",
    ]
    assert set(kinds.values()) == {"tested", "under other conditions", "not run", "with one possible answer"}
