"""Networks by how accurate they became: the columns of Figure 1, and the ten networks of Figure 5."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from naswotbook.samples import Sample


def draw_bands(sample: Sample, edges: Sequence[float], per_band: int) -> pd.DataFrame:
    """The first ``per_band`` networks of each band of accuracy, in the random order of ``sample``.

    Band i is from ``edges[i]`` up to, and without, ``edges[i + 1]`` (percent, ascending); the last has its upper edge
    too. Returns a row a network: ``band`` (0, 1, ...), ``arch``, in the order of the bands; a band may have fewer, or
    none. ValueError where the edges are not two or more in ascending order.
    """
    if len(edges) < 2 or list(edges) != sorted(set(edges)):
        raise ValueError(f"edges: expected two or more in ascending order, got {list(edges)}")
    inside = (sample.accuracy >= edges[0]) & (sample.accuracy <= edges[-1])
    bands = np.searchsorted(edges[1:-1], sample.accuracy, side="right")
    table = pd.DataFrame({"band": bands, "arch": sample.archs})[inside]
    return table.groupby("band").head(per_band).sort_values("band", kind="stable").reset_index(drop=True)


def quantile_edges(sample: Sample, shares: Sequence[float]) -> list[float]:
    """Accuracies that divide the networks of ``sample`` at ``shares`` (0 to 1), for :func:`draw_bands`."""
    return [float(edge) for edge in np.quantile(sample.accuracy, shares)]
