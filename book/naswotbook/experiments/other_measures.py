"""The page on other measures: what tables of them say of searches and of the paper's first version, in words too."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from functools import partial
from itertools import combinations
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.figure import Figure

from naswotbook.closed import choice_moments
from naswotbook.experiments.measures import (
    SUMMARY,
    Numbers,
    compare_measures,
    comparison_in_words,
    read_measures,
    resampled,
    summarise_measures,
)
from naswotbook.kept import read_runs, scores_name
from naswotbook.markdown import with_interval
from naswotbook.pairs import tau_b
from naswotbook.plots import best_of_draws, fig4
from naswotbook.plots.style import WIDE
from naswotlib.scoring.proxies import NASWOT
from naswotlib.spaces.sizes import network_sizes

SIZES = ("num_units", "parameters", "flops")
DRAWS = (10, 100)  # networks that a search draws
SPACE, DATASET = "nasbench201", "cifar10"
CHEAP: dict[str, Any] = {"batch_size": 32, "skeleton": {"cells_per_stage": 1}}
REFERENCE = f"measures-cpu-{SPACE}-{DATASET}-seed0-archs20.parquet"  # all measures of a few networks, by the CPU


def with_flops(table: pd.DataFrame, skeleton: Mapping[str, int], *, side: int = 32, space: str = SPACE) -> pd.DataFrame:
    """A table of measures with multiply-adds of one image of ``side`` pixels behind them, as ``flops``."""
    counted = network_sizes(space, table.arch, side=side, skeleton=skeleton).flops.to_numpy(dtype=float)
    place = table.columns.get_loc("seconds")
    assert isinstance(place, int)
    whole = table.copy()
    whole.insert(place, "flops", counted)
    return whole


def search_mean(values: npt.ArrayLike, accuracy: npt.ArrayLike, n_draws: int) -> float:
    """Mean accuracy of the network that is highest by ``values`` among ``n_draws``, over all draws with replacement.

    As :func:`naswotbook.closed.choice_moments`; what failed, NaN, is never drawn.
    """
    looked, judged = np.asarray(values, dtype=float), np.asarray(accuracy, dtype=float)
    known = ~np.isnan(looked)
    return float(choice_moments(looked[known], judged[known], n_draws)[0])


def summarise(
    table: pd.DataFrame, accuracy: npt.ArrayLike, functions: Sequence[Hashable], *, seed: int, n_boot: int
) -> pd.DataFrame:
    """Rows of :func:`naswotbook.experiments.measures.summarise_measures`, highest tau first, with searches beside them.

    ``best_of_10`` and ``best_of_100`` are :func:`search_mean`; ``less`` is how much lower tau is than the score's, with
    its paired 95% interval ``less_low, less_high``. Without seconds, which are of all measures together.
    """
    summary = summarise_measures(table, accuracy, functions=functions, seed=seed, n_boot=n_boot)
    for n in DRAWS:
        summary[f"best_of_{n}"] = [search_mean(table[name], accuracy, n) for name in summary.measure]
    how = {"functions": functions, "seed": seed, "n_boot": n_boot}
    apart = [compare_measures([table], accuracy, NASWOT, name, **how) for name in summary.measure]  # type: ignore[arg-type]
    for column, key in (("less", "difference"), ("less_low", "low"), ("less_high", "high")):
        summary[column] = [found[key] for found in apart]
    return summary.drop(columns=SUMMARY[-1]).sort_values("tau_b", ascending=False, ignore_index=True)


def summarise_seeds(
    tables: Sequence[pd.DataFrame], accuracy: npt.ArrayLike, functions: Sequence[Hashable], *, seed: int, n_boot: int
) -> pd.DataFrame:
    """Rows of :func:`summarise` over ``tables`` of the same networks in the same order, each of one score seed.

    Numbers are means over seeds, ``n``, ``failed`` and ``singular`` the worst of them; intervals draw functions and
    seeds anew. ``seeds`` is how many there are, ``between`` the mean tau-b of a measure at two seeds.
    """
    each = pd.concat([summarise(table, accuracy, functions, seed=seed, n_boot=0) for table in tables])
    worst = {"n": "min", "failed": "max", "singular": "max"}
    means = dict.fromkeys(each.columns.drop(["measure", *worst]), "mean")
    summary = each.groupby("measure").agg(worst | means).sort_values("tau_b", ascending=False).reset_index()
    y, rng = np.asarray(accuracy, dtype=float), np.random.default_rng(seed)
    how: dict[str, Any] = {"functions": functions, "seed": seed, "n_boot": n_boot}

    def mean_tau(accuracies: Numbers, *columns: Numbers) -> float:
        return float(np.mean([tau_b(columns[at], accuracies) for at in rng.integers(len(columns), size=len(columns))]))

    for row, name in enumerate(summary.measure):
        columns = [table[name].to_numpy(dtype=float) for table in tables]
        apart = compare_measures(tables, y, NASWOT, name, **how)
        ends = resampled(mean_tau, y, *columns, **how) if summary.failed[row] == 0 else (np.nan, np.nan)
        summary.loc[row, ["low", "high"]] = ends
        summary.loc[row, ["less", "less_low", "less_high"]] = [apart[key] for key in ("difference", "low", "high")]
        summary.loc[row, "between"] = np.mean([tau_b(*pair) for pair in combinations(columns, 2)] or [np.nan])
    summary.insert(1, "seeds", len(tables))
    return summary


def first_version(
    tables: Sequence[pd.DataFrame], accuracy: npt.ArrayLike, functions: Sequence[Hashable], *, seed: int, n_boot: int
) -> pd.DataFrame:
    """Whether the paper's first version ranks networks better than its last: a row for each way to ask.

    ``tables`` are of one seed each, of which the first has all networks, with ``accuracy`` and ``functions`` in their
    order. Asked are the first version and the one that its own code computes (``jacob_cov_eval``), by rank correlation
    and by what a search of 10 and 100 networks finds, :func:`search_mean`: over all seeds where every table has all
    networks; else over the first alone, and by rank correlation over all on what they share. Columns are ``by``
    (``tau``, ``best_of_10`` or ``best_of_100``) and those of
    :func:`naswotbook.experiments.measures.compare_measures`.
    """
    known = pd.DataFrame({"accuracy": np.asarray(accuracy, dtype=float), "function": list(functions)})
    known.index = pd.Index(tables[0].arch)
    shared = [arch for arch in tables[0].arch if all(arch in set(table.arch) for table in tables[1:])]
    same = [table.set_index("arch").loc[shared].reset_index() for table in tables]
    whole = len(shared) == len(known)
    first = same if whole else tables[:1]
    judged: dict[str, Callable[..., float]] = {"tau": tau_b}
    judged |= {f"best_of_{n}": partial(search_mean, n_draws=n) for n in DRAWS}
    asked = [(first, one, known, by) for by in judged for one in ("jacob_cov", "jacob_cov_eval")]
    if not whole:
        asked.append((same, "jacob_cov", known.loc[shared], "tau"))
    rows = []
    for some, one, rows_of, by in asked:
        how: dict[str, Any] = {"functions": rows_of.function.tolist(), "seed": seed, "n_boot": n_boot}
        found = compare_measures(some, rows_of.accuracy, one, NASWOT, statistic=judged[by], **how)
        rows.append({"by": by} | found)
    return pd.DataFrame(rows).drop(columns="by_seed")


def seeds_there(folder: Path, **setting: Any) -> list[int]:
    """Seeds of the tables of measures in ``folder``, at the paper's setting or at that of ``scores_name``."""
    names = {seed: scores_name(SPACE, DATASET, counting="measures", seed=seed, **setting) for seed in range(10)}
    return [seed for seed, name in names.items() if (folder / name).exists()]


