"""Downloads arrive whole and as published, or not at all; every fault of a network says what it was."""

import hashlib
import os
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from naswotlib.data import fetch as module
from naswotlib.data.fetch import SOURCES, Remote, data_home, fetch, file_digest, verify
from naswotlib.errors import NaswotWarning

BODY = bytes(range(256)) * 4096  # 1 MiB
SHA256 = hashlib.sha256(BODY).hexdigest()
PAGE = b"\n<!DOCTYPE html><html><title>Google Drive - Quota exceeded</title></html>"


class Handler(BaseHTTPRequestHandler):
    """Answers by the path: good, cut (ends in the middle), page (HTML with status 200), wrong, stall; else 404."""

    def do_GET(self):
        self.server.asked.append(self.path)
        body = {"/page": PAGE, "/wrong": b"other" + BODY[5:]}.get(self.path, BODY)
        self.send_response(200 if self.path in ("/good", "/cut", "/page", "/wrong", "/stall") else 404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.path in ("/cut", "/stall"):
            self.wfile.write(body[: len(body) // 2])
            self.wfile.flush()
            if self.path == "/stall":
                self.server.stalled.set()
                self.server.released.wait(60)
            self.close_connection = True
        else:
            self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.asked, server.stalled, server.released = [], threading.Event(), threading.Event()
        server.url = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.released.set()
        server.shutdown()


@pytest.fixture
def source(server, monkeypatch):
    """Let the one source there is have these addresses."""

    def make(*paths, file="thing.bin", size=2**20, digest=f"sha256:{SHA256}", evidence="official"):
        addresses = tuple(f"{server.url}/{path}" for path in paths)
        remote = Remote("thing", file, size, digest, evidence, "MIT", "https://example.org", addresses)
        monkeypatch.setattr(module, "SOURCES", {"thing": [remote]})

    return make


def everything(folder):
    return {path.name for path in folder.rglob("*") if path.is_file() and not path.name.endswith(".lock")}


def test_a_file_arrives_as_published_and_is_not_asked_for_again(server, source, tmp_path):
    source("good", file="folder/thing.bin")
    [path] = fetch("thing", data_dir=tmp_path / "home")
    assert path == tmp_path / "home" / "folder" / "thing.bin"
    assert path.read_bytes() == BODY
    assert fetch("thing", data_dir=tmp_path / "home") == [path]
    assert server.asked == ["/good"]
    assert verify(data_dir=tmp_path / "home") == {path: ""}


@pytest.mark.parametrize(
    "fault, match",
    [
        ("cut", r"/cut: \w+: .*524288 bytes read, 524288 more expected"),
        ("page", r"/page: got a web page, not the file: the site refuses \(quota, permission\)"),
        ("wrong", rf"/wrong: expected sha256 {SHA256} \(official\), got [0-9a-f]{{64}}"),
        ("absent", r"/absent: HTTPError: 404"),
    ],
)
def test_each_network_fault_is_told_and_the_next_address_tried(server, source, tmp_path, fault, match):
    source(fault)
    with pytest.raises(
        OSError, match=rf"thing.bin: not fetched. .*{match}.*Try again, or put the file there"
    ) as caught:
        fetch("thing", data_dir=tmp_path)
    assert str(tmp_path) in str(caught.value)
    assert everything(tmp_path) == set()
    source(fault, "good")
    [path] = fetch("thing", data_dir=tmp_path)
    assert path.read_bytes() == BODY
    assert server.asked == [f"/{fault}", f"/{fault}", "/good"]
    assert everything(tmp_path) == {"thing.bin"}


def test_a_size_that_is_not_the_published_one_is_told(source, tmp_path):
    source("good", size=5, digest="", evidence="")
    with pytest.raises(OSError, match=r"expected 5 bytes, got 1,048,576"):
        fetch("thing", data_dir=tmp_path)


def test_a_machine_that_does_not_answer_is_a_fault_like_the_others(source, monkeypatch, tmp_path):
    remote = Remote("thing", "a", None, "", "", "MIT", "", ("http://127.0.0.1:9/closed",))
    monkeypatch.setattr(module, "SOURCES", {"thing": [remote]})
    with pytest.raises(OSError, match=r"127.0.0.1:9/closed: ConnectionError"):
        fetch("thing", data_dir=tmp_path)


def test_a_file_without_published_digest_is_believed_aloud_and_remembered(source, tmp_path):
    source("good", size=None, digest="", evidence="")
    with pytest.warns(NaswotWarning, match=rf"nobody published its digest.*sha256 {SHA256} is kept beside it"):
        [path] = fetch("thing", data_dir=tmp_path)
    assert path.with_name("thing.bin.sha256").read_text() == f"{SHA256}  thing.bin\n"
    assert verify(data_dir=tmp_path) == {path: ""}
    path.write_bytes(b"changed")
    [fault] = verify(data_dir=tmp_path).values()
    assert fault.startswith(f"expected sha256 {SHA256} (recorded at the first download), got ")
    assert path.read_bytes() == b"changed"  # reported, not removed


def test_md5_digests_of_third_parties_are_compared_and_said_to_be_theirs(source, tmp_path):
    md5 = hashlib.md5(BODY, usedforsecurity=False).hexdigest()
    source("wrong", "good", digest=f"md5:{md5}", evidence="third-party")
    [path] = fetch("thing", data_dir=tmp_path)
    path.write_bytes(BODY[:-1] + b"!")
    assert verify(data_dir=tmp_path)[path].startswith(f"expected md5 {md5} (third-party), got ")


def test_a_folder_of_files_replaces_the_network_and_is_checked_likewise(server, source, tmp_path):
    source("good")
    carried = tmp_path / "carried"
    carried.mkdir()
    for content, match in [(None, "No such file"), (PAGE, "got a web page"), (BODY[:-1], "expected 1,048,576 bytes")]:
        if content is not None:
            (carried / "thing.bin").write_bytes(content)
        with pytest.raises(OSError, match=match):
            fetch("thing", data_dir=tmp_path / "home", folder=carried)
        assert everything(tmp_path / "home") == set()
    (carried / "thing.bin").write_bytes(BODY)
    [path] = fetch("thing", data_dir=tmp_path / "home", folder=carried)
    assert path.read_bytes() == BODY
    assert server.asked == []


CHILD = """
import sys
from naswotlib.data import fetch
remote = fetch.Remote("thing", "thing.bin", None, "", "", "MIT", "", (sys.argv[1],))
fetch.SOURCES = {"thing": [remote]}
fetch.fetch("thing", data_dir=sys.argv[2])
"""


def test_a_fetch_that_is_killed_leaves_nothing_under_the_name_and_the_next_one_cleans_up(server, source, tmp_path):
    command = [sys.executable, "-c", CHILD, f"{server.url}/stall", str(tmp_path)]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    with subprocess.Popen(command, env=environment) as child:
        assert server.stalled.wait(120)
        while not any(path.stat().st_size for path in tmp_path.glob(".thing.bin.*.tmp")):
            assert child.poll() is None
            time.sleep(0.01)
        child.kill()
    assert not (tmp_path / "thing.bin").exists()
    assert len(everything(tmp_path)) == 1
    source("good")
    [path] = fetch("thing", data_dir=tmp_path)
    assert path.read_bytes() == BODY
    assert everything(tmp_path) == {"thing.bin"}


def test_the_folder_of_the_data_is_the_argument_then_the_environment_then_the_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("NASWOTLIB_DATA", str(tmp_path / "a"))
    assert data_home(tmp_path / "b") == tmp_path / "b"
    assert data_home() == tmp_path / "a"
    monkeypatch.delenv("NASWOTLIB_DATA")
    assert data_home().name == "naswotlib"


def test_the_digest_of_a_folder_is_that_of_its_names_and_contents(tmp_path):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "x").write_bytes(b"1")
    assert file_digest(tmp_path / "a") == file_digest(tmp_path / "b")
    (tmp_path / "b" / "x").rename(tmp_path / "b" / "y")
    assert file_digest(tmp_path / "a") != file_digest(tmp_path / "b")
    (tmp_path / "a" / "x").write_bytes(b"2")
    assert file_digest(tmp_path / "a" / "x") == hashlib.sha256(b"2").hexdigest()


def test_the_published_sources_are_complete_and_say_what_is_known_of_their_digests():
    length = {"md5": 32, "sha256": 64}
    for name, remotes in SOURCES.items():
        for remote in remotes:
            assert remote.name == name
            assert remote.licence
            assert remote.page.startswith("https://")
            assert all(address.startswith("https://") for address in remote.addresses)
            assert remote.addresses
            assert bool(remote.digest) == (remote.evidence in ("verified", "official", "third-party"))
            if remote.digest:
                algorithm, _, digest = remote.digest.partition(":")
                assert len(digest) == length[algorithm]
    files = [remote.file for remotes in SOURCES.values() for remote in remotes]
    assert len(set(files)) == len(files)
    with pytest.raises(ValueError, match=r"name: 'imagenet' is unknown; choose one of nasbench101, .*imagenette-160"):
        fetch("imagenet")
