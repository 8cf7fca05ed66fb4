"""Figure 1: normalised kernels of untrained networks, in columns by how accurate the networks became."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure


def fig1(kernels: Sequence[Sequence[np.ndarray]], bands: Sequence[str]) -> Figure:
    """Columns of kernels ``(N, N)`` between 0 and 1, one column a band of accuracy, headed by ``bands``.

    Darker is more similar, as in the paper. A column that is shorter than others leaves its lower places empty.
    Returns the figure.
    """
    rows = max(map(len, kernels))
    figure, axes = plt.subplots(
        rows, len(kernels), figsize=(1.5 * len(kernels) + 0.8, 1.5 * rows + 0.3), layout="constrained", squeeze=False
    )
    for column, band in enumerate(bands):
        axes[0, column].set_title(band, fontsize="medium")
        for row in range(rows):
            ax = axes[row, column]
            ax.set(xticks=[], yticks=[])
            if row < len(kernels[column]):
                image = ax.imshow(kernels[column][row], cmap="Blues", vmin=0, vmax=1, interpolation="nearest")
            else:
                ax.set_axis_off()
    figure.colorbar(image, ax=axes, label="share of units on which two images agree", shrink=0.6, aspect=30)
    return figure
