"""What rules judge claims with: a claim, the results that it is judged by, and the verdicts there are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

Claim = Mapping[str, Any]

# What each verdict means, in the order in which the ledger counts them.
VERDICTS = {
    "reproduced": "a mean within 0.25 of the paper's standard deviation; an order, correlation or likeness that holds "
    "with its whole 95% interval; a number that is the same",
    "close": "a mean within one standard deviation of the paper's; a deviation between half and twice the paper's",
    "undecided": "the 95% interval has room for both answers",
    "differs": "anything farther away, or the other way round",
    "contradicted": "the paper's own table says otherwise",
    "other conditions": "what the claim is about is not available; tested where one condition differs, which is named",
    "fitted": "a setting of ours was chosen by this very row, so that agreement is no evidence",
    "repeated": "the same number is claimed, and judged, elsewhere",
    "not compared": "seconds, which were measured on other hardware",
    "quoted": "the paper quotes it from elsewhere, and so do we",
    "not in the text": "the value is given in a picture alone, not in the text of the paper",
    "not run": "what it needs is not available",
}
TESTED = ("reproduced", "close", "undecided", "differs", "contradicted")  # what a result of ours, or its table, decided
# How the ledger counts claims: by what could have come out.
KINDS = dict.fromkeys(TESTED, "tested") | {"other conditions": "under other conditions", "not run": "not run"}
ONE_ANSWER = "with one possible answer"  # quoted, seconds, fitted, repeated


def kind_of(verdict: str) -> str:
    """``tested``, ``under other conditions``, ``not run`` or ``with one possible answer``."""
    return KINDS.get(verdict, ONE_ANSWER)


@dataclass(frozen=True)
class Verdict:
    """One of :data:`VERDICTS`; what the paper has and what came out here, as text; and remarks.

    errors: a second verdict of means and deviations, by standard errors: ``within error`` or ``beyond error``.
    """

    verdict: str
    paper: str = ""
    ours: str = ""
    note: str = ""
    errors: str = ""


@dataclass(frozen=True)
class Results:
    """The folder ``figures/paper``, and the cells of the paper's tables (``book/paper/tables.csv``)."""

    folder: Path
    printed: pd.DataFrame

    def missing(self, claim: Claim) -> list[str]:
        """Files of the claim that are not there."""
        return [file for file in files_of(claim) if not (self.folder / file).exists()]

    def rows(self, claim: Claim, file: str | None = None) -> pd.DataFrame:
        """The rows that a claim is about. ValueError where there are none: the claim or the file is at fault."""
        table = pd.read_csv(self.folder / (file or claim["file"]))
        for column, value in claim.get("rows", {}).items():
            table = table[table[column].isin(value if isinstance(value, list) else [value])]
        if table.empty:
            raise ValueError(f"rows: {claim.get('rows')} chooses nothing from {file or claim['file']}")
        return table

    def cells(self, table: str, where: Mapping[str, Any] | None = None) -> pd.DataFrame:
        """Cells of one of the paper's tables, of all or of those whose columns are as ``where`` says."""
        found = self.printed[self.printed.table == table]
        for column, value in (where or {}).items():
            if column in ("dataset", "split", "method"):
                found = found[found[column] == value]
        return found


def files_of(claim: Claim) -> list[str]:
    """Files of figures/paper that a claim's rule looks at."""
    groups = claim.get("files", {}).values()
    return [file for group in groups for file in group] + ([claim["file"]] if "file" in claim else [])


def of_interval(low: float, high: float) -> str:
    """Whether something lies above 0 with its whole interval; undecided without an interval."""
    return "reproduced" if low > 0 else "differs" if high < 0 else "undecided"


def worst(verdicts: list[str]) -> str:
    """The verdict on a claim that holds in all its parts or not at all: the last in the order of :data:`VERDICTS`."""
    order = ["reproduced", "close", "undecided", "differs"]
    return max(verdicts, key=order.index)
