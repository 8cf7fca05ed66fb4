"""Public names: importable, documented, and in the reference."""

import re
from pathlib import Path

import naswotlib


def test_every_public_name_can_be_imported_and_is_the_one_documented_in_its_module():
    for name in naswotlib.__all__:
        assert getattr(naswotlib, name).__module__.startswith("naswotlib.")
        assert getattr(naswotlib, name).__doc__


def test_the_names_that_are_imported_lazily_are_the_public_ones():
    assert sorted(name for names in naswotlib._HOMES.values() for name in names) == sorted(naswotlib.__all__)


def test_the_reference_of_the_book_has_every_public_name_once():
    page = (Path(__file__).parents[1] / "book" / "api.md").read_text()
    assert sorted(re.findall(r"^\.\. auto\w+:: naswotlib\.(\w+)", page, re.MULTILINE)) == sorted(naswotlib.__all__)
