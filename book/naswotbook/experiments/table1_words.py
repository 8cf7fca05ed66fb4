"""Table 1 as its page shows it: readings side by side, which of them gives the paper's rows, and what else they say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from naswotbook.counting import COUNTS
from naswotbook.experiments.nasbench101_model import IMAGES, QUANTILES
from naswotbook.experiments.table1 import ALL, KNOWN, LAST, READINGS
from naswotbook.markdown import csv_table, markdown_table
from naswotbook.rules_tables import critical

NASWOT = "NASWOT (N=100)"
PAPER = ("Random", NASWOT, "REA", "AREA")  # the rows that the paper prints
SHOWN = (
    *PAPER,
    f"{NASWOT}{LAST}",
    f"AREA{LAST}",
    "AREA by ReLU units",
    "RS",
    "NASWOT (N=10)",
    *(f"{name} (N=100)" for name in COUNTS.values()),
    "Optimal (N=100)",
)
COLUMNS = {
    "best": "test accuracy, the best of three trainings",
    "mean": "test accuracy, the mean of three trainings",
    "validation": "validation accuracy of one training",
}


def readings_table() -> str:
    """Markdown: what a search sees, pays and is judged by, a row a reading."""
    rows = [
        (how.title, COLUMNS[how.seen], "12/108 of the seconds" if how.share < 1 else "all seconds", COLUMNS[how.judged])
        for how in READINGS.values()
    ]
    return markdown_table(["reading", "a search sees", "and pays", "its choice is judged by"], rows)


def ours_table(found: pd.DataFrame, *, name: str, title: str) -> str:
    """The methods of :data:`SHOWN`, a column a reading, with the paper's beside them; of the known cells, the first."""
    cells = (f"{row['mean']:.2f} ± {row['std']:.2f}" for row in found.to_dict("records"))
    rows: Any = found.assign(cell=list(cells)).set_index(["cells", "method", "reading"])
    lines = []
    for cells_of, method, shown in _shown(found):
        printed = rows.loc[(cells_of, method, "authors")]
        known = cells_of == ALL and pd.notna(printed.paper_mean)
        paper = f"{printed.paper_mean:.2f} ± {printed.paper_std:.2f}" if known else ""
        lines.append([shown, paper, *(rows.loc[(cells_of, method, reading)].cell for reading in READINGS)])
    heads = ["Method", "Paper", *(reading.title for reading in READINGS.values())]
    return csv_table(pd.DataFrame(lines, columns=heads), title, name)


def intervals_table(found: pd.DataFrame) -> str:
    """Markdown: the 95% intervals of the means of :func:`ours_table`; empty where nothing is left to chance."""
    rows: Any = found.set_index(["cells", "method", "reading"])
    lines = []
    for cells_of, method, shown in _shown(found):
        each = (rows.loc[(cells_of, method, reading)] for reading in READINGS)
        lines.append([shown, *(f"{row.low:.2f} to {row.high:.2f}" if row.low < row.high else "" for row in each)])
    return markdown_table(["method", *(reading.title for reading in READINGS.values())], lines)


def _shown(found: pd.DataFrame) -> Iterator[tuple[str, str, str]]:
    """Cells, method, and what tables call it: all methods of all cells, and the paper's and RS of the known ones."""
    for cells, methods, words in ((ALL, SHOWN, ""), (KNOWN, (*PAPER, "RS"), ", of the 30,001")):
        there = set(found.method[found.cells == cells])
        yield from ((cells, method, f"{method}{words}") for method in methods if method in there)


