"""The committed score tables: what they hold, what is known of them, and that they come out again."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import kendalltau

from naswotbook.experiments.score_tables import (
    accuracy_agreements,
    again_in_words,
    agreements,
    agreements_table,
    best_in_words,
    compare_again,
    computed_with,
    draw_distributions,
    other_tables,
    rescore,
)
from naswotbook.kept import COUNTINGS, complete_scores, list_tables, read_runs, record_run, scores_name
from naswotbook.samples import mini_batch
from naswotlib import get_space, load_images, score_archs
from naswotlib.benchmarks import import_file
from support.notebooks import ROOT, outputs, run_page
from support.published import write_nds

SCORES = ROOT / "figures" / "paper" / "scores"
TIES = {  # cells in which rounding decides for many equal pixels: tests/scoring/test_engine.py has one, taken apart
    "nasbench201-cifar10-once-seed2.parquet": [
        "|skip_connect~0|+|none~0|nor_conv_1x1~1|+|skip_connect~0|skip_connect~1|avg_pool_3x3~2|"
    ],
}
CELLS = [get_space("nasbench201").to_str(arch) for arch in get_space("nasbench201")[5:11]]


def _write(folder: Path, name: str, scores: list[float], archs: list[str] = CELLS) -> None:
    rows = {"arch": archs[: len(scores)], "score": scores, "num_units": 7, "seconds": 1800.0, "error": ""}
    pd.DataFrame(rows).to_parquet(folder / name, index=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    _write(tmp_path, "nasbench201-cifar10-once-seed0.parquet", [1.0, 2.0, 3.0, 4.0, -np.inf])
    _write(tmp_path, "nasbench201-cifar10-once-seed1.parquet", [2.0, 1.0, 3.0, 4.0])
    _write(tmp_path, "nasbench201-cifar10-reference-seed0.parquet", [1.5, 2.5, 3.5, 4.5, -np.inf])
    _write(tmp_path, "nasbench201-imagenet16-120-once-seed0.parquet", [4.0, 3.0, 2.0, 1.0], CELLS[::-1])
    _write(tmp_path, "nasbench201-cifar10-grad_norm_euclidean-seed0.parquet", [5.0, 6.0, 8.0, 7.0])
    _write(tmp_path, "nasbench201-cifar10-once-seed0-batch64.parquet", [0.1, 0.2, 0.3])
    _write(tmp_path, "nasbench201-cifar10-once-seed0-stem_channels8-cells_per_stage1.parquet", [0.3, 0.1, 0.2])
    pd.DataFrame({"arch": CELLS, "score": 1.0}).to_parquet(tmp_path / "fig5-reference-seed0-archs10.parquet")
    return tmp_path


def test_a_file_is_described_by_its_name_and_by_what_is_in_it(folder: Path) -> None:
    tables = list_tables(folder).set_index("file")
    assert len(tables) == 7  # without the one of a single page
    row = tables.loc["nasbench201-cifar10-once-seed0.parquet"]
    assert (row.space, row.dataset, row.measure, row.seed, row.batch) == ("nasbench201", "cifar10", "once", 0, 128)
    assert (row.networks, row.singular, row.failed, row.hours) == (5, 1, 0, 2.5)
    assert row.sha256 == hashlib.sha256((folder / row.name).read_bytes()).hexdigest()
    assert row.bytes == (folder / row.name).stat().st_size
    assert tables.loc["nasbench201-imagenet16-120-once-seed0.parquet"].dataset == "imagenet16-120"
    assert tables.loc["nasbench201-cifar10-grad_norm_euclidean-seed0.parquet"].measure == "grad_norm_euclidean"
    assert tables.loc["nasbench201-cifar10-once-seed0-batch64.parquet"].batch == 64
    small = tables.loc["nasbench201-cifar10-once-seed0-stem_channels8-cells_per_stage1.parquet"]
    assert (row.skeleton, small.skeleton) == ("", "stem_channels=8 cells_per_stage=1")
    named = {"counting": "once", "seed": 0, "skeleton": {"stem_channels": 8, "cells_per_stage": 1}}
    assert scores_name("nasbench201", "cifar10", **named) == small.name


def test_tables_that_differ_in_one_thing_are_compared_over_the_networks_that_both_hold(folder: Path) -> None:
    table = agreements(folder, n_boot=20, rng=np.random.default_rng(0))
    found = {(row.kind, frozenset((row.one, row.other))): row for row in table.itertuples()}
    assert set(found) == {
        ("seeds", frozenset(("0", "1"))),
        ("countings", frozenset(("once", "reference"))),
        ("data sets", frozenset(("cifar10", "imagenet16-120"))),
        ("skeletons", frozenset(("", "stem_channels=8 cells_per_stage=1"))),
        ("measures", frozenset(("once", "grad_norm_euclidean"))),
        ("measures", frozenset(("reference", "grad_norm_euclidean"))),
    }
    seeds = found["seeds", frozenset(("0", "1"))]
    assert seeds.n == 4
    assert seeds.tau == pytest.approx(kendalltau([1, 2, 3, 4], [2, 1, 3, 4]).statistic)
    assert (seeds.space, seeds.dataset, seeds.measure, seeds.seed) == ("nasbench201", "cifar10", "once", "")
    both = found["countings", frozenset(("once", "reference"))]
    assert (both.n, both.ranked_last, pytest.approx(both.tau)) == (5, 1, 1.0)
    assert found["data sets", frozenset(("cifar10", "imagenet16-120"))].n == 3  # CELLS 2 to 4


def test_what_rows_were_computed_with_is_noted_beside_the_table_once(tmp_path: Path) -> None:
    inputs, kept = load_images("noise", 4, seed=0), tmp_path / "nasbench201-noise-once-seed3.parquet"

    def score(archs: list[str], out: Path) -> pd.DataFrame:
        settings: dict[str, Any] = {"skeleton": {"cells_per_stage": 1}, "seed": 3, "exact": False}
        table = score_archs("nasbench201", archs, inputs, out=out, progress=False, **settings)
        record_run(kept, out)
        return table

    complete_scores(kept, CELLS[:2], score)
    complete_scores(kept, CELLS[:3], score)
    first, second = read_runs(tmp_path)[kept.name]
    assert (first["rows"], second["rows"]) == (2, 1)
    assert first["settings"]["seed"] == 3
    assert first["settings"]["skeleton"] == {"cells_per_stage": 1}
    assert re.fullmatch(r"20\d\d-\d\d-\d\d", first["date"])
    assert "torch" in first["versions"]
    assert "cores" in first["hardware"]


def test_scores_meet_published_accuracies_of_all_networks_and_of_the_best(tmp_path: Path) -> None:
    space, rng = get_space("nds_darts"), np.random.default_rng(0)
    archs = [space.sample(rng) for _ in range(8)]
    errors = [[50.0, float(error)] for error in (1, 2, 3, 4, 5, 6, 7)]
    write_nds(tmp_path / "DARTS.json", archs, [*errors, [9.0, float("nan")]])  # the last one diverged
    import_file(tmp_path / "DARTS.json", out=tmp_path)
    scores = [1.0, 2.0, 3.0, 0.8, 0.5, 0.7, -np.inf, 9.0]
    _write(tmp_path, "nds_darts-cifar10-once-seed0.parquet", scores, [space.to_str(arch) for arch in archs])
    _write(tmp_path, "nasbench201-cifar10-once-seed0.parquet", [1.0, 2.0, 3.0])  # whose accuracies are not here
    tables, rng = list_tables(tmp_path), np.random.default_rng(0)
    found = accuracy_agreements(tmp_path, tables, n_boot=20, rng=rng, best=3 / 8, data_dir=tmp_path)
    [row] = found.to_dict("records")
    assert (row["file"], row["split"], row["epochs"]) == ("nds_darts-cifar10-once-seed0.parquet", "test", 2)
    assert (row["n"], row["dropped"], row["ranked_last"], row["n_best"]) == (7, 1, 1, 3)
    accuracy = [-error for _, error in errors]
    assert row["tau"] == pytest.approx(kendalltau([*scores[:6], -1e9], accuracy).statistic)
    assert row["tau_best"] == pytest.approx(-1)
    assert (row["n_top"], row["tau_top"]) == (2, pytest.approx(-1))  # of the three highest scores one diverged
    assert "In 1 of 1 tables the tenth with the highest score" in best_in_words(found)
    assert "interval in: `nds_darts-cifar10-once-seed0`." in best_in_words(found.assign(high_best=-0.5))
    assert "interval in: none." in best_in_words(found.assign(high_best=0.5))


@pytest.fixture
def images(tmp_path: Path) -> Path:
    pixels = np.random.default_rng(0).integers(256, size=(140, 32, 32, 3), dtype=np.uint8)
    np.savez(tmp_path / "minibatches-cifar10.npz", images=pixels, labels=np.arange(140) % 10)
    return tmp_path


def test_scores_are_computed_again_as_they_were(images: Path) -> None:
    inputs = load_images("cifar10", 4, seed=1, data_dir=images)
    skeleton = {"stem_channels": 8, "cells_per_stage": 1}
    settings: dict[str, Any] = {"seed": 1, "counting": "reference", "skeleton": skeleton, "exact": False}
    settings |= {"progress": False}
    table = score_archs("nasbench201", CELLS[:3], inputs, **settings)
    table.loc[1, "score"] *= 1 + 1e-3
    named: dict[str, Any] = {"counting": "reference", "seed": 1, "batch_size": 4, "skeleton": skeleton}
    table.to_parquet(images / scores_name("nasbench201", "cifar10", **named), index=False)
    tables = list_tables(images)
    kept, again = rescore(images, next(tables.itertuples()), 3, seed=0, data_dir=images)
    assert sorted(kept) == sorted(table.score)
    changed = (kept - again).abs() / again > 1e-6
    assert changed.sum() == 1
    [row] = compare_again(images, tables, 3, seed=0, data_dir=images).to_dict("records")
    assert (row["n"], row["singular"], row["differ"]) == (3, 0, 0)
    assert row["largest"] == pytest.approx(1e-3, rel=0.01)
    assert row["median"] < 1e-6
    text = " ".join(again_in_words(pd.DataFrame([row, row | {"largest": 0.25}])).split())
    assert text.startswith("Of 6 networks computed again, 0 are singular in both, 0 in one alone; of the others,")
    assert text.endswith("difference is 2.5e-01.")


@pytest.mark.slow
def test_fifty_cells_scored_again_agree_with_the_committed_table(data_dir: Path) -> None:
    tables = list_tables(SCORES).set_index("file", drop=False)
    row = tables.loc["nasbench201-cifar10-once-seed0.parquet"]
    kept, again = rescore(SCORES, row, 50, seed=1, data_dir=data_dir)
    assert np.isneginf(kept).tolist() == np.isneginf(again).tolist()
    finite = np.isfinite(kept)
    assert again[finite].tolist() == pytest.approx(kept[finite].tolist(), rel=1e-6)


def _tables_and_numbers() -> Iterator[Any]:
    """Tables of scores, and how many of their networks are scored again: those of ImageNet's size are dear."""
    for row in list_tables(SCORES).itertuples():
        _, side = mini_batch(row.dataset)
        large = (side or 32) > 32
        if not large:
            yield pytest.param(row.file, 2, id=f"{row.file}-2")
        if not large or row.measure in COUNTINGS:
            number = 10 if large or row.skeleton else 200
            yield pytest.param(row.file, number, id=f"{row.file}-{number}", marks=pytest.mark.slow)


