"""The explorer in a real browser: all cells of NAS-Bench-201 as points, on a page that is opened from a folder."""

from __future__ import annotations

import base64
import io
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from naswotbook.play import explorer
from naswotbook.registry import ROOT
from naswotlib import get_space
from support.parts import write_page
from support.site import needs_chromium

if TYPE_CHECKING:
    from playwright.sync_api import Page

SCORES = ROOT / "figures" / "paper" / "scores"
SPACE = get_space("nasbench201")
BUTTON = '<button type="button">Open</button>'

pytestmark = [pytest.mark.browser, needs_chromium]


@pytest.fixture(scope="module")
def explorer_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("explorer")
    data = explorer.explorer_data(SCORES, ROOT / "figures" / "paper" / "explorer-kernels-seed0.parquet")
    return write_page(folder, "explorer", ["points", "scatter", "cell", "explorer"], inside=BUTTON, explorer_data=data)


@pytest.fixture
def opened(tab: Page, explorer_page: Path) -> Page:
    tab.goto(explorer_page.as_uri())
    tab.get_by_role("button", name="Open").click()
    tab.locator("#explorer[data-open]").wait_for()
    return tab


def test_all_that_the_explorer_loads_is_under_six_megabytes_and_its_data_wait_to_be_asked_for(
    tab: Page, explorer_page: Path
) -> None:
    loaded: list[str] = []
    tab.on("request", lambda request: loaded.append(request.url))
    tab.goto(explorer_page.as_uri())
    assert not [url for url in loaded if "data" in url.rpartition("/")[2]]
    sizes = [path.stat().st_size for path in explorer_page.parent.rglob("*") if path.is_file()]
    assert sum(sizes) < 6e6


def test_the_explorer_opens_within_two_seconds(tab: Page, explorer_page: Path) -> None:
    tab.goto(explorer_page.as_uri())
    start = time.perf_counter()
    tab.get_by_role("button", name="Open").click()
    tab.locator("#explorer[data-open]").wait_for()
    tab.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert time.perf_counter() - start < 2


def test_a_hover_is_answered_within_a_tenth_of_a_second_by_the_cell_under_the_pointer(opened: Page) -> None:
    opened.locator(".play-rings").scroll_into_view_if_needed()
    for index in (9752, 4, 15000):
        x, y = opened.evaluate("(index) => NASWOT.opened.place(index)", index)
        took = opened.evaluate(
            """async ([x, y]) => {
              const rings = document.querySelector(".play-rings"), corner = rings.getBoundingClientRect();
              const at = {clientX: corner.left + x, clientY: corner.top + y, pointerType: "mouse", bubbles: true};
              const start = performance.now();
              rings.dispatchEvent(new PointerEvent("pointermove", at));
              await new Promise(done => requestAnimationFrame(() => setTimeout(done)));
              return performance.now() - start;
            }""",
            [x, y],
        )
        assert took < 100
        card = opened.locator(".play-looked .play-card")
        near = int(card.get_attribute("data-index") or -1)
        assert np.allclose(opened.evaluate("(index) => NASWOT.opened.place(index)", near), [x, y], atol=3)


def card_facts(page: Page, card: str) -> tuple[str, dict[str, float]]:
    box = page.locator(card)
    rows = [[cell.text_content() or "" for cell in row.locator("th, td").all()] for row in box.locator("tr").all()]
    facts = {name: float(value.replace(",", "").replace("−∞", "-inf").replace("−", "-")) for name, value in rows}
    return box.locator("code").text_content() or "", facts


@pytest.mark.parametrize("by", ["index", "architecture"])
def test_a_cell_is_found_by_index_or_architecture_and_shown_with_its_numbers(opened: Page, by: str) -> None:
    arch = SPACE.to_str(SPACE[9930])
    field = opened.get_by_label("find")
    field.fill("9930" if by == "index" else arch)
    text, facts = card_facts(opened, ".play-looked .play-card")
    assert text == arch
    for seed in range(3):
        kept = pd.read_parquet(SCORES / f"nasbench201-cifar10-once-seed{seed}.parquet").set_index("arch")
        assert facts[f"score, seed {seed}"] == pytest.approx(kept.score[arch], abs=0.006)
        assert facts["ReLU units"] == kept.num_units[arch]
    field.press("Enter")
    assert opened.locator(".play-pinned .play-card").get_attribute("data-index") == "9930"
    assert opened.evaluate("location.hash") == "#cell=9930"
    drawing = opened.locator(".play-pinned .play-cell").get_attribute("aria-label") or ""
    assert drawing.count("3×3 conv") == arch.count("nor_conv_3x3")


def test_an_address_that_names_cells_opens_the_explorer_with_them(tab: Page, explorer_page: Path) -> None:
    tab.goto(f"{explorer_page.as_uri()}#cell=12,34")
    tab.locator("#explorer[data-open]").wait_for()
    assert [card.get_attribute("data-index") for card in tab.locator(".play-pinned .play-card").all()] == ["12", "34"]
    tab.get_by_role("button", name="Unpin").first.click()
    assert tab.evaluate("location.hash") == "#cell=34"


def test_filters_leave_the_cells_with_so_many_operations_and_words_those_that_hold_them(opened: Page) -> None:
    opened.get_by_label("3×3 convolution", exact=True).select_option("2")
    opened.get_by_label("none", exact=True).select_option("0")
    texts = [SPACE.to_str(cell) for cell in SPACE]
    left = [text for text in texts if text.count("nor_conv_3x3") == 2 and "none" not in text]
    assert opened.locator(".play-bar output").text_content() == f"{len(left):,} of 15,625 cells"
    opened.get_by_label("find").fill("skip_connect~2")
    left = [text for text in left if "skip_connect~2" in text]
    assert opened.locator(".play-bar output").text_content() == f"{len(left):,} of 15,625 cells"
    assert sum(opened.evaluate("Array.from(NASWOT.opened.shown())")) == len(left)


