"""The answer of each page of a figure or table of the paper, in a sentence or two."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from naswotbook.markdown import signed, with_interval
from naswotbook.registry import Chapter, read_figures
from naswotlib.scoring.proxies import NASWOT

SIZES = (10, 100, 1000)


def read(figures: Path, stem: str) -> Any:
    """A data frame from ``figures``, of whose cells types know nothing; FileNotFoundError where there is none."""
    return pd.read_csv(figures / f"{stem}.csv")


def _summaries(figures: Path, chapter: Chapter) -> Any:
    """What the panels of a page came to: of each the title, and the rows of its summary. FileNotFoundError for none."""
    shown = chapter.shown(lambda entry: (figures / f"{entry.stem()}.csv").exists())
    there = [entry for entry in shown if entry.panel and (figures / f"{entry.stem()}.csv").exists()]
    if not there:
        raise FileNotFoundError(f"no panel of {chapter.name} in {figures}")
    return pd.concat(
        [read(figures, entry.stem()).assign(title=f"({entry.panel}) {entry.title}") for entry in there],
        ignore_index=True,
    )


def all_of(count: int, of: int) -> str:
    """How many of how many: ``all 5``, or ``3 of 5``."""
    return f"all {of}" if count == of else f"{count} of {of}"


def listed(numbers: Sequence[float]) -> str:
    """Numbers with two decimals."""
    return ", ".join(f"{number:.2f}" for number in numbers)


def said(low: float, high: float, *, above: str, below: str, neither: str) -> str:
    """What a 95% interval says: one of three texts, by whether it lies above 0, below 0, or holds 0."""
    return above if low > 0 else below if high < 0 else neither


def kernels(figures: Path) -> str:
    """Figure 1: are the kernels of the best networks the least alike?"""
    bands = read(figures, "why-fig1a-seed0")

    def lower(measure: str) -> str:
        rows = bands[(bands.measure == measure) & bands.low.notna()]
        return f"{all_of(int((rows.low > 0).sum()), len(rows))} other bands"

    return (
        "In NAS-Bench-201, kernels of the most accurate networks have fewer very similar pairs of images than those of "
        f"{lower('one_in_100_above')} of accuracy; the mean similarity of all pairs is lower than in "
        f"{lower('mean_similarity')}."
    )


def scatter(figures: Path) -> str:
    """Figure 3: does the score follow accuracy?"""
    taus = _summaries(figures, read_figures()["fig3"])
    low, high = taus.iloc[int(taus.tau.argmin())], taus.iloc[int(taus.tau.argmax())]
    return (
        f"Score and accuracy correlate in {all_of(int((taus.low > 0).sum()), len(taus))} panels that could be drawn: "
        f"Kendall's τ goes from {low.tau:.2f}, {low.title}, to {high.tau:.2f}, {high.title}."
    )


def measures(figures: Path) -> str:
    """Figure 4: is the score steadier than other measures?"""
    taus = _summaries(figures, read_figures()["fig4"])
    taus = taus[taus.space.str.startswith("nds_")]
    parts = {name: taus[taus.measure == name] for name in (NASWOT, "grad_norm", "synflow", "num_units")}
    spans = [f"from {part.tau.min():.2f} to {part.tau.max():.2f}" for part in parts.values()]
    above = [str((part.low > 0).sum()) for part in parts.values()]
    return (
        f"On {taus.space.nunique()} NDS families τ with accuracy goes {spans[0]} for the score, {spans[1]} for "
        f"grad_norm, {spans[2]} for synflow, and {spans[3]} for the number of ReLU units, which costs nothing. "
        f"Intervals lie above 0 in {', '.join(above[:-1])} and {above[-1]} of them."
    )


def ablations(figures: Path) -> str:
    """Figure 5: is the ranking of ten networks robust?"""
    rows = read(figures, "fig5-seed0").drop_duplicates("ablation").set_index("ablation")
    agree = rows.with_accuracy
    clear = int((rows.with_accuracy_low > 0).sum())
    return (
        f"The order of ten networks repeats with τ = {rows.agreement['mini-batches']:.2f} between two mini-batches, "
        f"{rows.agreement['initialisations']:.2f} between initialisations. It agrees with accuracy by τ = "
        f"{agree.min():.2f} to {agree.max():.2f}, above 0 with its interval in {clear} of {len(rows)} experiments."
    )


def training(figures: Path) -> str:
    """Figure 6: does the score rise in training?"""
    rows = read(figures, "fig6-seed0").sort_values("epoch")
    first, last = rows[rows.epoch == 1].iloc[0], rows.iloc[-1]
    change = last.mean_score - rows.mean_score.iloc[0]
    return (
        f"After one epoch {first.above_start:.0f} of {first.networks:.0f} networks score higher than before training. "
        f"After {last.epoch:.0f} epochs the mean score has changed by {change:+.1f}; the order of networks agrees with "
        f"that at the start by τ = {last.tau_start:.2f}."
    )


def trade_off(figures: Path) -> str:
    """Figure 7: what does a search cost, and how good is what it finds?"""
    points = read(figures, "fig7-seed0")
    ours = points[points.source == "here"].set_index("method")
    best = ours["mean"][ours.seconds == ours.seconds.max()].idxmax()
    behind = ours["mean"][best] - ours["mean"]

    def gaps(name: str) -> str:
        return listed([behind[f"{name} (N={n})"] for n in SIZES])

    return (
        f"With N = 10, 100 and 1,000 networks, NASWOT is {gaps('NASWOT')} points behind {best}, which trains for "
        f"{ours.seconds.max():,.0f} seconds. Counting parameters, which costs nothing, is {gaps('parameters')} behind."
    )


def sizes(figures: Path) -> str:
    """Figure 9: networks that differ in their widths."""
    ranked = read(figures, "fig9a-fronts-seed0").set_index("measure")
    return (
        "Open: the accuracies of the whole space were not available. In a biased sample of "
        f"{ranked.n.iloc[0]:,.0f} networks the score has τ = {ranked.tau[NASWOT]:.2f} with accuracy, "
        f"the number of parameters {ranked.tau['parameters']:.2f}."
    )


def fixed(figures: Path) -> str:
    """Figure 10: fixed width and depth."""
    taus = _summaries(figures, read_figures()["fig10"])
    panels = "; ".join(
        f"{row.title}: τ = {with_interval(row.tau, row.low, row.high)}, n = {row.n}" for row in taus.itertuples()
    )
    return f"Of 3 panels {len(taus)} could be drawn. {panels}."


def searches(figures: Path) -> str:
    """Table 2(a): does NASWOT find good networks?"""
    rows = read(figures, "table2a-seed0")
    rows = rows[(rows.dataset == "cifar10") & (rows.split == "test")].set_index("method")

    def means(name: str, column: str = "mean") -> str:
        return listed([rows[column][f"{name} (N={n})"] for n in SIZES])

    return (
        f"On NAS-Bench-201, NASWOT with N = 10, 100 and 1,000 reaches {means('NASWOT')} CIFAR-10 test accuracy (paper: "
        f"{means('NASWOT', 'paper_mean')}); the network with the most parameters of as many {means('parameters')}."
    )


def trained_and_chosen(figures: Path) -> str:
    """Table 1: do its rows come out?"""
    rows = read(figures, "table1-seed0")
    rows = rows[(rows.cells == "all") & (rows.reading == "authors")].set_index("method")

    def ours(name: str) -> str:
        row = rows.loc[name]
        return with_interval(row["mean"], row.low, row.high)

    theirs = listed(rows.paper_mean[["Random", "NASWOT (N=100)", "REA", "AREA"]].tolist())
    return (
        f"On NAS-Bench-101, by the reading of the authors' script, a random network has "
        f"{rows['mean']['Random']:.2f} test accuracy, that of NASWOT with N = 100 {ours('NASWOT (N=100)')}, that of "
        f"REA {ours('REA')} and that of AREA {ours('AREA')} (paper: {theirs}). The one with the most ReLU units of 100 "
        f"has {ours('ReLU units (N=100)')}."
    )


def reasons(figures: Path) -> str:
    """Why results differ: what three of the tests came to."""
    bands = read(figures, "why-fig1a-seed0")
    middling = bands[(bands.measure == "mean_similarity") & (bands.accuracy == "40 to 60%")].iloc[0]
    alike = said(middling.low, middling.high, above="more alike than", below="less alike than", neither="as alike as")
    times = read(figures, "fig6-seed0").sort_values("epoch")
    changes = read(figures, "why-table2-seed0").fillna({"change": ""})
    changes = changes[(changes.dataset == "cifar10") & (changes.split == "test")].set_index(["change", "method"])
    apart = changes["mean"] - changes.paper_mean

    def gaps(change: str) -> str:
        return ", ".join(f"{apart[change, name]:+.2f}" for name in ("RS", "REA", "REINFORCE"))

    return (
        f"Figure 1: with {middling.networks:.0f} networks a band, kernels of networks of {middling.accuracy} accuracy "
        f"are {alike} those of the best, by {signed(middling.above_best, middling.low, middling.high, 3)}. Figure 6: "
        f"on statistics of the mini-batch the mean score changes by "
        f"{times.mean_score.iloc[-1] - times.mean_score.iloc[0]:+.1f} in training. Table 2(a): RS, REA and REINFORCE "
        f"are {gaps('')} points from the paper's CIFAR-10 test accuracy, and {gaps('one validation charged')} where "
        f"one validation a training is charged."
    )
