"""What a page opens with is computed: it says other things where the files say others."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pytest

from naswotbook.headlines import HEADLINES, headline
from naswotbook.registry import ROOT

PAPER = ROOT / "figures" / "paper"


@pytest.mark.parametrize("name", HEADLINES)
def test_a_page_of_the_papers_figures_has_its_answer_and_none_where_nothing_was_made(name: str, tmp_path: Path) -> None:
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
