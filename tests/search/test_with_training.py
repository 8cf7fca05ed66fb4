"""Evolution by hand: who is trained, who is a parent, who leaves; where AREA starts; that REINFORCE learns."""

import math
from functools import partial

import numpy as np
import pandas as pd
import pytest
import torch

from naswotbook.searches import accuracies, repeat_search
from naswotlib.benchmarks import load_benchmark
from naswotlib.errors import NaswotWarning
from naswotlib.scoring.many import score_archs
from naswotlib.search.with_training import area, random_search, rea, reinforce
from naswotlib.spaces import get_space
from naswotlib.spaces.base import NEEDED

SPACE = get_space("nasbench201")
SKELETON = {"cells_per_stage": 1, "stem_channels": 4}


class Numbers:
    """A space of numbers: drawn 10, 20, 30, ... and mutated by one more."""

    name = "numbers"

    def __init__(self) -> None:
        self.drawn = 0

    def sample(self, rng):
        self.drawn += 10
        return self.drawn

    def mutate(self, arch, rng):
        return arch + 1

    def to_str(self, arch):
        return str(arch)

    def from_str(self, text):
        return int(text)


class Accuracies:
    """A benchmark in which every training costs 100 seconds."""

    def __init__(self, known: dict[int, float], other: float = 0.0) -> None:
        self.known, self.other = known, other

    def accuracy(self, arch, **_):
        return self.known.get(arch, self.other)

    def train_seconds(self, arch, **_):
        return 100.0


def evolve(benchmark, space=None, method=rea, **keywords):
    defaults = {"dataset": "made up", "epochs": 1, "rng": np.random.default_rng(0)}
    return method(space or Numbers(), benchmark, **defaults | keywords)


def trained(result) -> list[int]:
    return [int(text) for text in result.history.arch[result.history.accuracy.notna()]]


def test_the_best_of_the_sample_is_the_parent_and_the_oldest_leaves_however_good_it_is():
    benchmark = Accuracies({10: 5.0, 20: 9.0, 30: 7.0, 21: 1.0, 31: 8.0, 32: 8.5})
    result = evolve(benchmark, population_size=3, sample_size=3, max_evaluations=8)
    # 10 20 30 | 20→21 | 20→21 (20 is the oldest now, and goes) | 30→31 | 31→32 | 32→33
    assert trained(result) == [10, 20, 30, 21, 21, 31, 32, 33]
    assert result.arch == 20  # the best of the history, though long dead
    assert result.method == "rea"


def test_of_equals_the_first_drawn_is_the_parent_and_the_first_trained_the_choice():
    result = evolve(Accuracies({}, other=50.0), population_size=1, sample_size=1, max_evaluations=4)
    assert trained(result) == [10, 11, 12, 13]
    assert result.arch == 10


def test_sampling_is_without_replacement_unless_asked_for():
    benchmark = Accuracies({}, other=1.0)
    benchmark.known = {10 * i: 100.0 - i for i in range(1, 11)}

    def first_children(replace: bool) -> set[int]:
        runs = [
            evolve(benchmark, sample_size=10, replace=replace, max_evaluations=11, rng=np.random.default_rng(seed))
            for seed in range(40)
        ]
        return {trained(run)[-1] for run in runs}

    assert first_children(False) == {11}  # ten of ten hold the best
    with_replacement = first_children(True)
    assert 11 in with_replacement
    assert len(with_replacement) > 1  # ten draws miss the best with probability 0.9^10 = 0.35


def test_the_sample_size_is_three_of_ten():
    benchmark = Accuracies({10 * i: 100.0 - i for i in range(1, 11)})
    runs = [evolve(benchmark, max_evaluations=11, rng=np.random.default_rng(seed)) for seed in range(400)]
    best = np.mean([trained(run)[-1] == 11 for run in runs])
    assert best == pytest.approx(0.3, abs=3 * math.sqrt(0.3 * 0.7 / 400))  # 3 of 10 hold the best


def test_a_budget_that_ends_within_the_first_population_ends_the_search():
    result = evolve(Accuracies({}), budget_seconds=250.0)
    assert trained(result) == [10, 20, 30]
    assert result.train_seconds == result.search_seconds == 300.0
    assert result.score_seconds == 0.0


class Untimed(Accuracies):
    """A benchmark that has accuracies but no seconds."""

    available_seconds = ()

    def train_seconds(self, arch, *, dataset, epochs):
        raise ValueError(f"no seconds for {dataset}, {epochs}")


def test_without_seconds_a_number_of_trainings_is_budget_enough_and_what_was_spent_is_unknown():
    for method in (rea, random_search):
        result = evolve(Untimed({30: 90.0}), method=method, max_evaluations=12)
        assert result.arch == 30
        assert len(trained(result)) == 12
        assert math.isnan(result.train_seconds)
        assert result.history.seconds.isna().all()
        with pytest.raises(ValueError, match="no seconds for made up, 1"):
            evolve(Untimed({}), method=method, max_evaluations=12, budget_seconds=1000.0)


@pytest.mark.parametrize("split", ["test", "test-best"])
def test_a_search_that_sees_what_it_is_judged_by_warns(split):
    with pytest.warns(NaswotWarning, match=f"search_split='{split}': this search sees the accuracy"):
        assert evolve(Accuracies({}), search_split=split, max_evaluations=3).search_split == split


