"""Measures beside one another: whose values they are, what is kept, and what size explains."""

from __future__ import annotations

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from scipy.stats import kendalltau

from naswotbook.experiments.predictors import PREDICTORS, draw_explanation, explain_accuracy, explanation_table
from naswotbook.measure_pages import measures_table
from naswotbook.measures import MEASURES, compare_measures, draw_measures, measure_sample
from naswotbook.panels import Panel
from naswotbook.plots import fig4, score_by_size, within_groups
from naswotbook.samples import draw_sample
from naswotlib import arch_seed, get_space, load_images, naswot_score
from naswotlib.benchmarks import import_file
from naswotlib.scoring.proxies import NEED_LABELS, PROXIES
from support.published import write_nds

PANELS = {"b": Panel("fig4b-nds-darts", "NDS-DARTS", "nds_darts", "cifar10")}
ACCURACIES = [91.25, 95.5, 93.75, 90.125]


@pytest.fixture
def published(tmp_path: Path) -> Path:
    """A folder with a small official file of NDS, imported, and images of CIFAR-10's format."""
    space, rng = get_space("nds_darts"), np.random.default_rng(0)
    archs = [space.sample(rng) for _ in range(4)]
    write_nds(tmp_path / "DARTS.json", archs, [[50.0, 100 - accuracy] for accuracy in ACCURACIES])
    import_file(tmp_path / "DARTS.json", out=tmp_path)
    pixels = rng.integers(256, size=(12, 32, 32, 3), dtype=np.uint8)
    np.savez(tmp_path / "minibatches-cifar10.npz", images=pixels, labels=np.arange(12) % 10)
    return tmp_path


def test_every_measure_is_that_of_the_network_built_with_its_own_seed():
    sample = draw_sample("nasbench201", "cifar10", 3, profile="demo", seed=2)
    table = measure_sample(sample, MEASURES, seed=2, batch_size=8, counting="once")
    assert table.columns.tolist() == ["arch", "accuracy", *MEASURES]
    inputs, labels = load_images("photos", 8, seed=2, side=sample.side, with_labels=True)
    space = get_space("nasbench201")
    for row in table.to_dict("records"):
        network = space.build(space.from_str(row["arch"]), seed=arch_seed(2, row["arch"]), **sample.skeleton)
        assert row["naswot"] == pytest.approx(naswot_score(network, inputs).value, rel=1e-6)
        for name in set(MEASURES) & set(PROXIES):
            classes = {"labels": labels} if name in NEED_LABELS else {}
            assert row[name] == pytest.approx(PROXIES[name](network, inputs, **classes), rel=1e-4), name


def test_what_is_known_is_taken_and_the_rest_computed():
    sample = draw_sample("nasbench201", "cifar10", 3, profile="demo", seed=2)
    settings = {"seed": 2, "batch_size": 8, "counting": "once"}
    computed = measure_sample(sample, ["synflow", "flops"], **settings)
    known = pd.DataFrame({"arch": [sample.archs[1], "another"], "synflow": [-1.5, 7.0]})
    table = measure_sample(sample, ["synflow", "flops"], **settings, known=known)
    assert table.synflow.tolist() == [computed.synflow[0], -1.5, computed.synflow[2]]
    assert table.flops.tolist() == computed.flops.tolist()


def test_a_panel_compares_its_measures_and_keeps_what_it_computed_without_accuracies(published: Path):
    settings = {"profile": "paper", "panels": "", "n_archs": 9, "batch_size": 4, "counting": "once", "seed": 0}
    settings |= {"device": "cpu", "workers": 1, "data_dir": str(published), "out_dir": str(published)}
    points, summary = compare_measures(PANELS, **settings)
    assert summary.measure.tolist() == list(MEASURES)
    for name, tau in zip(summary.measure, summary.tau, strict=True):
        assert tau == pytest.approx(kendalltau(points[name], points.accuracy).statistic)
    assert {(row.n, row.split, row.epochs) for row in summary.itertuples()} == {(4, "test", 2)}
    kept = sorted((published / "paper" / "scores").glob("*.parquet"))
    names = ["grad_norm", "grad_norm_euclidean", "once", "synflow"]
    assert [path.name for path in kept] == [f"nds_darts-cifar10-{name}-seed0-batch4.parquet" for name in names]
    assert not {*ACCURACIES} & {value for path in kept for value in pd.read_parquet(path).score}
    before = [path.read_bytes() for path in kept]
    again, _ = compare_measures(PANELS, **settings)
    pd.testing.assert_frame_equal(again, points)
    assert [path.read_bytes() for path in kept] == before

    table = measures_table(PANELS, summary)
    assert table.startswith("| τ (95% interval) | (b) NDS-DARTS |")
    assert f"| synflow | {summary.tau[3]:.3f} (" in table
    figure = draw_measures(PANELS, summary)
    [ax] = figure.axes
    assert [label.get_text() for label in ax.get_yticklabels()] == [measure.label for measure in MEASURES.values()]
    assert ax.get_title() == "(b) NDS-DARTS, n = 4"
    plt.close(figure)


def test_a_page_of_no_panels_is_a_box_that_says_so():
    figure = draw_measures(PANELS, pd.DataFrame())
    assert "that this project trained" in figure.axes[0].texts[0].get_text()
    plt.close(figure)


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
