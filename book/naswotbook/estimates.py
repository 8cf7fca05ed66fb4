"""Means of searches with what is known of their error: over runs, over seeds of the scores, over networks drawn.

An estimate is a row a method, column of accuracies and seed of the scores that the method chose by. A closed form has
no error over runs. What chose by scores of several seeds has the error between them: runs that share one score for
each network do not see it.
"""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import t as student

from naswotbook import searches
from naswotbook.closed import Numbers, choice_moments
from naswotbook.counting import COUNTS
from naswotbook.kept import kept_table
from naswotbook.searches import Column, accuracies, assisted_runs, training_runs
from naswotlib.search import base, with_training

RUN = ["method", "run", "drawn_from", "trained"]  # columns of runs that are no accuracies
SEED = "score_seed"
CELL = ["method", "dataset", "split"]
COLUMNS = [*CELL, "epochs", "n_runs", "seeds", "drawn_from", "trained", "mean", "std", "error", "dof", "low", "high"]
PRINTED = ["paper_runs", "paper_mean", "paper_std"]
_ROW = [*CELL, "epochs", SEED, "n_runs", "drawn_from", "trained", "mean", "std", "resampled"]


def of_runs(runs: pd.DataFrame) -> pd.DataFrame:
    """Estimates from runs, as :func:`naswotbook.searches.training_runs` gives them: a row a method, column and seed.

    Accuracies are in percent; the deviation is that of the population, as the benchmarks' papers print it; ``trained``
    is the mean over runs. NaN among the runs is a column that a method does not have, and makes no row.
    """
    seeded = runs if SEED in runs else runs.assign(**{SEED: -1})
    tidy = seeded.melt([*RUN, SEED], var_name="column", value_name="accuracy").dropna()
    cells = tidy.groupby(["method", "column", SEED], sort=False)
    table = cells.agg(
        n_runs=("run", "size"),
        drawn_from=("drawn_from", "first"),
        trained=("trained", "mean"),
        mean=("accuracy", "mean"),
        std=("accuracy", lambda values: round(values.std(ddof=0), 9)),  # equal values have 0, and not 1e-14
    ).reset_index()
    table[["dataset", "split", "epochs"]] = table.column.str.split("/", expand=True).to_numpy()
    return table.astype({"epochs": int}).assign(resampled=None)[_ROW]


def of_searches(
    method: str,
    space: Any,
    benchmark: Any,
    columns: Sequence[Column],
    *,
    scores: Mapping[int, pd.DataFrame] | None = None,
    kept: Path | None = None,
    **search: Any,
) -> pd.DataFrame:
    """Estimates from runs of one search that trains: of REA, RS, REINFORCE, or of AREA with ``scores`` by seed.

    ``search`` are keywords of :func:`naswotbook.searches.training_runs`. What was estimated once is taken from the
    folder ``kept``, where one is given: files are named by all that the estimates depend on, code included.
    """

    def run() -> pd.DataFrame:
        if method == "AREA":
            assert scores is not None
            return of_runs(assisted_runs(space, benchmark, columns, scores, **search)).drop(columns="resampled")
        return of_runs(training_runs(method, space, benchmark, columns, **search)).drop(columns="resampled")

    if kept is None:
        return run().assign(resampled=None)[_ROW]
    kept.mkdir(parents=True, exist_ok=True)
    name = _digest(method, space, benchmark, columns, scores, search)
    path = kept / f"{space.name}-{method}-runs{search['n_runs']}-{name}.parquet"
    return kept_table(path, run).assign(resampled=None)[_ROW]


def _digest(
    method: str,
    space: Any,
    benchmark: Any,
    columns: Sequence[Column],
    scores: Mapping[int, pd.DataFrame] | None,
    search: Mapping[str, Any],
) -> str:
    """What the runs of a search depend on, as a name: settings, scores, accuracies, mutations, and the code."""
    settings = {key: value for key, value in sorted(search.items()) if key != "workers"}
    used = [pd.util.hash_pandas_object(table[["arch", "score"]]).sum() for table in (scores or {}).values()]
    judged = accuracies(benchmark.archs[:100], benchmark, columns).to_numpy().tolist()
    rng = np.random.default_rng(0)
    children = [space.to_str(space.mutate(space.from_str(arch), rng)) for arch in benchmark.archs[:20]]
    code = [inspect.getsource(module) for module in (base, with_training, searches)]
    facts = [method, space.name, [*columns], settings, [*(scores or {})], used, judged, children, code]
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:16]


