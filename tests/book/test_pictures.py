"""Pictures as files: the same for the same figure, with their smallest text noted, and several as one."""

from __future__ import annotations

import io
from pathlib import Path

import matplotlib.pyplot as plt
import pytest
from matplotlib.figure import Figure
from PIL import Image

from naswotbook.front import DETAIL, cut_detail
from naswotbook.pictures import DPI, SMALLEST, compose, displayed_width, picture_bytes, save_image, save_picture


def drawn(size: float = 7.5, width: float = 2.0) -> Figure:
    figure, ax = plt.subplots(figsize=(width, 1.5), layout="constrained")
    ax.plot([1, 2])
    ax.set_title("t", fontsize=size)
    return figure


@pytest.mark.parametrize("kind", ["png", "svg"])
def test_the_same_figure_gives_the_same_bytes(kind: str) -> None:
    assert picture_bytes(drawn(), kind) == picture_bytes(drawn(), kind) != picture_bytes(drawn(9), kind)


def test_a_png_knows_its_smallest_text_and_is_shown_at_half_its_size(tmp_path: Path) -> None:
    save_picture(tmp_path / "a.png", drawn(5.5))
    with Image.open(tmp_path / "a.png") as image:
        assert float(image.info[SMALLEST]) == 5.5
        assert image.width == 2 * DPI
    assert displayed_width(tmp_path / "a.png") == 2 * 96
    assert displayed_width(tmp_path / "a.svg") is None


def test_pictures_have_no_ground_of_their_own_and_svg_keeps_text_as_text() -> None:
    with Image.open(io.BytesIO(picture_bytes(drawn()))) as image:
        assert image.convert("RGBA").getpixel((0, 0))[3] == 0
    assert b">t</text>" in picture_bytes(drawn(), "svg")


def test_panels_stand_row_after_row_and_their_smallest_text_is_that_of_the_whole() -> None:
    sheet = compose([picture_bytes(drawn(size)) for size in (9, 5, 7)], 2)
    assert sheet.size == (2 * 2 * DPI, 2 * 1.5 * DPI)
    assert float(sheet.info[SMALLEST]) == 5
    assert sheet.getchannel("A").crop((2 * DPI, int(1.5 * DPI), *sheet.size)).getextrema() == (0, 0)
    assert sheet.getchannel("A").crop((0, int(1.5 * DPI), 2 * DPI, sheet.height)).getextrema()[1] > 0


def test_a_detail_is_the_upper_left_at_its_own_size_on_white(tmp_path: Path) -> None:
    save_image(tmp_path / "a.png", Image.new("RGBA", (900, 700), (0, 0, 0, 0)), smallest="8")
    cut_detail(tmp_path / "a.png", tmp_path / "b.png")
    with Image.open(tmp_path / "b.png") as image:
        assert image.size == tuple(2 * side for side in DETAIL)
        assert image.getpixel((3, 3)) == (255, 255, 255)
        assert image.info[SMALLEST] == "8"
