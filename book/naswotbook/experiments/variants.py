"""What two details of regularised evolution change: how many of the population are drawn, and whether one twice."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from naswotbook.estimates import of_searches
from naswotbook.searches import final_columns
from naswotlib.spaces.base import arch_seed

METHODS = ("REA", "AREA")


def run_variants(
    variants: Mapping[str, Mapping[str, Any]],
    space: Any,
    benchmark: Any,
    *,
    scores: pd.DataFrame,
    seed: int,
    **search: Any,
) -> pd.DataFrame:
    """Estimates of REA and AREA on CIFAR-10 with the keywords of each of ``variants``, as ``METHOD, VARIANT``.

    Each has random numbers of its own. ``search`` are the other keywords of
    :func:`naswotbook.searches.training_runs`.
    """
    columns, runs = final_columns(benchmark), []
    for method in METHODS:
        for name, variant in variants.items():
            label = f"{method}, {name}"
            how = {"dataset": "cifar10", "seed": arch_seed(seed, label), **search, **variant}
            how |= {"scores": {-1: scores}} if method == "AREA" else {}
            runs.append(of_searches(method, space, benchmark, columns, **how).assign(method=label))
    return pd.concat(runs, ignore_index=True)


def compared() -> list[tuple[str, str]]:
    """The pairs of variants whose difference is of interest: with replacement and without, and 10 drawn and 3."""
    replaced = [(f"{m}, {size} with replacement", f"{m}, {size} drawn") for m in METHODS for size in (3, 10)]
    return replaced + [(f"{method}, 10 drawn", f"{method}, 3 drawn") for method in METHODS]


def in_words(gaps: pd.DataFrame) -> str:
    """What the differences of :func:`compared` say: by how much each detail changes each search, over all columns."""
    said = []
    for method in METHODS:
        told = []
        for a, words in (("3 with replacement", "replacement"), ("10 drawn", "drawing 10 instead of 3")):
            rows = gaps[(gaps.a == f"{method}, {a}") & (gaps.b == f"{method}, 3 drawn")]
            clear = int(((rows.low > 0) | (rows.high < 0)).sum())
            told.append(
                f"{words} changes {method} by {rows.difference.min():+.2f} to {rows.difference.max():+.2f} points, "
                f"with an interval without zero in {clear} of {len(rows)} columns"
            )
        said.append("; ".join(told))
    return f"""With 3 of 10 drawn, {said[0]}. And {said[1]}. {{doc}}`table2` has the difference between AREA and REA, to
    compare with."""