def read_cheap(folder: Path) -> list[pd.DataFrame]:
    """Tables at :data:`CHEAP`, one of each seed that there is, of the networks that all have, in one order."""
    tables = [read_measures(folder, SPACE, seed=seed, **CHEAP) for seed in seeds_there(folder, **CHEAP)]
    by_arch = [table.set_index("arch") for table in tables]
    shared = [arch for arch in tables[0].arch if all(arch in table.index for table in by_arch)]
    return [with_flops(table.loc[shared].reset_index(), CHEAP["skeleton"]) for table in by_arch]


def compare_devices(folder: Path) -> pd.DataFrame:
    """How far the measures that a GPU gave, of the table in ``folder``, are from those that the CPU gave.

    The manifest there says which rows are whose. A row for each measure and comparison, with ``networks``, how many
    ``differ`` in being finite, and the median and the largest relative difference. What the CPU gave are the tables of
    the score and of proxies there, and :data:`REFERENCE`.
    """
    whole, runs = read_measures(folder, SPACE, DATASET), read_runs(folder)
    made = runs.get(scores_name(SPACE, DATASET, counting="measures", seed=0), [])
    device = [run["settings"]["device"] for run in made for _ in range(run["rows"])]  # rows stand in the order of runs
    gpu = whole[[name.startswith("cuda") for name in device]].set_index("arch")
    few = pd.read_parquet(folder / REFERENCE).set_index("arch")
    known = {name: few[name] for name in gpu.columns.drop(["seconds", "error"])}
    for name in known:
        kept = folder / scores_name(SPACE, DATASET, counting="once" if name == NASWOT else name, seed=0)
        if kept.exists():
            known[name] = pd.read_parquet(kept).set_index("arch").score
    rows = []
    for name, cpu in known.items():
        both = pd.concat([gpu[name], cpu], axis=1, join="inner", keys=["gpu", "cpu"])
        finite = pd.Series(np.isfinite(both.to_numpy()).all(axis=1), index=both.index)
        there = both[finite]
        apart = (there.gpu - there.cpu).abs() / there.cpu.abs().clip(lower=np.finfo(float).tiny)
        row = {"measure": name, "networks": len(both), "differ": int((both.gpu[~finite] != both.cpu[~finite]).sum())}
        rows.append(row | {"median": float(apart.median()), "largest": float(apart.max())})
    return pd.DataFrame(rows)


