"""Networks of a sample, by how accurate they became."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from naswotbook.samples import draw_bands, draw_sample, quantile_edges

SAMPLE = replace(
    draw_sample("nasbench201", "cifar10", 6, profile="demo", seed=0),
    archs=list("abcdef"),
    accuracy=np.array([70.0, 10.0, 90.0, 50.0, 20.0, 40.0]),
)


def test_a_band_has_its_lower_edge_and_the_last_its_upper_one_too() -> None:
    table = draw_bands(SAMPLE, [20, 50, 90], per_band=9)
    assert list(zip(table.band, table.arch, strict=True)) == [(0, "e"), (0, "f"), (1, "a"), (1, "c"), (1, "d")]


def test_the_first_networks_of_a_band_are_taken_in_the_order_of_the_sample() -> None:
    table = draw_bands(SAMPLE, [0, 30, 60, 100], per_band=1)
    assert table.arch.tolist() == ["b", "d", "a"]


def test_quantiles_divide_the_networks_evenly() -> None:
    edges = quantile_edges(SAMPLE, [0, 0.5, 1])
    assert edges == [10.0, 45.0, 90.0]
    assert draw_bands(SAMPLE, edges, per_band=9).band.tolist() == [0, 0, 0, 1, 1, 1]


@pytest.mark.parametrize("edges", [[], [50], [50, 20], [20, 20, 50]])
def test_edges_that_are_no_bands_are_refused(edges: list[float]) -> None:
    with pytest.raises(ValueError, match="edges: expected two or more in ascending order, got"):
        draw_bands(SAMPLE, edges, per_band=1)
