"""Kernels of untrained networks, in bands by how accurate the networks became: Figure 1, and why its means differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from torch import Tensor

from naswotbook.samples import Sample, draw_bands, quantile_edges
from naswotlib.graph import Counting
from naswotlib.scoring.parallel import single_thread
from naswotlib.scoring.score import naswot_score
from naswotlib.spaces.base import arch_seed, get_space

Kernel = NDArray[np.float64]

PUBLISHED_EDGES = {"nasbench201": [0.0, 40.0, 60.0, 80.0, 90.0, 100.0]}  # ours: the paper's stand in its image alone
SIMILARITIES = ("mean_similarity", "one_in_100_above", "one_in_100_below")


def normalised_kernel(
    sample: Sample, arch: str, images: Tensor, *, seed: int, counting: Counting = "once", exact: bool = True
) -> Kernel:
    """Shares of units on which every two of ``images`` agree, ``(N, N)``: K_H of equation 1, divided by N_A.

    The network has the skeleton of ``sample``, and the weights that :func:`naswotlib.score_archs` gives to ``arch``.
    """
    space = get_space(sample.space)
    network = space.build(space.from_str(arch), seed=arch_seed(seed, arch), **sample.skeleton)
    score = naswot_score(network, images, counting=counting, exact=exact)
    return score.kernel / score.num_units


def pair_similarities(kernel: Kernel) -> dict[str, float]:
    """Similarities of pairs of different images, by :data:`SIMILARITIES`.

    Their mean, the value that one pair in a hundred is above, and the value that one in a hundred is below.

    >>> pair_similarities(np.array([[1, 0.25], [0.25, 1]]))["one_in_100_above"]
    0.25
    """
    pairs = kernel[~np.eye(len(kernel), dtype=bool)]
    return dict(zip(SIMILARITIES, map(float, (pairs.mean(), *np.quantile(pairs, [0.99, 0.01]))), strict=True))


def band_edges(sample: Sample, *, profile: str) -> list[float]:
    """Edges of the bands of accuracy of Figure 1, in percent and ascending, for :func:`naswotbook.samples.draw_bands`.

    :data:`PUBLISHED_EDGES` where the ``paper`` profile has them, else those of fifths with equally many networks, or
    fewer bands where few networks make edges equal.
    """
    if profile == "paper" and sample.space in PUBLISHED_EDGES:
        return PUBLISHED_EDGES[sample.space]
    return list(dict.fromkeys(quantile_edges(sample, np.linspace(0, 1, 6).tolist())))


def band_name(edges: Sequence[float], band: int) -> str:
    """The heading of a band.

    >>> band_name([0, 40, 60], 1)
    '40 to 60%'
    """
    return f"{edges[band]:.3g} to {edges[band + 1]:.3g}%"


def kernels_by_band(
    sample: Sample, edges: Sequence[float], per_band: int, images: Tensor, *, seed: int, counting: Counting
) -> dict[str, list[Kernel]]:
    """Normalised kernels of the first ``per_band`` networks of each band of accuracy that has any, by its name."""
    chosen = draw_bands(sample, edges, per_band)
    columns: dict[str, list[Kernel]] = {}
    with single_thread():
        for band, arch in zip(chosen.band, chosen.arch, strict=True):
            kernel = normalised_kernel(sample, arch, images, seed=seed, counting=counting)
            columns.setdefault(band_name(edges, band), []).append(kernel)
    return columns


def summarise_kernels(panels: Mapping[str, Mapping[str, Sequence[Kernel]]]) -> pd.DataFrame:
    """A row a panel and band of :func:`kernels_by_band`: how alike images are, a mean over the networks of the band.

    Columns: ``panel``, ``accuracy`` (the band), ``networks``, and :data:`SIMILARITIES` but for the last.
    """
    measures = SIMILARITIES[:2]
    rows = [
        [panel, band, len(kernels), *pd.DataFrame(map(pair_similarities, kernels))[list(measures)].mean()]
        for panel, bands in panels.items()
        for band, kernels in bands.items()
    ]
    return pd.DataFrame(rows, columns=["panel", "accuracy", "networks", *measures])
