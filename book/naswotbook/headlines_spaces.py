"""The answer of each chapter on a search space: how well the score ranks its networks, beside what costs nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from naswotbook.headlines_paper import SIZES, all_of, listed, read, said
from naswotbook.markdown import with_interval
from naswotlib.scoring.proxies import NASWOT

FAMILIES = {"amoeba": "AmoebaNet", "darts": "DARTS", "enas": "ENAS", "nasnet": "NASNet", "pnas": "PNAS"}


class Explained:
    """The rows of a file of the chapter on predictors, looked up by what they are of."""

    def __init__(self, figures: Path, name: str) -> None:
        table = read(figures, f"predictors-{name}-seed0").fillna({"given": ""})
        self._rows = table.drop_duplicates(["kind", "measure", "given"]).set_index(["kind", "measure", "given"])

    def row(self, kind: str, measure: str = NASWOT, given: str = "") -> Any:
        """``n``, ``tau``, ``low`` and ``high`` of a row."""
        return self._rows.loc[(kind, measure, given)]

    def text(self, kind: str, measure: str = NASWOT, given: str = "") -> str:
        """The number of a row with its interval."""
        row = self.row(kind, measure, given)
        return with_interval(row.tau, row.low, row.high, 3)

    def equal(self) -> str:
        """What the score does among networks that a count of ReLU units cannot order, in words."""
        row = self.row("equal", NASWOT, "num_units")
        verdict = said(
            row.low,
            row.high,
            above="orders them as accuracy does",
            below="orders them the wrong way round",
            neither="says nothing",
        )
        return f"the score {verdict}: τ-a = {self.text('equal', NASWOT, 'num_units')}"


def nasbench201(figures: Path) -> str:
    """NAS-Bench-201: the score and two counts, over all and at the top."""
    found = Explained(figures, "cifar10")
    return (
        f"Over one cell of each of its {found.row('tau_b').n:,} functions the score has τ-b = {found.text('tau_b')} "
        f"with CIFAR-10 validation accuracy, the number of ReLU units {found.text('tau_b', 'num_units')}. Among cells "
        f"of equally many units {found.equal()}."
    )


def nasbench101(figures: Path) -> str:
    """NAS-Bench-101: the same, and what ranks better."""
    found = Explained(figures, "nasbench101")
    return (
        f"Over {found.row('tau_b').n:,} random cells the score has τ-b = {found.text('tau_b')} with test accuracy, the "
        f"number of ReLU units {found.text('tau_b', 'num_units')}, that of convolutions, then of 3×3 ones, "
        f"{found.text('tau_b', 'convolutions_3x3')}. Among cells of equally many units {found.equal()}."
    )


def all_cells(figures: Path) -> str:
    """The explorer: how far a score repeats, and how many cells have none that is finite."""
    both = read(figures, "equation1-seed0").set_index("comparison").loc["seed 0, seed 1"]
    ranked = read(figures, "scores-accuracy-seed0").set_index("file").loc["nasbench201-cifar10-once-seed0.parquet"]
    return (
        f"All {ranked.n:,} cells: scores of two seeds agree with τ = "
        f"{with_interval(both.agreement, both.low, both.high, 3)}; {ranked.ranked_last} cells have the score −∞."
    )


def nats_size(figures: Path) -> str:
    """NATS-Bench size: what the highest of N is worth, in the sample that there is."""
    ranked = read(figures, "fig9a-fronts-seed0").set_index("measure")

    def best(name: str) -> str:
        return listed([ranked[f"best_of_{n}"][name] for n in SIZES])

    return (
        f"Of N = 10, 100 and 1,000 networks of a biased sample of {ranked.n.iloc[0]:,.0f}, the one with the highest "
        f"score has {best(NASWOT)} CIFAR-10 test accuracy, the one with the most parameters {best('parameters')}; any "
        f"one has {ranked.best_of_10['a random one']:.2f}."
    )


def nds(figures: Path) -> str:
    """NDS: the score in each family, and where a size ranks better."""
    table = read(figures, "nds-imagenet-seed0")
    table = table[table.measure.ne(NASWOT) | (table.images.eq("photos224") & table.counting.eq("reference"))]
    taus = table.pivot(index="space", columns="measure", values="tau")
    taus = taus.loc[[f"nds_{name}_imagenet" for name in FAMILIES if f"nds_{name}_imagenet" in taus.index]]
    each = ", ".join(f"{FAMILIES[space.split('_')[1]]} {tau:.2f}" for space, tau in taus[NASWOT].items())
    larger = int((taus[["parameters", "flops"]].max(axis=1) > taus[NASWOT]).sum())
    return (
        f"On networks that were trained on ImageNet the score's τ with accuracy is: {each}. The number of parameters "
        f"or of FLOPs has a higher τ in {all_of(larger, len(taus))} families."
    )


def nds_imagenet(figures: Path) -> str:
    """NDS on ImageNet: score against size, and photographs against noise."""
    taus = read(figures, "nds-imagenet-seed0")
    taus = taus[(taus.measure == NASWOT) & (taus.counting == "reference")]
    pairs = read(figures, "nds-imagenet-seed0-differences").set_index(["minuend", "subtrahend"]).sort_index()
    size = pairs.loc[("score, photographs", "parameters")]
    noise = pairs.loc[("score, photographs, once", "score, noise, once")]
    ahead, behind = int((size.low > 0).sum()), int((size.high < 0).sum())
    return (
        f"The score's τ lies above 0 with its interval in {all_of(int((taus.low > 0).sum()), len(taus))} sets. It is "
        f"ahead of the number of parameters in {ahead}, behind it in {behind}, and not told apart from it in "
        f"{len(size) - ahead - behind}. On noise it ranks better than on photographs in {int((noise.high < 0).sum())}, "
        f"worse in {int((noise.low > 0).sum())}."
    )


def other_spaces(figures: Path) -> str:
    """Other spaces and tasks: the score against the best of three counts."""
    files = sorted(figures.glob("spaces-*-seed0.csv"))
    if not files:
        raise FileNotFoundError(f"no rank correlations of other spaces in {figures}")
    rows: Any = pd.concat([pd.read_csv(file) for file in files])
    apart, taus = rows[rows.kind == "difference"], rows[(rows.kind == "task") & (rows.measure == NASWOT)]
    better, worse = int((apart.low > 0).sum()), int((apart.high < 0).sum())
    return (
        f"On {len(files)} tables with {len(apart)} tasks, the score ranks networks worse than the best of three counts "
        f"on {worse}, better on {better}, and cannot be told apart from it on {len(apart) - worse - better}. Its τ "
        f"goes from {taus.tau.min():.2f} to {taus.tau.max():.2f}."
    )
