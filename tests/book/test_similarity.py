"""How alike images are to a network, by band of accuracy."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from naswotbook.experiments.kernels import SIMILARITIES
from naswotbook.experiments.similarity import (
    bands_table,
    compare_bands,
    describe_bands,
    describe_order,
    network_similarities,
)
from naswotbook.samples import draw_sample
from naswotlib import get_space, load_images, naswot_score
from naswotlib.spaces.base import arch_seed

SAMPLE = draw_sample("nasbench201", "cifar10", 3, profile="demo", seed=0)
BANDS = ["0 to 40%", "40 to 60%", "60 to 80%", "80 to 90%", "90 to 100%"]


def test_similarities_are_of_pairs_of_different_images_by_the_kernel_of_the_score() -> None:
    found = network_similarities(SAMPLE, SAMPLE.archs, batch_size=6, seed=0).set_index("arch")
    assert found.index.tolist() == sorted(SAMPLE.archs)
    space, images = get_space("nasbench201"), load_images("photos", 6, seed=0, side=SAMPLE.side)
    for arch in SAMPLE.archs:
        network = space.build(space.from_str(arch), seed=arch_seed(0, arch), **SAMPLE.skeleton)
        score = naswot_score(network, images, counting="reference", exact=False)
        pairs = [score.kernel[i, j] / score.num_units for i in range(6) for j in range(6) if i != j]
        assert found.mean_similarity[arch] == pytest.approx(np.mean(pairs))
        assert found.one_in_100_above[arch] == pytest.approx(np.quantile(pairs, 0.99))
        assert found.one_in_100_below[arch] == pytest.approx(np.quantile(pairs, 0.01))


@pytest.fixture(scope="module")
def compared() -> pd.DataFrame:
    """Five bands of eight networks; the second has the highest pairs, and a lower mean than the last."""
    rng, rows = np.random.default_rng(0), []
    for band, (mean, above) in enumerate([(0.9, 0.99), (0.5, 0.95), (0.6, 0.9), (0.6, 0.7), (0.55, 0.8)]):
        values = np.array([mean, above, 0.2]) + rng.normal(0, 0.001, (8, 3))
        rows.append(pd.DataFrame(values, columns=SIMILARITIES).assign(band=band))
    return compare_bands(pd.concat(rows), [0, 40, 60, 80, 90, 100], seed=0)


def test_each_band_but_the_best_is_compared_with_it(compared: pd.DataFrame) -> None:
    assert compared.groupby("measure", sort=False).accuracy.apply(list).tolist() == [BANDS] * 3
    best = compared[compared.accuracy == "90 to 100%"]
    assert best[["above_best", "low", "high"]].isna().all(axis=None)
    row = compared.set_index(["measure", "accuracy"]).loc[("mean_similarity", "40 to 60%")]
    assert row.above_best == pytest.approx(-0.05, abs=0.003)
    assert row.low <= row.above_best <= row.high < 0


def test_the_table_leaves_the_best_band_blank_and_the_words_count_bands(compared: pd.DataFrame) -> None:
    lines = bands_table(compared).splitlines()
    assert lines[0] == "| of the pairs | accuracy | networks | mean | above the best band |"
    assert lines[2].startswith("| mean similarity | 0 to 40% | 8 | 0.9")
    assert lines[6].endswith(" |  |")
    assert "one in 100 above: 3 of 4 bands are above the best, 1 below" in describe_order(compared)
    words = " ".join(describe_bands(compared).split())
    assert "with 8 networks a band" in words
    assert "is below 3 of the 4 others" in words
