"""The map of the book names every page, figure and table, and nothing that is not there."""

from __future__ import annotations

import inspect
import json
import re
from pathlib import Path

import pandas as pd
import pytest
import yaml

from naswotbook.map import code_link, find_code, list_notebooks, list_places, panel_seconds, read_map
from naswotlib import list_spaces
from naswotlib.benchmarks.importers import TABLES
from naswotlib.data.images import DATASETS
from naswotlib.training.suite import TRAJECTORIES
from support.notebooks import PAGES as NOTEBOOKS

ROOT = Path(__file__).parents[2]
BOOK = ROOT / "book"
PUBLISHED = ROOT / "figures" / "paper"
MAP = read_map(BOOK)
TOC = yaml.safe_load((BOOK / "_toc.yml").read_text())
PAGES = [TOC["root"], *(chapter["file"] for part in TOC["parts"] for chapter in part["chapters"])]
CODE = [path for row in MAP["paper"] for path in row["code"]]


def test_every_page_of_the_book_with_a_notebook_says_what_it_reads() -> None:
    assert list(MAP["notebooks"]) == [page for page in PAGES if page in {path.stem for path in NOTEBOOKS}]


def test_every_figure_and_table_of_the_paper_stands_in_the_map_and_leads_to_a_page_of_the_book() -> None:
    items = {row["item"] for row in MAP["paper"]} | {row["item"].partition(" (")[0] for row in MAP["paper"]}
    expected = ["Equation 1", "Equation 2", "Algorithm 1", "Algorithm 2", *(f"Figure {n}" for n in range(1, 11))]
    for name in [*expected, "Table 1", "Table 2 (a)", "Table 2 (b)"]:
        assert any(re.match(rf"{re.escape(name)}\b" if name[-1] != ")" else re.escape(name), item) for item in items), (
            name
        )
    for row in MAP["paper"]:
        assert set(row["pages"]) <= set(PAGES)
        assert bool(row["pages"]) == bool(row["code"]) == (row["item"] != "Figure 8")
    shown = {page for row in MAP["paper"] for page in row["pages"]}
    assert {page for page in PAGES if re.match(r"fig\d|table\d", page)} <= shown


def test_a_place_that_the_ledger_knows_is_in_the_map() -> None:
    parts = yaml.safe_load((BOOK / "claims.yml").read_text()).values()
    pages = {claim["page"] for part in parts for claim in part if "page" in claim}
    assert pages
    assert pages <= {page for row in MAP["paper"] for page in row["pages"]}


@pytest.mark.parametrize("path", sorted(set(CODE)))
def test_code_that_the_map_names_exists_and_its_link_leads_to_it(path: str) -> None:
    found = find_code(path)
    assert callable(found)
    link = code_link(path, (BOOK / "api.md").read_text())
    file = re.search(r"\]\((.*)\)", link)
    if file is None:
        assert f"naswotlib.{path.rpartition('.')[2]}" in (BOOK / "api.md").read_text()
    else:
        assert (BOOK / file[1]).resolve() == Path(inspect.getsourcefile(found) or "").resolve()
        assert f"def {path.rpartition('.')[2]}(" in (BOOK / file[1]).read_text()


def test_data_that_a_page_reads_are_tables_and_images_that_the_library_knows() -> None:
    images = {*DATASETS, "imagenette", "photos"}
    tables = {*list_spaces(), "nasbench201-complete", TRAJECTORIES, "nds_*", "*"}  # some are still in training
    bundled = {f"bundled-{name}" for name in tables}
    published = {*list_spaces(), *TABLES, "nds_*", "nats-bench-sample"}
    for page, data in MAP["notebooks"].items():
        assert set(data) <= {"demo", "paper"}, page
        assert set(data.get("demo", [])) <= bundled | images, page
        assert set(data.get("paper", [])) <= published | images, page
        has_profile = re.search(r"^profile: str", (BOOK / f"{page}.md").read_text(), re.MULTILINE)
        assert not data.get("paper") or has_profile, page


def test_seconds_are_those_of_the_panels_of_the_page_that_are_there(tmp_path: Path) -> None:
    for name, seconds in {"fig3a-cifar10": 3, "fig3b-cifar100": 4, "fig9a-cifar10": 5, "fig3-draft": 9}.items():
        (tmp_path / f"{name}-seed0.json").write_text(json.dumps({"duration": f"{seconds} s"}))
    assert panel_seconds(tmp_path, "fig3") == [3, 4]
    assert panel_seconds(tmp_path, "fig9") == [5]
    assert panel_seconds(tmp_path, "fig2") == panel_seconds(tmp_path, "where") == []


def test_every_published_panel_is_counted_once() -> None:
    counts = [len(panel_seconds(PUBLISHED, page)) for page in MAP["notebooks"]]
    by_programs = ("classifiers", "cli-", "cpu-", "gpu-")  # of tests/speed
    made = [path for path in PUBLISHED.glob("*.json") if not path.stem.startswith(by_programs)]
    assert sum(counts) == len(made) > 0


def test_costs_are_of_pages_that_there_are() -> None:
    costs = pd.read_csv(BOOK / "costs.csv")
    assert costs.page.is_unique
    assert set(costs.page) <= set(MAP["notebooks"])
    assert (costs[["seconds", "cpu_seconds", "peak_mb"]] > 0).all().all()


def test_both_tables_have_a_row_for_each_place_and_page() -> None:
    places, notebooks = list_places(BOOK), list_notebooks(BOOK, PUBLISHED).set_index("page")
    assert places["of the paper"].tolist() == [f"**{row['item']}**, {row['what']}" for row in MAP["paper"]]
    assert [page.split("`")[1].split()[0] for page in notebooks.index] == list(MAP["notebooks"])
    costs = pd.read_csv(BOOK / "costs.csv").set_index("page")
    assert notebooks.minutes["{doc}`fig3 <fig3>`"] == costs.seconds["fig3"] / 60
    seconds = panel_seconds(PUBLISHED, "fig3")
    shown = f"{sum(seconds) / 60:.2f} ({len(seconds)})"
    assert notebooks["paper: minutes (panels)"]["{doc}`fig3 <fig3>`"] == shown
