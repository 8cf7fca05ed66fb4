"""The front page: the paper's figures and tables as a strip of cards, each with what came out of its claims."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from naswotbook.chips import chip_class, count_verdicts, verdicts_of
from naswotbook.pictures import SMALLEST, compose, save_image
from naswotbook.registry import ROOT, read_figures

# Pages of the paper's figures and tables, in its order, with what each shows.
SHOWN = {
    "fig1": "Figure 1: kernels",
    "fig2": "Figure 2: linear regions",
    "fig3": "Figure 3: score against accuracy",
    "fig4": "Figure 4: other measures",
    "fig5": "Figure 5: ablations",
    "fig6": "Figure 6: during training",
    "fig7": "Figure 7: time against accuracy",
    "fig9": "Figure 9: widths",
    "fig10": "Figure 10: fixed width and depth",
    "table1": "Table 1: NAS-Bench-101",
    "table2": "Table 2: NAS-Bench-201",
}
CORNERS = {
    "fig1": (0, 36),
    "fig3": (290, 100),
    "fig4": (64, 250),
    "fig5": (330, 700),
    "fig6": (0, 36),
    "fig7": (160, 265),
    "fig9": (40, 170),
    "fig10": (40, 170),
}
DETAIL = (220, 130)  # pixels of a page that a card shows of a picture, at its own size so that text stays readable


def picture_of(page: str, results: Path) -> Path | None:
    """The picture of a page of the paper's figures: in figures/paper, or in figures/demo where it is made there."""
    entry = next((entry for entry in read_figures()[page].entries if entry.name == page and entry.label), None)
    if entry is None:
        return None
    return results / ("demo" if entry.run is None else "paper") / f"{page}-seed0.png"


def cut_detail(picture: Path, target: Path, corner: tuple[int, int] = (0, 0)) -> None:
    """Write a part of a picture, as large as a card, on white: from its upper left ``corner`` on, in dots."""
    with Image.open(picture) as image:
        width, height = DETAIL
        size = (2 * width, 2 * height)
        whole = image.convert("RGBA")
        sheet = Image.new("RGBA", size, "white")
        sheet.alpha_composite(whole.crop((*corner, corner[0] + size[0], corner[1] + size[1])))
        save_image(target, sheet.convert("RGB"), smallest=image.info.get(SMALLEST, "0"))


def cards(results: Path, book: Path = ROOT / "book") -> str:
    """Markdown of the book: a card for each figure and table of the paper, with its verdicts; it draws their details.

    ``results`` is the folder ``figures``.
    """
    blocks, judged = [], verdicts_of(book, results / "paper", SHOWN)
    for page, title in SHOWN.items():
        lines = [f":::{{grid-item-card}} {title}", f":link: {page}", ":link-type: doc"]
        picture = picture_of(page, results)
        if picture is not None and picture.exists():
            detail = results / "demo" / f"detail-{page}.png"
            cut_detail(picture, detail, CORNERS.get(page, (0, 0)))
            lines += [
                f":img-top: ../figures/demo/{detail.name}",
                f":img-alt: A detail of {title}, which is on its page",
            ]
        counts = count_verdicts(judged[page])
        said = [f'<span class="{chip_class(name)}">{text}</span>' for name, text in counts.items()]
        blocks.append("\n".join([*lines, "", " ".join(said), ":::", ""]))
    return "::::{grid} 1 2 3 3\n:gutter: 3\n:class-container: cards\n\n" + "\n".join(blocks) + "::::\n"


PANELS = ("fig3a-cifar10", "fig3d-nasbench101")


def draw_readme(results: Path) -> None:
    """Write ``readme.png``: two panels of Figure 3 on white, since the README may be seen on a dark ground."""
    sheet = compose([(results / "paper" / f"{name}-seed0.png").read_bytes() for name in PANELS], len(PANELS))
    white = Image.new("RGBA", sheet.size, "white")
    white.alpha_composite(sheet)
    save_image(results / "readme.png", white.convert("RGB"), smallest=sheet.info[SMALLEST])


if __name__ == "__main__":
    draw_readme(ROOT / "figures")
