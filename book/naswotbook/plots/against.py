"""Two scores of the same networks against each other."""

from __future__ import annotations

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from scipy.stats import kendalltau


def against(one: pd.Series[float], other: pd.Series[float], ax: Axes) -> Axes:
    """A point for each network that has two finite scores, and Kendall's τ of all of them above. Returns ``ax``."""
    finite = np.isfinite(one) & np.isfinite(other)
    ax.scatter(one[finite], other[finite], s=10, alpha=0.5, linewidths=0)
    left_out = int((~finite).sum())
    note = f", {left_out} singular not drawn" if left_out else ""
    ax.set_title(f"τ = {kendalltau(one, other).statistic:.3f} (n = {len(one)}{note})", fontsize="medium")
    sns.despine(ax=ax)
    return ax
