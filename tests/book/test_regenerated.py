"""The summaries of figures/paper are made anew, to the byte, from the committed score tables and published data."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from naswotlib.benchmarks import import_file
from naswotlib.benchmarks.importers import official_file
from support.notebooks import ROOT, load_dodo, run_page

PAPER = ROOT / "figures" / "paper"
DODO = load_dodo()
ENTRIES = {entry.stem(): entry for chapter in DODO.CHAPTERS.values() for entry in chapter.published}


def summaries(panel: str) -> list[str]:
    return [path.name for path in DODO.paper_files(ENTRIES[panel]) if path.suffix == ".csv"]


def test_each_summary_is_what_some_panel_makes() -> None:
    made = {name for panel in ENTRIES for name in summaries(panel)}
    every = [entry for chapter in DODO.CHAPTERS.values() for entry in chapter.entries]
    made |= {name for entry in every if entry.run is None for name in entry.also}  # measured by tests/speed
    assert {path.name for path in PAPER.glob("*.csv")} <= made


@pytest.mark.parametrize("panel", ["fig3a-cifar10-seed0", "fig3d-nasbench101-seed0"])
def test_a_quick_panel_gives_the_committed_summary(tmp_path: Path, data_dir: Path, panel: str) -> None:
    shutil.copytree(PAPER / "scores", tmp_path / "paper" / "scores")
    entry = ENTRIES[panel]
    run_page(entry.page, tmp_path, profile="paper", data_dir=str(data_dir), **entry.run or {})
    for name in summaries(panel):
        assert (tmp_path / "paper" / name).read_bytes() == (PAPER / name).read_bytes(), name


@pytest.mark.parametrize(
    "panel",
    ["fig3j-nds-darts-imagenet-seed0", pytest.param("fig3h-nds-nasnet-imagenet-seed0", marks=pytest.mark.slow)],
)
def test_a_panel_of_an_imported_table_gives_the_committed_summary(tmp_path: Path, data_dir: Path, panel: str) -> None:
    entry = ENTRIES[panel]
    file = data_dir / "published" / "nds" / official_file(entry.space)
    if not file.exists():
        pytest.skip(f"{file} is not there")
    import_file(file, out=tmp_path)
    shutil.copytree(PAPER / "scores", tmp_path / "paper" / "scores")
    run_page(entry.page, tmp_path, profile="paper", data_dir=str(tmp_path), **entry.run or {})
    [name] = summaries(panel)
    assert (tmp_path / "paper" / name).read_bytes() == (PAPER / name).read_bytes()


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What is under version control, but of figures/paper the scores alone."""
    folder = tmp_path_factory.mktemp("checkout")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip(f"{ROOT} is no git checkout")
    for name in filter(None, listed.stdout.split("\0")):
        if Path(name).parent != PAPER.relative_to(ROOT):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    return folder


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("panel", ENTRIES)
def test_a_clean_checkout_gives_every_committed_summary(checkout: Path, data_dir: Path, panel: str) -> None:
    needed = ENTRIES[panel].needs
    if needed and not (data_dir / needed).exists() and not (ROOT / needed).exists():
        pytest.skip(f"{needed} is not in {data_dir}")
    if not any((PAPER / name).exists() for name in summaries(panel)):
        pytest.skip(f"nothing of {panel} is under version control")
    done = subprocess.run(
        [sys.executable, "-m", "doit", "profile=paper", f"data={data_dir.resolve()}", f"paper:{panel}"],
        cwd=checkout,
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(checkout), str(checkout / "book")])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    for name in summaries(panel):
        assert (checkout / "figures" / "paper" / name).read_bytes() == (PAPER / name).read_bytes(), name
