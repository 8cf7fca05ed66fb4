"""Five hundred random command lines, over files of every kind: none ends in a traceback."""

from __future__ import annotations

import os
import sys
import warnings

import numpy as np
import pytest

from naswotlib.cli.main import main
from naswotlib.data import fetch
from support.faulty_files import write_faulty

RUNS = 500
ARCHS = ["|none~0|+|none~0|none~1|+|none~0|none~1|none~2|", "rubbish", "", "0", "|none~0|", "1,2", "8:8:8:8:8", "∞"]
MODULES = [f"mynets:{name}" for name in ("make", "fails", "shape", "needs", "wrong", "leaves", "gelu", "Bad", "nn", "")]
MODULES += [
    "broken:make",
    "unfinished:make",
    "nowhere:make",
    ":",
    "mynets",
    "torchvision:nothing",
    "timm:nothing",
    "os:getcwd",
]
NUMBERS = ["-1", "0", "1", "2", "3", "1e3", "nan", "x", "", str(2**64), "-0"]
SPACES = ["nasbench201", "nats_size", "nasbench101", "nds_enas_fixed", "nowhere", "mynets:make", "mynets:Bad", ":"]
WORDS = [
    "once",
    "reference",
    "naswot",
    "flops",
    "synflow",
    "grad_norm",
    "parameters",
    "rea",
    "area",
    "cpu",
    "xpu",
    "meta",
]
WORDS += [
    "auto",
    "relu",
    "gelu,relu",
    "float16",
    "bfloat16",
    "cuda:9",
    "noise",
    "photos",
    "cifar10",
    "bundled",
    "100",
    "4GB",
]
OPTIONS = {
    "score": "--arch --module --count --archs --space --out --images --batch-size --side --channels --activations "
    "--dtype --max-memory --proxy --repeats --seed --counting --exact --fast --device --data-dir --json",
    "search": "--space --method --n --images --batch-size --benchmark --dataset --epochs --search-split "
    "--budget-seconds --max-evaluations --pareto --seed --counting --exact --device --data-dir --json",
    "train": "--out --suite --verify --space --count --seed --data-dir --json",
    "spaces": "--json",
    "measures": "--json",
    "scores list": "--from --data-dir --json",
    "scores fetch": "--from --data-dir --replace --json",
    "scores verify": "--data-dir --json",
    "data list": "--data-dir --json",
    "data where": "--data-dir --json",
    "data verify": "--data-dir --json",
    "data fetch": "--from --data-dir --json",
    "data import": "--out --trust --replace --json",
}
FLAGS = {"--exact", "--fast", "--json", "--trust", "--replace"}
FITTING = {
    "--arch": ARCHS,
    "--module": MODULES,
    "--space": SPACES,
    **dict.fromkeys(
        ["--count", "--n", "--batch-size", "--side", "--channels", "--repeats", "--seed", "--verify"], NUMBERS
    ),
}


def command_line(rng: np.random.Generator, files: list[str]) -> list[str]:
    """Mostly options of the command with values that may fit, and now and then anything at all."""

    def value(option: str) -> str:
        pools = [FITTING.get(option, [*files, *WORDS])] * 9 + [[*files, *WORDS, *NUMBERS, *ARCHS]]
        return str(rng.choice(pools[rng.integers(10)]))

    name = str(rng.choice(list(OPTIONS)))
    arguments = [*name.split(), *([value("file")] if name in ("data import", "data fetch") else [])]
    small = ["--images", "noise", "--batch-size", "4", "--side", "8"] if name == "score" and rng.random() < 0.6 else []
    for option in rng.choice(OPTIONS[name].split(), size=rng.integers(0, 6)):
        if option not in small:
            arguments += [str(option)] if option in FLAGS else [str(option), value(option)]
    if rng.random() < 0.1:
        arguments.insert(int(rng.integers(len(arguments) + 1)), str(rng.choice([*WORDS, *NUMBERS, "--nothing", "-"])))
    return [*arguments, *small]


def no_network(address: str, *_: object) -> None:
    raise OSError(f"no network for {address}")


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_no_command_line_ends_in_a_traceback(tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NASWOTLIB_DATA", str(tmp_path))
    monkeypatch.setattr(fetch, "download", no_network)
    names = write_faulty(tmp_path)
    rng = np.random.default_rng(2021)
    told: dict[int, int] = {}
    for _ in range(int(os.environ.get("NASWOT_FUZZ", RUNS))):
        arguments = command_line(rng, names)
        if arguments[0] == "train" and "--suite" not in arguments and "--out" not in arguments:
            arguments += ["--out", "bundled.parquet"]  # the package's own tables are the default of a suite
        elif arguments[0] == "train":
            arguments += ["--out", "suite"] if "--out" not in arguments else []
        monkeypatch.setattr(sys, "argv", ["naswot", *arguments])
        with warnings.catch_warnings():
            try:
                main()
            except SystemExit as stop:
                status = stop.code or 0
        out, err = capfd.readouterr()
        told[status] = told.get(status, 0) + 1
        assert "Traceback" not in out + err, (arguments, err)
        assert status in (0, 1, 2), (arguments, status, err)
        assert status == 0 or err.strip(), arguments
        lines = [line for line in err.strip().splitlines() if line.startswith("naswot: ")]
        assert status != 2 or len(lines) == 1 or "Usage: " in err, (arguments, err)
    assert min(told.get(0, 0), told.get(2, 0)) >= 20, told
