"""How the built site looks in a real browser: large and small, light and dark, in one pass over all pages."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup
from PIL import Image

from naswotbook.numbers import PRINTED
from naswotbook.pictures import SMALLEST
from support.site import PAGES, SITE, listen, needs_site, open_browser, open_page

pytestmark = [pytest.mark.browser, *needs_site]

LEAST_TEXT = 9.0  # pixels, as displayed; of a picture without a caption
TALLEST, FRONT = 9000, 3500  # pixels of a page at 1,400 wide, everything folded
CONTRAST = 4.5
VIEWS = [(width, theme) for width in (1400, 400) for theme in ("light", "dark")]
LOOK = (Path(__file__).parents[1] / "support" / "look.js").read_text(encoding="utf-8")


Seen = dict[str, dict[str, Any]]  # by page


@cache
def visit(width: int, theme: str) -> Seen:
    """What ``look.js`` found of each page, in a window so wide, in that theme; and what the browser complained of.

    It takes half a minute.
    """
    found: Seen = {}
    with open_browser({"width": width, "height": 900}) as browser:
        tab = browser.new_page()
        tab.add_init_script(f"localStorage.setItem('mode', '{theme}'); localStorage.setItem('theme', '{theme}')")
        problems: list[str] = []
        origin = f"{SITE.as_uri()}/"
        listen(tab, problems, origin)
        for name in PAGES:
            problems.clear()
            open_page(tab, origin + name)
            found[name] = tab.evaluate(LOOK) | {"problems": list(problems)}
    return found


@pytest.fixture(params=VIEWS, ids=lambda view: f"{view[0]}-{view[1]}")
def view(request: pytest.FixtureRequest) -> Seen:
    return visit(*request.param)


def test_nothing_is_wider_than_the_window_nor_asked_of_elsewhere_and_the_browser_complains_of_nothing(view) -> None:
    assert {name: page["wide"] for name, page in view.items() if page["wide"] > page["window"]} == {}
    assert {name: page["problems"] for name, page in view.items() if page["problems"]} == {}


def test_every_picture_has_words_for_those_who_do_not_see_it(view) -> None:
    assert [(name, p["source"]) for name, page in view.items() for p in page["pictures"] if len(p["alt"]) <= 20] == []


def test_text_in_pictures_is_no_smaller_than_their_captions(view) -> None:
    small = {}
    for name, page in view.items():
        for picture in page["pictures"]:
            points = smallest_text(SITE / "_images" / picture["source"])
            pixels = points and points * picture["scale"]
            if pixels and round(pixels, 1) < max(LEAST_TEXT, round(picture["caption"], 1)):
                small[name, picture["source"]] = round(pixels, 1)
    assert small == {}


def smallest_text(path: Path) -> float | None:
    """Pixels of the smallest text of a picture at its own size; None where nobody noted it."""
    if path.suffix == ".svg":
        sizes = re.findall(r"font(?:-size)?: ?(?:[a-z]+ )*([\d.]+)px", path.read_text(encoding="utf-8"))
        return min(map(float, sizes)) * 96 / 72 if sizes else None
    with Image.open(path) as image:
        noted, dots = image.info.get(SMALLEST), image.info.get("dpi", (72, 72))[0]
    return float(noted) * dots / 72 if noted and float(noted) else None


def test_text_stands_out_from_its_ground(view) -> None:
    faint = {name: page["faint"] for name, page in view.items() if page["faint"]}
    assert faint == {}


def test_what_scrolls_and_every_control_can_be_reached_with_the_keyboard(view) -> None:
    assert {name: page["unreachable"] for name, page in view.items() if page["unreachable"]} == {}


def test_no_page_is_too_tall_with_everything_folded() -> None:
    heights = {name: page["tall"] for name, page in visit(1400, "light").items()}
    assert {name: tall for name, tall in heights.items() if tall > TALLEST} == {}
    assert heights["index.html"] < FRONT


NUMBER = re.compile(r"(Figure|Table) (\d+)(?:\(([a-j])\))?")
PLACES = {"Figure": "fig", "Table": "table"}


@pytest.mark.parametrize("name", PAGES)
def test_a_number_of_the_paper_is_that_of_its_figure_and_of_nothing_else(name: str) -> None:
    """In captions by page and label, in links by where they lead; and the site numbers nothing itself."""
    article = BeautifulSoup((SITE / name).read_text(encoding="utf-8"), "html.parser").find(class_="bd-article")
    if article is None:
        return
    assert article.find_all(class_="caption-number") == []
    for caption in article.find_all(["figcaption", "caption"]):
        if found := NUMBER.match(caption.get_text().strip()):
            label = caption.parent.get("id") or ""
            assert label.startswith(f"{PLACES[found[1]]}-{found[2]}{found[3] or ''}"), (found[0], label)
            assert name == f"{PLACES[found[1]]}{found[2]}.html", f"{found[0]} is captioned on {name}"
    for link in article.find_all("a", class_="reference"):
        found = NUMBER.fullmatch(link.get_text().strip())
        if found and link.find(class_="std-ref"):  # a reference to it, not a place in the paper that a page is about
            page = f"{PLACES[found[1]]}{found[2]}.html"
            assert int(found[2]) in PRINTED[found[1]]
            assert (link["href"].split("#")[0] or name) == page, f"{found[0]} leads to {link['href']}"


@pytest.mark.parametrize("name", PAGES)
def test_equations_1_and_2_are_the_papers_and_no_other_has_a_number(name: str) -> None:
    article = BeautifulSoup((SITE / name).read_text(encoding="utf-8"), "html.parser").find(class_="bd-article")
    if article is None:
        return
    numbers = [found.get_text()[:3] for found in article.select(".eqno")]
    assert numbers == (["(1)", "(2)"] if name == "introduction.html" else [])
    for link in article.find_all("a", class_="reference", href=True):
        if found := re.fullmatch(r"equation (\d)", link.get_text().strip()):
            place, label = {"1": "kernel", "2": "score"}[found[1]], link["href"]
            assert label.removeprefix("introduction.html") == f"#equation-eq-{place}"


@pytest.mark.parametrize("name", PAGES)
def test_a_link_to_a_figure_of_ours_says_its_page_and_not_its_caption(name: str) -> None:
    article = BeautifulSoup((SITE / name).read_text(encoding="utf-8"), "html.parser").find(class_="bd-article")
    said = [link.get_text() for link in article.find_all("a", class_="reference")] if article else []
    assert [text for text in said if text.startswith("Ours:") or "\\" in text] == []
