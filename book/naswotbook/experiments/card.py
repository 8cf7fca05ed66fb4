"""What the bundled tables hold, for their data card: counts, seconds, accuracies, and how far two seeds agree."""

from __future__ import annotations

import numpy as np
import pandas as pd
from torch import Tensor

from naswotlib.benchmarks.load import BUNDLED
from naswotlib.scoring.many import score_archs
from naswotlib.spaces.sizes import network_sizes
from naswotlib.stats import TauResult, kendall_tau
from naswotlib.training.suite import recipe_of


def holdings(networks: pd.DataFrame) -> pd.DataFrame:
    """A row for every table of :func:`trained_networks`.

    Columns: ``table``; ``networks``, of seed 0, and ``again``, of seed 1; ``low``, ``median``, ``high``, validation
    accuracies of seed 0; ``seconds``, the median of a training; ``hours``, of all.
    """
    rows = []
    for name, found in networks.groupby("table", sort=False):
        first = found[found.seed == 0]
        rows.append(
            {
                "table": name,
                "networks": len(first),
                "again": len(found) - len(first),
                "low": first.validation.min(),
                "median": first.validation.median(),
                "high": first.validation.max(),
                "seconds": found.seconds.median(),
                "hours": found.seconds.sum() / 3600,
            }
        )
    return pd.DataFrame(rows)


def tau_between_seeds(networks: pd.DataFrame, table: str, *, rng: np.random.Generator) -> TauResult:
    """Kendall's tau between the validation accuracies of seeds 0 and 1, over the networks trained from both.

    It is the ceiling of what a score can reach on the table. ValueError where fewer than two have a second seed.
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
    return {
        name: kendall_tau(values[name], found.validation, rng=np.random.default_rng(seed))
        for name in ("score", "parameters", "flops", "num_units")
    }
