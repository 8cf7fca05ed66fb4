"""Scores of networks while they are trained: the rows behind Figure 6."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from scipy.stats import kendalltau

from naswotbook.samples import draw_sample
from naswotlib.benchmarks.load import BUNDLED
from naswotlib.benchmarks.trained import read_trained

TRAJECTORIES = BUNDLED / "nasbench201-trajectories.parquet"


def draw_accurate(
    count: int, *, least: float = 90.0, seed: int = 0, among: int = 1000, data_dir: str | Path | None = None
) -> list[str]:
    """NAS-Bench-201 cells of more than ``least`` percent published CIFAR-10 validation accuracy: the first ``count`` in
    the random order of :func:`naswotbook.samples.draw_sample`.

    ValueError where fewer are ``among`` the first of that order.
    """
    sample = draw_sample("nasbench201", "cifar10", among, profile="paper", seed=seed, data_dir=data_dir)
    found = [arch for arch, reached in zip(sample.archs, sample.accuracy, strict=True) if reached > least][:count]
    if len(found) < count:
        raise ValueError(f"count: {len(found)} of {among} cells are above {least}, fewer than the {count} asked for")
    return found


def load_trajectories(path: Path | str = TRAJECTORIES, *, seed: int = 0, n_archs: int | None = None) -> pd.DataFrame:
    """A row for each network and epoch of a trained table whose networks were scored as they trained, from ``seed``.

    Columns: ``arch``, ``epoch`` (0 before training), ``score``, and ``accuracy``, on validation images after the last
    epoch, in percent; the most accurate network first, and only the first ``n_archs``. No rows where there is no file.
    """
    rows, _ = read_trained(Path(path))
    runs = [row for row in rows if row["seed"] == seed and row["scores"]]
    runs = sorted(runs, key=lambda row: (-row["validation"][-1], row["arch"]))[:n_archs]
    columns = {
        "arch": [row["arch"] for row in runs for _ in row["scores"]],
        "epoch": [epoch for row in runs for epoch in range(len(row["scores"]))],
        "score": [score for row in runs for score in row["scores"]],
        "accuracy": [row["validation"][-1] for row in runs for _ in row["scores"]],
    }
    return pd.DataFrame(columns)


def summarise_trajectories(table: pd.DataFrame) -> pd.DataFrame:
    """A row an epoch: how many networks there are and how many score higher than before training (``above_start``),
    their mean score, the standard deviation of what each has gained since (``std_rise``), and Kendall's tau of their
    scores with those before training and after the last epoch.
    """
    scores = table.pivot(index="epoch", columns="arch", values="score")
    start, end = scores.iloc[0], scores.iloc[-1]
    return pd.DataFrame(
        {
            "epoch": scores.index,
            "networks": scores.shape[1],
            "above_start": (scores > start).sum(axis=1),
            "mean_score": scores.mean(axis=1),
            "std_rise": (scores - start).std(axis=1, ddof=0),
            "tau_start": [kendalltau(row, start).statistic for _, row in scores.iterrows()],
            "tau_end": [kendalltau(row, end).statistic for _, row in scores.iterrows()],
        }
    ).reset_index(drop=True)
