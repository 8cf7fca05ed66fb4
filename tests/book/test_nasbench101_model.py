"""The model of seconds and validation accuracies finds what fabricated cells were made with, and holds on real ones."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from naswotbook.experiments.nasbench101_model import (
    CHANCE,
    FEATURES,
    cell_features,
    collapsed_trainings,
    expand,
    fit_model,
    measure_model,
    read_cells,
    trained_mean,
)
from naswotlib.benchmarks import Benchmark, import_file
from naswotlib.spaces import get_space
from naswotlib.spaces.base import sample_distinct

SPACE = get_space("nasbench101")


def fabricated(n: int = 600) -> pd.DataFrame:
    """Cells whose seconds are a sum over operations, and whose validation accuracy is the test mean, 1 and noise."""
    rng = np.random.default_rng(0)
    specs = sample_distinct(SPACE, n, rng)
    features = np.array([cell_features(spec) for spec in specs])
    seconds = 200 + 900 * features[:, 0] + 150 * features[:, 9] * features[:, 3] + rng.normal(0, 1, n)
    test = rng.uniform(85, 94, n)
    validation = test + 1 + rng.normal(0, 0.3, n)
    archs = [SPACE.to_str(spec) for spec in specs]
    return pd.DataFrame({"arch": archs, "seconds": seconds, "test": test, "validation": validation})


def fit(cells: pd.DataFrame):
    return fit_model([SPACE.from_str(arch) for arch in cells.arch], cells.seconds, cells.test, cells.validation)


def features_of(text: str) -> dict[str, float]:
    return dict(zip([*FEATURES, "one"], cell_features(SPACE.from_str(text)).tolist(), strict=True))


def test_features_count_what_the_operations_of_a_cell_do():
    found = features_of("conv3x3(0)|maxpool3x3(0,1)|output(0,2)")
    assert found["3×3 multiply-adds"] == found["3×3 outputs"] == found["3×3 convolutions"] == 1
    assert found["projections"] == 3  # into each vertex that reads the input, and into the output
    assert found["added"] == 2  # the pool and the output have two sources each
    assert found["concatenated"] == found["1×1 convolutions"] == 0
    halves = features_of("conv1x1(0)|conv1x1(0)|output(1,2)")  # two vertices of half the width, concatenated
    assert (halves["1×1 multiply-adds"], halves["1×1 outputs"], halves["concatenated"]) == (0.5, 1, 1)
    assert halves["projection multiply-adds"] == 1


def test_a_vertex_that_the_cell_does_not_use_costs_nothing():
    spec = SPACE.from_str("conv3x3(0)|output(1)")
    assert cell_features(spec.filled).tolist() == cell_features(spec).tolist()


def test_products_have_each_pair_once_and_the_features_themselves():
    assert expand(np.array([[2.0, 3.0, 1.0]])).tolist() == [[4, 6, 2, 9, 3, 1]]


def test_the_model_tells_the_seconds_and_quantiles_of_cells_that_it_did_not_see():
    found = measure_model(fabricated(), share=0.25, seed=0)
    assert (found["fitted"], found["held_out"]) == (450, 150)
    assert found["r2"] > 0.99
    assert found["below_0.5"] == pytest.approx(0.5, abs=0.12)
    assert found["below_0.95"] == pytest.approx(0.95, abs=0.08)
    assert found["model_0.5"] == pytest.approx(found["real_0.5"], abs=0.5)
    assert found["collapsed"] == found["two_of_three"] == 0


def test_seconds_stay_within_those_of_the_known_cells():
    cells = fabricated()
    model = fit(cells[cells.seconds < cells.seconds.median()])
    slow = [SPACE.from_str(arch) for arch in cells.nlargest(5, "seconds").arch]
    assert model.seconds(slow).max() <= cells.seconds.median()


def test_a_validation_accuracy_is_that_of_a_near_cell_moved_by_the_difference_of_the_test_means():
    model = fit(fabricated())
    values = model.nearest(90.0)
    assert len(values) == 50
    assert values.mean() == pytest.approx(91, abs=0.2)
    assert values.std() == pytest.approx(0.3, abs=0.1)
    drawn = [model.filed_validation(90.0, np.random.default_rng(seed)) for seed in range(20)]
    assert set(drawn) <= set(values)
    assert len(set(drawn)) > 5
    assert model.filed_validation(90.0, np.random.default_rng(3)) == drawn[3]


@pytest.mark.parametrize("collapsed", [0, 1, 2, 3])
@pytest.mark.parametrize("reached", [82.0, 90.0, 94.0])
def test_the_test_mean_tells_how_many_of_three_trainings_collapsed(collapsed, reached):
    assert collapsed_trainings(((3 - collapsed) * reached + collapsed * CHANCE) / 3) == collapsed


def test_a_cell_of_which_a_training_collapsed_is_like_those_that_its_other_trainings_are_like():
    cells = fabricated()
    model = fit(cells)
    values = model.nearest((2 * 90 + CHANCE) / 3)
    assert values.mean() == pytest.approx(91, abs=0.2)
    assert trained_mean((2 * 90 + CHANCE) / 3) == pytest.approx(90)
    assert model.nearest(99.0).max() <= cells.validation.max()


@pytest.mark.slow
def test_the_published_cells_are_told_by_a_model_of_the_others(data_dir, published_dir, tmp_path):
    [file] = (published_dir / "nasbench101").glob("nb101_val*")
    cells = read_cells(Benchmark(import_file(file, out=tmp_path)))
    found = measure_model(cells, seed=0)
    assert found["r2"] > 0.99
    assert found["median_error"] < 0.02
    for quantile in (0.05, 0.25, 0.5, 0.75, 0.95):
        assert found[f"below_{quantile}"] == pytest.approx(quantile, abs=0.03)
        assert found[f"model_{quantile}"] == pytest.approx(found[f"real_{quantile}"], abs=0.2)
    # By chance, of single trainings at random, two thirds would have collapsed.
    assert found["whole"] == 1  # numbers of images, as no mean of three would be
    assert found["two_of_three"] > 50
    assert found["collapsed_of_two"] == 0
