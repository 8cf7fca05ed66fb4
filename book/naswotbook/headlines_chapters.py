"""The answer of each chapter that is about no single figure and no single space."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from naswotbook.headlines_paper import SIZES, listed, read, said
from naswotbook.headlines_spaces import Explained
from naswotbook.markdown import DATASETS, signed, with_interval
from naswotbook.registry import ROOT
from naswotlib.scoring.proxies import NASWOT

ALIKE = 0.01  # two rank correlations whose difference is less than this are called alike
COUNTS = ("num_units", "parameters", "flops")


def predictors(figures: Path) -> str:
    """What the score adds to a count, on two spaces."""
    cells, others = Explained(figures, "cifar10"), Explained(figures, "nasbench101")
    gap = cells.row("ahead_unequal", NASWOT, "num_units")
    alike = max(abs(gap.low), abs(gap.high)) < ALIKE
    order = said(gap.low, gap.high, above="better than", below="worse than", neither="no better and no worse than")
    return (
        f"Where two cells of NAS-Bench-201 differ in their number of ReLU units, the score orders them "
        f"{'as well as' if alike else order} that number (difference of τ-a {signed(gap.tau, gap.low, gap.high, 3)}). "
        f"Among cells of equally many units {cells.equal()}. On NAS-Bench-101 that is "
        f"{others.text('equal', NASWOT, 'num_units')}."
    )


def spectrum(figures: Path) -> str:
    """Which part of the kernel ranks networks."""
    rows = read(figures, "spectrum-seed0").set_index(["kind", "what"])

    def text(kind: str, what: str) -> str:
        row = rows.loc[(kind, what)]
        return with_interval(row.value, row.low, row.high)

    return (
        f"{rows.value['share', 'size']:.0%} of the score's variance is the size of the network, "
        f"{rows.value['share', 'middle']:.0%} eigenvalues in the middle. Among cells of equally many ReLU units the "
        f"score has τ-a = {text('equal', NASWOT)} with accuracy, the ten smallest eigenvalues alone "
        f"{text('equal', 'last_ten')}, the mean similarity of images {text('equal', 'similarity')}."
    )


def cheap(figures: Path) -> str:
    """How cheap a score can be, and what costs nothing."""
    rows = read(figures, "cheap-seed0")
    scores = rows[rows.measure == "score"]
    first, units = scores.iloc[0], rows[rows.measure == "ReLU units"].iloc[0]
    as_good = scores[scores.less_low <= 0].sort_values("cost").iloc[0]
    return (
        f"At {as_good.cost:.1%} of the multiply-adds τ with accuracy is {as_good.tau:.3f} instead of {first.tau:.3f}, "
        f"less by {with_interval(as_good.less, as_good.less_low, as_good.less_high, 3)}: the cheapest setting that is "
        f"not clearly worse. The number of ReLU units, which costs nothing, has {units.tau:.3f}, less by "
        f"{with_interval(units.less, units.less_low, units.less_high, 3)}."
    )


def yourself(figures: Path) -> str:
    """What one of N networks is worth, by the way it is chosen."""
    curves = read(figures, "yourself-curves-seed0")
    means = curves[curves.networks == "CIFAR-10, published"].set_index(["way", "n"])["mean"]

    def at(way: str) -> str:
        return listed([means[way, n] for n in SIZES])

    return (
        f"Of N = 10, 100 and 1,000 random cells of NAS-Bench-201, the one with the highest score (seed 0) has "
        f"{at('NASWOT')} CIFAR-10 test accuracy on average, the one with the most ReLU units {at('ReLU units')}, the "
        f"best of them {at('the best of the N')}; any one has {means['random choice', 1]:.2f}."
    )


def measures(figures: Path) -> str:
    """Which measures rank better than the score, and which worse, on both spaces."""
    files = {"NAS-Bench-201": "measures-seed0", "NAS-Bench-101": "measures-nasbench101-seed0"}
    return " ".join(_beside_the_score(read(figures, name), space) for space, name in files.items())


def _beside_the_score(rows: pd.DataFrame, space: str) -> str:
    score = rows[rows.measure == NASWOT].iloc[0]
    others = rows[~rows.measure.isin([NASWOT, *COUNTS])].sort_values("less")
    better, worse = others[others.less_high < 0], int((others.less_low > 0).sum())
    ahead = "; ".join(
        f"`{row['measure']}`, τ {row['tau_b']:.3f}, ahead by "
        f"{with_interval(-row['less'], -row['less_high'], -row['less_low'], 3)}"
        for row in better.to_dict("records")
    )
    return (
        f"On {score.n:,.0f} cells of {space} the score has τ {score.tau_b:.3f} with accuracy. Of {len(others)} "
        f"other measures {len(better)} rank{'s' if len(better) == 1 else ''} better ({ahead or 'none'}), {worse} "
        f"worse, and {len(others) - len(better) - worse} cannot be told apart from it."
    )


def equation1(figures: Path) -> str:
    """What the authors' code does otherwise, in numbers."""
    same = read(figures, "equation1-seed0").set_index("comparison").agreement
    cells = read(figures, "equation1-inplace").iloc[0]
    return (
        f"Scores with units counted twice agree with equation 1 by τ = {same['units once, as the code counts']:.3f}, "
        f"those on running statistics by {same['BatchNorm on the mini-batch, running']:.3f}, those of another seed by "
        f"{same['seed 0, seed 1']:.3f}. {cells.share:.1%} of the cells of NAS-Bench-101 have no score in the authors' "
        f"code."
    )


