"""How far accuracies of one table agree, those of other splits, schedules and rules over repeats."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import kendalltau

from naswotlib.benchmarks.benchmark import Benchmark
from naswotlib.benchmarks.importers import import_file
from naswotlib.benchmarks.load import load_benchmark
from naswotlib.errors import check_choice

Key = tuple[str, str, int]  # dataset, split, epochs


def key_name(key: Key) -> str:
    """A column of accuracies in words.

    >>> key_name(("cifar10", "validation", 200))
    'cifar10 validation, 200 epochs'
    """
    dataset, split, epochs = key
    return f"{dataset} {split}, {epochs} epochs"


def agreement(benchmark: Benchmark, keys: Sequence[Key] | None = None) -> pd.DataFrame:
    """Kendall's τ between columns of accuracies, each a mean over repeats: a row and a column for each of ``keys``.

    Without ``keys``, between all that the table has, in its order. A pair is compared over the architectures that
    have both; NaN where those are fewer than two.
    """
    columns = {key_name(key): _means(benchmark, key) for key in keys or benchmark.available}
    return pd.DataFrame(columns).corr(method="kendall", min_periods=2)


def pairs(taus: pd.DataFrame) -> pd.DataFrame:
    """What :func:`agreement` gives, each pair of columns once: ``first``, ``second``, ``tau``, without NaN."""
    names = list(taus)
    rows = [(names[i], names[j], taus.iloc[i, j]) for i in range(len(names)) for j in range(i)]
    return pd.DataFrame(rows, columns=["first", "second", "tau"]).dropna(ignore_index=True)


def _means(benchmark: Benchmark, key: Key) -> pd.Series[float]:
    dataset, split, epochs = key
    archs = benchmark.trained(dataset=dataset, split=split, epochs=epochs)
    return pd.Series(benchmark.accuracy(archs, dataset=dataset, split=split, epochs=epochs), index=archs, dtype=float)


def gain_of_maximum(benchmark: Benchmark, key: Key) -> dict[str, float]:
    """How much better networks look by the best of their repeats than by the mean of them.

    Over the architectures that were trained more than once: ``n`` of them, ``repeats`` (mean number), ``std`` (mean
    over architectures of the standard deviation between repeats, n − 1 in the denominator), ``gain`` (mean of
    maximum − mean), in percentage points, and ``tau`` (Kendall's τ between both, NaN below two architectures).

    >>> from naswotlib.benchmarks import load_benchmark
    >>> gain_of_maximum(load_benchmark("bundled-nasbench101"), ("cifar10", "test", 3))["n"]
    0
    """
    check_choice("key", key, benchmark.available)
    lists = benchmark.column("/".join(map(str, ("accuracy", *key)))).to_pylist()
    several = [np.array(runs) for runs in lists if runs and len(runs) > 1]
    if not several:
        return {"n": 0} | dict.fromkeys(("repeats", "std", "gain", "tau"), np.nan)
    means, best = (np.array([function(runs) for runs in several]) for function in (np.mean, np.max))
    return {
        "n": len(several),
        "repeats": float(np.mean([len(runs) for runs in several])),
        "std": float(np.mean([runs.std(ddof=1) for runs in several])),
        "gain": float(np.mean(best - means)),
        "tau": float(kendalltau(means, best).statistic) if len(several) > 1 else np.nan,
    }


SAMPLES = ("NATS-tss-v1_0-3ffb9-simple", "NATS-sss-v1_0-50262-simple")
MAXIMUM, RANDOM, EACH = ("maximum of repeats", "random network, mean of repeats", "validation after each epoch")

COLUMNS = ["choice", "table", "dataset", "split", "epochs", "n", "repeats", "std", "value"]


def published_choices(home: Path) -> pd.DataFrame:
    """What the page "Which accuracy?" says of published tables in the folder ``home``, in numbers that list no network.

    Rows: by ``choice``, :data:`MAXIMUM`, what it adds to the mean on NATS-Bench's sample (in ``nats-bench-sample``);
    :data:`RANDOM`, mean and standard deviation over all of NAS-Bench-101; :data:`EACH`, seconds of the table of
    NAS-Bench-201 as a multiple of those of the sample, which charges one validation. ``n`` counts networks.
    """
    return pd.DataFrame(list(_published_choices(home)))[COLUMNS]


def _published_choices(home: Path) -> Iterator[dict[str, Any]]:
    with TemporaryDirectory() as folder:
        samples = [
            Benchmark(import_file(home / "nats-bench-sample" / name, out=folder).rename(Path(folder) / name))
            for name in SAMPLES
        ]
        for sample in samples:
            for dataset, split, epochs in sorted(sample.available):
                gain = gain_of_maximum(sample, (dataset, split, epochs))
                if gain["n"] and split in ("validation", "test") and dataset != "cifar10-valid":
                    row = {"dataset": dataset, "split": split, "epochs": epochs, **gain, "value": gain["gain"]}
                    yield {"choice": MAXIMUM, "table": sample.name, **row}
        each, once = load_benchmark("nasbench201", data_dir=home), samples[0]
        for dataset, epochs in each.available_seconds:
            charged, sampled = (
                table.train_seconds(once.archs, dataset=dataset, epochs=epochs) for table in (each, once)
            )
            ratio = charged / sampled
            row = {"dataset": dataset, "epochs": epochs, "n": len(ratio), "std": ratio.std(), "value": ratio.mean()}
            yield {"choice": EACH, "table": each.name, **row}
    whole = load_benchmark("nasbench101", data_dir=home)
    drawn = whole.accuracy(whole.archs, dataset="cifar10", split="test", epochs=108)
    row = {"dataset": "cifar10", "split": "test", "epochs": 108, "n": len(drawn)}
    yield {"choice": RANDOM, "table": whole.name, **row, "std": drawn.std(), "value": drawn.mean()}
