"""Numbers in prose: results are computed by a cell or read from figures/paper, and never typed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from naswotlib import get_space, list_spaces

BOOK = Path(__file__).parents[2] / "book"

# What a number may count without being a result: what something was set to, or how large it is by its definition.
SIZES = r"images?|epochs?|channels?|pixels?|classes|units?|repeats|initialisations"
# Sizes of spaces by their definition, as the library has them; and of the file of one of them that has more columns.
DEFINED = {int(get_space(name).num_architectures) for name in list_spaces()} | {30_001}
# Not prose: code, directives, roles, links, tags, formulas, labels, headings of the paper's parts, quotations.
NOT_PROSE = [
    r"(?ms)^(`{3,}|~{3,}).*?^\1",
    r"(?s)\$\$.*?\$\$|\$[^$\n]*(?:\n[^$\n]*)?\$",
    r"\{[a-z:]+\}`[^`]*`",
    r"`[^`\n]*(?:\n[^`\n]*)?`",
    r"(?m)^\([\w-]+\)=$",
    r"\]\([^)]*\)",
    r"<[^>]*>",
    r"(?m)^#.*$",
    r"(?m)^\|.*$",
    r"(?<!\*)\*(?!\*)[^*]+\*(?!\*)",
]
NAMES = (
    r"NAS-Bench-\d+|CIFAR-\d+|ImageNet\d+(?:-\d+)?|DARTS-V\d|ResNet-\d+|(?:Figures?|Tables?|Section|Algorithm|equation)"
    r"\s+[\d.]+|\bversion [\d.]+|\b(?:issues?|lines?) \d+(?:(?: to |, | and )\d+)*"
    r"|\b[Nk] = [\d, and]+|\d+×\d+|\b(?:19|20)\d\d\b|GTX \d+ Ti"
)
# Sentences that say what a paper or a benchmark prints are quotations of it.
QUOTED = r"\bprint(?:s|ed)?\b|\b(?:[Tt]he|[Ii]ts) paper (?:has|trains|repeats|takes)\b|\b[Tt]he paper of \w+ trains\b"


def sentences(text: str) -> list[str]:
    """The prose of a page, without what is no prose, by sentence and list item."""
    for pattern in NOT_PROSE:
        text = re.sub(pattern, " ", text)
    return [" ".join(part.split()) for part in re.split(r"(?<=[.:;?!])\s+(?=[A-Z*])|\n\s*[-\d]\.? |\n\n", text)]


def typed_numbers(text: str) -> list[str]:
    """Numbers that look like results: decimals, and integers over 20 that count nothing by their definition.

    Whole hundreds and powers of two are what something was set to, and 95% is the level of all intervals.
    """
    found = []
    for sentence in sentences(text):
        if re.search(QUOTED, sentence):
            continue
        left = re.sub(NAMES, " ", sentence)
        for match in re.finditer(r"(?<![\w.,×-])(\d[\d,]*)(\.\d+)?(?![\w×-])", left):
            number = float(match[0].rstrip(",").replace(",", ""))
            behind = re.match(r"\s*(?:of\s+)?(?:[\w-]+\s+){0,2}?(?:" + SIZES + r")\b", left[match.end() :])
            level = match[0] == "95" and left[match.end() :].startswith("%")
            whole = not match[2]
            chosen = whole and (number % 100 == 0 or int(number).bit_count() == 1 or level or number in DEFINED)
            if (not whole or number > 20) and not chosen and not (behind and whole):
                found.append(f"{match[0]} in: {sentence}")
    return found


@pytest.mark.parametrize("name", sorted(path.stem for path in BOOK.glob("*.md")))
def test_no_result_is_typed_into_prose(name: str) -> None:
    assert typed_numbers((BOOK / f"{name}.md").read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The score has a correlation of 0.59.", 1),
        ("It gains 37 points, with a 95% interval, over 500 of them, on mini-batches of 64.", 1),
        ("Of the cells 201 are singular, in 2021.", 1),
        ("A search takes 23 seconds.", 1),
        ("There are 121 networks, and the paper says nothing of 117 random ones.", 2),
        ("In the place of the paper's panel stand 499 networks.", 1),
        (
            "The mini-batch has 128 images of 32×32 pixels, NAS-Bench-201 has 15,625 cells, and N = 10, 100 and 1,000.",
            0,
        ),
        ("The paper prints 0.05 over 500 runs.", 0),
        ("The paper trains ten of more than 90% accuracy.", 0),
        ("*Within 0.25 of it*, says Section 3.1, and `0.5` is code, as is $x = 0.7$.", 0),
        ("```{code-cell}\nprint(0.59)\n```\nA first sentence. Then 5 networks.", 0),
        ("- an item with 0.3\n- and the paper prints 0.4\n", 1),
    ],
)
def test_what_counts_as_a_typed_result(text: str, expected: int) -> None:
    assert len(typed_numbers(text)) == expected, typed_numbers(text)
