"""The extension book/_ext/look.py: what links to figures and equations are called."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup, Tag
from PIL import Image

from support.small_book import build_book

FIGURES = """# A cheaper score

{numref}`fig-cheap` says it; beside {numref}`fig-cheap` there is {numref}`fig-3a`.

```{figure} x.png
:name: fig-cheap
:alt: A dot that is there for the test alone.

Ours: $\\tau$ of it. More.
```

```{figure} x.png
:name: fig-3a
:alt: Another dot that is there for the test alone.

Score.
```

```{math}
:label: eq-coin

a = b
```

```{math}
:label: eq-score

c = d
```
"""
LINKS = """# Another page

As on the page of {numref}`fig-cheap`, and {numref}`fig-3a`; by {eq}`eq-coin` and {eq}`eq-score`.
"""


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Tag]:
    folder = tmp_path_factory.mktemp("book")
    (folder / "book").mkdir()
    Image.new("RGB", (20, 20)).save(folder / "book" / "x.png")
    site = build_book(folder, {"cheap": FIGURES, "other": LINKS}, ["look"])
    found = {}
    for name in ("cheap", "other"):
        article = BeautifulSoup((site / f"{name}.html").read_text(encoding="utf-8"), "html.parser").find("article")
        assert isinstance(article, Tag)
        found[name] = article
    return found


def links(article: Tag) -> list[tuple[str, str]]:
    return [(link.get_text(), str(link["href"])) for link in article.select("p a.reference")]


def test_a_figure_of_ours_is_the_figure_on_its_page_and_elsewhere_that_page(pages: dict[str, Tag]) -> None:
    assert links(pages["cheap"]) == [
        ("The figure", "#fig-cheap"),
        ("the figure", "#fig-cheap"),
        ("Figure 3(a)", "#fig-3a"),
    ]
    assert links(pages["other"])[:2] == [
        ("A cheaper score", "cheap.html#fig-cheap"),
        ("Figure 3(a)", "cheap.html#fig-3a"),
    ]


def test_an_equation_of_ours_has_a_name_and_no_number(pages: dict[str, Tag]) -> None:
    assert [found.get_text()[:3] for found in pages["cheap"].select(".eqno")] == ["(2)"]
    assert links(pages["other"])[2:] == [
        ("the formula for coin flips", "cheap.html#equation-eq-coin"),
        ("equation 2", "cheap.html#equation-eq-score"),
    ]
    assert pages["cheap"].find(id="equation-eq-coin") is not None
