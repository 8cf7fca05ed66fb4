"""The answer of a page in a sentence or two, computed from the files of figures/paper: what the page opens with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import pandas as pd

from naswotbook.registry import Chapter, read_figures
from naswotlib.scoring.proxies import NASWOT

SIZES = (10, 100, 1000)


def headline(name: str, figures: Path) -> str:
    """The answer of the page ``name``; empty where it has none, or what it is made from is not here yet."""
    with suppress(FileNotFoundError):
        return HEADLINES[name](figures) if name in HEADLINES else ""
    return ""


def _read(figures: Path, stem: str) -> pd.DataFrame:
    return pd.read_csv(figures / f"{stem}.csv")


def _summaries(figures: Path, chapter: Chapter) -> pd.DataFrame:
    """What the panels of a page came to: of each the title, and the rows of its summary. FileNotFoundError for none."""
    shown = chapter.shown(lambda entry: (figures / f"{entry.stem()}.csv").exists())
    there = [entry for entry in shown if entry.panel and (figures / f"{entry.stem()}.csv").exists()]
    if not there:
        raise FileNotFoundError(f"no panel of {chapter.name} in {figures}")
    return pd.concat(
        [_read(figures, entry.stem()).assign(title=f"({entry.panel}) {entry.title}") for entry in there],
        ignore_index=True,
    )


def _all(count: int, of: int) -> str:
    return f"all {of}" if count == of else f"{count} of {of}"


def _list(numbers: Sequence[float]) -> str:
    return ", ".join(f"{number:.2f}" for number in numbers)


def kernels(figures: Path) -> str:
    """Figure 1: are the kernels of the best networks the least alike?"""
    bands = _read(figures, "why-fig1a-seed0")

    def lower(measure: str) -> str:
        rows = bands[(bands.measure == measure) & bands.low.notna()]
        return f"{_all(int((rows.low > 0).sum()), len(rows))} other bands"

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
        f"Score and accuracy correlate in {_all(int((taus.low > 0).sum()), len(taus))} panels that could be drawn: "
        f"Kendall's τ goes from {low.tau:.2f}, {low.title}, to {high.tau:.2f}, {high.title}."
    )


def measures(figures: Path) -> str:
    """Figure 4: is the score steadier than other measures?"""
    taus = _summaries(figures, read_figures()["fig4"])
    taus = taus[taus.space.str.startswith("nds_")]
    families = taus.space.nunique()

    def span(name: str) -> str:
        part = taus[taus.measure == name]
        above = _all(int((part.low > 0).sum()), families)
        return f"from {part.tau.min():.2f} to {part.tau.max():.2f}, its interval above 0 in {above} families"

    return (
        f"The score's τ with accuracy goes {span(NASWOT)}; that of grad_norm {span('grad_norm')}; that of synflow "
        f"{span('synflow')}. The number of ReLU units, which costs nothing: {span('num_units')}."
    )


def ablations(figures: Path) -> str:
    """Figure 5: is the ranking of ten networks robust?"""
    rows = _read(figures, "fig5-seed0").drop_duplicates("ablation").set_index("ablation")
    agree = rows.with_accuracy
    clear = int((rows.with_accuracy_low > 0).sum())
    return (
        f"The order of ten networks repeats with τ = {rows.agreement['mini-batches']:.2f} between two mini-batches, "
        f"{rows.agreement['initialisations']:.2f} between initialisations. It agrees with accuracy by τ = "
        f"{agree.min():.2f} to {agree.max():.2f}, above 0 with its interval in {clear} of {len(rows)} experiments."
    )


def training(figures: Path) -> str:
    """Figure 6: does the score rise in training?"""
    rows = _read(figures, "fig6-seed0").sort_values("epoch")
    first, last = rows[rows.epoch == 1].iloc[0], rows.iloc[-1]
    change = last.mean_score - rows.mean_score.iloc[0]
    return (
        f"After one epoch {first.above_start:.0f} of {first.networks:.0f} networks score higher than before training. "
        f"After {last.epoch:.0f} the mean score has changed by {change:+.1f}; the order of networks agrees with that "
        f"at the start by τ = {last.tau_start:.2f}."
    )


def trade_off(figures: Path) -> str:
    """Figure 7: what does a search cost, and how good is what it finds?"""
    points = _read(figures, "fig7-seed0")
    ours = points[points.source == "here"].set_index("method")
    best = ours["mean"][ours.seconds == ours.seconds.max()].idxmax()
    behind = ours["mean"][best] - ours["mean"]

    def gaps(name: str) -> str:
        return _list([behind[f"{name} (N={n})"] for n in SIZES])

    return (
        f"With N = 10, 100 and 1,000 networks, NASWOT is {gaps('NASWOT')} points behind {best}, which trains for "
        f"{ours.seconds.max():,.0f} seconds. Counting parameters, which costs nothing, is {gaps('parameters')} behind."
    )


def sizes(figures: Path) -> str:
    """Figure 9: networks that differ in their widths."""
    ranked = _read(figures, "fig9a-fronts-seed0").set_index("measure")
    return (
        "Open: accuracies of the whole space are not at hand. In a biased sample of "
        f"{ranked.n.iloc[0]:,.0f} networks the score has τ = {ranked.tau[NASWOT]:.2f} with accuracy, "
        f"the number of parameters {ranked.tau['parameters']:.2f}."
    )


def fixed(figures: Path) -> str:
    """Figure 10: fixed width and depth."""
    taus = _summaries(figures, read_figures()["fig10"])
    said = "; ".join(f"{row.title}: τ = {row.tau:.2f} [{row.low:.2f}, {row.high:.2f}]" for row in taus.itertuples())
    return f"{_all(len(taus), 3)} panels could be drawn. {said}, n = {taus.n.max()}."


def searches(figures: Path) -> str:
    """Table 2(a): does NASWOT find good networks?"""
    rows = _read(figures, "table2a-seed0")
    rows = rows[(rows.dataset == "cifar10") & (rows.split == "test")].set_index("method")

    def means(name: str, column: str = "mean") -> str:
        return _list([rows[column][f"{name} (N={n})"] for n in SIZES])

    return (
        f"On NAS-Bench-201, NASWOT with N = 10, 100 and 1,000 reaches {means('NASWOT')} CIFAR-10 test accuracy (paper: "
        f"{means('NASWOT', 'paper_mean')}); the network with the most parameters of as many {means('parameters')}."
    )


HEADLINES: dict[str, Callable[[Path], str]] = {
    "fig1": kernels,
    "fig3": scatter,
    "fig4": measures,
    "fig5": ablations,
    "fig6": training,
    "fig7": trade_off,
    "fig9": sizes,
    "fig10": fixed,
    "table2": searches,
}
