"""``naswot search`` and ``naswot score`` of many architectures, run as a user runs them."""

import io
import json
import sys

import numpy as np
import pandas as pd
import pytest

from naswotlib.benchmarks import Benchmark, TableInfo
from naswotlib.benchmarks.table import make_table, write_table
from naswotlib.cli.main import main
from naswotlib.data.images import load_images
from naswotlib.errors import NaswotWarning
from naswotlib.scoring.many import score_archs
from naswotlib.scoring.store import read_scores
from naswotlib.search.pareto import costs
from naswotlib.search.with_training import rea
from naswotlib.search.without_training import naswot as naswot_search
from naswotlib.spaces import get_space
from naswotlib.spaces.base import sample_distinct

SPACE = get_space("nasbench201")
NOISE = ("--images", "noise", "--batch-size", "4")


@pytest.fixture
def naswot(monkeypatch, capsys):
    """Run the command in this process; returns status, standard output and standard error."""

    def run(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["naswot", *map(str, arguments)])
        with pytest.raises(SystemExit) as stop:
            main()
        return stop.value.code or 0, *capsys.readouterr()

    return run


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """A folder with a made-up table of NAS-Bench-201: every accuracy is a random number."""
    folder = tmp_path_factory.mktemp("data")
    info = TableInfo("nasbench201", "nasbench201", "random numbers", "MIT", "", {}, "", "", {"cells_per_stage": 1})
    rng = np.random.default_rng(0)
    columns = [("cifar10", "validation", 12), ("cifar10", "validation", 200), ("cifar10", "test", 200)]
    accuracy = {column: rng.uniform(10, 95, len(SPACE)) for column in columns}
    seconds = {("cifar10", 12): np.full(len(SPACE), 100.0)}
    write_table(folder / "nasbench201.parquet", make_table(info, map(SPACE.to_str, SPACE), accuracy, seconds))
    return folder


def test_random_architectures_are_scored_to_csv_as_the_library_scores_them(naswot):
    status, out, _ = naswot("score", "--count", 3, "--seed", 2, *NOISE)
    chosen = sample_distinct(SPACE, 3, np.random.default_rng(2))
    expected = score_archs(SPACE, chosen, load_images("noise", 4, seed=2), seed=2, progress=False)
    told = pd.read_csv(io.StringIO(out))
    assert status == 0
    assert told.arch.tolist() == expected.arch.tolist()
    assert told.score.tolist() == pytest.approx(expected.score.tolist(), rel=1e-12)


def test_a_file_of_architectures_goes_to_a_folder_that_is_continued_and_never_mixed(naswot, tmp_path):
    texts = [SPACE.to_str(arch) for arch in SPACE[:3]]
    (tmp_path / "archs.txt").write_text("\n".join(texts[:2]) + "\n\n")
    options = ("score", "--archs", tmp_path / "archs.txt", "--out", tmp_path / "scores", *NOISE)
    assert naswot(*options)[0] == 0
    first = read_scores(tmp_path / "scores")
    (tmp_path / "archs.txt").write_text("\n".join(texts))
    status, out, _ = naswot(*options)
    assert status == 0
    assert "3 architectures in" in out
    assert read_scores(tmp_path / "scores")[:2].equals(first)
    status, _, err = naswot(*options, "--counting", "reference")
    assert status == 2
    assert "counting is once there, reference here" in err


def test_a_cluster_is_reached_by_its_address_and_gives_the_same_scores(naswot):
    distributed = pytest.importorskip("distributed", reason="the extra `distributed` is not installed")
    alone = naswot("score", "--count", 9, *NOISE)[1]
    threads = {"n_workers": 1, "threads_per_worker": 2, "processes": False, "dashboard_address": None}
    with distributed.LocalCluster(protocol="tcp", **threads) as cluster:
        status, out, _ = naswot("score", "--count", 9, "--scheduler", cluster.scheduler_address, *NOISE)
    assert status == 0
    tables = [pd.read_csv(io.StringIO(text)).drop(columns="seconds") for text in (alone, out)]
    assert tables[0].equals(tables[1])


def test_naswot_chooses_and_prices_what_the_library_does(naswot):
    status, out, _ = naswot("search", "--n", 4, "--seed", 1, "--pareto", "parameters", "--json", *NOISE)
    inputs = load_images("noise", 4, seed=1)
    expected = naswot_search(SPACE, inputs, n_samples=4, rng=np.random.default_rng(1), seed=1)
    told = json.loads(out)
    assert status == 0
    assert told["arch"] == SPACE.to_str(expected.arch) == told["front"][-1]["arch"]
    assert told["tried"] == 4
    priced = costs(SPACE, [row["arch"] for row in told["front"]], "parameters")
    assert [row["parameters"] for row in told["front"]] == sorted(priced.parameters)


