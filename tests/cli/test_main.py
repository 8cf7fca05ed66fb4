"""The command line, run as a user runs it."""

import json
import math
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch

from naswotlib import arch_seed, get_space, load_benchmark, load_images, naswot_score
from naswotlib.benchmarks.trained import read_trained
from naswotlib.cli.main import main
from support.cifar import draw, save_published

CELL = "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|skip_connect~0|nor_conv_3x3~1|skip_connect~2|"
EMPTY = "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|"


@dataclass
class Done:
    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def naswot(monkeypatch, capsys, networks) -> Callable[..., Done]:
    """Run the command in this process, from the folder of ``networks``."""
    monkeypatch.chdir(networks)

    def run(*arguments: str) -> Done:
        monkeypatch.setattr(sys, "argv", ["naswot", *arguments])
        with torch.random.fork_rng(), pytest.raises(SystemExit) as stop:
            main()
        out, err = capsys.readouterr()
        return Done(stop.value.code or 0, out, err)

    return run


@pytest.fixture
def networks(tmp_path: Path) -> Path:
    (tmp_path / "mynets.py").write_text(
        "from torch import nn\n"
        "def make(): return nn.Sequential(nn.Flatten(), nn.Linear(3072, 64), nn.ReLU(), nn.Linear(64, 10))\n"
        "def gelu(): return nn.Sequential(nn.Flatten(), nn.Linear(3072, 64), nn.GELU())\n"
        "def wrong(): return 5\n"
    )
    return tmp_path


def test_score_prints_what_the_library_computes_as_text_and_as_json(naswot):
    space = get_space("nasbench201")
    network = space.build(space.from_str(CELL), seed=arch_seed(0, CELL))
    expected = naswot_score(network, load_images("noise", 16, seed=0))
    options = ("score", "--space", "nasbench201", "--arch", CELL, "--images", "noise", "--batch-size", "16")
    told = json.loads(naswot(*options, "--json").stdout)
    assert told["score"] == pytest.approx(float(expected), rel=1e-12)
    assert (told["num_units"], told["layers"]) == (expected.num_units, expected.layers)
    text = naswot(*options).stdout
    assert "N_A          614400 units of 65 layers; counted: relu, each once" in text
    assert f"coin flips   {expected.coin_flips:.6g}" in text
    assert "not counted  no other activation was seen" in text
    assert f"{float(expected):.6g}" in text


def test_a_singular_kernel_is_minus_infinity_in_text_and_null_in_json(naswot):
    options = ("score", "--arch", EMPTY, "--images", "noise", "--batch-size", "128")
    assert "-inf" in naswot(*options).stdout
    told = json.loads(naswot(*options, "--json").stdout)
    assert (told["score"], told["singular"]) == (None, 1)


def test_ones_own_network_mean_and_deviation_over_initialisations(naswot):
    options = ("score", "--module", "mynets:make", "--images", "noise", "--batch-size", "8", "--repeats", "3", "--json")
    told = json.loads(naswot(*options).stdout)
    mean = sum(told["scores"]) / 3
    assert len(set(told["scores"])) == 3
    assert told["score"] == pytest.approx(mean)
    assert told["std"] == pytest.approx(math.sqrt(sum((s - mean) ** 2 for s in told["scores"]) / 3))
    torch.manual_seed(1)
    second = torch.nn.Sequential(
        torch.nn.Flatten(), torch.nn.Linear(3072, 64), torch.nn.ReLU(), torch.nn.Linear(64, 10)
    )
    assert told["scores"][1] == pytest.approx(float(naswot_score(second, load_images("noise", 8, seed=0))))


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--arch", "foo"], "arch: 'foo'"),
        (["--arch", CELL.replace("nor_conv_3x3~1", "conv~1", 1)], "'conv'"),
        (["--arch", CELL, "--space", "nasbench202"], "space: 'nasbench202'"),
        (["--arch", CELL, "--images", "cifar99"], "source: 'cifar99'"),
        (["--arch", CELL, "--counting", "twice"], "counting: 'twice'"),
        (["--arch", CELL, "--batch-size", "1"], "batch-size"),
        ([], "--module"),
        (["--module", "mynets"], "package.module:factory"),
        (["--module", "nowhere:make"], "nowhere"),
        (["--module", "mynets:nothing"], "nothing"),
        (["--module", "mynets:wrong"], "int"),
        (["--module", "mynets:gelu", "--images", "noise"], "gelu"),
    ],
)
def test_an_error_is_one_line_that_names_the_argument_and_the_value(naswot, arguments, named):
    done = naswot("score", *arguments)
    assert done.returncode == 2
    assert named in done.stderr
    assert "Traceback" not in done.stderr


