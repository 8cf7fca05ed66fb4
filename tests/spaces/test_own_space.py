"""The space that the book writes keeps the promises of a space, and one's own spaces go wherever the library's go."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jupytext
import numpy as np
import pandas as pd
import pytest
import torch

from naswotlib import area, get_space, load_benchmark, load_images, naswot, naswot_score, rea, score_archs
from naswotlib.cli.main import main
from naswotlib.scoring.contracts import ScoreContract
from naswotlib.scoring.parallel import pack_space, unpack_space
from naswotlib.spaces.base import _FACTORIES, arch_seed, find_space, sample_distinct
from support.cifar import draw, save_published
from support.tiny_space import promises

CELLS = jupytext.read(Path(__file__).parents[2] / "book" / "own_space.md", fmt="md:myst").cells
CHAIN = "w8d1k3s0,w8d2k3s1,w8d1k3s0"


@pytest.fixture
def chains(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The module that the page writes, in the working folder, and its tests beside it."""
    for cell in CELLS:
        command, _, source = cell.source.partition("\n")
        if command.startswith("%%writefile "):
            (tmp_path / command.split()[1]).write_text(source)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    yield importlib.import_module("chains")
    del sys.modules["chains"]
    _FACTORIES.pop("chains", None)


@pytest.fixture
def inputs() -> torch.Tensor:
    return load_images("noise", 4, seed=0)


def scores(table: pd.DataFrame) -> list[float]:
    return table.score.tolist()


def test_the_space_is_written_in_about_thirty_lines(chains):
    lines = Path("chains.py").read_text().partition("class Chains")[2].splitlines()
    assert len([line for line in lines if line.strip()]) <= 36


def test_the_space_keeps_the_contract_that_the_page_puts_it_under(chains):
    [command] = [cell.source for cell in CELLS if cell.source.startswith("!pytest")]
    asked = [sys.executable, "-m", *command.removeprefix("!").split(), "-rs"]
    told = subprocess.run(asked, check=False, capture_output=True, text=True)
    assert told.returncode == 0, told.stdout
    assert f"{len(promises(ScoreContract)) - 3} passed, 3 skipped" in told.stdout
    assert "no cells" in told.stdout
    assert "no order" in told.stdout


def test_text_and_back_sampling_and_mutation(chains):
    space, rng = chains.Chains(), np.random.default_rng(0)
    assert space.num_architectures == 46_656  # as the page says
    archs = sample_distinct(space, 200, rng)
    assert [space.from_str(f" {space.to_str(arch)}\n") for arch in archs] == archs
    assert len({space.to_str(arch) for arch in archs}) == 200
    for arch in archs:
        assert sum(a != b for a, b in zip(arch, space.mutate(arch, rng), strict=True)) == 1
    assert all(len({arch[i] for arch in archs}) == len(chains.CHOICES[i]) for i in range(12))
    for text in ("", CHAIN.replace("w8", "w7", 1), CHAIN + ",w8d1k3s0", CHAIN.replace("k", "q")):
        with pytest.raises(ValueError, match="is not a chain"):
            space.from_str(text)


def test_the_network_is_what_a_hand_would_write(chains, inputs):
    """One stage of two layers with a skip: against the same layers put together in plain torch."""
    space = chains.Chains()
    network = space.build(space.from_str(CHAIN), seed=1)
    one = network.stage1
    x = torch.nn.functional.max_pool2d(network.stage0.layer0.relu(network.stage0.layer0.bn(
        network.stage0.layer0.conv(inputs))), 2)  # fmt: skip
    x = one.layer0.relu(one.layer0.bn(one.layer0.conv(x)))
    x = x + one.layer1.relu(one.layer1.bn(one.layer1.conv(x)))
    x = torch.nn.functional.max_pool2d(x, 2)
    x = network.stage2.layer0.relu(network.stage2.layer0.bn(network.stage2.layer0.conv(x)))
    expected = network.classifier(torch.nn.functional.max_pool2d(x, 2).mean((2, 3)))
    assert torch.allclose(network(inputs), expected, atol=1e-6)


def test_the_table_is_what_the_score_of_the_built_network_says_in_both_engines(chains, inputs):
    space = chains.Chains()
    texts = [space.to_str(arch) for arch in sample_distinct(space, 3, np.random.default_rng(0))]
    built = [space.build(space.from_str(text), seed=arch_seed(2, text)) for text in texts]
    expected = [float(naswot_score(network, inputs)) for network in built]
    assert scores(score_archs(space, texts, inputs, seed=2, progress=False)) == expected
    assert scores(score_archs(space, texts, inputs, seed=2, exact=False, progress=False)) == pytest.approx(
        expected, rel=1e-6
    )


class _Flat:
    """Accuracy by the number of layers: enough for a search to have a direction."""

    def accuracy(self, arch, *, dataset, split, epochs):
        return float(sum(arch[1::4]))

    def train_seconds(self, arch, *, dataset, epochs):
        return 1.0


def test_evolution_takes_any_object_with_accuracies(chains, inputs):
    settings = {"dataset": "d", "epochs": 1, "max_evaluations": 40, "rng": np.random.default_rng(0)}
    assert rea(chains.Chains(), _Flat(), **settings).history.accuracy.max() >= 8  # of at most 9
    assert len(area(chains.Chains(), _Flat(), inputs, n_candidates=12, exact=False, **settings).history) == 12 + 40


