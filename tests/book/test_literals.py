"""Numbers in prose: results are computed by a cell or read from figures/paper, and never typed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

BOOK = Path(__file__).parents[2] / "book"
# Pages whose prose holds no typed result. The others are added as they are gone through.
PAGES = [
    "index",
    "ledger",
    "introduction",
    "predictors",
    "cheap",
    "table1",
    "table2",
    "fig5",
    "fig7",
    "why",
    "scores",
    "accuracy",
    "cluster",
    "nasbench101",
    "nds",
    "spectrum",
    "measures",
    "after",
    "equation1",
    "faq",
]

# What a number may count without being a result: what something was set to, or how large it is by its definition.
SIZES = (
    r"images?|epochs?|channels?|pixels?|networks?|cells?|architectures?|seconds|classes|runs?|mini-batch(?:es)?|vertices"
    r"|functions|trainings|initialisations|repeats|candidates|percent|columns|claims|seeds|units?|random|per"
)
# Not prose: code, directives, roles, links, formulas, labels, headings of the paper's parts, quotations.
NOT_PROSE = [
    r"(?ms)^(`{3,}|~{3,}).*?^\1",
    r"(?s)\$\$.*?\$\$|\$[^$\n]*(?:\n[^$\n]*)?\$",
    r"\{[a-z:]+\}`[^`]*`",
    r"`[^`\n]*(?:\n[^`\n]*)?`",
    r"(?m)^\([\w-]+\)=$",
    r"\]\([^)]*\)",
    r"(?m)^#.*$",
    r"(?m)^\|.*$",
    r"(?<!\*)\*(?!\*)[^*]+\*(?!\*)",
]
NAMES = (
    r"NAS-Bench-\d+|CIFAR-\d+|ImageNet\d+(?:-\d+)?|DARTS-V\d|(?:Figures?|Tables?|Section|Algorithm|equation)\s+[\d.]+"
    r"|\bversion [\d.]+|\b(?:issues?|lines?) \d+(?:(?: to |, | and )\d+)*"
    r"|\b[Nk] = [\d, and]+|\d+×\d+|\b(?:19|20)\d\d\b|GTX \d+ Ti"
)


def sentences(text: str) -> list[str]:
    """The prose of a page, without what is no prose, by sentence and list item."""
    for pattern in NOT_PROSE:
        text = re.sub(pattern, " ", text)
    return [" ".join(part.split()) for part in re.split(r"(?<=[.:;?!])\s+(?=[A-Z*])|\n\s*[-\d]\.? |\n\n", text)]


def typed_numbers(text: str) -> list[str]:
    """Numbers that look like results: decimals, and integers over 20 that count nothing by their definition.

    Whole hundreds and powers of two are what something was set to, and 95% is the level of all intervals. Sentences
    that say what the paper, its authors or a benchmark print are quotations.
    """
    found = []
    for sentence in sentences(text):
        if re.search(r"\bpaper\b|\bauthors\b|\bprints?\b|\bprinted\b", sentence):
            continue
        left = re.sub(NAMES, " ", sentence)
        for match in re.finditer(r"(?<![\w.,×-])(\d[\d,]*)(\.\d+)?(?![\w×-])", left):
            number = float(match[0].rstrip(",").replace(",", ""))
            behind = re.match(r"\s*(?:of\s+)?(?:\w+\s+){0,2}?(?:" + SIZES + r")\b", left[match.end() :])
            level = match[0] == "95" and left[match.end() :].startswith("%")
            whole = not match[2]
            chosen = whole and (number % 100 == 0 or int(number).bit_count() == 1 or level)
            if (not whole or number > 20) and not chosen and not (behind and whole):
                found.append(f"{match[0]} in: {sentence}")
    return found


@pytest.mark.parametrize("name", PAGES)
def test_no_result_is_typed_into_prose(name: str) -> None:
    assert typed_numbers((BOOK / f"{name}.md").read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The score has a correlation of 0.59.", 1),
        ("It gains 37 points, with a 95% interval, over 500 of them, on mini-batches of 64.", 1),
        ("Of the cells 201 are singular, in 2021.", 1),
        (
            "The mini-batch has 128 images of 32×32 pixels, NAS-Bench-201 has 15,625 cells, and N = 10, 100 and 1,000.",
            0,
        ),
        ("The paper prints 0.05 over 500 runs.", 0),
        ("*Within 0.25 of it*, says Section 3.1, and `0.5` is code, as is $x = 0.7$.", 0),
        ("```{code-cell}\nprint(0.59)\n```\nA first sentence. Then 5 networks.", 0),
        ("- an item with 0.3\n- and the paper has 0.4\n", 1),
    ],
)
def test_what_counts_as_a_typed_result(text: str, expected: int) -> None:
    assert len(typed_numbers(text)) == expected, typed_numbers(text)