def test_the_explorer_is_used_without_a_pointer(opened: Page) -> None:
    plot = opened.locator(".play-rings")
    plot.focus()
    plot.press("ArrowRight")
    best = pd.read_parquet(SCORES / "nasbench201-cifar10-once-seed0.parquet").set_index("arch").score.idxmax()
    assert card_facts(opened, ".play-looked .play-card")[0] == best
    plot.press("ArrowLeft")
    other = card_facts(opened, ".play-looked .play-card")[0]
    assert other != best
    plot.press("Enter")
    assert opened.locator(".play-pinned code").text_content() == other
    for key in ("+", "-", "0", "Escape"):
        plot.press(key)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_plot_is_drawn_in_colours_of_the_theme_and_fits_a_phone(opened: Page, theme: str) -> None:
    opened.set_viewport_size({"width": 400, "height": 800})
    opened.evaluate("(theme) => { document.documentElement.dataset.theme = theme; }", theme)
    opened.wait_for_timeout(200)
    assert opened.evaluate("document.documentElement.scrollWidth") <= 400
    axes = drawn(opened, ".play-axes").reshape(-1, 4)
    text = axes[axes[:, 3] > 250, :3].mean()
    assert text > 150 if theme == "dark" else text < 100
    points = drawn(opened, ".play-points").reshape(-1, 4)
    inked = points[points[:, 3] > 0]
    assert len(inked) > 1000
    assert (inked[:, 2] > inked[:, 0]).mean() > 0.99  # the blue of the score


def drawn(page: Page, canvas: str) -> np.ndarray:
    """The pixels of a canvas, ``(height, width, 4)``, whatever draws on it."""
    address = page.evaluate(
        """(name) => {
          const canvas = document.querySelector(name), copy = document.createElement("canvas");
          [copy.width, copy.height] = [canvas.width, canvas.height];
          copy.getContext("2d").drawImage(canvas, 0, 0);
          return copy.toDataURL();
        }""",
        canvas,
    )
    with Image.open(io.BytesIO(base64.b64decode(address.partition(",")[2]))) as image:
        return np.asarray(image.convert("RGBA")).astype(int)


@pytest.fixture(params=["webgl", "canvas"])
def drawn_by(request: pytest.FixtureRequest, tab: Page, explorer_page: Path) -> Page:
    """The explorer in a browser with WebGL, and in one without."""
    if request.param == "canvas":
        tab.add_init_script(
            """const context = HTMLCanvasElement.prototype.getContext;
            HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
              return kind.startsWith("webgl") ? null : context.call(this, kind, ...rest);
            };"""
        )
    tab.goto(f"{explorer_page.as_uri()}#cell=12")
    tab.locator("#explorer[data-open]").wait_for()
    assert tab.evaluate("NASWOT.opened.by()") == request.param
    return tab


def test_points_are_drawn_where_they_are_found_and_nowhere_else_with_webgl_and_without(drawn_by: Page) -> None:
    drawn_by.get_by_label("find").fill("nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|nor_conv_1x1~0|")
    for zooms in range(3):
        shown = np.flatnonzero(drawn_by.evaluate("Array.from(NASWOT.opened.shown())"))
        assert 20 < len(shown) < 40
        ink = drawn(drawn_by, ".play-points")[..., 3] > 0
        height, width = ink.shape
        places = np.round([drawn_by.evaluate("(i) => NASWOT.opened.place(i)", int(i)) for i in shown]).astype(int)
        seen = places[((places > (68, 14)) & (places < (width - 14, height - 50))).all(axis=1)]
        assert len(seen) == len(shown) if zooms == 0 else len(seen) < len(shown)
        found = [ink[y - 1 : y + 1, x - 1 : x + 1].all() for x, y in seen]
        assert all(found)
        near = np.zeros_like(ink)
        for x, y in places:
            near[max(0, y - 4) : max(0, y + 5), max(0, x - 4) : max(0, x + 5)] = True
        assert not (ink & ~near).any()
        drawn_by.get_by_role("button", name="zoom in").click()


def test_the_explorer_comes_back_when_the_graphics_card_was_lost(opened: Page) -> None:
    before = drawn(opened, ".play-points")
    opened.evaluate(
        """() => {
          const gl = document.querySelector(".play-points").getContext("webgl2");
          const card = gl.getExtension("WEBGL_lose_context");
          card.loseContext();
          return new Promise((done) => setTimeout(() => { card.restoreContext(); setTimeout(done, 300); }, 300));
        }"""
    )
    assert np.array_equal(drawn(opened, ".play-points"), before)


def test_accuracies_are_columns_where_a_site_was_built_with_their_table(tab: Page, tmp_path: Path) -> None:
    made_up = {"columns": [explorer._column("accuracy-cifar10", "test accuracy (%)", np.linspace(10, 95, 15625))]}
    page = write_page(
        tmp_path / "site", "explorer", ["points", "scatter", "cell", "explorer"], inside=BUTTON,
        explorer_data=explorer.explorer_data(SCORES), explorer_published=made_up,
    )  # fmt: skip
    page.write_text(page.read_text().replace('id="explorer"', 'id="explorer" data-published="true"'))
    tab.goto(page.as_uri())
    tab.get_by_role("button", name="Open").click()
    tab.get_by_label("across").select_option("accuracy-cifar10")
    tab.get_by_label("find").fill("15624")
    assert card_facts(tab, ".play-looked .play-card")[1]["test accuracy (%)"] == 95