def test_networks_of_a_benchmark_are_scored_and_priced_in_the_form_in_which_they_were_trained(naswot):
    name, given = "nasbench201_complete", ("--images", "photos", "--batch-size", 4, "--pareto", "flops", "--json")
    status, out, _ = naswot("search", "--space", name, "--benchmark", "bundled-nasbench201-complete", "--n", 4, *given)
    form = {"stem_channels": 8, "cells_per_stage": 1}
    inputs, rng = load_images("photos", 4, seed=0, side=16), np.random.default_rng(0)
    expected = naswot_search(name, inputs, n_samples=4, rng=rng, seed=0, skeleton=form)
    told = json.loads(out)
    assert (status, told["arch"]) == (0, get_space(name).to_str(expected.arch))
    best = told["front"][-1]
    assert best["score"] == pytest.approx(expected.history.score.max(), rel=1e-12)
    assert best["flops"] == costs(name, [best["arch"]], "flops", side=16, skeleton=form).flops[0]


def test_a_search_that_trains_reports_the_long_schedules_of_what_it_chose(naswot, data):
    options = ("--method", "rea", "--benchmark", "nasbench201", "--data-dir", data, "--dataset", "cifar10")
    status, out, _ = naswot("search", *options, "--epochs", 12, "--budget-seconds", 1500, "--json")
    benchmark = Benchmark(data / "nasbench201.parquet")
    rng = np.random.default_rng(0)
    expected = rea(SPACE, benchmark, dataset="cifar10", epochs=12, budget_seconds=1500, rng=rng)
    told = json.loads(out)
    assert status == 0
    assert (told["arch"], told["train_seconds"]) == (SPACE.to_str(expected.arch), 1500.0)
    assert [name for name in told if name.startswith("cifar10/")] == ["cifar10/validation/200", "cifar10/test/200"]
    assert told["cifar10/test/200"] == pytest.approx(
        benchmark.accuracy(expected.arch, dataset="cifar10", split="test", epochs=200), abs=1e-4
    )


def test_a_table_without_seconds_is_searched_by_number_of_trainings_and_says_so_otherwise(naswot, tmp_path):
    space = get_space("nasbench_macro")
    info = TableInfo("nasbench_macro", space.name, "random numbers", "MIT", "", {}, "none", "")
    accuracy = {("cifar10", "test-best", 50): np.random.default_rng(0).uniform(10, 95, len(space))}
    write_table(tmp_path / "nasbench_macro.parquet", make_table(info, map(space.to_str, space), accuracy))
    options = (
        "search",
        "--space",
        space.name,
        "--method",
        "rea",
        "--benchmark",
        "nasbench_macro",
        "--data-dir",
        tmp_path,
    )
    where = ("--dataset", "cifar10", "--epochs", 50, "--search-split", "test-best")
    with pytest.warns(NaswotWarning, match="test-best"):
        status, out, _ = naswot(*options, *where, "--max-evaluations", 12, "--json")
    told = json.loads(out)
    assert (status, told["tried"], told["train_seconds"]) == (0, 12, None)
    assert told["cifar10/test-best/50"] > 50
    with pytest.warns(NaswotWarning, match="test-best"):
        status, _, err = naswot(*options, *where, "--budget-seconds", 100)
    assert status == 2
    assert "nasbench_macro has no ('cifar10', 50); choose one of none" in err


@pytest.mark.parametrize("method", ["random_search", "area", "reinforce"])
def test_every_method_runs_and_prints_its_choice(naswot, data, method):
    options = ("--method", method, "--benchmark", "nasbench201", "--data-dir", data, "--dataset", "cifar10")
    scores = ("--n", 11, *NOISE) if method == "area" else ()
    more = ("--epochs", 12, "--max-evaluations", 12, "--pareto", "flops", *scores)
    status, out, err = naswot("search", *options, *more)
    assert (status, err) == (0, "")
    assert f"method          {method}" in out
    assert "criterion       cifar10 validation accuracy, 12 epochs" in out
    assert "front           flops, accuracy, arch" in out


@pytest.mark.parametrize(
    "arguments, named",
    [
        (["search", "--method", "darts"], "method: 'darts' is unknown; choose one of naswot, random_search"),
        (["search", "--method", "rea"], "benchmark, dataset, epochs: rea trains"),
        (["search", "--method", "rea", "--benchmark", "nasbench201"], "cifar10/validation/12"),
        (["search", "--pareto", "energy"], "pareto: 'energy'"),
        (["search", "--space", "nasbench202"], "space: 'nasbench202'"),
        (["score", "--count", "2", "--arch", "x"], "exactly one of --arch, --module, --count and --archs"),
        (["score", "--archs", "no-such-file", *NOISE], "no-such-file"),
        (["score", "--count", "20000", *NOISE], "count: nasbench201 has 15625"),
    ],
)
def test_an_error_is_one_line_that_names_the_argument(naswot, data, arguments, named):
    status, _, err = naswot(*arguments, "--data-dir", data)
    assert status == 2
    assert named in err
    assert "Traceback" not in err
