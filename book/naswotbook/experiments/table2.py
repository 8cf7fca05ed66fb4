"""The searches of Table 2, on NAS-Bench-201 and on NATS-Bench's size space."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from naswotbook.counting import COUNTS, as_scores
from naswotbook.estimates import of_choices, of_searches
from naswotbook.kept import scores_name
from naswotbook.markdown import DATASETS, markdown_table
from naswotbook.page import Page
from naswotbook.search_tables import searched_scores
from naswotbook.searches import TRAINING, Column, final_columns
from naswotlib.spaces.base import arch_seed

AREA_COUNTS = ("num_units", "convolutions_3x3", "parameters")  # the others order NAS-Bench-201 as one of these does
ALL_DRAWN = "10 of 10 drawn"
SHARING = ["RSPS", "DARTS-V1", "DARTS-V2", "GDAS", "SETN", "ENAS"]  # methods of Table 2(a) that share weights


def run_searches(
    space: Any,
    benchmark: Any,
    scores: Mapping[int, pd.DataFrame],
    columns: Sequence[Column],
    *,
    samples: Sequence[int],
    counts: pd.DataFrame | None = None,
    n_runs: int,
    seed: int,
    **search: Any,
) -> pd.DataFrame:
    """Estimates of every method, judged by ``columns``: :mod:`naswotbook.estimates`.

    scores: by seed; counts: those of the networks that are scored; search: keywords of the searches that train.
    """
    found = [of_choices(scores, counts, benchmark, columns, samples=samples)]
    how = {"n_runs": n_runs, "seed": seed, **search}
    for method in TRAINING:
        by = scores if method == "AREA" else None
        found.append(of_searches(method, space, benchmark, columns, scores=by, **how))
    return pd.concat(found, ignore_index=True)


def search_each(space: Any, benchmark: Any, scores: Mapping[str, pd.DataFrame], **how: Any) -> pd.DataFrame:
    """Part (b): each data set of ``scores`` has searches of its own. ``how`` are keywords of :func:`run_searches`."""
    found = [
        run_searches(space, benchmark, {0: table}, final_columns(benchmark, dataset=dataset), dataset=dataset, **how)
        for dataset, table in scores.items()
    ]
    return pd.concat(found, ignore_index=True)


def search_once(
    space: Any,
    benchmark: Any,
    scores: Mapping[str, pd.DataFrame],
    other_seeds: Mapping[int, pd.DataFrame],
    counts: pd.DataFrame,
    *,
    samples: Sequence[int],
    n_runs: int,
    seed: int,
    **search: Any,
) -> pd.DataFrame:
    """Part (a): all searches look at CIFAR-10, and their choice is judged on all data sets; and variants of it.

    NASWOT and AREA choose by the scores of ``seed`` and of ``other_seeds``. AREA stands there again with its candidates
    ranked by each of ``counts``, and, with a fifth of the runs, seeing the data set that it is judged on; NASWOT again
    with the scores on the images of that data set (``scores``, by data set). REA and AREA stand there with all of the
    population drawn instead of 3.
    """
    repeated: dict[str, Any] = {"n_runs": n_runs, "seed": seed}
    columns = {dataset: final_columns(benchmark, dataset=dataset) for dataset in scores}
    everywhere = [column for group in columns.values() for column in group]
    seeds = {seed: scores["cifar10"], **other_seeds}
    on_cifar10 = {"dataset": "cifar10", **repeated, **search}
    found = [run_searches(space, benchmark, seeds, everywhere, samples=samples, counts=counts, **on_cifar10)]
    for name in AREA_COUNTS:
        by_count = {-1: as_scores(counts, name)}
        assisted = of_searches("AREA", space, benchmark, everywhere, scores=by_count, **on_cifar10)
        found.append(assisted.assign(method=f"AREA by {COUNTS[name]}"))
    drawn = on_cifar10 | {"sample_size": 10, "seed": arch_seed(seed, ALL_DRAWN)}
    for method, by in (("REA", None), ("AREA", seeds)):
        evolved = of_searches(method, space, benchmark, everywhere, scores=by, **drawn)
        found.append(evolved.assign(method=f"{method}, {ALL_DRAWN}"))
    fewer = repeated | {"n_runs": max(1, n_runs // 5)}
    for on, table in scores.items():
        own = of_searches("AREA", space, benchmark, columns[on], scores={seed: table}, dataset=on, **fewer, **search)
        found.append(own.assign(method="AREA (each data set)"))
        alone = of_choices({seed: table}, None, benchmark, columns[on], samples=samples)
        alone = alone[alone.method.str.startswith("NASWOT")]
        found.append(alone.assign(method=alone.method.str.replace(")", ", each data set)")))
    return pd.concat(found, ignore_index=True)


def scores_of_other_seeds(page: Page, space: str) -> dict[int, pd.DataFrame]:
    """Scores on CIFAR-10 of the next four seeds with which as much is scored as with that of the page, by seed.

    A part of the space would be drawn too often. Their networks are in the order of those of the page.
    """
    named = {key: page.parameters[key] for key in ("counting", "batch_size")}

    def kept(seed: int) -> pd.DataFrame:
        path = page.scores / scores_name(space, "cifar10", seed=seed, **named)
        return pd.read_parquet(path, columns=["arch"]) if path.exists() else pd.DataFrame({"arch": []})

    first = kept(page.seed).arch
    found = {}
    for seed in range(page.seed + 1, page.seed + 5):
        if len(first) and set(first) <= set(kept(seed).arch):
            found[seed] = searched_scores(page, space, seed=seed).set_index("arch").loc[first].reset_index()
    return found


def compared(*, samples: Sequence[int]) -> list[tuple[str, str]]:
    """The pairs of methods whose difference is of interest, by their names in :func:`search_once`."""
    fewest, *more = sizes = [f"NASWOT (N={n})" for n in sorted(samples)]
    by_count = [f"AREA by {COUNTS[name]}" for name in AREA_COUNTS]
    assisted = [(name, "REA") for name in ("AREA", *by_count, f"REA, {ALL_DRAWN}", "AREA (each data set)")]
    assisted += [("AREA", name) for name in by_count] + [(f"AREA, {ALL_DRAWN}", f"REA, {ALL_DRAWN}")]
    naswot = [(fewest, "Random"), *zip(more, sizes, strict=False), (sizes[-1], fewest)]
    counted = [(f"NASWOT (N={n})", f"{COUNTS[name]} (N={n})") for name in COUNTS for n in sorted(samples)]
    return [
        *assisted,
        *naswot,
        *((method, size) for size in sizes[1:] for method in ("REA", "RS", "REINFORCE")),
        *counted,
    ]


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


def printed_gaps(printed: pd.DataFrame, gaps: pd.DataFrame | None) -> str:
    """Markdown: how far methods that train are ahead of NASWOT (N=1000), as printed, and by ``gaps`` here."""
    cells = printed.set_index(["method", "dataset", "split"])["mean"]
    ours = pd.DataFrame() if gaps is None else gaps[gaps.b == "NASWOT (N=1000)"]
    here = {(row["a"], row["dataset"], row["split"]): row for row in ours.to_dict("records")}
    rows = []
    for method in ("REA", "RS", "REINFORCE", "BOHB"):
        for dataset, split in dict.fromkeys(zip(printed.dataset, printed.split, strict=True)):
            gap = cells[method, dataset, split] - cells["NASWOT (N=1000)", dataset, split]
            row = [method, f"{DATASETS[dataset]} {split}", f"{gap:+.2f}"]
            if gaps is not None:
                found = here.get((method, dataset, split))
                row.append(_gap(found) if found else "")
            rows.append(row)
    return markdown_table(["method", "column", "paper", *([] if gaps is None else ["ours"])], rows)


def _gap(row: Mapping[Any, Any]) -> str:
    return f"{row['difference']:+.2f} [{row['low']:+.2f}, {row['high']:+.2f}]"


def describe_cost(found: pd.DataFrame) -> str:
    """What a training on each data set costs, from how many of them the budget buys."""
    rows = found[(found.method == "AREA (each data set)") & (found.split == "validation")].set_index("dataset").trained
    dearer = rows["cifar10"] / rows
    return f"""on average {dearer["cifar100"]:.2f} (CIFAR-100) and {dearer["imagenet16-120"]:.2f} times as much
    (ImageNet16-120), so that the budget buys {rows["cifar100"]:.0f} and {rows["imagenet16-120"]:.0f} trainings instead
    of {rows["cifar10"]:.0f}."""


def describe(found: pd.DataFrame, gaps: pd.DataFrame) -> str:
    """What Table 2(a) says, in Markdown: what trains and what does not, what a count does, what AREA gains."""
    reached = found.set_index(["method", "dataset", "split"])["mean"].to_dict()
    apart = {(row["a"], row["b"], row["dataset"], row["split"]): row for row in gaps.to_dict("records")}

    def means(method: str, dataset: str = "cifar10", split: str = "test") -> str:
        return ", ".join(f"{reached[f'{method} (N={n})', dataset, split]:.2f}" for n in (10, 100, 1000))

    def gain(a: str, b: str) -> str:
        return ", ".join(_gap(apart[a, b, dataset, "validation"]) for dataset in DATASETS)

    behind = gaps[gaps.a.isin(["REA", "RS", "REINFORCE"]) & (gaps.b == "NASWOT (N=1000)")].sort_values("difference")
    least, most = (row for _, row in behind.iloc[[0, -1]].iterrows())
    clear = int((behind.low > 0).sum())
    counted = [name for name in COUNTS.values() if (f"{name} (N=10)", "cifar10", "test") in reached]
    rows = "; ".join(f"{name} {means(name)}" for name in ["NASWOT", *counted])
    by_units = f"AREA by {COUNTS['num_units']}"
    return f"""In words:

- **Training for 12,000 seconds is better than NASWOT with N = 1,000** by {least.difference:.2f} ({least.a},
  {least.dataset} {least.split}) to {most.difference:.2f} points ({most.a}, {most.dataset} {most.split}). The interval
  lies above zero in {clear} of {len(behind)} cells. It is wide, since it holds what another seed of the scores changes.
- **Counting does as well as the score.** CIFAR-10 test accuracy for N = 10, 100 and 1,000: {rows}.
- **AREA gains little on REA**, and as much where candidates are ranked by their number of ReLU units. Validation
  accuracy on CIFAR-10, CIFAR-100 and ImageNet16-120: AREA {gain("AREA", "REA")}; by ReLU units
  {gain(by_units, "REA")}. Drawing all 10 of the population instead of 3 gains {gain(f"REA, {ALL_DRAWN}", "REA")}.
"""
