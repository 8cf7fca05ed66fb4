"""Figure 5: how the score of each network varies with images, initialisation and the size of the mini-batch."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes


def fig5(
    table: pd.DataFrame, ax: Axes, *, title: str, order: Sequence[str], score: str = "score", hue: str | None = None
) -> Axes:
    """A panel of Figure 5: box and whiskers of the column ``score``, a box a network, or one for each value of ``hue``.

    ``table`` has a column ``network``, the range of percentiles of its accuracy, such as ``95–100``; ``order`` is that
    of the boxes. The label ``score`` stands at the axis. Returns ``ax``.
    """
    colours = {"color": "tab:blue"} if hue is None else {"hue": hue, "palette": "crest"}
    sns.boxplot(table, x="network", y="score", order=order, ax=ax, linewidth=0.8, fliersize=2, **colours)
    ax.set(title=title, xlabel="percentile of accuracy", ylabel=score)
    ax.tick_params(axis="x", labelrotation=45)
    if hue is not None:
        sns.move_legend(ax, "upper left", title=hue.replace("_", " "), frameon=False, ncols=2)
    sns.despine(ax=ax)
    return ax
