"""Repeated searches: each run has its own random numbers, whatever process makes it."""

from functools import partial

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from naswotbook.searches import (
    accuracies,
    assisted_runs,
    final_columns,
    mean_difference,
    repeat_search,
    search_budget,
    training_runs,
)
from naswotlib.benchmarks import Benchmark, TableInfo, load_benchmark
from naswotlib.benchmarks.table import make_table
from naswotlib.search.with_training import random_search
from naswotlib.spaces import get_space
from support.runs import scores_of

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
    return scores_of(TEXTS, values)


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


@pytest.fixture(scope="module")
def bundled():
    benchmark = load_benchmark("bundled")
    return benchmark, scores_of(benchmark.archs)


class Rows(type(get_space("nasbench201"))):
    """A space that draws from the rows of a table."""

    def __init__(self, archs: list[str]) -> None:
        self.archs = archs

    def __len__(self) -> int:
        return len(self.archs)

    def sample(self, rng: np.random.Generator) -> object:
        return self.from_str(self.archs[int(rng.integers(len(self)))])


def test_methods_draw_independently_and_say_what_from(bundled):
    benchmark, scores = bundled
    within = Rows(benchmark.archs)
    column = [("cifar10", "test", 3)]
    sees = {"dataset": "cifar10", "epochs": 3, "max_evaluations": 4, "n_runs": 5}
    random = training_runs("RS", within, benchmark, column, seed=0, **sees)
    assert random.trained.tolist() == [4] * 5
    assert random.drawn_from.tolist() == [len(benchmark.archs)] * 5
    assert training_runs("RS", within, benchmark, column, seed=0, scores=scores, **sees).equals(random)  # none needed
    pd.testing.assert_frame_equal(random, training_runs("RS", within, benchmark, column, seed=0, **sees))
    assert len(set(random["cifar10/test/3"])) > 1


def test_what_area_draws_from_are_the_scores(benchmark, scores):
    best = scores.dropna()[-15:].assign(score=range(15))
    sees = {"dataset": "cifar10", "epochs": 200, "max_evaluations": 10, "n_runs": 4, "seed": 0}
    runs = training_runs("AREA", SPACE, benchmark, COLUMNS, scores=best, **sees)
    assert runs.drawn_from.tolist() == [15] * 4
    known = accuracies(best.arch.tolist(), benchmark, COLUMNS)
    assert set(runs["cifar10/test/200"]) <= set(known["cifar10/test/200"])  # ten trainings: the first population


def test_a_choice_is_judged_after_the_longest_training():
    info = TableInfo("made up", "nasbench201", "random numbers", "MIT", "", {}, "", "")
    columns = [
        (name, split, n) for name in ("cifar10", "cifar100") for split in ("validation", "test") for n in (12, 200)
    ]
    table = Benchmark(make_table(info, TEXTS[:2], {column: np.ones(2) for column in columns}))
    assert final_columns(table) == [column for column in columns if column[2] == 200]
    assert final_columns(table, dataset="cifar100") == [("cifar100", "validation", 200), ("cifar100", "test", 200)]
    assert final_columns(table, dataset="cifar10", split="test") == [("cifar10", "test", 200)]


def test_a_budget_is_seconds_where_they_are_published_and_trainings_of_ours(bundled):
    benchmark, _ = bundled
    asked = {"seconds": 9000.0, "trainings": 7}
    assert search_budget(benchmark, profile="paper", **asked) == {"epochs": 12, "budget_seconds": 9000.0}
    assert search_budget(benchmark, profile="demo", **asked) == {"epochs": 3, "max_evaluations": 7}


def test_runs_are_shared_between_the_scores_of_each_seed(benchmark, scores):
    sees = {"dataset": "cifar10", "epochs": 200, "max_evaluations": 10, "seed": 0}
    first, other = scores.dropna(), scores.dropna()[-15:].assign(score=range(15))
    runs = assisted_runs(SPACE, benchmark, COLUMNS, {0: first, 4: other}, n_runs=5, **sees)
    assert runs.score_seed.tolist() == [0, 0, 0, 4, 4]
    assert runs.run.tolist() == [0, 1, 2, 3, 4]
    assert runs.drawn_from.tolist() == [len(first)] * 3 + [15] * 2
    alone = training_runs("AREA", SPACE, benchmark, COLUMNS, scores=first, n_runs=3, **sees)
    assert runs["cifar10/test/200"].tolist()[:3] == alone["cifar10/test/200"].tolist()


def test_no_run_at_all_is_an_error(benchmark):
    with pytest.raises(ValueError, match="n_runs: expected at least 1, got 0"):
        repeat_search(search(benchmark), 0, seed=0)
