"""Interactive pages in a real browser, each part on a page of its own that is opened from a folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

from naswotbook.closed import choice_moments
from naswotbook.play import regions, yourself
from naswotbook.registry import ROOT
from naswotlib import hamming_kernel
from naswotlib.scoring.kernel import log_determinant
from naswotlib.scoring.watch import activation_codes
from support.parts import write_page
from support.site import needs_chromium

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, needs_chromium]


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
