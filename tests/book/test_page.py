"""What a page of the book does for those who write it: checks, shows, keeps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from IPython.display import Markdown
from matplotlib.figure import Figure

from naswotbook.page import SITE, Page, missing_box, write_csv
from support.pages import make_page

SUMMARY = pd.DataFrame({"tau": [0.25], "n": [140]})


@pytest.fixture
def figure() -> Figure:
    drawn, ax = plt.subplots()
    ax.plot([1, 2])
    plt.close(drawn)
    return drawn


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What was displayed so far: Markdown as text, all else as bundles by media type."""
    displayed: list[Any] = []

    def display(shown: Any, **_: Any) -> None:
        displayed.append(shown.data if isinstance(shown, Markdown) else shown)

    monkeypatch.setattr("naswotbook.page.display", display)
    return displayed


def test_a_choice_that_there_is_not_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="profile: 'papre' is unknown; choose one of demo, paper"):
        make_page("fig9", tmp_path, profile="papre")
    with pytest.raises(ValueError, match="counting: 'twice' is unknown"):
        make_page("fig9", tmp_path, counting="twice")
    namespace: dict[str, Any] = {"__annotations__": {"split": str}, "split": "training"}
    with pytest.raises(ValueError, match="split: 'training' is unknown; choose one of validation, test"):
        Page("fig7", namespace, split=("validation", "test"))


def test_scores_are_kept_where_published_accuracies_are_and_nowhere_else(tmp_path: Path) -> None:
    demo, paper = (make_page("fig9", tmp_path, profile=profile) for profile in ("demo", "paper"))
    assert (demo.kept, paper.kept) == (None, tmp_path / "paper" / "scores")
    assert demo.folder == tmp_path / "demo"
    assert paper.drawn == {"profile": "paper", "seed": 0, "data_dir": ""}
    assert paper.scored["kept"] == paper.kept


def test_a_published_figure_is_its_file_and_what_is_not_here_a_box_that_names_it(
    shown: list[Any], tmp_path: Path, figure: Figure, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SITE, "1")
    make_page("fig9", tmp_path, profile="paper").save("fig9a-cifar10", SUMMARY, figure)
    page = make_page("fig9", tmp_path)
    found = page.published("fig9a-cifar10", "fig9b-cifar100")
    [text] = shown
    assert list(found) == ["fig9a-cifar10"]
    assert found["fig9a-cifar10"].summary.equals(SUMMARY)
    assert found["fig9a-cifar10"].facts["profile"] == "paper"
    assert "paper/fig9a-cifar10-seed0.png\n:name: fig-9a" in text
    assert "demo/fig9b-cifar100-missing-seed0.png\n:name: fig-9b" in text
    assert (tmp_path / "demo" / "fig9b-cifar100-missing-seed0.png").exists()


def test_in_a_notebook_a_picture_is_seen_and_on_the_site_it_is_a_figure_with_its_caption(
    shown: list[Any], tmp_path: Path, figure: Figure, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = make_page("fig9", tmp_path)
    page.picture("fig9-ours", figure)
    picture, caption = shown
    assert picture["image/png"].startswith(b"\x89PNG")
    assert caption.startswith("Ours: NATS-Bench size networks")
    monkeypatch.setenv(SITE, "1")
    page.picture("fig9-ours", figure)
    assert len(shown) == 3
    assert ":name: fig-9-ours" in shown[-1]


def test_numbers_stand_in_a_caption_where_it_asks_for_them(shown: list[Any], tmp_path: Path, figure: Figure) -> None:
    make_page("fig2", tmp_path).picture("fig2", figure, regions_a=7, regions=23)
    _, caption = shown
    assert "they make 7 regions" in caption
    assert "the 23 linear regions" in caption
    assert "$A_i$" in caption


def test_an_outcome_is_sentences_summary_file_and_provenance(shown: list[Any], tmp_path: Path, figure: Figure) -> None:
    make_page("fig9", tmp_path, profile="paper").save("fig9a-cifar10", SUMMARY, figure)
    page = make_page("fig9", tmp_path)
    found = page.find(page.entry("fig9a-cifar10"))
    page.outcome(
        found,
        lambda summary: (
            f"""With n = {summary.n[0]}
        it is {summary.tau[0]}."""
        ),
    )
    sentence, table, link, provenance = shown
    assert sentence == "With n = 140 it is 0.25."
    assert table.splitlines()[-1] == "| 0.250 | 140 |"
    assert link == "[CSV](../figures/paper/fig9a-cifar10-seed0.csv)"
    assert "| command | `.venv/bin/doit profile=paper data=PATH paper:fig9a-cifar10-seed0` |" in provenance


def test_nothing_is_shown_of_what_was_not_published(shown: list[Any], tmp_path: Path) -> None:
    page = make_page("fig9", tmp_path)
    page.outcome(page.find(page.entry("fig9a-cifar10")))
    assert shown == []


def test_points_of_this_run_can_be_had_where_they_are_ours_alone(shown: list[Any], tmp_path: Path) -> None:
    for profile in ("demo", "paper"):
        make_page("fig9", tmp_path, profile=profile, seed=3).data(SUMMARY, "points")
        assert (tmp_path / profile / "fig9-seed3.csv").exists() == (profile == "demo")
    assert shown == ["[points](../figures/demo/fig9-seed3.csv)"]


def test_a_name_that_the_registry_does_not_have_is_refused(tmp_path: Path, figure: Figure) -> None:
    with pytest.raises(ValueError, match="name: 'fig9x' is unknown; choose one of fig9a-cifar10"):
        make_page("fig9", tmp_path).picture("fig9x", figure)


def test_a_box_says_what_is_missing() -> None:
    assert missing_box("table.parquet").axes[0].texts[0].get_text() == "not here:\ntable.parquet"


def test_a_csv_has_six_significant_digits(tmp_path: Path) -> None:
    write_csv(tmp_path / "t.csv", pd.DataFrame({"n": [1000], "tau": [0.123456789], "score": [-np.inf]}))
    assert (tmp_path / "t.csv").read_bytes() == b"n,tau,score\n1000,0.123457,-inf\n"
