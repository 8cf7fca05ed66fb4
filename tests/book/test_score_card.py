"""The data card and the digests of the committed score tables say what is there."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pandas as pd
import pytest
import yaml

from naswotbook.experiments.score_card import CARD, SCORES, main, make_card
from naswotbook.kept import describe_files, read_runs
from naswotlib.data.score_tables import FILES, MANIFEST, read_tables

ANEW = "a table has changed: python -m naswotbook.experiments.score_card"


def test_the_manifest_has_size_and_digest_of_every_committed_table() -> None:
    assert json.loads((SCORES / MANIFEST).read_text())[FILES] == describe_files(SCORES), ANEW
    assert {table.file for table in read_tables(SCORES)[1]} == {path.name for path in SCORES.glob("*.parquet")}


def test_the_committed_card_is_the_one_that_the_manifest_makes() -> None:
    assert (SCORES / CARD).read_text(encoding="utf-8") == make_card(SCORES), ANEW


def test_the_card_names_every_table_once_as_a_hub_wants_it() -> None:
    _, head, text = (SCORES / CARD).read_text(encoding="utf-8").split("---\n", 2)
    front = yaml.safe_load(head)
    tables = {path.name for path in SCORES.glob("*.parquet")}
    assert {config["data_files"] for config in front["configs"]} == tables
    assert len({config["config_name"] for config in front["configs"]}) == len(tables)
    assert [config.get("default") for config in front["configs"]].count(True) == 1
    assert (front["license"], len(front["size_categories"])) == ("mit", 1)
    assert re.findall(r"^\| `([\w.-]+\.parquet)`", text, re.MULTILINE) == sorted(tables)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    pd.DataFrame({"arch": ["a", "b"], "score": [1.0, 2.0]}).to_parquet(tmp_path / "x-y-once-seed0.parquet", index=False)
    run = {"rows": 2, "versions": "torch 9", "hardware": "1 core"}
    (tmp_path / MANIFEST).write_text(json.dumps({"x-y-once-seed0.parquet": [run]}))
    return tmp_path


def test_what_is_written_anew_follows_the_tables_and_keeps_what_was_noted_of_runs(folder: Path) -> None:
    main(folder)
    [table] = read_tables(folder)[1]
    assert (table.rows, table.columns) == (2, ("arch", "score"))
    assert "| `x-y-once-seed0.parquet` | 2 |" in (folder / CARD).read_text()
    assert "torch 9; 1 core |" in (folder / CARD).read_text()
    pd.DataFrame({"arch": ["a"], "score": [1.0]}).to_parquet(folder / "x-y-once-seed0.parquet", index=False)
    main(folder)
    [changed] = read_tables(folder)[1]
    assert (changed.rows, changed.sha256 != table.sha256) == (1, True)
    assert read_runs(folder)["x-y-once-seed0.parquet"][0]["versions"] == "torch 9"
