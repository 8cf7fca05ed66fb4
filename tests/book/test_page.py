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
from PIL import Image

from naswotbook.chips import page_verdicts
from naswotbook.page import SITE, Page, missing_box, write_csv
from naswotbook.registry import ROOT
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


def test_panels_are_one_picture_and_what_is_not_here_is_a_field_inside_it(
    shown: list[Any], tmp_path: Path, figure: Figure, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SITE, "1")
    make_page("fig9", tmp_path, profile="paper").save("fig9a-cifar10", SUMMARY, figure)
    page = make_page("fig9", tmp_path)
    found = page.published()
    [text] = shown
    assert list(found) == ["fig9a-cifar10"]
    assert found["fig9a-cifar10"].summary.equals(SUMMARY)
    assert found["fig9a-cifar10"].facts["profile"] == "paper"
    assert text.startswith("(fig-9a)=\n(fig-9b)=\n(fig-9c)=\n```{figure} ")
    assert "demo/fig9-seed0.png\n:name: fig-9\n" in text
    width, height = Image.open(tmp_path / "paper" / "fig9a-cifar10-seed0.png").size
    assert Image.open(tmp_path / "demo" / "fig9-seed0.png").size == (3 * width, height)
    assert Image.open(tmp_path / "demo" / "fig9-seed0-narrow.png").size == (width, 3 * height)


def test_a_picture_of_its_own_that_is_not_here_is_a_box_that_names_what_it_needs(
    shown: list[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SITE, "1")
    assert make_page("fig7", tmp_path).published("fig7") == {}
    [text] = shown
    assert "demo/fig7-missing-seed0.png" in text
    assert (tmp_path / "demo" / "fig7-missing-seed0.png").exists()


def test_a_figure_of_few_points_is_vectors_and_can_be_had_as_png(
    shown: list[Any], tmp_path: Path, figure: Figure, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SITE, "1")
    make_page("fig7", tmp_path, profile="paper").save("fig7", SUMMARY, figure)
    assert {path.suffix for path in (tmp_path / "paper").iterdir()} == {".csv", ".json", ".png", ".svg"}
    page = make_page("fig7", tmp_path)
    assert list(page.files(page.entry("fig7"))) == ["CSV", "PNG", "SVG", "notebook"]
    page.published("fig7")
    assert "paper/fig7-seed0.svg\n:name: fig-7" in shown[-1]


def test_a_page_opens_with_the_answer_and_with_the_verdicts_on_its_claims(shown: list[Any], tmp_path: Path) -> None:
    make_page("fig9", tmp_path).opening("It is\n  so.")
    headline, chips = shown
    assert "\n\nIt is so.\n\n" in headline
    assert chips.count('<a class="chip ') == len(page_verdicts(ROOT / "book", tmp_path / "paper", "fig9")) > 0
    make_page("fig9", tmp_path, profile="paper").opening("It is so.")
    assert len(shown) == 2


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
    sentence, table, links, provenance = shown
    assert sentence == "With n = 140 it is 0.25."
    assert table.splitlines()[-1] == "| 0.250 | 140 |"
    assert "[CSV](../figures/paper/fig9a-cifar10-seed0.csv) [PNG](" in links
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
    with pytest.raises(ValueError, match="name: 'fig9x' is unknown; choose one of fig9, fig9a-cifar10"):
        make_page("fig9", tmp_path).picture("fig9x", figure)


def test_a_box_says_what_is_missing() -> None:
    assert missing_box("table.parquet").axes[0].texts[0].get_text() == "not here:\ntable.parquet"


def test_a_csv_has_six_significant_digits(tmp_path: Path) -> None:
    write_csv(tmp_path / "t.csv", pd.DataFrame({"n": [1000], "tau": [0.123456789], "score": [-np.inf]}))
    assert (tmp_path / "t.csv").read_bytes() == b"n,tau,score\n1000,0.123457,-inf\n"
