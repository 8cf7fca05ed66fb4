"""The glossary has the words that a reader may not know, in the order of the alphabet."""

from __future__ import annotations

import re

import pytest

from naswotbook.registry import ROOT

BOOK = ROOT / "book"
TERMS = re.findall(r"^([^\s`#{][^\n]*)\n  \S", (BOOK / "glossary.md").read_text(encoding="utf-8"), re.MULTILINE)
PAGES = [path for path in BOOK.glob("*.md") if path.stem != "glossary"]

# Words of the pages, and the term that explains each.
USED = {
    r"bootstrap": "bootstrap interval",
    r"closed form": "closed form",
    r"isomorphism class": "isomorphism class",
    r"linear region": "linear region",
    r"mini-batch": "mini-batch",
    r"noise ceiling": "noise ceiling",
    r"running statistics": "running statistics",
    r"\*\*Best\*\*": "Optimal, Best",
    r"biased sample": "biased sample",
    r"Pareto front": "Pareto front",
    r"[Pp]recision": "precision",
    r"[Rr]egret": "regret",
    r"τ-a|tau\$-a": "tau-a, tau-b",
    r"skeleton": "skeleton",
    r"[Hh]amming": "Hamming distance",
    r"first version": "first version",
    r"genotype": "genotype",
    r"multiply-adds": "FLOPs",
    r"standard error": "deviation, standard error",
    r"topology": "topology",
}


def test_terms_are_in_the_order_of_the_alphabet() -> None:
    assert len(TERMS) > len(USED)
    assert sorted(map(str.lower, TERMS)) == [term.lower() for term in TERMS]


@pytest.mark.parametrize(("word", "term"), USED.items())
def test_a_word_that_pages_use_is_explained(word: str, term: str) -> None:
    assert any(re.search(word, page.read_text(encoding="utf-8")) for page in PAGES), f"{word} is used on no page"
    assert term in TERMS
