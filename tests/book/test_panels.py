"""Panels of score against accuracy: which networks, which accuracies, what is kept of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import kendalltau

from naswotbook.panels import (
    ALL_MEASURES,
    MEASURES,
    choose_panels,
    draw_panels,
    measure_sample,
    measures_in_words,
    measures_table,
    score_panels,
    show_panels,
)
from naswotbook.samples import draw_sample, has_table
from naswotlib import arch_seed, get_space, load_benchmark, load_images, naswot_score, score_archs
from naswotlib.benchmarks import import_file
from naswotlib.benchmarks.importers import official_file
from naswotlib.errors import NaswotWarning
from naswotlib.scoring.proxies import NEED_LABELS, PROXIES
from naswotlib.spaces.base import sample_distinct
from support.pages import make_page
from support.published import write_nats, write_nds


@pytest.fixture
def published(tmp_path: Path) -> Path:
    """A folder with a small official file of NDS, imported, and images of CIFAR-10's format."""
    space, rng = get_space("nds_darts"), np.random.default_rng(0)
    archs = [space.sample(rng) for _ in range(4)]
    write_nds(tmp_path / "DARTS.json", archs, [[50.0, 9.0], [50.0, 5.0], [40.0, 7.0], [9.0, float("nan")]])
    import_file(tmp_path / "DARTS.json", out=tmp_path)
    pixels = rng.integers(256, size=(12, 32, 32, 3), dtype=np.uint8)
    np.savez(tmp_path / "minibatches-cifar10.npz", images=pixels, labels=np.arange(12) % 10)
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
    where = {"profile": "paper", "panels": "f", "n_archs": 9, "data_dir": str(published), "batch_size": 6}
    points, summary = score_panels(make_page("fig3", published, **where))
    [row] = summary.to_dict("records")
    assert row["tau"] == pytest.approx(kendalltau(points.naswot, points.accuracy).statistic)
    assert (row["panel"], row["n"], row["counting"], row["split"]) == ("f", 3, "reference", "test")
    kept = pd.read_parquet(published / "paper/scores/nds_darts-cifar10-reference-seed0-batch6.parquet")
    assert kept.columns.tolist() == ["arch", "score", "num_units", "seconds", "error"]
    assert kept.score.tolist() == points.naswot.tolist()
    images = load_images("cifar10", 6, seed=0, data_dir=published)
    again = score_archs("nds_darts", kept.arch, images, seed=0, counting="reference", exact=False, progress=False)
    assert again.score.tolist() == points.naswot.tolist()


def test_networks_of_imagenet_have_its_classes_and_are_scored_on_photographs_of_its_size(tmp_path: Path) -> None:
    space, rng = get_space("nds_darts_imagenet"), np.random.default_rng(0)
    archs = [replace(space.sample(rng), width=32, depth=6) for _ in range(2)]
    write_nds(tmp_path / "DARTS_in.json", archs, [[40.0, 25.0], [40.0, 30.0]])
    import_file(tmp_path / "DARTS_in.json", out=tmp_path)
    where = {"profile": "paper", "panels": "j", "n_archs": 9, "data_dir": str(tmp_path), "batch_size": 2}
    points, summary = score_panels(make_page("fig3", tmp_path, **where))
    assert sorted(points.accuracy) == [70.0, 75.0]
    assert summary.split.tolist() == ["test"]
    kept = pd.read_parquet(
        tmp_path / "paper/scores/nds_darts_imagenet-photos224-reference-seed0-batch2-num_classes1000.parquet"
    )
    images = load_images("photos", 2, seed=0, side=224)
    how = {"seed": 0, "counting": "reference", "exact": False, "skeleton": {"num_classes": 1000}, "progress": False}
    assert score_archs("nds_darts_imagenet", points.arch, images, **how).score.tolist() == points.naswot.tolist()
    assert kept.score.tolist() == points.naswot.tolist()


def test_demo_scores_the_bundled_networks_as_they_were_trained(tmp_path: Path) -> None:
    bundled = load_benchmark("bundled-nasbench201")
    points, summary = score_panels(make_page("fig3", tmp_path, panels="a", n_archs=3, batch_size=6))
    images = load_images("photos", 6, seed=0, side=16)
    how = {"seed": 0, "counting": "reference", "exact": False, "progress": False, "skeleton": bundled.skeleton}
    assert points.naswot.tolist() == score_archs("nasbench201", points.arch, images, **how).score.tolist()
    assert (
        points.accuracy.tolist()
        == bundled.accuracy(points.arch, dataset="cifar10", split="validation", epochs=3).tolist()
    )
    assert summary.n.tolist() == [3]


