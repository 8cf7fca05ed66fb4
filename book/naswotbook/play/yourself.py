"""What the best of N random networks is worth, for every N: the closed form's curves behind *Search yourself*."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from naswotbook.closed import Numbers, choice_chances, choice_moments
from naswotbook.kept import scores_name
from naswotbook.markdown import DATASETS, Format, frame_table
from naswotbook.play.scripts import packed
from naswotbook.samples import draw_sample, load_profile, score_sample

MOST = 1000  # networks that a search looks at
NUMBERS = [int(n) for n in np.unique(np.rint(np.geomspace(1, MOST, 91)))]
SHARES = (0.01, 0.05, 0.1, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.9, 0.95, 0.99)
BIN = 0.1  # percent of accuracy: quantiles are read off bins, so that none is the accuracy of a single network
# Ways to choose among N networks, as the page calls them, and the name of their colour.
WAYS = {"NASWOT": "score", "ReLU units": "units", "random choice": "random", "the best of the N": "best"}
PUBLISHED, OURS = "{}, published", "CIFAR-10, ours: {} networks"


def binned_quantiles(outcomes: npt.ArrayLike, chances: npt.ArrayLike, shares: npt.ArrayLike) -> Numbers:
    """Quantiles of outcomes that come with ``chances``, as if they lay evenly within bins of :data:`BIN`.

    >>> binned_quantiles([50.02, 60.07], [0.5, 0.5], [0.25, 0.75]).round(2).tolist()
    [50.05, 60.05]
    """
    place = np.floor(np.asarray(outcomes, dtype=float) / BIN + 1e-9).astype(int)
    low = place.min()
    mass = np.bincount(place - low, weights=np.asarray(chances, dtype=float))
    full = np.flatnonzero(mass > 0)
    below = np.concatenate([[0.0], np.cumsum(mass[full])]) / mass.sum()
    found = np.clip(np.searchsorted(below, shares, side="right") - 1, 0, len(full) - 1)
    inside = (np.asarray(shares) - below[found]) / (below[found + 1] - below[found])
    quantiles: Numbers = (low + full[found] + inside) * BIN
    return quantiles


def choice_curves(ways: Mapping[str, npt.ArrayLike], accuracy: npt.ArrayLike) -> pd.DataFrame:
    """A row for each way to choose and N of :data:`NUMBERS`: ``way, n, mean, std`` and quantiles ``q01`` to ``q99``.

    ways: by name a number for each network; the search takes the one of N with the highest, of equal ones any.
    accuracy: of each network, percent; drawing is uniform and with replacement, as in Tables 1 and 2 of the paper.
    """
    rows = []
    for way, values in ways.items():
        for n in NUMBERS:
            mean, std = choice_moments(values, accuracy, n)
            quantiles = binned_quantiles(accuracy, choice_chances(values, n), SHARES)
            rows.append([way, n, float(mean), float(std), *quantiles])
    return pd.DataFrame(rows, columns=["way", "n", "mean", "std", *map(_quantile_name, SHARES)])


def _quantile_name(share: float) -> str:
    return f"q{100 * share:02.0f}"


def _ways(scores: npt.ArrayLike, units: npt.ArrayLike, accuracy: npt.ArrayLike) -> dict[str, npt.ArrayLike]:
    return dict(zip(WAYS, (scores, units, np.zeros(len(np.asarray(accuracy))), accuracy), strict=True))


def published_curves(scores: Path, *, data_dir: str = "", seed: int = 0) -> pd.DataFrame:
    """:func:`choice_curves` on NAS-Bench-201 with published test accuracies, a set for each of its data sets.

    ``scores`` is the folder of kept tables, in which all cells have a score.
    """
    benchmark = load_profile("nasbench201", profile="paper", data_dir=data_dir or None)
    tables = []
    for dataset, name in DATASETS.items():
        kept = pd.read_parquet(scores / scores_name("nasbench201", dataset, counting="once", seed=seed))
        accuracy = benchmark.accuracy(list(kept.arch), dataset=dataset, split="test", epochs=200)
        curves = choice_curves(_ways(kept.score, kept.num_units, accuracy), accuracy)
        tables.append(curves.assign(networks=PUBLISHED.format(name)))
    return _first(pd.concat(tables, ignore_index=True))


def our_curves(*, seed: int, batch_size: int = 128) -> pd.DataFrame:
    """The same with the networks and test accuracies of the bundled benchmark, scored as they were trained."""
    sample = draw_sample("nasbench201", "cifar10", None, profile="demo", seed=seed)
    accuracy = load_profile("nasbench201", profile="demo").accuracy(
        sample.archs, dataset="cifar10", split="test", epochs=sample.epochs
    )
    scored = score_sample(sample, seed=seed, batch_size=batch_size)
    curves = choice_curves(_ways(scored.score, scored.num_units.astype(float), accuracy), accuracy)
    return _first(curves.assign(networks=OURS.format(len(sample.archs))))


def _first(table: pd.DataFrame) -> pd.DataFrame:
    return table[["networks", *(name for name in table if name != "networks")]]


def yourself_data(curves: pd.DataFrame) -> dict[str, Any]:
    """What book/interactive/yourself.js reads, from rows of :func:`published_curves` and :func:`our_curves`."""
    sets = []
    for name, rows in curves.groupby("networks", sort=False):
        columns = ["mean", "std", *map(_quantile_name, SHARES)]
        ways = [
            {"name": way, "kind": WAYS[str(way)], "values": packed(part[columns].to_numpy(), "f4")}
            for way, part in rows.groupby("way", sort=False)
        ]
        about = (
            "Test accuracy after 200 epochs." if "published" in str(name) else "Test accuracy after our short training."
        )
        sets.append({"name": name, "about": about, "ways": ways})
    return {"numbers": NUMBERS, "shares": SHARES, "sets": sets}


def at_a_few(curves: pd.DataFrame, numbers: Sequence[int] = (10, 100, 1000)) -> str:
    """Markdown: the mean of every way to choose at a few N, a row for each set of networks and N."""
    rows = curves[curves.n.isin(numbers)]
    wide = rows.pivot_table("mean", ["networks", "n"], "way", sort=False)[list(WAYS)].reset_index()
    formats: dict[str, Format] = dict.fromkeys(WAYS, ".2f")
    return frame_table(wide.rename(columns={"n": "N"}), formats | {"N": ","})
