"""What was found, a few sentences each: computed from the files of figures/paper, for the front page and the README."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from naswotbook.experiments.predictor_words import Found
from naswotbook.ledger import make_ledger
from naswotbook.markdown import signed, with_interval
from naswotbook.registry import ROOT
from naswotbook.verdicts import VERDICTS
from naswotlib.scoring.proxies import NASWOT

SIZES = (10, 100, 1000)


@dataclass(frozen=True)
class Finding:
    """A sentence with its numbers; its first words, for those who read no more; and the page that it comes from."""

    head: str
    text: str
    page: str


class Files:
    """The tables that sentences are made from, in the folder of the ``paper`` profile."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def table(self, name: str) -> pd.DataFrame:
        """A CSV."""
        return pd.read_csv(self._folder / f"{name}.csv")

    def mean(self, method: str, *, table: str = "table2a-seed0", dataset: str = "cifar10") -> Mapping[str, Any]:
        """The row of a method, on the test split."""
        found = self.table(table)
        rows = found[(found.method == method) & (found.dataset == dataset) & (found.split == "test")]
        return dict(rows.iloc[0])

    def gap(self, a: str, b: str, dataset: str, *, table: str = "table2a-seed0", split: str = "test") -> str:
        """The difference of two methods with its interval."""
        found = self.table(f"{table}-differences")
        rows = found[(found.a == a) & (found.b == b) & (found.dataset == dataset) & (found.split == split)]
        row = rows.iloc[0]
        return signed(row.difference, row.low, row.high)

    def explained(self, name: str) -> Found:
        """What the chapter on predictors found of a space or data set."""
        return Found(self.table(f"predictors-{name}-seed0"))


def reproduces(files: Files, ledger: pd.DataFrame) -> Finding:
    """How many claims hold."""
    tested = ledger[ledger.kind == "tested"].verdict.value_counts()
    said = ", ".join(f"{tested[name]} {name}" for name in VERDICTS if name in tested)
    holds = tested.get("reproduced", 0) + tested.get("close", 0)
    share = "Most" if holds > tested.sum() / 2 else "No more than half"
    return Finding(f"{share} of what can be tested holds.", f"Of {tested.sum()} tested claims: {said}.", "ledger")


def the_search(files: Files, ledger: pd.DataFrame) -> Finding:
    """NASWOT beside what the paper prints."""
    rows = [files.mean(f"NASWOT (N={n})") for n in SIZES]
    ours = ", ".join(with_interval(row["mean"], row["low"], row["high"]) for row in rows)
    theirs = ", ".join(f"{row['paper_mean']:.2f}" for row in rows)
    text = (
        f"On NAS-Bench-201, N = 10, 100 and 1,000 networks give {ours} CIFAR-10 test accuracy; the paper prints "
        f"{theirs}."
    )
    return Finding("NASWOT finds what the paper says.", text, "table2")


def counting(files: Files, ledger: pd.DataFrame) -> Finding:
    """Search by counting."""

    def means(name: str) -> str:
        return ", ".join(f"{files.mean(f'{name} (N={n})')['mean']:.2f}" for n in SIZES)

    units, parameters, score = (means(name) for name in ("ReLU units", "parameters", "NASWOT"))
    gap = files.gap("NASWOT (N=1000)", "parameters (N=1000)", "cifar10")
    text = (
        f"Of N = 10, 100 and 1,000 random NAS-Bench-201 networks, the one with the most ReLU units has {units} "
        f"CIFAR-10 test accuracy, the one with the most parameters {parameters}, and the one with the highest score "
        f"{score}. Score less parameters, N = 1,000: {gap}."
    )
    return Finding("Counting, which costs nothing, finds networks that are as good or better.", text, "table2")


def adds(files: Files, ledger: pd.DataFrame) -> Finding:
    """What the score knows that a count does not."""
    found = files.explained("cifar10")
    text = (
        "Among NAS-Bench-201 cells of unequal number of ReLU units its τ-a less the count's is "
        f"{found.text('ahead_unequal', NASWOT, 'num_units')}; among those of equal number its τ-a is "
        f"{found.text('equal', NASWOT, 'num_units')}."
    )
    return Finding("The score adds to the count only where the count ties.", text, "predictors")


def elsewhere(files: Files, ledger: pd.DataFrame) -> Finding:
    """NAS-Bench-101."""
    found = files.explained("nasbench101")
    text = (
        f"There τ-b with accuracy is {found.text('tau_b')} for the score, {found.text('tau_b', 'num_units')} for ReLU "
        f"units and {found.text('tau_b', 'convolutions_3x3')} for the number of convolutions, then of 3×3 ones; among "
        f"cells of equal units the score's τ-a is {found.text('equal', NASWOT, 'num_units')}."
    )
    return Finding(
        "On NAS-Bench-101 it adds next to nothing, and counting convolutions ranks better.", text, "predictors"
    )


