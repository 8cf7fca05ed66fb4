"""Interactive pages in a real browser, each part on a page of its own that is opened from a folder."""

from __future__ import annotations

import base64
import io
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from naswotbook.closed import choice_moments
from naswotbook.play import explorer, regions, yourself
from naswotbook.registry import ROOT
from naswotlib import get_space, hamming_kernel
from naswotlib.scoring.kernel import log_determinant
from naswotlib.scoring.watch import activation_codes
from support.parts import write_page
from support.site import CHROMIUM, FLAGS

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Page

SCORES = ROOT / "figures" / "paper" / "scores"
SPACE = get_space("nasbench201")
BUTTON = '<button type="button">Open</button>'

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine (on Debian: apt-get install chromium)"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
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
    page.on("console", lambda message: is_problem(message) and problems.append(message.text))
    yield page
    page.close()
    assert problems == []


def is_problem(message: ConsoleMessage) -> bool:
    """Not that a browser without a graphics card, as this one is, takes long to copy what WebGL has drawn."""
    return message.type in ("error", "warning") and "GPU stall due to ReadPixels" not in message.text


# Linear regions


@pytest.fixture(scope="module")
def regions_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("regions")
    scripts = ["regions-data", "regions"]
    return write_page(folder, "regions", scripts, inside="", regions_data=regions.regions_data())


def library_codes(width: int, depth: int, seed: int, points: np.ndarray) -> Any:
    return activation_codes(regions.small_network(width, depth, seed), torch.tensor(points))


def test_codes_kernels_and_scores_in_the_browser_are_those_of_the_library(tab: Page, regions_page: Path) -> None:
    tab.goto(regions_page.as_uri())
    rng = np.random.default_rng(0)
    points = np.concatenate([rng.integers(-512, 513, size=(60, 2)) / 256, regions.eight_points(), [[0, 0], [-2, 2]]])
    for width, depth, seed in [(2, 1, 3), (3, 2, 0), (5, 3, 1), (8, 4, 9), (7, 4, 2), (8, 1, 0)]:
        found = tab.evaluate(
            """([width, depth, seed, points]) => {
              const layers = NASWOT.smallNetwork(NASWOT.data["regions-data"], width, depth, seed);
              const codes = points.map((point) => NASWOT.code(layers, point));
              const kernel = NASWOT.hammingKernel(codes.slice(60, 68));
              return [codes, kernel, String(NASWOT.logDeterminant(kernel))];
            }""",
            [width, depth, seed, points.tolist()],
        )
        assert np.array_equal(found[0], library_codes(width, depth, seed, points).unpacked())
        kernel = hamming_kernel(library_codes(width, depth, seed, regions.eight_points()))
        assert np.array_equal(found[1], kernel)
        assert float(found[2].replace("Infinity", "inf")) == pytest.approx(log_determinant(kernel)[0], abs=1e-9)


def test_the_painted_plane_has_the_regions_of_the_library(tab: Page, regions_page: Path) -> None:
    tab.goto(regions_page.as_uri())
    axis = regions.EXTENT * ((2 * np.arange(256) + 1) / 256 - 1)
    points = np.stack(np.meshgrid(axis, -axis), axis=-1).reshape(-1, 2)
    bits = library_codes(6, 2, 0, points).unpacked().astype(np.int64)
    expected = bits @ (2 ** np.arange(bits.shape[1])[::-1])
    assert tab.evaluate("Array.from(NASWOT.small.planeCodes(2))") == expected.tolist()
    assert f"{len(np.unique(expected))} linear regions" in (tab.locator(".play-result").text_content() or "")


def test_with_the_width_depth_and_seed_of_figure_2_it_is_the_network_of_that_page() -> None:
    source = (ROOT / "book" / "fig2.md").read_text()
    assert all(f"{line}\n" in source for line in ("rng = torch.Generator().manual_seed(seed)",))
    rng = torch.Generator().manual_seed(0)
    weight = torch.empty(3, 2).normal_(0, 1.0, generator=rng)
    bias = torch.empty(3).normal_(0, 0.5, generator=rng)
    first = regions.small_network(3, 2, 0)[0]
    assert torch.allclose(first.weight.float(), weight, atol=regions.UNIT / 2)
    assert torch.allclose(first.bias.float(), bias, atol=regions.UNIT / 2)


