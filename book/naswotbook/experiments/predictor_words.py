"""The chapter on predictors: its picture, its tables and its words, from what :mod:`.predictors` found."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from naswotbook.counting import COUNTS
from naswotbook.experiments.predictors import EARLY, LABELS
from naswotbook.markdown import DATASETS, markdown_table
from naswotbook.page import Page
from naswotbook.plots import score_by_size, top_of_ranking, within_groups
from naswotbook.plots.style import WIDE
from naswotbook.provenance import provenance_table
from naswotbook.samples import Sample
from naswotlib.scoring.proxies import NASWOT


class Found:
    """Rows of :func:`naswotbook.experiments.predictors.explain_accuracy`, looked up by what they are of."""

    def __init__(self, table: pd.DataFrame) -> None:
        rows = table.fillna({"given": "", "group": -1})
        keys = zip(rows.kind, rows.measure, rows.given, rows.group.astype(float), strict=True)
        self._rows = dict(zip(keys, rows.to_dict("records"), strict=True))

    def has(self, kind: str, measure: str = NASWOT, given: str = "", group: float = -1) -> bool:
        """Whether there is such a row."""
        return (kind, measure, given, float(group)) in self._rows

    def value(self, kind: str, measure: str = NASWOT, given: str = "", group: float = -1) -> float:
        """The number of a row."""
        return float(self._rows[kind, measure, given, float(group)]["tau"])

    def text(self, kind: str, measure: str = NASWOT, given: str = "", group: float = -1, digits: int = 3) -> str:
        """The number of a row with its interval, where it has one; empty without such a row or number."""
        if not self.has(kind, measure, given, group) or pd.isna(self.value(kind, measure, given, group)):
            return ""
        row = self._rows[kind, measure, given, float(group)]
        interval = "" if pd.isna(row["low"]) else f" [{row['low']:.{digits}f}, {row['high']:.{digits}f}]"
        return f"{row['tau']:.{digits}f}{interval}"


def draw_explanation(points: pd.DataFrame, explained: pd.DataFrame, sample: Sample) -> Figure:
    """Score against ReLU units, coloured by accuracy; tau within groups of equal units; and tau at the top."""
    accuracy = f"{DATASETS[sample.dataset]} {sample.split} accuracy (%)"
    figure, axes = plt.subplot_mosaic(
        [["size", "size"], ["within", "top"]], figsize=(WIDE, 6.4), layout="constrained", width_ratios=[6, 5]
    )
    score_by_size(points.rename(columns={NASWOT: "score"}), axes["size"], accuracy=accuracy)
    groups = explained[explained.kind == "group"].reset_index(drop=True)
    convolutions = points.groupby("num_units").convolutions.first()
    named = groups.assign(group=convolutions.reindex(groups.group).to_numpy(int))
    within_groups(named, axes["within"], title="score among cells of equal count", group="convolutions in the cell")
    top = explained[explained.kind == "top"]
    kinds = ["score" if name == NASWOT else "size" if name in COUNTS else "proxy" for name in top.measure]
    top_of_ranking(top.assign(label=top.measure.map(LABELS), kind=kinds), axes["top"], title="the best tenth by score")
    plt.close(figure)
    return figure


def ranking_table(explained: pd.DataFrame) -> str:
    """Markdown: how each measure ranks, a row each: over all pairs, in the best tenth by the score, and at the top."""
    found = Found(explained)
    columns = ["τ-b", "τ-a", "τ-b, best tenth by score", "nDCG of 100", "of the 100 best, found", "regret of 100"]
    rows = []
    for name, label in LABELS.items():
        if found.has("tau_b", name):
            cells = [found.text(kind, name) for kind in ("tau_b", "tau_a", "top")]
            cells += [found.text(kind, name, "", 100, digits) for kind, digits in (("ndcg", 3), ("precision", 3))]
            rows.append([label, *cells, found.text("regret", name, "", 100, 2)])
    return markdown_table(["measure", *columns], rows)


def pairs_table(explained: Mapping[str, pd.DataFrame]) -> str:
    """Markdown: pairs of unequal and of equal count, and how far the score is ahead, a row a space and count."""
    rows = []
    for title, table in explained.items():
        found = Found(table)
        for given in ("num_units", "parameters"):
            cells = [found.text("unequal", NASWOT, given), found.text("unequal", given, given)]
            cells += [found.text(kind, NASWOT, given) for kind in ("equal", "ahead_a", "ahead_b")]
            rows.append([title, COUNTS[given], *cells])
    heads = ["", "count", "unequal: score", "unequal: count", "equal: score", "score ahead, τ-a", "score ahead, τ-b"]
    return markdown_table(heads, rows)


def groups_table(explained: Mapping[str, pd.DataFrame]) -> str:
    """Markdown: tau of the score among NAS-Bench-201 cells with as many convolutions, a row a number of them."""
    columns: dict[str, list[str]] = {}
    number = 0
    for title, table in explained.items():
        groups = table[table.kind == "group"].sort_values("group")
        number = len(groups)
        columns[f"{title}, τ-b"] = [
            f"{tau:.3f} [{low:.3f}, {high:.3f}]"
            for tau, low, high in zip(groups.tau, groups.low, groups.high, strict=True)
        ]
        columns["cells"] = [f"{n:,}" for n in groups.n]
    rows = list(zip(range(number), columns.pop("cells"), *columns.values(), strict=True))
    return markdown_table(["convolutions", "cells", *columns], rows)


def in_words(explained: Mapping[str, pd.DataFrame]) -> str:
    """What the tables say, numbers first: of the first data set where a sentence is about one."""
    first = Found(next(iter(explained.values())))
    every = {title: Found(table) for title, table in explained.items()}

    def each(kind: str, measure: str = NASWOT, given: str = "num_units") -> str:
        return "; ".join(f"{title} {found.text(kind, measure, given)}" for title, found in every.items())

    seeds = first.text("tau_b_seeds")
    of_seeds = f" Over seeds, the τ-b of the score itself is {seeds}." if seeds else ""
    last = next(iter(explained.values()))
    groups = last[last.kind == "group"].sort_values("group")
    unclear = groups[groups.low <= 0]
    below = groups[groups.high < 0]
    early = ""
    if first.has("tau_b", EARLY):
        early = f"""