def top(files: Files, ledger: pd.DataFrame) -> Finding:
    """Where the score fails."""
    found = files.explained("cifar10")
    text = (
        f"In the tenth of NAS-Bench-201 with the highest scores its τ-b is {found.text('top')}, that of parameters "
        f"{found.text('top', 'parameters')}, of the accuracy after 12 epochs {found.text('top', 'early')}. Of the 100 "
        f"most accurate cells {100 * found.value('precision', NASWOT, '', 100):.0f} are among the 100 with the highest "
        f"scores, {100 * found.value('precision', 'early', '', 100):.0f} among the 100 best after 12 epochs."
    )
    return Finding("The score fails at the top, where a search chooses.", text, "predictors")


def assisted(files: Files, ledger: pd.DataFrame) -> Finding:
    """What AREA gains."""
    datasets = ("cifar10", "cifar100", "imagenet16-120")

    def gains(a: str) -> str:
        return ", ".join(files.gap(a, "REA", dataset, split="validation") for dataset in datasets)

    text = (
        f"AREA less REA, validation accuracy on CIFAR-10, CIFAR-100 and ImageNet16-120: {gains('AREA')}. Ranking its "
        f"candidates by ReLU units gains {gains('AREA by ReLU units')}; drawing all ten of the population, without any "
        f"score, {gains('REA, 10 of 10 drawn')}."
    )
    return Finding("AREA gains a little, and a count gains as much.", text, "table2")


def proposed_since(files: Files, ledger: pd.DataFrame) -> Finding:
    """NEAR, a later measure, beside the score; of the ranking by tau, and of a search of 100 by the mean."""
    tables: list[Any] = [files.table(f"measures-{name}seed0").set_index("measure") for name in ("", "nasbench101-")]
    near, score = ([table.loc[name] for table in tables] for name in ("near", NASWOT))
    if all(row.less_high < 0 for row in near):
        order = "ranks better than"
    elif all(row.less_low > 0 for row in near):
        order = "ranks worse than"
    else:
        order = "is not on both spaces told apart from"
    said = [
        f"on {two.n:,.0f} cells of {space} its τ-b with accuracy is {with_interval(one.tau_b, one.low, one.high, 3)}, "
        f"that of the score {with_interval(two.tau_b, two.low, two.high, 3)}, the difference "
        f"{signed(-one.less, -one.less_high, -one.less_low, 3)}"
        for one, two, space in zip(near, score, ("NAS-Bench-201", "NAS-Bench-101"), strict=True)
    ]
    finds = [tables[0].best_of_100[name] for name in ("near", NASWOT, "num_units")]
    beside = "; ".join(said)
    text = (
        f"{beside[0].upper()}{beside[1:]}. Of 100 random ones of these cells of NAS-Bench-201, the one with the "
        f"highest NEAR has {finds[0]:.2f} validation accuracy on average, with the highest score {finds[1]:.2f}, with "
        f"the most ReLU units {finds[2]:.2f}."
    )
    return Finding(f"NEAR, proposed since, {order} the score.", text, "measures")


def good_for(files: Files, ledger: pd.DataFrame) -> Finding:
    """What the score is good for."""
    names = ("NASWOT", "ReLU units", "parameters")
    stds = [files.mean(f"{name} (N=10)")["std"] for name in names]
    better = files.gap("NASWOT (N=10)", "Random", "cifar10").replace("+", "")
    text = (
        f"Of ten random networks, the one with the highest score is {better} points better than a random one. Over "
        f"runs the accuracy of the choice has a standard deviation of {stds[0]:.2f}; chosen by ReLU units of "
        f"{stds[1]:.2f}, by parameters of {stds[2]:.2f}."
    )
    return Finding("The score is good at avoiding poor networks, from few candidates.", text, "table2")


FINDINGS: tuple[Callable[[Files, pd.DataFrame], Finding], ...] = (
    *(reproduces, the_search, counting, adds),
    *(elsewhere, top, assisted, proposed_since, good_for),
)


def findings(figures: Path, book: Path = ROOT / "book") -> list[Finding]:
    """All of them, from the files of ``figures`` and the claims of ``book``; none of what was not made yet."""
    files, ledger = Files(figures), make_ledger(book, figures)
    found = []
    for find in FINDINGS:
        with suppress(FileNotFoundError):
            found.append(find(files, ledger))
    return found


def as_list(found: list[Finding]) -> str:
    """Markdown of the book: a numbered list, each with a link to its page."""
    lines = [f"{n}. **{each.head}** {each.text} ({{doc}}`{each.page}`)" for n, each in enumerate(found, start=1)]
    return "\n".join(lines)


IN_README = (the_search, counting, assisted, top, good_for)


def readme_lines(figures: Path, book: Path = ROOT / "book") -> str:
    """Five of them in Markdown of a README, wrapped at 120 columns."""
    files, ledger = Files(figures), make_ledger(book, figures)
    found = [find(files, ledger) for find in IN_README]
    wrapped = [
        textwrap.fill(f"- **{each.head}** {each.text}", 120, subsequent_indent="  ", break_on_hyphens=False)
        for each in found
    ]
    return "\n".join(wrapped)


if __name__ == "__main__":
    print(readme_lines(ROOT / "figures" / "paper"))
