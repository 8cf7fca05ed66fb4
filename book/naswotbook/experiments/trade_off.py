"""Seconds of search against the accuracy of what it found: Figure 7, from the means of Table 2(a)."""

from __future__ import annotations

import pandas as pd

from naswotbook.counting import COUNTS
from naswotbook.markdown import frame_table
from naswotbook.page import Page
from naswotbook.provenance import read_facts
from naswotbook.samples import load_profile
from naswotbook.search_tables import printed_seconds, read_printed, search_seconds, seconds_a_score

COUNTED = ("num_units", "parameters")  # the others are as good as one of these on NAS-Bench-201
MEANS = {"demo": "table2", "paper": "table2a"}


def read_points(page: Page) -> pd.DataFrame:
    """The points of :func:`trade_off` from what the page of Table 2 wrote in the same profile; no rows without it.

    ``paper``: seconds of a score are the mean of those in the table of scores, and the budget is that of the searches.
    ``demo``: what a network of the bundled skeleton took when ``paper`` ran last (nothing is known before that, so that
    NASWOT is left out), and what the bundled networks took to train on average, as often as a search may.
    """
    means = page.folder / f"{MEANS[page.profile]}-seed{page.seed}.csv"
    if not means.exists():
        return pd.DataFrame()
    table, column = pd.read_csv(means), {key: page.parameters[key] for key in ("dataset", "split")}
    if page.kept:
        facts = read_facts(means.with_suffix(".json"))
        per_score, budget = seconds_a_score(page, facts), float(facts["budget_seconds"])
    else:
        published = page.find(page.entry("fig7"))
        per_score = float(published.facts["bundled_score_seconds"]) if published else float("nan")
        budget = _bundled_seconds() * table.trained.max()
    return trade_off(table, read_printed("2a"), per_score=per_score, budget=budget, **column)


def _bundled_seconds() -> float:
    """What a training of NAS-Bench-201 took this project, on average."""
    trained = load_profile("nasbench201", profile="demo")
    [(_, epochs)] = trained.available_seconds
    return float(trained.train_seconds(trained.archs, dataset="cifar10", epochs=epochs).mean())


def trade_off(
    table: pd.DataFrame, printed: pd.DataFrame, *, dataset: str, split: str, per_score: float, budget: float
) -> pd.DataFrame:
    """Figure 7: seconds of search against accuracy of what it found, as the paper has it and as it came out here.

    ``table`` is :func:`naswotbook.estimates.beside_paper`. Returns a row a method and ``source``, ``"paper"`` or
    ``"here"``, with columns ``method, source, seconds, mean, std``. Our seconds are ``per_score`` times N, measured,
    for NASWOT, ``budget``, simulated, for what trains, and 0 for what counts. What has no search time, such as random
    choice, is left out, and so are other methods that the paper does not have.
    """
    cells = table[(table.dataset == dataset) & (table.split == split)]
    counts = [f"{COUNTS[name]} (N=" for name in COUNTED]
    counted = cells[cells.method.str.startswith(tuple(counts))].dropna(subset="mean").assign(source="here")
    ours = cells[cells.method.isin(printed.method)].dropna(subset="mean").assign(source="here")
    times = [search_seconds(m, printed, per_score=per_score, budget=f"{budget:g}") for m in ours.method]
    theirs = cells.dropna(subset="paper_mean").assign(source="paper")
    theirs = theirs.assign(mean=theirs.paper_mean, std=theirs.paper_std)
    times += [printed_seconds(method, printed) for method in theirs.method] + ["0"] * len(counted)
    both = pd.concat([ours, theirs, counted], ignore_index=True)
    both = both.assign(seconds=pd.to_numeric(times, errors="coerce"))
    return both.dropna(subset="seconds")[["method", "source", "seconds", "mean", "std"]].reset_index(drop=True)


def points_table(points: pd.DataFrame) -> str:
    """The points in Markdown, what was computed here called ours."""
    shown = points.assign(source=points.source.replace("here", "ours"))
    return frame_table(shown, dict.fromkeys(("seconds", "mean", "std"), ",.2f"))


def describe(points: pd.DataFrame) -> str:
    """What the points say: how far NASWOT and counts are from the best search that trains."""
    ours = points[points.source == "here"].set_index("method")
    best = ours["mean"][ours.seconds == ours.seconds.max()].idxmax()
    behind = ours["mean"][best] - ours["mean"]

    def gaps(name: str) -> str:
        return ", ".join(f"{behind[f'{name} (N={n})']:.2f}" for n in (10, 100, 1000))

    return f"""Of what we ran, {best} found the most accurate networks ({ours["mean"][best]:.2f} ±
    {ours["std"][best]:.2f}). With N = 10, 100 and 1,000, NASWOT is {gaps("NASWOT")} points behind it, the network with
    the most ReLU units {gaps("ReLU units")}, and that with the most parameters {gaps("parameters")}."""