@pytest.mark.parametrize(("file", "n"), list(_tables_and_numbers()))
def test_networks_scored_again_by_the_same_engine_give_the_committed_scores(data_dir: Path, file: str, n: int) -> None:
    [row] = [row for row in list_tables(SCORES).itertuples() if row.file == file]
    kept, again = rescore(SCORES, row, n, seed=0, data_dir=data_dir, exact=False)
    assert len(again) == n
    settled = ~kept.index.isin(TIES.get(file, []))
    assert again[settled].tolist() == pytest.approx(kept[settled].tolist(), rel=1e-6)
    assert again.tolist() == pytest.approx(kept.tolist(), rel=1e-5)


def test_every_committed_table_is_whole_and_its_rows_are_accounted_for() -> None:
    tables, runs = list_tables(SCORES), read_runs(SCORES)
    assert (tables.failed == 0).all()
    for row in tables.itertuples():
        table = pd.read_parquet(SCORES / row.file)
        assert table.arch.is_unique
        space = get_space(row.space)
        assert [space.to_str(space.from_str(text)) for text in table.arch[:50]] == table.arch[:50].tolist()
        noted = sum(run["rows"] for run in runs.get(row.file, []))
        assert noted <= row.networks, f"{row.file}: {noted} rows are noted in manifest.json, it holds {row.networks}"
    assert set(runs) <= {path.name for path in SCORES.glob("*.parquet")}
    for name in (name for name in runs if "-measures-" in name):
        measured = pd.read_parquet(SCORES / name)
        assert measured.arch.is_unique
        assert (measured.error == "").all()
        assert sum(run["rows"] for run in runs[name]) == len(measured), name


