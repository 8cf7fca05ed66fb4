"""Whatever is wrong is told in one line that names it, with an exit status that is not 0."""

from __future__ import annotations

import importlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch

import naswotlib
from naswotlib.scoring.score import naswot_score
from naswotlib.scoring.store import read_scores
from naswotlib.spaces import base
from support.faulty_files import write_faulty

SMALL = ("--images", "noise", "--side", "8", "--batch-size", "4")
ARCH = "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|"


@pytest.fixture
def files(tmp_path, monkeypatch) -> Path:
    write_faulty(tmp_path)
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    for name in ("mynets", "broken", "unfinished"):
        sys.modules.pop(name, None)
    importlib.invalidate_caches()


def images(path: str) -> tuple[str, ...]:
    return ("score", "--module", "mynets:make", "--images", path, "--batch-size", "2")


def of_module(factory: str, *more: str) -> tuple[str, ...]:
    return ("score", "--module", factory, *SMALL, *more)


FAULTS: dict[str, tuple[tuple[str, ...], str]] = {
    **{
        f"images {name}": (images(name), said)
        for name, said in {
            "cut.tar": "cut.tar: cut off or damaged",
            "cut.tar.gz": "cut.tar.gz: cut off or damaged",
            "damaged.tar.gz": "damaged.tar.gz",
            "cut.tar.xz": "cut.tar.xz: cut off or damaged",
            "damaged.tar.xz": "damaged.tar.xz",
            "text.npz": "text.npz has images of shape ()",
            "huge.npz": "huge.npz cannot be read",
            "bomb": "0.png in bomb is no readable image",
            "large": "0.png in large has 169 million pixels; expected at most",
            "cut": "0.png in cut is no readable image",
            "mixed": "side: the images of mixed have 2 sizes",
            "/dev/zero": "/dev/zero is neither a file nor a folder",
            "nowhere": "source: 'nowhere' is not one of",
        }.items()
    },
    **{
        f"import {name}": (("data", "import", name, "--out", "tables"), said)
        for name, said in {
            "cut.tar": "cut.tar: cut off or damaged",
            "cut.csv.gz": "cut.csv.gz: cut off or damaged",
            "damaged.csv.gz": "damaged.csv.gz",
            "number.pth": "number.pth: its content is not laid out as in the published file",
            "bad.tfrecord": "bad.tfrecord: damaged or cut off",
            "other.parquet": "other.parquet: expected a published table, found parquet with the columns x",
            "cut.parquet": "cut.parquet: damaged parquet",
            "nasbench201.csv": "nasbench201.csv: arch: 'rubbish' is no architecture of nasbench201",
            "/dev/zero": "/dev/zero is neither a file nor a folder",
            "nowhere": "nowhere does not exist",
            "deep.json": "deep.json",
        }.items()
    },
    "no manifest": (("score", "--count", "2", "--out", "manifest", *SMALL), "_manifest.json is damaged (KeyError"),
    "out that is a file": (
        ("score", "--count", "2", "--out", "mynets.py", *SMALL),
        "mynets.py cannot be a folder",
    ),
    "out that is a device": (
        ("score", "--count", "2", "--out", "/dev/full", *SMALL),
        "/dev/full cannot be a folder",
    ),
    "out that cannot be": (("score", "--count", "2", "--out", "/proc/x", *SMALL), "out: /proc/x cannot be a folder of"),
    "scheduler": (
        ("score", "--count", "2", "--scheduler", "nonsense", *SMALL),
        "'nonsense' does not answer",
    ),
    "missing archs": (("score", "--archs", "nowhere.txt", *SMALL), "archs: nowhere.txt cannot be read (No such file"),
    "archs that are a folder": (("score", "--archs", "mixed", *SMALL), "archs: mixed cannot be read (Is a directory)"),
    "missing archs to train": (("train", "--out", "t", "--archs", "nowhere.txt"), "archs: nowhere.txt cannot be read"),
    "binary archs to train": (
        ("train", "--out", "t", "--archs", "binary.txt"),
        "archs: binary.txt is no text in UTF-8",
    ),
    "no archs to train": (("train", "--out", "t", "--archs", "empty.txt"), "archs: empty.txt is empty"),
    "wrong archs to train": (("train", "--out", "t", "--archs", "mynets.py"), "in mynets.py: arch: "),
    "no archs": (("score", "--archs", "empty.txt", *SMALL), "archs: empty.txt is empty"),
    "binary archs": (("score", "--archs", "binary.txt", *SMALL), "archs: binary.txt is no text in UTF-8"),
    "module that does not import": (of_module("broken:make"), "cannot import 'broken': ModuleNotFoundError: No module"),
    "module that is no Python": (of_module("unfinished:make"), "SyntaxError: invalid syntax (unfinished.py, line 1)"),
    "factory that fails": (of_module("mynets:fails"), "ZeroDivisionError: division by zero (mynets.py, line 4)"),
    "factory with arguments": (of_module("mynets:needs"), "mynets:needs failed when it was called without arguments"),
    "factory that leaves": (of_module("mynets:leaves"), "mynets:leaves failed when it was called without arguments"),
    "network that fails": (of_module("mynets:Bad"), "mynets:Bad failed: KeyError: 'x' (mynets.py, line 11)"),
    "network of another size": (of_module("mynets:shape"), "given float32 images 4 x 3 x 8 x 8; others by --side"),
    "network without ReLU": (of_module("mynets:gelu"), "Pass activations='auto'"),
    "device": (of_module("mynets:make", "--device", "xpu"), "device: 'xpu' cannot be used here"),
    "dtype": (of_module("mynets:make", "--dtype", "int3"), "dtype: 'int3' is unknown"),
    "memory": (of_module("mynets:make", "--max-memory", "lots"), "max_memory: 'lots' is no amount"),
    "too little memory": (of_module("mynets:make", "--max-memory", "100"), "not even one of 2 images would fit"),
    "network of another precision": (
        of_module("mynets:double"),
        "Input type (float) and bias type (double)",
    ),
    "network in place of a factory": (
        of_module("mynets:network"),
        "mynets:network is a network; expected a function or",
    ),
    "file in place of a module": (
        of_module("mynets.py:make"),
        "No module named 'mynets.py'; 'mynets' is not a package; run",
    ),
    "mean of noise": (of_module("mynets:make", "--mean", "1"), "mean, std: noise is standard normal as it is"),
    "large images": (
        of_module("mynets:make", "--side", "200000"),
        "channels: 4 images of 3 x 200000 x 200000",
    ),
    "many workers": (
        ("score", "--count", "2", "--workers", "100000", *SMALL),
        "workers: 100000 processes of",
    ),
    "channels": (("score", "--module", "mynets:make", "--channels", "2"), "channels: images have 3, or 1"),
    "mean": (("score", "--module", "mynets:make", "--mean", "a"), "mean: 'a' is no number, nor three"),
    "std": (("score", "--module", "mynets:make", "--std", "0"), "std: expected one finite number or three, above 0"),
    "model": (of_module("torchvision:resnet1"), "torchvision has no model 'resnet1'; it has"),
    "seed": (of_module("mynets:make", "--seed", "-1"), "'--seed'"),
    "minutes": (("train", "--out", "t.parquet", "--minutes", "nan"), "minutes: expected a number above 0, got nan"),
    "nothing to train again": (
        ("train", "--verify", "1", "--out", "no.parquet"),
        "no.parquet does not exist; give",
    ),
    "nothing to verify": (("data", "verify", "--data-dir", "nowhere"), "nothing was verified; say"),
    "import to a file": (("data", "import", "good.csv", "--out", "mynets.py"), "mynets.py is no folder that can be"),
    "seed of training": (("train", "--out", "t", "--seed", "-1"), "'--seed'"),
    "pareto": (("search", "--pareto", "x"), "pareto: 'x' is unknown; choose one of parameters"),
    "large seed": (of_module("mynets:make", "--seed", str(2**64)), "'--seed'"),
    "repeats of many": (("score", "--count", "2", "--repeats", "3"), "repeats: this option is of one network"),
    "out of one": (of_module("mynets:make", "--out", "x"), "out: this option is of many architectures"),
    "workers of one": (("score", "--arch", ARCH, "--workers", "2"), "workers: this option is of many"),
    "exact of a count": (of_module("mynets:make", "--proxy", "flops", "--fast"), "exact: this option is of the score"),
    "n of rea": (("search", "--method", "rea", "--n", "4"), "n: this option is of methods that score, and not of rea"),
    "epochs of naswot": (("search", "--epochs", "4"), "epochs: this option is of methods that train"),
    "count of a suite": (("train", "--suite", "bundled", "--count", "4"), "count: this option is of one table"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_told_in_one_line_that_names_it(files, command, fault):
    arguments, said = FAULTS[fault]
    done = command(*arguments)
    assert done.status == 2
    assert said in " ".join(done.err.split()), done.err
    assert len(done.err.strip().splitlines()) == 1 or done.err.startswith("Usage: ")
    assert done.out == ""
    assert not (files / "tables").exists() or not list((files / "tables").glob("*.parquet"))


def test_a_folder_of_other_scores_is_refused_before_the_loops_are_compiled(files, command, monkeypatch):
    monkeypatch.setattr("naswotlib.scoring.many.ensure_compiled", lambda: pytest.fail("it compiled"))
    done = command(*FAULTS["no manifest"][0])
    assert (done.status, len(done.err.splitlines())) == (2, 1)


def test_what_a_network_prints_does_not_spoil_the_json(files, command):
    done = command(*of_module("mynets:talks", "--json"))
    assert json.loads(done.out)["num_units"] == 16
    assert done.err.splitlines() == ["made", "called"]


SPACE = """
class Talking:
    name = "talking"
    def sample(self, rng): return int(rng.integers(9))
    def to_str(self, arch): return str(arch)
    def from_str(self, text): return int(text)
    def build(self, arch, *, seed):
        from torch import nn
        print("built")
        return nn.Sequential(nn.Flatten(), nn.Linear(3072, 8 + arch), nn.ReLU())
"""


def test_what_a_space_prints_does_not_spoil_the_json(files, command, monkeypatch):
    for name in ("_SPACES", "_FACTORIES"):  # the shell registers the space; other tests look at all that are
        monkeypatch.setattr(base, name, dict(getattr(base, name)))
    (files / "talking.py").write_text(SPACE)
    images = ("--space", "talking:Talking", "--images", "noise", "--batch-size", "4", "--json")
    assert len(json.loads(command("score", "--count", 2, *images).out)) == 2
    assert json.loads(command("search", "--n", 2, *images).out)["space"] == "talking"
    sys.modules.pop("talking")


def test_the_version_is_told(command):
    assert command("--version").out == f"naswotlib {naswotlib.__version__}\n"


WARNING = """
import warnings
from naswotlib.cli.errors import run
from naswotlib.errors import warn
def app(standalone_mode):
    warn("one of two\\narchitectures failed")
    warnings.warn("of others", stacklevel=1)
run(app)
"""


def test_a_warning_is_one_line_and_has_a_place_only_where_that_is_the_users():
    done = subprocess.run([sys.executable, "-c", WARNING], capture_output=True, text=True, check=True)
    told = done.stderr.splitlines()
    assert told[0] == "naswot: warning: one of two architectures failed"
    assert told[1:] == ["naswot: warning: UserWarning (<string>, line 7): of others"]


def test_an_archs_file_of_an_editor_that_marks_its_encoding_is_read(files, command):
    assert "40960" in command("score", "--archs", "archs.txt", "--images", "noise", "--batch-size", "4").out


@pytest.mark.filterwarnings("ignore::naswotlib.errors.NaswotWarning")
def test_where_every_architecture_failed_the_command_fails(files, command):
    (files / "bad.txt").write_text("rubbish\nmore rubbish\n")
    for out in ((), ("--out", "scores")):
        done = command("score", "--archs", "bad.txt", *SMALL, *out)
        assert done.status == 1
        assert "naswot: all 2 architectures failed, the first: ValueError: arch: 'rubbish'" in done.err
        assert "nan" not in done.out.replace("scoring", "") or not out


def test_json_is_json_of_one_and_of_many(files, command):
    one = json.loads(command(*of_module("mynets:make", "--json")).out)
    assert (one["num_units"], one["activations"], one["precision"], one["exact"]) == (16, ["relu"], "float32", True)
    many = json.loads(command("score", "--count", 2, *SMALL, "--json").out)
    assert [set(row) for row in many] == [{"arch", "score", "num_units", "seconds", "error"}] * 2
    kept = json.loads(command("score", "--count", 2, *SMALL, "--json", "--out", "scores").out)
    assert (kept["architectures"], kept["failed"]) == (2, 0)
    assert json.loads(command("data", "list", "--json").out)[0]["file"]
    assert json.loads(command("data", "where", "--json", "--data-dir", ".").out)["tables"] == [
        "cut.parquet",
        "other.parquet",
    ]


def test_side_channels_activations_and_precision_are_those_asked_for(files, command):
    (files / "mynets.py").write_text(
        "from torch import nn\n"
        "def make(): return nn.Sequential(nn.Conv2d(1, 4, 3), nn.GELU(), nn.Flatten(), nn.Linear(400, 9), nn.Tanh())\n"
    )
    options = ("--images", "photos", "--batch-size", 6, "--side", 12, "--channels", 1, "--json")
    told = json.loads(
        command("score", "--module", "mynets:make", *options, "--activations", "auto", "--dtype", "bfloat16").out
    )
    assert (told["shape"], told["layers"], told["precision"]) == ([1, 12, 12], {"1": 400}, "bfloat16")
    assert (told["activations"], told["uncounted"]) == (["gelu"], ["4 (tanh)"])
    from naswotlib.data.images import load_images

    torch.manual_seed(0)
    network = sys.modules["mynets"].make().bfloat16()
    inputs = load_images("photos", 6, seed=0, side=12).mean(1, keepdim=True).bfloat16()
    assert told["score"] == float(naswot_score(network, inputs, activations=("gelu",)))
    both = json.loads(command("score", "--module", "mynets:make", *options, "--activations", "gelu,tanh").out)
    assert both["layers"] == {"1": 400, "4": 9}


def test_images_of_many_sizes_are_cropped_to_the_side_that_is_asked_for(files, command):
    done = command("score", "--module", "mynets:make", "--images", "mixed", "--side", 8, "--batch-size", 2)
    assert done.status == 0
    assert "2 x 3 x 8 x 8" in done.out


@pytest.mark.parametrize("name", ["resnet18", "vit_b_16"])
def test_a_model_of_torchvision_is_scored_by_its_name_at_its_own_size(command, name):
    done = command(
        *("score", "--module", f"torchvision:{name}", "--images", "noise", "--batch-size", "2"),
        *("--activations", "auto", "--json"),
    )
    told = json.loads(done.out)
    assert told["shape"] == [3, 224, 224]
    assert told["activations"] == (["relu"] if name == "resnet18" else ["gelu"])
    assert np.isfinite(told["score"])


@pytest.mark.slow
def test_interrupted_it_says_how_to_go_on_and_keeps_what_is_done(tmp_path):
    command = [Path(sys.executable).with_name("naswot"), "score", "--count", "20000", "--space", "nats_size"]
    options = ["--images", "noise", "--batch-size", "4", "--out", str(tmp_path / "scores"), "--workers", "1"]
    process = subprocess.Popen([*command, *options], stderr=subprocess.PIPE, text=True, env=dict(os.environ))
    while not list((tmp_path / "scores").glob("part-*")):
        assert process.poll() is None
        time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "naswot: interrupted; with --out, what is done is kept, and the same command goes on" in err
    assert "Traceback" not in err
    assert len(read_scores(tmp_path / "scores"))
