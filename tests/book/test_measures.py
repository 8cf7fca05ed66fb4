"""Summaries of measures against plain definitions, with ties drawn at random; intervals over functions and seeds."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from naswotbook.experiments.measures import (
    SUMMARY,
    compare_measures,
    comparison_in_words,
    functions_of,
    order_kept,
    read_measures,
    resampled,
    summarise_measures,
)
from naswotbook.pairs import precision, regret, tau_b
from naswotlib.stats import tau_a

SMALL = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 5)), min_size=2, max_size=7)


def columns(pairs: list[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
    x, y = np.array(pairs, dtype=float).T
    return np.where(x == 0, -np.inf, x), y


def top_sets(values: np.ndarray, k: int) -> list[tuple[int, ...]]:
    """All sets of ``k`` that hold no lower value than one that they leave out."""
    places = range(len(values))
    sets = combinations(places, k)
    return [
        chosen
        for chosen in sets
        if min(values[[*chosen]]) >= max((values[p] for p in places if p not in chosen), default=-np.inf)
    ]


@settings(max_examples=60, deadline=None)
@given(SMALL, st.data())
def test_precision_and_regret_are_means_over_all_ways_to_break_ties(pairs, data):
    x, y = columns(pairs)
    k = data.draw(st.integers(1, len(x)))
    chosen, best = top_sets(x, k), top_sets(y, k)
    shared = np.mean([len({*one} & {*other}) / k for one in chosen for other in best])
    assert precision(x, y, k) == pytest.approx(shared)
    assert regret(x, y, k) == pytest.approx(y.max() - np.mean([y[[*one]].max() for one in chosen]))


@settings(max_examples=60, deadline=None)
@given(SMALL)
def test_tau_a_counts_all_pairs(pairs):
    x, y = columns(pairs)
    signs = [
        np.sign((x[i] > x[j]) * 1.0 - (x[i] < x[j])) * np.sign(y[i] - y[j]) for i, j in combinations(range(len(x)), 2)
    ]
    assert tau_a(x, y) == pytest.approx(np.mean(signs))


def noisy(n: int, noise: dict[str, float], *, seed: int = 0) -> tuple[pd.DataFrame, np.ndarray]:
    """A table of measures that are accuracy and so much noise."""
    rng = np.random.default_rng(seed)
    accuracy = np.random.default_rng(99).normal(90, 3, n)
    values = {name: accuracy + size * rng.normal(size=n) for name, size in noise.items()}
    table = pd.DataFrame({"arch": [f"net{i}" for i in range(n)]} | values | {"seconds": 2.0, "error": ""})
    return table, accuracy


def test_a_summary_has_a_row_a_measure():
    table, accuracy = noisy(200, {"good": 1.0, "poor": 30.0})
    table["perfect"], table["constant"] = accuracy, 1.0
    table.loc[0, "good"], table.loc[1, "poor"] = np.nan, -np.inf
    found = summarise_measures(table, accuracy, seed=0, n_boot=100).set_index("measure")
    assert [found.index.name, *found] == SUMMARY
    assert found.n.to_dict() == {"good": 199, "poor": 200, "perfect": 200, "constant": 200}
    assert (found.failed["good"], found.singular["poor"]) == (1, 1)
    assert found.loc["perfect", ["tau_b", "tau_a", "precision", "regret"]].tolist() == [1, 1, 1, 0]
    assert math.isnan(found.tau_b["constant"])
    assert found.tau_a["constant"] == 0
    assert found.precision["constant"] == pytest.approx(0.1)
    assert 0 < found.low["good"] < found.tau_b["good"] < found.high["good"] < 1
    assert found.tau_b["good"] > found.tau_b["poor"]
    assert found.regret["good"] < found.regret["constant"]
    with pytest.raises(ValueError, match="accuracy: expected 200, one for each network, got 199"):
        summarise_measures(table, accuracy[1:], seed=0)


def test_copies_of_a_network_are_no_evidence():
    table, accuracy = noisy(40, {"one": 3.0})
    x = table.one.to_numpy()
    alone = resampled(tau_b, x, accuracy, seed=0, n_boot=400)
    names = [*range(40)] * 5
    many, known = np.tile(x, 5), np.tile(accuracy, 5)
    copies = resampled(tau_b, many, known, functions=names, seed=0, n_boot=400)
    trusting = resampled(tau_b, many, known, seed=0, n_boot=400)
    assert copies == pytest.approx(alone, abs=1e-9)
    assert trusting[1] - trusting[0] < 0.7 * (alone[1] - alone[0])


def test_of_fewer_than_ten_networks_there_is_no_interval():
    assert np.isnan(resampled(lambda _: 1.0, np.zeros(9), seed=0)).all()
    assert np.isnan(resampled(lambda _: 1.0, np.zeros(90), functions=[*"ababababa"] * 10, seed=0)).all()
    assert resampled(lambda _: 1.0, np.zeros(10), seed=0) == (1.0, 1.0)


@pytest.mark.parametrize(
    ("noise", "verdict"),
    [((1.0, 6.0), "better than"), ((6.0, 1.0), "worse than"), ((4.0, 4.0), "cannot be told apart")],
)
def test_two_measures_are_compared_over_networks_and_seeds(noise, verdict):
    tables = [noisy(150, dict(zip(("new", "old"), noise, strict=True)), seed=seed)[0] for seed in range(3)]
    accuracy = noisy(150, {})[1]
    tables[1].loc[3, "old"] = np.nan
    found = compare_measures(tables, accuracy, "new", "old", seed=0, n_boot=200)
    assert (found["n"], found["seeds"], len(found["by_seed"])) == (149, 3, 3)
    assert found["difference"] == pytest.approx(np.mean(found["by_seed"]))
    assert found["difference"] == pytest.approx(found["tau_one"] - found["tau_other"])
    assert found["low"] < found["difference"] < found["high"]
    words = comparison_in_words(found, one="The score", other="its first version")
    assert verdict in words
    assert "over 3 seeds and 149 networks" in words


def test_tables_of_other_networks_are_not_compared():
    table, accuracy = noisy(20, {"new": 1.0, "old": 1.0})
    with pytest.raises(ValueError, match="tables: expected the same networks in the same order"):
        compare_measures([table, table[::-1]], accuracy, "new", "old", seed=0)


def test_cells_of_one_function_are_one_and_other_spaces_have_their_own(tmp_path):
    skip = "|skip_connect~0|+|none~0|{}~1|+|none~0|none~1|skip_connect~2|"
    alike = ["|nor_conv_3x3~0|+|none~0|skip_connect~1|+|none~0|none~1|skip_connect~2|", skip.format("nor_conv_3x3")]
    found = functions_of("nasbench201", [*alike, skip.format("nor_conv_1x1")])
    assert found[0] == found[1] != found[2]
    assert functions_of("nasbench101", ["a", "b"]) == ["a", "b"]
    table, _ = noisy(5, {"swap": 1.0})
    table.to_parquet(tmp_path / "nasbench101-cifar10-measures-seed1-batch32.parquet", index=False)
    assert read_measures(tmp_path, "nasbench101", seed=1, batch_size=32).arch.tolist() == table.arch.tolist()


def test_the_order_at_a_cheap_setting_is_compared_network_by_network():
    full, _ = noisy(60, {"swap": 1.0, "near": 1.0, "zen": 1.0})
    cheap = full[["arch", "swap", "near", "seconds", "error"]].assign(near=-full.near)[::-1][:50]
    cheap.loc[20, "swap"] = np.nan
    found = order_kept(full, cheap, seed=0, n_boot=50).set_index("measure")
    assert found.index.tolist() == ["swap", "near"]
    assert found.tau_b.to_dict() == pytest.approx({"swap": 1, "near": -1})
    assert found.n.to_dict() == {"swap": 49, "near": 50}
    one = order_kept(full, cheap, functions=["the same"] * 60, seed=0)
    assert one.low.isna().all()
