"""Networks drawn from a table of trained accuracies, and what to score them with: behind Figures 1, 3, 5, 9 and 10."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from naswotbook.kept import complete_scores, scores_name
from naswotlib.benchmarks import Benchmark, load_benchmark
from naswotlib.errors import check_choice
from naswotlib.graph import Counting
from naswotlib.scoring.many import score_archs
from naswotlib.scoring.proxies import NASWOT, load_batch
from naswotlib.spaces.base import get_space, sample_distinct

PROFILES = ("demo", "paper")
# First and last argument of load_images by the name that a mini-batch has in those of kept tables, where that is not
# the first itself. Of the 120 classes of ImageNet16-120, those at hand are too few for a mini-batch, which is drawn
# from all 1,000. No images of ImageNet are at hand: crops of photographs, or noise, stand in for them at its size.
MINI_BATCHES: dict[str, tuple[str, int | None]] = {
    "imagenet16-120": ("imagenet16", None),
    "photos224": ("photos", 224),
    "noise224": ("noise", 224),
}


def mini_batch(name: str) -> tuple[str, int | None]:
    """First and last argument of :func:`naswotlib.load_images` of the mini-batch that kept tables call ``name``.

    >>> mini_batch("cifar10"), mini_batch("noise224")
    (('cifar10', None), ('noise', 224))
    """
    return MINI_BATCHES.get(name, (name, None))


def scored_on(dataset: str) -> tuple[str, dict[str, int]]:
    """The mini-batch, as kept tables call it, and keywords of ``space.build``: those of ``paper`` for ``dataset``.

    >>> scored_on("cifar10"), scored_on("imagenet")
    (('cifar10', {}), ('photos224', {'num_classes': 1000}))
    """
    return ("photos224", {"num_classes": 1000}) if dataset == "imagenet" else (dataset, {})


@dataclass(frozen=True)
class Sample:
    """Architectures of one table, their trained accuracies, and the form in which they are to be scored.

    accuracy: percent, of ``split`` after ``epochs``, in the order of ``archs``; skeleton: keywords of ``space.build``;
    images, side: the first and last argument of :func:`naswotlib.load_images`; origin: of the accuracies; batch: what
    the mini-batch is called in names of kept tables.
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
    batch: str = ""

    def on(self, batch: str) -> Sample:
        """The same networks, to be scored on another mini-batch, a name of :data:`MINI_BATCHES` or of a data set."""
        images, side = mini_batch(batch)
        return replace(self, images=images, side=side, batch=batch)


def load_profile(space: str, *, profile: str, data_dir: str | Path | None = None) -> Benchmark:
    """The table of ``space``: of the networks that this project trained (``demo``), or as published (``paper``).

    FileNotFoundError says what was looked for where there is none.
    """
    check_choice("profile", profile, PROFILES)
    if profile == "paper":
        return load_benchmark(space, data_dir=data_dir)
    return load_benchmark(f"bundled-{space.replace('_complete', '-complete')}")


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
    images of ``dataset``; networks of ImageNet have its 1,000 classes, and see photographs of its size. ``demo`` draws
    from the bundled table, and scores on the skeleton and image side of that table, on crops of photographs.

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
    batch, skeleton = scored_on(dataset)
    images, side = mini_batch(batch)
    if profile == "demo":
        skeleton, images, side = benchmark.skeleton, "photos", benchmark.info.sides[dataset]
    return Sample(
        space=space,
        dataset=dataset,
        split=split,
        epochs=epochs,
        archs=archs,
        accuracy=benchmark.accuracy(archs, dataset=dataset, split=split, epochs=epochs),
        skeleton=skeleton,
        images=images,
        side=side,
        origin=benchmark.info.origin,
        batch=batch,
    )


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
            sample.batch or sample.dataset,
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
    device: str = "cpu",
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
    how: dict[str, Any] = {"counting": counting, "workers": workers, "device": device, "data_dir": data_dir}
    return score_sample(sample, seed=seed, batch_size=batch_size, kept=kept, **how)


def draw_bands(sample: Sample, edges: Sequence[float], per_band: int) -> pd.DataFrame:
    """The first ``per_band`` networks of each band of accuracy, in the random order of ``sample``.

    Band i is from ``edges[i]`` up to, and without, ``edges[i + 1]`` (percent, ascending); the last has its upper edge
    too. Returns a row a network: ``band`` (0, 1, ...), ``arch``, in the order of the bands; a band may have fewer, or
    none. ValueError where the edges are not two or more in ascending order.
    """
    if len(edges) < 2 or list(edges) != sorted(set(edges)):
        raise ValueError(f"edges: expected two or more in ascending order, got {list(edges)}")
    inside = (sample.accuracy >= edges[0]) & (sample.accuracy <= edges[-1])
    bands = np.searchsorted(edges[1:-1], sample.accuracy, side="right")
    table = pd.DataFrame({"band": bands, "arch": sample.archs})[inside]
    return table.groupby("band").head(per_band).sort_values("band", kind="stable").reset_index(drop=True)


def quantile_edges(sample: Sample, shares: Sequence[float]) -> list[float]:
    """Accuracies that divide the networks of ``sample`` at ``shares`` (0 to 1), for :func:`draw_bands`."""
    return [float(edge) for edge in np.quantile(sample.accuracy, shares)]
