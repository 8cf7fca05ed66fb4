"""`naswot data`, as a user runs it."""

import pytest
from typer.testing import CliRunner

from naswotlib.cli.main import app
from naswotlib.data import fetch
from naswotlib.data.fetch import Remote

CELL = "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|"


@pytest.fixture
def naswot(monkeypatch, tmp_path):
    """Run with an empty folder of data and two sources: one of known digest, one of none."""
    digest = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # of abc
    known = Remote("known", "a.bin", 3, digest, "official", "MIT", "https://example.org/a", ("http://127.0.0.1:9/a",))
    monkeypatch.setattr(
        fetch, "SOURCES", {"known": [known], "open": [Remote("open", "b", None, "", "", "none", "", ())]}
    )
    monkeypatch.setenv("NASWOTLIB_DATA", str(tmp_path / "home"))

    def run(*arguments, status=0):
        result = CliRunner().invoke(app, ["data", *map(str, arguments)])
        assert result.exit_code == status, result.output
        return result

    return run


def test_list_says_size_licence_evidence_and_what_is_here(naswot, tmp_path):
    lines = naswot("list").output.splitlines()
    assert lines[1].split() == ["known", "1", "0", "MB", "official", "MIT"]
    assert lines[2].split() == ["open", "1", "unknown", "open", "none"]
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "a.bin").write_bytes(b"abc")
    assert naswot("list").output.splitlines()[1].rstrip().endswith("1 of 1")


def test_fetch_from_a_folder_shows_size_and_licence_first_and_verify_notices_a_change(naswot, tmp_path):
    (tmp_path / "usb").mkdir()
    (tmp_path / "usb" / "a.bin").write_bytes(b"abc")
    lines = naswot("fetch", "known", "--from", tmp_path / "usb").output.splitlines()
    assert lines[0] == "known: 1 files, 0 MB; licence MIT; https://example.org/a"
    assert lines[-1] == str(tmp_path / "home" / "a.bin")
    assert naswot("verify").output.strip().endswith("a.bin: as published")
    (tmp_path / "home" / "a.bin").write_bytes(b"abd")
    assert "expected sha256 ba7816bf" in naswot("verify", status=1).output
    assert "'other' is unknown; choose one of known, open" in str(naswot("fetch", "other", status=1).exception)


def test_import_describes_the_table_that_where_then_lists(naswot, tmp_path):
    (tmp_path / "mine.csv").write_text(f"arch,cifar10_test_200ep\n{CELL},10\n")
    output = naswot("import", tmp_path / "mine.csv").output
    assert output.startswith(str(tmp_path / "home" / "mine.parquet"))
    assert "accuracy in percent: cifar10/test/200" in output
    assert naswot("where").output.split() == [str(tmp_path / "home"), "mine.parquet"]
    (tmp_path / "page").write_bytes(b"<html>")
    assert "a web page" in str(naswot("import", tmp_path / "page", status=1).exception)
