"""Claims of others: rules that say each verdict, figures against definitions, and a file whose every entry is used."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from naswotbook.experiments import after
from naswotbook.experiments.measures import tau_b
from naswotlib.spaces import get_space

ROOT = Path(__file__).parents[2]
BOOK = after.read_after(ROOT / "book" / "after.yml")
N = 40
RNG = np.random.default_rng(0)
ACCURACY = RNG.normal(80, 5, N)


def _figures(**ends: tuple[float, float]) -> pd.DataFrame:
    rows = [{"name": name, "n": 50, "value": sum(two) / 2, "low": two[0], "high": two[1]} for name, two in ends.items()]
    return pd.DataFrame(rows)


def _claim(**keys: object) -> dict[str, object]:
    return {"source": "ning2021", "claim": "This holds", "rule": "above", "of": ["a"]} | keys


@pytest.mark.parametrize(
    ("ends", "keys", "verdict"),
    [
        ((0.1, 0.2), {}, "reproduced"),
        ((-0.1, 0.2), {}, "undecided"),
        ((-0.2, -0.1), {}, "differs"),
        ((-0.2, -0.1), {"sign": -1}, "reproduced"),
        ((0.1, 0.2), {"threshold": 0.3}, "differs"),
        ((np.nan, np.nan), {}, "undecided"),
    ],
)
def test_a_claim_holds_with_its_whole_interval_or_it_does_not(ends, keys, verdict) -> None:
    assert after.judge(_claim(**keys), _figures(a=ends))["verdict"] == verdict


def test_a_claim_about_two_figures_needs_both_and_one_without_data_is_not_run() -> None:
    both = _claim(of=["a", "b"])
    assert after.judge(both, _figures(a=(0.1, 0.2), b=(-0.1, 0.1)))["verdict"] == "undecided"
    assert after.judge(both, _figures(a=(0.1, 0.2), b=(-0.2, -0.1)))["verdict"] == "differs"
    found = after.judge({"source": "wei2024", "claim": "This holds", "needs": "transformers"}, _figures(a=(0, 1)))
    assert (found["verdict"], found["ours"]) == ("not run", "needs transformers")


def test_what_stands_beside_a_claim_is_turned_with_its_sign() -> None:
    found = after.judge(_claim(sign=-1), _figures(a=(0.1, 0.3)))
    assert found["ours"] == "-0.200 [-0.300, -0.100] (n = 50)"
    assert found["claim"] == "This holds {cite}`ning2021`"


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
    verdicts = [after.judge(claim, figures) for claim in BOOK["claims"]]
    assert after.verdicts_in_words(verdicts).startswith(f"Of {len(BOOK['claims'])} claims, ")