def test_sliders_and_arrow_keys_change_network_and_points(tab: Page, regions_page: Path) -> None:
    tab.goto(regions_page.as_uri())
    tab.get_by_label("width").fill("8")
    tab.get_by_label("depth").fill("3")
    assert len(tab.locator(".play-codes thead th").all()) == 2 + 3
    point = tab.get_by_role("button", name="point 3 at")
    point.focus()
    for _ in range(4):
        point.press("ArrowLeft")
    moved = regions.eight_points()
    moved[2, 0] -= 4 / 16
    codes = library_codes(8, 3, 0, moved)
    shown = [line.locator("code").all_text_contents() for line in tab.locator(".play-codes tbody tr").all()]
    assert ["".join(line) for line in shown] == ["".join(map(str, row.astype(int))) for row in codes.unpacked()]
    score = float(tab.locator("#regions").get_attribute("data-score").replace("Infinity", "inf"))
    assert score == pytest.approx(log_determinant(hamming_kernel(codes))[0])


# The explorer


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


# Search yourself, and tables


def test_the_slider_shows_what_the_closed_form_says(tab: Page, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    accuracy = rng.uniform(50, 90, size=300)
    ways = yourself._ways(accuracy + rng.normal(0, 9, size=300), rng.integers(5, size=300), accuracy)
    curves = yourself.choice_curves(ways, accuracy).assign(networks="made up")
    page = write_page(
        tmp_path / "site", "yourself", ["yourself-data", "yourself"], inside="",
        yourself_data=yourself.yourself_data(curves),
    )  # fmt: skip
    tab.goto(page.as_uri())
    assert tab.locator("#yourself").get_attribute("data-number") == "100"
    slider = tab.get_by_label("networks looked at")
    slider.fill(str(yourself.NUMBERS.index(10)))
    lines = tab.locator("tbody tr").all()
    rows = {line.locator("th").text_content(): line.locator("td").all_text_contents() for line in lines}
    for way, values in ways.items():
        mean, std = choice_moments(values, accuracy, 10)
        assert rows[way][:2] == [f"{mean:.2f}", f"{std:.2f}"]
    before = tab.locator(".play-chart").all_inner_texts(), len(tab.locator(".play-line").all())
    tab.get_by_label("random choice").uncheck()
    assert len(tab.locator(".play-line").all()) == before[1] - 2
    slider.press("End")
    assert tab.locator("#yourself").get_attribute("data-number") == "1000"


def test_a_table_is_sorted_by_a_heading_and_filtered_by_words(tab: Page, tmp_path: Path) -> None:
    rows = [["a-one", "1,000", "0.5"], ["b-two", "30", "−2.5"], ["a-three", "200", ""]]
    cells = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    heads = "".join(f"<th>{name}</th>" for name in ("file", "networks", "low"))
    body = f'<div class="play-table"><table><thead><tr>{heads}</tr></thead><tbody>{cells}</tbody></table></div>'
    tab.goto(write_page(tmp_path / "site", "tables", ["tables"], inside="", body=body).as_uri())

    def column(number: int) -> list[str]:
        return tab.locator(f"tbody tr:visible td:nth-child({number})").all_text_contents()

    tab.get_by_role("button", name="networks").click()
    assert column(2) == ["30", "200", "1,000"]
    tab.get_by_role("button", name="networks").click()
    assert column(2) == ["1,000", "200", "30"]
    assert tab.locator("th").nth(1).get_attribute("aria-sort") == "descending"
    tab.get_by_role("button", name="networks").click()
    assert column(2) == ["1,000", "30", "200"]
    tab.get_by_role("button", name="low").click()
    assert column(3)[0] == "−2.5"
    tab.get_by_label("rows with the words").fill("A- one")
    assert column(1) == ["a-one"]
    assert "1 of 3 rows" in (tab.locator("output").text_content() or "")
