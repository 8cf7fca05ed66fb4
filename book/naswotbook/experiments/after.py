"""What came after 2021: claims of others, each with a verdict by rule from figures of ours, and values they printed."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import yaml
from scipy.stats import rankdata, spearmanr

from naswotbook.claims import judge
from naswotbook.experiments.measures import Numbers, functions_of, read_measures, resampled
from naswotbook.experiments.other_measures import search_mean, with_flops
from naswotbook.kept import scores_name
from naswotbook.markdown import DATASETS
from naswotbook.pairs import tau_b, tau_less
from naswotbook.verdicts import VERDICTS, Results
from naswotlib.errors import check_choice
from naswotlib.spaces import get_space
from naswotlib.spaces.sizes import network_sizes
from naswotlib.stats import tau_within

COLUMNS = ["name", "n", "value", "low", "high"]
# Measures of NAS-Bench-Suite-Zero, and those that are put together here: not AZ-NAS's own, of which we have none.
SUITE = ("plain", "grasp", "fisher", "epe_nas", "grad_norm", "snip", "synflow", "l2_norm", "parameters", "zen",
         "jacob_cov", "flops")  # fmt: skip
ASSEMBLED = ("naswot", "jacob_cov", "zico", "synflow", "flops")
SEEN = ("text", "abstract", "thread")  # what of a source was read
SPACES = ("nasbench201", "nasbench101")
COUNTS = ("num_units", "parameters", "flops")
PAIRS = (
    *(("naswot", count) for count in COUNTS),
    *(("zico", "parameters"), ("zico", "naswot"), ("swap", "naswot"), ("near", "naswot"), ("zen", "parameters")),
    *(("jacob_cov", "jacob_cov_eval"), ("jacob_cov", "num_units"), ("jacob_cov", "parameters")),
)


def of_measures(
    table: pd.DataFrame, accuracy: npt.ArrayLike, functions: Sequence[Hashable], *, seed: int, n_boot: int
) -> pd.DataFrame:
    """Rows :data:`COLUMNS` of what tables of measures (with ``flops``) say; accuracies are percent, in their order.

    ``A - B``: Kendall's tau-b of a measure less that of another; ``equal parameters``: how much lower tau is among
    pairs of equal parameter count; ``bias to units``: tau of the score with the number of units, less that of accuracy
    with it; ``search: A - B``: the same of :func:`search_mean` of 100; ``naswot - best of suite`` and ``assembly - best
    member``: less the highest tau of several; ``share below flops``: of the other measures, less a half. Intervals draw
    functions anew.
    """
    reached = np.asarray(accuracy, dtype=float)
    others = [name for name in table.columns.drop(["arch", "seconds", "error"]) if name not in (*COUNTS, "naswot")]
    asked: dict[str, tuple[Callable[..., float], tuple[str, ...]]] = {}
    for one, other in PAIRS:
        asked[f"{one} - {other}"] = (lambda y, a, b: tau_less(a, b, y), (one, other))
    asked["equal parameters"] = (lambda y, a, b: tau_b(a, y) - tau_within(a, y, b), ("naswot", "parameters"))
    asked["bias to units"] = (lambda y, a, b: tau_b(a, b) - tau_b(y, b), ("naswot", "num_units"))
    asked["search: jacob_cov - num_units"] = (
        lambda y, a, b: search_mean(a, y, 100) - search_mean(b, y, 100),
        ("jacob_cov", "num_units"),
    )
    asked["naswot - best of suite"] = (_less_best, ("naswot", *SUITE))
    asked["assembly - best member"] = (
        lambda y, *columns: tau_b(assemble(columns), y) - max(tau_b(column, y) for column in columns),
        ASSEMBLED,
    )
    asked["share below flops"] = (
        lambda y, flops, *columns: float(np.mean([tau_b(column, y) < tau_b(flops, y) for column in columns])) - 0.5,
        ("flops", *others),
    )
    rows = []
    for name, (statistic, names) in asked.items():
        columns = [reached, *(table[column].to_numpy(dtype=float) for column in names)]
        rows.append(_row(name, statistic, columns, functions, seed=seed, n_boot=n_boot))
    return pd.DataFrame(rows, columns=COLUMNS)


def assemble(columns: Sequence[Numbers]) -> Numbers:
    """Ranks put together as AZ-NAS does: the sum over measures of log(rank / n), rank n the highest."""
    summed: Numbers = np.sum([np.log(rankdata(column) / len(column)) for column in columns], axis=0)
    return summed


def explained_by_edges(archs: Sequence[str], scores: npt.ArrayLike) -> float:
    """Leave-one-out R² of scores of NAS-Bench-201 cells, each predicted by the mean of its pattern.

    A pattern says of each of the six edges whether it is none, a convolution or something else. Cells of −inf, and
    those that are alone with their pattern, are left out.
    """
    space, finite = get_space("nasbench201"), np.isfinite(np.asarray(scores, dtype=float))
    kinds = [
        tuple("none" if op == "none" else "conv" if "conv" in op else "else" for op in space.from_str(arch).ops)
        for arch in archs
    ]
    table = pd.DataFrame({"kind": kinds, "score": np.asarray(scores, dtype=float)})[finite]
    groups = table.groupby("kind").score
    size, total = groups.transform("size"), groups.transform("sum")
    several = table[size > 1]
    predicted = ((total - table.score) / (size - 1))[size > 1]
    return float(1 - ((several.score - predicted) ** 2).sum() / ((several.score - several.score.mean()) ** 2).sum())


def of_sizes(
    scores: pd.DataFrame, accuracy: npt.ArrayLike, space: str, *, seed: int, n_boot: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows of the score less counts on ``space``, and the table they are from, with ``parameters`` and ``flops``."""
    sizes = network_sizes(space, scores.arch)[["parameters", "flops"]]
    table = scores.reset_index(drop=True).assign(**sizes, naswot=scores.score.to_numpy())
    reached = np.asarray(accuracy, dtype=float)
    rows = []
    for count in COUNTS:
        columns = [reached, table.naswot.to_numpy(dtype=float), table[count].to_numpy(dtype=float)]
        how: dict[str, Any] = {"seed": seed, "n_boot": n_boot}
        name = f"{space}: naswot - {count}"
        rows.append(_row(name, lambda y, a, b: tau_less(a, b, y), columns, table.arch.tolist(), **how))
    return pd.DataFrame(rows, columns=COLUMNS), table


