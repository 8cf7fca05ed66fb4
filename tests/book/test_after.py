"""Claims of others: rules that say each verdict, figures against definitions, and a file whose every entry is used."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from naswotbook.experiments import after
from naswotbook.pairs import tau_b
from naswotbook.verdicts import VERDICTS, Results
from naswotlib.spaces import get_space

ROOT = Path(__file__).parents[2]
BOOK = after.read_after(ROOT / "book" / "after.yml")
N = 40
RNG = np.random.default_rng(0)
ACCURACY = RNG.normal(80, 5, N)


def test_a_claim_of_others_is_judged_as_those_of_the_paper_are(tmp_path) -> None:
    rows = {"name": ["a"], "n": 50, "value": 0.2, "low": 0.1, "high": 0.3}
    pd.DataFrame(rows).to_csv(tmp_path / "f.csv", index=False)
    claims = [
        {"source": "ning2021", "claim": "This holds", "rule": "above", "file": "f.csv", "of": ["a"], "note": "so said"},
        {"source": "wei2024", "claim": "And this", "rule": "unrun", "needs": "transformers"},
    ]
    for claim, seen in zip(claims, ("text", "abstract"), strict=True):
        claim["seen"] = seen
    found = after.judge_all(claims, Results(tmp_path, pd.DataFrame()))
    assert found.claim.tolist() == ["This holds {cite}`ning2021`", "And this {cite}`wei2024` (abstract)"]
    assert found.ours.tolist() == ["+0.200 [+0.100, +0.300] (n = 50)", ""]
    assert found.verdict.tolist() == ["reproduced", "not run"]
    assert found.note.tolist() == ["so said", "needs transformers"]
    assert after.verdicts_in_words(found) == "Of 2 claims that others made since: 1 reproduced, 1 not run."


def _measured() -> pd.DataFrame:
    names = dict.fromkeys((*after.SUITE, *after.ASSEMBLED, "swap", "near", "jacob_cov_eval", *after.COUNTS))
    columns = {name: RNG.normal(size=N) for name in names}
    columns["naswot"] = columns["near"] = ACCURACY
    columns["num_units"] = columns["parameters"] = np.repeat(np.arange(10.0), 4)
    return pd.DataFrame({"arch": [f"net {n}" for n in range(N)]} | columns | {"seconds": 1.0, "error": ""})


def test_figures_are_differences_of_tau_with_intervals_around_them() -> None:
    table = _measured()
    rows = after.of_measures(table, ACCURACY, list(range(N)), seed=0, n_boot=30).set_index("name")
    assert rows.value["naswot - parameters"] == pytest.approx(1 - tau_b(table.parameters, ACCURACY))
    assert rows.value["equal parameters"] == 0  # a perfect order is one within groups too
    assert rows.value["near - naswot"] == rows.high["near - naswot"] == 0
    assert rows.value["naswot - best of suite"] > 0
    assert rows.value["share below flops"] <= 0.5
    assert (rows.low <= rows.high).all()
    assert set(rows.n) == {N}


def test_an_assembly_of_one_order_keeps_it_and_of_opposite_orders_ties_the_ends() -> None:
    up = np.arange(5.0)
    assert np.argsort(after.assemble([up, up])).tolist() == [0, 1, 2, 3, 4]
    both = after.assemble([up, -up])
    assert both[0] == pytest.approx(both[-1])
    assert both.argmax() == 2


def test_edges_explain_a_score_that_counts_convolutions_and_not_one_that_is_noise() -> None:
    space = get_space("nasbench201")
    archs = [space.to_str(space[index]) for index in RNG.permutation(len(space))[:2000]]
    count = np.array([arch.count("conv") for arch in archs], dtype=float)
    assert after.explained_by_edges(archs, count) == 1
    assert after.explained_by_edges(archs, RNG.normal(size=len(archs))) < 0.05
    assert after.explained_by_edges(archs, np.where(count > 5, -np.inf, count)) == 1


def test_correlations_with_accuracy_are_rank_correlations() -> None:
    rows = after.correlations(pd.DataFrame({"naswot": [1.0, 2, 3]}), [2.0, 1, 3], "here", ["naswot"]).set_index("name")
    assert rows.value.to_dict() == pytest.approx({"spearman naswot here": 0.5, "kendall naswot here": 1 / 3})


def test_sizes_are_counted_and_their_tau_taken_off() -> None:
    space = get_space("nasbench201")
    scores = pd.DataFrame({"arch": [space.to_str(space[index]) for index in range(0, 1200, 100)]})
    scores = scores.assign(score=np.arange(12.0), num_units=np.arange(12.0)[::-1])
    rows, table = after.of_sizes(scores, np.arange(12.0), "nasbench201", seed=0, n_boot=10)
    assert rows.set_index("name").value["nasbench201: naswot - num_units"] == pytest.approx(2)
    assert (table[["parameters", "flops"]] > 0).all().all()


def test_every_claim_and_value_has_a_source_that_is_in_the_references() -> None:
    known = set(re.findall(r"^@\w+\{(\w+),", (ROOT / "book" / "references.bib").read_text(), re.MULTILINE))
    assert {entry["source"] for part in BOOK.values() for entry in part} <= known


def test_every_figure_that_the_file_names_is_among_those_that_are_published() -> None:
    path = ROOT / "figures" / "paper" / "after-seed0.csv"
    figures = pd.read_csv(path)
    asked = {name for claim in BOOK["claims"] for name in claim.get("of", [])}
    asked |= {f"{v['statistic']} {v['measure']} {where}" for v in BOOK["values"] for where in v["printed"]}
    assert asked <= set(figures.name)
    beside = after.printed_beside_ours(BOOK["values"], figures)
    assert beside.ours.between(-1, 1).all()
    verdicts = after.judge_all(BOOK["claims"], Results(path.parent, pd.DataFrame())).verdict
    assert set(verdicts) <= set(VERDICTS)
    assert len(verdicts) == len(BOOK["claims"])
