"""What the score says of accuracy that a count does not: behind the chapter on predictors."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import t as student

from naswotbook import pairs
from naswotbook.counting import COUNTS, count_sizes
from naswotbook.kept import scores_name
from naswotbook.page import Page
from naswotbook.samples import Sample, draw_sample, load_profile, score_sample
from naswotlib.scoring.proxies import NASWOT
from naswotlib.spaces.base import get_space
from naswotlib.spaces.nasbench201 import isomorphism_class
from naswotlib.stats import bootstrap_interval, tau_a

EARLY = "early"  # accuracy after a short training
SIZE_FREE = "size_free"  # the score of the normalised kernel: log|K_H / N_A|
LABELS = {NASWOT: "score", **COUNTS, EARLY: "accuracy after 12 epochs", SIZE_FREE: "score without its size"}
GIVEN = ("num_units", "parameters")  # counts whose pairs are told apart
TOP = (10, 100)  # how many a search may train of those that a measure puts first
SHARE = 0.1  # the best tenth, by the score
SMALLEST = 10  # networks that a group must have for a correlation of its own
COLUMNS = ["kind", "measure", "given", "group", "n", "tau", "low", "high"]

Statistic = Callable[..., float]


def gather_points(
    sample: Sample, scores: pd.DataFrame, *, early: np.ndarray | None = None, images: int = 128
) -> pd.DataFrame:
    """A row for each network of ``sample``: ``arch``, ``accuracy``, its score (column ``naswot``), and its counts.

    ``size_free`` is the score of K_H / N_A, which differs from the score by ``images`` times log N_A. ``early`` is the
    accuracy of the networks after a short training. Networks without a score are left out.
    """
    counts = count_sizes(sample.space, sample.archs, side=sample.side or 32, skeleton=sample.skeleton)
    table = counts.assign(accuracy=sample.accuracy, **({} if early is None else {EARLY: early}))
    known = scores.set_index("arch").score.rename(NASWOT)
    table = table.join(known, on="arch", how="inner").dropna(subset=[NASWOT]).reset_index(drop=True)
    table[SIZE_FREE] = table[NASWOT] - images * np.log(table.num_units)
    return table


def one_of_each_class(points: pd.DataFrame) -> pd.DataFrame:
    """NAS-Bench-201: the first cell of each isomorphism class, in the order of the space.

    Cells of a class are the same function under other names. They are no further evidence.
    """
    space = get_space("nasbench201")
    place = {space.to_str(cell): (number, isomorphism_class(cell)) for number, cell in enumerate(space)}
    known = points.assign(order=[place[arch][0] for arch in points.arch], same=[place[a][1] for a in points.arch])
    kept = known.sort_values("order").drop_duplicates("same")
    return kept.drop(columns=["order", "same"]).reset_index(drop=True)


def explain_accuracy(points: pd.DataFrame, *, seed: int, n_boot: int = 200) -> pd.DataFrame:
    """How the columns :data:`LABELS` of ``points``, a row a network, rank their ``accuracy``.

    Columns ``kind, measure, given, group, n, tau, low, high``: 95% bootstrap intervals over networks. By ``kind``:

    - ``tau_b`` and ``tau_a`` of each measure;
    - ``ahead_b`` and ``ahead_a``: the score's less that of ``given``, paired;
    - ``unequal`` and ``equal``: tau-a over pairs of unequal and of equal ``given``; ``ahead_unequal``, the score's less
      that of the count itself;
    - ``group``: tau-b of the score among networks with ``group`` ReLU units, where there are at least ten;
    - ``top``: tau-b in the best tenth by the score, and ``best``, in the best tenth by accuracy;
    - ``information``, ``information_top``: tau-b of an early accuracy less that of the score, over all networks and in
      the best tenth by the score;
    - ``ndcg``, ``precision``, ``regret`` of the first ``group`` networks, without an interval.
    """
    columns = {name: points[name].to_numpy(float) for name in (*LABELS, "accuracy") if name in points}
    rows = []
    for kind, measure, given, statistic, names, chosen in _statistics(columns):
        values = [columns[name][chosen] for name in names]
        interval = _interval(statistic, *values, seed=seed, n_boot=n_boot)
        rows.append([kind, measure, given, None, len(values[0]), statistic(*values), *interval])
    units = columns["num_units"]
    for group in np.unique(units):
        chosen = units == group
        if chosen.sum() >= SMALLEST:
            values = [columns[name][chosen] for name in (NASWOT, "accuracy")]
            interval = _interval(pairs.tau_b, *values, seed=seed, n_boot=n_boot)
            rows.append(["group", NASWOT, "num_units", group, len(values[0]), pairs.tau_b(*values), *interval])
    ranked = {name: values for name, values in columns.items() if name not in ("accuracy", SIZE_FREE)}
    for name, of_top in pairs.TOP.items():
        for measure, column in ranked.items():
            for k in (k for k in TOP if k <= len(units)):
                found = of_top(column, columns["accuracy"], k)
                rows.append([name, measure, "", k, len(units), found, np.nan, np.nan])
    return pd.DataFrame(rows, columns=COLUMNS)


def _interval(statistic: Statistic, *values: np.ndarray, seed: int, n_boot: int) -> tuple[float, float]:
    """A 95% bootstrap interval over networks; none of fewer than ten."""
    if len(values[0]) < SMALLEST:
        return np.nan, np.nan
    return bootstrap_interval(statistic, *values, rng=np.random.default_rng(seed), n_boot=n_boot)


def _statistics(columns: Mapping[str, np.ndarray]) -> Iterator[tuple[str, str, str, Statistic, list[str], Any]]:
    """Kind, measure, count, statistic, the columns that it is of, and the networks that it is over."""
    every, score = np.ones(len(columns["accuracy"]), dtype=bool), columns[NASWOT]
    named = [name for name in LABELS if name in columns]
    for name in named:
        yield "tau_b", name, "", pairs.tau_b, [name, "accuracy"], every
        yield "tau_a", name, "", tau_a, [name, "accuracy"], every
    for name in (name for name in named if name in COUNTS):
        for kind, tau in (("ahead_b", pairs.tau_b), ("ahead_a", tau_a)):
            yield kind, NASWOT, name, _ahead(tau), [NASWOT, name, "accuracy"], every
    for given in GIVEN:
        both = [NASWOT, "accuracy", given]
        yield "unequal", NASWOT, given, pairs.unequal_tau, both, every
        yield "unequal", given, given, pairs.unequal_tau, [given, "accuracy", given], every
        yield "ahead_unequal", NASWOT, given, _ahead_unequal, [NASWOT, given, "accuracy"], every
        yield "equal", NASWOT, given, pairs.equal_tau, both, every
    top, best = pairs.best_by(score, SHARE), pairs.best_by(columns["accuracy"], SHARE)
    for name in (name for name in named if name in (NASWOT, "num_units", "parameters", EARLY)):
        yield "top", name, "", pairs.tau_b, [name, "accuracy"], top
        yield "best", name, "", pairs.tau_b, [name, "accuracy"], best
    if EARLY in columns:
        for kind, chosen in (("information", every), ("information_top", top)):
            yield kind, EARLY, NASWOT, _ahead(pairs.tau_b), [EARLY, NASWOT, "accuracy"], chosen


def _ahead(tau: Statistic) -> Statistic:
    def difference(one: np.ndarray, other: np.ndarray, accuracy: np.ndarray) -> float:
        return tau(one, accuracy) - tau(other, accuracy)

    return difference


def _ahead_unequal(one: np.ndarray, count: np.ndarray, accuracy: np.ndarray) -> float:
    return pairs.unequal_tau(one, accuracy, count) - pairs.unequal_tau(count, accuracy, count)


def read_off_cell(points: pd.DataFrame) -> pd.DataFrame:
    """NAS-Bench-201: how much of the score the operations of a cell say, a row a way to look at them.

    Columns ``kind`` (``read_off``), ``measure``, ``group`` (how many patterns there are), ``n`` (cells with a finite
    score) and ``tau``, here the leave-one-out R2. ``edges``: each edge a convolution, none, or something else;
    ``kinds``: 3×3 and 1×1 told apart too; ``number``: how many are convolutions.
    """
    finite = points[np.isfinite(points[NASWOT])]
    plain = finite.arch.str.replace(r"skip_connect|avg_pool_3x3", "other", regex=True)
    patterns = {
        "number of convolutions": finite.arch.str.count("nor_conv").astype(str),
        "convolution, none or other on each edge": plain.str.replace(r"nor_conv_\dx\d", "conv", regex=True),
        "3×3, 1×1, none or other on each edge": plain,
    }
    rows = []
    for name, pattern in patterns.items():
        r2 = pairs.explained_by(pattern.to_numpy(str), finite[NASWOT].to_numpy())
        rows.append(["read_off", name, "", pattern.nunique(), len(finite), r2, np.nan, np.nan])
    return pd.DataFrame(rows, columns=COLUMNS)


OF_SEEDS = ("tau_b", "tau_a", "ahead_b", "ahead_a", "unequal", "equal", "top", "ndcg", "precision", "regret")


def over_seeds(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Explanations by the scores of several seeds: mean and 95% t interval over seeds of what the score decides.

    Rows of the kinds :data:`OF_SEEDS` whose measure is the score, called the kind and ``_seeds``.
    """
    stacked = pd.concat(tables)
    rows = stacked[stacked.kind.isin(OF_SEEDS) & (stacked.measure == NASWOT)].fillna({"given": "", "group": -1})
    found = []
    for key, part in rows.groupby(["kind", "measure", "given", "group"], sort=False):
        reach = student.ppf(0.975, len(part) - 1) * part.tau.std(ddof=1) / np.sqrt(len(part))
        group = None if key[3] == -1 else key[3]
        n, mean = part.n.iloc[0], part.tau.mean()
        found.append([f"{key[0]}_seeds", *key[1:3], group, n, mean, mean - reach, mean + reach])
    return pd.DataFrame(found, columns=COLUMNS)


