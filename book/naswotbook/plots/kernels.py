"""Figure 1: normalised kernels of untrained networks, in columns by how accurate the networks became."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from naswotbook.plots.style import SMALL


def fig1(bands: Mapping[str, Sequence[np.ndarray]], *, title: str = "") -> Figure:
    """Columns of kernels ``(N, N)`` between 0 and 1, one column a band of accuracy, headed by its name.

    Darker is more similar, as in the paper. A column that is shorter than others leaves its lower places empty.
    Returns the figure, half a page wide.
    """
    rows, columns = max(map(len, bands.values())), len(bands)
    figure, axes = plt.subplots(
        rows, columns, figsize=(3.95, 0.74 * rows + 1), layout="constrained", squeeze=False, dpi=192
    )
    for column, (band, kernels) in enumerate(bands.items()):
        axes[0, column].set_title(_two_lines(band), fontsize=SMALL)
        for row, ax in enumerate(axes[:, column]):
            ax.set_axis_off()
            if row < len(kernels):
                image = ax.imshow(kernels[row], cmap="Blues", vmin=0, vmax=1, interpolation="nearest")
    bar: dict[str, Any] = {"location": "bottom", "shrink": 0.7, "aspect": 30, "pad": 0.03}
    figure.colorbar(image, ax=axes, label="share of units on which two images agree", **bar)
    figure.suptitle(title)
    return figure


def _two_lines(band: str) -> str:
    """``68.1 to 69.7%`` needs two lines over a narrow column."""
    return band.replace(" to ", " to\n") if len(band) > 10 else band
