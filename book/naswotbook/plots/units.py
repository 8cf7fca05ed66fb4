"""What the score follows in a space whose networks differ in size."""

from __future__ import annotations

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes

from naswotbook.plots.scatter import drawn_heights


def score_against_units(table: pd.DataFrame, ax: Axes, *, images: int) -> Axes:
    """Score against number of ReLU units, a point for each row of :func:`naswotlib.score_archs`.

    The line is the score if the codes of the mini-batch of so many ``images`` were coin flips: N log(N_A / 2) +
    log(N + 1). A score of −inf is drawn as a triangle along the lower edge, a failed row not at all. Returns ``ax``.
    """
    scored = table[table.error == ""]
    units = scored.num_units.astype(float)
    heights, singular = drawn_heights(scored.score)
    line = np.geomspace(units.min(), units.max(), 50)
    ax.plot(line, images * np.log(line / 2) + np.log(images + 1), color="black", linewidth=0.8, label="coin flips")
    for chosen, marker in ((~singular, "o"), (singular, "v")):
        ax.scatter(units[chosen], heights[chosen], s=16, alpha=0.7, linewidths=0, marker=marker)
    ax.set(xscale="log", xlabel="$\\mathregular{N_A}$, ReLU units an image", ylabel="score at initialisation")
    ax.legend(frameon=False)
    sns.despine(ax=ax)
    return ax