def compare_tables(
    scores: Mapping[str, pd.Series], pairs_of: Sequence[tuple[str, str, str]], *, seed: int
) -> pd.DataFrame:
    """tau-b between two tables of scores: rows of the kinds that ``pairs_of`` says, with intervals over networks."""
    rows = []
    for kind, one, other in pairs_of:
        both = pd.concat([scores[one], scores[other]], axis=1, join="inner").to_numpy(float)
        rng = np.random.default_rng(seed)
        interval = bootstrap_interval(pairs.tau_b, both[:, 0], both[:, 1], rng=rng, n_boot=200)
        tau = pairs.tau_b(both[:, 0], both[:, 1])
        rows.append([kind, f"{one} and {other}", "", None, len(both), tau, *interval])
    return pd.DataFrame(rows, columns=COLUMNS)


def ceilings(first: np.ndarray, second: np.ndarray, score: np.ndarray, *, seed: int) -> pd.DataFrame:
    """tau-b between the accuracies of two independent trainings, over all networks and in the best tenth by the score.

    No predictor can be expected to agree better with one of them than its noise allows.
    """
    rows = []
    for kind, chosen in (("ceiling", np.ones(len(score), dtype=bool)), ("ceiling_top", pairs.best_by(score, SHARE))):
        values = first[chosen], second[chosen]
        interval = bootstrap_interval(pairs.tau_b, *values, rng=np.random.default_rng(seed), n_boot=200)
        rows.append([kind, "accuracy", "", None, int(chosen.sum()), pairs.tau_b(*values), *interval])
    return pd.DataFrame(rows, columns=COLUMNS)


