"""The verdicts that a page opens with are those of the ledger, and lead to it."""

from __future__ import annotations

import pytest

from naswotbook.chips import MANY, page_verdicts, verdict_chips
from naswotbook.ledger import make_ledger
from naswotbook.registry import ROOT

BOOK, PAPER = ROOT / "book", ROOT / "figures" / "paper"


@pytest.fixture(scope="module")
def ledger():
    return make_ledger(BOOK, PAPER)


@pytest.mark.parametrize("page", ["fig1", "fig3", "fig9", "table2"])
def test_a_page_has_a_chip_for_each_claim_or_counts_them(page: str, ledger) -> None:
    claims = ledger[ledger.page == page]
    assert [verdict for _, verdict in page_verdicts(BOOK, PAPER, page)] == claims.verdict.tolist()
    chips = verdict_chips(BOOK, PAPER, page)
    for verdict, count in claims.verdict.value_counts().items():
        said = f"{count} {verdict}<" if len(claims) > MANY else f": {verdict}<"
        assert chips.count(said) == (1 if len(claims) > MANY else count)
    assert chips.count('href="ledger.html') == chips.count("<a ")


def test_a_page_without_claims_has_none() -> None:
    assert verdict_chips(BOOK, PAPER, "glossary") == ""
