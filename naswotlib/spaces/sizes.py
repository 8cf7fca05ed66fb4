"""Sizes of many architectures of a space, by arithmetic on their graphs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

import pandas as pd

from naswotlib.graph.sizes import network_size
from naswotlib.spaces.base import find_space


def network_sizes(
    space: Any, archs: Iterable[Any], *, side: int = 32, skeleton: Mapping[str, int] | None = None
) -> pd.DataFrame:
    """A row for each of ``archs`` (or their texts) of ``space`` (its name, or itself): ``arch`` as text, and the
    fields of :class:`NetworkSize` on ``skeleton``.

    >>> network_sizes("nats_size", ["8:8:8:8:8"]).num_units.tolist()
    [67072]
    """
    space = find_space(space)
    rows = []
    for given in archs:
        arch = space.from_str(given) if isinstance(given, str) else given
        size = network_size(space.graph(arch, **(skeleton or {})), side)
        rows.append({"arch": space.to_str(arch), **asdict(size)})
    return pd.DataFrame(rows, columns=["arch", "parameters", "flops", "num_units"])
