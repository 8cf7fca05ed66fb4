"""NATS-Bench size: what can be seen in 2,476 networks that other searches ended with, which are no random sample."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from naswotbook.closed import choice_moments, resampling_weights
from naswotbook.kept import kept_table
from naswotbook.markdown import csv_table, markdown_table
from naswotbook.panels import MEASURES
from naswotbook.pictures import PANEL
from naswotbook.plots import fig3
from naswotbook.plots.style import NARROW, SMALL
from naswotlib.benchmarks import load_benchmark
from naswotlib.data.images import load_images
from naswotlib.scoring.many import score_archs
from naswotlib.scoring.proxies import NASWOT
from naswotlib.spaces.sizes import network_sizes
from naswotlib.stats import kendall_tau

TABLE, SPACE, DATASET = "nats_size_fronts", "nats_size", "cifar10"
RANKED = (NASWOT, "num_units", "parameters", "flops")
SAMPLES = (10, 100, 1000)  # networks that a search without training sees, as in Table 2(b)
RANDOM, BEST = "a random one", "the most accurate"


def kept_name(seed: int, batch_size: int) -> str:
    """The file of their scores, counted as the authors' code does: ``arch`` and ``score``."""
    return f"fronts-seed{seed}-batch{batch_size}.parquet"


def measure_fronts(
    *, seed: int, batch_size: int, data_dir: str | Path | None = None, kept: Path | None = None, workers: int = 1
) -> pd.DataFrame:
    """A row for each network of the table: ``arch``, ``accuracy`` (test, 90 epochs) and the columns of :data:`RANKED`.

    Scores are of CIFAR-10 images, and kept in the folder ``kept``.
    """
    benchmark = load_benchmark(TABLE, data_dir=data_dir)
    archs = sorted(benchmark.trained(dataset=DATASET, split="test", epochs=90))

    def score() -> pd.DataFrame:
        images = load_images(DATASET, batch_size, seed=seed, data_dir=data_dir)
        found = score_archs(
            SPACE, archs, images, seed=seed, counting="reference", exact=False, workers=workers, progress=False
        )
        return found[["arch", "score"]]

    scores = kept_table(kept and kept / kept_name(seed, batch_size), score).set_index("arch").score
    sizes = network_sizes(SPACE, archs, side=32)
    accuracy = benchmark.accuracy(archs, dataset=DATASET, split="test", epochs=90)
    return sizes.assign(accuracy=accuracy, **{NASWOT: scores.loc[archs].to_numpy()})


def rank_fronts(
    points: pd.DataFrame, *, seed: int, samples: Sequence[int] = SAMPLES, n_boot: int = 1000
) -> pd.DataFrame:
    """A row for each measure: its tau with accuracy, and how accurate the highest of each of ``samples`` networks is.

    Columns: ``measure``, ``tau``, ``low``, ``high``, ``n``; for each N ``best_of_N`` and ``std_of_N``, the mean and
    deviation over all draws with replacement, and ``low_of_N``, ``high_of_N``, a 95% bootstrap interval over
    networks. Two rows more say what a random choice and the best possible one give.
    """
    accuracy = points.accuracy.to_numpy(float)
    weights = resampling_weights(len(points), n_boot=n_boot, rng=np.random.default_rng(seed))
    rows: list[dict[str, Any]] = []
    for name in RANKED:
        tau = kendall_tau(points[name], accuracy, rng=np.random.default_rng(seed))
        rows.append({"measure": name, "tau": tau.tau, "low": tau.low, "high": tau.high, "n": tau.n})
    rows += [{"measure": name, "n": len(points)} for name in (RANDOM, BEST)]
    for n in samples:
        for row in rows:
            name = row["measure"]
            by = accuracy if name == BEST else points[name].to_numpy(float) if name in RANKED else 0 * accuracy
            mean, std = choice_moments(by, accuracy, n)
            again, _ = choice_moments(by, accuracy, n, weights=weights)
            low, high = np.quantile(again, [0.025, 0.975])
            row |= {f"best_of_{n}": float(mean), f"std_of_{n}": float(std)}
            row |= {f"low_of_{n}": float(low), f"high_of_{n}": float(high)}
    return pd.DataFrame(rows)


def draw_fronts(points: pd.DataFrame, ranked: pd.DataFrame) -> Figure:
    """Score against accuracy, as a panel of Figure 9; the title says what sample it is."""
    figure, ax = plt.subplots(figsize=PANEL[3], layout="constrained")
    row = ranked.set_index("measure").loc[NASWOT]
    tau = f"τ = {row.tau:.3f} [{row.low:.3f}, {row.high:.3f}]\nn = {len(points):,}"
    title = textwrap.fill("(A) A biased sample, CIFAR-10", NARROW) + f"\n{tau}"
    fig3(points.rename(columns={NASWOT: "score"}), ax, title=title, accuracy="test accuracy (%)")
    ax.title.set_fontsize(SMALL)
    plt.close(figure)
    return figure


def fronts_table(ranked: pd.DataFrame) -> str:
    """The rank correlations of :func:`rank_fronts` in Markdown."""
    rows = [
        [MEASURES[row["measure"]].label, f"{row['tau']:.3f} ({row['low']:.3f} to {row['high']:.3f})", row["n"]]
        for row in ranked[ranked.measure.isin(RANKED)].to_dict("records")
    ]
    return markdown_table(["measure", "τ with accuracy (95% interval)", "networks"], rows)


def choices_table(ranked: pd.DataFrame, printed: pd.DataFrame, *, name: str, title: str) -> str:
    """What measures choose among N networks, a column an N, with what the paper prints of NASWOT (``printed``)."""
    sizes = [str(column).removeprefix("best_of_") for column in ranked if str(column).startswith("best_of_")]
    cells = printed[(printed.dataset == DATASET) & (printed.split == "test")].set_index("method")
    paper = [cells.loc[f"NASWOT (N={n})"] for n in sizes]
    first = "the paper's NASWOT, of the whole space"
    rows = [[first, *(f"{cell['mean']:.2f} ± {cell['std']:.2f}" for cell in paper)]]
    for row in ranked.to_dict("records"):
        known = MEASURES.get(row["measure"])
        rows.append([known.label if known else row["measure"], *(_chosen(row, n) for n in sizes)])
    return csv_table(pd.DataFrame(rows, columns=["Chosen by", *(f"N = {n}" for n in sizes)]), title, name)


def _chosen(row: Mapping[Any, Any], n: str) -> str:
    mean, std, low, high = (row[f"{name}_of_{n}"] for name in ("best", "std", "low", "high"))
    return f"{mean:.2f} ± {std:.2f} [{low:.2f}, {high:.2f}]"
