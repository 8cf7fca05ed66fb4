"""How the pages of Tables 1 and 2 show their searches: numbered tables in MyST, as printed."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from naswotbook.provenance import provenance_table, read_facts
from naswotbook.search_tables import printed_seconds, search_seconds

DATASETS = {"cifar10": "CIFAR-10", "cifar100": "CIFAR-100", "imagenet16-120": "ImageNet16-120"}


def csv_table(table: pd.DataFrame, caption: str = "", name: str = "") -> str:
    """A table from a frame of text; with a caption it is numbered, and referred to as ``name``."""
    rows = table.to_csv(index=False, lineterminator="\n")
    named = f":name: {name}\n" if name else ""
    return f"```{{csv-table}} {caption}\n{named}:header-rows: 1\n\n{rows}```\n"


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
    """:func:`naswotbook.search_tables.differences`, a row a pair of methods."""
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
