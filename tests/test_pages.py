"""Files that pages of the book read and write."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from naswotlib.pages import complete_scores, write_csv


def _score(archs: list[str]) -> pd.DataFrame:
    table = pd.DataFrame({"arch": archs, "score": [float(len(arch)) for arch in archs], "error": ""})
    table.loc[table.arch == "bad", ["score", "error"]] = [np.nan, "ValueError: bad"]
    return table


def test_only_what_a_table_lacks_is_scored_and_then_kept(tmp_path: Path) -> None:
    path, asked = tmp_path / "scores" / "run.parquet", []

    def score(archs: list[str]) -> pd.DataFrame:
        asked.append(archs)
        return _score(archs)

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


def test_scoring_that_is_interrupted_leaves_the_table_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "run.parquet"
    complete_scores(path, ["a"], _score)
    before = path.read_bytes()

    def interrupted(archs: list[str]) -> pd.DataFrame:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        complete_scores(path, ["a", "b"], interrupted)
    assert path.read_bytes() == before


def test_a_csv_has_six_significant_digits(tmp_path: Path) -> None:
    write_csv(tmp_path / "t.csv", pd.DataFrame({"n": [1000], "tau": [0.123456789], "score": [-np.inf]}))
    assert (tmp_path / "t.csv").read_bytes() == b"n,tau,score\n1000,0.123457,-inf\n"