def combine(found: pd.DataFrame) -> pd.DataFrame:
    """How far each reading, with failing cells scored or last, is from the paper's four rows, among all cells.

    A row for each combination and row of the paper: ``reading``, ``last``, ``method`` (the paper's name), ``apart``,
    our mean less the paper's in points, ``errors``, the same in standard errors of the difference, and ``within``:
    whether that is no more than chance allows at 95%, of the four rows together, as the ledger has it. The deviation
    that the paper prints of NASWOT is taken for the standard error of its mean.
    """
    rows: Any = found[found.cells == ALL].set_index(["reading", "method"])
    parts = []
    for reading in READINGS:
        for last in (False, True):
            for method in PAPER:
                varies = last and (reading, f"{method}{LAST}") in rows.index
                ours, printed = (
                    rows.loc[(reading, f"{method}{LAST}" if varies else method)],
                    rows.loc[(reading, method)],
                )
                error = printed.paper_std / (1 if method == NASWOT else printed.paper_runs**0.5)
                apart = float(ours["mean"] - printed.paper_mean)
                errors = apart / float(np.hypot(ours.error, error))
                judged = ours.copy()
                judged["paper_error"], judged["paper_runs"] = error, printed.paper_runs
                within = abs(errors) <= critical(judged, len(PAPER))
                parts.append([reading, last, method, apart, errors, within])
    return pd.DataFrame(parts, columns=["reading", "last", "method", "apart", "errors", "within"])


def _rank(combined: pd.DataFrame) -> list[tuple[str, bool]]:
    """Combinations, the nearest first: by how many rows are within error, then by the squares of the errors."""
    nearness: dict[Any, tuple[int, float]] = {
        key: (-int(part.within.sum()), float((part.errors**2).sum()))
        for key, part in combined.groupby(["reading", "last"], sort=False)
    }
    return sorted(nearness, key=nearness.__getitem__)


def two_sentences(found: pd.DataFrame) -> str:
    """Which reading of the authors' procedure gives the paper's four rows, and which does not."""
    combined = combine(found)
    parts: Mapping[Any, pd.DataFrame] = dict(iter(combined.groupby(["reading", "last"], sort=False)))
    ranked = _rank(combined)
    first, best = ranked[0], parts[ranked[0]]
    others = dict.fromkeys(reading for reading, _ in ranked if reading != first[0])
    nearest = {name: next(key for key in ranked if key[0] == name) for name in others}
    missed = "; ".join(f"*{READINGS[key[0]].title}* {_misses(parts[key])}" for key in nearest.values())
    rows = ", ".join(f"{row.method} {row.apart:+.2f}" for row in best.itertuples())
    count, four = int(best.within.sum()), "the paper's four rows"
    given = f"reproduces {four}" if count == 4 else f"comes nearest, with {count} of {four}"
    but = "" if count == 4 else f"; it {_misses(best)}"
    title, failing = READINGS[first[0]].title, "last" if first[1] else "scored"
    return f"""**The reading *{title}*, cells that fail in their code {failing}, {given} within error** (ours less the
    paper's, in points: {rows}{but}). **The others do not**: {missed}."""


def _misses(part: pd.DataFrame) -> str:
    rows = part[~part.within.astype(bool)].to_dict("records")
    said = ", ".join(
        f"{row['method']} by {row['apart']:+.2f} ({abs(row['errors']):.1f} standard errors)" for row in rows
    )
    return f"misses {said}" if said else "is within error too, but farther off"


def combinations_table(found: pd.DataFrame) -> str:
    """Markdown: :func:`combine`, a row a combination, the nearest first."""
    combined = combine(found)
    parts: Mapping[Any, pd.DataFrame] = dict(iter(combined.groupby(["reading", "last"], sort=False)))
    lines = []
    for reading, last in _rank(combined):
        part = parts[reading, last]
        cells = [f"{row.apart:+.2f} ({row.errors:+.1f})" for row in part.itertuples()]
        failing = "last" if last else "scored"
        lines.append([READINGS[reading].title, failing, *cells, f"{int(part.within.sum())} of 4"])
    return markdown_table(["reading", "cells that fail", *PAPER, "within error"], lines)


