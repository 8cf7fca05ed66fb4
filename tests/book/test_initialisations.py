"""Scores that change while networks train, beside those of other initialisations."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from naswotbook.experiments.initialisations import compare_with_noise, describe_noise
from naswotbook.experiments.trajectories import load_trajectories
from naswotlib import get_space, load_benchmark, load_images, score_archs

SPACE, BENCHMARK = get_space("nasbench201"), load_benchmark("bundled")
ARCHS = [SPACE.to_str(SPACE[i]) for i in (1462, 7)]
TABLE = pd.DataFrame(
    [
        (arch, epoch, score)
        for arch, scores in zip(ARCHS, ([5.0, 6.0, 9.0], [3.0, 2.0, 7.0]), strict=True)
        for epoch, score in enumerate(scores)
    ],
    columns=["arch", "epoch", "score"],
)


@pytest.fixture(scope="module")
def found() -> pd.DataFrame:
    return compare_with_noise(TABLE, batch_size=8, seeds=[1, 2, 3], seed=0)


def test_a_network_has_its_rises_and_its_deviation(found: pd.DataFrame) -> None:
    assert found["cell (index)"].tolist() == [1462, 7]
    assert found[["before", "first epoch", "all epochs"]].to_numpy().tolist() == [[5.0, 1.0, 4.0], [3.0, -1.0, 4.0]]
    images = load_images("photos", 8, seed=0, side=BENCHMARK.info.sides["cifar10"])
    for arch, deviation in zip(ARCHS, found.deviation, strict=True):
        how = {"skeleton": BENCHMARK.skeleton, "exact": False, "progress": False}
        scores = [score_archs("nasbench201", [arch], images, seed=seed, **how).score[0] for seed in (1, 2, 3)]
        assert deviation == pytest.approx(np.std(scores))
        assert deviation > 0


def test_the_words_name_each_rise(found: pd.DataFrame) -> None:
    words = " ".join(describe_noise(found).split())
    assert "closest two of the 2 networks are 2.0 apart" in words
    assert "over all epochs, 4.0, 4.0, and the changes of the first epoch, 1.0, -1.0," in words


def test_without_trajectories_nothing_is_scored_and_the_words_say_so() -> None:
    found = compare_with_noise(load_trajectories("nowhere.parquet"), batch_size=8, seeds=[1], seed=0)
    assert found.empty
    assert describe_noise(found) == "No network was scored while it trained."
