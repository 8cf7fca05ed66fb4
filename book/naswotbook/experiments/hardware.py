"""How good the networks of a front of score against cost are: behind "Search for a device"."""

from __future__ import annotations

import pandas as pd

from naswotlib.search.pareto import front_summary, pareto_front

VALUES = {"score": "score", "num_units": "ReLU units"}  # what fronts are of, beside their cost


def summarise_fronts(table: pd.DataFrame) -> pd.DataFrame:
    """What :func:`naswotlib.search.pareto.front_summary` says of NAS-Bench-201 fronts by ``flops``, a row a value.

    ``by`` names the columns :data:`VALUES` of ``table``: the score, and a count that costs nothing, in the place of the
    score; of equal cost and count the first row stands for all. And ``front_1x1``, ``all_1x1``, ``front_3x3``,
    ``all_3x3``: how many convolutions of a kind a cell of the front, or of all of ``table``, has on average.
    """
    rows = []
    for value in VALUES:
        front = pareto_front(table, "flops", value=value)
        convolutions = {
            f"{name}_{kind}": networks.arch.str.count(f"nor_conv_{kind}").mean()
            for kind in ("1x1", "3x3")
            for name, networks in (("front", front), ("all", table))
        }
        rows.append({"by": value, **front_summary(table, front, "flops"), **convolutions})
    return pd.DataFrame(rows)


def front_in_words(summary: pd.DataFrame) -> str:
    """What :func:`summarise_fronts` says, in three paragraphs."""
    rows = {row["by"]: row for row in summary.to_dict("records")}
    row, counted = rows["score"], rows["num_units"]
    return f"""
Of {row["n"]} networks, {row["on_front"]} are on the front. The median one of them is as good as or better than
{row["median_share"]:.0%} of those that cost no more, the worst of them than {row["least_share"]:.0%}. A network drawn
at random would be in the middle, at 50%; the network that costs most is better than {row["largest_share"]:.0%}.

With the number of ReLU units in the place of the score, which needs no network to be built, {counted["on_front"]} are
on the front; the median one is as good as or better than {counted["median_share"]:.0%}, the worst than
{counted["least_share"]:.0%}.

A network of the front has {row["front_1x1"]:.1f} 1×1 and {row["front_3x3"]:.1f} 3×3 convolutions on the six edges of
its cell; one of all candidates has {row["all_1x1"]:.1f} and {row["all_3x3"]:.1f}."""
