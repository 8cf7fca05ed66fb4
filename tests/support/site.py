"""The built site, and a browser to look at it with."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

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
needs_chromium = pytest.mark.skipif(
    CHROMIUM is None, reason="no Chromium on this machine (on Debian: apt-get install chromium)"
)
needs_site = [
    needs_chromium,
    pytest.mark.skipif(not PAGES, reason="the site is not built: run `make book` first"),
]


@contextmanager
def open_browser(viewport: dict[str, int] | None = None) -> Iterator[BrowserContext]:
    """A browser of its own profile, that is closed after; ``viewport`` has its ``width`` and ``height``."""
    from playwright.sync_api import sync_playwright

    options: dict[str, Any] = {} if viewport is None else {"viewport": viewport}
    with tempfile.TemporaryDirectory() as profile, sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            profile, executable_path=CHROMIUM, args=FLAGS, **options
        )
        yield context
        context.close()


def listen(tab: Page, problems: list[str], *origins: str) -> None:
    """Collect in ``problems`` what the browser complains of, and what is asked for under none of ``origins``."""
    here = (*origins, "data:", "blob:")
    tab.on("pageerror", lambda error: problems.append(f"script: {error}"))
    tab.on("requestfailed", lambda request: problems.append(f"failed: {request.url}"))
    tab.on("response", lambda answer: answer.ok or problems.append(f"{answer.status}: {answer.url}"))
    tab.on("request", lambda asked: asked.url.startswith(here) or problems.append(f"elsewhere: {asked.url}"))
    tab.on(
        "console",
        lambda message: message.type in ("error", "warning") and problems.append(f"{message.type}: {message.text}"),
    )


def open_page(tab: Page, address: str) -> None:
    """Open a page and wait until its formulas are set."""
    tab.goto(address, wait_until="load")
    tab.wait_for_function("() => !window.MathJax || !MathJax.startup || MathJax.startup.promise.then(() => true)")
