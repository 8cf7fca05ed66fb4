"""Networks drawn from a table of trained accuracies, and what to score them with: behind Figures 1, 3, 5, 9 and 10."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from naswotbook.pages import complete_scores
from naswotlib.benchmarks import Benchmark, load_benchmark
from naswotlib.benchmarks.importers import official_file
from naswotlib.errors import check_choice
from naswotlib.graph import Counting
from naswotlib.scoring.many import score_archs
from naswotlib.scoring.proxies import NASWOT, load_batch
from naswotlib.spaces.base import get_space, sample_distinct

PROFILES = ("demo", "paper")
# The images behind a data set's accuracies where they have another name. Of the 120 classes of ImageNet16-120, those
# at hand are too few for a mini-batch, so that it is drawn from all 1,000.
IMAGES = {"imagenet16-120": "imagenet16", "imagenet": "imagenette"}


@dataclass(frozen=True)
class Sample:
    """Architectures of one table, their trained accuracies, and the form in which they are to be scored.

    accuracy: percent, of ``split`` after ``epochs``, in the order of ``archs``; skeleton: keywords of ``space.build``;
    images, side: the first and last argument of :func:`naswotlib.load_images`; origin: of the accuracies.
    """

    space: str
    dataset: str
    split: str
    epochs: int
    archs: list[str]
    accuracy: npt.NDArray[np.float64]
    skeleton: dict[str, int]
    images: str
    side: int | None
    origin: str


def load_profile(space: str, *, profile: str, data_dir: str | Path | None = None) -> Benchmark:
    """The table of ``space``: of the networks that this project trained (``demo``), or as published (``paper``).

    FileNotFoundError says what was looked for where there is none.
    """
    check_choice("profile", profile, PROFILES)
    if profile == "paper":
        return load_benchmark(space, data_dir=data_dir)
    return load_benchmark(f"bundled-{space.replace('_complete', '-complete')}")


def needed_file(space: str) -> str:
    """What a box says where accuracies of ``space`` are not to be had: the table, and what it is imported from."""
    return f"{space}.parquet,\nimported from {official_file(space)}"


def has_table(space: str, dataset: str, *, profile: str, data_dir: str | Path | None = None) -> bool:
    """Whether ``profile`` has a table of ``space`` with accuracies on ``dataset``, of three networks or more."""
    try:
        benchmark = load_profile(space, profile=profile, data_dir=data_dir)
    except FileNotFoundError:
        return False
    return len(benchmark.archs) > 2 and any(name == dataset for name, _, _ in benchmark.available)


def draw_sample(
    space: str, dataset: str, n_archs: int | None, *, profile: str, seed: int, data_dir: str | Path | None = None
) -> Sample:
    """``n_archs`` random architectures of ``space``, or all where its table of ``profile`` has fewer, and for None.

    The first n of them are the sample of size n. Accuracies are those after the longest training, on the split
    ``validation``, or on ``test`` where the table has no other: NDS has none, and NAS-Bench-101's means neither.

    ``paper`` draws uniformly from the space where it can be enumerated, else from the rows of the published table, as
    the authors do, and scores on the skeleton that the paper scores, which is each space's default, and on training
    images of ``dataset``. ``demo`` draws from the bundled table, and scores on the skeleton and image side of that
    table, on crops of photographs.

    >>> sample = draw_sample("nasbench201", "cifar10", 3, profile="demo", seed=0)
    >>> sample.split, sample.epochs, sample.images, len(sample.archs)
    ('validation', 3, 'photos', 3)
    """
    benchmark = load_profile(space, profile=profile, data_dir=data_dir)
    splits = [split for name, split, _ in benchmark.available if name == dataset]
    check_choice("dataset", dataset, {name for name, _, _ in benchmark.available})
    split = "validation" if "validation" in splits else "test"
    epochs = max(epochs for *key, epochs in benchmark.available if key == [dataset, split])
    rng, found = np.random.default_rng(seed), get_space(space)
    enumerated = isinstance(found, Sequence)
    if profile == "paper" and enumerated:
        archs = [found.to_str(arch) for arch in sample_distinct(found, min(n_archs or len(found), len(found)), rng)]
    else:
        rows = benchmark.trained(dataset=dataset, split=split, epochs=epochs)
        archs = [rows[row] for row in rng.permutation(len(rows))[:n_archs]]
    return Sample(
        space=space,
        dataset=dataset,
        split=split,
        epochs=epochs,
        archs=archs,
        accuracy=benchmark.accuracy(archs, dataset=dataset, split=split, epochs=epochs),
        skeleton={} if profile == "paper" else benchmark.skeleton,
        images=IMAGES.get(dataset, dataset) if profile == "paper" else "photos",
        side=None if profile == "paper" else benchmark.info.sides[dataset],
        origin=benchmark.info.origin,
    )


def scores_name(
    space: str,
    dataset: str,
    *,
    counting: str,
    seed: int,
    batch_size: int = 128,
    skeleton: Mapping[str, int] | None = None,
) -> str:
    """The file name of kept scores: ``SPACE-DATASET-COUNTING-seedN.parquet``, with what is not the default behind it.

    That is the batch where it is not 128, and each keyword of ``skeleton``. The name of a proxy takes the place of the
    counting where it is not the score that is kept.

    >>> scores_name("nasbench201", "cifar10", counting="once", seed=0, batch_size=64)
    'nasbench201-cifar10-once-seed0-batch64.parquet'
    >>> scores_name("nasbench101", "cifar10", counting="reference", seed=0, skeleton={"stem_channels": 128})
    'nasbench101-cifar10-reference-seed0-stem_channels128.parquet'
    """
    others = ({} if batch_size == 128 else {"batch": batch_size}) | dict(skeleton or {})
    suffixes = "".join(f"-{key}{value}" for key, value in others.items())
    return f"{space}-{dataset}-{counting}-seed{seed}{suffixes}.parquet"


def score_sample(
    sample: Sample,
    *,
    seed: int,
    batch_size: int,
    counting: Counting = "once",
    proxy: str = NASWOT,
    workers: int = 1,
    device: str = "cpu",
    data_dir: str | Path | None = None,
    kept: Path | None = None,
) -> pd.DataFrame:
    """Rows of :func:`naswotlib.score_archs` for a sample, with its column ``accuracy``, on one mini-batch.

    ``kept`` is a folder of score tables, named by :func:`scores_name`: what is there is taken from it, and what is not
    is added.
    """

    def score(archs: list[str], out: Path | None) -> pd.DataFrame:
        inputs, labels = load_batch(
            sample.images, batch_size, proxy=proxy, seed=seed, data_dir=data_dir, side=sample.side
        )
        return score_archs(
            sample.space,
            archs,
            inputs,
            seed=seed,
            proxy=proxy,
            labels=labels,
            counting=counting,
            exact=False,
            skeleton=sample.skeleton,
            workers=workers,
            device=device,
            out=out,
            progress=False,
        )

    if kept is None:
        table = score(sample.archs, None)
    else:
        name = scores_name(
            sample.space,
            sample.dataset,
            counting=counting if proxy == NASWOT else proxy,
            seed=seed,
            batch_size=batch_size,
            skeleton=sample.skeleton,
        )
        table = complete_scores(kept / name, sample.archs, score)
    return table.assign(accuracy=sample.accuracy)


def all_scores(
    space: str,
    dataset: str,
    n_archs: int,
    *,
    profile: str,
    seed: int,
    batch_size: int,
    counting: Counting,
    workers: int = 1,
    data_dir: str | Path | None = None,
    kept: Path | None = None,
) -> pd.DataFrame:
    """What searches draw from: all scores that ``kept`` has, or, where it has none, those of ``n_archs`` networks.

    The latter are :func:`draw_sample`, scored and kept by :func:`score_sample`, whose arguments the others are.
    """
    file = kept and kept / scores_name(space, dataset, counting=counting, seed=seed, batch_size=batch_size)
    if file and file.exists():
        return pd.read_parquet(file)
    sample = draw_sample(space, dataset, n_archs, profile=profile, seed=seed, data_dir=data_dir)
    options: dict[str, Any] = {"counting": counting, "workers": workers, "data_dir": data_dir, "kept": kept}
    return score_sample(sample, seed=seed, batch_size=batch_size, **options)
