"""Answers to what is asked often: their numbers are those of the files, and every question links to a thread."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from naswotbook.experiments.questions import Answers
from naswotbook.registry import ROOT
from naswotlib.cli.main import app

PAPER = ROOT / "figures" / "paper"
PAGE = (ROOT / "book" / "faq.md").read_text(encoding="utf-8")
ANSWERS = Answers(PAPER)
SENTENCES = [name for name, _ in inspect.getmembers(Answers, inspect.isfunction) if not name.startswith("_")]


@pytest.mark.parametrize("name", [name for name in SENTENCES if name != "classifiers"])
def test_a_sentence_has_a_number_and_ends(name: str) -> None:
    text = " ".join(getattr(ANSWERS, name)().split())
    assert re.search(r"\d", text)
    assert text.endswith(".")
    assert "nan" not in text
    assert len(text) < 400


def test_every_sentence_is_used_once() -> None:
    assert sorted(re.findall(r"answers\.(\w+)\(", PAGE)) == sorted(SENTENCES)


def test_every_question_links_to_a_thread_and_has_a_command_or_a_number() -> None:
    parts = re.split(r"(?m)^### ", PAGE)[1:]
    assert len(parts) >= 15
    for part in parts:
        question, _, answer = part.partition("\n")
        assert "?" in question, question
        assert re.search(r"\*Asked in\*\s+\[[\w-]+\]\(https://github\.com/[\w/-]+/(issues|pull)/\d+\)", answer), (
            question
        )
        assert "answers." in answer or re.search(r"`[^`]+`", answer), question


def test_numbers_are_those_of_the_files() -> None:
    row = pd.read_csv(PAPER / "equation1-seed0.csv").set_index("comparison").loc["BatchNorm on the mini-batch, running"]
    assert f"τ of {row.agreement:.2f} only" in " ".join(ANSWERS.eval_mode().split())
    found = pd.read_csv(PAPER / "accuracy-agreement.csv").set_index(["first", "second"])
    short = found.tau["cifar10 validation, 12 epochs", "cifar10 test, 200 epochs"]
    assert f"{short:.2f} after 12" in " ".join(ANSWERS.accuracies().split())
    scores = pd.read_parquet(PAPER / "scores" / "nasbench201-cifar10-once-seed0.parquet")
    assert f"All {len(scores):,} cells took {scores.seconds.sum() / 3600:.1f} hours" in " ".join(
        ANSWERS.hours().split()
    )


def test_a_result_that_is_another_gives_another_sentence(tmp_path: Path) -> None:
    table = pd.read_csv(PAPER / "measures-seed0.csv")
    table.assign(high=1.0).to_csv(tmp_path / "measures-seed0.csv", index=False)
    assert " 0 has a τ below zero" in " ".join(Answers(tmp_path).signs().split())


def test_every_command_that_is_named_is_one_of_the_shell_with_its_options() -> None:
    commands = re.findall(r"`(naswot [^`]+)`", PAGE)
    assert len(commands) >= 6
    for command in commands:
        words = command.split()[1:]
        names = words[: 2 if words[0] in ("data", "scores") else 1]
        shown = CliRunner().invoke(app, [*names, "--help"], env={"COLUMNS": "200"})
        assert shown.exit_code == 0, command
        for option in re.findall(r"--[a-z-]+", command):
            assert option in shown.output, command
