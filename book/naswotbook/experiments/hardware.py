"""How good the networks of a front of score against cost are: behind "Search for a device"."""

from __future__ import annotations

import pandas as pd

from naswotlib.search.pareto import front_summary


def summarise_front(table: pd.DataFrame, front: pd.DataFrame) -> pd.DataFrame:
    """What :func:`naswotlib.search.pareto.front_summary` says of a front of NAS-Bench-201 by ``flops``, in one row.

    And ``front_1x1``, ``all_1x1``, ``front_3x3``, ``all_3x3``: how many convolutions of a kind a cell of the front, or
    of all of ``table``, has on average.
    """
    convolutions = {
        f"{name}_{kind}": networks.arch.str.count(f"nor_conv_{kind}").mean()
        for kind in ("1x1", "3x3")
        for name, networks in (("front", front), ("all", table))
    }
    return pd.DataFrame([front_summary(table, front, "flops") | convolutions])


def front_in_words(summary: pd.DataFrame) -> str:
    """What :func:`summarise_front` says, in two paragraphs."""
    [row] = summary.to_dict("records")
    return f"""
Of {row["n"]} networks, {row["on_front"]} are on the front. The median one of them is as good as or better than
{row["median_share"]:.0%} of those that cost no more, the worst of them than {row["least_share"]:.0%}. A network drawn
at random would stand in the middle, at 50%; the network that costs most is better than {row["largest_share"]:.0%}.

A network of the front has {row["front_1x1"]:.1f} 1×1 and {row["front_3x3"]:.1f} 3×3 convolutions on the six edges of
its cell; one of all candidates has {row["all_1x1"]:.1f} and {row["all_3x3"]:.1f}."""
