"""Every page of the book with small parameters: it runs, it repeats to the byte, and it follows its parameters."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from support.notebooks import PAGES as NOTEBOOKS
from support.notebooks import ROOT, outputs, run_page
from support.trained import write_watched

SMALL = {"n_archs": 6, "batch_size": 8}
SPACE = {"n_archs": 10, "n_scored": 1, "batch_size": 8}
# By page: parameters that make it quick, and one that makes it another page.
PAGES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "fig1": ({"panels": "a", "per_band": 1, "batch_size": 8}, {"per_band": 2}),
    "fig2": ({"resolution": 40}, {"seed": 7}),
    "fig3": (SMALL | {"panels": "a"}, {"seed": 4}),
    "fig4": ({"panels": "f", "n_archs": 4, "batch_size": 8}, {"seed": 4}),
    "fig5": ({"n_archs": 2, "repeats": 2, "batch_size": 8, "batch_sizes": [4, 8]}, {"batch_sizes": [4]}),
    "fig6": ({}, {"zoom": 1}),
    "fig7": ({}, {"split": "validation"}),
    "fig9": (SMALL, {"seed": 4}),
    "fig10": (SMALL, {"seed": 4}),
    "predictors": ({**SMALL, "n_boot": 10}, {"seed": 4}),
    "spectrum": ({"n_archs": 12, "batch_size": 24, "n_boot": 10}, {"seed": 4}),
    "measures": ({"n_archs": 12, "batch_size": 8, "n_boot": 10}, {"seed": 4}),
    "programs": ({"n_archs": 4, "batch_size": 8, "n_boot": 10}, {"seed": 4}),
    "cheap": ({"n_archs": 8, "settings": [[4, 1, 8], [2, 1, 4]], "n_boot": 20}, {"seed": 4}),
    "yourself": ({"batch_size": 8}, {"seed": 4}),
    "equation1": ({"n_archs": 4, "n_seeds": 2, "batch_size": 8}, {"seed": 4}),
    "table1": ({"n_runs": 5, "samples": [2, 6], "batch_size": 8}, {"seed": 4}),
    "table2": ({"n_runs": 3, "samples": [2, 6], "max_trained": 12, "batch_size": 8}, {"seed": 4}),
    "searches": ({"n_runs": 2, "max_trained": 12}, {"seed": 4}),
    "hardware": (SMALL, {"seed": 4}),
    "nasbench101": (SPACE, {"n_archs": 11}),
    "nasbench201": (SPACE, {"n_archs": 11}),
    "nats_size": (SPACE, {"n_archs": 11}),
    "other_spaces": ({"n_archs": 4, "batch_size": 4}, {"n_archs": 5}),
    "own_space": ({"n_archs": 6, "batch_size": 8}, {"seed": 4}),
    "nds": ({"n_archs": 2, "batch_size": 4}, {"n_archs": 3}),
}
# Pages that have no figure of their own and write no CSV, or have nothing to change.
ALONE: dict[str, dict[str, Any]] = {
    "accuracy": {},
    "after": {},
    "bundled": {"batch_size": 8},
    "cluster": {"n_archs": 4, "batch_size": 4},
    "faq": {"n_boot": 10},
    "explorer": {},
    "index": {},
    "nds_imagenet": {},
    "ledger": {},
    "own_network": {"batch_size": 4, "side": 32, "repeats": 1, "n_boot": 10},
    "speed": {},
    "where": {},
    "why": {},
}
ELSEWHERE = ["scores"]  # tests/test_score_tables.py

pytestmark = pytest.mark.notebook


def test_no_page_is_forgotten() -> None:
    assert sorted([*PAGES, *ALONE, *ELSEWHERE]) == [path.stem for path in NOTEBOOKS]


@pytest.mark.parametrize("name", PAGES)
def test_a_page_repeats_to_the_byte_and_follows_its_parameters(tmp_path: Path, name: str) -> None:
    small, changed = PAGES[name]
    if name == "fig6":
        write_watched(tmp_path / "trained.parquet", count=2)
        small = {"trained": str(tmp_path / "trained.parquet")}

    def run(number: int) -> tuple[list[str], dict[str, bytes]]:
        out = tmp_path / str(number)
        if name == "fig7":  # it draws what the page of Table 2 has written
            (out / "demo").mkdir(parents=True)
            shutil.copy(ROOT / "figures" / "paper" / "table2a-seed0.csv", out / "demo" / "table2-seed0.csv")
        executed = run_page(name, out, **small | (changed if number == 2 else {}))
        return outputs(executed, "png"), {path.name: path.read_bytes() for path in out.rglob("*.csv")}

    with ThreadPoolExecutor(2) as pool:
        (pictures, tables), again, other = pool.map(run, range(3))
    assert pictures or tables
    assert (pictures, tables) == again
    if pictures:
        assert pictures != other[0]
    else:  # a page of tables
        assert [*tables.values()] != [*other[1].values()]


@pytest.mark.parametrize("name", ALONE)
def test_a_page_runs(tmp_path: Path, name: str) -> None:
    executed = run_page(name, tmp_path, **ALONE[name])
    assert "provenance" in outputs(executed, "markdown")[-1]
