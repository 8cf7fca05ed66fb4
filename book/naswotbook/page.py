"""The object that a page of the book opens with: its parameters, its folders, and how it shows and keeps things."""

from __future__ import annotations

import os
import textwrap
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from string import Template
from typing import Any

import pandas as pd
from IPython.display import Markdown, display
from matplotlib.figure import Figure

from naswotbook.chips import verdict_chips
from naswotbook.headlines import headline
from naswotbook.kept import COUNTINGS
from naswotbook.markdown import Format, buttons, figure_block, frame_table, in_symbols
from naswotbook.pictures import (
    PANEL,
    SMALLEST,
    compose,
    displayed_width,
    missing_box,
    picture_bytes,
    save_image,
    save_picture,
)
from naswotbook.plots.style import NARROW
from naswotbook.provenance import Provenance, provenance_table, read_facts
from naswotbook.registry import ROOT, Chapter, Entry, read_figures
from naswotbook.samples import PROFILES
from naswotlib.benchmarks.importers import official_file
from naswotlib.data.files import write_whole
from naswotlib.errors import check_choice

CHOICES: dict[str, Collection[str]] = {"profile": PROFILES, "counting": COUNTINGS}
SITE = "NASWOTBOOK_SITE"  # set where what is shown becomes a page of the site, and not a notebook to look at
DRAWN = ("profile", "seed", "data_dir")  # parameters on which a sample of networks depends
SCORED = ("seed", "batch_size", "counting", "device", "workers", "data_dir")  # and those on which its scores do


@dataclass(frozen=True)
class Published:
    """What the ``paper`` profile made of an entry: the rows of its CSV, and where they come from."""

    entry: Entry
    summary: pd.DataFrame
    facts: dict[str, str]
    link: str


