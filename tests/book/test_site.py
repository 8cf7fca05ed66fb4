"""The built site in a real browser: every page, over http and from its folder."""

from __future__ import annotations

import re
import shutil
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urldefrag, urljoin, urlparse

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

SITE = Path(__file__).parents[2] / "_build" / "html"
PAGES = sorted(path.name for path in SITE.glob("*.html"))
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
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

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine (on Debian: apt-get install chromium)"),
    pytest.mark.skipif(not PAGES, reason="the site is not built: run `make book` first"),
]


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
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrowserContext]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            tmp_path_factory.mktemp("profile"), executable_path=CHROMIUM, args=FLAGS
        )
        yield context
        context.close()


@pytest.fixture
def problems() -> list[str]:
    """What the browser complained of in the test so far."""
    return []


@pytest.fixture
def tab(browser: BrowserContext, problems: list[str]) -> Iterator[Page]:
    page = browser.new_page()
    page.on("pageerror", lambda error: problems.append(f"script: {error}"))
    page.on("requestfailed", lambda request: problems.append(f"failed: {request.url}"))
    page.on("response", lambda answer: answer.ok or problems.append(f"{answer.status}: {answer.url}"))
    page.on(
        "console",
        lambda message: message.type in ("error", "warning") and problems.append(f"{message.type}: {message.text}"),
    )
    yield page
    page.close()


def _open(tab: Page, address: str) -> None:
    tab.goto(address, wait_until="load")
    tab.wait_for_function("() => !window.MathJax || !MathJax.startup || MathJax.startup.promise.then(() => true)")


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("scheme", ["http", "file"])
def test_a_page_opens_without_console_messages_or_requests_to_elsewhere(
    tab: Page, problems: list[str], server: str, name: str, scheme: str
) -> None:
    origin = server if scheme == "http" else f"{SITE.as_uri()}/"
    here = (origin, "data:", "blob:")
    tab.on("request", lambda request: request.url.startswith(here) or problems.append(f"elsewhere: {request.url}"))
    _open(tab, origin + name)
    assert tab.title()
    assert problems == []


@pytest.mark.parametrize("name", PAGES)
def test_pictures_have_alternative_text_and_are_not_blank(tab: Page, server: str, name: str) -> None:
    _open(tab, server + name)
    for picture in tab.evaluate(PICTURES):
        assert len(picture["alt"]) > 20, picture
        assert picture["colours"] > 4, picture


@pytest.mark.parametrize("name", PAGES)
def test_links_and_downloads_lead_somewhere(tab: Page, server: str, name: str) -> None:
    _open(tab, server + name)
    broken = []
    for link in tab.evaluate(LINKS):
        address, fragment = urldefrag(urljoin(server, link))
        if address.startswith(server):
            file = SITE / (unquote(urlparse(address).path).lstrip("/") or "index.html")
            if not file.is_file() or (fragment and f'id="{fragment}"' not in file.read_text(encoding="utf-8")):
                broken.append(link)
    assert broken == []


@pytest.mark.parametrize("name", PAGES)
def test_nothing_is_wider_than_a_phone(tab: Page, server: str, name: str) -> None:
    tab.set_viewport_size({"width": 400, "height": 800})
    _open(tab, server + name)
    assert tab.evaluate("document.documentElement.scrollWidth") <= 400


def test_an_interactive_plot_answers_a_hover(tab: Page, server: str) -> None:
    with_plots = [name for name in PAGES if "plotly-graph-div" in (SITE / name).read_text(encoding="utf-8")]
    assert with_plots
    for name in with_plots:
        _open(tab, server + name)
        plot = tab.locator(".js-plotly-plot").first
        plot.scroll_into_view_if_needed()
        mark = plot.locator(".scatterlayer .point, .barlayer .point path, .boxlayer path.point").first
        box = mark.bounding_box()
        tab.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        tab.locator(".hovertext").first.wait_for(timeout=5000)
        assert re.search("accuracy|score", tab.locator(".hoverlayer").text_content() or "")
