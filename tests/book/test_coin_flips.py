"""What a score would be if codes were coin flips."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from naswotbook.experiments.coin_flips import beside_coin_flips, coin_flips
from naswotlib import load_images, naswot_score


@given(st.integers(1, 12), st.lists(st.integers(1, 10**7), min_size=1, max_size=3))
def test_it_is_the_determinant_of_a_kernel_of_images_that_agree_in_half_of_the_units(
    images: int, units: list[int]
) -> None:
    for n_a, found in zip(units, coin_flips(images, units), strict=True):
        kernel = np.full((images, images), n_a / 2) + np.eye(images) * n_a / 2
        assert found == pytest.approx(np.linalg.slogdet(kernel).logabsdet, rel=1e-9, abs=1e-9)


def test_codes_that_are_coin_flips_come_near_it() -> None:
    codes = np.random.default_rng(0).integers(2, size=(16, 50_000)) * 2.0 - 1
    kernel = (codes @ codes.T + codes.shape[1]) / 2
    assert coin_flips(16, 50_000) == pytest.approx(np.linalg.slogdet(kernel).logabsdet, abs=0.1)


def test_each_network_has_a_row_for_each_number_of_images_with_the_activation_that_it_counts() -> None:
    torch.manual_seed(0)
    layers = [torch.nn.Flatten(), torch.nn.Linear(3072, 64), torch.nn.ReLU(), torch.nn.Linear(64, 32), torch.nn.GELU()]
    network, inputs = torch.nn.Sequential(*layers), load_images("noise", 6, seed=0)
    table = beside_coin_flips({"one": (network, "relu"), "other": (network, "gelu")}, inputs, [3, 6])
    assert table.network.tolist() == ["one", "one", "other", "other"]
    assert table[["images", "units"]].values.tolist() == [[3, 64], [6, 64], [3, 32], [6, 32]]
    assert table.score.tolist()[1::2] == [
        float(naswot_score(network, inputs, activations=(each,))) for each in ("relu", "gelu")
    ]
    assert table.coin_flips.tolist() == [float(coin_flips(n, units)) for units in (64, 32) for n in (3, 6)]
