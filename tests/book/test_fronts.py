"""The biased sample of NATS-Bench size: how it is scored, ranked and chosen from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import kendalltau

from naswotbook.experiments.fronts import (
    BEST,
    RANDOM,
    RANKED,
    choices_table,
    draw_fronts,
    fronts_table,
    kept_name,
    measure_fronts,
    rank_fronts,
)
from naswotbook.panels import show_published_panels
from naswotbook.search_tables import read_printed
from naswotlib import get_space, load_images, score_archs
from naswotlib.benchmarks import import_file
from naswotlib.errors import NaswotWarning
from naswotlib.spaces.base import sample_distinct
from naswotlib.spaces.sizes import network_sizes
from support.pages import make_page


@pytest.fixture
def published(tmp_path: Path) -> Path:
    space = get_space("nats_size")
    archs = [space.to_str(arch) for arch in sample_distinct(space, 4, np.random.default_rng(0))]
    rows = {"index": 0, "channels": archs, "params_cifar10": network_sizes("nats_size", archs, side=32).parameters}
    rows |= {"cifar10_test_90ep": [90.0, 91.0, 92.0, 93.0]}
    pd.DataFrame(rows).to_csv(tmp_path / "fronts.csv", index=False)
    with pytest.warns(NaswotWarning, match="the others are missing"):
        import_file(tmp_path / "fronts.csv", out=tmp_path)
    pixels = np.random.default_rng(0).integers(256, size=(8, 32, 32, 3), dtype=np.uint8)
    np.savez(tmp_path / "minibatches-cifar10.npz", images=pixels, labels=np.arange(8))
    return tmp_path


def test_all_networks_of_the_table_are_scored_and_their_scores_kept_without_accuracies(published: Path) -> None:
    points = measure_fronts(seed=0, batch_size=4, data_dir=published, kept=published / "kept")
    images = load_images("cifar10", 4, seed=0, data_dir=published)
    again = score_archs("nats_size", points.arch, images, seed=0, counting="reference", exact=False, progress=False)
    assert points.naswot.tolist() == again.score.tolist()
    kept = pd.read_parquet(published / "kept" / kept_name(0, 4))
    assert kept.columns.tolist() == ["arch", "score"]
    assert len(kept) == 4
    assert sorted(points.accuracy) == [90.0, 91.0, 92.0, 93.0]


def made_up() -> pd.DataFrame:
    rng, ranks = np.random.default_rng(0), np.arange(30, dtype=float)
    columns = {name: ranks + rng.normal(0, 5, 30) + 20 for name in RANKED}
    return pd.DataFrame(columns).assign(arch="8:8:8:8:8", accuracy=60 + ranks)


def test_measures_lie_between_a_random_choice_and_the_best() -> None:
    points = made_up()
    ranked = rank_fronts(points, seed=0).set_index("measure")
    assert ranked.index.tolist() == [*RANKED, RANDOM, BEST]
    for name in RANKED:
        assert ranked.tau[name] == pytest.approx(kendalltau(points[name], points.accuracy).statistic)
    for column in ("best_of_10", "best_of_100", "best_of_1000"):
        assert ranked.loc[RANDOM, column] == pytest.approx(points.accuracy.mean())
        assert (ranked.loc[[*RANKED], column] <= ranked.loc[BEST, column]).all()
    assert ranked.loc[BEST, "best_of_1000"] == pytest.approx(89)
    assert (ranked.low_of_10 <= ranked.best_of_10).all()
    assert (ranked.best_of_10 <= ranked.high_of_10).all()


def test_the_page_shows_the_sample_in_the_place_of_the_panel_and_its_table_apart_from_those_of_panels(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = make_page("fig9", tmp_path)
    points = made_up()
    ranked = rank_fronts(points, seed=0)
    page.save("fig9a-fronts", ranked, draw_fronts(points, ranked))
    assert [entry.name for entry in page.chapter.shown(lambda e: (page.paper / f"{e.stem()}.png").exists())] == [
        "fig9a-fronts",
        "fig9b-cifar100",
        "fig9c-imagenet16-120",
    ]
    shown: list[str] = []
    monkeypatch.setattr(page, "show", lambda *blocks: shown.extend(blocks))
    show_published_panels(page)
    assert shown == []


def test_the_picture_says_that_its_sample_is_biased_and_how_large_it_is() -> None:
    points = made_up()
    ranked = rank_fronts(points, seed=0)
    figure = draw_fronts(points, ranked)
    [ax] = figure.axes
    title = ax.get_title()
    assert title.startswith("(A) A biased sample,\nCIFAR-10\n")
    assert title.endswith("n = 30")
    assert ax.get_ylabel() == "score at initialisation"
    lines = fronts_table(ranked).splitlines()
    assert lines[0] == "| measure | τ with accuracy (95% interval) | networks |"
    assert len(lines) == 2 + len(RANKED)


def test_what_is_chosen_stands_beside_what_the_paper_prints_of_the_whole_space() -> None:
    ranked = rank_fronts(made_up(), seed=0)
    lines = choices_table(ranked, read_printed("2b"), name="t", title="A biased sample").splitlines()
    assert "A biased sample" in lines[0]
    assert "Chosen by,N = 10,N = 100,N = 1000" in lines
    assert sum(line.endswith(",88.66 ± 0.90,89.38 ± 0.54,93.10 ± 0.31") for line in lines) == 1
    row = ranked.set_index("measure").loc["parameters"]
    [parameters] = [line for line in lines if line.startswith("parameters,")]
    assert f"{row.best_of_10:.2f} ± {row.std_of_10:.2f} [{row.low_of_10:.2f}, {row.high_of_10:.2f}]" in parameters
    assert lines[-2].startswith(f"{BEST},")
