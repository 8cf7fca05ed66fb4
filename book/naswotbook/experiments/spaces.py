"""Random networks of search spaces, how large they are and what some of them score; and how many networks there are."""

from __future__ import annotations

import numpy as np
import pandas as pd
from torch import Tensor

from naswotbook.markdown import size_table
from naswotbook.page import Page
from naswotbook.plots import sizes
from naswotlib.scoring.many import score_archs
from naswotlib.spaces import get_space, list_spaces
from naswotlib.spaces.base import sample_distinct
from naswotlib.spaces.sizes import network_sizes


def size_sample(space: str, count: int, *, rng: np.random.Generator) -> pd.DataFrame:
    """``count`` different random architectures of the space called ``space``, and how large their networks are.

    Columns: ``space``, and those of :func:`naswotlib.spaces.sizes.network_sizes`, for images of 32 pixels a side.

    >>> list(size_sample("nats_size", 2, rng=np.random.default_rng(0)))
    ['space', 'arch', 'parameters', 'flops', 'num_units']
    """
    table = network_sizes(space, sample_distinct(get_space(space), count, rng))
    table.insert(0, "space", space)
    return table


def show_sizes(page: Page, name: str, sample: pd.DataFrame) -> None:
    """Show percentiles of the sizes of :func:`size_sample`, and the picture ``name`` of them, in a colour a space.

    Several samples, one below the other in one table, are told apart by their column ``space``. The caption may ask for
    ``count``, the number of networks of each.
    """
    several = sample.space.nunique() > 1
    by = "space" if several else None
    page.say("5% / median / 95% of each space, in millions:" if several else "In millions:")
    page.show(size_table(sample, by=by))
    page.picture(name, sizes(sample, by=by), count=f"{sample.space.value_counts().iloc[0]:,}")


def score_first(sample: pd.DataFrame, count: int, inputs: Tensor, *, seed: int) -> pd.DataFrame:
    """Scores of the first ``count`` networks of each space of :func:`size_sample`, on the mini-batch ``inputs``.

    Columns: ``space``, ``arch``, ``score``, ``num_units``. Weights are drawn from ``seed``, as
    :func:`naswotlib.score_archs` has it.
    """
    first = {space: part.arch[:count].tolist() for space, part in sample.groupby("space", sort=False)}
    scored = [
        score_archs(space, archs, inputs, seed=seed, exact=False, progress=False).assign(space=space)
        for space, archs in first.items()
    ]
    return pd.concat(scored, ignore_index=True)[["space", "arch", "score", "num_units"]]


def nds_spaces() -> pd.DataFrame:
    """A row for each space of NDS: ``space`` (as code), ``operations`` (their number), ``nodes`` of a cell, ``output``
    (what it concatenates), ``architectures`` (their number, as a power of ten).
    """
    rows = []
    for name in list_spaces("nds_*"):
        space = get_space(name)
        mantissa, _, power = f"{space.num_architectures:.1e}".partition("e+")
        rows.append(
            {
                "space": f"`{name}`",
                "operations": len(space.operations),
                "nodes": space.nodes,
                "output": "loose nodes" if space.loose else "all nodes",
                "architectures": f"${mantissa} \\cdot 10^{{{power}}}$",
            }
        )
    return pd.DataFrame(rows)
