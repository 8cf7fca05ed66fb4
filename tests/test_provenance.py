"""What a page says of where its numbers come from."""

import json
from pathlib import Path
from typing import Any

import pytest

from naswotlib.provenance import Provenance, notebook_parameters, provenance_table


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


def test_runs_stand_side_by_side_in_one_table() -> None:
    table = provenance_table({"(a)": {"seed": "0", "n_archs": "9"}, "(b)": {"seed": "1"}})
    assert table.splitlines() == [
        "| provenance | (a) | (b) |",
        "| --- | --- | --- |",
        "| seed | 0 | 1 |",
        "| n archs | 9 |  |",
    ]