class _Plain:
    """A space with ``build`` alone, as little as scoring asks for."""

    name = "plain"

    def sample(self, rng):
        return int(rng.integers(1, 9))

    def to_str(self, arch):
        return str(arch)

    def from_str(self, text):
        return int(text)

    def build(self, arch, *, seed, num_classes=10):
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            layers = [torch.nn.Flatten(), torch.nn.Linear(3072, 32 * arch), torch.nn.ReLU()]
            return torch.nn.Sequential(*layers, torch.nn.Linear(32 * arch, num_classes))


def test_a_space_may_have_build_and_no_graph(inputs):
    table = score_archs(_Plain(), [1, 2], inputs, seed=0, skeleton={"num_classes": 7}, progress=False)
    assert (table.num_units.tolist(), table.error.tolist()) == ([32, 64], ["", ""])
    with pytest.raises(ValueError, match="skeleton of plain: 'seed' is unknown; choose one of num_classes"):
        score_archs(_Plain(), [1], inputs, seed=0, skeleton={"seed": 7}, progress=False)


@pytest.mark.parametrize(
    ("space", "message"),
    [
        (_Plain, r"_Plain is a class; give an instance of it, _Plain\(\)"),
        (type("Half", (), {"name": "half", "sample": None})(), "it lacks to_str, from_str"),
        ("chians", "'chians' is not a search space"),
    ],
)
def test_what_is_no_space_is_refused_with_what_it_lacks(space, message, inputs):
    for ask in (
        lambda: find_space(space),
        lambda: score_archs(space, ["1"], inputs, seed=0),
        lambda: naswot(space, inputs, n_samples=1, rng=np.random.default_rng(0)),
    ):
        with pytest.raises(ValueError, match=message):
            ask()


def test_a_space_travels_with_its_code_to_a_process_that_cannot_import_it(chains, tmp_path):
    packed = pack_space(chains.Chains())
    code = (
        "import pickle, sys\n"
        "from naswotlib.scoring.parallel import unpack_space\n"
        "space = unpack_space(sys.stdin.buffer.read())\n"
        "assert 'chains' not in sys.modules\n"
        f"print(len(space.graph(space.from_str({CHAIN!r})).ops))"
    )
    (tmp_path / "elsewhere").mkdir()
    path = os.pathsep.join(entry for entry in sys.path if entry and Path(entry) != tmp_path)
    env = os.environ | {"PYTHONPATH": path}
    told = subprocess.run(
        [sys.executable, "-c", code], check=False, input=packed, cwd="elsewhere", env=env, capture_output=True
    )
    assert told.returncode == 0, told.stderr.decode()
    space = chains.Chains()
    assert int(told.stdout) == len(space.graph(space.from_str(CHAIN)).ops)


def test_a_space_of_the_library_travels_by_its_name():
    assert pack_space(get_space("nats_size")) == "nats_size"
    assert unpack_space("nats_size") is get_space("nats_size")


def test_naswot_on_a_cluster_chooses_what_it_chooses_here(chains, inputs):
    distributed = pytest.importorskip("distributed", reason="the extra `distributed` is not installed")
    settings = {"n_samples": 5, "exact": False, "seed": 0}
    here = naswot(chains.Chains(), inputs, rng=np.random.default_rng(0), **settings)
    with (
        distributed.LocalCluster(n_workers=1, processes=False, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
    ):
        there = naswot(chains.Chains(), inputs, rng=np.random.default_rng(0), client=client, **settings)
    assert there.arch == here.arch
    assert there.history.score.equals(here.history.score)


@pytest.mark.parametrize("given", ["Chains", "instance"])
def test_the_shell_takes_a_space_by_module_and_name(chains, monkeypatch, capsys, given):
    Path("chains.py").write_text(Path("chains.py").read_text() + "\ninstance = Chains()\n")
    del sys.modules["chains"]
    monkeypatch.setattr(
        sys, "argv", f"naswot search --space chains:{given} --n 3 --images noise --batch-size 4 --json".split()
    )
    with pytest.raises(SystemExit):
        main()
    told = json.loads(capsys.readouterr().out)
    expected = naswot(
        chains.Chains(), load_images("noise", 4, seed=0), n_samples=3, rng=np.random.default_rng(0), seed=0
    )
    assert (told["space"], told["arch"]) == ("chains", chains.Chains().to_str(expected.arch))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("nowhere:Chains", "space: cannot import 'nowhere'"),
        ("chains:Nothing", "space: chains has no space 'Nothing'"),
        ("chains:CHOICES", "space: <class 'tuple'> is no search space"),
        ("chains:", "space: 'chains:' is not of the form package.module:space"),
    ],
)
def test_an_error_of_the_shell_says_what_is_wrong_with_the_space(chains, monkeypatch, capsys, given, message):
    monkeypatch.setattr(sys, "argv", ["naswot", "score", "--space", given, "--count", "2"])
    with pytest.raises(SystemExit) as stop:
        main()
    assert stop.value.code == 2
    assert message in capsys.readouterr().err


def test_networks_of_ones_own_space_are_trained_by_workers_that_cannot_import_it(chains, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys, "path", [path for path in sys.path if path != str(tmp_path)])  # which workers inherit
    save_published(tmp_path / "cifar-10-batches-py", draw(10), draw(2))
    out = tmp_path / "mine.parquet"
    command = f"naswot train --space chains:Chains --count 2 --workers 2 --out {out} --data-dir {tmp_path}"
    monkeypatch.setattr(sys, "argv", command.split())
    with pytest.raises(SystemExit) as stop:
        main()
    assert not stop.value.code, capsys.readouterr().err
    benchmark = load_benchmark("mine", data_dir=tmp_path)
    assert (benchmark.space, len(benchmark.archs), benchmark.skeleton) == ("chains", 2, {})