def test_panels_without_letters_are_those_at_hand(published: Path, tmp_path: Path) -> None:
    def letters(**parameters: str) -> str:
        return "".join(entry.panel for entry in choose_panels(make_page("fig3", tmp_path, **parameters)))

    where = {"profile": "paper", "data_dir": str(published)}
    assert letters(**where) == "f"
    assert letters(**where, panels="a") == "a"
    with pytest.raises(ValueError, match="panels: 'x' is unknown; choose one of a, b, c"):
        letters(panels="ax")
    with pytest.raises(FileNotFoundError, match="come from NATS-sss"):
        choose_panels(make_page("fig9", tmp_path, **where))
    assert not has_table("nasbench201", "cifar100", profile="demo")


def test_a_panel_that_stands_for_another_is_of_published_networks_alone(tmp_path: Path) -> None:
    space, rng = get_space("nds_darts_imagenet"), np.random.default_rng(0)
    archs = [replace(space.sample(rng), width=32, depth=6) for _ in range(3)]
    write_nds(tmp_path / "DARTS_in.json", archs, [[40.0, 25.0], [40.0, 30.0], [40.0, 35.0]])
    import_file(tmp_path / "DARTS_in.json", out=tmp_path)
    where = {"profile": "paper", "data_dir": str(tmp_path)}
    assert [entry.panel for entry in choose_panels(make_page("fig4", tmp_path, **where))] == ["B"]
    demo = [entry.panel for entry in choose_panels(make_page("fig4", tmp_path))]
    assert "b" in demo
    assert "B" not in demo
    with pytest.raises(ValueError, match="panels: 'B' is unknown"):
        choose_panels(make_page("fig4", tmp_path, panels="B"))


def test_what_each_measure_comes_to_is_said_of_all_families() -> None:
    taus = {"panel": ["A", "B", "A", "B"], "measure": ["naswot", "naswot", "synflow", "synflow"]}
    summary = pd.DataFrame(taus | {"tau": [0.5, 0.25, -0.5, 0.0], "low": [0.4, -0.1, -0.6, -0.1]})
    words = measures_in_words(summary.assign(high=[0.6, 0.6, -0.4, 0.1])).splitlines()
    assert words == [
        "- score: τ from 0.250 to 0.500; its interval lies above 0 in 1 of 2 families, below 0 in 0",
        "- synflow: τ from -0.500 to 0.000; its interval lies above 0 in 0 of 2 families, below 0 in 1",
    ]


def test_every_panel_has_an_official_file_by_its_published_name() -> None:
    assert official_file("nds_darts") == "DARTS.json"
    assert official_file("nds_pnas_fixed") == "PNAS_fix-w-d.json"
    assert official_file("nats_size") == "NATS-sss-v1_0-50262-simple.tar"


def test_panels_are_drawn_side_by_side_with_tau_above_each(tmp_path: Path) -> None:
    points = pd.DataFrame({"panel": list("aaff"), "naswot": [1.0, 2, 3, 4], "accuracy": [10.0, 20, 30, 40]})
    summary = pd.DataFrame({"panel": ["a", "f"], "split": "test", "tau": [0.5, -0.25], "low": 0.0, "high": 1.0, "n": 2})
    figure = draw_panels(make_page("fig3", tmp_path), points, summary)
    first, second = figure.axes
    assert first.get_title() == "(a) NAS-Bench-201, CIFAR-10\nτ = 0.500 [0.000, 1.000], n = 2"
    assert second.collections[0].get_offsets().tolist() == [[30.0, 3.0], [40.0, 4.0]]
    assert second.get_xlabel() == "test accuracy (%)"


