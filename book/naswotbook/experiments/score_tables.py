"""The committed score tables: what each file holds, what it was computed with, and how far the tables agree."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import asdict
from itertools import combinations
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from naswotbook.kept import COUNTINGS, VARIED, list_tables, read_runs
from naswotbook.markdown import frame_table
from naswotbook.plots import distributions
from naswotbook.plots.style import WIDE
from naswotbook.samples import draw_sample, has_table, mini_batch
from naswotlib.scoring.many import score_archs
from naswotlib.scoring.proxies import NASWOT, load_batch
from naswotlib.stats import kendall_tau

# What sets two tables apart, when they are alike in all else.
KINDS = {"seed": "seeds", "measure": "countings", "dataset": "data sets", "skeleton": "skeletons"}
HEADINGS = {
    "seeds": "Seeds",
    "countings": "Countings",
    "data sets": "Data sets of the mini-batch",
    "skeletons": "Skeletons",
    "measures": "The score and other measures",
}
PAGES = {  # by start of name
    "fig5": "fig5",
    "fig6": "fig6",
    "fronts": "fig9",
    "cheap": "cheap",
    "nasbench201-cifar10-eval": "equation1",
    "spaces": "other_spaces",
    "why": "why",
    "measures": "measures",
    "nasbench201-cifar10-measures": "measures",
    "programs": "programs",
}


def agreements(folder: Path, *, n_boot: int, rng: np.random.Generator) -> pd.DataFrame:
    """Kendall's tau between every two tables that differ in seed, counting (or proxy), data set or skeleton alone.

    Over the networks that both hold. Columns: ``kind`` (a value of :data:`KINDS`; ``"measures"`` where one of the two
    is another proxy than the score), ``space``, ``dataset``, ``measure``, ``seed`` and ``skeleton`` (what differs is
    empty), ``one`` and ``other`` (what differs), and those of :class:`naswotlib.stats.TauResult`.
    """
    tables = list_tables(folder)
    scores = {file: pd.read_parquet(folder / file).set_index("arch").score for file in tables.file}
    rows = []
    for one, other, differs in _pairs(tables):
        both = pd.concat([scores[one.file], scores[other.file]], axis=1, join="inner", keys=["one", "other"])
        alike = {name: "" if name == differs else getattr(one, name) for name in VARIED if name != "batch"}
        proxy = differs == "measure" and not {one.measure, other.measure} <= {*COUNTINGS}
        apart = {"one": str(getattr(one, differs)), "other": str(getattr(other, differs))}
        tau = kendall_tau(both.one, both.other, rng=rng, n_boot=n_boot)
        rows.append({"kind": "measures" if proxy else KINDS[differs], **alike, **apart, **asdict(tau)})
    return pd.DataFrame(rows)


def accuracy_agreements(
    folder: Path,
    tables: pd.DataFrame,
    *,
    n_boot: int,
    rng: np.random.Generator,
    best: float = 0.1,
    data_dir: str | Path | None = None,
) -> pd.DataFrame:
    """Kendall's tau of each table of ``tables`` with published accuracy, over all its networks and over the best.

    Tables of spaces without published accuracies at ``data_dir`` are left out, and networks without one dropped.
    Columns: ``file``, ``split``, ``epochs``, those of :class:`naswotlib.stats.TauResult`, then ``n_top``, ``tau_top``,
    ``low_top`` and ``high_top`` of the share ``best`` with the highest score, among which a search that follows it
    chooses, and ``n_best``, ``tau_best``, ``low_best`` and ``high_best`` of that with the highest accuracy.
    """
    rows = []
    for space, dataset in dict.fromkeys(zip(tables.space, tables.dataset, strict=True)):
        if not has_table(space, dataset, profile="paper", data_dir=data_dir):
            continue
        published = draw_sample(space, dataset, None, profile="paper", seed=0, data_dir=data_dir)
        accuracy = pd.Series(published.accuracy, index=published.archs)
        for file in tables.file[(tables.space == space) & (tables.dataset == dataset)]:
            table = pd.read_parquet(folder / file).set_index("arch").score.to_frame()
            table["accuracy"] = accuracy.reindex(table.index)
            number = round(best * len(table))
            parts = (table, table.nlargest(number, "score"), table.nlargest(number, "accuracy"))
            taus = [kendall_tau(part.score, part.accuracy, rng=rng, n_boot=n_boot) for part in parts]
            tau, of_top, of_best = taus
            about = {"file": file, "split": published.split, "epochs": published.epochs}
            parted: dict[str, float] = {}
            for name, found in (("top", of_top), ("best", of_best)):
                about_part = {"n": found.n, "tau": found.tau, "low": found.low, "high": found.high}
                parted |= {f"{key}_{name}": value for key, value in about_part.items()}
            rows.append(about | asdict(tau) | parted)
    return pd.DataFrame(rows)


def agreements_table(agree: pd.DataFrame) -> str:
    """What :func:`agreements` found as Markdown, a table a kind under its name."""
    return "\n".join(f"**{heading}**\n\n{_of_kind(agree[agree.kind == kind])}" for kind, heading in HEADINGS.items())


def _of_kind(agree: pd.DataFrame) -> str:
    if agree.empty:
        return "There are no two such tables yet.\n"
    alike = agree[["space", "dataset", "measure", "seed", "skeleton"]].astype(str).to_numpy()
    one, other = (agree[name].replace("", "default") for name in ("one", "other"))
    shown = {
        "alike": [", ".join(filter(None, row)) for row in alike],
        "different": one + " and " + other,
        "τ": agree.tau,
        "95% interval": [f"{low:.3f} to {high:.3f}" for low, high in zip(agree.low, agree.high, strict=True)],
        "networks": agree.n,
        "singular": agree.ranked_last,
    }
    return frame_table(pd.DataFrame(shown), {"networks": ","})


def _pairs(tables: pd.DataFrame) -> Iterator[tuple[Any, Any, str]]:
    for one, other in combinations(list(tables.itertuples()), 2):
        differ = [name for name in VARIED if getattr(one, name) != getattr(other, name)]
        if len(differ) == 1 and differ[0] in KINDS:
            yield one, other, differ[0]


def rescore(
    folder: Path, row: Any, n: int, *, seed: int, data_dir: str | Path | None = None, exact: bool = True
) -> tuple[pd.Series, pd.Series]:
    """Scores by architecture of ``n`` random networks of the table ``row`` of ``list_tables``: kept, computed again.

    The first come from the fast engine, the second from the exact one, or where ``exact`` is false from the fast one
    again, on the mini-batch and with the seed of the table.
    """
    table = pd.read_parquet(folder / row.file)
    kept = table.iloc[np.random.default_rng(seed).permutation(len(table))[:n]].reset_index(drop=True)
    proxy = NASWOT if row.measure in COUNTINGS else row.measure
    source, side = mini_batch(row.dataset)
    inputs, labels = load_batch(source, row.batch, proxy=proxy, seed=row.seed, data_dir=data_dir, side=side)
    counting = row.measure if row.measure in COUNTINGS else "once"
    skeleton = {key: int(value) for key, value in re.findall(r"(\w+)=(\d+)", row.skeleton)}
    settings: dict[str, Any] = {"seed": row.seed, "proxy": proxy, "labels": labels, "counting": counting}
    settings |= {"skeleton": skeleton, "exact": exact, "progress": False}
    again = score_archs(row.space, kept.arch.tolist(), inputs, **settings)
    return kept.set_index("arch").score, again.set_index("arch").score


def compare_again(
    folder: Path, tables: pd.DataFrame, n: int, *, seed: int, data_dir: str | Path | None = None
) -> pd.DataFrame:
    """A row for each table: ``file``, ``n`` networks computed again, ``singular`` in both, ``differ`` (singular in one
    alone), and the ``median`` and ``largest`` relative difference of the others.
    """
    rows = []
    for row in tables.itertuples():
        kept, again = rescore(folder, row, n, seed=seed, data_dir=data_dir)
        finite = np.isfinite(kept) & np.isfinite(again)
        differences = ((again - kept).abs() / kept.abs())[finite]
        singular = np.isneginf(kept) & np.isneginf(again)
        counts = {"n": len(kept), "singular": int(singular.sum()), "differ": int((~finite & ~singular).sum())}
        rows.append({"file": row.file, **counts, "median": differences.median(), "largest": differences.max()})
    return pd.DataFrame(rows)


def best_in_words(taus: pd.DataFrame) -> str:
    """What :func:`accuracy_agreements` says of the best tenth, in a few sentences."""
    below = taus[taus.high_best < 0].file.str.removesuffix(".parquet")
    names = ", ".join(f"`{name}`" for name in below)
    return f"""In {(taus.tau > taus.tau_top).sum()} of {len(taus)} tables the tenth with the highest score, where a
    search that follows the score chooses, is ordered less well than all networks. In {(taus.low_top <= 0).sum()} its
    interval holds zero or lies below it. Among the most *accurate* tenth, which no search knows, the order is reversed
    with the whole interval in: {names or "none"}. To choose networks by their accuracy selects on the outcome, which
    lowers the τ of any predictor; it is given since others print it."""


def again_in_words(again: pd.DataFrame) -> str:
    """What :func:`compare_again` says of all tables, in a sentence."""
    return f"""Of {again.n.sum()} networks computed again, {again.singular.sum()} are singular in both,
    {again["differ"].sum()} in one alone; of the others, the largest relative difference is
    {again.largest.max():.1e}."""


def computed_with(folder: Path, tables: pd.DataFrame) -> pd.DataFrame:
    """What was noted when the rows of ``tables`` were computed: a row a run, and one for rows of which nothing was.

    Columns: ``table``, ``rows``, ``date``, ``computed_with`` and ``committed_in``.
    """
    runs = read_runs(folder)
    rows = []
    for file, networks in zip(tables.file, tables.networks, strict=True):
        known = runs.get(file, [])
        rest = networks - sum(run["rows"] for run in known)
        for run in [*known, *([{"rows": rest}] if rest else [])]:
            used = "; ".join(run[name] for name in ("versions", "hardware") if name in run)
            found = {"table": file.removesuffix(".parquet"), "rows": run["rows"], "date": run.get("date", "not noted")}
            rows.append(found | {"computed_with": used or "not noted", "committed_in": run.get("committed", "")})
    return pd.DataFrame(rows, columns=["table", "rows", "date", "computed_with", "committed_in"])


def other_tables(folder: Path, tables: pd.DataFrame) -> pd.DataFrame:
    """Parquet files in ``folder`` that ``tables`` does not have: ``file``, ``page`` that draws from it, ``rows``, and
    ``columns``, as Markdown.
    """
    rows = []
    for path in sorted(folder.glob("*.parquet")):
        if path.name not in set(tables.file):
            of = next((page for start, page in PAGES.items() if path.name.startswith(start)), "")
            held = pd.read_parquet(path)
            about = {"file": path.name, "page": f"{{doc}}`{of}`" if of else "", "rows": len(held)}
            rows.append(about | {"columns": ", ".join(f"`{name}`" for name in held.columns)})
    return pd.DataFrame(rows, columns=["file", "page", "rows", "columns"])


def draw_distributions(folder: Path, tables: pd.DataFrame) -> Figure:
    """Histograms of scores: on NAS-Bench-201 by data set, each unit once, and on CIFAR-10 by space and counting.

    Of the tables of seed 0 that have the default skeleton and mini-batch.
    """
    usual = (tables.seed == 0) & (tables.skeleton == "") & (tables.batch == 128)
    first = tables[usual & tables.measure.isin(COUNTINGS)]
    panels = {
        "NAS-Bench-201, each unit once": (first[(first.space == "nasbench201") & (first.measure == "once")], "dataset"),
        "CIFAR-10": (first[first.dataset == "cifar10"], "measure"),
    }
    figure, axes = plt.subplots(1, 2, figsize=(WIDE, 4.2), layout="constrained")
    for ax, (title, (chosen, by)) in zip(axes, panels.items(), strict=True):
        names = chosen.dataset if by == "dataset" else chosen.space + ", " + chosen.measure
        scores = {name: pd.read_parquet(folder / file).score for name, file in zip(names, chosen.file, strict=True)}
        distributions(scores, ax, title=title)
    plt.close(figure)
    return figure
