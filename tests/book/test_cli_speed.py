"""What one waits for at the shell: the lines of README.md are those of the committed measurement, within its limits."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from cli_speed import COMMANDS, measure

from naswotbook.experiments.speed import cli_in_words
from naswotbook.registry import ROOT

MEASURED = ROOT / "figures" / "paper" / "cli-speed.csv"


@pytest.fixture
def measured() -> Path:
    if not MEASURED.exists():
        pytest.skip("not measured yet: python tests/speed/cli_speed.py --out figures/paper, on an idle machine")
    return MEASURED


def test_the_readme_says_what_was_measured(measured: Path) -> None:
    lines = cli_in_words(measured)
    assert lines in (ROOT / "README.md").read_text(encoding="utf-8"), f"README.md does not say it; put there:\n{lines}"


def test_what_was_measured_keeps_the_limits_on_a_machine_that_was_idle(measured: Path) -> None:
    table = pd.read_csv(measured)
    assert table.what.tolist() == [name for name, *_ in COMMANDS]
    aimed = table.dropna(subset="limit")
    assert (aimed.seconds < aimed.limit).all()
    assert (table.least <= table.seconds).all()
    assert (table.seconds <= table.most).all()


def test_lines_have_the_numbers_of_the_table_and_the_machine(tmp_path: Path) -> None:
    seconds = {"compile": 31.4, "help": 0.21, "first score": 3.36, "search": 12.6}
    pd.DataFrame({"what": seconds.keys(), "seconds": seconds.values()}).to_csv(tmp_path / "cli.csv", index=False)
    (tmp_path / "cli.json").write_text(json.dumps({"hardware": "some CPU, 2 cores"}))
    text = " ".join(cli_in_words(tmp_path / "cli.csv").split())
    assert "the first fast score: 31 seconds" in text
    assert "`naswot search --n 100` takes 13 seconds, `naswot --help` 0.2, and" in text
    assert "with all imports, 3.4 (some CPU, 2 cores;" in text
    assert all(len(line) <= 120 for line in cli_in_words(tmp_path / "cli.csv").splitlines())


def test_a_command_is_run_so_often_and_its_times_are_in_order(tmp_path: Path) -> None:
    row = measure("nothing", "print(1)", (), 9.0, 3, str(tmp_path))
    assert (row["what"], row["runs"], row["limit"]) == ("nothing", 3, 9.0)
    assert 0 < row["least"] <= row["seconds"] <= row["most"]
    assert row["cpu_seconds"] > 0