def explain_page(
    page: Page, *, space: str, dataset: str, n_archs: int, n_boot: int
) -> tuple[pd.DataFrame, pd.DataFrame, Sample]:
    """Points, explanation and sample of the page: :func:`explain_accuracy` and what scores of other seeds add.

    Of NAS-Bench-201 one cell of each class, and how far the score can be read off the cell; in the ``paper`` profile,
    on CIFAR-10, how far tables of scores agree and how far two trainings do. Other seeds are those with kept scores.
    """
    paper = page.profile == "paper"
    sample = draw_sample(space, dataset, n_archs, **page.drawn)
    columns = load_profile(space, profile=page.profile, data_dir=page.parameters["data_dir"])
    early = None
    if paper and (dataset, sample.split, 12) in columns.available:
        early = columns.accuracy(sample.archs, dataset=dataset, split=sample.split, epochs=12)
    seed, images = page.seed, page.parameters["batch_size"]
    scores = {seed: score_sample(sample, **page.scored)}
    named = {"counting": page.parameters["counting"], "batch_size": images}
    for other in range(seed + 1, seed + 5) if paper else ():
        kept = page.scores / scores_name(space, dataset, seed=other, **named)
        if kept.exists() and set(sample.archs) <= set(pd.read_parquet(kept, columns=["arch"]).arch):
            scores[other] = pd.read_parquet(kept)
    gathered = {number: gather_points(sample, table, early=early, images=images) for number, table in scores.items()}
    one_each = {number: one_of_each_class(p) if space == "nasbench201" else p for number, p in gathered.items()}
    found = [explain_accuracy(p, seed=seed, n_boot=n_boot if n == seed else 0) for n, p in one_each.items()]
    explained, points = [found[0]], one_each[seed]
    if len(found) > 1:
        explained.append(over_seeds(found))
    if space == "nasbench201":
        explained.append(read_off_cell(gathered[seed]))
    if paper and space == "nasbench201" and dataset == "cifar10":
        test = columns.accuracy(points.arch.tolist(), dataset=dataset, split="test", epochs=sample.epochs)
        explained.append(ceilings(points.accuracy.to_numpy(), test, points[NASWOT].to_numpy(), seed=seed))
        kept_scores = {
            f"{on}, seed {number}": pd.read_parquet(path).set_index("arch").score
            for on, number in (("cifar10", seed), ("cifar10", seed + 1), ("cifar100", seed), ("imagenet16-120", seed))
            if (path := page.scores / scores_name(space, on, seed=number, **named)).exists()
        }
        usual = f"cifar10, seed {seed}"
        asked = [("seeds", usual, f"cifar10, seed {seed + 1}")]
        asked += [("data", usual, f"{on}, seed {seed}") for on in ("cifar100", "imagenet16-120")]
        asked = [(kind, one, other) for kind, one, other in asked if other in kept_scores]
        explained.append(compare_tables(kept_scores, asked, seed=seed))
    return points, pd.concat(explained, ignore_index=True), sample
