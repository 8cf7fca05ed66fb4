"""Figure 6: the score of networks while they are trained."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure


def fig6(table: pd.DataFrame, *, zoom: int = 2) -> Figure:
    """Score after each epoch, a line a network; left the first ``zoom`` epochs, right all of them.

    ``table`` has columns ``arch``, ``accuracy`` (percent, for the legend), ``epoch`` (0 before training) and ``score``.
    Returns the figure.
    """
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained", width_ratios=[2, 3])
    for ax, title, last in ((left, f"the first {zoom} epochs", zoom), (right, "all epochs", table.epoch.max())):
        for _, rows in table[table.epoch <= last].groupby("arch", sort=False):
            ax.plot(rows.epoch, rows.score, lw=1, label=f"{rows.accuracy.iloc[0]:.2f}")
        ax.set(title=title, xlabel="epoch", ylabel="score")
        sns.despine(ax=ax)
    left.set(xticks=range(zoom + 1))
    right.legend(loc="center left", bbox_to_anchor=(1, 0.5), title="accuracy (%)", frameon=False)
    return figure
