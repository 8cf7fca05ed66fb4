"""Pages that write files do so where nothing is, and reach the commands that come with the library."""

import os
import shutil
import sys
from pathlib import Path

import pytest

from naswotbook.shell import enter_new_folder


def test_a_page_goes_to_an_empty_folder_of_its_own_and_finds_the_commands_of_its_python(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    for _ in range(2):
        before = Path.cwd()
        enter_new_folder()
        assert Path.cwd() != before
        assert list(Path.cwd().iterdir()) == []
    assert shutil.which(Path(sys.executable).name) == sys.executable
    assert os.environ["PATH"].endswith("/nowhere")
