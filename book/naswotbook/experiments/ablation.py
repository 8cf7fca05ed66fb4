"""What the score of a few networks depends on besides them: the four experiments of section 3.1 and Figure 5."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import NamedTuple, Unpack

import numpy as np
import pandas as pd
from scipy.stats import kendalltau
from torch import Tensor

from naswotbook.samples import Sample
from naswotlib.data.images import load_images
from naswotlib.scoring.many import ScoreOptions, score_archs


def run_ablations(
    sample: Sample,
    archs: Sequence[str],
    *,
    repeats: int,
    batch_size: int,
    batch_sizes: Sequence[int],
    seed: int,
    data_dir: str | Path | None = None,
    **options: Unpack[ScoreOptions],
) -> pd.DataFrame:
    """Scores of ``archs``, ``repeats`` times each, while one thing changes from repeat to repeat.

    ``mini-batches``: the images, drawn anew; ``noise``: standard normal inputs, drawn anew; ``initialisations``: the
    weights; ``sizes``: the images, drawn anew in each of ``batch_sizes``, where a smaller mini-batch is the beginning
    of the larger one. All else stays as in the first repeat. ``options`` go to :func:`naswotlib.score_archs`.

    Returns a row a score: ``ablation``, ``batch_size``, ``repeat``, ``arch``, ``score``.
    """
    seeds = [seed, *np.random.default_rng(seed).integers(2**31, size=repeats - 1).tolist()]
    first = _Setting(sample.images, batch_size, seed, seed)
    varied = {
        "mini-batches": [[first._replace(image_seed=s) for s in seeds]],
        "noise": [[first._replace(images="noise", image_seed=s) for s in seeds]],
        "initialisations": [[first._replace(weight_seed=s) for s in seeds]],
        "sizes": [[first._replace(number=number, image_seed=s) for s in seeds] for number in batch_sizes],
    }
    largest = max(batch_size, *batch_sizes)
    how: ScoreOptions = {"exact": False, "skeleton": sample.skeleton} | options

    @cache
    def load(source: str, image_seed: int) -> Tensor:
        side = sample.side if source == sample.images else load(sample.images, seed).shape[-1]
        return load_images(source, largest, seed=image_seed, data_dir=data_dir, side=side)

    @cache  # some settings are part of several experiments
    def score(setting: _Setting) -> pd.DataFrame:
        images = load(setting.images, setting.image_seed)[: setting.number]
        table = score_archs(sample.space, archs, images, seed=setting.weight_seed, progress=False, **how)
        return table[["arch", "score"]]

    tables = [
        score(setting).assign(ablation=ablation, batch_size=setting.number, repeat=repeat)
        for ablation, groups in varied.items()
        for settings in groups
        for repeat, setting in enumerate(settings)
    ]
    return pd.concat(tables, ignore_index=True)[["ablation", "batch_size", "repeat", "arch", "score"]]


class _Setting(NamedTuple):
    images: str
    number: int
    image_seed: int
    weight_seed: int


def summarise_ablations(table: pd.DataFrame) -> pd.DataFrame:
    """How far scores of :func:`run_ablations` keep their order, a row an experiment and size of mini-batch.

    ``agreement`` is the mean of Kendall's tau between the scores of any two repeats, ``with_first`` that between the
    networks' mean scores here and in the first experiment; ``between`` is the standard deviation of the mean scores,
    ``within`` the mean over networks of that of their repeats.
    """
    rows = []
    first = table[table.ablation == table.ablation.iloc[0]].groupby("arch").score.mean()
    for (ablation, batch_size), group in table.groupby(["ablation", "batch_size"], sort=False):
        scores = group.pivot(index="arch", columns="repeat", values="score")
        taus = [kendalltau(scores[a], scores[b]).statistic for a, b in combinations(scores.columns, 2)]
        spread = {"between": scores.mean(axis=1).std(ddof=0), "within": scores.std(axis=1, ddof=0).mean()}
        order = {"agreement": float(np.mean(taus)), "with_first": kendalltau(scores.mean(axis=1), first).statistic}
        counts = {"networks": len(scores), "repeats": len(scores.columns)}
        rows.append({"ablation": ablation, "batch_size": batch_size} | counts | order | spread)
    return pd.DataFrame(rows)


def over_smallest(table: pd.DataFrame) -> pd.DataFrame:
    """The rows of ``sizes``, their scores divided by the smallest of all networks on mini-batches of the same size."""
    sizes = table[table.ablation == "sizes"]
    smallest = sizes.groupby("batch_size").score.transform("min")
    return sizes.assign(score=sizes.score / smallest)