- **The accuracy after 12 epochs knows more, and at the top much more.** Over all cells its τ-b is ahead of the score's
  by {first.text("information", EARLY, NASWOT)}, in the best tenth by the score by
  {first.text("information_top", EARLY, NASWOT)}. Of the 100 most accurate cells it finds
  {100 * first.value("precision", EARLY, "", 100):.0f} with as many trainings, the score
  {100 * first.value("precision", NASWOT, "", 100):.0f}."""
    return f"""
- **Over all pairs, the score is ahead of the number of ReLU units only where ties count.** τ-b, which leaves ties out
  of its scale, has the score ahead by: {each("ahead_b")}. τ-a, which does not, by: {each("ahead_a")}.{of_seeds}
- **Where two cells differ in their number of units, the score orders them no better than that number.** τ-a over such
  pairs, score less count: {each("ahead_unequal")}.
- **Where they do not differ, the score knows something**: {each("equal", NASWOT)}.
- **What it knows, it knows of small cells.** Among cells with none, one and up to six convolutions its τ-b is
  {", ".join(f"{tau:.2f}" for tau in groups.tau)}. With {len(groups)} groups looked at, {len(unclear)} intervals hold
  zero or lie below it, {len(below)} of them below.
- **At the top it is behind the counts.** In the best tenth by the score, where a search that follows it chooses, its
  τ-b is {first.text("top")}; that of ReLU units is {first.text("top", "num_units")}, of parameters
  {first.text("top", "parameters")}. The most accurate of the first 100 is {first.value("regret", NASWOT, "", 100):.2f}
  points below the best cell; of the 100 with the most parameters,
  {first.value("regret", "parameters", "", 100):.2f}.{early}
