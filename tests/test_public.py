"""Public names: importable, documented, and in the reference."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import naswotlib

HEAVY = {"torch", "pandas", "numba", "scipy", "pyarrow", "skimage", "rich"}


def test_every_public_name_can_be_imported_and_is_the_one_documented_in_its_module():
    for name in naswotlib.__all__:
        assert getattr(naswotlib, name).__module__.startswith("naswotlib.")
        assert getattr(naswotlib, name).__doc__


def test_the_names_that_are_imported_lazily_are_the_public_ones():
    assert sorted(name for names in naswotlib._HOMES.values() for name in names) == sorted(naswotlib.__all__)


def test_the_reference_of_the_book_has_every_public_name_once():
    page = (Path(__file__).parents[1] / "book" / "api.md").read_text()
    assert sorted(re.findall(r"^\.\. auto\w+:: naswotlib\.(\w+)", page, re.MULTILINE)) == sorted(naswotlib.__all__)


@pytest.mark.parametrize(
    "statement, allowed, seconds",
    [
        ("import naswotlib", set(), 0.3),
        ("from naswotlib import naswot_score", {"torch"}, None),
        ("import naswotlib.cli.main", {"rich"}, None),
    ],
)
def test_an_import_brings_what_it_needs_and_no_more(statement, allowed, seconds):
    program = f"""
import sys, time
start = time.process_time()
{statement}
print(time.process_time() - start, *({HEAVY} & sys.modules.keys()))
"""
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    took, *heavy = done.stdout.split()
    assert set(heavy) <= allowed
    assert seconds is None or float(took) < seconds
