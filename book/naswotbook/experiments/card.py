"""What the bundled tables hold, for their data card: counts, seconds, accuracies, and how far two seeds agree."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd
from torch import Tensor

from naswotbook.markdown import with_interval
from naswotlib.benchmarks.load import BUNDLED, bundled_recipe
from naswotlib.benchmarks.trained import read_trained
from naswotlib.scoring.many import score_archs
from naswotlib.spaces.sizes import network_sizes
from naswotlib.stats import TauResult, kendall_tau
from naswotlib.training.suite import KEEP_PROXIES, TRAJECTORIES, compute_proxies, kept_proxies, recipe_of

PREDICTORS = {"score": "score", "parameters": "parameters", "flops": "FLOPs", "num_units": "ReLU units"}


def training_facts(networks: pd.DataFrame) -> dict[str, str]:
    """How the networks of :func:`trained_networks` were trained, each fact by its name."""
    _, metadata = read_trained(BUNDLED / "nasbench201.parquet")
    return {
        "recipe": bundled_recipe("nasbench201").split(";")[0],
        "images": metadata["images"],
        "validation accuracy": "of the 1,000 images a class not trained on",
        "test accuracy": "of CIFAR-10's 10,000 test images",
        "weights, order, flips": "from the seed and the text of the architecture",
        "processor": f"{metadata['processor']}, one thread a network, no GPU",
        "versions": "; ".join(sorted(networks.versions.unique())),
        "trained": f"{networks.date.min()} to {networks.date.max()}",
        "in all": f"{networks.seconds.sum() / 3600:.1f} hours of one processor",
        "licence": "MIT, as the package",
        "size": f"{sum(path.stat().st_size for path in BUNDLED.glob('*.parquet')) / 1e3:.0f} kB",
    }


def holdings(networks: pd.DataFrame) -> pd.DataFrame:
    """A row for every table of :func:`trained_networks`.

    Columns: ``table``; ``networks``, of seed 0, and ``again``, of seed 1; ``low``, ``median``, ``high``, validation
    accuracies of seed 0; ``seconds``, the median of a training; ``hours``, of all.
    """
    by_table = networks.groupby("table", sort=False)
    first = networks[networks.seed == 0].groupby("table", sort=False).validation
    found = first.agg(networks="size", low="min", median="median", high="max")
    found.insert(1, "again", by_table.size() - found.networks)
    table: pd.DataFrame = found.assign(seconds=by_table.seconds.median(), hours=by_table.seconds.sum() / 3600)
    return table.reset_index()


def tau_between_seeds(networks: pd.DataFrame, table: str, *, rng: np.random.Generator) -> TauResult:
    """Kendall's tau between the validation accuracies of seeds 0 and 1, over the networks trained from both.

    It says how far a training repeats itself. ValueError where fewer than two have a second seed.
    """
    by_seed = networks[networks.table == table].pivot_table(index="arch", columns="seed", values="validation")
    both = by_seed.reindex(columns=[0, 1]).dropna()
    return kendall_tau(both[0], both[1], rng=rng)


def tau_with_accuracy(networks: pd.DataFrame, table: str, inputs: Tensor, *, seed: int) -> dict[str, TauResult]:
    """Kendall's tau of the score and of three counts with the validation accuracy of the networks of a table, seed 0.

    ``score``, ``parameters``, ``flops`` and ``num_units`` are those of the form in which the networks were trained;
    ``seed`` is the root of the weights that are scored, and of the bootstrap.
    """
    recipe, space = recipe_of(BUNDLED / f"{table}.parquet")
    found = networks[(networks.table == table) & (networks.seed == 0)]
    archs, skeleton = found.arch.tolist(), dict(recipe.skeleton)
    values = network_sizes(space, archs, side=recipe.side, skeleton=skeleton)
    values["score"] = score_archs(space, archs, inputs, seed=seed, exact=False, skeleton=skeleton, progress=False).score
    return {name: kendall_tau(values[name], found.validation, rng=np.random.default_rng(seed)) for name in PREDICTORS}


def ceilings(networks: pd.DataFrame, *, seed: int) -> pd.DataFrame:
    """A row for every table with networks of two seeds: ``table``, ``networks``, :func:`tau_between_seeds`, ``allows``.

    ``allows`` is about the tau that a score can have with either training if it knows all that the two share: of normal
    variables tau is 2/π asin ρ, and what two of correlation ρ share correlates with each of them as √ρ.
    """
    rows = []
    for name in networks.table[networks.seed == 1].unique():
        tau = tau_between_seeds(networks, name, rng=np.random.default_rng(seed))
        shared = math.sqrt(max(math.sin(math.pi * tau.tau / 2), 0.0))
        allows = f"{2 / math.pi * math.asin(shared):.2f}"
        rows.append({"table": name, "networks": tau.n, "tau": interval(tau), "allows": allows})
    return pd.DataFrame(rows)


def taus_of_tables(networks: pd.DataFrame, inputs: Tensor, *, seed: int) -> dict[str, dict[str, TauResult]]:
    """:func:`tau_with_accuracy` of every table of eight networks or more, by its name; trajectories are left out."""
    counts = networks[(networks.seed == 0) & (networks.table != TRAJECTORIES)].groupby("table", sort=False).size()
    return {name: tau_with_accuracy(networks, name, inputs, seed=seed) for name in counts.index[counts >= 8]}


def taus_table(taus: Mapping[str, Mapping[str, TauResult]]) -> pd.DataFrame:
    """Of :func:`taus_of_tables`: a row a table, with its number of ``networks`` and an interval for each predictor."""
    return pd.DataFrame(
        {"table": name, "networks": found["score"].n}
        | {heading: interval(found[predictor]) for predictor, heading in PREDICTORS.items()}
        for name, found in taus.items()
    )


def taus_in_words(taus: Mapping[str, Mapping[str, TauResult]]) -> str:
    """Of :func:`taus_of_tables`, in two sentences: where the score's interval is above 0, where a count beats it."""
    positive = [name for name, found in taus.items() if found["score"].low > 0]
    beaten = [name for name, found in taus.items() if max(tau.tau for tau in found.values()) > found["score"].tau]
    return f"""The interval of the score's τ lies above 0 for {_listed(positive)}; it does not for
    {_listed(name for name in taus if name not in positive)}. One of the plain counts has a higher τ than the score for
    {_listed(beaten)}."""


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "none"


def interval(tau: TauResult) -> str:
    """A rank correlation and its interval with two decimals, for a cell."""
    return with_interval(tau.tau, tau.low, tau.high)


def proxies_again(count: int, *, rng: np.random.Generator) -> tuple[int, float]:
    """Kept proxies of ``count`` networks of all tables, drawn by ``rng``, computed again.

    Returns how many are kept, and the largest relative difference of those drawn.
    """
    kept = pd.concat({name: kept_proxies(name) for name in KEEP_PROXIES}, names=["table"]).reset_index("table")
    worst = 0.0
    for name, drawn in kept.iloc[rng.permutation(len(kept))[:count]].groupby("table"):
        stored = drawn.drop(columns="table").set_index("arch")
        again = compute_proxies(BUNDLED / f"{name}.parquet", list(stored.index)).set_index("arch")
        worst = max(worst, float(((again - stored).abs() / stored.abs()).max().max()))
    return len(kept), worst