def test_tables_beside_one_another_stand_under_what_sets_them_apart(folder: Path) -> None:
    text = agreements_table(agreements(folder, n_boot=20, rng=np.random.default_rng(0)))
    seeds, _, rest = text.partition("**Countings**")
    assert seeds.startswith("**Seeds**\n\n| alike | different | τ | 95% interval | networks | singular |\n")
    assert "| nasbench201, cifar10, once | 0 and 1 | 0.667 |" in seeds
    assert "| nasbench201, cifar10, 0 | once and reference | 1.000 |" in rest
    assert "| nasbench201, cifar10, once, 0 | stem_channels=8 cells_per_stage=1 and default |" in rest
    (folder / "nasbench201-cifar10-once-seed1.parquet").unlink()
    text = agreements_table(agreements(folder, n_boot=20, rng=np.random.default_rng(0)))
    assert text.startswith("**Seeds**\n\nThere are no two such tables yet.")


def test_rows_of_which_nothing_was_noted_are_said_to_be_so(folder: Path) -> None:
    name = "nasbench201-cifar10-once-seed0.parquet"
    run = {"rows": 2, "date": "2026-01-02", "versions": "torch 2", "hardware": "1 core", "settings": {}}
    (folder / "manifest.json").write_text(json.dumps({name: [run]}))
    tables = list_tables(folder)
    found = computed_with(folder, tables[tables.file == name])
    assert found.to_dict("split")["data"] == [
        ["nasbench201-cifar10-once-seed0", 2, "2026-01-02", "torch 2; 1 core", ""],
        ["nasbench201-cifar10-once-seed0", 3, "not noted", "not noted", ""],
    ]


