"""Scores of networks while they are trained."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from naswotbook.experiments.trajectories import load_trajectories, summarise_trajectories
from naswotlib import load_images, naswot_score
from naswotlib.benchmarks.trained import read_trained, write_trained
from naswotlib.spaces import arch_seed, get_space
from support.trained import write_watched


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("trained")
    write_watched(path / "t.parquet")
    return path


def test_a_trained_network_has_a_score_before_and_after_every_epoch(folder: Path) -> None:
    rows, _ = read_trained(folder / "t.parquet")
    table = load_trajectories(folder / "t.parquet")
    assert table.groupby("arch").epoch.apply(list).tolist() == [[0, 1, 2, 3]] * 3
    assert table.accuracy.is_monotonic_decreasing
    for row in rows:
        found = table[table.arch == row["arch"]]
        assert found.score.tolist() == row["scores"]
        assert set(found.accuracy) == {row["validation"][-1]}
    best = load_trajectories(folder / "t.parquet", n_archs=1)
    assert best.arch.unique().tolist() == [table.arch[0]]
    assert load_trajectories(folder / "t.parquet", seed=1).empty


def test_the_first_score_is_that_of_the_untrained_network(folder: Path) -> None:
    row = read_trained(folder / "t.parquet")[0][0]
    space = get_space("nasbench201")
    weights = arch_seed(0, row["arch"])
    network = space.build(space.from_str(row["arch"]), seed=weights, stem_channels=4, cells_per_stage=1)
    untrained = naswot_score(network, load_images("photos", 128, seed=0, side=8))
    assert row["scores"][0] == pytest.approx(float(untrained), rel=1e-6)


def test_networks_that_were_not_watched_and_a_file_that_is_not_there_give_no_rows(folder: Path) -> None:
    row = read_trained(folder / "t.parquet")[0][0]
    write_trained(folder / "u.parquet", [row | {"scores": None}], {})
    assert load_trajectories(folder / "u.parquet").empty
    assert load_trajectories(folder / "nowhere.parquet").columns.tolist() == ["arch", "epoch", "score", "accuracy"]


def test_a_summary_says_how_many_rose_and_how_far_the_order_holds() -> None:
    scores = {"a": [1.0, 5.0, 6.0], "b": [2.0, 1.5, 7.0]}
    table = pd.DataFrame(
        [(arch, epoch, score) for arch, row in scores.items() for epoch, score in enumerate(row)],
        columns=["arch", "epoch", "score"],
    )
    summary = summarise_trajectories(table)
    assert summary.above_start.tolist() == [0, 1, 2]
    assert summary.mean_score.tolist() == [1.5, 3.25, 6.5]
    assert summary.tau_start.tolist() == [1.0, -1.0, 1.0]
    assert summary.tau_end.tolist() == [1.0, -1.0, 1.0]
