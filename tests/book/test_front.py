"""The front page and the README show every figure of the paper, and what came out."""

from __future__ import annotations

import shutil
from pathlib import Path

import yaml
from PIL import Image, ImageChops

from naswotbook.chips import page_verdicts
from naswotbook.front import SHOWN, cards, draw_readme, picture_of
from naswotbook.registry import ROOT, read_figures

BOOK, FIGURES = ROOT / "book", ROOT / "figures"


def test_the_strip_has_every_figure_and_table_of_the_paper_in_the_order_of_the_book() -> None:
    toc = yaml.safe_load((BOOK / "_toc.yml").read_text())
    pages = [chapter["file"] for part in toc["parts"] for chapter in part["chapters"]]
    assert list(SHOWN) == [page for page in pages if page.startswith(("fig", "table"))]
    text = cards(FIGURES)
    for page, title in SHOWN.items():
        assert f"{{grid-item-card}} {title}\n:link: {page}\n" in text


def test_a_card_counts_the_verdicts_of_its_page(tmp_path: Path) -> None:
    text = cards(tmp_path)
    assert "img-top" not in text  # nothing is drawn there
    card = text[text.index(SHOWN["fig9"]) : text.index(SHOWN["fig10"])]
    count = len(page_verdicts(BOOK, tmp_path / "paper", "fig9"))
    assert f">{count} not run</span>" in card


def test_a_card_shows_a_detail_of_the_picture_of_its_page(tmp_path: Path) -> None:
    (tmp_path / "paper").mkdir()
    (tmp_path / "demo").mkdir()
    shutil.copy(FIGURES / "paper" / "fig7-seed0.png", tmp_path / "paper")
    assert ":img-top: ../figures/demo/detail-fig7.png" in cards(tmp_path)
    assert picture_of("fig3", tmp_path) == tmp_path / "demo" / "fig3-seed0.png"
    assert picture_of("table1", tmp_path) is None


def test_the_pictures_that_the_front_page_cuts_are_made_before_it() -> None:
    assert set(read_figures()["index"].makes) == {f"detail-{page}.png" for page in SHOWN if picture_of(page, FIGURES)}
    assert "pictures" in read_figures()["index"].reads


def test_the_picture_of_the_readme_is_of_the_panels_as_they_are(tmp_path: Path) -> None:
    assert "](figures/readme.png)" in (ROOT / "README.md").read_text(encoding="utf-8")
    shutil.copytree(FIGURES / "paper", tmp_path / "paper", ignore=shutil.ignore_patterns("scores"))
    draw_readme(tmp_path)
    with Image.open(tmp_path / "readme.png") as now, Image.open(FIGURES / "readme.png") as kept:
        assert ImageChops.difference(now, kept).getbbox() is None, "python -m naswotbook.front draws it anew"
