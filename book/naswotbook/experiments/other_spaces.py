"""How the score and three counts rank the networks of spaces and tasks that the paper never saw."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import rankdata

from naswotbook.kept import complete_scores
from naswotbook.pairs import tau_b
from naswotbook.panels import PREDICTORS, SIZES
from naswotlib.benchmarks import Benchmark
from naswotlib.data.images import load_images
from naswotlib.scoring.many import score_archs
from naswotlib.scoring.proxies import NASWOT
from naswotlib.spaces.base import get_space, sample_distinct
from naswotlib.spaces.sizes import network_sizes
from naswotlib.stats import kendall_tau, tau_a

Numbers = npt.NDArray[np.float64]
Task = tuple[str, str, int]  # data set, split, epochs
COLUMNS = ["table", "dataset", "split", "epochs", "kind", "measure", "given", "n", "tau", "low", "high", "tau_a"]


@dataclass(frozen=True)
class Table:
    """A table of accuracies: what text calls it, and the first and last argument of :func:`naswotlib.load_images` of
    the images on which its networks are scored.
    """

    title: str
    images: str = "cifar10"
    side: int | None = None


TABLES = {
    "transnas101_micro": Table("TransNAS-Bench-101 micro", "photos", 256),
    "transnas101_macro": Table("TransNAS-Bench-101 macro", "photos", 256),
    "nasbench_macro": Table("NAS-Bench-Macro"),
    "channel_bench_resnet": Table("Channel-Bench-Macro, ResNet"),
    "channel_bench_mobilenet": Table("Channel-Bench-Macro, MobileNet"),
    "darts1000": Table("DARTS, 1,000 small networks"),
    "nasbench101_imagenet": Table("NAS-Bench-101 on ImageNet"),
}


def scores_file(table: str, *, seed: int, batch_size: int) -> str:
    """The name of the file of kept scores of ``table``.

    >>> scores_file("transnas101_micro", seed=0, batch_size=32)
    'spaces-transnas101_micro-photos256-seed0-batch32.parquet'
    """
    how = TABLES[table]
    return f"spaces-{table}-{how.images}{how.side or ''}-seed{seed}-batch{batch_size}.parquet"


def draw_networks(benchmark: Benchmark, n: int, *, seed: int) -> list[str]:
    """``n`` random architectures of a table, all where it has fewer; the first of them are a smaller sample.

    Uniform over the space where the table is named as its space, and has all of it; else over the rows of the table.
    Architectures of a space that its table lacks are left out.
    """
    rng = np.random.default_rng(seed)
    if benchmark.name == benchmark.space:
        space, known = get_space(benchmark.space), set(benchmark.archs)
        drawn = [space.to_str(arch) for arch in sample_distinct(space, min(n, len(space)), rng)]
        return [arch for arch in drawn if arch in known]
    return [benchmark.archs[row] for row in rng.permutation(len(benchmark.archs))[:n]]


def measure_networks(
    table: str,
    space: str,
    archs: Sequence[str],
    *,
    seed: int,
    batch_size: int,
    workers: int = 1,
    data_dir: str | Path | None = None,
    kept: Path | None = None,
) -> pd.DataFrame:
    """``arch`` and the columns :data:`~naswotbook.panels.PREDICTORS` of each of ``archs``.

    Scores count each unit once, come from the fast engine, and are taken from :func:`scores_file` in the folder
    ``kept``, where they are and are added where they are not. Sizes are of the default skeleton, with ten classes.
    """
    how = TABLES[table]

    def score(missing: list[str], out: Path | None) -> pd.DataFrame:
        inputs = load_images(how.images, batch_size, seed=seed, data_dir=data_dir, side=how.side)
        return score_archs(space, missing, inputs, seed=seed, exact=False, workers=workers, out=out, progress=False)

    file = kept and kept / scores_file(table, seed=seed, batch_size=batch_size)
    scored = complete_scores(file, archs, score) if file else score(list(archs), None)
    sizes = network_sizes(space, archs, side=how.side or 32)[["arch", *SIZES]]
    return scored[["arch", "score"]].rename(columns={"score": NASWOT}).merge(sizes, on="arch", validate="1:1")


def one_of_each(space: str, archs: Sequence[str]) -> list[str]:
    """``archs`` without those that are the same network as one before: of NAS-Bench-Macro, where identities move."""
    found = get_space(space)
    if not hasattr(found, "canonical"):
        return list(archs)
    first: dict[Any, str] = {}
    for arch in archs:
        first.setdefault(found.canonical(found.from_str(arch)), arch)
    return list(first.values())


def read_tasks(benchmark: Benchmark, archs: Sequence[str]) -> dict[Task, Numbers]:
    """What networks reached on each task of a table, higher being better; NaN for those that were not trained."""
    found = {}
    for dataset, split, epochs in [*benchmark.available, *benchmark.available_metrics]:
        key: dict[str, Any] = {"dataset": dataset, "split": split, "epochs": epochs}
        trained = set(benchmark.trained(**key))
        there = np.array([arch in trained for arch in archs])
        values = np.full(len(archs), np.nan)
        values[there] = benchmark.metric([arch for arch in archs if arch in trained], **key)
        found[dataset, split, epochs] = values
    return dict(sorted(found.items()))


def rank_tasks(
    table: str, points: pd.DataFrame, tasks: Mapping[Task, Numbers], *, seed: int, n_boot: int = 1000
) -> pd.DataFrame:
    """Rank correlations of the measures of ``points``, a row a network, with what they reached on ``tasks``.

    Columns: ``table``; ``dataset``, ``split`` and ``epochs`` of the task; ``kind``, ``measure``, ``given``; ``n``
    networks; ``tau``, Kendall's tau-b, with ``low`` and ``high`` of a 95% bootstrap interval over networks, and
    ``tau_a``, which counts pairs that tie. By ``kind``:

    - ``task``: of ``measure`` with the task;
    - ``difference``: tau of the score less that of the count that ranks this task best, ``given``, on the same draws;
    - ``partial``: of the score with the task, ``given`` held fixed;
    - ``other tasks``: of the task with the mean rank on the others, where there are any (no interval);
    - ``sizes``: of the score with ``given``, a count; no task.
    """
    rows = [
        {"kind": "sizes", "measure": NASWOT, "given": name} | found for name, found in _with_sizes(points, seed, n_boot)
    ]
    for (dataset, split, epochs), values in tasks.items():
        known = ~np.isnan(values) & points[NASWOT].notna().to_numpy()
        about = {"dataset": dataset, "split": split, "epochs": epochs, "n": int(known.sum())}
        columns = points.loc[known, list(PREDICTORS)].to_numpy(dtype=float)
        rows += [about | row for row in _of_task(columns, values[known], seed, n_boot)]
        others = [rankdata(other[known]) for task, other in tasks.items() if task != (dataset, split, epochs)]
        if others:
            rows.append(about | {"kind": "other tasks", "tau": tau_b(values[known], np.mean(others, axis=0))})
    return pd.DataFrame([{"table": table} | row for row in rows], columns=COLUMNS)


def rank_widths(table: str, points: pd.DataFrame, accuracy: Numbers, *, seed: int, n_boot: int = 1000) -> pd.DataFrame:
    """Which widths of Channel-Bench-Macro each measure of ``points`` follows, and which ``accuracy`` does.

    The columns of :func:`rank_tasks`, of kind ``width``: tau of ``measure``, or of ``accuracy``, with the number of
    channels of layer ``given``, c0 to c6.
    """
    space = get_space(table)
    widths = np.array([space.from_str(arch).digits for arch in points.arch])
    rows = []
    columns = {"accuracy": accuracy} | {name: points[name].to_numpy(dtype=float) for name in PREDICTORS}
    for name, values in columns.items():
        for layer, width in enumerate(widths.T):
            found = kendall_tau(width, values, rng=np.random.default_rng(seed), n_boot=n_boot)
            about = {"table": table, "kind": "width", "measure": name, "given": f"c{layer}", "n": found.n}
            rows.append(about | {"tau": found.tau, "low": found.low, "high": found.high})
    return pd.DataFrame(rows, columns=COLUMNS)


def _with_sizes(points: pd.DataFrame, seed: int, n_boot: int) -> Iterator[tuple[str, dict[str, Any]]]:
    columns = points.dropna(subset=NASWOT)[list(PREDICTORS)].to_numpy(dtype=float)
    drawn = np.array([_taus_with_score(columns[rows]) for rows in _draws(len(columns), seed, n_boot)])
    for place, tau in enumerate(_taus_with_score(columns)):
        found = {"n": len(columns), "tau": tau, "tau_a": tau_a(columns[:, 0], columns[:, 1 + place])}
        yield SIZES[place], found | _interval(drawn[:, place])


def _of_task(columns: Numbers, values: Numbers, seed: int, n_boot: int) -> Iterator[dict[str, Any]]:
    draws = list(_draws(len(values), seed, n_boot))
    taus = np.array([tau_b(column, values) for column in columns.T])
    drawn = np.array([[tau_b(column[rows], values[rows]) for column in columns.T] for rows in draws])
    for place, name in enumerate(PREDICTORS):
        tied = {"tau": taus[place], "tau_a": tau_a(columns[:, place], values)}
        yield {"kind": "task", "measure": name} | tied | _interval(drawn[:, place])
    best = 1 + int(np.argmax(taus[1:]))
    given = {"measure": NASWOT, "given": PREDICTORS[best]}
    yield {"kind": "difference", "tau": taus[0] - taus[best]} | given | _interval(drawn[:, 0] - drawn[:, best])
    shared = np.array([tau_b(columns[rows, 0], columns[rows, best]) for rows in draws])
    of_draws = _partial(drawn[:, 0], shared, drawn[:, best])
    partial = float(_partial(taus[0], tau_b(columns[:, 0], columns[:, best]), taus[best]))
    yield {"kind": "partial", "tau": partial} | given | _interval(of_draws)


def _draws(n: int, seed: int, n_boot: int) -> Iterator[npt.NDArray[np.int64]]:
    rng = np.random.default_rng(seed)
    return (rng.integers(n, size=n) for _ in range(n_boot))


def _taus_with_score(columns: Numbers) -> list[float]:
    return [tau_b(columns[:, 0], columns[:, place]) for place in range(1, columns.shape[1])]


def _partial(with_task: Any, shared: Any, other: Any) -> Any:
    """Kendall's partial tau from three taus: of the score with the task, of score and count, of count and task."""
    return (with_task - shared * other) / np.sqrt((1 - shared**2) * (1 - other**2))


def _interval(drawn: Numbers) -> dict[str, float]:
    low, high = np.nanpercentile(drawn, [2.5, 97.5])
    return {"low": float(low), "high": float(high)}
