"""How well each measure of an untrained network ranks networks by accuracy, from tables of measures.

Tables are those of :mod:`naswotbook.experiments.measure_tables`. Where networks share a function, as the cells of
NAS-Bench-201 do, intervals draw functions and not networks, since copies of one are no independent evidence.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from naswotbook.kept import scores_name
from naswotbook.pairs import precision, regret, tau_b
from naswotlib.spaces.base import get_space
from naswotlib.spaces.nasbench201 import isomorphism_class
from naswotlib.stats import tau_a

Numbers = npt.NDArray[np.float64]
NOT_MEASURES = ("arch", "seconds", "error")
SUMMARY = ["measure", "n", "failed", "singular", "tau_b", "low", "high", "tau_a", "precision", "regret", "seconds"]


def read_measures(folder: Path, space: str, dataset: str = "cifar10", *, seed: int = 0, **setting: Any) -> pd.DataFrame:
    """The table of measures of ``space`` in ``folder``; ``setting`` are the other keywords of ``scores_name``."""
    return pd.read_parquet(folder / scores_name(space, dataset, counting="measures", seed=seed, **setting))


def functions_of(space: str, archs: Sequence[str]) -> list[Hashable]:
    """What makes two networks the same: the isomorphism class of a NAS-Bench-201 cell, elsewhere the architecture."""
    if space != "nasbench201":
        return list(archs)
    found = get_space(space)
    return [isomorphism_class(found.from_str(arch)) for arch in archs]


def summarise_measures(
    table: pd.DataFrame,
    accuracy: npt.ArrayLike,
    *,
    functions: Sequence[Hashable] | None = None,
    share: float = 0.1,
    k: int = 10,
    seed: int,
    n_boot: int = 1000,
) -> pd.DataFrame:
    """A row for each measure of ``table``, whose networks have ``accuracy`` (percent, in their order).

    Columns: ``measure``; ``n`` networks with a value and ``failed`` without; ``singular``, those of −inf, which rank
    last; ``tau_b`` with accuracy and ``low``, ``high`` of a 95% bootstrap interval over ``functions`` (by default each
    network is its own); ``tau_a``, which counts pairs that tie; ``precision``, how much of the most accurate ``share``
    is in as large a share by the measure; ``regret``, by how many points the best of the ``k`` highest is below the
    best of all; ``seconds``, the median a network, of all measures together. Of networks of equal value those that fill
    up a share are drawn at random, and the last two are exact means over draws.
    """
    accuracies = np.asarray(accuracy, dtype=float)
    if len(accuracies) != len(table):
        raise ValueError(f"accuracy: expected {len(table)}, one for each network, got {len(accuracies)}")
    rows = []
    for name in table.columns.drop(list(NOT_MEASURES)):
        values = table[name].to_numpy(dtype=float)
        known = ~np.isnan(values)
        x, y = values[known], accuracies[known]
        alike = None if functions is None else [one for one, there in zip(functions, known, strict=True) if there]
        low, high = resampled(tau_b, x, y, functions=alike, seed=seed, n_boot=n_boot)
        top = max(1, math.ceil(share * len(x)))
        row = {"measure": name, "n": len(x), "failed": int((~known).sum()), "singular": int(np.isneginf(x).sum())}
        row |= {"tau_b": tau_b(x, y), "low": low, "high": high, "tau_a": tau_a(x, y)}
        row |= {"precision": precision(x, y, top), "regret": regret(x, y, min(k, len(x)))}
        rows.append(row | {"seconds": float(table.seconds.median())})
    return pd.DataFrame(rows, columns=SUMMARY)


def compare_measures(
    tables: Sequence[pd.DataFrame],
    accuracy: npt.ArrayLike,
    one: str,
    other: str,
    *,
    statistic: Callable[[Numbers, Numbers], float] = tau_b,
    functions: Sequence[Hashable] | None = None,
    seed: int,
    n_boot: int = 1000,
) -> dict[str, Any]:
    """Whether ``one`` measure ranks networks better than ``other``: the paired difference of their tau-b.

    Or of another ``statistic`` of a measure and accuracies, in its place below.

    ``tables`` are of the same networks in the same order, one for each score seed. Returns ``one``, ``other``, ``n``
    (networks with both values at every seed), ``seeds``, ``difference`` (mean over seeds of tau(one) − tau(other)),
    ``low``, ``high`` (95% bootstrap interval that draws functions and seeds anew), ``by_seed``, the difference of each,
    and ``tau_one``, ``tau_other``, their means over seeds.
    """
    archs = [table.arch.tolist() for table in tables]
    if any(names != archs[0] for names in archs):
        raise ValueError("tables: expected the same networks in the same order at every seed")
    pairs = np.stack([table[[one, other]].to_numpy(dtype=float) for table in tables])
    known = ~np.isnan(pairs).any(axis=(0, 2))
    pairs, y = pairs[:, known], np.asarray(accuracy, dtype=float)[known]
    alike = None if functions is None else [one for one, there in zip(functions, known, strict=True) if there]
    rng = np.random.default_rng(seed)

    def difference(accuracies: Numbers, *columns: Numbers) -> float:
        drawn = rng.integers(len(tables), size=len(tables))
        apart = {
            at: statistic(columns[2 * at], accuracies) - statistic(columns[2 * at + 1], accuracies) for at in {*drawn}
        }
        return float(np.mean([apart[at] for at in drawn]))

    taus = np.array([[statistic(column, y) for column in values.T] for values in pairs])
    by_seed = taus[:, 0] - taus[:, 1]
    columns = [column for values in pairs for column in values.T]  # of each seed one, then the other
    low, high = resampled(difference, y, *columns, functions=alike, seed=seed, n_boot=n_boot)
    found = {"one": one, "other": other, "n": len(y), "seeds": len(tables), "difference": float(by_seed.mean())}
    means = dict(zip(("tau_one", "tau_other"), map(float, taus.mean(axis=0)), strict=True))
    return found | {"low": low, "high": high, "by_seed": by_seed.tolist()} | means


def order_kept(
    full: pd.DataFrame,
    cheap: pd.DataFrame,
    *,
    functions: Sequence[Hashable] | None = None,
    seed: int,
    n_boot: int = 1000,
) -> pd.DataFrame:
    """How far each measure orders networks at a cheap setting as it does at the full one.

    ``cheap`` has the networks of ``full`` (of which ``functions`` are) or some of them. A row for each measure of both:
    ``measure``, ``n`` networks with both values, ``tau_b`` between the two, and ``low``, ``high`` as above.
    """
    names = [name for name in full.columns.drop(list(NOT_MEASURES)) if name in cheap]
    alike = full.arch if functions is None else pd.Series(list(functions), index=full.index)
    both = full.assign(function=alike).merge(cheap, on="arch", suffixes=("", "_cheap"))
    rows = []
    for name in names:
        pair = both[[name, f"{name}_cheap", "function"]].dropna()
        columns = [pair[column].to_numpy(dtype=float) for column in (name, f"{name}_cheap")]
        low, high = resampled(tau_b, *columns, functions=pair.function.tolist(), seed=seed, n_boot=n_boot)
        rows.append({"measure": name, "n": len(pair), "tau_b": tau_b(*columns), "low": low, "high": high})
    return pd.DataFrame(rows, columns=["measure", "n", "tau_b", "low", "high"])


def comparison_in_words(found: dict[str, Any], *, one: str, other: str) -> str:
    """The verdict of :func:`compare_measures`, with the names that the two measures have in prose."""
    interval = f"{found['difference']:+.3f} [{found['low']:+.3f}, {found['high']:+.3f}]"
    if found["low"] > 0:
        verdict = f"{one} ranks networks better than {other}"
    elif found["high"] < 0:
        verdict = f"{one} ranks networks worse than {other}"
    else:
        verdict = f"{one} and {other} cannot be told apart"
    seeds = "one seed" if found["seeds"] == 1 else f"{found['seeds']} seeds"
    return (
        f"{verdict}: over {seeds} and {found['n']} networks τ is {found['tau_one']:.3f} and {found['tau_other']:.3f}, "
        f"the difference {interval}."
    )


def resampled(
    statistic: Callable[..., float],
    *columns: Numbers,
    functions: Sequence[Hashable] | None = None,
    seed: int,
    n_boot: int = 1000,
) -> tuple[float, float]:
    """95% percentile interval of ``statistic(*columns)`` over resampled rows, drawn by whole functions.

    A resample without a value is left out. Of fewer than ten functions there is no interval, and both ends are NaN.
    """
    names = pd.Series(list(functions) if functions is not None else range(len(columns[0])))
    members = [np.asarray(rows) for rows in names.groupby(pd.factorize(names)[0]).groups.values()]
    if len(members) < 10:
        return math.nan, math.nan
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(n_boot):
        rows = np.concatenate([members[one] for one in rng.integers(len(members), size=len(members))])
        found.append(statistic(*(column[rows] for column in columns)))
    values = np.array(found)[~np.isnan(found)]
    low, high = np.percentile(values, [2.5, 97.5]) if len(values) else (math.nan, math.nan)
    return float(low), float(high)
