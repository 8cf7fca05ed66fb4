"""How far columns of accuracies agree."""

from __future__ import annotations

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes


def agreement(taus: pd.DataFrame, ax: Axes) -> Axes:
    """Kendall's τ between columns, as :func:`naswotbook.experiments.agreement.agreement` gives it: the lower triangle,
    darker where they agree more, each with its number. Returns ``ax``.
    """
    above = np.triu(np.ones(taus.shape, dtype=bool))
    rows, columns = taus.index[1:], taus.columns[:-1]
    sns.heatmap(
        taus.loc[rows, columns],
        mask=above[1:, :-1],
        annot=True,
        fmt=".2f",
        vmin=0,
        vmax=1,
        cmap="Blues",
        cbar=False,
        linewidths=1,
        ax=ax,
    )
    ax.tick_params(length=0)
    ax.set_xticklabels(ax.get_xticklabels(), rotation=40, ha="right", rotation_mode="anchor")
    return ax