def test_spaces_are_listed_with_their_sizes(naswot):
    rows = {row["name"]: row["architectures"] for row in json.loads(naswot("spaces", "--json").stdout)}
    assert rows["nasbench201"] == 15625
    assert "15,625" in naswot("spaces", "nasbench*").stdout


def test_the_installed_command_answers_without_importing_torch():
    command = Path(sys.executable).with_name("naswot")
    done = subprocess.run([command, "--help"], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0
    assert "score" in done.stdout
    loaded = "import sys, naswotlib.cli.main; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", loaded], timeout=120, check=False).returncode == 0


@pytest.mark.parametrize("space", ["nats_size", "nds_enas_fixed"])
def test_train_continues_verifies_and_makes_a_benchmark(naswot, space, tmp_path):
    save_published(tmp_path / "cifar-10-batches-py", draw(10), draw(2))
    where = ("--data-dir", str(tmp_path), "--workers", "1")
    out = str(tmp_path / "mine.parquet")
    for count in ("1", "2"):
        done = naswot("train", "--space", space, "--count", count, "--out", out, "--epochs", "1", *where)
        assert (done.returncode, done.stdout.split("\n")[-3].split(";")[0]) == (0, f"{count} networks in {out}")
    rows = naswot("train", "--verify", "2", "--out", out, *where[:2]).stdout.strip().split("\n")
    assert ["first losses ±0.0e+00  validation +0.00  test +0.00" in row for row in rows] == [True, True]
    assert load_benchmark("mine", data_dir=tmp_path).space == space


def test_train_takes_architectures_scores_them_meanwhile_and_may_stop_early(naswot, tmp_path):
    save_published(tmp_path / "cifar-10-batches-py", draw(10), draw(2))
    (tmp_path / "archs.txt").write_text(f"{CELL}\n\n{EMPTY}\n")
    out = tmp_path / "mine.parquet"
    common = ("train", "--archs", str(tmp_path / "archs.txt"), "--out", str(out), "--data-dir", str(tmp_path))
    watched = ("--workers", "1", "--watch", "noise", "--epochs", "4", "--stop-after", "2")
    done = naswot(*common, *watched, "--side", "32", "--skeleton", "stem_channels=4")
    assert done.returncode == 0, done.stderr
    rows, metadata = read_trained(out)
    assert {row["arch"] for row in rows} == {CELL, EMPTY}
    assert [len(row["validation"]) for row in rows] == [2, 2]
    assert (metadata["recipe"]["epochs"], metadata["recipe"]["side"]) == (4, 32)
    assert metadata["recipe"]["skeleton"] == {"stem_channels": 4, "cells_per_stage": 1}
    assert metadata["watch"] == {"images": "noise", "batch_size": 128, "within_first": 10, "running": False}
    assert [row["steps"] for row in rows] == [[0, 1, 2]] * 2  # 80 images, batches of 64


def test_train_refuses_what_does_not_go_together(naswot, tmp_path):
    out = ("--out", str(tmp_path / "mine.parquet"))
    for arguments, message in (
        (("--recipe", "published", "--space", "nats_size", *out), "recipe: published is that of nasbench201"),
        (("--archs", "a.txt", "--count", "2", *out), "count: this option is of random architectures, not of --archs"),
        (("--suite", "bundled", "--watch", "noise"), "watch: this option is of one table, which --suite does not make"),
        (("--verify", "1", "--device", "cuda"), "device: this option is of training, not of --verify"),
        (("--skeleton", "stem_channels", *out), "skeleton: 'stem_channels' is not of the form KEY=NUMBER"),
        (("--recipe", "mine", *out), "recipe: 'mine' is unknown; choose one of small, published"),
        (("--suite", "bundled", "--device", "cuda"), "out: the bundled tables are of the CPU; name a folder"),
        (("--device", "meta", *out), "device: networks are trained on cpu or cuda, not on 'meta'"),
    ):
        done = naswot("train", *arguments)
        assert done.returncode == 2
        assert done.stderr.startswith(f"naswot: {message}")


def test_train_says_what_it_lacks(naswot, tmp_path):
    done = naswot("train", "--suite", "bundled", "--out", str(tmp_path), "--data-dir", str(tmp_path))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("naswot: data_dir: CIFAR-10 to train on: found none of cifar10-jpeg-train.tar")
    assert naswot("train", "--data-dir", str(tmp_path)).stderr.startswith("naswot: out: say with --out which table")
