"""The paper's numbers are given to its figures and tables alone."""

from __future__ import annotations

import pytest

from naswotbook.numbers import called, number


@pytest.mark.parametrize(
    ("label", "said"),
    [
        ("fig-2", "Figure 2"),
        ("fig-3j", "Figure 3(j)"),
        ("fig-10a", "Figure 10(a)"),
        ("table-2b-paper", "Table 2(b)"),
        *((label, "") for label in ("fig-3k", "fig-11", "fig-3a-ours", "table-2a-counting", "table-3", "fig-measures")),
    ],
)
def test_a_label_of_the_paper_has_its_number_and_no_other_has_one(label: str, said: str) -> None:
    assert number(label) == said
    assert called(label, "its page") == (said or "its page")
