"""How good the networks of a front are, in a row and in words."""

import pandas as pd
import pytest

from naswotbook.experiments.hardware import front_in_words, summarise_fronts

TABLE = pd.DataFrame(
    {
        "arch": ["|nor_conv_1x1~0|nor_conv_1x1~1|", "|nor_conv_3x3~0|none~1|", "|none~0|none~1|"],
        "flops": [2.0, 3.0, 1.0],
        "score": [7.0, 6.0, 5.0],
        "num_units": [20, 30, 10],
        "accuracy": [60.0, 80.0, 70.0],
    }
)


def test_a_front_is_compared_with_all_candidates_by_accuracy_and_by_its_convolutions() -> None:
    found = summarise_fronts(TABLE)
    assert found.by.tolist() == ["score", "num_units"]
    row, counted = found.to_dict("records")
    assert (row["n"], row["on_front"], row["largest_share"]) == (3, 2, 1)
    assert (row["front_1x1"], row["front_3x3"]) == (1, 0)
    assert (row["all_1x1"], row["all_3x3"]) == (pytest.approx(2 / 3), pytest.approx(1 / 3))
    assert row["median_share"] == 0  # the dearer of the two is less accurate than the other
    assert (counted["on_front"], counted["median_share"]) == (3, 0.5)  # 0 and 1: the dearest is the best


def test_words_have_the_numbers_of_the_rows() -> None:
    shares = {"median_share": 0.925, "least_share": 0.5, "largest_share": 0.75}
    convolutions = {"front_1x1": 2.5, "front_3x3": 0.875, "all_1x1": 1.25, "all_3x3": 1.0}
    row = {"by": "score", "n": 40, "on_front": 9} | shares | convolutions
    counted = row | {"by": "num_units", "on_front": 4, "median_share": 0.6}
    text = " ".join(front_in_words(pd.DataFrame([row, counted])).split())
    assert "Of 40 networks, 9 are on the front." in text
    assert "better than 92% of those that cost no more, the worst of them than 50%." in text
    assert "costs most is better than 75%." in text
    assert "4 are on the front; the median one is as good as or better than 60%, the worst than 50%" in text
    assert "has 2.5 1×1 and 0.9 3×3 convolutions" in text
    assert text.endswith("one of all candidates has 1.2 and 1.0.")
