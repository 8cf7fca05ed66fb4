"""What was found: sentences follow from the files, and their first words are true of these."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pandas as pd
import pytest

from naswotbook.findings import FINDINGS, Files, adds, as_list, counting, findings, proposed_since, readme_lines

ROOT = Path(__file__).parents[2]
PAPER = ROOT / "figures" / "paper"
FILES = Files(PAPER)
PAGES = {path.stem for path in (ROOT / "book").glob("*.md")}


def test_there_are_nine_with_numbers_each_with_its_page() -> None:
    found = findings(PAPER)
    assert len(found) == len(FINDINGS) == 9
    assert {each.page for each in found} <= PAGES
    for each in found:
        assert len(re.findall(r"\d+", each.text)) >= 3, each.head
    assert as_list(found).count("({doc}`") == 9
    assert sum("[" in each.text for each in found) >= 6  # with intervals


def test_a_sentence_follows_its_file(tmp_path: Path) -> None:
    for path in PAPER.glob("*.csv"):
        shutil.copy(path, tmp_path)
    table = pd.read_csv(tmp_path / "table2a-seed0.csv")
    table.loc[table.method == "parameters (N=1000)", "mean"] = 12.34
    table.to_csv(tmp_path / "table2a-seed0.csv", index=False)
    assert "12.34" in counting(Files(tmp_path), pd.DataFrame()).text
    assert "12.34" not in counting(FILES, pd.DataFrame()).text


@pytest.mark.parametrize("n", [100, 1000])
def test_counting_is_as_good_or_better(n: int) -> None:
    gaps = FILES.table("table2a-seed0-differences").set_index(["a", "b", "dataset", "split"])
    for count in ("ReLU units", "parameters"):
        row = gaps.loc[(f"NASWOT (N={n})", f"{count} (N={n})", "cifar10", "test")]
        assert row.low < 0.05, count  # the score is not ahead by more than that


def test_the_score_adds_where_the_count_ties_and_not_elsewhere() -> None:
    found = FILES.explained("cifar10")
    assert abs(found.value("ahead_unequal", "naswot", "num_units")) < 0.01
    assert found.value("equal", "naswot", "num_units") > 0.2
    assert "0.295" in adds(FILES, pd.DataFrame()).text


def test_on_nasbench101_the_score_adds_next_to_nothing_and_convolutions_rank_better() -> None:
    table = FILES.table("predictors-nasbench101-seed0")
    rows = {(row["kind"], row["measure"], row["given"]): row for row in table.fillna("").to_dict("records")}
    assert rows["equal", "naswot", "num_units"]["low"] <= 0
    assert rows["ahead_b", "naswot", "num_units"]["high"] < 0.02
    assert rows["ahead_b", "naswot", "convolutions_3x3"]["high"] < 0


def test_at_the_top_counts_and_a_short_training_are_ahead() -> None:
    found = FILES.explained("cifar10")
    assert found.value("top") < min(found.value("top", "parameters"), found.value("top", "early"))
    assert found.value("precision", "naswot", "", 100) < 0.1 < found.value("precision", "early", "", 100)


def test_area_gains_a_little_and_a_count_as_much() -> None:
    gaps = FILES.table("table2a-seed0-differences")
    gain = gaps[(gaps.a == "AREA") & (gaps.b == "REA")]
    counted = gaps[(gaps.a == "AREA") & (gaps.b == "AREA by ReLU units")]
    drawn = gaps[(gaps.a == "REA, 10 of 10 drawn") & (gaps.b == "REA")]
    assert (gain.low > 0).all()
    assert ((counted.low < 0) & (counted.high > 0)).all()
    assert (drawn.low.to_numpy() > gain.high.to_numpy()).all()


@pytest.mark.parametrize(
    ("less", "low", "high", "head", "gap"),
    [
        (-0.1, -0.12, -0.08, "NEAR, proposed since, ranks better than the score.", "+0.100 [+0.080, +0.120]"),
        (0.1, 0.08, 0.12, "NEAR, proposed since, ranks worse than the score.", "-0.100 [-0.120, -0.080]"),
        (
            0.0,
            -0.1,
            0.1,
            "NEAR, proposed since, is not on both spaces told apart from the score.",
            "-0.000 [-0.100, +0.100]",
        ),
    ],
)
def test_near_may_be_better_worse_or_neither(
    less: float, low: float, high: float, head: str, gap: str, tmp_path: Path
) -> None:
    for name in ("measures-seed0.csv", "measures-nasbench101-seed0.csv"):
        table = pd.read_csv(PAPER / name)
        table.loc[table.measure == "near", ["less", "less_low", "less_high"]] = less, low, high
        table.to_csv(tmp_path / name, index=False)
    found = proposed_since(Files(tmp_path), pd.DataFrame())
    assert found.head == head
    assert found.text.count(gap) == 2
    table.loc[table.measure == "near", ["less", "less_low", "less_high"]] = -less, -high, -low
    table.to_csv(tmp_path / name, index=False)
    assert "is not on both spaces told apart from" in proposed_since(Files(tmp_path), pd.DataFrame()).head


def test_of_few_candidates_the_score_takes_fewer_poor_ones_than_a_count() -> None:
    stds = [FILES.mean(f"{name} (N=10)")["std"] for name in ("NASWOT", "ReLU units", "parameters")]
    assert stds[0] < stds[1] / 2 < stds[2] / 2


def test_the_readme_opens_with_five_of_them_as_the_files_have_them() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    lines = readme_lines(PAPER)
    assert lines in readme, f"README.md does not say what was found; put there:\n{lines}"
    assert len(re.findall(r"^- ", lines, re.MULTILINE)) == 5
    assert readme.index(lines) < readme.index("## Start")
