"""Trainings are simulated as far apart as known ones are, and collapse as often as the test mean tells."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from naswotbook.experiments.nasbench101_model import CHANCE
from naswotbook.experiments.nasbench101_trainings import (
    Noise,
    best_of_three,
    known_noise,
    one_of_three,
    simulate_cells,
)
from naswotlib import get_space
from naswotlib.benchmarks import Benchmark
from naswotlib.benchmarks.table import TableInfo, make_table
from naswotlib.spaces.base import sample_distinct

LARGEST = 0.846  # the mean of the largest of three standard normal numbers
NORMAL = Noise(np.array([]), (np.random.default_rng(0).normal(0, 0.5, 20_000),))


def rng() -> np.random.Generator:
    return np.random.default_rng(1)


def test_the_best_of_three_lies_as_far_above_their_mean_as_the_noise_has_it():
    test = np.linspace(70, 90, 5000)
    above = best_of_three(test, NORMAL, rng=rng()) - test
    assert (above[:4000] >= 0).all()
    assert above[:4000].mean() == pytest.approx(LARGEST * 0.5, abs=0.03)
    wide = best_of_three(test, NORMAL.times(2), rng=rng()) - test
    assert wide[:4000].mean() == pytest.approx(2 * LARGEST * 0.5, abs=0.06)


def test_no_best_is_below_the_mean_of_its_cell_or_above_what_is_usual_for_the_best_cell():
    test = np.linspace(88, 94, 5000)
    best = best_of_three(test, NORMAL, rng=rng())
    assert (best >= test).all()
    assert best.max() <= 94 + LARGEST * 0.5 + 0.05
    assert best[-1] > test[-1]


@pytest.mark.parametrize("collapsed", [0, 1, 2, 3])
def test_of_collapsed_trainings_the_best_is_another_and_a_single_one_is_at_chance_as_often(collapsed):
    test = np.full(4000, ((3 - collapsed) * 90 + collapsed * CHANCE) / 3)
    filed = np.full(4000, CHANCE if collapsed == 3 else 91.0)
    best = best_of_three(np.append(test, 94.0), NORMAL, rng=rng())[:-1]  # there are better cells
    one = one_of_three(test, filed, NORMAL, rng=rng())
    assert (one == CHANCE).mean() == pytest.approx(collapsed / 3, abs=0.03)
    others = one[one != CHANCE]
    if collapsed == 3:
        assert (best == CHANCE).all()
        return
    assert best.mean() == pytest.approx(90 + (LARGEST, 0.564, 0)[collapsed] * 0.5, abs=0.03)
    assert others.mean() == pytest.approx(91 - (LARGEST, 0.564, 0)[collapsed] * 0.5, abs=0.03)
    assert others.max() <= 91


def test_noise_is_that_of_cells_of_like_accuracy_without_what_the_splits_differ_by():
    mean = np.repeat([50.0, 90.0], 100)
    apart = np.concatenate([np.linspace(-4, 4, 100), np.linspace(-1, 1, 100)])
    noise = Noise.of_trainings(mean + apart + np.where(mean > 60, 2.0, -3.0), mean, groups=2)
    drawn = noise.draw_threes(np.repeat([40.0, 99.0], 2000), rng=rng())
    assert np.abs(drawn[:2000]).max() == pytest.approx(4, abs=0.1)
    assert np.abs(drawn[2000:]).max() == pytest.approx(1, abs=0.1)


@pytest.fixture(scope="module")
def simulated() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Known cells, and all of a table of which they are the first half."""
    space, draw = get_space("nasbench101"), np.random.default_rng(0)
    drawn = {spec.hash: space.to_str(spec.pruned) for spec in sample_distinct(space, 900, draw)}
    archs = list(drawn.values())[:400]
    test = draw.uniform(85, 94, 400)
    test[:6] = (2 * 90 + CHANCE) / 3  # one of three collapsed
    validation = np.where(np.arange(400) < 6, 91.0, test + 1) + draw.normal(0, 0.2, 400)
    seconds = 1000 + 500 * np.array([arch.count("conv3x3") for arch in archs])
    columns = {"arch": archs, "seconds": seconds, "test": test, "validation": validation}
    known = pd.DataFrame(columns)[:200]
    info = TableInfo("made up", "nasbench101", "random numbers", "MIT", "", {}, "", "")
    whole = Benchmark(make_table(info, archs, {("cifar10", "test", 108): test}))
    return known, simulate_cells(whole, known, seed=0).assign(true_seconds=seconds)


def test_known_cells_keep_what_is_known_of_them_and_others_have_it_from_the_model(simulated):
    known, cells = simulated
    assert cells.known.tolist() == [True] * 200 + [False] * 200
    assert cells.filed[:200].tolist() == known.validation.tolist()
    assert cells.seconds[:200].tolist() == known.seconds.tolist()
    others = cells[200:]
    assert np.corrcoef(others.seconds, others.true_seconds)[0, 1] > 0.8
    assert (others.filed - others["mean"]).mean() == pytest.approx(1, abs=0.1)
    assert (cells.best[6:] - cells["mean"][6:]).between(-1e-9, 1.5).all()
    assert (cells.best[:6] > 89).all()
    assert (cells.validation <= cells.filed).all()


def test_cells_with_a_collapse_say_nothing_of_how_far_trainings_are_apart(simulated):
    known, _ = simulated
    drawn = known_noise(known).draw_threes(np.full(2000, 90.0), rng=rng())
    assert np.abs(drawn).max() < 1.5
