"""What the score depends on besides the network: one thing changes at a time."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from naswotbook.experiments.ablation import (
    TITLES,
    choose_networks,
    draw_ablations,
    over_smallest,
    run_ablations,
    summarise_ablations,
)
from naswotbook.samples import draw_sample
from naswotlib import load_images, score_archs

SAMPLE = draw_sample("nasbench201", "cifar10", 3, profile="demo", seed=0)
SETTINGS = {"repeats": 3, "batch_size": 8, "batch_sizes": [4, 8], "counting": "reference", "seed": 5}


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return run_ablations(SAMPLE, SAMPLE.archs, **SETTINGS)


def _score(images: str, number: int, image_seed: int, weight_seed: int) -> list[float]:
    inputs = load_images(images, number, seed=image_seed, side=16)
    how = {"counting": "reference", "exact": False, "skeleton": SAMPLE.skeleton, "progress": False}
    return score_archs("nasbench201", SAMPLE.archs, inputs, seed=weight_seed, **how).score.tolist()


def test_each_experiment_changes_one_thing_and_starts_from_the_same_run(table: pd.DataFrame) -> None:
    other = int(np.random.default_rng(5).integers(2**31, size=2)[0])

    def scores(ablation: str, batch_size: int, repeat: int) -> list[float]:
        rows = table[(table.ablation == ablation) & (table.batch_size == batch_size) & (table.repeat == repeat)]
        assert rows.arch.tolist() == SAMPLE.archs
        return rows.score.tolist()

    assert scores("mini-batches", 8, 0) == scores("initialisations", 8, 0) == _score("photos", 8, 5, 5)
    assert scores("mini-batches", 8, 1) == _score("photos", 8, other, 5)
    assert scores("noise", 8, 1) == _score("noise", 8, other, 5)
    assert scores("initialisations", 8, 1) == _score("photos", 8, 5, other)
    assert scores("sizes", 4, 1) == _score("photos", 4, other, 5)
    assert scores("sizes", 8, 2) == scores("mini-batches", 8, 2)
    assert len(table) == 3 * 3 * 5


def test_agreement_is_one_where_no_repeat_changes_the_order_and_spreads_are_those_of_the_scores() -> None:
    rows = [("x", 8, repeat, arch, score) for repeat in (0, 1) for arch, score in (("a", 1 + repeat), ("b", 9))]
    rows += [("y", 8, 0, "a", 9), ("y", 8, 0, "b", 2), ("y", 8, 1, "a", 3), ("y", 8, 1, "b", 4)]
    first, second = summarise_ablations(
        pd.DataFrame(rows, columns=["ablation", "batch_size", "repeat", "arch", "score"]), {"a": 70.0, "b": 60.0}
    ).to_dict("records")
    assert (first["agreement"], first["with_first"], first["networks"], first["repeats"]) == (1.0, 1.0, 2, 2)
    assert (first["between"], first["within"]) == (3.75, 0.25)
    assert (second["agreement"], second["with_first"]) == (-1.0, -1.0)
    assert (first["with_accuracy"], second["with_accuracy"]) == (-1.0, 1.0)
    assert np.isnan(first["with_accuracy_low"])  # of two networks there is no interval


def test_scores_of_a_size_are_divided_by_the_smallest_of_all_networks_on_that_size(table: pd.DataFrame) -> None:
    shares = over_smallest(table)
    assert set(shares.ablation) == {"sizes"}
    assert shares.groupby("batch_size").score.min().tolist() == [1.0, 1.0]
    sizes = table[table.ablation == "sizes"]
    assert shares.score.iloc[-1] == sizes.score.iloc[-1] / sizes[sizes.batch_size == 8].score.min()


def test_a_network_stands_for_each_band_of_percentiles_above_the_50th() -> None:
    sample = replace(SAMPLE, archs=list("abcdef"), accuracy=np.array([10.0, 20, 60, 50, 40, 30]))
    chosen = choose_networks(sample, 2)
    assert chosen.to_dict("list") == {"arch": ["e", "c"], "network": ["50–75", "75–100"]}


def test_a_kept_table_is_that_of_its_own_settings_and_is_not_computed_again(tmp_path: Path) -> None:
    settings = {"repeats": 2, "batch_size": 4, "counting": "once", "seed": 1, "kept": tmp_path}
    one = run_ablations(SAMPLE, SAMPLE.archs[:2], batch_sizes=[2, 4], **settings)
    other = run_ablations(SAMPLE, SAMPLE.archs[:2], batch_sizes=[4], **settings)
    assert sorted(set(one.batch_size)) == [2, 4]
    assert sorted(set(other.batch_size)) == [4]
    for path in tmp_path.iterdir():
        pd.read_parquet(path).assign(score=7.0).to_parquet(path)
    again = run_ablations(SAMPLE, SAMPLE.archs[:2], batch_sizes=[4], **settings)
    assert set(again.score) == {7.0}
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "fig5-once-seed1-archs2-repeats2-batch4-sizes2-4.parquet",
        "fig5-once-seed1-archs2-repeats2-batch4-sizes4.parquet",
    ]


def test_a_panel_stands_for_each_experiment_and_the_last_has_shares_of_the_smallest(table: pd.DataFrame) -> None:
    named = table.assign(network=table.arch.map(dict(zip(SAMPLE.archs, "xyz", strict=True))))
    axes = draw_ablations(named, list("zxy")).axes
    assert [ax.get_title() for ax in axes] == [*TITLES.values()]
    assert {tuple(label.get_text() for label in ax.get_xticklabels()) for ax in axes} == {("z", "x", "y")}
    assert [ax.get_ylabel() for ax in axes] == ["score"] * 3 + ["score / smallest of that size"]
