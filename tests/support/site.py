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
    from playwright.sync_api import BrowserContext

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