def test_every_measure_is_that_of_the_network_built_with_its_own_seed():
    sample = draw_sample("nasbench201", "cifar10", 3, profile="demo", seed=2)
    table = measure_sample(sample, MEASURES, seed=2, batch_size=8, counting="once")
    assert table.columns.tolist() == ["arch", "accuracy", *MEASURES]
    inputs, labels = load_images("photos", 8, seed=2, side=sample.side, with_labels=True)
    space = get_space("nasbench201")
    for row in table.to_dict("records"):
        network = space.build(space.from_str(row["arch"]), seed=arch_seed(2, row["arch"]), **sample.skeleton)
        assert row["naswot"] == pytest.approx(naswot_score(network, inputs).value, rel=1e-6)
        for name in set(MEASURES) & set(PROXIES):
            classes = {"labels": labels} if name in NEED_LABELS else {}
            assert row[name] == pytest.approx(PROXIES[name](network, inputs, **classes), rel=1e-4), name


def test_what_is_known_is_taken_and_the_rest_computed():
    sample = draw_sample("nasbench201", "cifar10", 3, profile="demo", seed=2)
    settings = {"seed": 2, "batch_size": 8, "counting": "once"}
    computed = measure_sample(sample, ["synflow", "flops"], **settings)
    known = pd.DataFrame({"arch": [sample.archs[1], "another"], "synflow": [-1.5, 7.0]})
    table = measure_sample(sample, ["synflow", "flops"], **settings, known=known)
    assert table.synflow.tolist() == [computed.synflow[0], -1.5, computed.synflow[2]]
    assert table.flops.tolist() == computed.flops.tolist()


def test_a_panel_compares_its_measures_and_keeps_what_it_computed_without_accuracies(published: Path):
    where = {"profile": "paper", "n_archs": 9, "batch_size": 4, "counting": "once", "data_dir": str(published)}
    page = make_page("fig4", published, **where)
    points, summary = score_panels(page, ALL_MEASURES)
    assert summary.measure.tolist() == list(MEASURES)
    for name, tau in zip(summary.measure, summary.tau, strict=True):
        assert tau == pytest.approx(kendalltau(points[name], points.accuracy).statistic)
    assert {(row.n, row.split, row.epochs) for row in summary.itertuples()} == {(3, "test", 2)}
    kept = sorted((published / "paper" / "scores").glob("*.parquet"))
    names = ["grad_norm", "grad_norm_euclidean", "once", "synflow"]
    assert [path.name for path in kept] == [f"nds_darts-cifar10-{name}-seed0-batch4.parquet" for name in names]
    assert not {91.0, 93.0, 95.0} & {value for path in kept for value in pd.read_parquet(path).score}
    before = [path.read_bytes() for path in kept]
    again, _ = score_panels(page, ALL_MEASURES)
    pd.testing.assert_frame_equal(again, points)
    assert [path.read_bytes() for path in kept] == before

    table = measures_table(page, summary)
    assert table.startswith("| τ (95% interval) | (b) NDS-DARTS |")
    assert f"| synflow | {summary.tau[3]:.3f} |" in table  # of three networks there is no interval
    [ax] = draw_panels(page, points, summary, ALL_MEASURES).axes
    assert [label.get_text() for label in ax.get_yticklabels()] == [measure.label for measure in MEASURES.values()]
    assert ax.get_title() == "(b) NDS-DARTS\nn = 3"


def test_a_page_of_no_panels_is_a_box_that_says_so(tmp_path: Path):
    figure = draw_panels(make_page("fig4", tmp_path), pd.DataFrame(), pd.DataFrame(), ALL_MEASURES)
    assert "that this project trained" in figure.axes[0].texts[0].get_text()


def test_what_a_panel_made_is_kept_as_picture_summary_and_provenance(published: Path):
    where = {"profile": "paper", "panels": "f", "n_archs": 9, "batch_size": 6, "data_dir": str(published)}
    page = make_page("fig3", published, **where)
    show_panels(page, *score_panels(page))
    columns = ["panel", "space", "dataset", "split", "epochs", "batch_size", "counting", "seed"]
    columns += ["tau", "low", "high", "n", "dropped", "ranked_last"]
    assert pd.read_csv(published / "paper" / "fig3f-nds-darts-seed0.csv").columns.tolist() == columns
    assert {path.name for path in (published / "paper").glob("fig3*")} == {
        f"fig3f-nds-darts-seed0.{suffix}" for suffix in ("csv", "json", "png")
    }
    assert not (published / "demo" / "fig3-seed0.csv").exists()
