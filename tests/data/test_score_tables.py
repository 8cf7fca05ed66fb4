"""Score tables arrive as their manifest states them, or not at all, from an address or a folder."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from naswotlib.cli.main import main
from naswotlib.data import score_tables
from naswotlib.data.score_tables import (
    MANIFEST,
    fetch_tables,
    read_tables,
    repository_source,
    scores_home,
    verify_tables,
)

ROOT = Path(__file__).parents[2]
BODIES = {"a-once-seed0.parquet": b"A" * 70_000, "b-once-seed0.parquet": b"B" * 500, "c.parquet": b"C" * 30}


def write_manifest(folder: Path, **changed: Any) -> None:
    files = {
        name: {"rows": 3, "bytes": len(body), "sha256": hashlib.sha256(body).hexdigest(), "columns": ["arch"]}
        for name, body in BODIES.items()
    }
    files["a-once-seed0.parquet"] |= changed
    (folder / MANIFEST).write_text(json.dumps({"files": files, "a-once-seed0.parquet": [{"rows": 3}]}))


@pytest.fixture
def published(tmp_path: Path) -> Path:
    folder = tmp_path / "published"
    folder.mkdir()
    for name, body in BODIES.items():
        (folder / name).write_bytes(body)
    write_manifest(folder)
    return folder


class Handler(SimpleHTTPRequestHandler):
    """A folder, but of a file that is to be cut off the first half, with the length of the whole one."""

    cut = ""

    def do_GET(self) -> None:
        if not self.path.endswith(self.cut or "\0"):
            super().do_GET()
            return
        body = Path(self.translate_path(self.path)).read_bytes()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2])

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def address(published: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setattr(Handler, "cut", "")
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(published))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def there(home: Path) -> dict[str, bytes]:
    """Files in the folder of the tables, but locks."""
    folder = scores_home(home)
    return {
        path.name: path.read_bytes() for path in folder.glob("*") if path.is_file() and not path.name.endswith(".lock")
    } | {path.name: b"" for path in folder.glob(".*.tmp")}


def test_tables_come_from_an_address_or_a_folder_and_are_verified(
    address: str, published: Path, tmp_path: Path
) -> None:
    for source, home in ((address, tmp_path / "1"), (f"{address}/", tmp_path / "2"), (published, tmp_path / "3")):
        paths = fetch_tables(source=source, data_dir=home)
        assert [path.name for path in paths] == sorted(BODIES)
        assert there(home) == BODIES | {MANIFEST: (published / MANIFEST).read_bytes()}
        assert verify_tables(home) == dict.fromkeys(paths, "")


def test_what_is_there_and_right_is_not_asked_for_again(address: str, published: Path, tmp_path: Path) -> None:
    fetch_tables("a-*", source=address, data_dir=tmp_path)
    (published / "a-once-seed0.parquet").unlink()
    assert [path.name for path in fetch_tables("[ab]*", source=address, data_dir=tmp_path)] == sorted(BODIES)[:2]
    assert set(there(tmp_path)) == {"a-once-seed0.parquet", "b-once-seed0.parquet", MANIFEST}


def test_a_table_that_comes_cut_off_is_refused_by_name_and_the_next_fetch_goes_on(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Handler, "cut", "b-once-seed0.parquet")
    with pytest.raises(
        OSError,
        match=r"b-once-seed0.parquet: not fetched. .*250 bytes read, 250 more expected.*naswot scores fetch --from",
    ):
        fetch_tables(source=address, data_dir=tmp_path)
    assert set(there(tmp_path)) == {"a-once-seed0.parquet", MANIFEST}
    monkeypatch.setattr(Handler, "cut", "")
    fetch_tables(source=address, data_dir=tmp_path)
    assert {name: body for name, body in there(tmp_path).items() if name in BODIES} == BODIES


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"a" * 70_000, r"expected sha256 [0-9a-f]{64} \(manifest.json\), got [0-9a-f]{64}"),
        (b"A" * 69_999, "expected 70,000 bytes, got 69,999"),
        (b"<html>sign in</html>", "got a web page"),
    ],
)
def test_a_table_that_is_not_the_stated_one_is_refused_by_name(
    address: str, published: Path, tmp_path: Path, body: bytes, text: str
) -> None:
    (published / "a-once-seed0.parquet").write_bytes(body)
    for source in (address, published):
        with pytest.raises(OSError, match=rf"a-once-seed0.parquet: not fetched. .*{text}"):
            fetch_tables(source=source, data_dir=tmp_path)
        assert set(there(tmp_path)) == {MANIFEST}


def test_a_table_of_ones_own_is_not_overwritten_unless_that_is_said(published: Path, tmp_path: Path) -> None:
    scores_home(tmp_path).mkdir()
    mine = scores_home(tmp_path) / "c.parquet"
    mine.write_bytes(b"mine")
    with pytest.raises(ValueError, match=r"data_dir: 1 tables in .* are not those of .*: c.parquet; .*--replace"):
        fetch_tables(source=published, data_dir=tmp_path)
    assert there(tmp_path) == {"c.parquet": b"mine"}
    fetch_tables(source=published, data_dir=tmp_path, replace=True)
    assert mine.read_bytes() == BODIES["c.parquet"]


def test_verify_names_what_is_wrong_and_changes_nothing(published: Path, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"has no manifest.json; `naswot scores fetch` brings it"):
        verify_tables(tmp_path)
    fetch_tables(source=published, data_dir=tmp_path)
    home = scores_home(tmp_path)
    (home / "a-once-seed0.parquet").write_bytes(b"A" * 69_999)
    (home / "other.parquet").write_bytes(b"x")
    found = {path.name: fault for path, fault in verify_tables(tmp_path).items()}
    assert found["a-once-seed0.parquet"] == "expected 70,000 bytes, got 69,999"
    assert found["other.parquet"] == "manifest.json does not have it"
    assert (found["b-once-seed0.parquet"], found["c.parquet"]) == ("", "")


@pytest.mark.parametrize(
    "changed",
    [{"sha256": "abc"}, {"bytes": "many"}, {"rows": None}, {"columns": 3}],
    ids=lambda changed: next(iter(changed)),
)
def test_a_manifest_that_is_damaged_is_refused_before_anything_is_fetched(
    published: Path, tmp_path: Path, changed
) -> None:
    write_manifest(published, **changed)
    with pytest.raises(ValueError, match=r"from: .*manifest.json is cut off, damaged, or no manifest"):
        fetch_tables(source=published, data_dir=tmp_path)
    assert there(tmp_path) == {}


@pytest.mark.parametrize("name", ["../../escape.parquet", "/etc/x.parquet", ".hidden.parquet", "a.py", ""])
def test_a_manifest_cannot_name_a_file_elsewhere(published: Path, tmp_path: Path, name: str) -> None:
    described = json.loads((published / MANIFEST).read_text())
    described["files"][name] = described["files"]["c.parquet"]
    (published / MANIFEST).write_text(json.dumps(described))
    with pytest.raises(ValueError, match="is no name of a table"):
        read_tables(published)


def test_a_manifest_that_is_cut_off_or_absent_is_told_with_its_address(
    address: str, published: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Handler, "cut", MANIFEST)
    with pytest.raises(OSError, match=rf"from: {address}/manifest.json cannot be read"):
        read_tables(address)
    monkeypatch.setattr(Handler, "cut", "")
    (published / MANIFEST).write_text((published / MANIFEST).read_text()[:100])
    with pytest.raises(ValueError, match=rf"from: {published}/manifest.json is cut off, damaged"):
        read_tables(published)
    with pytest.raises(OSError, match=rf"from: {address}/nowhere/manifest.json cannot be read .*404"):
        read_tables(f"{address}/nowhere")


def test_the_default_source_is_the_repository_that_the_package_and_the_book_name(monkeypatch) -> None:
    named = {"Project-URL": ["Paper, https://example.org/paper", "Repository, https://example.org/owner/naswotlib/"]}

    class About:
        def get_all(self, key: str) -> list[str]:
            return named[key]

    monkeypatch.setattr(score_tables, "metadata", lambda _: About())
    assert repository_source() == "https://example.org/owner/naswotlib/raw/HEAD/figures/paper/scores"
    named["Project-URL"].pop()
    with pytest.raises(ValueError, match=r"from: this installation names no repository .*; say with --from"):
        repository_source()


def test_pyproject_and_the_books_configuration_name_one_repository() -> None:
    import tomllib

    urls = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["urls"]
    book = yaml.safe_load((ROOT / "_config.yml").read_text()).get("repository", {}).get("url", "")
    assert urls.get("Repository", "") == book


def test_the_committed_tables_are_a_source_themselves(tmp_path: Path) -> None:
    [path] = fetch_tables("nats_size-*", source=ROOT / "figures" / "paper" / "scores", data_dir=tmp_path)
    assert path.name == "nats_size-cifar10-once-seed0.parquet"
    assert verify_tables(tmp_path) == {path: ""}


def test_the_shell_lists_fetches_and_verifies(address: str, tmp_path: Path, monkeypatch, capsys) -> None:
    monkeypatch.setenv("NASWOTLIB_DATA", str(tmp_path))

    def naswot(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["naswot", "scores", *arguments])
        with pytest.raises(SystemExit) as stop:
            main()
        return int(stop.value.code or 0), *capsys.readouterr()

    status, out, _ = naswot("list", "--from", address)
    assert (status, out.splitlines()[-1]) == (0, f"3 tables of {address}")
    assert naswot("list", "--from", address, "x*")[0] == 2
    rows = json.loads(naswot("list", "--from", address, "--json")[1])
    assert [(row["file"], row["here"]) for row in rows] == [(name, False) for name in sorted(BODIES)]
    assert json.loads(naswot("fetch", "--from", address, "--json", "c")[1]) == {
        "files": [str(tmp_path / "scores" / "c.parquet")]
    }
    assert [row["here"] for row in json.loads(naswot("list", "--json")[1])] == [False, False, True]
    assert naswot("verify")[:2] == (0, f"{tmp_path}/scores/c.parquet: as its manifest says\n")
    (tmp_path / "scores" / "c.parquet").write_bytes(b"C" * 29)
    status, out, _ = naswot("verify", "--json")
    assert (status, [*json.loads(out).values()]) == (1, ["expected 30 bytes, got 29"])
    status, _, err = naswot("fetch", "--from", address)
    assert (status, err.count("\n"), "c.parquet" in err) == (2, 1, True)