"""


def show_published(page: Page) -> None:
    """Show what the ``paper`` profile found: its picture, tables, words, files and provenance."""
    found = page.published()
    if page.kept or not found:
        return
    titles = {name: _title(panel.summary) for name, panel in found.items()}
    explained = {titles[name]: panel.summary for name, panel in found.items()}
    cells = {title: table for title, table in explained.items() if (table.kind == "read_off").any()}
    first = next(iter(explained))
    page.show(
        in_words(cells),
        f"{first}, one cell of each isomorphism class:",
        ranking_table(explained[first]),
        "Pairs of unequal and of equal count (τ-a), and the score's τ less the count's:",
        pairs_table(explained),
        ":::{dropdown} The score among NAS-Bench-201 cells with the same number of convolutions\n\n"
        f"{groups_table(cells)}:::",
        ", ".join(f"{titles[name]}: {panel.link}" for name, panel in found.items()),
        provenance_table({titles[name]: panel.facts for name, panel in found.items()}),
    )


def _title(table: pd.DataFrame) -> str:
    space, dataset = str(table.space[0]), str(table.dataset[0])
    return "NAS-Bench-101" if space == "nasbench101" else DATASETS[dataset]


def information_in_words(explained: pd.DataFrame) -> str:
    """What an early accuracy and a second training know, beside the score."""
    found = Found(explained)
    return f"""Over all cells, τ-b with the final accuracy is {found.text("tau_b", EARLY)} after 12 epochs and
    {found.text("tau_b")} before any: {found.text("information", EARLY, NASWOT)} apart. Two trainings agree with
    {found.text("ceiling", "accuracy")}. In the best tenth by the score it is {found.text("top", EARLY)} after 12
    epochs, {found.text("top")} before, {found.text("information_top", EARLY, NASWOT)} apart, and
    {found.text("ceiling_top", "accuracy")} between two trainings. So the sentence holds of the space as a whole,
    most of which no search would choose, and not of the networks among which one does."""


def read_off_in_words(explained: pd.DataFrame) -> str:
    """How far the score follows from the cell, and how well it ranks without its size."""
    rows = explained[explained.kind == "read_off"]
    found = Found(explained)
    looked = zip(rows.measure, rows.tau, rows.group, strict=True)
    said = "; ".join(f"{name}: {r2:.3f} ({group:.0f} patterns)" for name, r2, group in looked)
    return f"""Leave-one-out R² of the score over {rows.n.iloc[0]:,} cells with a finite score, by the mean of the other
    cells with the same pattern: {said}. The score without its size, log|K_H / N_A|, which is the score less N log N_A,
    has a τ-b of {found.text("tau_b", "size_free")} with accuracy."""


def nds_table(page: Page) -> str:
    """Markdown: tau of the score and of counts on the NDS networks of ImageNet; or that it is not here."""
    path = page.paper / "nds-imagenet-seed0.csv"
    if not path.exists():
        return f"`figures/paper/{path.name}` is not here: the NDS networks of ImageNet were not scored."
    table = pd.read_csv(path)
    counted = table.measure.ne(NASWOT) | (table.images.eq("photos224") & table.counting.eq("reference"))
    rows = []
    for space, part in table[counted].groupby("space", sort=False):
        by = part.set_index("measure")
        cells = [
            f"{by.tau[name]:.3f} [{by.low[name]:.3f}, {by.high[name]:.3f}]" if name in by.index else ""
            for name in (NASWOT, "num_units", "parameters", "flops")
        ]
        rows.append([space, f"{part.n.max():.0f}", *cells])
    heads = ["space", "networks", "score", "ReLU units", "parameters", "FLOPs"]
    return "τ-b with accuracy (95% interval over networks):\n\n" + markdown_table(heads, rows)
