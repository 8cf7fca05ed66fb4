"""Interactive twins show what their figures show, one group at a time, and of published networks no accuracy of one."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import plotly
import pytest

from naswotbook.experiments.ablation import TITLES, kept_ablations
from naswotbook.experiments.trajectories import KEPT, load_trajectories
from naswotbook.panels import MEASURES
from naswotbook.play.twin import twin_html
from naswotbook.play.twins import fig3_twin, fig4_twin, fig5_twin, fig6_twin, fig7_twin
from naswotbook.registry import ROOT
from support.parts import write_page
from support.site import needs_chromium, open_browser

SUMMARY = pd.DataFrame(
    {
        "panel": ["a", "a", "b"],
        "measure": ["naswot", "synflow", "naswot"],
        "tau": [0.5, 0.2, 0.4],
        "low": [0.4, 0.1, np.nan],
        "high": [0.6, 0.3, np.nan],
        "n": [100, 100, 9],
    }
)


def page_with(published: pd.DataFrame | None) -> Any:
    entries = [SimpleNamespace(panel=letter, title=f"space {letter}") for letter in "ab"]
    found = {} if published is None else {"a": SimpleNamespace(summary=published)}
    chapter = SimpleNamespace(published=entries)
    return SimpleNamespace(chapter=chapter, profile="demo", find=lambda entry: found.get(entry.panel))


def test_figure_4_has_bars_for_each_panel_published_ones_first() -> None:
    figure, groups = fig4_twin(page_with(SUMMARY[SUMMARY.panel == "a"]), SUMMARY, MEASURES)
    assert list(groups) == ["(a) space a, published", "(a) space a, ours", "(b) space b, ours"]
    assert [figure.data[n].x.tolist() for [n] in groups.values()] == [[0.5, 0.2], [0.5, 0.2], [0.4]]
    assert list(figure.data[0].y) == ["score", "synflow"]
    assert figure.data[0].error_x.array == pytest.approx([0.1, 0.1])
    assert fig4_twin(page_with(None), SUMMARY[:0], MEASURES).groups == {}


def test_figure_5_has_a_box_a_network_and_of_several_sizes_one_each() -> None:
    rows = [
        {"ablation": kind, "batch_size": size, "repeat": repeat, "arch": arch, "score": 10.0 * size + repeat,
         "network": network}
        for kind, sizes in (("noise", [128]), ("sizes", [32, 64]))
        for size in sizes
        for repeat in range(3)
        for arch, network in (("x", "50–55"), ("y", "95–100"))
    ]  # fmt: skip
    titles = {"noise": "noise", "sizes": "sizes"}
    figure, groups = fig5_twin({"ours": pd.DataFrame(rows)}, ["50–55", "95–100"], titles)
    assert {name: len(traces) for name, traces in groups.items()} == {
        "noise; ours": 1,
        "sizes, score over the smallest; ours": 2,
    }
    assert min(figure.data[1].y) == min(figure.data[2].y) == 1
    assert figure.data[0].y.tolist() == [row["score"] for row in rows[:6]]
    assert figure.data[0].customdata[0][1] == "<br>x"


def test_figure_5_has_the_published_networks_by_their_percentiles_and_does_not_name_them() -> None:
    kept = kept_ablations(ROOT / "figures" / "paper" / "scores")
    committed = pd.read_csv(ROOT / "figures" / "paper" / "fig5-seed0.csv").set_index(["ablation", "batch_size"])
    figure, groups = fig5_twin({"published": kept}, [*kept.network.unique()], TITLES)
    assert len(groups) == len(TITLES)
    means = kept.groupby(["ablation", "batch_size", "network"]).score.mean()
    between = means.groupby(level=[0, 1]).std(ddof=0)
    assert between.to_numpy() == pytest.approx(committed.between[between.index].to_numpy(), rel=1e-4)
    assert [*kept.network.unique()][::9] == ["50–55", "95–100"]
    assert not any("|" in str(point[1]) for trace in figure.data for point in trace.customdata)
    assert kept_ablations(ROOT / "nowhere").empty


def test_figure_6_says_what_our_networks_reached_and_nothing_of_published_ones() -> None:
    kept = load_trajectories(ROOT / "figures" / "paper" / "scores" / KEPT)
    ours = pd.DataFrame({"arch": ["x", "x"], "epoch": [0.0, 1.0], "score": [1.0, 2.0], "accuracy": 61.25})
    figure, groups = fig6_twin({"full": kept, "small": ours})
    assert {name: len(traces) for name, traces in groups.items()} == {"full": kept.arch.nunique(), "small": 1}
    said = [trace.hovertemplate for trace in figure.data]
    assert "accuracy 61.25%" in said[-1]
    assert not any("accuracy" in text for text in said[:-1])


def test_figure_7_has_a_point_a_method_hollow_where_it_is_the_papers_and_the_best_by_themselves() -> None:
    points = pd.DataFrame(
        {
            "method": ["NASWOT", "NASWOT", "DARTS", "ReLU units"],
            "source": ["here", "paper", "paper", "here"],
            "seconds": [30.0, 20.0, 9000.0, 0.0],
            "mean": [92.5, 92.6, 54.3, 92.9],
            "std": [1.0, 1.1, 0.0, 0.9],
        }
    )
    figure, groups = fig7_twin({"published": points}, accuracy="accuracy (%)")
    assert {name: [figure.data[n].y.tolist() for n in traces] for name, traces in groups.items()} == {
        "published, the top": [[92.5, 92.6], [92.9]],
        "published": [[92.5, 92.6], [54.3], [92.9]],
    }
    assert [symbol.endswith("-open") for symbol in figure.data[0].marker.symbol] == [False, True]
    assert figure.data[2].x.tolist() == [20 / 3]


@pytest.mark.browser
@needs_chromium
def test_a_menu_reached_by_keyboard_shows_another_panel_in_the_colours_of_the_theme(tmp_path: Path) -> None:
    table = pd.DataFrame({"arch": ["one", "two", "three"], "score": [10.0, 20.0, 30.0], "accuracy": [50.0, 60.0, 70.0]})
    html = twin_html(fig3_twin(pd.concat([table.assign(panel="a"), table.assign(panel="b")])), "plot", "two panels")
    page = write_page(tmp_path / "site", "rest", [], inside="", body=html)
    shutil.copy(Path(plotly.__file__).parent / "package_data" / "plotly.min.js", page.parent / "_static")
    with open_browser({"width": 400, "height": 800}) as browser:
        tab = browser.new_page()
        tab.goto(page.as_uri())
        tab.evaluate("document.documentElement.dataset.theme = 'dark'")
        tab.locator(".js-plotly-plot").wait_for()
        menu = tab.get_by_label("shown")
        menu.focus()
        menu.press("ArrowDown")
        assert tab.evaluate("document.getElementById('plot').data.map(trace => trace.visible)") == [False, True]
        tab.locator(".scatterlayer .point").nth(1).hover(force=True)
        tab.locator(".hovertext").first.wait_for()
        assert "two" in (tab.locator(".hoverlayer").text_content() or "")
        fill = "getComputedStyle(document.querySelector('.xtick text')).fill"
        assert tab.evaluate(fill) == "rgb(206, 214, 221)"
        assert tab.evaluate("document.documentElement.scrollWidth") <= 400
