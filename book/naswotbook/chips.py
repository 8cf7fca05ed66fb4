"""The verdicts on the claims that a page answers, as a row of small links to the ledger."""

from __future__ import annotations

import html
import re
import textwrap
from collections import Counter
from collections.abc import Collection
from pathlib import Path
from typing import Any

import pandas as pd

from naswotbook.claims import judge
from naswotbook.ledger import claim_id, read_claims
from naswotbook.verdicts import VERDICTS, Results

MANY = 14  # claims; more are counted


Judged = list[tuple[dict[str, Any], str]]  # claims, each with its verdict


def verdicts_of(book: Path, figures: Path, pages: Collection[str]) -> dict[str, Judged]:
    """The claims that each of ``pages`` answers, in the order of the ledger, each with its verdict."""
    results = Results(figures, pd.read_csv(book / "paper" / "tables.csv", dtype={"table": str}))
    found: dict[str, Judged] = {page: [] for page in pages}
    for claim in (claim for part in read_claims(book / "claims.yml").values() for claim in part):
        if claim.get("page") in found:
            found[claim["page"]].append((claim, judge(claim, results).verdict))
    return found


def page_verdicts(book: Path, figures: Path, page: str) -> Judged:
    """:func:`verdicts_of` one page."""
    return verdicts_of(book, figures, [page])[page]


def count_verdicts(judged: Judged) -> dict[str, str]:
    """How many claims have each verdict, in words, by the verdict, in the ledger's order."""
    counts = Counter(verdict for _, verdict in judged)
    return {name: f"{counts[name]} {name}" for name in VERDICTS if name in counts}


def chip_class(verdict: str) -> str:
    """The CSS classes of a chip."""
    return f"chip {verdict.replace(' ', '-')}"


def verdict_chips(book: Path, figures: Path, page: str) -> str:
    """HTML: a link to the ledger for each claim of a page, or for each verdict where there are many; else nothing."""
    found = page_verdicts(book, figures, page)
    if len(found) > MANY:
        chips = [_chip(text, name, "", VERDICTS[name]) for name, text in count_verdicts(found).items()]
    else:
        places = Counter(claim["where"] for claim, _ in found)
        chips = [
            _chip(
                *(f"{_about(claim, places)}: {verdict}", verdict, f"#{claim_id(claim['where'], claim['claim'])}"),
                claim["claim"],
            )
            for claim, verdict in found
        ]
    return f'<p class="chips" aria-label="verdicts">{" ".join(chips)}</p>\n' if chips else ""


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
    about = f'class="{chip_class(verdict)}" href="ledger.html{anchor}" title="{html.escape(title)}"'
    return f"<a {about}>{html.escape(text)}</a>"
