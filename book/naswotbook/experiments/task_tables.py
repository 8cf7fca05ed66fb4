"""What :mod:`naswotbook.experiments.other_spaces` found, as tables, a picture and sentences."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from naswotbook.experiments.other_spaces import TABLES
from naswotbook.markdown import markdown_table
from naswotbook.panels import MEASURES, PREDICTORS
from naswotbook.plots import taus_by_group
from naswotbook.plots.style import WIDE
from naswotlib.benchmarks.importers.transnas101 import TASKS
from naswotlib.scoring.proxies import NASWOT

TITLES = {
    "autoencoder": "autoencoder",
    "class_object": "objects",
    "class_scene": "scenes",
    "jigsaw": "jigsaw",
    "normal": "surface normals",
    "room_layout": "room layout",
    "segmentsemantic": "segmentation",
    "cifar10": "CIFAR-10",
    "imagenet": "ImageNet",
}
TIED = 0.0005  # how far tau-a and tau-b must be apart for both to be shown


def draw_tasks(found: Mapping[str, pd.DataFrame]) -> Figure:
    """Rank correlations of the score and of three counts with each task of each table, with intervals, a row a task."""
    rows = pd.concat([table[table.kind == "task"] for table in found.values()])
    groups = [_group(row["table"], row["dataset"]) for row in rows.to_dict("records")]
    how = [MEASURES[name] for name in rows.measure]
    named = rows.assign(group=groups, label=[one.label for one in how], kind=[one.kind for one in how])
    figure, ax = plt.subplots(figsize=(WIDE, 1 + 0.28 * len(set(groups))), layout="constrained")
    taus_by_group(named, ax, tau="Kendall's τ with what networks reach on the task")
    plt.close(figure)
    return figure


def _group(table: str, dataset: str) -> str:
    title = TABLES[table].title
    return f"{title.replace('-Bench-101', '')}: {TITLES[dataset]}" if dataset in TASKS else title


def tasks_table(found: pd.DataFrame) -> str:
    """Markdown: the rank correlations of one table, a row a task, and the score less the best count."""
    heads = ["task", "n", *(MEASURES[name].label for name in PREDICTORS), "score less the best count"]
    rows = []
    for _, part in found.dropna(subset="dataset").groupby("dataset", sort=False):
        taus = part[part.kind == "task"].set_index("measure")
        [difference] = part[part.kind == "difference"].to_dict("records")
        less = f"{_signed(difference)} ({MEASURES[difference['given']].label})"
        cells = [_with_interval(taus.loc[name]) for name in PREDICTORS]
        rows.append([TITLES[taus.dataset.iloc[0]], int(taus.n.iloc[0]), *cells, less])
    return markdown_table(heads, rows)


def _with_interval(row: Any) -> str:
    apart = abs(row["tau"] - row["tau_a"]) >= TIED
    ties = f"; τ-a {row['tau_a']:.3f}" if apart else ""
    return f"{row['tau']:.3f} ({row['low']:.3f} to {row['high']:.3f}){ties}"


def _signed(row: dict[Any, Any]) -> str:
    return f"{row['tau']:+.3f} ({row['low']:+.3f} to {row['high']:+.3f})"


def directions_table(found: Iterable[pd.DataFrame]) -> str:
    """Markdown: what each task of TransNAS-Bench-101 is judged by, and its rank correlation with the other six."""
    several = pd.concat(found)
    others: Any = several[several.kind == "other tasks"].set_index(["dataset", "table"]).tau.unstack()
    tables = [name for name in TABLES if name in others]
    heads = ["task", "judged by", *(f"τ with the others, {name.rpartition('_')[2]}" for name in tables)]
    rows = [
        [TITLES[task], meaning, *(f"{others.loc[task, name]:.3f}" for name in tables)]
        for task, (_, _, meaning) in TASKS.items()
        if task in others.index
    ]
    return markdown_table(heads, rows)


def in_words(found: pd.DataFrame) -> str:
    """Where the score ranks the networks of one table worse than the best count does, where better, and where neither
    can be said, by the intervals of the difference.
    """
    rows = found[found.kind == "difference"].to_dict("records")
    partial = found[found.kind == "partial"].set_index("dataset")
    if len(rows) == 1:
        return _one_in_words(found, rows[0], partial.loc[rows[0]["dataset"]])
    worse = [_named(row) for row in rows if row["high"] < 0]
    better = [_named(row) for row in rows if row["low"] > 0]
    neither = [TITLES[row["dataset"]] for row in rows if row["low"] <= 0 <= row["high"]]
    left = (partial.low > 0).sum()

    def named(tasks: list[str], between: str = "; ") -> str:
        return f"{len(tasks)} ({between.join(tasks)})" if tasks else "none"

    return f"""Of {len(rows)} tasks, the score does worse than the best of the three counts on {named(worse)}, better on
    {named(better)}, and cannot be told apart from it on {named(neither, ", ")}. With that count held fixed, the whole
    interval of the partial τ of the score lies above zero on {left} of {len(rows)}."""


def _named(row: dict[Any, Any]) -> str:
    return f"{TITLES[row['dataset']]} {_signed(row)} ({MEASURES[row['given']].label})"


def _one_in_words(found: pd.DataFrame, row: dict[Any, Any], partial: Any) -> str:
    taus: Any = found[found.kind == "task"].set_index("measure")
    best = MEASURES[row["given"]].label
    difference = _signed(row)
    if row["high"] < 0:
        verdict = f"**the score does worse than counting {best}**, by {difference}"
    elif row["low"] > 0:
        verdict = f"the score does better than counting {best}, by {difference}"
    else:
        verdict = f"the two cannot be told apart, {difference}"
    return f"""On {taus.n.iloc[0]:,} networks the score has a τ of {_with_interval(taus.loc[NASWOT])}; the best of three
    counts, {best}, has {_with_interval(taus.loc[row["given"]])}: {verdict}. With that count held fixed, the
    partial τ of the score is {_signed(partial.to_dict())}."""


def sizes_in_words(found: pd.DataFrame) -> str:
    """How far the score of one table orders its networks as each count does."""
    taus = found[found.kind == "sizes"].to_dict("records")
    named = [f"{MEASURES[row['given']].label} {row['tau']:.3f} ({row['low']:.3f} to {row['high']:.3f})" for row in taus]
    return f"τ of the score with each count: {', '.join(named)}."


def widths_table(found: pd.DataFrame) -> str:
    """Markdown: which widths accuracy and each measure follow, a row a layer, from the rows of kind ``width``."""
    rows = found[found.kind == "width"]
    taus: Any = rows.set_index(["given", "measure"])
    names = {"accuracy": "accuracy"} | {name: MEASURES[name].label for name in PREDICTORS}
    cells = [
        [layer, *(_interval_of(taus.loc[layer, name], name in ("accuracy", NASWOT)) for name in names)]
        for layer in rows.given.unique()
    ]
    return markdown_table(["τ with the width of", *names.values()], cells)


def _interval_of(row: Any, shown: bool) -> str:
    return f"{row['tau']:.2f}" + (f" ({row['low']:.2f} to {row['high']:.2f})" if shown else "")


def widths_in_words(found: pd.DataFrame) -> str:
    """Which width accuracy, the score and the number of units follow most, and where the first two are apart."""
    rows = found[found.kind == "width"]
    by_layer: Any = {name: part.set_index("given") for name, part in rows.groupby("measure")}
    accuracy, score = by_layer["accuracy"], by_layer[NASWOT]
    most = {name: part.tau.idxmax() for name, part in by_layer.items()}
    more = ", ".join(score.index[score.low > accuracy.high])
    less = ", ".join(score.index[score.high < accuracy.low])
    return f"""Accuracy follows {most["accuracy"]} most, the score {most[NASWOT]}, the number of units
    {most["num_units"]}, parameters {most["parameters"]}, FLOPs {most["flops"]}. By intervals that do not meet, the
    score makes more of {more or "none"} than accuracy does, and less of {less or "none"}."""
