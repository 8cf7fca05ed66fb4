"""The verdicts on the claims that a page answers, as a row of small links to the ledger."""

from __future__ import annotations

import html
import re
import textwrap
from collections import Counter
from pathlib import Path
from typing import Any

import pandas as pd

from naswotbook import ledger
from naswotbook.claims import judge
from naswotbook.verdicts import VERDICTS, Results

MANY = 14  # claims; more are counted


def page_verdicts(book: Path, figures: Path, page: str) -> list[tuple[dict[str, Any], str]]:
    """The claims that ``page`` answers, in the order of the ledger, each with its verdict."""
    claims = [claim for part in ledger.read_claims(book / "claims.yml").values() for claim in part]
    results = Results(figures, pd.read_csv(book / "paper" / "tables.csv", dtype={"table": str}))
    return [(claim, judge(claim, results).verdict) for claim in claims if claim.get("page") == page]


def verdict_chips(book: Path, figures: Path, page: str) -> str:
    """HTML: a link to the ledger for each claim of a page, or for each verdict where there are many; else nothing."""
    found = page_verdicts(book, figures, page)
    if len(found) > MANY:
        counts = Counter(verdict for _, verdict in found)
        chips = [_chip(f"{counts[name]} {name}", name, "", VERDICTS[name]) for name in VERDICTS if name in counts]
    else:
        places = Counter(claim["where"] for claim, _ in found)
        chips = [
            _chip(f"{_about(claim, places)}: {verdict}", verdict, _anchor(claim), claim["claim"])
            for claim, verdict in found
        ]
    return f'<p class="chips" aria-label="verdicts">{" ".join(chips)}</p>\n' if chips else ""


def _anchor(claim: dict[str, Any]) -> str:
    """Where the claim stands on the page of the ledger, once that has anchors."""
    anchor_of = getattr(ledger, "claim_id", None)
    return f"#{anchor_of(claim['where'], claim['claim'])}" if anchor_of else ""


def _about(claim: dict[str, Any], places: Counter[str]) -> str:
    place, text = printed_place(claim["where"]), claim["claim"]
    if places[claim["where"]] == 1:
        return place
    return f"{place}, {text}" if len(text) < 24 else textwrap.shorten(text, 66, placeholder=" …")


def printed_place(where: str) -> str:
    """A place in the paper, panels in brackets as captions have them.

    >>> printed_place("Section 3, Figure 3a")
    'Section 3, Figure 3(a)'
    """
    return re.sub(r"(Figure \d+)([a-j])\b", r"\1(\2)", where)


def _chip(text: str, verdict: str, anchor: str, title: str) -> str:
    kind = verdict.replace(" ", "-")
    return f'<a class="chip {kind}" href="ledger.html{anchor}" title="{html.escape(title)}">{html.escape(text)}</a>'
