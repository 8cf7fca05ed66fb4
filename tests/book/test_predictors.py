"""What the score says of accuracy that size does not, told apart where it is known which knows what."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import kendalltau

from naswotbook.experiments.predictors import (
    PREDICTORS,
    draw_explanation,
    explain_accuracy,
    explanation_in_words,
    explanation_table,
    show_published_explanations,
)
from naswotbook.samples import Sample
from support.pages import make_page

SAMPLE = Sample("nasbench201", "cifar100", "test", 200, [], np.array([]), {}, "cifar100", None, "made up")


def made_up(n: int = 240) -> pd.DataFrame:
    """Accuracy is the number of units and something that the score alone sees; parameters see nothing."""
    rng = np.random.default_rng(0)
    units, hidden = rng.integers(1, 5, n) * 1000, rng.normal(size=n)
    points = pd.DataFrame({"arch": np.arange(n).astype(str), "num_units": units, "naswot": units / 1000 + hidden})
    points["accuracy"] = units / 1000 + hidden + rng.normal(size=n)
    points.loc[0, "naswot"] = -np.inf
    return points.assign(parameters=rng.normal(size=n), flops=rng.normal(size=n))


def test_an_explanation_tells_what_size_knows_from_what_the_score_adds():
    points = made_up()
    table = explain_accuracy(points, seed=0, n_boot=50)
    found = {(row["kind"], row["measure"], row["given"]): row for row in table.to_dict("records")}
    assert [row["measure"] for row in table.to_dict("records") if row["kind"] == "overall"] == list(PREDICTORS)
    assert found["overall", "num_units", np.nan]["tau"] > 0.3
    assert found["partial", "naswot", "num_units"]["low"] > 0.2
    assert abs(found["partial", "parameters", "naswot"]["tau"]) < 0.15
    assert found["within", "naswot", "num_units"]["low"] > 0.2
    assert ((table.low <= table.tau) & (table.tau <= table.high)).all()
    groups = table[table.kind == "group"]
    assert groups.group.tolist() == [1000, 2000, 3000, 4000]
    assert groups.n.tolist() == points.num_units.value_counts().sort_index().tolist()
    for row in groups.to_dict("records"):
        part = points[points.num_units == row["group"]]
        assert row["tau"] == pytest.approx(kendalltau(part.naswot, part.accuracy).statistic)
    text = explanation_table({"made up": table})
    assert f"| score, ReLU units held fixed | {found['partial', 'naswot', 'num_units']['tau']:.3f} (" in text
    assert "| score, among networks of equal ReLU units |" in text
    assert "| ReLU units, score held fixed |" in text


def test_groups_of_fewer_than_ten_have_no_correlation_of_their_own():
    points = made_up()
    points.loc[:8, "num_units"] = 7000
    assert 7000 not in explain_accuracy(points, seed=0, n_boot=2).group.tolist()


def test_the_picture_of_an_explanation_shows_every_network_and_group():
    points = made_up()
    figure = draw_explanation(points, explain_accuracy(points, seed=0, n_boot=2), SAMPLE)
    left, right, scale = figure.axes
    assert [len(drawn.get_offsets()) for drawn in left.collections] == [len(points) - 1, 1]
    sizes = [label.get_text().split("\n")[0] for label in right.get_xticklabels()]
    assert sizes == ["1,000", "2,000", "3,000", "4,000"]
    assert scale.get_ylabel() == "CIFAR-100 test accuracy (%)"


def test_words_have_the_numbers_of_each_data_set_in_turn():
    def row(kind: str, measure: str, tau: float, given: str | None = None, group: int | None = None) -> dict[str, Any]:
        found = {"kind": kind, "measure": measure, "given": given, "group": group, "n": 9, "tau": tau}
        return found | {"low": tau - 0.05, "high": tau + 0.05}

    def table(shift: float) -> pd.DataFrame:
        overall = [
            row("overall", name, tau + shift) for name, tau in zip(PREDICTORS, (0.7, 0.5, 0.3, 0.3), strict=True)
        ]
        partial = [row("partial", "naswot", 0.2 + shift, "num_units"), row("partial", "num_units", 0.1, "naswot")]
        groups = [row("group", "naswot", tau, "num_units", 7) for tau in (0.01, 0.4, 0.02 + shift)]
        return pd.DataFrame([*overall, *partial, *groups])

    text = explanation_in_words({"one": table(0.0), "other": table(0.125)})
    assert "The score has a $\\tau$ of 0.700, 0.825; the\n  number of units alone has 0.500, 0.625." in text
    assert "apart on 2 of 2" in text
    assert "Parameters have 0.300, 0.425" in text
    assert "\n  0.200, 0.325; that of the number of units, with the score held fixed, is\n  0.100, 0.100." in text
    assert "one: 0.01, 0.40, 0.02; other: 0.01, 0.40, 0.14" in text  # the first is not of the largest
    assert "zero on: one 0.02 [-0.03, 0.07]." in text


def test_a_data_set_that_was_not_published_is_left_out_and_without_any_there_is_a_box_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[str] = []
    monkeypatch.setattr("naswotbook.page.display", lambda found, **_: shown.append(str(getattr(found, "data", ""))))
    show_published_explanations(make_page("predictors", tmp_path))
    assert not any("In words" in text for text in shown)
    explained = explain_accuracy(made_up(), seed=0, n_boot=2)
    make_page("predictors", tmp_path, profile="paper").save("predictors-cifar100", explained.assign(dataset="cifar100"))
    show_published_explanations(make_page("predictors", tmp_path))
    assert "| τ with accuracy (95% interval) | CIFAR-100 |" in "\n".join(shown)
    assert "CIFAR-100: [CSV](../figures/paper/predictors-cifar100-seed0.csv)" in shown
    assert shown[-1].startswith("In words:")
