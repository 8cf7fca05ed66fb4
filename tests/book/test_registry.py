"""The registry of figures and tables: complete, without a name or label twice, and true of the repository."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from naswotbook.numbers import number
from naswotbook.registry import ROOT, Chapter, Entry, find_entry, read_figures
from naswotlib import list_spaces
from support.notebooks import PAGES

CHAPTERS = read_figures()
ENTRIES = [entry for chapter in CHAPTERS.values() for entry in chapter.entries]
PAPER = ROOT / "figures" / "paper"


def test_every_chapter_is_a_page_of_the_book() -> None:
    toc = yaml.safe_load((ROOT / "book" / "_toc.yml").read_text())
    files = [toc["root"], *(chapter["file"] for part in toc["parts"] for chapter in part["chapters"])]
    assert set(CHAPTERS) <= set(files) & {page.stem for page in PAGES}


def test_names_and_labels_are_given_once() -> None:
    assert len({entry.name for entry in ENTRIES}) == len(ENTRIES)
    labels = [entry.label for entry in ENTRIES if entry.label]
    assert len(set(labels)) == len(labels)


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_what_has_a_label_has_a_caption_and_words_for_those_who_do_not_see_it(entry) -> None:
    assert bool(entry.label) == bool(entry.caption) == bool(entry.alt)
    assert not entry.label or len(entry.alt) > 40


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_what_is_published_says_what_is_missing_without_it(entry) -> None:
    assert entry.run is None or not entry.label or entry.without or entry.space
    assert entry.space in ("", *list_spaces())


def test_what_lies_in_the_folder_of_published_results_is_in_the_registry() -> None:
    known = {f"{e.stem()}{suffix}" for e in ENTRIES if e.run is not None for suffix in e.files}
    known |= {name for entry in ENTRIES for name in entry.also}
    assert {path.name for path in PAPER.iterdir() if path.is_file()} <= known


def test_a_page_that_draws_can_be_told_where_to() -> None:
    for page in PAGES:
        if page.stem in CHAPTERS and any(entry.label for entry in CHAPTERS[page.stem].entries):
            assert "\nout_dir: str = " in page.read_text(encoding="utf-8"), page.stem


def test_an_entry_is_found_by_its_name_and_panels_share_what_each_of_a_page_has() -> None:
    entry = find_entry("fig9b-cifar100")
    assert (entry.page, entry.label, entry.run) == ("fig9", "", {"panels": "b"})
    assert entry.needs == "nats_size.parquet"
    assert entry.stem(3) == "fig9b-cifar100-seed3"
    with pytest.raises(StopIteration):
        find_entry("fig9x")


def test_what_stands_for_a_panel_is_shown_in_its_place_until_that_is_there() -> None:
    own, instead = Entry("own", "page", run={}), Entry("instead", "page", run={}, stands_for="own")
    chapter = Chapter("page", (own, Entry("other", "page", run={}), instead))
    for there, shown in [
        ((), ["own", "other"]),
        (("instead",), ["instead", "other"]),
        (("own",), ["own", "other"]),
        (("own", "instead", "other"), ["own", "other"]),
    ]:
        assert [entry.name for entry in chapter.shown(lambda entry, there=there: entry.name in there)] == shown


def test_what_stands_for_a_panel_is_of_the_same_page_and_says_that_it_is_something_else() -> None:
    for entry in filter(lambda entry: entry.stands_for, ENTRIES):
        own = find_entry(entry.stands_for)
        assert own.page == entry.page
        whole = CHAPTERS[entry.page].whole
        assert entry.panel == "" or own.panel == entry.panel.lower() != entry.panel
        assert "not CIFAR-10" in entry.title or (whole is not None and "biased sample" in whole.caption)


def test_a_figure_of_panels_has_one_picture_in_the_papers_layout() -> None:
    layout = {name: chapter.whole.columns for name, chapter in CHAPTERS.items() if chapter.whole}
    assert layout == {"fig1": 2, "fig3": 2, "fig9": 3, "fig10": 3}
    letters = {name: "".join(e.panel for e in CHAPTERS[name].published if e.panel.islower()) for name in layout}
    assert letters == {"fig1": "ab", "fig3": "abcdefghij", "fig9": "abc", "fig10": "abc"}


def test_captions_give_a_number_of_the_paper_to_what_has_it_and_to_nothing_else() -> None:
    for entry in filter(lambda entry: entry.label, ENTRIES):
        said = re.match(r"(Figure|Table) \d+(\([a-j]\))?", entry.caption)
        assert (said[0] if said else "") == number(entry.label), entry.name


def test_a_key_that_no_entry_has_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "figures.yml").write_text("fig1:\n  fig1: {labell: fig-1}\n")
    with pytest.raises(TypeError, match="labell"):
        read_figures(tmp_path / "figures.yml")
