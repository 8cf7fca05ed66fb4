"""``book/figures.yml``, the one registry of figures and tables: what pages, dodo.py and tests know of each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Entry:
    """A figure or table.

    name: of its files, without the seed; page: that shows it; label: by which text refers to it; caption, alt: in
    Markdown, and in words for those who do not see it. Of a panel: its letter, title, space and data set.
    run: the parameters with which the ``paper`` profile makes it (a panel's are its letter), None for what is made when
    the book is built; needs: the file of published data without which it is left as it is; without: what a box says is
    missing (of a space, its table); files: what the run writes, as suffixes of the name; also: files of other names;
    reads: what else it is made from, ``scores`` for the kept ones; seeded: whether its files carry the seed.
    stands_for: of a panel of other data, the one of the paper in whose place it is shown while that is not there.
    columns: of the paper's whole figure, how many of its panels stand side by side; plate: whether it keeps a light
    ground in the dark theme, as where darkness means something.
    """

    name: str
    page: str
    label: str = ""
    caption: str = ""
    alt: str = ""
    panel: str = ""
    title: str = ""
    space: str = ""
    dataset: str = "cifar10"
    run: dict[str, Any] | None = None
    needs: str = ""
    without: str = ""
    files: tuple[str, ...] = (".csv", ".json", ".png")
    also: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()
    seeded: bool = True
    stands_for: str = ""
    columns: int = 0
    plate: bool = False

    @property
    def picture(self) -> str:
        """The suffix of the file that a page shows: of lines and words ``.svg``, of many points ``.png``."""
        return ".svg" if ".svg" in self.files else ".png"

    def stem(self, seed: int = 0) -> str:
        """The name of its files without their suffix.

        >>> Entry("fig7", "fig7").stem(3)
        'fig7-seed3'
        """
        return f"{self.name}-seed{seed}" if self.seeded else self.name


@dataclass(frozen=True)
class Chapter:
    """A page: its entries, and what executing it reads, and makes in figures/demo.

    with_data: whether the folder of published data is handed to it for the site too, where one is given.
    """

    name: str
    entries: tuple[Entry, ...] = ()
    reads: tuple[str, ...] = ()
    makes: tuple[str, ...] = ()
    with_data: bool = False

    @property
    def whole(self) -> Entry | None:
        """The paper's figure that is put together from the panels of this page."""
        return next((entry for entry in self.entries if entry.columns), None)

    @property
    def published(self) -> list[Entry]:
        """What the ``paper`` profile makes."""
        return [entry for entry in self.entries if entry.run is not None]

    def shown(self, is_there: Callable[[Entry], bool]) -> list[Entry]:
        """What the ``paper`` profile makes, in order; for one that is not there, what stands for it, if that is."""
        instead = {entry.stands_for: entry for entry in self.published if entry.stands_for and is_there(entry)}
        own = [entry for entry in self.published if not entry.stands_for]
        return [entry if is_there(entry) else instead.get(entry.name, entry) for entry in own]


@cache
def read_figures(path: Path = ROOT / "book" / "figures.yml") -> dict[str, Chapter]:
    """The chapters of the registry by name. TypeError where an entry has a key that :class:`Entry` has not."""
    chapters = {}
    for name, described in yaml.safe_load(path.read_text(encoding="utf-8")).items():
        about = described.pop("page", {})
        each = about.pop("each", {})
        entries = tuple(_entry(key, name, keys, each if "panel" in keys else {}) for key, keys in described.items())
        chapters[name] = Chapter(name, entries, **{key: _frozen(value) for key, value in about.items()})
    return chapters


def _entry(name: str, page: str, keys: dict[str, Any], each: dict[str, Any]) -> Entry:
    own = {"run": {"panels": keys["panel"]}} | keys if "panel" in keys else keys
    shared = {key: value.format(**keys) if isinstance(value, str) else value for key, value in each.items()}
    return Entry(name, page, **{key: _frozen(value) for key, value in (shared | own).items()})


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def find_entry(name: str) -> Entry:
    """The entry called ``name``; KeyError where there is none."""
    return next(entry for chapter in read_figures().values() for entry in chapter.entries if entry.name == name)
