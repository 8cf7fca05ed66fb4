"""Scores of networks while they are trained."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from naswotbook.experiments.trajectories import (
    COLUMNS,
    KEPT,
    compare_readings,
    describe_readings,
    draw_accurate,
    keep_trajectories,
    load_trajectories,
    readings,
    rise_and_order,
    shown_epochs,
    summarise_trajectories,
)
from naswotbook.kept import parse_name, read_runs
from naswotlib import load_images, naswot_score
from naswotlib.benchmarks.trained import read_trained, write_trained
from naswotlib.spaces import arch_seed, get_space
from naswotlib.spaces.base import sample_distinct
from naswotlib.training.suite import FIGURE_6
from support.trained import write_watched

RNG = np.random.default_rng


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
    assert load_trajectories(folder / "nowhere.parquet").columns.tolist() == COLUMNS


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


def test_what_is_kept_has_the_scores_and_no_accuracy_and_its_manifest_says_the_rest(folder: Path) -> None:
    rows, metadata = read_trained(folder / "t.parquet")
    out = folder / "scores" / KEPT
    kept = keep_trajectories([folder / "t.parquet"], out)
    assert kept.columns.tolist() == ["arch", "seed", "step", "epoch", "score", "running", "loss"]
    for row in rows:
        of_one = kept[kept.arch == row["arch"]]
        assert of_one.score.tolist() == row["scores"]
        assert of_one.loss.dropna().tolist() == row["epoch_losses"]
        assert of_one.step.tolist() == row["steps"]
    table = load_trajectories(out)
    trained = load_trajectories(folder / "t.parquet").sort_values(["arch", "epoch"], ignore_index=True)
    assert table.accuracy.isna().all()
    assert readings(table) == ["score"]
    pd.testing.assert_frame_equal(
        table.sort_values(["arch", "epoch"], ignore_index=True).drop(columns="accuracy"),
        trained.drop(columns="accuracy"),
    )
    assert load_trajectories(out, n_archs=2).arch.nunique() == 2
    [run] = read_runs(out.parent)[KEPT]
    assert (run["rows"], run["hardware"]) == (len(kept), "cpu")
    assert run["settings"]["recipe"] == metadata["recipe"]
    last = sorted(row["validation"][-1] for row in rows)
    assert run["settings"]["reached"]["validation"] == pytest.approx(last, abs=0.01)
    assert parse_name(KEPT) is None


def test_scores_with_running_statistics_are_kept_beside_the_others(folder: Path) -> None:
    rows, metadata = read_trained(folder / "t.parquet")
    both = [row | {"running_scores": [score + 1 for score in row["scores"]]} for row in rows]
    write_trained(folder / "both.parquet", both, metadata)
    keep_trajectories([folder / "both.parquet"], folder / "both" / KEPT)
    for file in (folder / "both.parquet", folder / "both" / KEPT):
        table = load_trajectories(file)
        assert readings(table) == ["score", "running"]
        means = [summarise_trajectories(table, name).mean_score for name in ("score", "running")]
        assert (means[1] - means[0]).tolist() == pytest.approx([1] * len(means[0]))


def test_tables_that_were_not_trained_alike_are_not_kept_together(folder: Path) -> None:
    rows, metadata = read_trained(folder / "t.parquet")
    write_trained(folder / "other.parquet", rows, metadata | {"device": "NVIDIA H100"})
    with pytest.raises(ValueError, match=r"t.parquet, .*other.parquet were not trained alike"):
        keep_trajectories([folder / "t.parquet", folder / "other.parquet"], folder / "scores" / "x.parquet")


def test_a_network_that_was_stopped_earlier_shortens_the_summary() -> None:
    rows = [("a", 0, 1.0), ("a", 0.5, 2.0), ("a", 1, 3.0), ("a", 2, 4.0), ("b", 0, 2.0), ("b", 0.5, 1.0), ("b", 1, 4.0)]
    summary = summarise_trajectories(pd.DataFrame(rows, columns=["arch", "epoch", "score"]))
    assert summary.epoch.tolist() == [0, 0.5, 1]
    assert summary.above_start.tolist() == [0, 1, 2]
    text = " ".join(rise_and_order(summary).split())
    assert "At 1 times within the first epoch 1 of 2 networks score higher than before training." in text
    assert "After one epoch 2 of 2 networks score higher" in text
    assert "changes by +2.0 ± 0.0" in text


def test_few_of_many_epochs_are_shown() -> None:
    epochs = [0, 0.1, *range(1, 101)]
    shown = shown_epochs(pd.DataFrame({"epoch": [float(epoch) for epoch in epochs]}))
    assert shown.epoch.tolist() == [0, 0.1, 1, 2, 3, 5, 10, 20, 30, 50, 75, 100]


def test_accurate_cells_are_the_first_of_a_random_order_that_are_above(tmp_path: Path) -> None:
    order = [get_space("nasbench201").to_str(arch) for arch in sample_distinct(get_space("nasbench201"), 20, RNG(0))]
    accuracy = [95.0 if number in (3, 7, 12) else 80.0 for number in range(20)]
    published = pd.DataFrame({"arch_str": order, "cifar10_val_200ep": accuracy})
    published.to_csv(tmp_path / "nasbench201.csv.gz", index=False)
    assert draw_accurate(2, among=20, data_dir=tmp_path) == [order[3], order[7]]
    with pytest.raises(ValueError, match=r"count: 3 of 20 cells are above 90\.0, fewer than the 4 asked for"):
        draw_accurate(4, among=20, data_dir=tmp_path)


def test_the_small_networks_of_the_suite_are_the_cells_that_were_trained_at_full_size() -> None:
    space = get_space("nasbench201")
    kept = load_trajectories(Path(__file__).parents[2] / "figures" / "paper" / "scores" / KEPT)
    assert {space.to_str(space[index]) for index in FIGURE_6} == set(kept.arch)


def test_two_readings_of_one_training_stand_side_by_side() -> None:
    scores = {"score": [10.0, 8.0, 9.0], "running": [5.0, 7.5, 7.0]}
    table = pd.DataFrame({"arch": "a", "epoch": [0, 0.5, 1]} | scores)
    table = pd.concat([table, table.assign(arch="b", score=table.score + 1, running=table.running + 2)])
    summaries = {name: summarise_trajectories(table, name) for name in scores}
    found = compare_readings(summaries)
    assert found.epoch.tolist() == [0, 0.5, 1]
    assert found["statistics of the mini-batch"].tolist() == [10.5, 8.5, 9.5]
    assert found["above, statistics of the mini-batch"].tolist() == [0, 0, 0]
    assert found["above, running statistics"].tolist() == [0, 2, 2]
    words = " ".join(describe_readings(summaries).split())
    assert "With statistics of the mini-batch, 0 of 2 networks score higher after 0.50 epochs" in words
    assert (
        "With running statistics, 2 of 2 networks score higher after 0.50 epochs than before training, by +2.5" in words
    )
    assert "lies +2.0 to +2.5 from where it began" in words
