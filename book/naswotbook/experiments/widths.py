"""Whether networks of NAS-Bench-101 are ranked better as wide as they were trained than as wide as they are scored."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import kendalltau

from naswotbook.markdown import frame_table
from naswotbook.samples import Sample, score_sample
from naswotlib.stats import bootstrap_interval, kendall_tau

NARROW, WIDE = 16, 128  # channels of the stem: as the authors' script scores, and as the benchmark trained
GAIN = f"gain by {WIDE}"


def compare_widths(sample: Sample, *, seed: int, **scoring: Any) -> pd.DataFrame:
    """Kendall's τ of ``sample``, on the default skeleton, at both widths with accuracy, between both, and the gain.

    ``scoring`` are keywords of :func:`naswotbook.samples.score_sample`. A row a ``pair`` of what is compared, with the
    columns of :class:`naswotlib.stats.TauResult` and ``seconds``, the median that a score took.
    """
    skeletons: dict[int, dict[str, int]] = {NARROW: {}, WIDE: {"stem_channels": WIDE}}
    scored = {
        channels: score_sample(replace(sample, skeleton=skeleton), seed=seed, **scoring)
        for channels, skeleton in skeletons.items()
    }

    def tau(x: pd.Series[float], y: Any) -> dict[str, Any]:
        return asdict(kendall_tau(x, y, rng=np.random.default_rng(seed)))

    rows = [
        {
            "pair": f"score at {channels}, accuracy",
            **tau(table.score, table.accuracy),
            "seconds": table.seconds.median(),
        }
        for channels, table in scored.items()
    ]
    narrow, wide = (table.score for table in scored.values())
    rows.append({"pair": f"scores at {NARROW} and {WIDE}", **tau(narrow, wide)})
    columns = [np.asarray(column) for column in (narrow, wide, sample.accuracy)]
    low, high = bootstrap_interval(_gain, *columns, rng=np.random.default_rng(seed))
    rows.append({"pair": GAIN, "tau": _gain(*columns), "low": low, "high": high})
    return pd.DataFrame(rows)


def _gain(narrow: np.ndarray, wide: np.ndarray, accuracy: np.ndarray) -> float:
    return float(kendalltau(wide, accuracy).statistic - kendalltau(narrow, accuracy).statistic)


def widths_table(found: pd.DataFrame) -> str:
    """The table of :func:`compare_widths` in Markdown."""
    interval = found.low.map("{:.3f}".format) + " to " + found.high.map("{:.3f}".format)
    shown = found[["pair", "tau"]].assign(interval=interval, networks=found.n, seconds=found.seconds)
    names = {"pair": "Kendall's τ of", "tau": "τ", "interval": "95% interval", "seconds": "seconds a network"}
    return frame_table(shown.rename(columns=names), {"networks": ".0f", "seconds a network": ".2f"})


def describe_widths(found: pd.DataFrame) -> str:
    """Whether the wide networks are ranked better, and how much longer it takes, in words."""
    [gain] = found[found.pair == GAIN].to_dict("records")
    seconds = found.seconds.dropna()
    way = "better" if gain["low"] > 0 else "worse" if gain["high"] < 0 else "neither better nor worse"
    return f"""The networks as they were trained are ranked {way}: τ changes by {gain["tau"]:+.3f}
    [{gain["low"]:+.3f}, {gain["high"]:+.3f}], and a score takes {seconds.iloc[1] / seconds.iloc[0]:.0f} times as long
    (medians, while the machine did other work)."""
