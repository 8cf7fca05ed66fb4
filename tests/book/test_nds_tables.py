"""The committed score tables of NDS on ImageNet: of which networks, computed with what, and that they come again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from naswotbook.experiments.families import FAMILIES
from naswotbook.experiments.score_tables import rescore
from naswotbook.kept import COUNTINGS, list_tables, read_runs
from naswotbook.samples import mini_batch
from naswotlib import get_space, load_images, score_archs
from naswotlib.benchmarks.importers import official_file
from naswotlib.scoring.proxies import NASWOT
from naswotlib.spaces.sizes import network_sizes
from support.notebooks import ROOT

SCORES = ROOT / "figures" / "paper" / "scores"
TABLES = [row for row in list_tables(SCORES).itertuples() if row.space in FAMILIES]
NETWORKS = {"amoeba": 124, "darts": 121, "enas": 117, "nasnet": 122, "pnas": 119, "darts_fixed": 499}


def test_every_family_is_scored_whole_on_photographs_in_both_countings_and_on_noise() -> None:
    scored = {(row.space, row.dataset, row.measure): row.networks for row in TABLES if row.measure in COUNTINGS}
    expected = [("photos224", "once"), ("photos224", "reference"), ("noise224", "once")]
    assert scored == {(f"nds_{name}_imagenet", *kind): count for name, count in NETWORKS.items() for kind in expected}


@pytest.fixture(scope="module")
def digests() -> dict[str, str]:
    """Of the mini-batches that the tables' names say, as manifests note them."""
    names = sorted({row.dataset for row in TABLES})
    drawn = {name: load_images(*_first(name), seed=0, side=mini_batch(name)[1]).numpy() for name in names}
    return {
        name: f"{images.shape} {images.dtype} sha256 {hashlib.sha256(images.tobytes()).hexdigest()[:16]}"
        for name, images in drawn.items()
    }


def _first(name: str) -> tuple[str, int]:
    return mini_batch(name)[0], 128


@pytest.mark.parametrize("row", TABLES, ids=lambda row: row.file)
def test_the_manifest_accounts_for_every_row_and_agrees_with_the_name(row, digests: dict[str, str]) -> None:
    runs = read_runs(SCORES)[row.file]
    assert sum(run["rows"] for run in runs) == row.networks
    for run in runs:
        settings = run["settings"]
        is_score = row.measure in COUNTINGS
        assert (settings["space"], settings["seed"]) == (row.space, 0)
        assert settings["proxy"] == (NASWOT if is_score else row.measure)
        assert not is_score or (settings["counting"], settings["exact"]) == (row.measure, False)
        assert settings["skeleton"] == {"num_classes": 1000}
        assert settings["inputs"] == digests[row.dataset]
        assert run["hardware"]
        assert "torch" in run["versions"]


@pytest.mark.parametrize("row", TABLES, ids=lambda row: row.file)
def test_a_table_is_of_published_networks_and_says_nothing_of_their_accuracy(row, data_dir: Path) -> None:
    path = data_dir / "published" / "nds" / official_file(row.space)
    if not path.exists():
        pytest.skip(f"{path} is not there")
    entries = json.loads(path.read_text())
    space = get_space(row.space)
    published = {space.to_str(space.from_str(json.dumps(entry["net"]))) for entry in _entries(entries)}
    table = pd.read_parquet(SCORES / row.file)
    assert set(table.arch) == published
    assert table.columns.tolist() == ["arch", "score", "num_units", "seconds", "error"]


def _entries(found: list | dict) -> Iterator[dict]:
    yield from found if isinstance(found, list) else [entry for part in ("top", "mid") for entry in found[part]]


@pytest.mark.slow
@pytest.mark.parametrize("row", [row for row in TABLES if row.measure in COUNTINGS], ids=lambda row: row.file)
def test_two_networks_of_each_table_scored_again_here_agree_with_it(row) -> None:
    """To one part in a million, wherever the table was computed."""
    kept, again = rescore(SCORES, row, 2, seed=0, exact=False)
    assert again.tolist() == pytest.approx(kept.tolist(), rel=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("row", [row for row in TABLES if row.measure not in COUNTINGS], ids=lambda row: row.file)
def test_what_a_graphics_card_gave_for_the_smallest_network_comes_out_here_too(row) -> None:
    """To one part in a thousand. In a network whose gradients explode, rounding alone moves grad_norm by a percent."""
    table, skeleton = pd.read_parquet(SCORES / row.file).set_index("arch"), {"num_classes": 1000}
    sizes = network_sizes(row.space, table.index, side=224, skeleton=skeleton)
    arch = sizes.arch[sizes.flops.idxmin()]
    images, labels = load_images("photos", 128, seed=0, side=224, with_labels=True)
    how = {"seed": 0, "proxy": row.measure, "labels": labels, "skeleton": skeleton, "progress": False}
    [again] = score_archs(row.space, [arch], images, **how).score
    assert again == pytest.approx(table.score[arch], rel=1e-3)
