"""Pictures as files: how large they are, what is in them for those who test them, and several put together as one."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from naswotlib.data.files import write_whole

DPI = 192  # two dots a pixel: an inch of a figure is 96 pixels of a page
SMALLEST = "Smallest text"  # of a PNG, in points, so that it can be tested how large it is displayed
PANEL = {2: (3.95, 3.5), 3: (2.65, 2.9)}  # inches of one panel, by how many stand side by side


def picture_bytes(figure: Figure, kind: str = "png") -> bytes:
    """A figure as the bytes of a ``png`` or ``svg`` file, the same for the same figure; it is closed."""
    figure.draw_without_rendering()  # ticks have their labels only then
    texts = [text for text in figure.findobj(Text) if isinstance(text, Text) and text.get_visible() and text.get_text()]
    metadata: dict[str, Any] = {"Date": None}
    if kind == "png":
        metadata = {SMALLEST: f"{min((text.get_fontsize() for text in texts), default=0):g}"}
    drawn = io.BytesIO()
    figure.savefig(drawn, format=kind, dpi=DPI, metadata=metadata)
    plt.close(figure)
    return drawn.getvalue()


def save_picture(path: Path, figure: Figure) -> None:
    """Write a figure whole, as the suffix of ``path`` says."""
    with write_whole(path) as file:
        file.write(picture_bytes(figure, path.suffix.removeprefix(".")))


def compose(panels: Sequence[bytes], columns: int) -> Image.Image:
    """PNG pictures side by side, row after row, as one; a smaller one leaves the rest of its place empty."""
    images = [Image.open(io.BytesIO(panel)) for panel in panels]
    width, height = (max(sides) for sides in zip(*(image.size for image in images), strict=True))
    sheet = Image.new("RGBA", (columns * width, -(-len(images) // columns) * height), (255, 255, 255, 0))
    for place, image in enumerate(images):
        sheet.paste(image, (place % columns * width, place // columns * height))
    sheet.info[SMALLEST] = min((image.info.get(SMALLEST, "0") for image in images), key=float)
    return sheet


def save_image(path: Path, image: Image.Image, *, smallest: str) -> None:
    """Write an image whole as PNG; its smallest text, in points, is noted in it."""
    about = PngInfo()
    about.add_text(SMALLEST, smallest)
    drawn = io.BytesIO()
    image.save(drawn, format="png", pnginfo=about, dpi=(DPI, DPI), optimize=True)
    with write_whole(path) as file:
        file.write(drawn.getvalue())


def displayed_width(path: Path) -> int | None:
    """Pixels of a page that a picture is wide: half its own for a PNG; an SVG says so itself."""
    if path.suffix != ".png":
        return None
    with Image.open(path) as image:
        return image.width // 2


def missing_box(text: str, *, size: tuple[float, float] = (4.2, 2), title: str = "") -> Figure:
    """A picture of an outlined box that says what is missing."""
    figure, ax = plt.subplots(figsize=size, layout="constrained")
    ax.text(0.5, 0.5, f"not here:\n{text}", ha="center", va="center", transform=ax.transAxes)
    ax.set(xticks=[], yticks=[], title=title)
    ax.spines[:].set(visible=True, linestyle=(0, (4, 4)))
    plt.close(figure)
    return figure
