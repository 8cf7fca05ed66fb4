"""What a page says of where its numbers come from."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from naswotbook import provenance
from naswotbook.provenance import Provenance, notebook_parameters, provenance_table


def _namespace(**values: Any) -> dict[str, Any]:
    return {"__annotations__": {"seed": int, "share": float, "data_dir": str | None}, "data_dir": None, **values}


def test_a_whole_number_is_a_fine_float() -> None:
    assert notebook_parameters(_namespace(seed=7, share=1)) == {"seed": 7, "share": 1, "data_dir": None}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"seed": "seven", "share": 0.5}, "seed: expected int, got 'seven'"),
        ({"seed": True, "share": 0.5}, "seed: expected int, got True"),
        ({"seed": 1, "share": 0.5, "data_dir": 3}, "data_dir: expected str | None, got 3"),
    ],
)
def test_a_value_of_another_type_is_an_error_that_names_it(values: dict[str, Any], message: str) -> None:
    with pytest.raises(TypeError) as error:
        notebook_parameters(_namespace(**values))
    assert str(error.value) == message


def test_facts_are_kept_whole_without_folders_of_one_machine(tmp_path: Path) -> None:
    page = Provenance(_namespace(seed=7, share=0.5, data_dir="/somewhere"))
    page.write(tmp_path / "facts.json")
    facts = json.loads((tmp_path / "facts.json").read_text())
    assert facts["seed"] == "7"
    assert "torch" in facts["versions"]
    assert "/somewhere" not in facts.values()
    command = "`.venv/bin/doit profile=paper data=PATH paper:facts`"
    assert provenance.read_facts(tmp_path / "facts.json") == {**facts, "command": command}


def test_runs_stand_side_by_side_in_one_table_behind_the_lines_that_most_ask_for() -> None:
    runs = {
        "(a)": {"seed": "0", "n_archs": "9", "commit": "abc", "command": "`doit a`"},
        "(b)": {"seed": "1", "commit": "abc", "command": "`doit b`"},
    }
    lines, table = provenance_table(runs).split("<details>")
    assert lines.splitlines()[2:4] == ["Made by `doit a` and 1 more.\\", "seed 0 or 1; commit abc."]
    assert table.splitlines()[2:6] == [
        "| provenance | (a) | (b) |",
        "| --- | --- | --- |",
        "| seed | 0 | 1 |",
        "| n archs | 9 |  |",
    ]


def test_facts_without_a_command_or_a_seed_have_their_table_alone() -> None:
    lines, table = provenance_table({"": {"date": "2026-11-26"}}).split("<details>")
    assert "Made by" not in lines
    assert "| date | 2026-11-26 |" in table


def test_the_commit_is_dirty_where_code_was_changed_and_not_where_figures_were(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def git(*arguments: str) -> str:
        identity = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
        done = subprocess.run(["git", *identity, *arguments], cwd=tmp_path, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    for file in ("naswotlib/provenance.py", "figures/fig.csv"):
        (tmp_path / file).parent.mkdir()
        (tmp_path / file).write_text("as committed")
    git("init")
    git("add", ".")
    git("commit", "-m", "all")
    monkeypatch.setattr(provenance, "__file__", str(tmp_path / "naswotlib/provenance.py"))

    def commit() -> str:
        return Provenance({"__annotations__": {}}).facts()["commit"]

    (tmp_path / "figures/fig.csv").write_text("remade")
    assert commit() == git("rev-parse", "--short", "HEAD")
    (tmp_path / "naswotlib/provenance.py").write_text("changed")
    assert commit() == git("rev-parse", "--short", "HEAD") + "-dirty"


def test_what_a_parameter_came_to_stands_beside_what_was_asked_for() -> None:
    page = Provenance(_namespace(seed=7, share=1))
    page.came_to(seed=3, share=1)
    assert page.facts()["seed"] == "3 (at most 7)"
    assert page.facts()["share"] == "1"
    assert page.parameters["seed"] == 7