def describe(found: pd.DataFrame, gaps: pd.DataFrame) -> str:
    """What the searches of Table 1 say of one another, in Markdown: by the sound reading, and where others differ."""
    rows: dict[Any, Any] = {(row["cells"], row["reading"], row["method"]): row for row in found.to_dict("records")}
    apart: dict[Any, Any] = {(row["cells"], row["reading"], row["a"], row["b"]): row for row in gaps.to_dict("records")}

    def mean(method: str, reading: str = "sound", cells: str = ALL) -> str:
        row = rows[cells, reading, method]
        return f"{row['mean']:.2f}"

    def gap(a: str, b: str, reading: str = "sound", cells: str = ALL) -> str:
        row = apart[cells, reading, a, b]
        return f"{row['difference']:+.2f} [{row['low']:+.2f}, {row['high']:+.2f}]"

    trained = {name: rows[ALL, name, "REA"]["trained"] for name in READINGS}
    counted = "; ".join(f"{name} {gap(NASWOT, f'{name} (N=100)')}" for name in COUNTS.values())
    return f"""In words:

- **What 12,000 seconds buy.** {trained["authors"]:.0f} trainings of REA where 12 of 108 epochs are paid,
  {trained["paid"]:.0f} where all are. The search then ends among its first random cells, at {mean("REA", "paid")}.
- **Random search, which the paper leaves out**, comes to {mean("RS", "authors")} by the authors' reading and
  {mean("RS")} by the sound one. REA gains {gap("REA", "RS", "authors")} and {gap("REA", "RS")} points on it, AREA
  {gap("AREA", "RS", "authors")} and {gap("AREA", "RS")}.
- **AREA and REA** differ by {gap("AREA", "REA", "authors")} by the authors' reading, {gap("AREA", "REA")} by the sound
  one. With candidates ranked by ReLU units instead of the score, AREA less REA is
  {gap("AREA by ReLU units", "REA", "authors")} and {gap("AREA by ReLU units", "REA")}.
- **NASWOT less a random cell** is {gap(NASWOT, "Random")} (means of three trainings), and **less the largest of 100
  cells by each count**: {counted}.
- **Among the 30,001 cells, where no seconds and no validation accuracy are modelled**, RS, REA and AREA come to
  {mean("RS", cells=KNOWN)}, {mean("REA", cells=KNOWN)} and {mean("AREA", cells=KNOWN)} by the sound reading. What they
  see there is the best of three trainings.
"""


def model_table(measured: pd.DataFrame) -> str:
    """Markdown: quantiles of the held-out validation accuracies, and what the model has, from one row of numbers."""
    row = measured.iloc[0]
    lines = [
        [f"{quantile:.0%}", *(f"{row[f'{name}_{quantile}']:.2f}" for name in ("real", "model"))]
        + [f"{row[f'below_{quantile}']:.1%}"]
        for quantile in QUANTILES
    ]
    heads = ["quantile", "published (%)", "of the model (%)", "published at or below the model's own quantile"]
    return markdown_table(heads, lines)


def describe_model(measured: pd.DataFrame) -> str:
    """How well the model tells cells that it did not see, and what the published validation accuracies are."""
    row = measured.iloc[0]
    return f"""Fitted to {row.fitted:,.0f} of the 30,001 cells, the model tells the seconds of the other
    {row.held_out:,.0f} with an R² of {row.r2:.4f}; half of them to within {row.median_error:.1%}.

    The published validation accuracy of a cell after 108 epochs is that of **the best of its three trainings**, though
    its source calls it that of one. Of {row.two_of_three:.0f} cells of which two of three trainings collapsed, as their
    mean test accuracy tells, it is a collapsed one in {row.collapsed_of_two:.0f}; of one training at random it would be
    in about {2 * row.two_of_three / 3:.0f}. It is the value of a training all the same and no mean: {row.whole:.1%} are
    whole numbers of {IMAGES:,} images. {row.collapsed:.2%} of all trainings collapsed."""
