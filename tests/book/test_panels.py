"""Panels of score against accuracy: which networks, which accuracies, what is kept of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from PIL import Image
from scipy.stats import kendalltau

from naswotbook.panels import Panel, choose_panels, draw_panels, score_panels
from naswotbook.samples import draw_sample, has_table
from naswotlib import get_space, load_benchmark, load_images, score_archs
from naswotlib.benchmarks import import_file
from naswotlib.benchmarks.importers import official_file
from naswotlib.errors import NaswotWarning
from naswotlib.spaces.base import sample_distinct
from support.published import write_nats, write_nds

NDS = Panel("fig3f-nds-darts", "NDS-DARTS", "nds_darts", "cifar10")
CELL = Panel("fig3a-cifar10", "NAS-Bench-201, CIFAR-10", "nasbench201", "cifar10")
SETTINGS = {"batch_size": 6, "counting": "reference", "seed": 0, "device": "cpu", "workers": 1}


@pytest.fixture
def published(tmp_path: Path) -> Path:
    """A folder with a small official file of NDS, imported, and images of CIFAR-10's format."""
    space, rng = get_space("nds_darts"), np.random.default_rng(0)
    archs = [space.sample(rng) for _ in range(4)]
    write_nds(tmp_path / "DARTS.json", archs, [[50.0, 9.0], [50.0, 5.0], [40.0, 7.0], [9.0, float("nan")]])
    import_file(tmp_path / "DARTS.json", out=tmp_path)
    pixels = rng.integers(256, size=(12, 32, 32, 3), dtype=np.uint8)
    np.savez(tmp_path / "minibatches-cifar10.npz", images=pixels, labels=np.zeros(12, int))
    return tmp_path


def test_a_published_sample_is_of_the_trained_rows_and_the_first_of_a_larger_one(published: Path) -> None:
    samples = [draw_sample("nds_darts", "cifar10", n, profile="paper", seed=0, data_dir=published) for n in (2, 1000)]
    small, whole = samples
    assert whole.archs[:2] == small.archs
    assert len(whole.archs) == 3  # one diverged
    assert sorted(whole.accuracy) == [91.0, 93.0, 95.0]
    assert (whole.split, whole.epochs, whole.skeleton) == ("test", 2, {})
    assert (whole.images, whole.side) == ("cifar10", None)


def test_a_sample_of_a_space_with_an_order_is_drawn_from_the_space(tmp_path: Path) -> None:
    space = get_space("nats_size")
    drawn = [space.to_str(arch) for arch in sample_distinct(space, 3, np.random.default_rng(0))]
    write_nats(tmp_path / "simple", drawn)
    with pytest.warns(NaswotWarning, match="the others are missing"):
        import_file(tmp_path / "simple", out=tmp_path)
    sample = draw_sample("nats_size", "imagenet16-120", 3, profile="paper", seed=0, data_dir=tmp_path)
    assert sample.archs == drawn
    assert (sample.split, sample.epochs, sample.images) == ("validation", 90, "imagenet16")


def test_a_panel_says_the_rank_correlation_of_its_points_and_its_scores_are_kept_without_accuracies(
    published: Path,
) -> None:
    where = {"profile": "paper", "panels": "f", "n_archs": 9, "data_dir": str(published), "out_dir": str(published)}
    points, summary = score_panels({"f": NDS}, **SETTINGS, **where)
    [row] = summary.to_dict("records")
    assert row["tau"] == pytest.approx(kendalltau(points.score, points.accuracy).statistic)
    assert (row["panel"], row["n"], row["counting"], row["split"]) == ("f", 3, "reference", "test")
    kept = pd.read_parquet(published / "paper/scores/nds_darts-cifar10-reference-seed0-batch6.parquet")
    assert kept.columns.tolist() == ["arch", "score", "num_units", "seconds", "error"]
    assert kept.score.tolist() == points.score.tolist()
    images = load_images("cifar10", 6, seed=0, data_dir=published)
    again = score_archs("nds_darts", kept.arch, images, seed=0, counting="reference", exact=False, progress=False)
    assert again.score.tolist() == points.score.tolist()


