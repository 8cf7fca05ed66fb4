"""Repeated searches: each run has its own random numbers, and the vectorised NASWOT is NASWOT."""

import time
from functools import partial

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from naswotbook.repeat import accuracies, mean_difference, repeat_naswot, repeat_search
from naswotlib.benchmarks import Benchmark, TableInfo
from naswotlib.benchmarks.table import make_table
from naswotlib.errors import NaswotWarning
from naswotlib.search.with_training import random_search
from naswotlib.search.without_training import naswot
from naswotlib.spaces import get_space

SPACE = get_space("nasbench201")
TEXTS = [SPACE.to_str(arch) for arch in SPACE]
COLUMNS = [("cifar10", "validation", 200), ("cifar10", "test", 200)]


@pytest.fixture(scope="module")
def benchmark() -> Benchmark:
    info = TableInfo("made up", "nasbench201", "random numbers", "MIT", "", {}, "", "")
    rng = np.random.default_rng(5)
    columns = {column: rng.uniform(10, 95, len(TEXTS)) for column in COLUMNS}
    return Benchmark(make_table(info, TEXTS, columns, {("cifar10", 200): np.full(len(TEXTS), 100.0)}))


@pytest.fixture(scope="module")
def scores() -> pd.DataFrame:
    values = np.random.default_rng(6).normal(1500, 100, len(TEXTS)).round(-1)  # with ties
    values[::50] = -np.inf
    values[::70] = np.nan
    return pd.DataFrame({"arch": TEXTS, "score": values, "seconds": 0.5, "error": ""})


def search(benchmark):
    return partial(random_search, SPACE, benchmark, dataset="cifar10", epochs=200, max_evaluations=4)


def by_keyword(function, rng):
    return function(rng=rng)


def test_runs_differ_and_do_not_depend_on_processes_or_on_how_many_there_are(benchmark):
    run = partial(by_keyword, search(benchmark))
    alone = repeat_search(run, 9, seed=1)
    together = repeat_search(run, 9, seed=1, workers=2)
    for one, other in zip(alone, together, strict=True):
        assert one.arch == other.arch
        assert_frame_equal(one.history, other.history)
    assert [result.arch for result in repeat_search(run, 3, seed=1)] == [result.arch for result in alone[:3]]
    assert len({result.arch for result in alone}) == 9
    assert repeat_search(run, 1, seed=2)[0].arch != alone[0].arch


@pytest.mark.parametrize("n_samples", [7, 200])
def test_the_vectorised_naswot_chooses_what_naswot_chooses_run_by_run(benchmark, scores, n_samples):
    runs = repeat_naswot(scores, benchmark, COLUMNS, n_samples=n_samples, n_runs=20, seed=3)
    one_by_one = repeat_search(lambda rng: naswot(SPACE, scores=scores, n_samples=n_samples, rng=rng), 20, seed=3)
    expected = accuracies([result.arch for result in one_by_one], benchmark, COLUMNS)
    found = runs[runs.method == "naswot"]
    assert found.run.tolist() == list(range(20))
    assert_frame_equal(found[expected.columns].reset_index(drop=True), expected)


def test_a_failure_is_never_chosen_not_even_when_there_is_nothing_else(benchmark, scores):
    with pytest.raises(RuntimeError, match=r"all 1 candidates of [0-9]+ runs failed"):
        repeat_naswot(scores, benchmark, COLUMNS, n_samples=1, n_runs=500, seed=3)


def test_optimal_is_the_best_of_each_column_and_best_is_one_network(benchmark, scores):
    runs = repeat_naswot(scores, benchmark, COLUMNS, n_samples=30, n_runs=5, seed=0).set_index(["method", "run"])
    for run, rng in enumerate(map(np.random.default_rng, np.random.SeedSequence(0).spawn(5))):
        sample = accuracies([SPACE.sample(rng) for _ in range(30)], benchmark, COLUMNS)
        assert runs.loc["optimal", run].tolist() == sample.max().tolist()
        assert runs.loc["best", run].tolist() == sample.loc[sample["cifar10/validation/200"].argmax()].tolist()
        assert runs.loc["random", run].tolist() == sample.loc[0].tolist()


def test_a_sample_of_singular_networks_is_an_arbitrary_choice_and_says_so(benchmark, scores):
    with pytest.warns(NaswotWarning, match="in 4 of 4 runs every score is -inf"):
        repeat_naswot(scores.assign(score=-np.inf), benchmark, COLUMNS, n_samples=2, n_runs=4, seed=0)


def test_500_runs_of_1000_candidates_take_seconds(benchmark, scores):
    start = time.process_time()
    runs = repeat_naswot(scores, benchmark, COLUMNS * 3, n_samples=1000, n_runs=500, seed=0)
    assert time.process_time() - start < 5
    assert len(runs) == 4 * 500


def test_the_interval_of_a_difference_holds_it_and_shrinks_with_more_runs():
    rng = np.random.default_rng(0)
    widths = []
    for n in (50, 5000):
        difference, low, high = mean_difference(rng.normal(1, 1, n), rng.normal(0, 1, n), rng=rng, n_boot=2000)
        assert low < difference < high
        assert low < 1 < high
        widths.append(high - low)
    assert widths[1] == pytest.approx(2 * 1.96 * np.sqrt(2 / 5000), rel=0.1)
    assert widths[1] < widths[0] / 5


@pytest.mark.parametrize(
    "bad, message", [({"n_runs": 0}, "n_runs: .* got 0"), ({"n_samples": 0}, "n_samples: .* got 0")]
)
def test_counts_must_be_positive(benchmark, scores, bad, message):
    with pytest.raises(ValueError, match=message):
        repeat_naswot(scores, benchmark, COLUMNS, **{"n_samples": 2, "n_runs": 2, "seed": 0} | bad)