def of_choices(
    scores: Mapping[int, pd.DataFrame],
    counts: pd.DataFrame | None,
    benchmark: Any,
    columns: Sequence[Column],
    *,
    samples: Sequence[int],
    weights: Numbers | None = None,
) -> pd.DataFrame:
    """Estimates of searches that only choose, by their closed form: every run, none of them made.

    scores: tables of scores by seed, of the same networks in the same order; counts: their
    :func:`naswotbook.counting.count_sizes`, or None; samples: N, how many networks a search draws; weights: bootstrap
    samples of the networks, where these are a sample of the space.
    Rows: ``Random``; for each N ``NASWOT (N=n)``, a row a seed, ``Optimal (N=n)``, the best value of each column among
    the N, ``Best (N=n)``, the network of the N that is best in the first of ``columns``, and a row for each count.
    """
    first = next(iter(scores.values()))
    archs = first.arch.tolist()
    if any(table.arch.tolist() != archs for table in scores.values()):
        raise ValueError("scores: expected the same networks in the same order for every seed")
    reached = accuracies(archs, benchmark, columns)
    looked: list[tuple[str, int, pd.Series[float]]] = [("NASWOT", seed, table.score) for seed, table in scores.items()]
    looked.append(("Best", -1, reached.iloc[:, 0]))
    if counts is not None:
        by_arch = counts.set_index("arch").loc[archs]
        looked += [(COUNTS[name], -1, by_arch[name]) for name in COUNTS if name in by_arch]
    rows = []
    for column in reached:
        dataset, split, epochs = str(column).split("/")
        outcomes = reached[column].to_numpy()
        where = {"dataset": dataset, "split": split, "epochs": int(epochs), "n_runs": 0}
        where |= {"drawn_from": len(archs), "trained": 0.0}
        asked: list[tuple[str, int, Numbers, int]] = [("Random", -1, np.zeros(len(archs)), 1)]
        for n in sorted(samples):
            asked.append((f"Optimal (N={n})", -1, outcomes, n))
            asked += [(f"{name} (N={n})", seed, np.asarray(values, float), n) for name, seed, values in looked]
        for method, seed, values, n in asked:
            mean, std = choice_moments(values, outcomes, n)
            again = None if weights is None else choice_moments(values, outcomes, n, weights=weights)[0]
            moments = {"mean": float(mean), "std": float(std), "resampled": again}
            rows.append({"method": method, SEED: seed} | where | moments)
    return pd.DataFrame(rows)[_ROW]


def _variance(parts: list[pd.DataFrame]) -> tuple[float, float]:
    """Variance of the mean over seeds of one method, or of the difference of two, and its degrees of freedom."""
    terms: list[tuple[float, float]] = []
    seeds = [set(part[SEED]) for part in parts]
    if len(parts) == 2 and seeds[0] == seeds[1] and len(seeds[0]) > 1:  # paired: the same scores of both
        values = [part.set_index(SEED)["mean"] for part in parts]
        apart = values[0] - values[1]
        terms.append((float(apart.var(ddof=1)) / len(apart), len(apart) - 1.0))
    else:
        for part in parts:
            if len(part) > 1:
                terms.append((float(part["mean"].var(ddof=1)) / len(part), len(part) - 1.0))
            elif part.n_runs.iloc[0]:
                n = float(part.n_runs.iloc[0])
                terms.append((float(part["std"].iloc[0]) ** 2 / n, n - 1))
            elif part[SEED].iloc[0] >= 0 and part.method.iloc[0].startswith("NASWOT") and part.resampled.isna().all():
                return np.nan, np.nan
    drawn = [np.mean(list(part.resampled), axis=0) for part in parts if part.resampled.notna().all()]
    if drawn:
        apart = drawn[0] - drawn[1] if len(drawn) == 2 else drawn[0]
        terms.append((float(np.var(apart, ddof=1)), len(apart) - 1.0))
    variance = sum(term for term, _ in terms)
    below = sum(term**2 / dof for term, dof in terms if dof > 0)
    return variance, variance**2 / below if below else np.inf


def _interval(mean: float, variance: float, dof: float) -> tuple[float, float]:
    reach = float(student.ppf(0.975, dof)) * variance**0.5 if variance else 0.0  # of NaN it is NaN
    return mean - reach, mean + reach


