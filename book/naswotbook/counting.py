"""What a network costs nothing to rank by: how large it is, and how many convolutions its cell has."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pandas as pd

from naswotlib.spaces.base import get_space
from naswotlib.spaces.sizes import network_sizes

# What each count is called in tables; in the order in which they stand there.
COUNTS = {
    "num_units": "ReLU units",
    "convolutions": "convolutions",
    "convolutions_3x3": "convolutions, then 3×3",
    "parameters": "parameters",
    "flops": "FLOPs",
}
_THEN = 100  # more than a cell has convolutions, so that the second count decides among equals of the first alone


def count_sizes(
    space: str, archs: Sequence[str], *, side: int = 32, skeleton: dict[str, int] | None = None
) -> pd.DataFrame:
    """A row for each of ``archs``: ``arch`` and the columns of :data:`COUNTS` that the space has.

    ``convolutions`` are those of one cell; ``convolutions_3x3`` orders by them and, among equals, by those that are
    3×3. Spaces in which all networks have as many have neither. Units, parameters and FLOPs (multiply-adds) are for
    images of ``side`` pixels.

    >>> table = count_sizes("nasbench201", [
    ...     "|nor_conv_3x3~0|+|none~0|nor_conv_1x1~1|+|none~0|none~1|skip_connect~2|"
    ... ])
    >>> table[["convolutions", "convolutions_3x3"]].values.tolist()
    [[2, 201]]
    """
    table = network_sizes(space, archs, side=side, skeleton=skeleton)
    counter = _COUNTERS.get(space)
    if counter is not None:
        both = [counter(arch) for arch in table.arch]
        table["convolutions"] = [every for every, _ in both]
        table["convolutions_3x3"] = [_THEN * every + larger for every, larger in both]
    found: pd.DataFrame = table[["arch", *(name for name in COUNTS if name in table)]]
    return found


def _of_edges(arch: str) -> tuple[int, int]:
    return arch.count("nor_conv"), arch.count("nor_conv_3x3")


def _of_vertices(arch: str) -> tuple[int, int]:
    operations = get_space("nasbench101").from_str(arch).pruned.ops
    return sum(name.startswith("conv") for name in operations), sum(name.startswith("conv3") for name in operations)


_COUNTERS: dict[str, Callable[[str], tuple[int, int]]] = {
    "nasbench201": _of_edges,
    "nasbench201_complete": _of_edges,
    "nasbench101": _of_vertices,
}


def as_scores(counts: pd.DataFrame, measure: str) -> pd.DataFrame:
    """A table like those of scores, whose score is a count and costs no time: what a search takes candidates from."""
    return pd.DataFrame({"arch": counts.arch, "score": counts[measure].astype(float), "seconds": 0.0, "error": ""})
