"""Measures from another machine: what it is sent, what it writes, what is kept of it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from naswotbook.experiments.elsewhere import GRADIENTS, WHAT, main, read_archs, read_images
from naswotbook.experiments.packed import keep_measures, pack_archs, pack_images
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
    lines = (folder / "archs.csv").read_text().splitlines(keepends=True)
    (folder / "first.csv").write_text("".join(lines[:3]))
    (folder / "faulty.csv").write_text("".join([*lines[:2], 'nds_darts_imagenet,"no genotype"\n']))
    return folder


def run(what: str, sent: Path, archs: str, out: Path) -> None:
    files = ["--images", str(sent / "images.npz"), "--archs", str(sent / archs), "--out", str(out)]
    main([what, *files, "--device", "cpu", "--workers", "1"])


def test_the_mini_batch_arrives_bit_for_bit(sent: Path) -> None:
    name, images, labels = read_images(sent / "images.npz")
    expected, classes = load_images("photos", 2, seed=0, side=224, with_labels=True)
    assert name == "photos224"
    assert torch.equal(images, expected)
    assert labels is not None
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


MEASURES = {
    "gradients": [("photos224", measure) for measure in GRADIENTS],
    "scores": [("photos224", "once"), ("photos224", "reference"), ("noise224", "once")],
}


@pytest.mark.parametrize("what", WHAT)
def test_what_a_run_writes_is_what_score_archs_gives_and_is_kept_with_its_settings(
    sent: Path, tmp_path: Path, what: str
) -> None:
    run(what, sent, "first.csv", tmp_path / "out")
    rows = pd.read_csv(tmp_path / "out" / "rows.csv")
    assert list(zip(rows.batch, rows.measure, strict=True)) == MEASURES[what] * 2
    images, labels = load_images("photos", 2, seed=0, side=224, with_labels=True)
    for row in rows.to_dict("records"):
        kind = {"counting": row["measure"], "exact": False} if what == "scores" else {"proxy": row["measure"]}
        inputs = load_images("noise", 2, seed=0, side=224) if row["batch"] == "noise224" else images
        how = {"seed": 0, "labels": labels, "skeleton": {"num_classes": 1000}, "progress": False}
        [expected] = score_archs(row["space"], [row["arch"]], inputs, **how, **kind).to_dict("records")
        assert row["score"] == pytest.approx(expected["score"], rel=1e-9)
        assert what == "gradients" or row["num_units"] == expected["num_units"]

    paths = keep_measures(tmp_path / "out", tmp_path / "kept")
    tables = list_tables(tmp_path / "kept")
    assert {*zip(tables.space, tables.dataset, tables.measure, strict=True)} == {
        (space, *pair) for space in SPACES for pair in MEASURES[what]
    }
    assert set(tables.file) == {path.name for path in paths}
    assert set(zip(tables.batch, tables.skeleton, tables.networks, strict=True)) == {(2, "num_classes=1000", 1)}
    runs = read_runs(tmp_path / "kept")
    assert set(runs) == set(tables.file)
    for file, measure in zip(tables.file, tables.measure, strict=True):
        [noted] = runs[file]
        settings = noted["settings"]
        assert (noted["rows"], settings["device"], settings["seed"]) == (1, "cpu", 0)
        assert settings["proxy" if what == "gradients" else "counting"] == measure
        assert settings["inputs"].startswith("(2, 3, 224, 224) float32 sha256 ")
        assert ("labels" in settings) == measure.startswith("grad_norm")
    before = [path.read_bytes() for path in paths]
    assert keep_measures(tmp_path / "out", tmp_path / "kept") == paths
    assert [path.read_bytes() for path in paths] == before


def test_a_run_goes_on_where_another_was_stopped_and_an_error_is_no_value(sent: Path, tmp_path: Path) -> None:
    run("gradients", sent, "faulty.csv", tmp_path / "out")
    written = (tmp_path / "out" / "rows.csv").read_text()
    run("gradients", sent, "faulty.csv", tmp_path / "out")
    assert (tmp_path / "out" / "rows.csv").read_text() == written
    *good, bad = pd.read_csv(tmp_path / "out" / "rows.csv").to_dict("records")
    assert np.isfinite([row["score"] for row in good]).all()
    assert np.isnan(bad["score"])
    assert bad["error"].startswith("ValueError: arch: 'no genotype'")
    [path, *_] = keep_measures(tmp_path / "out", tmp_path / "kept")
    assert pd.read_parquet(path).arch.tolist() == [good[0]["arch"]]
    assert json.loads((tmp_path / "out" / "run.json").read_text())["settings"]["seed"] == 0
