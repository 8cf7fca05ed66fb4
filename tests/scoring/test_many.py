"""The runner: one table whatever the order, the chunks and the number of processes; failures are rows."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest
import torch
from pandas.testing import assert_frame_equal

from naswotlib.errors import NaswotWarning
from naswotlib.scoring.many import score_archs
from naswotlib.scoring.proxies import base
from naswotlib.scoring.score import naswot_score
from naswotlib.spaces import arch_seed, get_space

SPACE = get_space("nasbench201")
SKELETON = {"cells_per_stage": 1, "stem_channels": 4}
ALL_NONE = SPACE[1651]


@pytest.fixture(scope="module")
def inputs() -> torch.Tensor:
    return torch.randn(16, 3, 8, 8, generator=torch.Generator().manual_seed(0))


def score(archs, inputs, **keywords) -> pd.DataFrame:
    return score_archs(SPACE, archs, inputs, **{"seed": 3, "skeleton": SKELETON, "progress": False} | keywords)


def values(table: pd.DataFrame) -> pd.DataFrame:
    return table.drop(columns="seconds")


class Fragile(type(SPACE)):
    """The space, but cells whose first edge is a pooling cannot be built."""

    def graph(self, arch, *, num_classes=10, stem_channels=16, cells_per_stage=5):
        if arch.ops[0] == "avg_pool_3x3":
            raise ZeroDivisionError("pooled")
        return super().graph(
            arch, num_classes=num_classes, stem_channels=stem_channels, cells_per_stage=cells_per_stage
        )


def test_a_row_is_what_naswot_score_says_of_the_network_built_with_its_own_seed(inputs):
    row = score([SPACE[1462]], inputs, counting="reference").iloc[0]
    text = SPACE.to_str(SPACE[1462])
    network = SPACE.build(SPACE[1462], seed=arch_seed(3, text), **SKELETON)
    expected = naswot_score(network, inputs, counting="reference")
    assert (row.arch, row.score, row.num_units, row.error) == (text, expected.value, expected.num_units, "")
    assert row.seconds > 0


def test_many_are_scored_fast_unless_exactly_is_asked_for_and_a_single_network_exactly(inputs):
    archs = SPACE[1462:1464]
    default, fast, exact = (score(archs, inputs, **how) for how in ({}, {"exact": False}, {"exact": True}))
    assert_frame_equal(values(default), values(fast))
    text = SPACE.to_str(archs[0])
    network = SPACE.build(archs[0], seed=arch_seed(3, text), **SKELETON)
    assert exact.score[0] == naswot_score(network, inputs).value
    assert default.score[0] == naswot_score(network, inputs, exact=False).value
    assert exact.score.tolist() == pytest.approx(default.score.tolist(), rel=1e-5)


def test_all_cores_give_the_table_of_one(inputs):
    archs = SPACE[100:140]
    assert_frame_equal(values(score(archs, inputs, workers=2)), values(score(archs, inputs, workers=1)))


def test_a_measure_of_ones_own_reaches_processes_that_began_before_it_was_written(inputs, monkeypatch):
    monkeypatch.setattr(base, "PROXIES", dict(base.PROXIES))
    score(SPACE[:2], inputs, workers=2)
    for factor in (2, 3):

        @base.register_proxy("times", needs_labels=True)
        def times(network, inputs, *, labels, factor=factor):
            return factor * float(labels.sum())

        labels = torch.arange(16)
        table = score(SPACE[:2], inputs, proxy="times", labels=labels, workers=2)
        assert table.score.tolist() == [factor * 120.0] * 2
    base.NEED_LABELS.discard("times")


def test_rows_come_in_the_order_asked_for_and_do_not_depend_on_it(inputs):
    numbers = np.random.default_rng(0).permutation(20)
    table = score([SPACE[int(i)] for i in numbers], inputs)
    assert table.arch.tolist() == [SPACE.to_str(SPACE[int(i)]) for i in numbers]
    ordered = score(SPACE[:20], inputs)
    assert_frame_equal(values(table), values(ordered).iloc[numbers].reset_index(drop=True))


def test_processes_give_the_same_table_as_none(inputs):
    assert_frame_equal(values(score(SPACE[:20], inputs, workers=2)), values(score(SPACE[:20], inputs)))


def test_an_architecture_that_comes_twice_is_scored_once_and_has_two_rows(inputs):
    table = score([SPACE[4], SPACE[7], SPACE[4]], inputs)
    assert len(table) == 3
    assert table.iloc[0].equals(table.iloc[2])  # seconds included


def test_texts_and_generators_are_as_good_as_architectures(inputs):
    def texts() -> Iterator[str]:
        yield from map(SPACE.to_str, SPACE[:5])

    assert_frame_equal(values(score(texts(), inputs)), values(score(SPACE[:5], inputs)))


def test_a_space_may_be_given_by_name(inputs):
    table = score_archs("nasbench201", SPACE[:2], inputs, seed=3, skeleton=SKELETON, progress=False)
    assert_frame_equal(values(table), values(score(SPACE[:2], inputs)))


def test_minus_infinity_is_a_score_and_not_an_error():
    images = torch.randn(16, 3, 8, 8, generator=torch.Generator().manual_seed(1))
    row = score([ALL_NONE], images[:1].repeat(16, 1, 1, 1)).iloc[0]  # equal images, so K_H has rank 1
    assert (row.score, row.error) == (-np.inf, "")


@pytest.mark.parametrize("workers", [1, 2])
def test_failures_are_rows_and_the_end_says_how_many(inputs, workers):
    pooled, whole = SPACE[0], SPACE[1]  # they begin with avg_pool_3x3 and nor_conv_3x3
    archs = [pooled, whole, SPACE[1462], SPACE[9], "|none~0|"]
    with pytest.warns(NaswotWarning, match="3 of 5 architectures failed"):
        table = score_archs(Fragile(), archs, inputs, seed=3, skeleton=SKELETON, workers=workers, progress=False)
    assert table.score.isna().tolist() == table.num_units.isna().tolist() == [True, False, False, True, True]
    assert table.error[0] == "ZeroDivisionError: pooled"
    assert "expected 3" in table.error[4]
    assert_frame_equal(values(table)[1:3], values(score(archs[:4], inputs))[1:3])


def test_no_architectures_give_an_empty_table_with_its_columns(inputs):
    table = score([], inputs)
    assert table.columns.tolist() == ["arch", "score", "num_units", "seconds", "error"]
    assert len(table) == 0


def test_progress_and_rate_go_to_stderr_and_only_when_asked_for(inputs, capsys):
    score(SPACE[:3], inputs)
    assert capsys.readouterr() == ("", "")
    score(SPACE[:3], inputs, progress=True)
    out, err = capsys.readouterr()
    assert out == ""
    assert "3/3" in err
    assert "/s" in err


@pytest.mark.parametrize(
    "bad, message",
    [
        ({"counting": "twice"}, "counting: 'twice'"),
        ({"workers": 0}, "workers: expected at least 1"),
        ({"skeleton": {"cells": 1}}, "skeleton of nasbench201: 'cells' is unknown; choose one of num_classes"),
        ({"space": "nasbench202"}, "space: 'nasbench202'"),
        ({"inputs": torch.zeros(1, 3, 8, 8)}, r"inputs: .* got \(1, 3, 8, 8\)"),
        ({"inputs": np.zeros((4, 3, 8, 8))}, "inputs: .* got ndarray"),
        ({"inputs": torch.full((4, 3, 8, 8), torch.nan)}, "inputs: found NaN"),
    ],
)
def test_what_would_fail_every_architecture_raises_at_once(inputs, bad, message):
    arguments = {"space": SPACE, "archs": SPACE[:2], "inputs": inputs, "seed": 0, "progress": False}
    with pytest.raises(ValueError, match=message):
        score_archs(**(arguments | bad))
