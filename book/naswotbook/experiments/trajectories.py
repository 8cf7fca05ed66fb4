"""Scores of networks while they are trained: the rows behind Figure 6."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from scipy.stats import kendalltau

from naswotbook.kept import read_runs, write_runs
from naswotbook.samples import draw_sample
from naswotlib.benchmarks.load import BUNDLED
from naswotlib.benchmarks.trained import epochs_of, read_trained
from naswotlib.data.files import write_whole

TRAJECTORIES = BUNDLED / "nasbench201-trajectories.parquet"
KEPT = "fig6-trajectories-seed0.parquet"  # of the paper's setting, among the kept scores
SMALL = "fig6-small-seed0.parquet"  # of some of these cells at the bundled skeleton, scored in both ways
COLUMNS = ["arch", "step", "epoch", "score", "running", "accuracy"]
LEAST = 90.0  # percent of published CIFAR-10 validation accuracy, which the paper's networks are above
READINGS = {"score": "statistics of the mini-batch", "running": "running statistics"}


def draw_accurate(
    count: int, *, least: float = LEAST, seed: int = 0, among: int = 1000, data_dir: str | Path | None = None
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
    """A row for each score that was taken while a network was trained from ``seed``.

    ``path`` is a trained table whose networks were watched, or what :func:`keep_trajectories` made of one. Columns:
    ``arch``; ``step`` and ``epoch`` of training before it, 0 before training, ``epoch`` with a fraction within one;
    ``score`` and, where it was taken, ``running``, the score with running statistics; and ``accuracy``, on validation
    images after the last epoch, in percent, which is missing from what was kept. The most accurate network first, and
    only the first ``n_archs``. No rows where there is no file.
    """
    path = Path(path)
    if path.exists() and "epoch" in pq.read_schema(path).names:
        kept = pd.read_parquet(path).assign(accuracy=np.nan)
        kept = kept[kept.seed == seed]
        return kept[kept.arch.isin(kept.arch.unique()[:n_archs])][COLUMNS].reset_index(drop=True)
    runs = [row for row in read_trained(path)[0] if row["seed"] == seed and row["scores"]]
    runs = sorted(runs, key=lambda row: (-row["validation"][-1], row["arch"]))[:n_archs]
    frames = [_trajectory(row).assign(accuracy=row["validation"][-1]) for row in runs]
    return pd.concat(frames, ignore_index=True)[COLUMNS] if frames else pd.DataFrame(columns=COLUMNS)


def _trajectory(row: dict[str, Any]) -> pd.DataFrame:
    """Scores of a row of a trained table; older ones have no steps, and a score after each epoch."""
    epochs = epochs_of(row)
    steps = row.get("steps") or list(range(epochs + 1))
    running = row.get("running_scores") or np.nan
    columns = {"arch": row["arch"], "seed": row["seed"], "step": steps, "score": row["scores"], "running": running}
    table = pd.DataFrame(columns)
    return table.assign(epoch=table.step / (steps[-1] / epochs))


def keep_trajectories(trained: Sequence[Path], out: Path) -> pd.DataFrame:
    """Keep the scores of watched networks of trained tables of one recipe and device, without their accuracies.

    Writes ``out``, a row a score, and notes in the manifest beside it with what they were computed, and what accuracy
    the networks reached, over all: least, median, most. Columns: ``arch, seed, step, epoch, score, running`` and
    ``loss``, the mean over the images of an epoch, where one ends. ValueError where the tables were not trained alike.
    """
    read = [read_trained(path) for path in trained]
    settings = read[0][1]
    if any(metadata != settings for _, metadata in read):
        raise ValueError(f"trained: {', '.join(map(str, trained))} were not trained alike, and are not mixed")
    rows = [row for found, _ in read for row in found if row["scores"]]
    frames = []
    for row in rows:
        scores = _trajectory(row)
        frames.append(scores.assign(loss=scores.epoch.map(dict(enumerate(row["epoch_losses"], 1)))))
    table = pd.concat(frames, ignore_index=True)[["arch", "seed", "step", "epoch", "score", "running", "loss"]]
    with write_whole(out) as file:
        table.to_parquet(file, index=False)
    reached = {
        split: [round(float(np.quantile([row[split][-1] for row in rows], share)), 2) for share in (0, 0.5, 1)]
        for split in ("validation", "test")
    }
    run = {
        "rows": len(table),
        "date": max(row["date"] for row in rows),
        "hardware": settings["device"],
        "versions": "; ".join(sorted({row["versions"] for row in rows})),
        "settings": settings | {"epochs": sorted({epochs_of(row) for row in rows}), "reached": reached},
    }
    write_runs(out.parent, read_runs(out.parent) | {out.name: [run]})
    return table


def readings(table: pd.DataFrame) -> list[str]:
    """Which of :data:`READINGS` a table of :func:`load_trajectories` has."""
    return [name for name in READINGS if table[name].notna().any()]


def summarise_trajectories(table: pd.DataFrame, reading: str = "score") -> pd.DataFrame:
    """A row for each time at which all networks were scored: how many there are and how many score higher than before
    training (``above_start``), their mean score, the standard deviation of what each has gained since (``std_rise``),
    and Kendall's tau of their scores with those before training and after the last epoch.
    """
    scores = table.pivot(index="epoch", columns="arch", values=reading).dropna()
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


def shown_epochs(summary: pd.DataFrame) -> pd.DataFrame:
    """Rows of :func:`summarise_trajectories` for a table to read: those of the first epochs, then fewer and fewer."""
    last = summary.epoch.max()
    shown = summary.epoch.isin([1, 2, 3, 5, 10, 20, 30, 50, 75, last]) | (summary.epoch < 1)
    return summary[shown].reset_index(drop=True)


def rise_and_order(summary: pd.DataFrame) -> str:
    """What :func:`summarise_trajectories` says of all networks, in words."""
    [first] = summary[summary.epoch == 1].itertuples()
    last, within = summary.iloc[-1], summary[(summary.epoch > 0) & (summary.epoch < 1)]
    soon = ""
    if len(within):
        least, most = within.above_start.min(), within.above_start.max()
        count = f"{least}" if least == most else f"{least} to {most}"
        soon = f"""At {len(within)} times within the first epoch {count} of {last.networks:.0f} networks score higher
        than before training. """
    rise = last.mean_score - summary.mean_score[0]
    return f"""{soon}After one epoch {first.above_start} of {first.networks} networks score higher than before training,
    after the last, the {last.epoch:.0f}th, {last.above_start:.0f}. From beginning to end the score changes by
    {rise:+.1f} ± {last.std_rise:.1f} (mean and standard deviation over networks). The order before training and that at
    the end agree with τ = {last.tau_start:.3f}; the least agreement with the order before training is
    {summary.tau_start.min():.3f}, and after a tenth of the epochs that with the order at the end is
    {summary[summary.epoch >= last.epoch / 10].tau_end.min():.3f} or more."""


def compare_readings(summaries: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Summaries of the same training by their name in :data:`READINGS`, side by side at :func:`shown_epochs`.

    Columns: ``epoch``, and for each what it is called, the mean score, and ``above, ...``, how many networks score
    higher than before training.
    """
    shown = {READINGS[name]: shown_epochs(summary) for name, summary in summaries.items()}
    columns = {"epoch": next(iter(shown.values())).epoch}
    for name, rows in shown.items():
        columns |= {name: rows.mean_score, f"above, {name}": rows.above_start}
    return pd.DataFrame(columns)


def describe_readings(summaries: Mapping[str, pd.DataFrame]) -> str:
    """What :func:`compare_readings` shows, in a sentence for each."""
    sentences = []
    for name, summary in summaries.items():
        start, last = summary.iloc[0], summary.iloc[-1]
        soon = summary[summary.epoch > 0].iloc[0]
        late = summary[summary.epoch >= last.epoch / 10].mean_score
        sentences.append(
            f"""With {READINGS[name]}, {soon.above_start:.0f} of {start.networks:.0f} networks score higher after
            {soon.epoch:.2f} epochs than before training, by {soon.mean_score - start.mean_score:+.1f} in the mean; in
            the last nine tenths of the training the mean score lies {late.min() - start.mean_score:+.1f} to
            {late.max() - start.mean_score:+.1f} from where it began."""
        )
    return " ".join(sentences)
