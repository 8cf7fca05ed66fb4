"""Loops are compiled once, wherever they can be kept, and a score does not wait for it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from naswotlib.scoring import ready

SCORE = """
import sys, torch, naswotlib
from torch import nn
torch.manual_seed(0)
network = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Conv2d(8, 8, 3), nn.ReLU())
inputs = torch.randn(6, 3, 8, 8)
scores = [naswotlib.naswot_score(network, inputs) for _ in range(2)]  # the first one of a process waits for no numba
print([(score.kernel.tolist(), score.layers) for score in scores], "numba" in sys.modules)
"""


def run(code: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_until_loops_are_compiled_an_exact_score_does_without_them_and_is_the_same(tmp_path):
    without = run(SCORE, NUMBA_CACHE_DIR=str(tmp_path))
    with_them = run("from naswotlib.scoring import ready\nready._found.add('packing')\n" + SCORE)
    assert without.split()[-1] == "False"
    assert with_them.split()[-1] == "True"
    assert without.split()[:-1] == with_them.split()[:-1]
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def read_only(monkeypatch):
    """As if nothing could be written beside the package; as root, permissions would not keep one from it."""
    writable = ready._is_writable
    monkeypatch.setattr(ready, "_is_writable", lambda folder: folder != ready.BESIDE and writable(folder))
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    ready.loops_folder.cache_clear()
    yield
    ready.loops_folder.cache_clear()


def test_a_read_only_package_keeps_its_loops_in_the_users_cache(read_only, monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert ready.loops_folder() == tmp_path / "cache" / "naswotlib" / "compiled"


def test_without_a_home_they_go_to_a_temporary_folder_and_no_folder_is_called_tilde(read_only, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(ready.os.path, "expanduser", lambda path: path)  # what Python does where nobody has a home
    monkeypatch.setattr(ready.tempfile, "gettempdir", lambda: str(tmp_path / "tmp"))
    assert ready.loops_folder().parent == tmp_path / "tmp"
    assert not Path("~").exists()


def test_the_first_fast_score_says_that_it_compiles_and_later_ones_say_nothing(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(ready, "is_compiled", lambda *_: False)
    with ready.compiling():
        pass
    assert "naswot: compiling the fast engine's loops, once" in capsys.readouterr().err
    monkeypatch.setattr(ready, "is_compiled", lambda *_: True)
    with ready.compiling():
        pass
    assert capsys.readouterr().err == ""


FIRST = """
import sys
import torch
from naswotlib import load_images, naswot_score
network, images = torch.nn.Sequential(torch.nn.Conv2d(3, 8, 3), torch.nn.ReLU()), load_images("photos", 16, seed=0)
first = naswot_score(network, images)
print(sorted({"numba", "scipy.linalg", "skimage.io"} & sys.modules.keys()))
print(all((naswot_score(network, images).kernel == first.kernel).all() for _ in range(2)))
"""


def test_the_first_score_of_a_process_waits_for_no_large_import_and_is_the_later_ones():
    done = subprocess.run([sys.executable, "-c", FIRST], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["[]", "True"]
