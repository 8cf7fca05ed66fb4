"""Networks of NAS-Bench-101 scored narrow and wide."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import kendalltau

from naswotbook.experiments import widths
from naswotbook.samples import Sample, draw_sample

SAMPLE = draw_sample("nasbench101", "cifar10", 30, profile="demo", seed=0)


@pytest.fixture(scope="module")
def scored() -> dict[int, pd.DataFrame]:
    """Scores by the channels of the stem, instead of computed ones; wide ones rank just as accuracy does."""
    noisy = SAMPLE.accuracy + np.random.default_rng(0).normal(0, 2 * SAMPLE.accuracy.std(), len(SAMPLE.archs))
    return {
        channels: pd.DataFrame({"score": scores, "seconds": seconds, "accuracy": SAMPLE.accuracy})
        for channels, scores, seconds in ((16, noisy, 0.5), (128, SAMPLE.accuracy, 2.0))
    }


@pytest.fixture(scope="module")
def found(scored: dict[int, pd.DataFrame]) -> pd.DataFrame:
    def score(sample: Sample, **scoring: Any) -> pd.DataFrame:
        assert scoring == {"seed": 0, "batch_size": 8}
        return scored[sample.skeleton.get("stem_channels", 16)]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(widths, "score_sample", score)
        return widths.compare_widths(SAMPLE, seed=0, batch_size=8)


def test_the_gain_is_the_difference_of_both_correlations(scored: dict[int, pd.DataFrame], found: pd.DataFrame) -> None:
    found = found.set_index("pair")
    narrow, wide = (kendalltau(scored[channels].score, SAMPLE.accuracy).statistic for channels in (16, 128))
    assert found.tau["score at 16, accuracy"] == pytest.approx(narrow)
    assert found.tau["gain by 128"] == pytest.approx(wide - narrow)
    assert found.low["gain by 128"] <= wide - narrow <= found.high["gain by 128"]
    assert found.tau["scores at 16 and 128"] == pytest.approx(kendalltau(scored[16].score, scored[128].score).statistic)
    assert found.seconds.dropna().tolist() == [0.5, 2.0]


def test_words_follow_the_interval_of_the_gain(found: pd.DataFrame) -> None:
    assert "ranked better:" in widths.describe_widths(found)
    assert "4 times as long" in widths.describe_widths(found)
    turned = found.assign(low=-found.high, high=-found.low)
    assert "ranked worse:" in widths.describe_widths(turned)
    assert "neither better nor worse:" in widths.describe_widths(found.assign(low=-1.0, high=1.0))


def test_the_table_has_no_seconds_where_nothing_was_scored(found: pd.DataFrame) -> None:
    lines = widths.widths_table(found).splitlines()
    assert lines[0] == "| Kendall's τ of | τ | 95% interval | networks | seconds a network |"
    assert lines[3].endswith("| 30 | 2.00 |")
    assert lines[-1].endswith("|  |  |")
