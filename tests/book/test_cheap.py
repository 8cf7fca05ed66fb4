"""Cheaper scores: every setting is the score that it says, and the summary compares with the first."""

import numpy as np
import pandas as pd
import pytest
import torch

from naswotbook.experiments.cheap import (
    SETTINGS,
    Setting,
    describe_settings,
    median_seconds,
    score_cheaply,
    summarise_settings,
)
from naswotbook.plots import cost
from naswotlib import get_space, score_archs

SPACE = get_space("nasbench201")
ARCHS = [SPACE.to_str(SPACE[index]) for index in (0, 9, 1462)]
TWO = [Setting(8, 1, 12), Setting(4, 1, 6)]


def test_a_setting_is_the_score_of_its_skeleton_on_the_first_images():
    inputs = torch.randn(12, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    table = score_cheaply(SPACE, ARCHS, inputs, TWO, seed=3)
    assert table.arch.tolist() == [arch for arch in ARCHS for _ in TWO]
    for (channels, cells, images), rows in table.groupby(["channels", "cells", "images"]):
        skeleton = {"stem_channels": int(channels), "cells_per_stage": int(cells)}
        expected = score_archs(SPACE, ARCHS, inputs[:images], seed=3, exact=False, skeleton=skeleton, progress=False)
        np.testing.assert_allclose(rows.score, expected.score, rtol=1e-6)
    flops = table.groupby("channels").flops.mean()
    assert flops[4] < flops[8] / 4  # half the channels and half the images
    assert (table.seconds > 0).all()


def test_the_summary_compares_with_the_first_setting_on_the_same_networks():
    rng, n = np.random.default_rng(0), 60
    accuracy = rng.normal(size=n)
    good, bad = accuracy + rng.normal(size=n) / 10, rng.normal(size=n)
    rows = {"channels": np.repeat([8, 4], n), "cells": 1, "images": 9, "flops": np.repeat([40, 10], n)}
    table = pd.DataFrame(rows | {"score": np.concatenate([good, bad])})
    summary = summarise_settings(table, accuracy, seed=0, n_boot=100)
    assert summary.channels.tolist() == [8, 4]
    assert summary.cost.tolist() == [1.0, 0.25]
    assert summary.agreement[0] == 1
    assert summary.less.tolist() == pytest.approx([0, summary.tau[0] - summary.tau[1]])
    assert summary.less_low[0] == summary.less_high[0] == 0
    assert 0.3 < summary.less_low[1] < summary.less[1] < summary.less_high[1]
    [ax] = cost(summary).axes
    assert ax.get_xscale() == "log"
    assert len(ax.containers) == 2


def test_counts_stand_beside_the_settings_and_cost_nothing():
    rng, n = np.random.default_rng(0), 80
    units = rng.integers(1, 4, n)
    accuracy = units + rng.normal(size=n)
    score = accuracy + rng.normal(size=n) / 10
    rows = {"channels": np.repeat([8, 4], n), "cells": 1, "images": 9, "flops": np.repeat([40, 10], n)}
    table = pd.DataFrame(rows | {"score": np.concatenate([score, score])})
    counts = pd.DataFrame({"arch": range(n), "num_units": units, "flops": -units})
    summary = summarise_settings(table, accuracy, counts, seed=0, n_boot=50)
    assert summary.measure.tolist() == ["score", "score", "ReLU units", "FLOPs"]
    row = summary.iloc[2]
    assert row.cost == 0
    assert pd.isna(row.channels)
    assert row.tau > row.tau_a > 0 > summary.tau[3]
    assert summary.tau[0] == pytest.approx(summary.tau_a[0])
    assert row.less == pytest.approx(summary.tau[0] - row.tau)
    [ax] = cost(summary).axes
    assert len(ax.containers) == 2
    assert {"ReLU units", "FLOPs"} <= {text.get_text() for text in ax.texts}
    words = " ".join(describe_settings(summary).split())
    assert "4 channels, 1 cells a stage and 9 images: 25.0% of the multiply-adds" in words
    assert f"has a τ-b of {row.tau:.3f} on the same networks" in words
    assert "the score is ahead of it" in words


def test_seconds_are_medians_over_networks_and_shares_of_the_first_setting():
    rows = {"channels": [8] * 3 + [4] * 3, "cells": 1, "images": 9, "seconds": [1.0, 2.0, 9.0, 0.25, 0.5, 0.75]}
    table = median_seconds(pd.DataFrame(rows))
    assert table.channels.tolist() == [8, 4]
    assert table.median_seconds.tolist() == [2.0, 0.5]
    assert table.share.tolist() == [1.0, 0.25]


@pytest.mark.parametrize("profile", SETTINGS)
def test_no_setting_is_dearer_than_the_first_nor_there_twice(profile):
    first, *others = SETTINGS[profile]
    assert len({first, *others}) == 1 + len(others)
    for other in others:
        assert other.channels <= first.channels
        assert other.cells <= first.cells
        assert other.images <= first.images
