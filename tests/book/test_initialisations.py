"""Scores that change while networks train, beside those of other initialisations."""

from __future__ import annotations

import pandas as pd
import pytest

from naswotbook.experiments.initialisations import compare_with_noise, describe_noise
from naswotbook.experiments.trajectories import load_trajectories
from naswotlib import get_space

SPACE = get_space("nasbench201")
ARCHS = [SPACE.to_str(SPACE[i]) for i in (1462, 7)]
TABLE = pd.DataFrame(
    [
        (arch, epoch, score)
        for arch, scores in zip(ARCHS, ([5.0, 5.5, 6.0, 9.0], [3.0, 1.0, 2.0, 7.0]), strict=True)
        for epoch, score in zip((0, 0.5, 1, 2), scores, strict=True)
    ],
    columns=["arch", "epoch", "score"],
)
AGAIN = [pd.DataFrame({"arch": [*ARCHS, "another"], "score": scores}) for scores in ([5.0, 3, 0], [9.0, 5, 0])]


@pytest.fixture
def found() -> pd.DataFrame:
    return compare_with_noise(TABLE, AGAIN)


def test_a_network_has_its_rises_and_its_deviation(found: pd.DataFrame) -> None:
    assert found["cell (index)"].tolist() == [1462, 7]
    assert found[["before", "first epoch", "all epochs"]].to_numpy().tolist() == [[5.0, 1.0, 4.0], [3.0, -1.0, 4.0]]
    assert found.deviation.tolist() == [2.0, 1.0]


def test_the_words_name_the_noise_and_the_changes(found: pd.DataFrame) -> None:
    words = " ".join(describe_noise(found).split())
    assert "move a score by 1.5" in words
    assert "1 of 1 pairs of networks lie closer together than twice that" in words
    assert "in the first epoch are -1.0 to +1.0, those over all epochs +4.0 to +4.0." in words


def test_without_trajectories_there_are_no_rows_and_the_words_say_so() -> None:
    found = compare_with_noise(load_trajectories("nowhere.parquet"), AGAIN)
    assert found.empty
    assert describe_noise(found) == "No network was scored while it trained."
