"""Which change makes small networks move as those of Figure 6 do."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from naswotbook.experiments import causes
from naswotbook.experiments.causes import BUNDLED, CHANGES, FULL, SMALL, Change, compare_changes, describe_changes
from naswotbook.experiments.trajectories import KEPT, READINGS, keep_trajectories
from naswotbook.kept import read_runs
from naswotbook.plots import moved_scores
from naswotlib.benchmarks.trained import Recipe, write_trained
from naswotlib.training.suite import published_recipe
from support.trained import write_watched


def _table(*scores: list[float], running: float = np.nan) -> pd.DataFrame:
    """Networks with these scores before training, in the first epoch, after it and after the second."""
    epochs = [0.0, 0.5, 1.0, 2.0]
    return pd.concat(
        pd.DataFrame({"arch": f"{number}", "epoch": epochs, "score": values, "running": running})
        for number, values in enumerate(scores)
    )


DOWN, UP, BACK = [10.0, 7.0, 8.0, 9.0], [10.0, 11.0, 12.0, 14.0], [10.0, 7.0, 8.0, 11.0]


@pytest.mark.parametrize("name", [change.name for change in CHANGES.values()])
def test_one_thing_alone_is_changed_and_it_is_that_of_figure_6(name: str) -> None:
    [change] = [change for change in CHANGES.values() if change.name == name]
    skeleton = {"stem_channels": 16, "cells_per_stage": 5}  # of NAS-Bench-201's own networks
    large = {field.name: getattr(published_recipe(), field.name) for field in fields(Recipe)}
    differ = []
    for field in fields(Recipe):
        ours, small = getattr(change.recipe, field.name), getattr(SMALL, field.name)
        if field.name == "skeleton":
            ours, small = skeleton | dict(ours), skeleton | dict(small)
            differ += [key for key in skeleton if ours[key] != small[key] and ours[key] == skeleton[key]]
            assert all(ours[key] in (small[key], skeleton[key]) for key in skeleton)
        elif ours != small:
            assert ours == large[field.name]
            differ.append(field.name)
    differ += ["images"] * (change.images == "cifar10")
    assert len(differ) == (name != BUNDLED)


def test_how_far_a_score_moves_and_where_all_networks_agree() -> None:
    tables = {FULL: _table(DOWN, DOWN), "up": _table(UP, UP), "apart": _table(DOWN, UP), "back": _table(BACK)}
    found = compare_changes(tables).set_index("change")
    assert found.networks.tolist() == [2, 2, 2, 1]
    assert found[["first", "one", "last"]].loc["apart"].tolist() == [-1.0, 0.0, 1.5]
    assert found[["below", "above", "of"]].to_numpy().tolist() == [[3, 0, 3], [0, 3, 3], [0, 0, 3], [2, 1, 3]]
    assert compare_changes(tables, "running").empty


@pytest.mark.parametrize(
    ("full", "alike"), [(DOWN, "1 of 4 changes makes small networks"), (UP, "2 of 4 changes make small networks")]
)
def test_words_count_the_changes_with_which_small_networks_do_what_those_of_full_size_do(
    full: list[float], alike: str
) -> None:
    tables = {
        FULL: _table(full),
        BUNDLED: _table(BACK),
        "a": _table(DOWN),
        "b": _table(UP, UP),
        "c": _table(BACK),
        "d": _table(UP),
    }
    words = " ".join(describe_changes(compare_changes(tables)).split())
    assert f"{alike} move as those of full size do: {'a' if full == DOWN else 'b, d'}." in words
    assert "With 1 cells of each kind" in words
    assert f"it is neither with: {BUNDLED}, c." in words


def test_where_no_change_does_it_the_words_say_so() -> None:
    tables = {FULL: _table(BACK), BUNDLED: _table(BACK), "a": _table(DOWN), "b": _table(UP)}
    assert "0 of 2 changes make" in (words := " ".join(describe_changes(compare_changes(tables)).split()))
    assert "as those of full size do: none." in words


def test_changes_are_trained_once_and_their_scores_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By a trainer that counts; real ones are tested where they are."""
    asked = []

    def train(space, archs, *, out, recipe, watch, **how) -> None:
        asked.append((out.name, recipe, watch.images, watch.running))
        rows = write_watched(out, count=2)
        write_trained(out, rows, {"recipe": recipe.as_metadata(), "device": "cpu"})

    two = {"a.parquet": Change("a"), "b.parquet": Change("b", images="cifar10")}
    monkeypatch.setattr(causes, "train_table", train)
    monkeypatch.setattr(causes, "CHANGES", two)
    scores = tmp_path / "scores"
    causes.train_changes([], tmp_path, scores)
    assert asked == [("a.parquet", SMALL, "photos", True), ("b.parquet", SMALL, "cifar10", True)]
    assert set(read_runs(scores)) == {"a.parquet", "b.parquet"}
    keep_trajectories([tmp_path / "a.parquet"], scores / KEPT)
    tables = causes.read_changes(scores)
    assert list(tables) == [FULL, "a", "b"]
    assert tables["a"].arch.nunique() == 2


def test_a_panel_a_change_with_a_line_a_network_and_reading() -> None:
    tables = {FULL: _table(DOWN, UP), "both": _table(DOWN, UP, running=3.0)}
    figure = moved_scores(tables, readings=READINGS)
    first, second, *others = figure.axes
    lines = [line for line in second.lines if len(line.get_xdata()) == 4]
    assert [line.get_ydata().tolist() for line in lines] == [
        [0, -3, -2, -1],
        [0, 0, 0, 0],
        [0, 1, 2, 4],
        [0, 0, 0, 0],
    ]
    assert [ax.get_title() for ax in (first, second)] == [FULL, "both"]
    assert not any(ax.axison for ax in others)
