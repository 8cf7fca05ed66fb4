"""Tables 1 and 2: means of repeated searches beside what the paper prints, and how pages show them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from naswotbook.kept import scores_name
from naswotbook.markdown import DATASETS, csv_table
from naswotbook.page import Page, write_csv
from naswotbook.provenance import provenance_table
from naswotbook.registry import ROOT
from naswotbook.samples import all_scores
from naswotbook.searches import TRAINING, mean_difference

RUN = ["method", "run", "drawn_from", "trained"]  # columns of runs that are no accuracies
CELL = ["method", "dataset", "split"]
COLUMNS = [*CELL, "epochs", "n_runs", "drawn_from", "trained", "mean", "std"]
PRINTED = ["paper_runs", "paper_mean", "paper_std"]
GAPS = "Differences of mean accuracy in points, with 95% bootstrap intervals"


def read_printed(table: str) -> pd.DataFrame:
    """The cells of one of the paper's tables, ``"1"``, ``"2a"`` or ``"2b"``, from ``book/paper/tables.csv``."""
    cells = pd.read_csv(ROOT / "book/paper/tables.csv", dtype={"table": str})
    return cells[cells.table == table]


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

    ``printed`` is a part of what :func:`read_printed` gives. Adds to each row ``paper_runs, paper_mean, paper_std``;
    the difference of the means, ours less the paper's, as ``deviations``, in the paper's standard deviation, and as
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

    ``table`` is that of :func:`beside_paper`, ``printed`` the cells that it was made with.
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


def searched_scores(page: Page, space: str, dataset: str = "cifar10", **other: Any) -> pd.DataFrame:
    """The scores among which the searches of a page choose: :func:`naswotbook.samples.all_scores`.

    Its keywords are the parameters of the page but for ``other``. In the ``paper`` profile the provenance of the page
    says from which files they come, as ``scores``.
    """
    how: dict[str, Any] = {"n_archs": page.parameters.get("n_archs")} | page.scored | other
    if page.kept:
        name = scores_name(space, dataset, **{key: how[key] for key in ("counting", "seed", "batch_size")})
        before = page.parameters.get("scores", "").split(", ")
        page.parameters["scores"] = ", ".join(dict.fromkeys([*filter(None, before), name]))
    return all_scores(space, dataset, profile=page.profile, **how)


def keep_searches(page: Page, name: str, means: pd.DataFrame, gaps: pd.DataFrame) -> None:
    """Write means and :func:`differences`: with their provenance as the entry ``name`` of the registry, or, in the
    ``demo`` profile, as the page, with a link to each.
    """
    stem = page.entry(name).stem(page.seed) if page.kept else f"{page.name}-seed{page.seed}"
    write_csv(page.folder / f"{stem}-differences.csv", gaps)
    if page.kept:
        page.save(name, means)
    else:
        page.data(means)
        page.show(_links("demo", stem))


def show_searches(page: Page, name: str, printed: pd.DataFrame | None = None, *, label: str, title: str) -> None:
    """Show what the ``paper`` profile made of searches: their means, differences, files and provenance.

    With ``printed``, of a table of the paper, means are :func:`three_tables`, and the paper's table alone where there
    was no run; without, :func:`one_table`, or that they are not here. Tables are named by ``label``.
    """
    entry = page.entry(name)
    found, gaps = page.find(entry), page.paper / f"{entry.stem()}-differences.csv"
    if found is None:
        missing = f"`figures/paper/{entry.stem()}.csv` is not here."
        page.show(missing if printed is None else _paper_alone(printed, f"{label}-paper", title))
        return
    if printed is None:
        page.show(one_table(found.summary, name=label, title=title))
    else:
        seconds = found.facts.get("budget_seconds", "")
        budget, per_score = seconds and f"{float(seconds):.0f}", seconds_a_score(page, found.facts)
        page.show(three_tables(found.summary, printed, name=label, title=title, per_score=per_score, budget=budget))
    page.show(differences_table(pd.read_csv(gaps), name=f"{label}-differences", title=f"{GAPS} over runs."))
    page.show(_links("paper", entry.stem()), provenance_table({"": found.facts}))


def seconds_a_score(page: Page, facts: Mapping[str, str]) -> float:
    """The mean of the seconds in the first table of scores that searches with the provenance ``facts`` chose from."""
    table = pd.read_parquet(page.scores / facts["scores"].split(", ")[0], columns=["seconds"])
    return float(table.seconds.mean())


def _paper_alone(printed: pd.DataFrame, name: str, title: str) -> str:
    paper = as_printed(printed, mean_std(printed["mean"], printed["std"]))
    paper.insert(0, "Search (s)", [printed_seconds(method, printed) for method in paper.index])
    return csv_table(paper.reset_index(), f"{title}, as the paper prints it; not run here.", name)


def _links(profile: str, stem: str) -> str:
    files = [("means", stem), ("differences", f"{stem}-differences")]
    return "Files: " + ", ".join(f"[{text} (CSV)](../figures/{profile}/{file}.csv)" for text, file in files)
