"""Gradient measures from a machine with a graphics card: what it is sent, what it writes, what is kept of it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from naswotbook.experiments.gradient_tables import MEASURED, keep_measures, pack_archs, pack_images, read_rows
from naswotbook.experiments.gradients import main, read_archs, read_images
from naswotbook.kept import list_tables, read_runs
from naswotlib import get_space, load_images, score_archs
from naswotlib.benchmarks import import_file
from support.published import write_nds

SPACES = ["nds_darts_imagenet", "nds_enas_imagenet"]


@pytest.fixture(scope="module")
def sent(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a run is sent: two photographs, and three of the smallest networks of each of two spaces."""
    folder, rng = tmp_path_factory.mktemp("sent"), np.random.default_rng(0)
    for space, stem in zip(SPACES, ["DARTS_in", "ENAS_in"], strict=True):
        archs = [replace(get_space(space).sample(rng), width=32, depth=6) for _ in range(3)]
        write_nds(folder / f"{stem}.json", archs, [[40.0, 25.0], [40.0, 30.0], [50.0, 45.0]])
        import_file(folder / f"{stem}.json", out=folder)
    pack_images(folder / "images.npz", "photos224", 2, seed=0)
    pack_archs(folder / "archs.csv", SPACES, "imagenet", seed=0, data_dir=folder)
    return folder


def run(sent: Path, out: Path, archs: Path | None = None) -> None:
    where = ["--images", str(sent / "images.npz"), "--archs", str(archs or sent / "archs.csv"), "--out", str(out)]
    main([*where, "--device", "cpu", "--workers", "1"])


def test_the_mini_batch_arrives_bit_for_bit(sent: Path) -> None:
    images, labels = read_images(sent / "images.npz")
    expected, classes = load_images("photos", 2, seed=0, side=224, with_labels=True)
    assert torch.equal(images, expected)
    assert torch.equal(labels, classes)


def test_images_that_changed_on_the_way_are_refused(sent: Path, tmp_path: Path) -> None:
    with np.load(sent / "images.npz") as file:
        parts = dict(file)
    parts["images"][0, 0, 0, 0] ^= 1
    np.savez(tmp_path / "other.npz", **parts)
    with pytest.raises(ValueError, match=r"images: .*other.npz gives images of digest"):
        read_images(tmp_path / "other.npz")


def test_every_beginning_of_the_list_is_a_random_part_of_each_space(sent: Path) -> None:
    archs = read_archs(sent / "archs.csv")
    assert [space for space, _ in archs] == SPACES * 3
    assert len(set(archs)) == 6


def test_what_a_run_writes_is_what_score_archs_gives_and_is_kept_with_its_settings(sent: Path, tmp_path: Path) -> None:
    first = tmp_path / "first.csv"
    first.write_text("".join((sent / "archs.csv").read_text().splitlines(keepends=True)[:3]))
    run(sent, tmp_path / "out", first)
    rows = read_rows(tmp_path / "out")
    assert rows[["space", "arch"]].to_numpy().tolist() == [list(key) for key in read_archs(first)]
    images, labels = load_images("photos", 2, seed=0, side=224, with_labels=True)
    how = {"seed": 0, "labels": labels, "skeleton": {"num_classes": 1000}, "progress": False}
    for measure in MEASURED:
        for row in rows.to_dict("records"):
            expected = score_archs(row["space"], [row["arch"]], images, proxy=measure, **how).score.item()
            assert row[measure] == pytest.approx(expected, rel=1e-9), measure

    paths = keep_measures(tmp_path / "out", tmp_path / "kept", batch="photos224")
    assert len(paths) == 6
    tables = list_tables(tmp_path / "kept")
    assert set(tables.file) == {path.name for path in paths}
    assert set(zip(tables.dataset, tables.skeleton, tables.networks, strict=True)) == {
        ("photos224", "num_classes=1000", 1)
    }
    [noted] = read_runs(tmp_path / "kept")["nds_enas_imagenet-photos224-synflow-seed0-num_classes1000.parquet"]
    assert (noted["rows"], noted["settings"]["proxy"], noted["settings"]["device"]) == (1, "synflow", "cpu")
    before = [path.read_bytes() for path in paths]
    assert keep_measures(tmp_path / "out", tmp_path / "kept", batch="photos224") == paths
    assert [path.read_bytes() for path in paths] == before


def test_a_run_goes_on_where_another_was_stopped_and_an_error_is_no_value(sent: Path, tmp_path: Path) -> None:
    archs = tmp_path / "archs.csv"
    lines = (sent / "archs.csv").read_text().splitlines(keepends=True)
    archs.write_text("".join([*lines[:2], 'nds_darts_imagenet,"no genotype"\n']))
    run(sent, tmp_path / "out", archs)
    written = (tmp_path / "out" / "rows-0.csv").read_text()
    run(sent, tmp_path / "out", archs)
    assert (tmp_path / "out" / "rows-0.csv").read_text() == written
    good, bad = read_rows(tmp_path / "out").to_dict("records")
    assert np.isfinite([good[measure] for measure in MEASURED]).all()
    assert np.isnan([bad[measure] for measure in MEASURED]).all()
    assert bad["error"].startswith("ValueError: arch: 'no genotype'")
    [path, *_] = keep_measures(tmp_path / "out", tmp_path / "kept", batch="photos224")
    assert pd.read_parquet(path).arch.tolist() == [good["arch"]]
    assert json.loads((tmp_path / "out" / "run.json").read_text())["settings"]["seed"] == 0