def in_words(summary: pd.DataFrame) -> str:
    """What a summary says: which measures rank better than the score, which cannot be told apart, and the top."""
    [score] = summary[summary.measure == NASWOT].itertuples()
    proxies = summary[~summary.measure.isin((NASWOT, *SIZES))]
    free = summary[summary.measure.isin(SIZES)]
    better, worse = proxies[proxies.less_high < 0], proxies[proxies.less_low > 0]
    same = proxies.drop([*better.index, *worse.index])
    ahead = free.measure[free.less_high < 0]
    behind = free.measure[free.less_low > 0]
    counts = f"of the counts, ahead of it: {_names(ahead)}; behind it: {_names(behind)}"
    best, top = (str(summary.measure[summary[column].argmax()]) for column in ("best_of_100", "precision"))
    return f"""Over {score.n} networks the score has τ {score.tau_b:.3f} [{score.low:.3f}, {score.high:.3f}]. By the
    paired difference, {_names(better.measure)} {_rank(better)} networks better than the score; {_names(same.measure)}
    cannot be told apart from it; {_names(worse.measure)} {_rank(worse)} them worse; {counts}.
    A search that draws {DRAWS[1]} of these networks ends, on average over all draws, at {score.best_of_100:.2f} by the
    score, at {free.best_of_100.max():.2f} by the best of the counts, and by `{best}`, which is the best in this, at
    {summary.best_of_100.max():.2f}. Of the most accurate tenth, the tenth of highest score has
    {score.precision:.0%}; the best measure in this, `{top}`, {summary.precision.max():.0%}."""


def first_in_words(compared: pd.DataFrame) -> list[str]:
    """The answers of :func:`first_version`: a sentence each, by rank correlation, and one on what searches find."""
    names = {"jacob_cov": "the first version", "jacob_cov_eval": "the first version with running statistics"}
    rows = [{str(key): value for key, value in row.items()} for row in compared.to_dict("records")]
    verdict = _is_better([row for row in rows if row["one"] == "jacob_cov"])
    found = [comparison_in_words(row, one=names[row["one"]], other="the score") for row in rows if row["by"] == "tau"]
    for one, name in names.items():
        drawn = [row for row in rows if row["one"] == one and row["by"] != "tau"]
        said = "; ".join(
            f"of {row['by'].removeprefix('best_of_')} networks {row['tau_one']:.2f} against {row['tau_other']:.2f}, "
            f"the difference {row['difference']:+.2f} [{row['low']:+.2f}, {row['high']:+.2f}]"
            for row in drawn
        )
        found += [f"a search by {name} finds, in the mean accuracy of the highest, {said}."] if drawn else []
    return [verdict, *(text[0].upper() + text[1:] for text in found)]


