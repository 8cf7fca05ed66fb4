"""What the page on other measures says, against definitions written out and fabricated tables that decide otherwise."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.collections import PathCollection

from naswotbook.experiments import other_measures
from naswotbook.kept import scores_name

N = 40
RNG = np.random.default_rng(0)
ACCURACY = RNG.normal(80, 5, N)
FUNCTIONS = list(range(N))
NUMBERS = st.lists(st.sampled_from([-np.inf, 0.0, 1.0, 2.0]), min_size=1, max_size=4)


def _table(**measures: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame({"arch": [f"net {n}" for n in range(N)]} | measures | {"seconds": 1.0, "error": ""})


@given(values=NUMBERS, n_draws=st.integers(1, 4))
def test_what_a_search_reaches_is_the_mean_over_all_draws_with_equals_equally_likely(values, n_draws) -> None:
    accuracy = np.arange(len(values)) ** 2.0
    found = []
    for drawn in product(range(len(values)), repeat=n_draws):
        best = max(values[one] for one in drawn)
        found.append(np.mean([accuracy[one] for one in drawn if values[one] == best]))
    assert other_measures.search_mean(values, accuracy, n_draws) == pytest.approx(np.mean(found))


def test_over_seeds_numbers_are_means_and_intervals_are_of_seeds_too() -> None:
    noise = [RNG.normal(0, 5, N) for _ in range(3)]
    tables = [_table(naswot=ACCURACY + apart, near=ACCURACY, num_units=-apart) for apart in noise]
    found = other_measures.summarise_seeds(tables, ACCURACY, FUNCTIONS, seed=0, n_boot=100).set_index("measure")
    each = [other_measures.summarise(table, ACCURACY, FUNCTIONS, seed=0, n_boot=100) for table in tables]
    taus = [summary.set_index("measure").tau_b["naswot"] for summary in each]
    assert found.tau_b["naswot"] == pytest.approx(np.mean(taus))
    assert found.index[0] == "near"
    assert set(found.seeds) == {3}
    assert found.between["near"] == pytest.approx(1)
    assert 0 < found.between["naswot"] < 1
    assert found.low["naswot"] < min(taus) < max(taus) < found.high["naswot"]
    assert found.less["near"] == pytest.approx(np.mean(taus) - 1)
    assert found.less_high["near"] < 0 < found.less_low["num_units"]
    assert (found.less_low["naswot"], found.less_high["naswot"]) == (0, 0)
    said = " ".join(other_measures.in_words(found.reset_index()).split())
    assert "`near` ranks networks better than the score" in said


@pytest.mark.parametrize(("first", "says"), [(-ACCURACY, "worse than"), (ACCURACY, "better than")])
def test_the_answer_at_the_cheap_setting_can_go_either_way(first: np.ndarray, says: str) -> None:
    tables = [_table(naswot=ACCURACY + RNG.normal(0, 9, N), jacob_cov=first) for _ in range(2)]
    found = other_measures.summarise_seeds(tables, ACCURACY, FUNCTIONS, seed=0, n_boot=50)
    said = other_measures.first_when_cheap(found)
    assert said.startswith(f"At the cheap setting the first version ranks networks {says} the score: over 2 seeds")
    tau = found.set_index("measure").tau_b
    assert f"the difference {tau['jacob_cov'] - tau['naswot']:+.3f} [" in said


def test_of_one_seed_there_is_nothing_between_seeds() -> None:
    table = _table(naswot=ACCURACY, near=-ACCURACY, num_units=ACCURACY)
    found = other_measures.summarise_seeds([table], ACCURACY, FUNCTIONS, seed=0, n_boot=20)
    assert found.between.isna().all()
    assert found.tau_b.tolist() == pytest.approx([1, 1, -1])


def test_the_first_version_is_asked_over_all_seeds_where_every_one_has_all_networks() -> None:
    tables = [_table(naswot=ACCURACY, jacob_cov=-ACCURACY, jacob_cov_eval=ACCURACY) for _ in range(2)]
    compared = other_measures.first_version(tables, ACCURACY, FUNCTIONS, seed=0, n_boot=20)
    assert compared.seeds.tolist() == [2] * 6
    assert compared.n.tolist() == [N] * 6


def test_a_network_that_failed_is_never_chosen() -> None:
    assert other_measures.search_mean([np.nan, 1.0], [90.0, 50.0], 5) == 50


def test_a_measure_that_ranks_better_and_one_that_ranks_worse_are_named_so() -> None:
    noise = RNG.normal(0, 5, N)
    table = _table(naswot=ACCURACY + noise, near=ACCURACY, plain=-ACCURACY, snip=ACCURACY + noise, num_units=noise)
    summary = other_measures.summarise(table, ACCURACY, FUNCTIONS, seed=0, n_boot=100)
    assert summary.measure[0] == "near"
    assert summary.tau_b.is_monotonic_decreasing
    rows = summary.set_index("measure")
    assert rows.tau_b["naswot"] - rows.tau_b["plain"] == pytest.approx(rows.less["plain"])
    assert rows.best_of_100["near"] == pytest.approx(ACCURACY.max(), abs=0.5)
    said = " ".join(other_measures.in_words(summary).split())
    assert "`near` ranks networks better than the score; `snip` cannot be told apart from it" in said
    assert "`plain` ranks them worse; of the counts, ahead of it: none; behind it: `num_units`" in said


@pytest.mark.parametrize(
    ("better", "says"), [(True, "ranks networks better than"), (False, "ranks networks worse than")]
)
def test_the_first_version_can_win_and_lose(better: bool, says: str) -> None:
    noise = RNG.normal(0, 10, N)
    first, last = (ACCURACY, ACCURACY + noise) if better else (ACCURACY + noise, ACCURACY)
    tables = [_table(naswot=last, jacob_cov=first, jacob_cov_eval=first), _table(naswot=last, jacob_cov=first)[:30]]
    compared = other_measures.first_version(tables, ACCURACY, FUNCTIONS, seed=0, n_boot=100)
    assert compared.n.tolist() == [N] * 6 + [30]
    assert compared.by.tolist() == ["tau", "tau", *["best_of_10"] * 2, *["best_of_100"] * 2, "tau"]
    assert compared.seeds.tolist() == [1] * 6 + [2]
    sentences = other_measures.first_in_words(compared)
    verdict, *sentences = sentences
    assert verdict.startswith("**Yes**: of 4 intervals" if better else "**No**: of 4 intervals")
    assert all(says in sentence for sentence in sentences[:3])
    assert sentences[1].startswith("The first version with running statistics")
    assert sentences[3].startswith(
        "A search by the first version finds, in the mean accuracy of the highest, of 10 net"
    )
    found = compared.set_index(["by", "one"])
    reached = found.loc[("best_of_100", "jacob_cov")]
    assert reached.difference == pytest.approx(
        other_measures.search_mean(first, ACCURACY, 100) - other_measures.search_mean(last, ACCURACY, 100)
    )
    assert (reached.low > 0) == better


def test_two_versions_that_rank_alike_cannot_be_told_apart_and_one_seed_has_two_answers() -> None:
    table = _table(naswot=ACCURACY, jacob_cov=2 * ACCURACY, jacob_cov_eval=-ACCURACY)
    compared = other_measures.first_version([table], ACCURACY, FUNCTIONS, seed=0, n_boot=100)
    verdict, same, other, *_ = other_measures.first_in_words(compared)
    assert verdict == "**Nothing here tells them apart**: every interval holds zero."
    assert "cannot be told apart" in same
    assert "worse" in other


def test_devices_are_compared_on_all_networks_that_both_have_and_a_lost_minus_infinity_is_counted(
    tmp_path: Path,
) -> None:
    gpu = _table(naswot=np.full(N, 10.0), near=np.full(N, 4.0), snip=np.full(N, -np.inf))
    more = gpu[:5].assign(arch=[f"{arch} on the processor" for arch in gpu.arch[:5]], naswot=8.0)
    name = scores_name("nasbench201", "cifar10", counting="measures", seed=0)
    pd.concat([gpu, more]).to_parquet(tmp_path / name)
    runs = [{"rows": N, "settings": {"device": "cuda"}}, {"rows": 5, "settings": {"device": "cpu"}}]
    (tmp_path / "manifest.json").write_text(json.dumps({name: runs}))
    few = gpu[:4].assign(naswot=-1.0, near=5.0, snip=[-np.inf, -np.inf, 0.0, 0.0])
    few.to_parquet(tmp_path / other_measures.REFERENCE)
    kept = pd.DataFrame({"arch": [*gpu.arch, *more.arch], "score": 8.0})
    kept.to_parquet(tmp_path / scores_name("nasbench201", "cifar10", counting="once", seed=0))
    rows = other_measures.compare_devices(tmp_path).set_index("measure")
    assert rows.networks.to_dict() == {"naswot": N, "near": 4, "snip": 4}
    assert rows.largest[["naswot", "near"]].tolist() == pytest.approx([0.25, 0.2])
    assert rows.differ.to_dict() == {"naswot": 0, "near": 0, "snip": 2}
    words = " ".join(other_measures.devices_in_words(rows.reset_index()).split())
    assert f"Over 4 to {N} networks" in words
    assert "the largest of all is 0.2, of `naswot`. In 2 cases" in words


def test_seeds_are_those_whose_tables_are_there(tmp_path: Path) -> None:
    for seed in (0, 2):
        (tmp_path / scores_name("nasbench201", "cifar10", counting="measures", seed=seed)).touch()
    assert other_measures.seeds_there(tmp_path) == [0, 2]


def test_flops_stand_with_the_measures_and_before_what_is_none() -> None:
    arch = "|none~0|+|none~0|none~1|+|nor_conv_3x3~0|none~1|none~2|"
    table = pd.DataFrame({"arch": [arch], "naswot": [1.0], "seconds": [1.0], "error": [""]})
    whole = other_measures.with_flops(table, {})
    assert list(whole) == ["arch", "naswot", "flops", "seconds", "error"]
    assert whole.flops[0] > 0


def test_a_picture_has_a_bar_and_two_points_a_measure() -> None:
    table = _table(naswot=ACCURACY, near=-ACCURACY, num_units=ACCURACY)
    figure = other_measures.draw(other_measures.summarise(table, ACCURACY, FUNCTIONS, seed=0, n_boot=20))
    left, right = figure.axes
    assert len(left.patches) == 3
    drawn = [points for points in right.collections if isinstance(points, PathCollection)]
    assert [len(points.get_offsets()) for points in drawn if len(points.get_offsets())] == [3, 3]


def test_what_keeps_its_order_stands_first_and_counts_are_left_out() -> None:
    rows = {"measure": ["flops", "near", "zen"], "n": 40, "tau_b": [1.0, 0.3, 0.9], "low": 0.2, "high": [1, 0.4, None]}
    words = other_measures.order_in_words(pd.DataFrame(rows).assign(low=[1, 0.2, None]))
    assert words == "Over 40 cells, τ between the two settings is: `zen` 0.90, `near` 0.30 [0.20, 0.40]."
