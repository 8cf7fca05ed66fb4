"""The claims ledger as a page shows it: every claim of ``book/claims.yml`` with its verdict, as tables in MyST."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from naswotbook.claims import judge
from naswotbook.markdown import DATASETS, csv_table
from naswotbook.verdicts import ONE_ANSWER, VERDICTS, Results, kind_of
from naswotlib.data.files import write_whole

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


def claim_id(where: str, claim: str) -> str:
    """The anchor of a claim on the page of the ledger.

    >>> claim_id("Table 2(a)", "NASWOT (N=100)")
    'claim-table-2-a-naswot-n-100'
    """
    words = re.sub(r"[^a-z0-9]+", "-", f"{where} {claim}".lower()).strip("-")
    return f"claim-{words[:70].rstrip('-')}"


def ledger_table(ledger: pd.DataFrame, pages: set[str]) -> str:
    """The ledger as one table, remarks folded. ``pages`` are those of the book that can be linked.

    ``book/_static/tables.js`` sorts and filters it, by what stands in the mark of each row, which is its anchor.
    """
    rows: list[Any] = list(ledger.itertuples())
    shown = pd.DataFrame(
        {
            "Where": [_mark(row) + _link(row.where, row.page, pages) for row in rows],
            "Claim": ledger.claim,
            "Paper": ledger.paper,
            "Ours": [_ours(row) for row in rows],
            "Verdict": [_verdict(row) for row in rows],
        }
    )
    return csv_table(shown, options={"class": "ledger", "widths": "14 30 14 28 14"})


def filter_form(ledger: pd.DataFrame) -> str:
    """What ``book/_static/tables.js`` filters the table by, in HTML: hidden until the script runs."""
    counts = ledger.verdict.value_counts()
    verdicts = [(name, f"{name} ({counts[name]})") for name in VERDICTS if name in counts]
    parts = [(name, f"{name} ({count})") for name, count in ledger.part.value_counts(sort=False).items()]
    return (
        '<form class="ledger-form" hidden>\n'
        + _choice("verdict", "Verdict", verdicts)
        + _choice("part", "Part of the paper", parts)
        + '<label>Words <input type="search" name="words"></label>\n'
        + '<output aria-live="polite"></output>\n</form>\n'
    )


def _choice(name: str, label: str, options: list[tuple[Any, str]]) -> str:
    items = "".join(
        f'<option value="{html.escape(str(value))}">{html.escape(text)}</option>' for value, text in options
    )
    return f'<label>{label} <select name="{name}"><option value="">all</option>{items}</select></label>\n'


def write_json(path: Path, ledger: pd.DataFrame) -> None:
    """The ledger for programs: what verdicts mean, and each claim with the anchor that it has on the page."""
    claims = [
        {"id": claim_id(row["where"], row["claim"])} | {key: value for key, value in row.items() if value != ""}
        for row in ledger.to_dict("records")
    ]
    text = json.dumps({"verdicts": VERDICTS, "claims": claims}, indent=1, ensure_ascii=False)
    with write_whole(path) as file:
        file.write(text.encode() + b"\n")


def _mark(row: Any) -> str:
    data = {"verdict": row.verdict, "part": row.part}
    said = " ".join(f'data-{key}="{html.escape(value)}"' for key, value in data.items())
    return f'<span class="claim" id="{claim_id(row.where, row.claim)}" {said}></span>'


def _link(where: str, page: str, pages: set[str]) -> str:
    return f"{{doc}}`{where} <{page}>`" if page in pages else where


def _ours(row: Any) -> str:
    why = f"{{ref}}`Why? <{row.why}>`" if row.why else ""
    note = _in_words(row.note)
    folded = f"<details><summary>how, of what</summary>\n\n{note}\n\n</details>" if note else ""
    first = " ".join(text for text in (row.ours, why) if text)
    return "\n\n".join(text for text in (first, folded) if text)


def _verdict(row: Any) -> str:
    return _badge(row.verdict) + (f"\n\n{row.errors}" if row.errors else "")


def _badge(verdict: str) -> str:
    return f"{{bdg-{BADGES.get(verdict, 'light')}}}`{verdict}`"


def _in_words(note: str) -> str:
    for name, title in DATASETS.items():
        note = note.replace(name, title)
    return note
