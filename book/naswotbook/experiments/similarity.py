"""How alike an untrained network treats two images, by more than the mean: what Figure 1 looks like in numbers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from naswotbook.experiments.kernels import SIMILARITIES, band_name, normalised_kernel, pair_similarities
from naswotbook.markdown import frame_table
from naswotbook.samples import Sample
from naswotbook.searches import mean_difference
from naswotlib.data.images import load_images
from naswotlib.scoring.parallel import single_thread

SETS = {  # space and data set, by the part of the page
    "fig1a": ("nasbench201", "cifar10"),
    "fig1b": ("nds_darts", "cifar10"),
    "fig1b-imagenet": ("nds_darts_imagenet", "imagenet"),
}


def network_similarities(
    sample: Sample, archs: Iterable[str], *, batch_size: int, seed: int, data_dir: str | Path | None = None
) -> pd.DataFrame:
    """:func:`naswotbook.experiments.kernels.pair_similarities` of each of ``archs``, untrained, on one mini-batch.

    A row a network, in the order of their names: ``arch`` and :data:`SIMILARITIES`.
    """
    images = load_images(sample.images, batch_size, seed=seed, data_dir=data_dir, side=sample.side)
    how: dict[str, Any] = {"seed": seed, "counting": "reference", "exact": False}
    with single_thread():
        rows = [
            {"arch": arch, **pair_similarities(normalised_kernel(sample, arch, images, **how))}
            for arch in sorted(archs)
        ]
    return pd.DataFrame(rows)


def compare_bands(networks: pd.DataFrame, edges: Sequence[float], *, seed: int) -> pd.DataFrame:
    """Means of each measure over the networks of each band, and how much they are above that of the best band.

    ``networks`` has columns ``band`` (0, 1, ...) and :data:`SIMILARITIES`. Returns a row a measure and band: ``measure,
    accuracy`` (the band in words), ``networks, mean, above_best, low, high``, the last two the ends of a 95% bootstrap
    interval.
    """
    rows: list[list[object]] = []
    for measure in SIMILARITIES:
        bands = [networks[measure][networks.band == band] for band in range(len(edges) - 1)]
        for band, values in enumerate(bands):
            last = band == len(bands) - 1
            rng = np.random.default_rng(seed)
            above = [np.nan] * 3 if last else mean_difference(values, bands[-1], rng=rng)
            rows.append([measure, band_name(edges, band), len(values), values.mean(), *above])
    columns = ["measure", "accuracy", "networks", "mean", "above_best", "low", "high"]
    return pd.DataFrame(rows, columns=columns)


def bands_table(found: pd.DataFrame) -> str:
    """The table of :func:`compare_bands` in Markdown."""
    above = [
        "" if np.isnan(row["above_best"]) else f"{row['above_best']:+.3f} [{row['low']:+.3f}, {row['high']:+.3f}]"
        for row in found.to_dict("records")
    ]
    shown = found.drop(columns=["above_best", "low", "high"]).assign(above_the_best_band=above)
    shown["measure"] = shown.measure.str.replace("_", " ")
    return frame_table(shown.rename(columns={"measure": "of the pairs"}))


def describe_bands(found: pd.DataFrame) -> str:
    """What the table of :func:`compare_bands` says of Figure 1(a), in words."""
    by = {(row["measure"], row["accuracy"]): row for row in found.to_dict("records")}
    low, best = "40 to 60%", "90 to 100%"
    gap = by["mean_similarity", low]
    mean, above, below = ({band: f"{by[name, band]['mean']:.3f}" for band in (low, best)} for name in SIMILARITIES)
    others = found[(found.measure == "one_in_100_above") & (found.accuracy != best)]
    chance = "which may be chance" if gap["low"] <= 0 <= gap["high"] else "which is no accident of the sample"
    return f"""The order of the means stays with {gap["networks"]} networks a band: {mean[low]} against
    {mean[best]} for the best, a difference of {gap["above_best"]:+.3f} [{gap["low"]:+.3f}, {gap["high"]:+.3f}],
    {chance}. But the networks of {low} have the widest spread: their most similar pairs share
    {above[low]} of the units and their least similar {below[low]}, where those of the best networks share
    {above[best]} and {below[best]}. They see clusters of images, which the mean cannot show. By the pairs of
    *high* similarity, of which the text of Section 3 speaks, the best band is below {(others.low > 0).sum()} of the
    {len(others)} others."""


def describe_order(found: pd.DataFrame) -> str:
    """How many bands of :func:`compare_bands` are told apart from the best one, by each measure, in words."""
    said = []
    for measure, part in found.groupby("measure", sort=False):
        others = part[part.above_best.notna()]
        above, below = int((others.low > 0).sum()), int((others.high < 0).sum())
        said.append(
            f"{str(measure).replace('_', ' ')}: {above} of {len(others)} bands are above the best, {below} below"
        )
    return f"""Counted by whole intervals: {"; ".join(said)}."""
