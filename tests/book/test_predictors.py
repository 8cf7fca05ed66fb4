"""What the score says of accuracy that a count does not, told apart where it is known which knows what."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import kendalltau

from naswotbook.experiments import predictor_words as words
from naswotbook.experiments.predictors import (
    EARLY,
    LABELS,
    ceilings,
    compare_tables,
    explain_accuracy,
    explain_page,
    gather_points,
    one_of_each_class,
    over_seeds,
    read_off_cell,
)
from naswotbook.samples import Sample
from naswotlib import get_space
from support.pages import make_page

SAMPLE = Sample("nasbench201", "cifar100", "test", 200, [], np.array([]), {}, "cifar100", None, "made up")
SPACE = get_space("nasbench201")


def made_up(n: int = 240, *, knows: float = 1.0) -> pd.DataFrame:
    """Accuracy is the number of units and something that the score alone sees; parameters see nothing."""
    rng = np.random.default_rng(0)
    units, hidden = rng.integers(1, 5, n), rng.normal(size=n)
    score = units * 3 + knows * hidden + (1 - knows) * rng.normal(size=n)
    points = pd.DataFrame({"arch": np.arange(n).astype(str), "num_units": units * 1000, "naswot": score})
    points["accuracy"] = units * 3 + hidden + rng.normal(size=n) / 2
    points["early"] = points.accuracy + rng.normal(size=n) / 10
    points.loc[0, "naswot"] = -np.inf
    noise = {"parameters": rng.normal(size=n), "flops": rng.normal(size=n)}
    return points.assign(convolutions=units, convolutions_3x3=units * 100, size_free=hidden, **noise)


def rows_of(table: pd.DataFrame) -> dict[tuple[str, str, str], dict[str, Any]]:
    return {(row["kind"], row["measure"], row["given"]): row for row in table.to_dict("records")}


def test_what_the_score_adds_is_in_pairs_of_equal_count() -> None:
    found = rows_of(explain_accuracy(made_up(), seed=0, n_boot=50))
    assert found["equal", "naswot", "num_units"]["low"] > 0.3
    assert found["unequal", "naswot", "num_units"]["tau"] == pytest.approx(
        found["unequal", "num_units", "num_units"]["tau"], abs=0.02
    )
    assert abs(found["tau_b", "parameters", ""]["tau"]) < 0.15
    blind = rows_of(explain_accuracy(made_up(knows=0.0), seed=0, n_boot=50))
    assert blind["equal", "naswot", "num_units"]["low"] < 0.05
    assert blind["ahead_a", "naswot", "num_units"]["tau"] < found["ahead_a", "naswot", "num_units"]["tau"]


def test_tau_a_and_tau_b_differ_by_the_ties_of_a_count_and_not_of_the_score() -> None:
    found = rows_of(explain_accuracy(made_up(), seed=0, n_boot=0))
    assert found["tau_b", "naswot", ""]["tau"] == pytest.approx(found["tau_a", "naswot", ""]["tau"])
    assert found["tau_b", "num_units", ""]["tau"] > found["tau_a", "num_units", ""]["tau"] + 0.05
    ahead = {kind: found[f"ahead_{kind}", "naswot", "num_units"]["tau"] for kind in "ab"}
    assert ahead["a"] > ahead["b"]
    assert np.isnan(found["tau_b", "naswot", ""]["low"])  # no resamples, no interval


def test_the_best_tenth_is_by_the_score_and_not_by_what_it_is_to_predict() -> None:
    points = made_up(600)
    found = rows_of(explain_accuracy(points, seed=0, n_boot=20))
    top = points.nlargest(60, "naswot")
    assert found["top", "naswot", ""]["n"] == 60
    assert found["top", "naswot", ""]["tau"] == pytest.approx(kendalltau(top.naswot, top.accuracy).statistic)
    assert found["top", EARLY, ""]["tau"] > found["top", "naswot", ""]["tau"]
    assert found["information_top", EARLY, "naswot"]["low"] > 0
    assert found["best", "naswot", ""]["n"] == 60


def test_groups_of_fewer_than_ten_have_no_correlation_of_their_own() -> None:
    points = made_up()
    points.loc[:8, "num_units"] = 7000
    groups = explain_accuracy(points, seed=0, n_boot=2).query("kind == 'group'").group.tolist()
    assert groups == [1000, 2000, 3000, 4000]


def test_one_cell_stands_for_each_function() -> None:
    archs = [SPACE.to_str(cell) for cell in SPACE]
    every = pd.DataFrame({"arch": archs[::-1], "accuracy": range(len(archs))})
    kept = one_of_each_class(every)
    assert len(kept) == 6466
    assert kept.arch[0] == archs[0]
    assert kept.accuracy[0] == len(archs) - 1


def test_points_have_the_score_without_its_size_and_leave_out_what_failed() -> None:
    archs = [SPACE.to_str(SPACE[index]) for index in (3, 900, 1462)]
    sample = Sample("nasbench201", "cifar10", "test", 200, archs, np.array([1.0, 2.0, 3.0]), {}, "cifar10", None, "")
    scores = pd.DataFrame({"arch": archs[::-1], "score": [1700.0, np.nan, 1500.0]})
    points = gather_points(sample, scores, early=np.array([4.0, 5.0, 6.0]), images=128)
    assert points.arch.tolist() == [archs[0], archs[2]]
    assert points.naswot.tolist() == [1500.0, 1700.0]
    assert points.early.tolist() == [4.0, 6.0]
    assert points.size_free.tolist() == pytest.approx((points.naswot - 128 * np.log(points.num_units)).tolist())


def test_a_score_that_is_a_function_of_the_cell_is_read_off_it() -> None:
    archs = [SPACE.to_str(cell) for cell in SPACE]
    number = np.array([arch.count("nor_conv") for arch in archs], dtype=float)
    noise = np.random.default_rng(0).normal(size=len(archs))
    found = read_off_cell(pd.DataFrame({"arch": archs, "naswot": number})).set_index("measure")
    assert found.tau["number of convolutions"] == pytest.approx(1)
    blind = read_off_cell(pd.DataFrame({"arch": archs, "naswot": noise})).set_index("measure")
    assert blind.tau["number of convolutions"] < 0.01
    assert found.group["number of convolutions"] == 7
    assert found.group["convolution, none or other on each edge"] == 729


def test_over_seeds_the_interval_holds_what_another_seed_changes() -> None:
    tables = [explain_accuracy(made_up(knows=knows), seed=0, n_boot=0) for knows in (1.0, 0.9, 0.8)]
    found = rows_of(over_seeds(tables))
    taus = [rows_of(table)["tau_b", "naswot", ""]["tau"] for table in tables]
    row = found["tau_b_seeds", "naswot", ""]
    assert row["tau"] == pytest.approx(np.mean(taus))
    assert row["high"] - row["low"] == pytest.approx(2 * 4.303 * np.std(taus, ddof=1) / 3**0.5, rel=1e-3)
    assert not any(measure != "naswot" for _, measure, _ in found)


def test_tables_and_trainings_are_compared_over_the_networks_that_they_share() -> None:
    rng = np.random.default_rng(0)
    one = pd.Series(rng.normal(size=200), index=[f"a{i}" for i in range(200)])
    other = (one + rng.normal(size=200) / 2)[20:]
    found = compare_tables({"x": one, "y": other}, [("data", "x", "y")], seed=0)
    assert found[["kind", "measure", "n"]].values.tolist() == [["data", "x and y", 180]]
    assert found.tau[0] == pytest.approx(kendalltau(one[20:], other).statistic)
    assert found.low[0] < found.tau[0] < found.high[0]
    accuracy = rng.normal(size=200)
    limits = ceilings(accuracy, accuracy + rng.normal(size=200), one.to_numpy(), seed=0).set_index("kind")
    assert limits.n.tolist() == [200, 20]
    assert 0 < limits.tau["ceiling"] < 1


def test_the_picture_shows_every_network_group_and_measure() -> None:
    points = made_up()
    figure = words.draw_explanation(points, explain_accuracy(points, seed=0, n_boot=2), SAMPLE)
    left, middle, right = figure.axes[:3]
    assert [len(drawn.get_offsets()) for drawn in left.collections] == [len(points) - 1, 1]
    assert [label.get_text().split("\n")[0] for label in middle.get_xticklabels()] == ["1", "2", "3", "4"]
    assert [label.get_text() for label in right.get_yticklabels()] == [
        LABELS[name] for name in ("naswot", "num_units", "parameters", EARLY)
    ]


def test_tables_and_words_have_the_numbers() -> None:
    explained = explain_accuracy(made_up(), seed=0, n_boot=20)
    found = rows_of(explained)
    ranking = words.ranking_table(explained)
    assert f"| ReLU units | {found['tau_b', 'num_units', '']['tau']:.3f} [" in ranking
    pairs = words.pairs_table({"one": explained})
    assert f"| one | ReLU units | {found['unequal', 'naswot', 'num_units']['tau']:.3f} [" in pairs
    groups = words.groups_table({"one": explained, "other": explained})
    assert groups.splitlines()[0] == "| convolutions | cells | one, τ-b | other, τ-b |"
    text = words.in_words({"one": explained})
    assert f"by: one {found['ahead_a', 'naswot', 'num_units']['tau']:.3f} [" in text
    assert f"its\n  τ-b is {found['top', 'naswot', '']['tau']:.3f}" in text
    more = pd.concat([explained, ceilings(np.arange(50.0), np.arange(50.0), np.arange(50.0), seed=0)])
    assert "Two trainings agree with\n    1.000" in words.information_in_words(more)


def test_what_was_not_published_is_left_out_and_without_any_there_is_a_box_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[str] = []
    monkeypatch.setattr("naswotbook.page.display", lambda found, **_: shown.append(str(getattr(found, "data", ""))))
    words.show_published(make_page("predictors", tmp_path))
    assert not any("τ-b" in text for text in shown)
    explained = explain_accuracy(made_up(), seed=0, n_boot=2)
    read = pd.DataFrame([["read_off", "number", "", 7, 9, 0.5, None, None]], columns=explained.columns)
    about = {"space": "nasbench201", "dataset": "cifar100"}
    whole = pd.concat([explained, read]).assign(**about)
    make_page("predictors", tmp_path, profile="paper").save("predictors-cifar100", whole)
    words.show_published(make_page("predictors", tmp_path))
    assert any("ahead of the number of ReLU units" in text for text in shown)
    assert "CIFAR-100: [CSV](../figures/paper/predictors-cifar100-seed0.csv)" in shown
    before = len(shown)
    words.show_published(make_page("predictors", tmp_path, profile="paper"))
    assert not any("τ-b" in text for text in shown[before:])  # a run that is to replace it does not show it


def test_networks_of_imagenet_stand_there_where_they_were_scored(tmp_path: Path) -> None:
    page = make_page("predictors", tmp_path)
    assert "is not here" in words.nds_table(page)
    rows = [("naswot", "photos224", "reference", 0.4), ("naswot", "noise224", "once", 0.9), ("flops", None, None, 0.5)]
    table = pd.DataFrame(rows, columns=["measure", "images", "counting", "tau"])
    page.paper.mkdir()
    table.assign(space="nds_darts_imagenet", low=0.1, high=0.6, n=121).to_csv(page.paper / "nds-imagenet-seed0.csv")
    assert "| nds_darts_imagenet | 121 | 0.400 [0.100, 0.600] |  |  | 0.500 [0.100, 0.600] |" in words.nds_table(page)


def test_a_page_of_ours_explains_the_bundled_networks(tmp_path: Path) -> None:
    page = make_page("predictors", tmp_path, batch_size=8, counting="once")
    points, explained, sample = explain_page(page, space="nasbench201", dataset="cifar10", n_archs=12, n_boot=4)
    assert len(points) <= len(sample.archs) == 12
    assert {"tau_b", "unequal", "top", "read_off", "regret"} <= set(explained.kind)
    assert not {"ceiling", "data", "information"} & set(explained.kind)
