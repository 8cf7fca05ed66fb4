"""What several test files of the book share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from naswotbook.claims import judge
from naswotbook.verdicts import Results, Verdict
from support.site import CHROMIUM, FLAGS
from support.verdicts import PRINTED

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Page


@pytest.fixture
def verdict(tmp_path: Path) -> Callable[..., Verdict]:
    """Judge a claim by the rows of a file."""

    def judge_rows(table: Any, /, **claim: Any) -> Verdict:
        pd.DataFrame(table).to_csv(tmp_path / "t.csv", index=False)
        return judge({"claim": "c", "file": "t.csv", **claim}, Results(tmp_path, PRINTED))

    return judge_rows


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, for the tests of a file."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield started
        started.close()


@pytest.fixture
def tab(browser: Browser) -> Iterator[Page]:
    """A page that may load nothing from elsewhere and log no error."""
    problems: list[str] = []
    page = browser.new_page(viewport={"width": 1400, "height": 900})
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("requestfailed", lambda request: problems.append(request.url))
    page.on("request", lambda request: request.url.startswith("file:") or problems.append(request.url))
    page.on("console", lambda message: _is_problem(message) and problems.append(message.text))
    yield page
    page.close()
    assert problems == []


def _is_problem(message: ConsoleMessage) -> bool:
    """Not that a browser without a graphics card, as this one is, takes long to copy what WebGL has drawn."""
    return message.type in ("error", "warning") and "GPU stall due to ReadPixels" not in message.text
