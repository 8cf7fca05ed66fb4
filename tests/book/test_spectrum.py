"""The spectrum of K_H: parts that add up to the score, and statistics against kernels worked by hand."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
import torch

from naswotbook.experiments import spectrum
from naswotlib import arch_seed, get_space, naswot_score

SPACE = get_space("nasbench201")
SMALL = {"stem_channels": 4, "cells_per_stage": 1}
INPUTS = torch.randn(32, 3, 16, 16, generator=torch.Generator().manual_seed(0))
ARCHS = [SPACE.to_str(SPACE[index]) for index in range(0, 15_600, 1300)]


@pytest.fixture(scope="module")
def spectra() -> pd.DataFrame:
    return spectrum.score_spectra("nasbench201", ARCHS, INPUTS, seed=0, skeleton=SMALL)


def test_a_kernel_of_two_images_has_the_eigenvalues_that_one_knows() -> None:
    found = spectrum.describe_kernel(np.array([[10, 4], [4, 10]]))
    assert (found["num_units"], found["similarity"]) == (10, pytest.approx(0.4))
    assert [found["e1"], found["e2"]] == pytest.approx([1.4, 0.6])
    assert found["score"] == pytest.approx(math.log(84))


def test_scores_are_those_of_the_network_and_parts_add_up_to_them(spectra: pd.DataFrame) -> None:
    points = spectrum.take_apart(spectra)
    for arch, score, units in zip(points.arch, points.naswot, points.num_units, strict=True):
        network = SPACE.build(SPACE.from_str(arch), seed=arch_seed(0, arch), **SMALL)
        expected = naswot_score(network, INPUTS)
        assert (score, units) == (pytest.approx(expected.value, rel=1e-6), expected.num_units)
    finite = points[np.isfinite(points.naswot)]
    assert len(finite) > 3
    parts = finite["size"] - finite.largest + finite[["next_nine", "middle", "last_ten"]].sum(axis=1)
    assert parts.to_numpy() == pytest.approx(finite.naswot.to_numpy())
    assert (finite.size_free + finite["size"]).to_numpy() == pytest.approx(finite.naswot.to_numpy())


def test_a_singular_kernel_is_singular_in_its_smallest_eigenvalue() -> None:
    alike = spectrum.describe_kernel(np.full((30, 30), 7))
    points = spectrum.take_apart(pd.DataFrame([alike | {"arch": "a"}]))
    assert points.naswot[0] == points.smallest[0] == points.last_ten[0] == -math.inf
    assert points.similarity[0] == pytest.approx(-1)
    assert points.distance[0] == pytest.approx(0)
    assert points.largest[0] == pytest.approx(-math.log(30))


def _made_up(count: int = 60) -> tuple[pd.DataFrame, np.ndarray]:
    rng = np.random.default_rng(0)
    names = [*spectrum.ALONE, *spectrum.PARTS]
    points = pd.DataFrame({name: rng.normal(size=count) for name in dict.fromkeys(names)})
    points["num_units"] = np.repeat(np.arange(count / 10), 10)
    points["naswot"] = points["size"] - points.largest + points[["next_nine", "middle", "last_ten"]].sum(axis=1)
    return points, rng.normal(size=count)


def test_shares_add_up_to_one_and_differences_are_those_of_tau() -> None:
    points, accuracy = _made_up()
    found = spectrum.explain_spectrum(points, accuracy, range(60), seed=0, n_boot=20).set_index(["kind", "what"])
    assert found.loc["share"].value.sum() == pytest.approx(1)
    taus, less = found.loc["tau_b"].value, found.loc["less"].value
    assert less["similarity"] == pytest.approx(taus["naswot"] - taus["similarity"])
    assert (found.low <= found.high).all()
    assert set(found.loc["agrees"].index) == {*spectrum.ALONE} - {"naswot"}


@pytest.mark.parametrize(
    ("measure", "said"), [("other", "ranks them worse: "), ("same", "told apart from it: "), ("best", "; better: ")]
)
def test_words_follow_the_numbers(measure: str, said: str) -> None:
    points, accuracy = _made_up()
    accuracy = accuracy if measure == "best" else points.naswot.to_numpy()
    points["num_units"] = {"other": points.size_free, "same": accuracy, "best": accuracy}[measure]
    explained = spectrum.explain_spectrum(points, accuracy, range(60), seed=0, n_boot=40)
    words = " ".join(spectrum.in_words(explained).split())
    assert f"{said}N_A (the trace)" in words
    assert len(spectrum.summary_table(explained)) == len(spectrum.ALONE)
    assert len(spectrum.draw_spectrum(explained).axes) == 2
