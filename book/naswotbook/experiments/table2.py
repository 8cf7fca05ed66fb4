"""The searches of Table 2, on NAS-Bench-201 and on NATS-Bench's size space."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from naswotbook.kept import scores_name
from naswotbook.page import Page
from naswotbook.search_tables import searched_scores
from naswotbook.searches import TRAINING, Column, final_columns, training_free_runs, training_runs

SHARING = ["RSPS", "DARTS-V1", "DARTS-V2", "GDAS", "SETN", "ENAS"]  # methods of Table 2(a) that share weights


def run_searches(
    space: Any,
    benchmark: Any,
    scores: pd.DataFrame,
    columns: Sequence[Column],
    *,
    samples: Sequence[int],
    n_runs: int,
    seed: int,
    **search: Any,
) -> pd.DataFrame:
    """Runs of every method, judged by ``columns``; ``search`` are keywords of those that train."""
    free = training_free_runs(scores, benchmark, columns, samples=samples, n_runs=n_runs, seed=seed)
    how = {"n_runs": n_runs, "seed": seed, "scores": scores, **search}
    trained = [training_runs(method, space, benchmark, columns, **how) for method in TRAINING]
    return pd.concat([free, *trained], ignore_index=True)


def search_each(space: Any, benchmark: Any, scores: Mapping[str, pd.DataFrame], **how: Any) -> pd.DataFrame:
    """Part (b): each data set of ``scores`` has searches of its own. ``how`` are keywords of :func:`run_searches`."""
    runs = [
        run_searches(space, benchmark, table, final_columns(benchmark, dataset=dataset), dataset=dataset, **how)
        for dataset, table in scores.items()
    ]
    return pd.concat(runs, ignore_index=True)


def search_once(
    space: Any,
    benchmark: Any,
    scores: Mapping[str, pd.DataFrame],
    other_seeds: Sequence[pd.DataFrame],
    *,
    samples: Sequence[int],
    n_runs: int,
    seed: int,
    **search: Any,
) -> pd.DataFrame:
    """Part (a): all searches look at CIFAR-10, and their choice is judged on all data sets; and variants of it.

    AREA stands there with its first 50 runs, as in the paper, with all of them, and once more seeing the data set that
    it is judged on. NASWOT once more scores on the images of that data set (``scores``, by data set), and, where there
    are ``other_seeds`` of the scores on CIFAR-10, takes a random one of each candidate's initialisations.
    """
    repeated = {"n_runs": n_runs, "seed": seed}
    columns = {dataset: final_columns(benchmark, dataset=dataset) for dataset in scores}
    everywhere = [column for group in columns.values() for column in group]

    def score_alone(table: pd.DataFrame, judged: Sequence[Column], name: str) -> pd.DataFrame:
        runs = training_free_runs(table, benchmark, judged, samples=samples, **repeated)
        runs = runs[runs.method.str.startswith("NASWOT")]
        return runs.assign(method=runs.method.str.replace(")", f", {name})"))

    how = {"samples": samples, "dataset": "cifar10", **repeated, **search}
    runs = run_searches(space, benchmark, scores["cifar10"], everywhere, **how)
    first = runs[(runs.method == "AREA") & (runs.run < 50)]
    runs.loc[runs.method == "AREA", "method"] = f"AREA ({n_runs} runs)"
    own = [
        training_runs("AREA", space, benchmark, columns[on], scores=table, dataset=on, **repeated, **search)
        for on, table in scores.items()
    ]
    variants = [score_alone(table, columns[on], "each data set") for on, table in scores.items()]
    if other_seeds:
        # A row is an architecture with one of its initialisations: to draw rows is to draw both.
        mixed = pd.concat([scores["cifar10"], *other_seeds], ignore_index=True)
        variants.append(score_alone(mixed, everywhere, f"{1 + len(other_seeds)} seeds"))
    assisted = pd.concat(own, ignore_index=True).assign(method="AREA (each data set)")
    return pd.concat([runs, first, assisted, *variants], ignore_index=True)


def scores_of_other_seeds(page: Page, space: str) -> list[pd.DataFrame]:
    """Scores on CIFAR-10 with those of the next four seeds with which as much is scored as with that of the page.

    A part of the space would be drawn too often.
    """
    named = {key: page.parameters[key] for key in ("counting", "batch_size")}

    def number_kept(seed: int) -> int:
        path = page.scores / scores_name(space, "cifar10", seed=seed, **named)
        return len(pd.read_parquet(path, columns=["arch"])) if path.exists() else 0

    enough = max(1, number_kept(page.seed))
    seeds = [seed for seed in range(page.seed + 1, page.seed + 5) if number_kept(seed) >= enough]
    return [searched_scores(page, space, seed=seed) for seed in seeds]


def compared(*, samples: Sequence[int], n_runs: int) -> list[tuple[str, str]]:
    """The pairs of methods whose difference is of interest, by their names in :func:`search_once`."""
    fewest, *more = sizes = [f"NASWOT (N={n})" for n in sorted(samples)]
    assisted = [(f"AREA{change}", "REA") for change in ("", f" ({n_runs} runs)", " (each data set)")]
    naswot = [(fewest, "Random"), *zip(more, sizes, strict=False), (sizes[-1], fewest)]
    return [*assisted, *naswot, *((method, sizes[-1]) for method in ("REA", "RS", "REINFORCE"))]


def ahead_of_naswot(printed: pd.DataFrame, ours: pd.DataFrame | None) -> pd.DataFrame:
    """Cells of the printed table in which a method that shares weights is ahead of NASWOT with N = 1,000.

    Columns ``method, column, as_printed, printed_naswot, our_naswot``; the last from ``ours``, the means of Table 2(a),
    and NaN where there are none.
    """
    cell = ["dataset", "split"]
    sharing = printed[printed.method.isin(SHARING)]
    for name, means in (("printed_naswot", printed), ("our_naswot", ours if ours is not None else printed[:0])):
        naswot = means[means.method == "NASWOT (N=1000)"].set_index(cell)["mean"].rename(name)
        sharing = sharing.join(naswot, on=cell)
    ahead = sharing[sharing["mean"] > sharing.printed_naswot].rename(columns={"mean": "as_printed"})
    ahead.insert(1, "column", ahead.dataset + " " + ahead.split)
    return ahead[["method", "column", "as_printed", "printed_naswot", "our_naswot"]].reset_index(drop=True)
