"""The built site in a real browser: every page, over http and from its folder."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from functools import cache, partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urldefrag, urljoin, urlparse

import pytest

from support.site import PAGES, SITE, listen, needs_site, open_browser, open_page

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

# Of each picture: its address, its text, and how many different colours a coarse copy of it has.
PICTURES = """() => Array.from(document.querySelectorAll("main img"), image => {
  const canvas = Object.assign(document.createElement("canvas"), {width: 64, height: 64});
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, 0, 64, 64);
  const pixels = new Uint32Array(context.getImageData(0, 0, 64, 64).data.buffer);
  return {source: image.src, alt: image.alt, colours: new Set(pixels).size};
})"""
LINKS = """() => Array.from(document.querySelectorAll("main a[href], nav a[href], .bd-header-article a[href]"),
                            link => link.href)"""
ORIGIN = f"{SITE.as_uri()}/"

pytestmark = [pytest.mark.browser, *needs_site]


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(SITE))) as http:
        threading.Thread(target=http.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{http.server_port}/"
        http.shutdown()


@pytest.fixture(scope="module")
def browser() -> Iterator[BrowserContext]:
    with open_browser() as context:
        yield context


@pytest.fixture
def problems() -> list[str]:
    """What the browser complained of in the test so far."""
    return []


@pytest.fixture
def tab(browser: BrowserContext, problems: list[str], server: str) -> Iterator[Page]:
    page = browser.new_page()
    listen(page, problems, server, ORIGIN)
    yield page
    page.close()


@pytest.fixture(scope="module")
def found(browser: BrowserContext, server: str) -> Callable[[str], dict[str, Any]]:
    """Of a page, which is opened once: its title, pictures and links, and what the browser complained of."""

    @cache
    def look(name: str) -> dict[str, Any]:
        page, problems = browser.new_page(), list[str]()
        listen(page, problems, server)
        open_page(page, server + name)
        seen = {"title": page.title(), "pictures": page.evaluate(PICTURES), "links": page.evaluate(LINKS)}
        page.close()
        return seen | {"problems": problems}

    return look


@pytest.mark.parametrize("name", PAGES)
def test_over_http_a_page_opens_without_console_messages_or_requests_to_elsewhere(found, name: str) -> None:
    """Of its folder, test_site_look.py says the same."""
    assert found(name)["title"]
    assert found(name)["problems"] == []


@pytest.mark.parametrize("name", PAGES)
def test_pictures_have_alternative_text_and_are_not_blank(found, name: str) -> None:
    for picture in found(name)["pictures"]:
        assert len(picture["alt"]) > 20, picture
        assert picture["colours"] > 4, picture


@pytest.mark.parametrize("name", PAGES)
def test_links_and_downloads_lead_somewhere(found, server: str, name: str) -> None:
    broken = []
    for link in found(name)["links"]:
        address, fragment = urldefrag(urljoin(server, link))
        if address.startswith(server):
            file = SITE / (unquote(urlparse(address).path).lstrip("/") or "index.html")
            fragment = "" if "=" in fragment else fragment  # the state of a script, and no place
            if not file.is_file() or (fragment and f'id="{fragment}"' not in file.read_text(encoding="utf-8")):
                broken.append(link)
    assert broken == []


def test_an_interactive_plot_answers_a_hover(tab: Page, server: str) -> None:
    with_plots = [name for name in PAGES if "plotly-graph-div" in (SITE / name).read_text(encoding="utf-8")]
    assert with_plots
    for name in with_plots:
        open_page(tab, server + name)
        plot = tab.locator(".js-plotly-plot").first
        plot.scroll_into_view_if_needed()
        mark = plot.locator(".scatterlayer .point, .barlayer .point path, .boxlayer path.point").first
        box = mark.bounding_box()
        tab.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        tab.locator(".hovertext").first.wait_for(timeout=5000)
        assert re.search("accuracy|score", tab.locator(".hoverlayer").text_content() or "")


@pytest.mark.parametrize("scheme", ["http", "file"])
def test_the_ledger_is_filtered_sorted_and_led_to_by_keyboard(
    tab: Page, problems: list[str], server: str, scheme: str
) -> None:
    open_page(tab, f"{server if scheme == 'http' else ORIGIN}ledger.html")
    rows, form = tab.locator("table.ledger tbody tr"), tab.locator("form.ledger-form")
    every = rows.count()
    assert every > 60
    before = rows.first.text_content()
    form.locator("select[name=verdict]").focus()
    form.locator("select[name=verdict]").select_option("contradicted")
    some = tab.locator("table.ledger tbody tr:visible").count()
    assert 0 < some < every
    assert form.locator("output").text_content() == f"{some} of {every} claims"
    assert set(tab.locator("table.ledger tbody tr:visible td:last-child").all_text_contents()) == {"contradicted"}
    form.locator("select[name=verdict]").select_option("")
    form.locator("input[name=words]").fill("no such word")
    assert tab.locator("table.ledger tbody tr:visible").count() == 0
    form.locator("input[name=words]").fill("")
    button = tab.locator("table.ledger th button").last
    button.focus()
    for direction, first in (("ascending", "reproduced"), ("descending", "not run"), ("none", None)):
        tab.keyboard.press("Enter")
        assert tab.locator("table.ledger th").last.get_attribute("aria-sort") == direction
        assert first is None or (rows.first.locator("td").last.text_content() or "").startswith(first)
    assert rows.first.text_content() == before
    name = rows.nth(30).locator("span.claim").get_attribute("id")
    form.locator("select[name=verdict]").select_option("contradicted")
    tab.evaluate("name => { window.location.hash = name }", name)
    tab.wait_for_function("name => document.getElementById(name).closest('tr').checkVisibility()", arg=name)
    assert rows.nth(30).locator("details:not([open])").count() == 0
    assert problems == []


def test_on_a_narrow_screen_every_verdict_of_the_ledger_is_in_sight_and_what_is_filtered_is_not(tab: Page) -> None:
    tab.set_viewport_size({"width": 400, "height": 900})
    open_page(tab, f"{ORIGIN}ledger.html")
    edges = "cells => cells.map(cell => cell.getBoundingClientRect().right)"
    assert max(tab.locator("table.ledger tbody td:last-child").evaluate_all(edges)) <= 400
    tab.locator("form.ledger-form select[name=verdict]").select_option("contradicted")
    assert 0 < tab.locator("table.ledger tbody tr:visible").count() < 20
