"""Tables 1 and 2: means of repeated searches beside what the paper prints, and how pages show them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from naswotbook.markdown import DATASETS, csv_table
from naswotbook.provenance import provenance_table, read_facts
from naswotbook.searches import TRAINING, mean_difference

RUN = ["method", "run", "drawn_from", "trained"]  # columns of runs that are no accuracies
CELL = ["method", "dataset", "split"]
COLUMNS = [*CELL, "epochs", "n_runs", "drawn_from", "trained", "mean", "std"]
PRINTED = ["paper_runs", "paper_mean", "paper_std"]


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


def as_printed(table: pd.DataFrame, cells: Iterable[str]) -> pd.DataFrame:
    """A long table laid out as the paper does, with ``cells`` as its text, in the order of its first rows.

    Index: ``method``. Columns: data set and split, as headings. ``"–"`` where there is no row.
    """
    short = table.split.map({"validation": "val.", "test": "test"})
    long = pd.DataFrame({"Method": table.method, "column": table.dataset.map(DATASETS) + " " + short, "cell": cells})
    wide = long.set_index(["Method", "column"]).cell.unstack("column", fill_value="–")
    return wide.loc[long.Method.unique(), long.column.unique()]


def mean_std(means: pd.Series[float], stds: pd.Series[float]) -> list[str]:
    """Cells such as ``89.55 ± 0.89``; ``"–"`` for NaN."""
    pairs = zip(means, stds, strict=True)
    return [f"{mean:.2f} ± {std:.2f}" if pd.notna(mean) else "–" for mean, std in pairs]


def three_tables(
    table: pd.DataFrame, printed: pd.DataFrame, *, name: str, title: str, per_score: float, budget: str = ""
) -> str:
    """Ours, the paper's, and how far apart they are, each laid out as the paper has it.

    ``table`` is that of ``beside_paper``, ``printed`` the rows of ``book/paper/tables.csv`` it was made with.
    Of methods that were not run, marked †, the first holds the paper's numbers. ``budget`` is what a search that trains
    may spend; how many networks it trained, where none is given. Tables are named ``name-ours``, ``name-paper`` and
    ``name-apart``.
    """
    paper = as_printed(table, mean_std(table.paper_mean, table.paper_std))
    ours = as_printed(table, mean_std(table["mean"], table["std"]))
    run = ours.index.isin(table[table["mean"].notna()].method)
    ours[~run] = paper[~run]
    paper = paper[paper.index.isin(printed.method)]
    trained = table.groupby("method").trained.first()
    seconds = [
        search_seconds(method, printed, per_score=per_score, budget=budget or f"{trained[method]:.0f} trainings")
        for method in ours.index
    ]
    ours.insert(0, "Search (s)", seconds)
    paper.insert(0, "Search (s)", [printed_seconds(method, printed) for method in paper.index])
    ours.index = pd.Index([m if own else f"{m} †" for m, own in zip(ours.index, run, strict=True)], name="Method")
    both = table[table.deviations.notna()]
    numbers = zip(both.deviations, both.standard_errors, strict=True)
    apart = as_printed(both, [f"{deviations:+.2f} ({errors:+.1f})" for deviations, errors in numbers])
    blocks = [
        (ours, f"{title}, run here; † quoted from the paper.", "ours"),
        (paper, f"{title}, as the paper prints it.", "paper"),
        (apart, "Ours less the paper's, in its standard deviations (in standard errors of the difference).", "apart"),
    ]
    return "\n".join(csv_table(wide.reset_index(), caption, f"{name}-{kind}") for wide, caption, kind in blocks)


def one_table(table: pd.DataFrame, *, name: str, title: str) -> str:
    """Means of searches that the paper does not have, in its layout."""
    return csv_table(as_printed(table, mean_std(table["mean"], table["std"])).reset_index(), title, name)


def differences_table(table: pd.DataFrame, *, name: str, title: str) -> str:
    """:func:`differences`, a row a pair of methods."""
    numbers = zip(table.difference, table.low, table.high, strict=True)
    cells = [f"{found:+.2f} [{low:+.2f}, {high:+.2f}]" for found, low, high in numbers]
    wide = as_printed(table.assign(method=table.a + " − " + table.b), cells)
    return csv_table(wide.reset_index().rename(columns={"Method": "Methods"}), title, name)


def published_table(folder: Path, name: str, printed: pd.DataFrame, *, label: str, title: str) -> str:
    """All that a page shows of a table that the ``paper`` profile made: :func:`three_tables`, differences, provenance.

    Reads ``NAME.csv``, ``NAME.json`` and ``NAME-differences.csv`` in ``folder``, and the seconds of the scores behind
    them. Where the first is missing, the paper's table alone.
    """
    file = folder / f"{name}.csv"
    if not file.exists():
        paper = as_printed(printed, mean_std(printed["mean"], printed["std"]))
        seconds = [printed_seconds(method, printed) for method in paper.index]
        paper.insert(0, "Search (s)", seconds)
        return csv_table(paper.reset_index(), f"{title}, as the paper prints it; not run here.", f"{label}-paper")
    table, facts = pd.read_csv(file), read_facts(folder / f"{name}.json")
    apart = folder / f"{name}-differences.csv"
    scores = [folder / "scores" / name for name in facts["scores"].split(", ")]
    blocks = [
        three_tables(
            table,
            printed,
            name=label,
            title=title,
            per_score=pd.read_parquet(scores[0]).seconds.mean(),
            budget=f"{float(facts['budget_seconds']):.0f}" if "budget_seconds" in facts else "",
        ),
        differences_table(
            pd.read_csv(apart),
            name=f"{label}-differences",
            title="Differences of mean accuracy in points, with 95% bootstrap intervals over runs.",
        ),
        "Files: "
        + ", ".join(
            f"[{text}](../figures/paper/{path.relative_to(folder)})"
            for text, path in [("means (CSV)", file), ("differences (CSV)", apart)]
        ),
        provenance_table({"": facts}),
    ]
    return "\n".join(blocks)
