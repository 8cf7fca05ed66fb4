"""Score tables that are kept: only what is missing is computed, and what a name says can be read from it."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from naswotbook.kept import complete_scores, kept_table, parse_name, scores_name


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


@pytest.mark.parametrize("skeleton", [{}, {"stem_channels": 128}, {"width": 8, "depth": 4}])
@pytest.mark.parametrize("batch_size", [64, 128])
@pytest.mark.parametrize("counting", ["once", "reference", "grad_norm", "grad_norm_euclidean", "synflow"])
def test_a_name_says_all_that_it_was_made_from(skeleton: dict[str, int], batch_size: int, counting: str) -> None:
    made = {"counting": counting, "seed": 12, "batch_size": batch_size, "skeleton": skeleton}
    assert parse_name(scores_name("nds_darts_fixed", "imagenet16-120", **made)) == {
        "space": "nds_darts_fixed",
        "dataset": "imagenet16-120",
        "measure": counting,
        "seed": 12,
        "batch": batch_size,
        "skeleton": " ".join(f"{key}={value}" for key, value in skeleton.items()),
    }


def test_a_file_of_one_page_has_no_such_name() -> None:
    assert parse_name("fig5-reference-seed0-archs10-repeats20-batch128.parquet") is None


def test_a_table_is_computed_once_where_it_is_kept_and_each_time_where_it_is_not(tmp_path: Path) -> None:
    computed = []

    def compute() -> pd.DataFrame:
        computed.append(len(computed))
        return pd.DataFrame({"score": [float(len(computed))]})

    path = tmp_path / "scores" / "x.parquet"
    assert [kept_table(path, compute).score[0] for _ in range(2)] == [1, 1]
    assert [kept_table(None, compute).score[0] for _ in range(2)] == [2, 3]
    assert [file.name for file in tmp_path.rglob("*.*")] == ["x.parquet"]
