"""Tables of measures: computed in parts, gone on with, timed, described, and compared between devices."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from naswotbook.experiments import measure_tables
from naswotbook.experiments.measure_tables import JOBS, SCORES, Job, compare_with_reference, read_batch, run
from naswotbook.kept import parse_name, read_runs
from naswotlib import load_images
from naswotlib.scoring.many import measure_archs

TINY = Job("nasbench201", 5, batch=6, measures=("swap", "snip"), skeleton={"stem_channels": 4, "cells_per_stage": 1})
HOW = {"device": "cpu", "workers": 1}


@pytest.fixture
def inputs(tmp_path: Path) -> Path:
    folder = tmp_path / "inputs"
    folder.mkdir()
    images, labels = load_images("photos", 8, seed=0, with_labels=True, side=16)
    for seed in (0, 1):
        np.savez(folder / f"images-seed{seed}.npz", images=images.numpy(), labels=labels.numpy())
    return folder


def values(table: pd.DataFrame) -> pd.DataFrame:
    return table.drop(columns="seconds")


def test_networks_come_in_the_order_of_the_committed_scores():
    for name in ("nasbench201", "nasbench101"):
        job = replace(JOBS[name], count=200)
        kept = {"nasbench201": "nasbench201-cifar10-once-seed0", "nasbench101": "nasbench101-cifar10-reference-seed0"}
        assert job.archs() == pd.read_parquet(SCORES / f"{kept[name]}.parquet").arch.tolist()[:200]


def test_no_two_jobs_write_the_same_table_unless_one_has_more_measures_or_networks():
    names = [job.name for name, job in JOBS.items() if not name.startswith(("first-version", "figure-3"))]
    assert len(set(names)) == len(names)
    assert parse_name(TINY.name.replace("measures", "once")) == {
        "space": "nasbench201",
        "dataset": "cifar10",
        "measure": "once",
        "seed": 0,
        "batch": 6,
        "skeleton": "stem_channels=4 cells_per_stage=1",
    }


def test_a_table_is_written_in_steps_and_described(inputs, tmp_path, monkeypatch):
    monkeypatch.setattr(measure_tables, "STEP", 2)
    out = tmp_path / "out"
    out.mkdir()
    table = run(TINY, inputs, out, tmp_path / "work", **HOW, seconds=math.inf)
    images, labels = read_batch(inputs, TINY)
    assert images.shape == (6, 3, 16, 16)
    how = {"measures": TINY.measures, "labels": labels, "skeleton": TINY.skeleton, "progress": False}
    assert_frame_equal(values(table), values(measure_archs("nasbench201", TINY.archs(), images, seed=0, **how)))
    assert_frame_equal(pd.read_parquet(out / TINY.name), table)
    (made,) = read_runs(out)[TINY.name]
    assert made["rows"] == 5
    assert made["settings"]["proxy"] == ["swap", "snip"]
    assert made["settings"]["skeleton"] == TINY.skeleton
    assert "torch" in made["versions"]
    assert "sha256" in made["settings"]["inputs"]


def test_a_run_that_is_out_of_time_keeps_what_it_has_and_a_later_one_goes_on(inputs, tmp_path):
    folders = [tmp_path / name for name in ("none", "first", "second")]
    for folder in folders:
        folder.mkdir()
    assert run(TINY, inputs, folders[0], tmp_path / "work0", **HOW, seconds=-1).empty
    assert list(folders[0].iterdir()) == []
    run(replace(TINY, count=2), inputs, folders[1], tmp_path / "work1", **HOW, seconds=math.inf)
    for path in folders[1].iterdir():  # as a folder of inputs for another machine
        path.rename(inputs / path.name)
    first = pd.read_parquet(inputs / TINY.name)
    table = run(TINY, inputs, folders[2], tmp_path / "work2", **HOW, seconds=math.inf)
    assert table.arch.tolist() == TINY.archs()
    assert_frame_equal(table[:2], first)
    assert [made["rows"] for made in read_runs(folders[2])[TINY.name]] == [2, 3]


def test_devices_are_compared_measure_by_measure(inputs, tmp_path, monkeypatch):
    monkeypatch.setattr(measure_tables, "REFERENCE", {"nasbench201": 2})
    monkeypatch.setattr(measure_tables, "JOBS", {"nasbench201": TINY})
    monkeypatch.setattr(measure_tables, "ALL", TINY.measures)
    images, labels = read_batch(inputs, TINY)
    how = {"measures": TINY.measures, "labels": labels, "progress": False}
    reference = measure_archs("nasbench201", TINY.archs()[:2], images, seed=0, **how)
    reference.assign(snip=[1.1 * reference.snip[0], -math.inf]).to_parquet(inputs / "reference-nasbench201.parquet")
    table = compare_with_reference(inputs, tmp_path, tmp_path, **HOW).set_index("measure")
    assert table.repeats.all()
    assert table.largest.to_dict() == {"swap": 0, "snip": pytest.approx(0.1 / 1.1)}
    assert table.differ.to_dict() == {"swap": 0, "snip": 1}
    assert (tmp_path / "measures-agreement.csv").exists()
