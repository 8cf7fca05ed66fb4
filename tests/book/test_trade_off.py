"""Figure 7: what a search costs against what it finds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import pandas as pd
import pytest

from naswotbook.estimates import beside_paper, of_runs, summary
from naswotbook.experiments.trade_off import points_table, read_points, trade_off
from naswotbook.page import Page
from naswotbook.plots import fig7
from naswotbook.search_tables import read_printed
from naswotlib import load_benchmark
from support.pages import make_page
from support.runs import PRINTED, runs_of


def test_figure_7_has_a_point_for_each_search_and_source() -> None:
    runs = runs_of(**{"RS": [91.0, 95.0], "NASWOT (N=10)": [70.0, 72.0], "Random": [1.0, 2.0]})
    more = pd.DataFrame({"method": ["NASWOT (N=10)"], "n_runs": 9, "mean": 80.0, "std": 1.0, "search_seconds": 3.05})
    printed = pd.concat([PRINTED, more.assign(dataset="cifar10", split="validation")])
    where = {"dataset": "cifar10", "split": "validation"}
    table = trade_off(beside_paper(summary(of_runs(runs)), printed), printed, per_score=0.25, budget=9000, **where)
    points = table.set_index(["method", "source"])
    assert points.seconds.to_dict() == {
        ("RS", "here"): 9000,
        ("NASWOT (N=10)", "here"): 2.5,
        ("RS", "paper"): 12000,
        ("ENAS", "paper"): 13315,
        ("NASWOT (N=10)", "paper"): 3.05,
    }
    assert points["mean"][("RS", "here")] == 93
    [ax] = fig7(table).axes
    assert ax.get_xscale() == "log"
    marks = {line.get_xdata()[0]: line.get_marker() for line in ax.lines if len(line.get_xdata()) == 1}
    assert marks == {9000: "o", 2.5: "v", 12000: "o", 13315: "v", 3.05: "v"}  # RS is within three points of the best
    names = [text.get_text() for text in ax.texts]
    assert names == ["RS", "below, from the left:\nNASWOT (N=10) 71.0, NASWOT (N=10) 80.0,\nENAS 39.8"]
    free = pd.DataFrame({"method": "ReLU units (N=10)", "source": "here", "seconds": [0.0], "mean": 93.0, "std": 1.0})
    [ax] = fig7(pd.concat([table, free])).axes
    assert min(line.get_xdata()[0] for line in ax.lines if len(line.get_xdata())) == pytest.approx(2.5 / 3)
    [label] = [text for text in ax.texts if text.get_text() == "ReLU units (N=10)"]
    assert label.get_horizontalalignment() == "right"
    plt.close("all")


def test_what_counts_has_a_point_at_no_seconds() -> None:
    runs = runs_of(**{"RS": [91.0, 95.0], "ReLU units (N=10)": [70.0, 72.0], "FLOPs (N=10)": [70.0, 72.0]})
    where = {"dataset": "cifar10", "split": "validation"}
    table = trade_off(beside_paper(summary(of_runs(runs)), PRINTED), PRINTED, per_score=0.25, budget=9000, **where)
    assert table[table.seconds == 0][["method", "source"]].values.tolist() == [["ReLU units (N=10)", "here"]]


def page_with_means(folder: Path, profile: str) -> Page:
    """The page of Figure 7 behind that of Table 2, whose searches are made up."""
    where: dict[str, Any] = {"dataset": "cifar10", "split": "validation"}
    page = make_page("fig7", folder, profile=profile, **where)
    means = page.folder / ("table2a-seed0.csv" if profile == "paper" else "table2-seed0.csv")
    means.parent.mkdir()
    runs = runs_of(**{"RS": [91.0, 95.0], "NASWOT (N=10)": [70.0, 72.0]})
    beside_paper(summary(of_runs(runs)), read_printed("2a")).to_csv(means, index=False)
    means.with_suffix(".json").write_text(json.dumps({"scores": "s.parquet, t.parquet", "budget_seconds": "9000.0"}))
    page.scores.mkdir(parents=True, exist_ok=True)
    pd.DataFrame({"seconds": [0.25, 0.75]}).to_parquet(page.scores / "s.parquet")
    return page


def test_seconds_are_those_of_the_kept_scores_and_of_the_budget(tmp_path: Path) -> None:
    points = read_points(page_with_means(tmp_path, "paper")).set_index(["method", "source"])
    assert points.seconds[[("RS", "here"), ("NASWOT (N=10)", "here")]].tolist() == [9000, 5]
    assert points.loc[("NASWOT (N=10)", "paper"), "seconds"] == 3.05


def test_seconds_of_ours_are_those_of_the_bundled_networks(tmp_path: Path) -> None:
    page = page_with_means(tmp_path, "demo")
    assert "NASWOT (N=10)" not in set(read_points(page).query("source == 'here'").method)  # nothing is known of it yet
    paper = make_page("fig7", tmp_path, profile="paper", bundled_score_seconds="0.02")
    paper.save("fig7", pd.DataFrame({"method": ["RS"]}))
    points = read_points(page).query("source == 'here'").set_index("method")
    bundled = load_benchmark("bundled")
    [(dataset, epochs)] = bundled.available_seconds
    each = bundled.train_seconds(bundled.archs, dataset=dataset, epochs=epochs).mean()
    assert points.seconds["RS"] == pytest.approx(3 * each)  # it trained 2 and 4 networks
    assert points.seconds["NASWOT (N=10)"] == pytest.approx(10 * 0.02)


def test_without_the_means_of_table_2_there_is_no_point(tmp_path: Path) -> None:
    assert read_points(make_page("fig7", tmp_path)).empty


def test_points_are_shown_to_the_hundredth() -> None:
    points = pd.DataFrame({"method": ["RS"], "source": "here", "seconds": 12000.0, "mean": 93.634, "std": 0.46})
    assert points_table(points).splitlines()[-1] == "| RS | ours | 12,000.00 | 93.63 | 0.46 |"