SCORES = pd.DataFrame(
    {"arch": ["1", "2", "3", "4", "5"], "score": [5.0, -np.inf, 7.0, np.nan, 6.0], "seconds": 0.5, "error": ""}
)


def test_area_starts_from_the_best_scored_in_the_order_they_were_drawn():
    for seed in range(20):
        rows = np.random.default_rng(seed).integers(5, size=6)
        drawn = (rows + 1).tolist()
        preference = [3, 5, 1, 2, 4]  # by score; −inf before the one that failed
        kept = sorted(range(6), key=lambda i: (preference.index(drawn[i]), i))[:3]
        result = evolve(
            Accuracies({}),
            method=area,
            scores=SCORES,
            n_candidates=6,
            population_size=3,
            max_evaluations=5,
            rng=np.random.default_rng(seed),
        )
        assert trained(result)[:3] == [drawn[i] for i in sorted(kept)]
        assert result.history.arch[:6].tolist() == [str(number) for number in drawn]
        assert result.history.score[6:9].tolist() == pytest.approx(
            SCORES.score.iloc[rows[sorted(kept)]].tolist(), nan_ok=True
        )
        assert result.score_seconds == 0.5 * len(set(drawn))  # one that comes twice is scored once
        assert result.train_seconds == 500.0


def test_area_scores_its_candidates_where_no_table_is_given():
    inputs = torch.randn(8, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    keywords = {"method": area, "inputs": inputs, "population_size": 3, "n_candidates": 5, "skeleton": SKELETON}
    result = evolve(Accuracies({}), space=SPACE, seed=4, max_evaluations=6, **keywords)
    rng = np.random.default_rng(0)
    drawn = [SPACE.sample(rng) for _ in range(5)]
    expected = score_archs(SPACE, drawn, inputs, seed=4, skeleton=SKELETON, progress=False)
    assert result.history.score[:5].tolist() == expected.score.tolist()
    assert set(result.history.arch[5:8]) == set(expected.arch[expected.score.rank(ascending=False) <= 3])
    assert result.score_seconds == pytest.approx(result.history.seconds[:5].sum())
    seeds = [evolve(Accuracies({}), space=SPACE, max_evaluations=1, **keywords).history.score[0] for _ in range(2)]
    assert seeds[0] == seeds[1] != expected.score[0]  # without a seed it is drawn from the generator


def test_reinforce_learns_what_random_search_does_not():
    convolutions = Accuracies({})
    convolutions.accuracy = lambda arch, **_: 10.0 * arch.ops.count("nor_conv_3x3")
    runs = {rate: evolve(convolutions, SPACE, reinforce, learning_rate=rate, max_evaluations=300) for rate in (0, 0.02)}
    late = {rate: run.history.accuracy[-50:].mean() for rate, run in runs.items()}
    assert late[0] == pytest.approx(12.0, abs=4)  # 6 edges, 1 of 5 operations
    assert late[0.02] > 40


@pytest.mark.parametrize(
    "method, bad, message",
    [
        (rea, {"sample_size": 11}, "sample_size: expected 1 to population_size, 10, got 11"),
        (rea, {"sample_size": 0}, "sample_size: .* got 0"),
        (rea, {"population_size": 0, "replace": True}, "population_size: expected at least 1, got 0"),
        (rea, {"space": type("Still", (), dict.fromkeys(NEEDED, "still"))()}, "space: still has no mutate"),
        (area, {"scores": SCORES, "n_candidates": 9}, "n_candidates: expected at least population_size, 10, got 9"),
        (area, {}, "inputs, scores: expected one"),
        (reinforce, {}, "space: numbers cannot be enumerated"),
    ],
)
def test_bad_arguments_are_named(method, bad, message):
    with pytest.raises(ValueError, match=message):
        evolve(Accuracies({}), method=method, **{"max_evaluations": 3} | bad)


COLUMNS = [
    (dataset, split, 200) for dataset in ("cifar10", "cifar100", "imagenet16-120") for split in ("validation", "test")
]
TABLE_2 = {  # mean and standard deviation as the paper prints them, in the order of COLUMNS
    "rea": (rea, [(91.19, 0.31), (93.92, 0.30), (71.81, 1.12), (71.84, 0.99), (45.15, 0.89), (45.54, 1.03)]),
    "rs": (random_search, [(90.93, 0.36), (93.70, 0.36), (70.93, 1.09), (71.04, 1.07), (44.45, 1.10), (44.57, 1.25)]),
    "reinforce": (
        reinforce,
        [(91.09, 0.37), (93.85, 0.37), (71.61, 1.12), (71.71, 1.09), (45.05, 1.02), (45.24, 1.18)],
    ),
}


@pytest.mark.parametrize("method", TABLE_2)
def test_12000_seconds_on_nas_bench_201_are_within_half_a_deviation_of_table_2(data_dir, method):
    benchmark = load_benchmark("nasbench201", data_dir=data_dir)
    function, printed = TABLE_2[method]
    search = partial(call, function, benchmark)
    results = repeat_search(search, 500, seed=0)
    found = accuracies([result.arch for result in results], benchmark, COLUMNS).mean()
    for (mean, std), ours in zip(printed, found, strict=True):
        assert ours == pytest.approx(mean, abs=0.5 * std)


def call(function, benchmark, rng):
    return function(SPACE, benchmark, dataset="cifar10", epochs=12, budget_seconds=12_000, rng=rng)