def correlations(table: pd.DataFrame, accuracy: npt.ArrayLike, label: str, names: Sequence[str]) -> pd.DataFrame:
    """Rows ``spearman NAME label`` and ``kendall NAME label`` of measures with accuracy, without intervals."""
    reached, rows = np.asarray(accuracy, dtype=float), []
    for name in names:
        values = table[name].to_numpy(dtype=float)
        found = {"spearman": float(spearmanr(values, reached).statistic), "kendall": tau_b(values, reached)}
        rows += [{"name": f"{kind} {name} {label}", "n": len(values), "value": value} for kind, value in found.items()]
    return pd.DataFrame(rows, columns=COLUMNS)


def all_figures(folder: Path, benchmarks: Mapping[str, Any], *, seed: int, n_boot: int) -> pd.DataFrame:
    """Every figure that claims and printed values are compared with, from the tables in ``folder``.

    ``benchmarks`` are those of NAS-Bench-201 and NAS-Bench-101, by the name of their space.
    """
    measured = with_flops(read_measures(folder, "nasbench201"), {})
    cells, rows = benchmarks["nasbench201"], []
    reached = {name: _longest(cells, measured.arch.tolist(), name) for name in ("cifar10", "cifar100")}
    functions = functions_of("nasbench201", measured.arch.tolist())
    rows.append(of_measures(measured, reached["cifar10"], functions, seed=seed, n_boot=n_boot))
    few = ["jacob_cov", "synflow", "zen", "snip", "grad_norm", "near", "swap", "zico"]
    rows.append(correlations(measured, reached["cifar10"], "nasbench201 cifar10", few))
    rows.append(correlations(measured, reached["cifar100"], "nasbench201 cifar100 by cifar10 images", few))
    sizes = None
    for dataset in ("cifar10", "cifar100", "imagenet16-120"):
        scores = pd.read_parquet(folder / scores_name("nasbench201", dataset, counting="once", seed=0))
        if sizes is None:
            sizes = network_sizes("nasbench201", scores.arch).set_index("arch")[["parameters", "flops"]]
        whole = scores.join(sizes, on="arch").assign(naswot=scores.score)
        accuracy = _longest(cells, scores.arch.tolist(), dataset)
        rows.append(correlations(whole, accuracy, f"nasbench201 {dataset}", ("naswot", *COUNTS)))
    seeds = [scores_name("nasbench201", "cifar10", counting="once", seed=n) for n in (0, 1, 2)]
    tables = [pd.read_parquet(folder / name) for name in seeds if (folder / name).exists()]
    explained = [explained_by_edges(one.arch.tolist(), one.score) for one in tables]
    span = {"value": float(np.mean(explained)), "low": min(explained), "high": max(explained)}
    rows.append(pd.DataFrame([{"name": "explained by edges", "n": min(map(len, tables))} | span]))
    scores = pd.read_parquet(folder / scores_name("nasbench101", "cifar10", counting="reference", seed=0))
    accuracy = _longest(benchmarks["nasbench101"], scores.arch.tolist(), "cifar10")
    differences, whole = of_sizes(scores, accuracy, "nasbench101", seed=seed, n_boot=n_boot)
    rows += [differences, correlations(whole, accuracy, "nasbench101 cifar10", ("naswot", *COUNTS))]
    measured = with_flops(read_measures(folder, "nasbench101"), {}, space="nasbench101")
    accuracy = _longest(benchmarks["nasbench101"], measured.arch.tolist(), "cifar10")
    found = of_measures(measured, accuracy, measured.arch.tolist(), seed=seed, n_boot=n_boot)
    found["name"] = "nasbench101: " + found.name
    rows.append(found[~found.name.isin(differences.name)])  # of counts there are more networks above
    rows.append(correlations(measured, accuracy, "nasbench101 cifar10", few))
    return pd.concat(rows, ignore_index=True)