def summary(estimates: pd.DataFrame) -> pd.DataFrame:
    """A row a method and column: means over the seeds of the scores, with their error and 95% interval.

    Columns :data:`COLUMNS`. ``n_runs`` is 0 for a closed form; ``std`` is the deviation from run to run; ``error`` is
    the standard error of the mean, with ``dof`` degrees of freedom: 0 where nothing is left to chance, NaN where a
    single seed of the scores says nothing of it.
    """
    rows = []
    for _, part in estimates.groupby(CELL, sort=False):
        variance, dof = _variance([part])
        mean, row = float(part["mean"].mean()), part.iloc[0]
        low, high = _interval(mean, variance, dof)
        facts = {name: row[name] for name in (*CELL, "epochs", "drawn_from", "trained")}
        rows.append(
            facts
            | {"n_runs": int(part.n_runs.sum()), "seeds": len(part) if part[SEED].min() >= 0 else 0}
            | {"mean": mean, "std": float(np.sqrt((part["std"] ** 2).mean())), "error": variance**0.5}
            | {"dof": dof, "low": low, "high": high}
        )
    return pd.DataFrame(rows, columns=COLUMNS)


def beside_paper(ours: pd.DataFrame, printed: pd.DataFrame) -> pd.DataFrame:
    """Summaries beside the cells that the paper prints, in its order; what it does not print comes last.

    ``printed`` is a part of what :func:`naswotbook.search_tables.read_printed` gives. Adds to each row ``paper_runs,
    paper_mean, paper_std``; the difference of the means, ours less the paper's, as ``deviations``, in the paper's
    standard deviation, and as ``standard_errors``, in the standard error of the difference. What only one side has is
    NaN on the other; so are the two where the paper prints a deviation of 0.
    """
    named = {"n_runs": "paper_runs", "mean": "paper_mean", "std": "paper_std"}
    paper = printed.rename(columns=named)[[*CELL, *PRINTED]]
    order = {method: place for place, method in enumerate(dict.fromkeys([*paper.method, *ours.method]))}
    cells = pd.concat([paper[CELL], ours[CELL]]).drop_duplicates()
    cells = cells.sort_values("method", key=lambda names: names.map(order), kind="stable")
    table = cells.merge(paper, on=CELL, how="left").merge(ours, on=CELL, how="left")
    difference = table["mean"] - table.paper_mean
    error = np.sqrt(table.error**2 + table.paper_std**2 / table.paper_runs)
    table["deviations"] = difference / table.paper_std.replace(0.0, np.nan)
    table["standard_errors"] = difference / error.replace(0.0, np.nan)
    counts = dict.fromkeys(("epochs", "n_runs", "seeds", "drawn_from", "paper_runs"), "Int64")
    return table[[*COLUMNS, *PRINTED, "deviations", "standard_errors"]].astype(counts)


def differences(estimates: pd.DataFrame, pairs: Iterable[tuple[str, str]]) -> pd.DataFrame:
    """For each pair of methods (a, b) and column: mean of a less mean of b, with its 95% interval.

    Columns ``a, b, dataset, split, n_a, n_b, seeds, difference, error, dof, low, high``, in points of accuracy. Where
    both chose by scores of the same seeds, or among the same networks, the difference is paired; runs of different
    methods are independent. A column that one of the two lacks is left out.
    """
    rows = []
    groups = dict(iter(estimates.groupby(CELL, sort=False)))
    columns = list(dict.fromkeys(zip(estimates.dataset, estimates.split, strict=True)))
    for a, b in pairs:
        for dataset, split in columns:
            parts = [groups.get((method, dataset, split)) for method in (a, b)]
            if parts[0] is None or parts[1] is None:
                continue
            both = [parts[0], parts[1]]
            variance, dof = _variance(both)
            found = float(both[0]["mean"].mean() - both[1]["mean"].mean())
            counted = [int(part.n_runs.sum()) for part in both]
            seeds = max(len(part) if part[SEED].min() >= 0 else 0 for part in both)
            low, high = _interval(found, variance, dof)
            rows.append([a, b, dataset, split, *counted, seeds, found, variance**0.5, dof, low, high])
    names = ["a", "b", "dataset", "split", "n_a", "n_b", "seeds", "difference", "error", "dof", "low", "high"]
    return pd.DataFrame(rows, columns=names)
