"""The claims ledger as a page shows it: every claim of ``book/claims.yml`` with its verdict, as tables in MyST."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from naswotbook.claims import judge
from naswotbook.markdown import DATASETS, csv_table
from naswotbook.verdicts import ONE_ANSWER, VERDICTS, Results, kind_of

BADGES = {
    "reproduced": "success",
    "close": "info",
    "undecided": "warning",
    "differs": "danger",
    "contradicted": "danger",
    "other conditions": "secondary",
}
APART = ("close", "undecided", "differs", "contradicted")  # verdicts that ask for a reason


def read_claims(path: Path) -> dict[str, list[dict[str, Any]]]:
    """Claims by part of the ledger. ValueError where one lacks its place, its text or its rule."""
    parts: dict[str, list[dict[str, Any]]] = yaml.safe_load(path.read_text(encoding="utf-8"))
    for part, claims in parts.items():
        for claim in claims:
            if lacking := {"where", "claim", "rule"} - set(claim):
                raise ValueError(f"{path}: a claim in {part!r} lacks {', '.join(sorted(lacking))}: {claim}")
    return parts


def make_ledger(book: Path, figures: Path) -> pd.DataFrame:
    """A row a claim: ``part, where, claim, page, verdict, kind, errors, paper, ours, note, why``.

    ``book`` holds ``claims.yml`` and ``paper/tables.csv``, ``figures`` the files of the ``paper`` profile. ``why`` is
    the label of a paragraph that tests the reason, where the result is not the paper's and there is one.
    """
    printed = pd.read_csv(book / "paper" / "tables.csv", dtype={"table": str})
    results = Results(figures, printed)
    rows = []
    for part, claims in read_claims(book / "claims.yml").items():
        for claim in claims:
            found = judge(claim, results)
            about = {"part": part, "where": claim["where"], "claim": claim["claim"], "page": claim.get("page", "")}
            result = {"verdict": found.verdict, "kind": kind_of(found.verdict)}
            result |= {key: getattr(found, key) for key in ("errors", "paper", "ours", "note")}
            rows.append(about | result | {"why": claim.get("why", "") if found.verdict in APART else ""})
    return pd.DataFrame(rows)


def counts_table(ledger: pd.DataFrame) -> str:
    """How many claims have each verdict, and what it means."""
    counts = ledger.verdict.value_counts()
    rows = [(_badge(name), counts.get(name, 0), meaning) for name, meaning in VERDICTS.items()]
    table = pd.DataFrame(rows, columns=["Verdict", "Claims", "It means"])
    return csv_table(table)


def counts_in_words(ledger: pd.DataFrame) -> str:
    """How many claims a result decided, how many it could not, and what came out."""
    kinds, verdicts = ledger.kind.value_counts(), ledger.verdict.value_counts()
    tested = ", ".join(
        f"{verdicts[name]} {name}" for name in VERDICTS if name in set(ledger.verdict[ledger.kind == "tested"])
    )
    errors = ledger.errors.value_counts()
    return f"""Of {len(ledger)} claims, {kinds.get("tested", 0)} were tested: {tested}.
    {kinds.get("under other conditions", 0)} could be tested under other conditions alone, and are counted apart;
    {kinds.get("not run", 0)} were not run; {kinds.get(ONE_ANSWER, 0)} can have one answer only, such as rows that the
    paper quotes and seconds. Means and deviations have a second verdict, by standard errors:
    {errors.get("within error", 0)} are within error, {errors.get("beyond error", 0)} beyond."""


def ledger_tables(ledger: pd.DataFrame, pages: set[str]) -> str:
    """A table for each part of the ledger, under its heading. ``pages`` are those of the book that can be linked."""
    blocks = []
    for part, rows in ledger.groupby("part", sort=False):
        shown = pd.DataFrame(
            {
                "Where": [_link(where, page, pages) for where, page in zip(rows["where"], rows.page, strict=True)],
                "Claim": rows.claim,
                "Paper": rows.paper,
                "Here": [_here(row) for row in rows.itertuples()],
                "Verdict": [_verdict(row) for row in rows.itertuples()],
            }
        )
        blocks.append(f"### {part}\n\n{csv_table(shown)}")
    return "\n".join(blocks)


def _link(where: str, page: str, pages: set[str]) -> str:
    return f"{{doc}}`{where} <{page}>`" if page in pages else where


def _here(row: Any) -> str:
    why = f"{{ref}}`Why? <{row.why}>`" if row.why else ""
    return "\n\n".join(text for text in (row.ours, _in_words(row.note), why) if text)


def _verdict(row: Any) -> str:
    return _badge(row.verdict) + (f"\n\n{row.errors}" if row.errors else "")


def _badge(verdict: str) -> str:
    return f"{{bdg-{BADGES.get(verdict, 'light')}}}`{verdict}`"


def _in_words(note: str) -> str:
    for name, title in DATASETS.items():
        note = note.replace(name, title)
    return note
