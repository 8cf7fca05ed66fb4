"""The page of Table 1 says which reading gives the paper's rows, whichever that is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from naswotbook.experiments.table1 import ALL, KNOWN, LAST, READINGS
from naswotbook.experiments.table1_words import (
    NASWOT,
    PAPER,
    SHOWN,
    combinations_table,
    combine,
    describe,
    describe_model,
    intervals_table,
    model_table,
    ours_table,
    readings_table,
    two_sentences,
)
from naswotbook.search_tables import read_printed

PAPER_FOLDER = Path(__file__).parents[2] / "figures" / "paper"
PRINTED = read_printed("1").set_index("method")


def made_up(near: str, *, last: bool, far: float = 0.5) -> pd.DataFrame:
    """Means that are the paper's by the reading ``near`` alone, and ``far`` below it by the others.

    With ``last``, they are so with failing cells last alone; NASWOT and AREA are above else.
    """
    rows: list[dict[str, Any]] = []
    for reading in READINGS:
        for cells in (ALL, KNOWN):
            for method in SHOWN:
                base = method.removesuffix(LAST)
                printed = PRINTED.loc[base if base in PAPER else "REA"]
                hit = reading == near and method.endswith(LAST) == (last and base in (NASWOT, "AREA"))
                mean = printed["mean"] - (0 if hit else far * (3 if base in ("Random", NASWOT) else 1))
                about = {"reading": reading, "cells": cells, "method": method, "trained": 50.0, "mean": mean}
                about |= {"std": 0.2, "error": 0.01, "dof": 99.0, "low": mean - 0.02, "high": mean + 0.02}
                if method in PAPER:
                    paper = ("n_runs", "mean", "std")
                    about |= {f"paper_{name.removeprefix('n_')}": printed[name] for name in paper}
                rows.append(about)
    return pd.DataFrame(rows)


@pytest.mark.parametrize("near", READINGS)
@pytest.mark.parametrize("last", [False, True])
def test_the_sentences_name_the_reading_that_gives_all_four_rows_and_those_that_do_not(near: str, last: bool) -> None:
    found = made_up(near, last=last)
    words = " ".join(two_sentences(found).split())
    failing = "last" if last else "scored"
    how = f"cells that fail in their code {failing}"
    start = f"**The reading *{READINGS[near].title}*, {how}, reproduces the paper's four rows within error**"
    assert words.startswith(start)
    _, others = words.split("**The others do not**")
    assert f"*{READINGS[near].title}*" not in others
    assert all(f"*{reading.title}* misses" in others for name, reading in READINGS.items() if name != near)
    assert "REA by -0.50" in others
    combined = combine(found)
    within = combined.groupby(["reading", "last"]).within.sum()
    assert within[near, last] == 4
    assert (within.drop([(near, False), (near, True)]) < 4).all()
    first = combinations_table(found).splitlines()[2]
    assert first.startswith(f"| {READINGS[near].title} | {failing} |")
    assert first.endswith("| 4 of 4 |")


def test_a_reading_that_gives_fewer_rows_is_said_to_come_nearest() -> None:
    found = made_up("sound", last=False)
    found.loc[(found.reading == "sound") & (found.method == "REA"), "mean"] += 0.5
    words = " ".join(two_sentences(found).split())
    assert "comes nearest, with 3 of the paper's four rows within error" in words
    assert "; it misses REA by +0.50 (" in words


def test_the_deviation_that_is_printed_of_naswot_is_taken_for_an_error_of_its_mean() -> None:
    found = made_up("sound", last=False)
    found.loc[found.method == NASWOT, "mean"] = PRINTED["mean"][NASWOT] + 0.1
    rows = combine(found).set_index(["reading", "last", "method"])
    assert rows.errors["sound", False, NASWOT] == pytest.approx(0.1 / (0.05**2 + 0.01**2) ** 0.5)


def test_the_one_table_has_every_method_by_every_reading_beside_the_papers() -> None:
    shown = ours_table(made_up("authors", last=False), name="table-1-ours", title="Ours.")
    assert ":name: table-1-ours" in shown
    [rea] = [line for line in shown.splitlines() if line.startswith("REA,")]
    assert rea.startswith("REA,93.87 ± 0.22,93.87 ± 0.20,93.37 ± 0.20,")
    assert sum(line.startswith('"REA, of the 30,001",,') for line in shown.splitlines()) == 1
    assert "| REA | 93.85 to 93.89 | 93.35 to 93.39 |" in intervals_table(made_up("authors", last=False))
    assert readings_table().count("\n") == 2 + len(READINGS)


def test_the_words_have_the_numbers_of_the_committed_tables() -> None:
    found, gaps, measured = (
        pd.read_csv(PAPER_FOLDER / f"table1-seed0{end}.csv") for end in ("", "-differences", "-model")
    )
    words = " ".join(describe(found, gaps).split())
    means = found.set_index(["cells", "reading", "method"])["mean"]
    said = f"comes to {means[ALL, 'authors', 'RS']:.2f} by the authors' reading and {means[ALL, 'sound', 'RS']:.2f} by"
    assert said in words
    row = gaps.set_index(["cells", "reading", "a", "b"]).loc[ALL, "sound", "AREA", "REA"]
    assert f"{row.difference:+.2f} [{row.low:+.2f}, {row.high:+.2f}] by the sound one" in words
    assert two_sentences(found)
    model = " ".join(describe_model(measured).split())
    assert f"R² of {measured.r2[0]:.4f}" in model
    assert f"{measured.collapsed_of_two[0]:.0f}; of one training at random" in model
    assert model_table(measured).count("\n") == 7
