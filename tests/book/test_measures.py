"""Measures beside one another: whose values they are, what is kept, and what size explains."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from scipy.stats import kendalltau

from naswotbook.experiments.predictors import PREDICTORS, draw_explanation, explain_accuracy, explanation_table
from naswotbook.panels import Panel
from naswotbook.plots import fig4, score_by_size, within_groups

PANELS = {"b": Panel("fig4b-nds-darts", "NDS-DARTS", "nds_darts", "cifar10")}
ACCURACIES = [91.25, 95.5, 93.75, 90.125]


def test_bars_are_as_long_as_the_taus_with_the_first_on_top():
    table = pd.DataFrame({"label": ["a", "b"], "kind": ["score", "size"], "tau": [0.5, -0.25]})
    figure, ax = plt.subplots()
    fig4(table.assign(low=[0.4, -0.5], high=[0.75, 0.0]), ax, title="t")
    assert [bar.get_width() for bar in ax.patches] == [0.5, -0.25]
    assert ax.yaxis.get_inverted()
    ends = [segment[:, 0].tolist() for line in ax.collections for segment in line.get_segments()]
    assert ends == [[0.4, 0.75], [-0.5, 0.0]]
    plt.close(figure)


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
    figure = draw_explanation(points, explain_accuracy(points, seed=0, n_boot=2), accuracy="accuracy (%)")
    left, right = figure.axes[:2]
    assert [len(drawn.get_offsets()) for drawn in left.collections] == [len(points) - 1, 1]
    assert [label.get_text().split("\n")[0] for label in right.get_xticklabels()] == [
        "1,000",
        "2,000",
        "3,000",
        "4,000",
    ]
    plt.close(figure)
    _, axes = plt.subplots(1, 2)
    assert score_by_size(points.rename(columns={"naswot": "score"}), axes[0], accuracy="a") is axes[0]
    group = pd.DataFrame({"group": [5], "n": [12], "tau": [0.1], "low": [0.0], "high": [0.2]})
    assert within_groups(group, axes[1], title="t", group="units").get_xlabel() == "units"
    plt.close()
