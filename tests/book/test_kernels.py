"""Kernels by band of accuracy: whose they are, and what is said of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from naswotbook.experiments.kernels import (
    SIMILARITIES,
    band_edges,
    kernels_by_band,
    normalised_kernel,
    pair_similarities,
    summarise_kernels,
)
from naswotbook.samples import draw_sample
from naswotlib import load_images, score_archs
from naswotlib.scoring.kernel import log_determinant

SAMPLE = draw_sample("nasbench201", "cifar10", 6, profile="demo", seed=0)
IMAGES = load_images("photos", 8, seed=0, side=16)


def test_a_normalised_kernel_is_that_of_the_score_of_the_same_architecture() -> None:
    kernel = normalised_kernel(SAMPLE, SAMPLE.archs[0], IMAGES, seed=3, counting="reference")
    how = {"counting": "reference", "exact": True, "skeleton": SAMPLE.skeleton, "progress": False}
    [row] = score_archs("nasbench201", SAMPLE.archs[:1], IMAGES, seed=3, **how).to_dict("records")
    assert np.diag(kernel).tolist() == [1.0] * 8
    assert log_determinant(np.rint(kernel * row["num_units"]).astype(np.int64))[0] == pytest.approx(row["score"])


def test_bands_hold_the_kernels_of_their_networks_under_their_edges_and_empty_ones_are_left_out() -> None:
    sample = replace(SAMPLE, accuracy=np.array([15.0, 5, 16, 95, 17, 96]))
    found = kernels_by_band(sample, [0, 10, 20, 30, 100], 2, IMAGES, seed=0, counting="once")
    assert {band: len(kernels) for band, kernels in found.items()} == {"0 to 10%": 1, "10 to 20%": 2, "30 to 100%": 2}
    for kernel, arch in zip(found["10 to 20%"], (sample.archs[0], sample.archs[2]), strict=True):
        assert kernel.tolist() == normalised_kernel(sample, arch, IMAGES, seed=0).tolist()


def test_bands_are_fifths_but_for_the_published_table_whose_edges_are_ours() -> None:
    sample = replace(SAMPLE, accuracy=np.array([0.0, 10, 20, 30, 40, 50]))
    fifths = pytest.approx([0, 10, 20, 30, 40, 50])
    assert band_edges(sample, profile="demo") == fifths
    assert band_edges(sample, profile="paper") == [0, 40, 60, 80, 90, 100]
    assert band_edges(replace(sample, space="nds_darts"), profile="paper") == fifths
    assert band_edges(replace(sample, accuracy=np.array([7.0, 7, 7, 7, 7, 9])), profile="demo") == [7, 9]


def test_similarities_are_of_pairs_of_different_images_alone() -> None:
    kernel = np.full((101, 101), 0.5)
    np.fill_diagonal(kernel, 1)
    assert pair_similarities(kernel) == dict.fromkeys(SIMILARITIES, 0.5)
    kernel[:2, 2:] = 0.9
    found = pair_similarities(kernel)
    assert found["one_in_100_above"] == 0.9
    assert found["one_in_100_below"] == 0.5
    assert found["mean_similarity"] == pytest.approx(0.5 + 0.4 * 2 * 99 / (101 * 100))


def test_a_summary_is_a_mean_over_the_networks_of_a_band() -> None:
    alike, apart = (np.array([[1, share], [share, 1]]) for share in (0.75, 0.25))
    summary = summarise_kernels({"a": {"0 to 50%": [alike, apart], "50 to 100%": [apart]}})
    assert summary.to_dict("list") == {
        "panel": ["a", "a"],
        "accuracy": ["0 to 50%", "50 to 100%"],
        "networks": [2, 1],
        "mean_similarity": [0.5, 0.25],
        "one_in_100_above": [0.5, 0.25],
    }
    assert summarise_kernels({}).columns.tolist() == summary.columns.tolist()