def read_after(path: Path) -> dict[str, list[dict[str, Any]]]:
    """``claims`` and ``values`` of ``book/after.yml``."""
    found: dict[str, list[dict[str, Any]]] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return found


def judge_all(claims: Sequence[Mapping[str, Any]], results: Results) -> pd.DataFrame:
    """The verdicts on ``claims`` by :func:`naswotbook.claims.judge`: ``claim``, ``ours``, ``verdict``, ``note``.

    A claim whose source is ``seen`` as its abstract alone says so. ValueError for another word than :data:`SEEN`.
    """
    rows = []
    for claim in claims:
        check_choice("seen", claim["seen"], SEEN)
        found = judge(claim, results)
        text = f"{claim['claim']} {{cite}}`{claim['source']}`"
        text += " (abstract)" if claim["seen"] == "abstract" else ""
        rows.append({"claim": text, "ours": found.ours, "verdict": found.verdict, "note": found.note})
    return pd.DataFrame(rows)


def printed_beside_ours(values: Sequence[Mapping[str, Any]], figures: pd.DataFrame) -> pd.DataFrame:
    """Values that others printed beside ours: a row each, with its source, what it is of, and what differs."""
    ours = figures.set_index("name")
    rows = []
    for one in values:
        for where, value in one["printed"].items():
            name = f"{one['statistic']} {one['measure']} {where}"
            found = ours.value.get(name, np.nan)
            space, dataset, *_ = where.split()
            title = {"nasbench201": "NAS-Bench-201", "nasbench101": "NAS-Bench-101"}[space]
            row: dict[str, Any] = {
                "source": f"{{cite}}`{one['source']}`, {one['where']}",
                "space": f"{title}, {DATASETS[dataset]}",
            }
            row |= {"measure": f"`{one['measure']}`", "statistic": one["statistic"], "printed": float(value)}
            rows.append(row | {"ours": found, "n": f"{ours.n[name]:,}" if name in ours.index else ""})
    return pd.DataFrame(rows)


def verdicts_in_words(judged: pd.DataFrame) -> str:
    """How many claims of :func:`judge_all` have each verdict, in the order of the ledger."""
    counts = judged.verdict.value_counts()
    said = ", ".join(f"{counts[name]} {name}" for name in VERDICTS if name in counts)
    return f"Of {len(judged)} claims that others made since: {said}."


def _less_best(y: Numbers, one: Numbers, *others: Numbers) -> float:
    return tau_b(one, y) - max(tau_b(other, y) for other in others)


def _row(
    name: str,
    statistic: Callable[..., float],
    columns: Sequence[Numbers],
    functions: Sequence[Hashable],
    *,
    seed: int,
    n_boot: int,
) -> dict[str, Any]:
    low, high = resampled(statistic, *columns, functions=functions, seed=seed, n_boot=n_boot)
    return {"name": name, "n": len(columns[0]), "value": statistic(*columns), "low": low, "high": high}


def _longest(benchmark: Any, archs: Sequence[str], dataset: str) -> Numbers:
    """Accuracies after the longest training: on the validation images, or on test where there is no other."""
    splits = {split for name, split, _ in benchmark.available if name == dataset}
    split = "validation" if "validation" in splits else "test"
    epochs = max(epochs for *key, epochs in benchmark.available if key == [dataset, split])
    return np.asarray(benchmark.accuracy(list(archs), dataset=dataset, split=split, epochs=epochs), dtype=float)
