"""What the score of a few networks depends on besides them: the four experiments of section 3.1 and Figure 5."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from itertools import combinations, pairwise
from pathlib import Path
from typing import NamedTuple, Unpack

import matplotlib.pyplot as plt
import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.figure import Figure
from scipy.stats import kendalltau
from torch import Tensor

from naswotbook.kept import kept_table
from naswotbook.plots import fig5
from naswotbook.plots.style import WIDE
from naswotbook.samples import Sample, draw_bands, quantile_edges
from naswotlib.data.images import load_images
from naswotlib.scoring.many import ScoreOptions, score_archs
from naswotlib.stats import kendall_tau

SIZES = (32, 64, 128, 256)  # of the paper's mini-batches
KEPT = "fig5-reference-seed0-archs10-repeats20-batch128.parquet"  # the published run, at the paper's settings
TITLES = {
    "mini-batches": "random mini-batches",
    "noise": "normally distributed inputs",
    "initialisations": "weight initialisations",
    "sizes": "size of the mini-batch",
}


def choose_networks(sample: Sample, number: int) -> pd.DataFrame:
    """One network from each of ``number`` bands between the 50th percentile of accuracy and the best, lowest first.

    Columns: ``arch`` and ``network``, its percentiles, such as ``95–100``.
    """
    chosen = draw_bands(sample, quantile_edges(sample, _shares(number).tolist()), 1)
    names = _bands(number)
    return pd.DataFrame({"arch": chosen.arch, "network": [names[band] for band in chosen.band]})


def _shares(number: int) -> npt.NDArray[np.float64]:
    return np.linspace(0.5, 1, number + 1)


def _bands(number: int) -> list[str]:
    return [f"{100 * low:.0f}–{100 * high:.0f}" for low, high in pairwise(_shares(number))]


def kept_ablations(folder: Path, *, number: int = 10) -> pd.DataFrame:
    """The scores of the published figure, kept in ``folder``: rows of :func:`run_ablations` with a column ``network``.

    Its networks stand there from the lowest band of accuracy to the highest; what they are is left out, since whose
    accuracy lies in a band was measured by others. No rows where there is no such table.
    """
    path = folder / KEPT
    if not path.exists():
        return pd.DataFrame(columns=["ablation", "batch_size", "repeat", "score", "network"])
    scores = pd.read_parquet(path)
    names = dict(zip(scores.arch.unique(), _bands(number), strict=True))
    return scores.assign(network=scores.arch.map(names)).drop(columns="arch")


def run_ablations(
    sample: Sample,
    archs: Sequence[str],
    *,
    repeats: int,
    batch_size: int,
    batch_sizes: Sequence[int],
    seed: int,
    data_dir: str | Path | None = None,
    kept: Path | None = None,
    **options: Unpack[ScoreOptions],
) -> pd.DataFrame:
    """Scores of ``archs``, ``repeats`` times each, while one thing changes from repeat to repeat.

    ``mini-batches``: the images, drawn anew; ``noise``: standard normal inputs, drawn anew; ``initialisations``: the
    weights; ``sizes``: the images, drawn anew in each of ``batch_sizes``, where a smaller mini-batch is the beginning
    of the larger one. All else stays as in the first repeat. ``options`` go to :func:`naswotlib.score_archs`. A table
    in the folder ``kept`` is taken from there, or put there.

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

    def run() -> pd.DataFrame:
        tables = [
            score(setting).assign(ablation=ablation, batch_size=setting.number, repeat=repeat)
            for ablation, groups in varied.items()
            for settings in groups
            for repeat, setting in enumerate(settings)
        ]
        return pd.concat(tables, ignore_index=True)[["ablation", "batch_size", "repeat", "arch", "score"]]

    if kept is None:
        return run()
    name = f"fig5-{how.get('counting', 'once')}-seed{seed}-archs{len(archs)}-repeats{repeats}-batch{batch_size}"
    others = "" if tuple(batch_sizes) == SIZES else f"-sizes{'-'.join(map(str, batch_sizes))}"
    return kept_table(kept / f"{name}{others}.parquet", run)


class _Setting(NamedTuple):
    images: str
    number: int
    image_seed: int
    weight_seed: int


def summarise_ablations(table: pd.DataFrame, accuracy: Mapping[str, float]) -> pd.DataFrame:
    """How far scores of :func:`run_ablations` keep their order, a row an experiment and size of mini-batch.

    ``agreement`` is the mean of Kendall's tau between the scores of any two repeats, ``with_first`` that between the
    networks' mean scores here and in the first experiment; ``with_accuracy`` is that of the mean scores with
    ``accuracy``, by architecture, with the ends of its 95% interval over networks, ``with_accuracy_low`` and
    ``with_accuracy_high``; ``between`` is the standard deviation of the mean scores, ``within`` the mean over networks
    of that of their repeats.
    """
    rows = []
    first = table[table.ablation == table.ablation.iloc[0]].groupby("arch").score.mean()
    for (ablation, batch_size), group in table.groupby(["ablation", "batch_size"], sort=False):
        scores = group.pivot(index="arch", columns="repeat", values="score")
        taus = [kendalltau(scores[a], scores[b]).statistic for a, b in combinations(scores.columns, 2)]
        spread = {"between": scores.mean(axis=1).std(ddof=0), "within": scores.std(axis=1, ddof=0).mean()}
        order = {"agreement": float(np.mean(taus)), "with_first": kendalltau(scores.mean(axis=1), first).statistic}
        trained = [accuracy[arch] for arch in scores.index]
        tau = kendall_tau(scores.mean(axis=1), trained, rng=np.random.default_rng(0))
        better = {f"with_accuracy{end}": value for end, value in zip(_ENDS, (tau.tau, tau.low, tau.high), strict=True)}
        counts = {"networks": len(scores), "repeats": len(scores.columns)}
        rows.append({"ablation": ablation, "batch_size": batch_size} | counts | order | better | spread)
    return pd.DataFrame(rows)


_ENDS = ("", "_low", "_high")


def over_smallest(table: pd.DataFrame) -> pd.DataFrame:
    """The rows of ``sizes``, their scores divided by the smallest of all networks on mini-batches of the same size."""
    sizes = table[table.ablation == "sizes"]
    smallest = sizes.groupby("batch_size").score.transform("min")
    return sizes.assign(score=sizes.score / smallest)


def draw_ablations(table: pd.DataFrame, order: Sequence[str]) -> Figure:
    """Figure 5 from :func:`run_ablations` and a column ``network``: a panel an experiment, a box a network."""
    figure, axes = plt.subplots(2, 2, figsize=(WIDE, 6.6), layout="constrained")
    for ax, (ablation, title) in zip(axes.flat, TITLES.items(), strict=True):
        if ablation == "sizes":
            label = "score / smallest of that size"
            fig5(over_smallest(table), ax, title=title, order=order, score=label, hue="batch_size")
        else:
            fig5(table[table.ablation == ablation], ax, title=title, order=order)
    plt.close(figure)
    return figure
