"""Figure 1: normalised kernels of untrained networks, in columns by how accurate the networks became."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure


def fig1(bands: Mapping[str, Sequence[np.ndarray]]) -> Figure:
    """Columns of kernels ``(N, N)`` between 0 and 1, one column a band of accuracy, headed by its name.

    Darker is more similar, as in the paper. A column that is shorter than others leaves its lower places empty.
    Returns the figure.
    """
    rows, columns = max(map(len, bands.values())), len(bands)
    size = (1.5 * columns + 0.8, 1.5 * rows + 0.3)
    figure, axes = plt.subplots(rows, columns, figsize=size, layout="constrained", squeeze=False)
    for column, (band, kernels) in enumerate(bands.items()):
        axes[0, column].set_title(band, fontsize="medium")
        for row, ax in enumerate(axes[:, column]):
            ax.set(xticks=[], yticks=[])
            if row < len(kernels):
                image = ax.imshow(kernels[row], cmap="Blues", vmin=0, vmax=1, interpolation="nearest")
            else:
                ax.set_axis_off()
    figure.colorbar(image, ax=axes, label="share of units on which two images agree", shrink=0.6, aspect=30)
    return figure
