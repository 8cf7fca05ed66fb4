"""What a page opens with is computed: it says other things where the files say others."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pandas as pd
import pytest
import yaml

from naswotbook.headlines import HEADLINES, headline
from naswotbook.registry import ROOT

PAPER = ROOT / "figures" / "paper"


@pytest.mark.parametrize("name", HEADLINES)
def test_a_page_has_its_answer_and_none_where_nothing_was_made(name: str, tmp_path: Path) -> None:
    said = headline(name, PAPER)
    assert said.endswith(".")
    assert "nan" not in said
    assert headline(name, tmp_path) == ""


def test_a_page_without_a_question_has_no_answer() -> None:
    assert headline("glossary", PAPER) == ""


def test_the_answer_follows_the_files(tmp_path: Path) -> None:
    shutil.copy(PAPER / "fig3a-cifar10-seed0.csv", tmp_path)
    assert "in all 1 panels" in headline("fig3", tmp_path)
    summary = pd.read_csv(tmp_path / "fig3a-cifar10-seed0.csv")
    summary.assign(low=-0.1, tau=0.07).to_csv(tmp_path / "fig3a-cifar10-seed0.csv", index=False)
    said = headline("fig3", tmp_path)
    assert "in 0 of 1 panels" in said
    assert "0.07" in said


def test_more_seconds_behind_and_less_are_told_apart(tmp_path: Path) -> None:
    table = pd.read_csv(PAPER / "fig6-seed0.csv")
    table.assign(above_start=10).to_csv(tmp_path / "fig6-seed0.csv", index=False)
    assert headline("fig6", tmp_path).startswith("After one epoch 10 of 10 networks score higher")


BOOK = ROOT / "book"
# Pages that open without a headline, since they show no result; index and faq are answers from beginning to end.
WITHOUT = ["introduction", "own_space", "cluster", "where", "api", "glossary", "cite", "references"]
ANSWERS = ["index", "faq"]
RESULTS = re.compile(r"page\.(?:published|find|outcome|paper)\b|show_published")


def pages_of_the_book() -> list[str]:
    toc = yaml.safe_load((BOOK / "_toc.yml").read_text(encoding="utf-8"))
    return [toc["root"], *(chapter["file"] for part in toc["parts"] for chapter in part["chapters"])]


def answer_of(name: str, text: str) -> str:
    """What a page opens with, before anything else is said: the headline of its name, or what it computes itself."""
    before, _, _ = text.partition("\n## ")
    first = re.sub(r"(?ms)^# [^\n]*\n|^```\{code-cell\}.*?^```\n", "", before[: before.find("page.opening(")])
    found = re.search(r"^page\.opening\((.*)", before, re.MULTILINE)
    if not found or first.partition("```{code-cell}")[0].strip():
        return ""
    return headline(name, PAPER) if found[1] == ")" else "its own"


@pytest.mark.parametrize("name", sorted(set(pages_of_the_book()) - {*WITHOUT, *ANSWERS}))
def test_every_page_that_shows_results_opens_with_its_answer(name: str) -> None:
    assert answer_of(name, (BOOK / f"{name}.md").read_text(encoding="utf-8")), f"{name}.md opens with no answer"


@pytest.mark.parametrize("name", WITHOUT)
def test_a_page_without_an_answer_shows_no_result(name: str) -> None:
    assert not RESULTS.search((BOOK / f"{name}.md").read_text(encoding="utf-8"))


def test_an_answer_that_is_missing_late_or_behind_words_is_found() -> None:
    cell = "```{code-cell}\n:tags: [remove-input]\n\npage.opening(%s)\n```\n"
    own, usual = cell % 'f"{n} regions"', cell % ""
    assert answer_of("fig2", f"# Title\n\n{own}\nWords.\n\n## Part\n")
    assert answer_of("fig3", f"# Title\n\n```{{code-cell}}\nx = 1\n```\n\n{usual}\nWords.\n")
    for text in ("# Title\n\nWords.\n", f"# Title\n\nWords.\n\n{own}", f"# Title\n\n## Part\n\n{own}"):
        assert answer_of("fig2", text) == ""
    assert answer_of("glossary", f"# Title\n\n{usual}") == ""


@pytest.mark.parametrize(
    ("low", "high", "order"), [(0.1, 0.2, "better than"), (-0.2, -0.1, "worse than"), (-0.1, 0.1, "no better and no")]
)
def test_what_the_score_adds_can_be_any_of_three(low: float, high: float, order: str, tmp_path: Path) -> None:
    for name in ("cifar10", "nasbench101"):
        table = pd.read_csv(PAPER / f"predictors-{name}-seed0.csv")
        table.loc[table.kind == "ahead_unequal", ["low", "high"]] = low, high
        table.to_csv(tmp_path / f"predictors-{name}-seed0.csv", index=False)
    assert f"orders them {order}" in headline("predictors", tmp_path)


def test_measures_that_rank_better_are_counted_by_their_intervals(tmp_path: Path) -> None:
    table = pd.read_csv(PAPER / "measures-seed0.csv")
    shutil.copy(PAPER / "measures-nasbench101-seed0.csv", tmp_path)
    table.assign(less_low=-0.2, less_high=0.2).to_csv(tmp_path / "measures-seed0.csv", index=False)
    assert "0 rank better (none), 0 worse, and 15 cannot be told apart" in headline("measures", tmp_path)
    table.loc[table.measure == "swap", ["less", "less_low", "less_high"]] = -0.15, -0.2, -0.1
    table.to_csv(tmp_path / "measures-seed0.csv", index=False)
    tau = table.tau_b[table.measure == "swap"].item()
    assert f"`swap`, τ {tau:.3f}, ahead by 0.150 [0.100, 0.200]" in headline("measures", tmp_path)
    assert "cells of NAS-Bench-101 the score has τ" in headline("measures", tmp_path)


def test_tasks_of_other_spaces_are_counted_by_their_intervals(tmp_path: Path) -> None:
    table = pd.read_csv(PAPER / "spaces-transnas101_macro-seed0.csv")
    table.loc[table.kind == "difference", ["low", "high"]] = -0.2, -0.1
    table.to_csv(tmp_path / "spaces-transnas101_macro-seed0.csv", index=False)
    assert "On 1 tables with 7 tasks" in headline("other_spaces", tmp_path)
    assert "on 7, better on 0," in headline("other_spaces", tmp_path)
