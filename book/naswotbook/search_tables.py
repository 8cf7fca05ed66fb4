"""Tables 1 and 2: the searches of each row, repeated, and their means beside what the paper prints."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from naswotbook.repeat import Column, accuracies, mean_difference, repeat_naswot, repeat_search
from naswotlib.search.base import SearchResult
from naswotlib.search.with_training import area, random_search, rea, reinforce
from naswotlib.spaces.base import arch_seed

TRAINING = {"REA": rea, "RS": random_search, "REINFORCE": reinforce, "AREA": area}
RUN = ["method", "run", "drawn_from", "trained"]  # columns of runs that are no accuracies
CELL = ["method", "dataset", "split"]
COLUMNS = [*CELL, "epochs", "n_runs", "drawn_from", "trained", "mean", "std"]
PRINTED = ["paper_runs", "paper_mean", "paper_std"]


def training_runs(
    method: str,
    space: Any,
    benchmark: Any,
    columns: Sequence[Column],
    *,
    n_runs: int,
    seed: int,
    workers: int = 1,
    **search: Any,
) -> pd.DataFrame:
    """``n_runs`` runs of one of :data:`TRAINING`, whose keywords are ``search``, a row each.

    Columns ``method``, ``run``, ``drawn_from`` (how many architectures its first ones were drawn from: all, or those
    of ``scores``), ``trained`` (how many it trained), and the accuracies of what it chose, as
    :func:`naswotbook.repeat.accuracies` names them. Methods draw from different generators, so that the runs of two
    are independent. ``space`` has a length.
    """
    function = partial(_search, method, space, benchmark, search)
    results = repeat_search(function, n_runs, seed=arch_seed(seed, method), workers=workers)
    chosen = accuracies([result.arch for result in results], benchmark, columns)
    trained = [int(result.history.accuracy.notna().sum()) for result in results]
    facts = {"method": method, "run": range(n_runs), "drawn_from": len(search.get("scores", space)), "trained": trained}
    return pd.DataFrame(facts).join(chosen)


def _search(method: str, space: Any, benchmark: Any, search: dict[str, Any], rng: np.random.Generator) -> SearchResult:
    return TRAINING[method](space, benchmark, rng=rng, **search)


def training_free_runs(
    scores: pd.DataFrame, benchmark: Any, columns: Sequence[Column], *, samples: Sequence[int], n_runs: int, seed: int
) -> pd.DataFrame:
    """Rows ``NASWOT (N=n)``, ``Optimal (N=n)`` and ``Best (N=n)`` for each n of ``samples``, and ``Random``.

    They are those of :func:`naswotbook.repeat.repeat_naswot`, with samples of different size drawn independently.
    ``Random`` is the first candidate of each run of the smallest.
    """
    frames: list[pd.DataFrame] = []
    for n in sorted(samples):
        root = arch_seed(seed, f"NASWOT (N={n})")
        runs = repeat_naswot(scores, benchmark, columns, n_samples=n, n_runs=n_runs, seed=root)
        names = {"naswot": f"NASWOT (N={n})", "optimal": f"Optimal (N={n})", "best": f"Best (N={n})"}
        names |= {} if frames else {"random": "Random"}
        frames.append(runs[runs.method.isin(names)].assign(method=runs.method.map(names)))
    return pd.concat(frames, ignore_index=True).assign(drawn_from=len(scores), trained=0)


def summary(runs: pd.DataFrame) -> pd.DataFrame:
    """Runs summed up: a row a method and column.

    Columns ``method, dataset, split, epochs, n_runs, drawn_from, trained, mean, std``: accuracies in percent, the
    deviation that of the population, as the benchmarks' papers print it, ``trained`` the mean over runs. NaN among
    the runs is a column that a method does not have, and makes no row.
    """
    tidy = runs.melt(RUN, var_name="column", value_name="accuracy").dropna()
    cells = tidy.groupby(["method", "column"], sort=False)
    table = cells.agg(
        n_runs=("run", "size"),
        drawn_from=("drawn_from", "first"),
        trained=("trained", "mean"),
        mean=("accuracy", "mean"),
        std=("accuracy", lambda values: round(values.std(ddof=0), 9)),  # equal values have 0, and not 1e-14
    ).reset_index()
    table[["dataset", "split", "epochs"]] = table.column.str.split("/", expand=True).to_numpy()
    return table.astype({"epochs": int})[COLUMNS]


def beside_paper(ours: pd.DataFrame, printed: pd.DataFrame) -> pd.DataFrame:
    """Summaries beside the cells that the paper prints, in its order; what it does not print comes last.

    ``printed`` is a part of ``book/paper/tables.csv``. Adds to each row ``paper_runs, paper_mean, paper_std``; the
    difference of the means, ours less the paper's, as ``deviations``, in the paper's standard deviation, and as
    ``standard_errors``, in the standard error of the difference of two means of so many runs. What only one side
    has is NaN on the other; so are the two where the paper prints a deviation of 0.
    """
    named = {"n_runs": "paper_runs", "mean": "paper_mean", "std": "paper_std"}
    paper = printed.rename(columns=named)[[*CELL, *PRINTED]]
    order = {method: place for place, method in enumerate(dict.fromkeys([*paper.method, *ours.method]))}
    cells = pd.concat([paper[CELL], ours[CELL]]).drop_duplicates()
    cells = cells.sort_values("method", key=lambda names: names.map(order), kind="stable")
    table = cells.merge(paper, on=CELL, how="left").merge(ours, on=CELL, how="left")
    difference = table["mean"] - table.paper_mean
    error = np.sqrt(table["std"] ** 2 / table.n_runs + table.paper_std**2 / table.paper_runs)
    table["deviations"] = difference / table.paper_std.replace(0.0, np.nan)
    table["standard_errors"] = difference / error.replace(0.0, np.nan)
    counts = dict.fromkeys(("epochs", "n_runs", "drawn_from", "paper_runs"), "Int64")
    return table[[*COLUMNS, *PRINTED, "deviations", "standard_errors"]].astype(counts)


def differences(runs: pd.DataFrame, pairs: Iterable[tuple[str, str]], *, seed: int) -> pd.DataFrame:
    """For each pair of methods (a, b) and column: mean of a less mean of b, with its 95% bootstrap interval.

    Columns ``a, b, dataset, split, n_a, n_b, difference, low, high``, in points of accuracy. The runs of different
    methods count as independent. A column that one of the two lacks is left out.
    """
    rows = []
    for a, b in pairs:
        for column in runs.columns.drop(RUN):
            x, y = (runs.loc[runs.method == method, column].dropna().to_numpy() for method in (a, b))
            if len(x) and len(y):
                dataset, split, _ = column.split("/")
                found = mean_difference(x, y, rng=np.random.default_rng(seed))
                rows.append([a, b, dataset, split, len(x), len(y), *found])
    return pd.DataFrame(rows, columns=["a", "b", "dataset", "split", "n_a", "n_b", "difference", "low", "high"])


def search_seconds(method: str, printed: pd.DataFrame, *, per_score: float, budget: str) -> str:
    """The column *Search (s)*: N times ``per_score`` for NASWOT, ``budget`` for what trains, else as ``printed``.

    >>> search_seconds("NASWOT (N=10)", pd.DataFrame({"method": []}), per_score=0.25, budget="12000")
    '2.5'
    """
    sample = re.fullmatch(r"NASWOT \(N=(\d+)(, .*)?\)", method)
    if sample:
        return f"{int(sample[1]) * per_score:.3g}"
    return budget if method.split(maxsplit=1)[0] in TRAINING else printed_seconds(method, printed)


def printed_seconds(method: str, printed: pd.DataFrame) -> str:
    """The same column as the paper prints it; ``"N/A"`` where it prints none."""
    quoted = printed[printed.method == method].search_seconds.dropna().tolist() if len(printed) else []
    return f"{quoted[0]:g}" if quoted else "N/A"


def trade_off(
    table: pd.DataFrame, printed: pd.DataFrame, *, dataset: str, split: str, per_score: float, budget: float
) -> pd.DataFrame:
    """Figure 7: seconds of search against accuracy of what it found, as the paper has it and as it came out here.

    ``table`` is :func:`beside_paper`. Returns a row a method and ``source``, ``"paper"`` or ``"here"``, with columns
    ``method, source, seconds, mean, std``. Our seconds are ``per_score`` times N, measured, for NASWOT, and
    ``budget``, simulated, for what trains. What has no search time, such as random choice, is left out, and so are
    methods that the paper does not have.
    """
    cells = table[(table.dataset == dataset) & (table.split == split)]
    ours = cells[cells.method.isin(printed.method)].dropna(subset="mean").assign(source="here")
    times = [search_seconds(m, printed, per_score=per_score, budget=f"{budget:g}") for m in ours.method]
    theirs = cells.dropna(subset="paper_mean").assign(source="paper")
    theirs = theirs.assign(mean=theirs.paper_mean, std=theirs.paper_std)
    times += [printed_seconds(method, printed) for method in theirs.method]
    both = pd.concat([ours, theirs], ignore_index=True).assign(seconds=pd.to_numeric(times, errors="coerce"))
    return both.dropna(subset="seconds")[["method", "source", "seconds", "mean", "std"]].reset_index(drop=True)