def test_networks_of_imagenet_are_scored_on_imagenette(tmp_path: Path) -> None:
    space, rng = get_space("nds_darts_imagenet"), np.random.default_rng(0)
    archs = [replace(space.sample(rng), width=32, depth=6) for _ in range(2)]
    write_nds(tmp_path / "DARTS_in.json", archs, [[40.0, 25.0], [40.0, 30.0]])
    import_file(tmp_path / "DARTS_in.json", out=tmp_path)
    for number in range(3):
        path = tmp_path / "imagenette2-160" / "train" / "n01440764" / f"{number}.JPEG"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(256, size=(160, 200, 3), dtype=np.uint8)).save(path)
    panel = Panel("fig3j-nds-darts-imagenet", "NDS-DARTS, ImageNet", "nds_darts_imagenet", "imagenet")
    where = {"profile": "paper", "panels": "j", "n_archs": 9, "data_dir": str(tmp_path), "out_dir": str(tmp_path)}
    points, summary = score_panels({"j": panel}, **SETTINGS | {"batch_size": 2}, **where)
    assert np.isfinite(points.score).all()
    assert (points.accuracy.tolist(), summary.split.tolist()) == ([75.0, 70.0], ["test"])
    images = load_images("imagenette", 2, seed=0, data_dir=tmp_path)
    assert images.shape == (2, 3, 224, 224)


def test_demo_scores_the_bundled_networks_as_they_were_trained() -> None:
    bundled = load_benchmark("bundled-nasbench201")
    points, summary = score_panels(
        {"a": CELL, "f": NDS}, **SETTINGS, profile="demo", panels="a", n_archs=3, data_dir="", out_dir=""
    )
    images = load_images("photos", 6, seed=0, side=16)
    how = {"seed": 0, "counting": "reference", "exact": False, "progress": False, "skeleton": bundled.skeleton}
    assert points.score.tolist() == score_archs("nasbench201", points.arch, images, **how).score.tolist()
    assert (
        points.accuracy.tolist()
        == bundled.accuracy(points.arch, dataset="cifar10", split="validation", epochs=3).tolist()
    )
    assert summary.n.tolist() == [3]


def test_panels_without_letters_are_those_at_hand(published: Path) -> None:
    panels = {"a": CELL, "f": NDS}
    assert list(choose_panels(panels, "", profile="paper", data_dir=published)) == ["f"]
    assert list(choose_panels(panels, "a", profile="paper", data_dir=published)) == ["a"]
    with pytest.raises(ValueError, match="panels: 'x' is unknown; choose one of a, f"):
        choose_panels(panels, "ax", profile="paper")
    with pytest.raises(FileNotFoundError, match=r"come from NAS-Bench-201-v1_1-096897\.pth"):
        choose_panels({"a": CELL}, "", profile="paper", data_dir=published)
    assert not has_table("nasbench201", "cifar100", profile="demo")


def test_every_panel_has_an_official_file_by_its_published_name() -> None:
    assert official_file("nds_darts") == "DARTS.json"
    assert official_file("nds_pnas_fixed") == "PNAS_fix-w-d.json"
    assert official_file("nats_size") == "NATS-sss-v1_0-50262-simple.tar"


def test_panels_are_drawn_side_by_side_with_tau_above_each() -> None:
    points = pd.DataFrame({"panel": list("aaff"), "score": [1.0, 2, 3, 4], "accuracy": [10.0, 20, 30, 40]})
    summary = pd.DataFrame({"panel": ["a", "f"], "split": "test", "tau": [0.5, -0.25], "low": 0.0, "high": 1.0, "n": 2})
    figure = draw_panels({"a": CELL, "f": NDS}, points, summary)
    first, second = figure.axes
    assert first.get_title() == "(a) NAS-Bench-201, CIFAR-10\nτ = 0.500 [0.000, 1.000], n = 2"
    assert second.collections[0].get_offsets().tolist() == [[30.0, 3.0], [40.0, 4.0]]
    assert second.get_xlabel() == "test accuracy (%)"
    plt.close(figure)
