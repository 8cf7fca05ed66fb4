"""Files that pages of the book read and write."""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from naswotbook.pages import (
    complete_scores,
    few_networks,
    load_published,
    markdown_table,
    save_panel,
    size_table,
    write_csv,
)
from naswotbook.provenance import Provenance


def _score(archs: list[str], out: Path) -> pd.DataFrame:
    table = pd.DataFrame({"arch": archs, "score": [float(len(arch)) for arch in archs], "error": ""})
    table.loc[table.arch == "bad", ["score", "error"]] = [np.nan, "ValueError: bad"]
    return table


def test_only_what_a_table_lacks_is_scored_and_then_kept(tmp_path: Path) -> None:
    path, asked = tmp_path / "scores" / "run.parquet", []

    def score(archs: list[str], out: Path) -> pd.DataFrame:
        asked.append(archs)
        return _score(archs, out)

    complete_scores(path, ["a", "bb", "a"], score)
    table = complete_scores(path, ["ccc", "bb", "a"], score)
    again = complete_scores(path, ["a", "ccc"], score)
    assert asked == [["a", "bb"], ["ccc"]]
    assert (table.arch.tolist(), table.score.tolist()) == (["ccc", "bb", "a"], [3.0, 2.0, 1.0])
    assert again.arch.tolist() == ["a", "ccc"]
    assert pd.read_parquet(path).arch.tolist() == ["a", "bb", "ccc"]


def test_an_architecture_that_failed_is_shown_but_tried_again(tmp_path: Path) -> None:
    path = tmp_path / "run.parquet"
    table = complete_scores(path, ["a", "bad"], _score)
    assert table.error.tolist() == ["", "ValueError: bad"]
    assert pd.read_parquet(path).arch.tolist() == ["a"]


def test_scoring_that_is_interrupted_leaves_the_table_as_it_was_and_goes_on_from_there(tmp_path: Path) -> None:
    path = tmp_path / "run.parquet"
    complete_scores(path, ["a"], _score)
    before = path.read_bytes()

    def interrupted(archs: list[str], out: Path) -> pd.DataFrame:
        out.mkdir()
        (out / "some").write_text("of them")
        raise KeyboardInterrupt

    def goes_on(archs: list[str], out: Path) -> pd.DataFrame:
        assert (out / "some").read_text() == "of them"
        return _score(archs, out)

    with pytest.raises(KeyboardInterrupt):
        complete_scores(path, ["a", "b"], interrupted)
    assert path.read_bytes() == before
    assert complete_scores(path, ["a", "b"], goes_on).arch.tolist() == ["a", "b"]
    assert [file.name for file in tmp_path.iterdir()] == ["run.parquet"]


def test_a_panel_is_shown_from_its_files_and_as_a_box_that_says_what_it_needs(tmp_path: Path) -> None:
    box = load_published(tmp_path, "fig1", "table.parquet")
    assert box.picture.axes[0].texts[0].get_text() == "not here:\ntable.parquet"
    assert (box.summary.empty, box.facts, box.link) == (True, {}, "")
    figure, _ = plt.subplots()
    page = Provenance({"__annotations__": {"seed": int}, "seed": 3})
    save_panel(tmp_path, "fig1", figure, pd.DataFrame({"tau": [0.25]}), page)
    plt.close(figure)
    shown = load_published(tmp_path, "fig1", "table.parquet")
    assert shown.picture.data == (tmp_path / "fig1.png").read_bytes()
    assert (shown.summary.tau.tolist(), shown.facts["seed"]) == ([0.25], "3")
    assert shown.link == "[CSV](../figures/paper/fig1.csv)"


def test_a_table_in_markdown_has_its_columns_and_cells() -> None:
    assert markdown_table(["a", "b"], [[1, "x"]]) == "| a | b |\n| --- | --- |\n| 1 | x |\n"


def test_a_csv_has_six_significant_digits(tmp_path: Path) -> None:
    write_csv(tmp_path / "t.csv", pd.DataFrame({"n": [1000], "tau": [0.123456789], "score": [-np.inf]}))
    assert (tmp_path / "t.csv").read_bytes() == b"n,tau,score\n1000,0.123457,-inf\n"


def test_a_size_table_has_three_percentiles_in_millions_for_each_group():
    table = pd.DataFrame({"parameters": [1e6, 2e6, 3e6], "num_units": 5e5, "flops": 1234e6, "space": ["a", "b", "b"]})
    [*_, row] = size_table(table).splitlines()
    assert row == "| 5% / median / 95% | 1.1 / 2 / 2.9 | 0.5 / 0.5 / 0.5 | 1,234 / 1,234 / 1,234 |"
    assert [line.split(" | ")[0] for line in size_table(table, by="space").splitlines()[2:]] == ["| a", "| b"]


def test_few_networks_are_said_to_be_few() -> None:
    assert "fewer than ten" in few_networks([140, 4])
    assert few_networks([140, 10]) == few_networks([]) == ""