def test_a_file_of_one_page_is_listed_with_it(folder: Path) -> None:
    [row] = other_tables(folder, list_tables(folder)).to_dict("records")
    assert row["file"] == "fig5-reference-seed0-archs10.parquet"
    assert (row["page"], row["rows"], row["columns"]) == ("{doc}`fig5`", len(CELLS), "`arch`, `score`")


def test_scores_of_seed_0_on_the_default_skeleton_and_mini_batch_are_drawn_by_data_set_and_by_counting(
    folder: Path,
) -> None:
    left, right = draw_distributions(folder, list_tables(folder)).axes
    labels = [[text.get_text() for text in ax.get_legend().get_texts()] for ax in (left, right)]
    assert labels == [
        ["cifar10, n = 4 and 1 singular", "imagenet16-120, n = 4"],
        ["nasbench201, once, n = 4 and 1 singular", "nasbench201, reference, n = 4 and 1 singular"],
    ]


@pytest.mark.notebook
def test_the_page_lists_every_table_and_draws_from_what_is_there(tmp_path: Path) -> None:
    executed = run_page("scores", tmp_path, n_boot=10)
    text = "\n".join(outputs(executed, "markdown"))
    for path in SCORES.glob("*.parquet"):
        assert f"[{path.name}](../figures/paper/scores/{path.name})" in text
    for row in list_tables(SCORES).itertuples():
        assert row.sha256[:12] in text