def programs(figures: Path) -> str:
    """Whether programs of one name compute one thing."""
    rows = read(figures, "programs-seed0")
    told = []
    for space, title in (("nasbench201", "NAS-Bench-201"), ("nasbench101", "NAS-Bench-101")):
        variants = rows[(rows.space == space) & (rows.variant != "equation 1")]
        far = variants.loc[variants.agreement.idxmin()]
        same = int((variants.agreement > 1 - 1e-9).sum())
        told.append(
            f"on {title} {same} of {len(variants)} variants rank exactly as equation 1; the farthest, *{far.variant}*, "
            f"agrees by τ = {with_interval(far.agreement, far.agreement_low, far.agreement_high)}"
        )
    differ = (rows.agreement < 1 - 1e-9).any()
    verdict = "They do not all compute the same" if differ else "They all rank alike"
    return f"{verdict}: {'; '.join(told)}."


def speed(figures: Path) -> str:
    """The seconds of a search, the paper's and ours."""
    gpu, processor = read(figures, "gpu-fast"), read(figures, "cpu-speed")
    printed: Any = pd.read_csv(ROOT / "book" / "paper" / "tables.csv")
    theirs = printed[(printed.table == "2a") & (printed.method == "NASWOT (N=100)")].search_seconds.iloc[0]
    ours = [
        table[(table[column] == "search") & (table.networks == 100)].seconds.iloc[0]
        for table, column in ((gpu, "what"), (processor, "way"))
    ]
    one = processor[(processor.way == "fast") & (processor.threads == 1)].iloc[0]
    return (
        f"NASWOT with N = 100 takes {ours[0]:.1f} seconds on one H100 and {ours[1]:.1f} on two cores (paper: "
        f"{theirs:.0f}, on a GTX 1080 Ti). On one core the fast engine needs {one.seconds:.3f} seconds a network, "
        f"{one.ratio:.0f} times less than the authors' procedure."
    )


def scores(figures: Path) -> str:
    """What the tables of scores are worth."""
    rows = read(figures, "scores-accuracy-seed0").set_index("file")
    row, both = rows.loc["nasbench201-cifar10-once-seed0.parquet"], read(figures, "equation1-seed0")
    seeds = both[both.comparison == "seed 0, seed 1"].iloc[0]
    return (
        f"Of all {row.n:,} cells of NAS-Bench-201, scores of two seeds agree by τ = {seeds.agreement:.3f}. With "
        f"CIFAR-10 validation accuracy they have τ = {with_interval(row.tau, row.low, row.high, 3)}, in the tenth with "
        f"the highest score {with_interval(row.tau_top, row.low_top, row.high_top, 3)}."
    )


def accuracy(figures: Path) -> str:
    """How far columns of one benchmark agree."""
    taus = read(figures, "accuracy-agreement")
    least = taus.loc[taus.tau.idxmin()]
    both = taus[["first", "second"]].apply(frozenset, axis=1)

    def between(one: str, other: str) -> float:
        return float(taus.tau[both == frozenset((one, other))].iloc[0])

    last = "cifar10 validation, 200 epochs"
    return (
        f"Columns of NAS-Bench-201 order its {taus.n.max():,} networks differently. τ between CIFAR-10 validation and "
        f"test accuracy after 200 epochs is {between(last, 'cifar10 test, 200 epochs'):.2f}, between validation "
        f"accuracy after 12 and after 200 epochs {between(last, 'cifar10 validation, 12 epochs'):.2f}, and it is "
        f"{least.tau:.2f} between {_column(least['first'])} and {_column(least.second)}."
    )


def _column(name: str) -> str:
    dataset, rest = name.split(" ", 1)
    return f"{DATASETS[dataset]} {rest.replace(',', ' accuracy after', 1)}"


def searches(figures: Path) -> str:
    """What two details of regularised evolution change."""
    gaps = read(figures, "table-searches-seed0-differences")
    gaps = gaps[(gaps.dataset == "cifar10") & (gaps.split == "test")].set_index(["a", "b"])

    def change(method: str, variant: str) -> str:
        row = gaps.loc[(f"{method}, {variant}", f"{method}, 3 drawn")]
        return signed(row.difference, row.low, row.high)

    return (
        f"Drawing 10 of a population of 10 instead of 3 changes the CIFAR-10 test accuracy of REA by "
        f"{change('REA', '10 drawn')} points and that of AREA by {change('AREA', '10 drawn')}. Drawing the 3 with "
        f"replacement changes them by {change('REA', '3 with replacement')} and "
        f"{change('AREA', '3 with replacement')}."
    )


def hardware(figures: Path) -> str:
    """What a front of score against cost is worth, beside one of a count."""
    rows = read(figures, "hardware-flops-seed0").set_index("by")
    score, units = rows.loc["score"], rows.loc["num_units"]
    return (
        f"Of {score.n:,.0f} networks {score.on_front:.0f} are on the front of score against multiply-adds. The median "
        f"one is at least as accurate as {score.median_share:.0%} of the networks that cost no more, the worst as "
        f"{score.least_share:.0%}. With the number of ReLU units in place of the score it is {units.median_share:.0%} "
        f"and {units.least_share:.0%}."
    )