def first_when_cheap(summary: pd.DataFrame) -> str:
    """The answer of :func:`summarise_seeds`, at the cheap setting, in the words of :func:`first_in_words`."""
    rows = {row["measure"]: row for row in summary.to_dict("records")}
    first, score = rows["jacob_cov"], rows[NASWOT]
    found = {"difference": -first["less"], "low": -first["less_high"], "high": -first["less_low"]}
    found |= {"n": first["n"], "seeds": first["seeds"], "tau_one": first["tau_b"], "tau_other": score["tau_b"]}
    return "At the cheap setting " + comparison_in_words(found, one="the first version", other="the score")


def _is_better(rows: Sequence[Mapping[str, Any]]) -> str:
    """The answer in a word: ``rows`` are ways to ask, of which none may contradict it."""
    ahead, behind = any(row["low"] > 0 for row in rows), any(row["high"] < 0 for row in rows)
    if ahead and behind:
        return "**It depends on what is asked**: one interval is above zero, another below."
    if not (ahead or behind):
        return "**Nothing here tells them apart**: every interval holds zero."
    word, side = ("Yes", "above") if ahead else ("No", "below")
    clear = sum(row["low"] > 0 or row["high"] < 0 for row in rows)
    lie = "lies" if clear == 1 else "lie"
    return f"**{word}**: of {len(rows)} intervals {clear} {lie} {side} zero, and none on the other side."


def order_in_words(kept: pd.DataFrame) -> str:
    """What :func:`naswotbook.experiments.measures.order_kept` says, counts left out: who keeps its order."""
    rows = kept[~kept.measure.isin(SIZES)].sort_values("tau_b", ascending=False)
    said = ", ".join(
        f"`{row['measure']}` {with_interval(row['tau_b'], row['low'], row['high'])}" for row in rows.to_dict("records")
    )
    return f"Over {rows.n.max():.0f} cells, τ between the two settings is: {said}."


def seeds_table(summary: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, str]]:
    """What :func:`summarise_seeds` gives as a table to read, and formats of its columns."""
    shown = pd.DataFrame({"measure": summary.measure, "n": summary.n, "seeds": summary.seeds})
    for name, column, ends in (("τ-b", "tau_b", "{}"), ("less than the score's", "less", "less_{}")):
        low, high = (summary[ends.format(end)] for end in ("low", "high"))
        shown[name] = [with_interval(*row) for row in zip(summary[column], low, high, strict=True)]
    names = {"between": "between", "precision": "precision", "regret": "regret"}
    names |= {f"best_of_{n}": f"best of {n}" for n in DRAWS}
    formats = dict.fromkeys(names.values(), ".2f")
    return shown.assign(**{name: summary[column] for column, name in names.items()}), formats


def devices_in_words(compared: pd.DataFrame) -> str:
    """What :func:`compare_devices` says: how far the two are apart, and whether they differ in being finite."""
    worst = compared.iloc[int(compared.largest.argmax())]
    return f"""Over {compared.networks.min()} to {compared.networks.max()} networks, the median relative difference of a
    measure is at most {compared["median"].max():.1g}; the largest of all is {worst.largest:.1g}, of `{worst.measure}`.
    In {compared.differ.sum()} cases one of the two is finite and the other is not."""


def draw(summary: pd.DataFrame) -> Figure:
    """Kendall's tau of each measure as bars, and beside them what a search by it reaches."""
    height = 1.2 + 0.27 * len(summary)
    figure, (left, right) = plt.subplots(1, 2, figsize=(WIDE, height), layout="constrained", sharey=True)
    kinds = ["score" if name == NASWOT else "size" if name in SIZES else "proxy" for name in summary.measure]
    fig4(summary.assign(label=summary.measure, kind=kinds, tau=summary.tau_b), left, title="rank correlation")
    best_of_draws(summary.assign(kind=kinds), right, draws=DRAWS)
    plt.close(figure)
    return figure


def _rank(rows: pd.DataFrame) -> str:
    return "ranks" if len(rows) == 1 else "rank"


def _names(names: Iterable[str]) -> str:
    quoted = [f"`{name}`" for name in names]
    return " and ".join([", ".join(quoted[:-1]), quoted[-1]]) if len(quoted) > 1 else "".join(quoted) or "none"