class Page(Provenance):
    """A page of the book, called ``name`` in book/figures.yml.

    ``namespace`` is ``globals()`` of its notebook, in the cell behind the parameters, which are checked: none that the
    page does not have, of the annotated types, and one of ``choices`` where those are given.

    profile, seed: the parameters of these names (``demo`` and 0 without); paper: the folder of what was published;
    folder: that of what this run makes; scores: that of kept score tables; kept: the same in the ``paper`` profile,
    where scores are looked up and kept, else None; drawn, scored: keywords of functions that draw and score networks.
    """

    def __init__(self, name: str, namespace: Mapping[str, Any], **choices: Collection[str]) -> None:
        super().__init__(namespace)
        for parameter, allowed in (CHOICES | choices).items():
            if parameter in self.parameters:
                check_choice(parameter, self.parameters[parameter], allowed)
        self.name = name
        self.chapter = read_figures().get(name, Chapter(name))
        self.profile: str = self.parameters.get("profile", "demo")
        self.seed: int = self.parameters.get("seed", 0)
        results: Path = ROOT / self.parameters.get("out_dir", "figures")
        self.paper, self.folder = results / "paper", results / self.profile
        self.scores = self.paper / "scores"
        self.kept = self.scores if self.profile == "paper" else None
        self.drawn: dict[str, Any] = {key: self.parameters[key] for key in DRAWN if key in self.parameters}
        self.scored: dict[str, Any] = {key: self.parameters[key] for key in SCORED if key in self.parameters}
        self.scored["kept"] = self.kept
        self.searches: Path | None = self.kept and results.parent / "_build" / "searches"  # estimates, kept by inputs

    def entry(self, name: str) -> Entry:
        """One of the entries of this page; ValueError for any other name."""
        check_choice("name", name, [entry.name for entry in self.chapter.entries])
        return next(entry for entry in self.chapter.entries if entry.name == name)

    # Showing

    def say(self, *texts: str) -> None:
        """Show paragraphs of Markdown, whatever their line breaks; empty ones not at all. ``N_A`` becomes a symbol."""
        for text in filter(None, texts):
            display(Markdown("\n\n".join(" ".join(in_symbols(part).split()) for part in text.split("\n\n"))))

    def show(self, *blocks: str) -> None:
        """Show blocks of Markdown as they are, such as tables; empty ones not at all."""
        for block in filter(None, blocks):
            display(Markdown(block))

    def table(
        self, frame: pd.DataFrame, formats: Mapping[str, Format] | None = None, names: Mapping[str, str] | None = None
    ) -> None:
        """Show a frame as :func:`naswotbook.markdown.frame_table` has it; ``names`` are other headings of columns."""
        heads = names or {}
        by_head = {heads.get(column, column): how for column, how in (formats or {}).items()}
        self.show(frame_table(frame.rename(columns=heads), by_head))

    def opening(self, answer: str = "") -> None:
        """What a page opens with: the answer in a sentence, its own or that of naswotbook/headlines.py, and the
        verdicts on the claims of the paper that it tests. Nothing in the ``paper`` profile, which is to make them.
        """
        if self.kept:
            return
        if said := answer or headline(self.name, self.paper):
            self.show(f'<div class="headline">\n\n{" ".join(said.split())}\n\n</div>\n')
        self.show(verdict_chips(ROOT / "book", self.paper, self.name))

    def picture(self, name: str, figure: Figure, *, anchors: bool = False, **numbers: object) -> None:
        """Show a drawn picture as the figure that the registry describes; ``numbers`` stand in its caption as ${name}.

        On the site the picture is a file in figures/demo, and its label, caption and alternative text stand with it; in
        a notebook it is seen as it is. With ``anchors`` it is the paper's figure, and text that refers to one of its
        panels finds it.
        """
        entry = self.entry(name)
        caption = Template(entry.caption).safe_substitute({key: str(value) for key, value in numbers.items()})
        path = self._draw(name, figure, entry.picture)
        self._pictures([replace(entry, caption=caption)], [path], self._panels(entry) if anchors else ())

    def _pictures(self, entries: list[Entry], paths: list[Path], anchors: Sequence[str] = ()) -> None:
        for entry, path in zip(entries, paths, strict=True):
            if SITE in os.environ:
                place = os.path.relpath(path, ROOT / "book")
                self.show(figure_block(entry, place, width=displayed_width(path), anchors=anchors))
            else:
                png = path.with_suffix(".png").read_bytes()
                display({"image/png": png}, raw=True, metadata={"image/png": {"alt": entry.alt}})
                self.say(entry.caption)

    def _draw(self, name: str, figure: Figure, suffix: str = ".png") -> Path:
        path = self._drawn(f"{name}-seed{self.seed}{suffix}")
        for kind in {suffix, ".png"}:
            save_picture(path.with_suffix(kind), figure)
        return path

    def _drawn(self, file: str) -> Path:
        """Where a picture of this run goes; those of the ``paper`` profile are looked at there, and not on the site."""
        return self.paper.parent / "demo" / ("paper" if self.profile == "paper" else "") / file

    # Published results

    def published(self, *names: str) -> dict[str, Published]:
        """Show the pictures that the ``paper`` profile made with seed 0, of ``names`` or of all entries of this page.

        Panels of a whole figure are shown as one picture. What is not there is a box that says what it needs, unless
        another entry stands for it. Returns what is there, by the name of its entry.
        """
        entries = [self.entry(name) for name in names] or self.chapter.shown(lambda entry: self._kept(entry).exists())
        pictured = [entry for entry in entries if entry.label]
        paths = [path if (path := self._kept(entry)).exists() else self._box(entry) for entry in pictured]
        self._pictures(pictured, paths)
        if self.chapter.whole and not names:
            whole = self.chapter.whole
            self._pictures([whole], [self._compose(whole, entries)], self._panels(whole))
        return {entry.name: found for entry in entries if (found := self.find(entry))}

    def _panels(self, whole: Entry) -> list[str]:
        """Labels of the panels of the paper's figure, which has one picture."""
        return [f"{whole.label}{entry.panel}" for entry in self.chapter.published if entry.panel.islower()]

    def _compose(self, whole: Entry, entries: list[Entry]) -> Path:
        panels = [
            path.read_bytes() if (path := self._kept(entry)).exists() else picture_bytes(self._field(whole, entry))
            for entry in entries
        ]
        wide, narrow = (self._drawn(f"{whole.name}-seed0{kind}.png") for kind in ("", "-narrow"))
        for path, columns in ((wide, whole.columns), (narrow, 1)):
            sheet = compose(panels, columns)
            save_image(path, sheet, smallest=sheet.info[SMALLEST])
        return wide

    def _field(self, whole: Entry, entry: Entry) -> Figure:
        title = f"({entry.panel}) {entry.title}"
        title = textwrap.fill(title, NARROW) if whole.columns > 2 else title
        return missing_box(self._lacks(entry), size=PANEL[whole.columns], title=title)

    def find(self, entry: Entry) -> Published | None:
        """What the ``paper`` profile made of ``entry`` with seed 0; None where there is nothing."""
        summary, facts = (self.paper / f"{entry.stem()}{suffix}" for suffix in (".csv", ".json"))
        if not (summary.exists() and facts.exists()):
            return None
        link = f"[CSV](../figures/paper/{summary.name})"
        return Published(entry, pd.read_csv(summary), read_facts(facts), link)

    def _kept(self, entry: Entry) -> Path:
        """The picture that the ``paper`` profile makes of an entry with seed 0."""
        return self.paper / f"{entry.stem()}{entry.picture}"

    def _box(self, entry: Entry) -> Path:
        return self._draw(f"{entry.name}-missing", missing_box(self._lacks(entry), size=(3.4, 2.6)))

    def _lacks(self, entry: Entry) -> str:
        return entry.without or f"{entry.space}.parquet,\nimported from\n{official_file(entry.space)}"

    def files(self, entry: Entry) -> dict[str, str]:
        """What can be had of a published entry, by what it is called: CSV, pictures, and the notebook of this page."""
        kinds = {".csv": "CSV", ".png": "PNG", ".svg": "SVG"}
        there = {kinds[suffix]: suffix for suffix in kinds if suffix in entry.files}
        found = {name: self.paper / f"{entry.stem()}{suffix}" for name, suffix in there.items()}
        links = {name: f"../figures/paper/{path.name}" for name, path in found.items() if path.exists()}
        return links | self.notebook()

    def notebook(self) -> dict[str, str]:
        """The notebook of this page, as the site has it."""
        return {"notebook": f"_sources/{self.name}.ipynb"} if SITE in os.environ else {}

    def outcome(
        self,
        found: Published | None,
        sentences: Callable[[pd.DataFrame], str] | None = None,
        *,
        table: Callable[[pd.DataFrame], str] = frame_table,
    ) -> None:
        """Show what was published: sentences made from its summary, the summary, its file and its provenance.

        Nothing in the ``paper`` profile, which is to replace it.
        """
        if found is None or self.kept:
            return
        if sentences is not None:
            self.say(sentences(found.summary))
        self.show(table(found.summary), buttons(self.files(found.entry)), provenance_table({"": found.facts}))

    # Results of this run

    def save(self, name: str, summary: pd.DataFrame, figure: Figure | None = None) -> None:
        """Write what the ``paper`` profile made of an entry: its summary, provenance and picture."""
        path = self.paper / self.entry(name).stem(self.seed)
        for suffix in (".png", ".svg"):
            if figure is not None and suffix in self.entry(name).files:
                save_picture(path.with_name(f"{path.name}{suffix}"), figure)
        write_csv(path.with_name(f"{path.name}.csv"), summary)
        self.write(path.with_name(f"{path.name}.json"))

    def data(self, table: pd.DataFrame, text: str = "", *, name: str = "") -> None:
        """Write a table of this run to figures/demo and, with a ``text``, show the link to it; nothing in ``paper``.

        Called as the page unless ``name`` says otherwise.
        """
        if self.profile != "demo":
            return
        file = f"{name or self.name}-seed{self.seed}.csv"
        write_csv(self.folder / file, table)
        if text:
            self.show(f"[{text}](../figures/demo/{file})")


def write_csv(path: Path, table: pd.DataFrame) -> None:
    """Write a table whole, with six significant digits, so that the same numbers give the same bytes."""
    with write_whole(path) as file:
        table.to_csv(file, index=False, float_format="%.6g", lineterminator="\n")
