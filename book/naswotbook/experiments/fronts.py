"""NATS-Bench size: what can be seen in 2,476 networks that other searches ended with, which are no random sample."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from naswotbook.kept import kept_table
from naswotbook.markdown import markdown_table
from naswotbook.panels import MEASURES
from naswotbook.pictures import PANEL
from naswotbook.plots import fig3
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


def expected_accuracy(ranked: np.ndarray, accuracy: np.ndarray, n: int) -> float:
    """Mean accuracy of the network that ranks highest among ``n`` that are drawn with replacement.

    In order of rank, network i of N is the highest with probability (i/N)ⁿ − ((i−1)/N)ⁿ; of equal ranks, the later
    one in the order of ``ranked``.

    >>> expected_accuracy(np.array([1, 2]), np.array([0.0, 100.0]), 2)
    75.0
    """
    places = np.arange(len(ranked) + 1) / len(ranked)
    order = np.argsort(ranked, kind="stable")
    return float(np.diff(places**n) @ accuracy[order])


def rank_fronts(points: pd.DataFrame, *, seed: int, samples: Sequence[int] = SAMPLES) -> pd.DataFrame:
    """A row for each measure: its tau with accuracy, and how accurate the highest of each of ``samples`` networks is.

    Columns: ``measure``, ``tau``, ``low``, ``high``, ``n``, and ``best_of_N`` for each N. Two rows more say what a
    random choice and the best possible one give.
    """
    accuracy = points.accuracy.to_numpy(float)
    rows = []
    for name in RANKED:
        tau = kendall_tau(points[name], accuracy, rng=np.random.default_rng(seed))
        rows.append({"measure": name, "tau": tau.tau, "low": tau.low, "high": tau.high, "n": tau.n})
    rows += [{"measure": name, "n": len(points)} for name in (RANDOM, BEST)]
    for n in samples:
        for row in rows:
            name = str(row["measure"])
            by = accuracy if name == BEST else points[name].to_numpy(float) if name in RANKED else None
            row[f"best_of_{n}"] = accuracy.mean() if by is None else expected_accuracy(by, accuracy, n)
    return pd.DataFrame(rows)


def draw_fronts(points: pd.DataFrame, ranked: pd.DataFrame) -> Figure:
    """Score against accuracy, as a panel of Figure 9; the title says what sample it is."""
    figure, ax = plt.subplots(figsize=PANEL[3], layout="constrained")
    row = ranked.set_index("measure").loc[NASWOT]
    tau = f"τ = {row.tau:.3f} [{row.low:.3f}, {row.high:.3f}]\nn = {len(points):,}"
    title = f"(A) A biased sample, CIFAR-10\n{tau}"
    fig3(points.rename(columns={NASWOT: "score"}), ax, title=title, accuracy="test accuracy (%)")
    ax.title.set_fontsize(8.5)
    plt.close(figure)
    return figure


def fronts_table(ranked: pd.DataFrame) -> str:
    """The table of :func:`rank_fronts` in Markdown."""
    numbers = [str(name) for name in ranked if str(name).startswith("best_of_")]
    heads = ["chosen by", "τ (95% interval)", *(f"best of {name.removeprefix('best_of_')} (%)" for name in numbers)]
    rows = []
    for row in ranked.to_dict("records"):
        known = MEASURES.get(row["measure"])
        tau = "" if pd.isna(row["tau"]) else f"{row['tau']:.3f} ({row['low']:.3f} to {row['high']:.3f})"
        rows.append([known.label if known else row["measure"], tau, *(f"{row[name]:.2f}" for name in numbers)])
    return markdown_table(heads, rows)
