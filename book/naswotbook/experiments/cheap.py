"""How cheap a score can be: the same networks scored on smaller skeletons and mini-batches."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.stats import kendalltau
from torch import Tensor

from naswotbook.counting import COUNTS
from naswotbook.markdown import frame_table
from naswotlib.graph import init_weights
from naswotlib.graph.sizes import network_size
from naswotlib.scoring.parallel import single_thread
from naswotlib.scoring.score import score_graph
from naswotlib.spaces.base import SearchSpace, arch_seed
from naswotlib.stats import bootstrap_interval, kendall_tau, tau_a


@dataclass(frozen=True, slots=True)
class Setting:
    """What a score is computed on: channels of the stem, cells a stage, images in the mini-batch."""

    channels: int
    cells: int
    images: int


SETTING = ["channels", "cells", "images"]
SETTINGS = {  # by profile: as the paper scores, or as our networks were trained; then fewer cells, channels, images
    "paper": [
        Setting(16, 5, 128),
        *(Setting(16, cells, 128) for cells in (3, 1)),
        *(Setting(channels, 5, 128) for channels in (8, 4)),
        *(Setting(16, 5, images) for images in (64, 32, 16)),
        *(Setting(channels, 1, images) for channels, images in ((16, 32), (16, 16), (8, 32), (4, 32))),
    ],
    "demo": [
        Setting(8, 1, 128),
        *(Setting(channels, 1, 128) for channels in (4, 2)),
        *(Setting(8, 1, images) for images in (64, 32, 16)),
        Setting(4, 1, 32),
    ],
}


def score_cheaply(
    space: SearchSpace, archs: Sequence[str], inputs: Tensor, settings: Sequence[Setting], *, seed: int
) -> pd.DataFrame:
    """Score ``archs`` of NAS-Bench-201 in every setting, by the fast engine and one thread.

    ``inputs`` are images, of which a setting takes the first. Weights come from ``seed`` as
    :func:`naswotlib.score_archs` has it. Settings take turns network by network, so that whatever slows the machine
    down slows all of them. Returns a row a network and setting: ``arch``, the fields of the setting, ``score``,
    ``seconds`` of processor time (of building and scoring), and ``flops``, multiply-adds of the forward pass.
    """
    rows = []
    with single_thread():
        for number, arch in enumerate([archs[0], *archs]):  # the first time compiles, and is dropped
            for setting in settings:
                start = time.process_time()
                graph = space.graph(space.from_str(arch), stem_channels=setting.channels, cells_per_stage=setting.cells)
                weights = init_weights(graph, arch_seed(seed, arch))
                score = score_graph(graph, weights, inputs[: setting.images], exact=False)
                seconds = time.process_time() - start
                flops = network_size(graph, inputs.shape[-1]).flops * setting.images
                row = {"arch": arch, **asdict(setting), "score": score.value, "seconds": seconds, "flops": flops}
                rows += [row] if number else []
    return pd.DataFrame(rows)


def summarise_settings(
    table: pd.DataFrame,
    accuracy: ArrayLike,
    counts: pd.DataFrame | None = None,
    *,
    seed: int,
    n_boot: int = 1000,
) -> pd.DataFrame:
    """A row for each setting of :func:`score_cheaply`, and one for each column of ``counts`` but ``arch``.

    ``accuracy`` is that of the networks, in their order, and so are ``counts``. Columns: ``measure``, ``score`` or the
    count; the fields of the setting; ``n``; ``tau`` of the measure and accuracy with its 95% bootstrap interval ``low,
    high``; ``tau_a``, which counts ties as pairs that are not ordered; ``less``, how much lower tau is than in the
    first setting, with ``less_low, less_high`` from the same resamples of networks; ``agreement``, tau with the first
    setting's scores; ``cost``, mean multiply-adds as a share of the first setting's, 0 of a count. No durations.
    """
    reached = np.asarray(accuracy, dtype=float)
    groups = [group for _, group in table.groupby(SETTING, sort=False)]
    first = groups[0]
    start = first.score.to_numpy()
    measures: list[tuple[dict[Any, Any], np.ndarray]] = [
        (
            {"measure": "score", **group[SETTING].iloc[0].to_dict(), "cost": group.flops.mean() / first.flops.mean()},
            group.score.to_numpy(),
        )
        for group in groups
    ]
    if counts is not None:
        blank = dict.fromkeys(SETTING)
        for name in counts.columns.drop("arch"):
            measures.append(({"measure": COUNTS[name], **blank, "cost": 0.0}, counts[name].to_numpy(float)))
    rows = []
    for about, values in measures:
        tau = kendall_tau(values, reached, rng=np.random.default_rng(seed), n_boot=n_boot)
        low, high = bootstrap_interval(_lost, start, values, reached, rng=np.random.default_rng(seed), n_boot=n_boot)
        found = {"n": tau.n, "tau": tau.tau, "low": tau.low, "high": tau.high, "tau_a": tau_a(values, reached)}
        found |= {"less": _lost(start, values, reached), "less_low": low, "less_high": high}
        cost = about.pop("cost")
        rows.append(about | found | {"agreement": _tau(start, values), "cost": cost})
    return pd.DataFrame(rows).astype(dict.fromkeys(SETTING, "Int64"))


def describe_settings(summary: pd.DataFrame) -> str:
    """What the settings come to: how cheap a score can be, and whether it is better than a count, which is free."""
    scores, counts = summary[summary.measure == "score"], summary[summary.measure != "score"].set_index("measure")
    others = scores[1:]
    as_good = others[others.less_low <= 0]
    cheapest = as_good.sort_values("cost").iloc[0] if len(as_good) else scores.iloc[0]
    first, last = scores.iloc[0], scores.sort_values("cost").iloc[0]
    units: Any = counts.loc[COUNTS["num_units"]]

    def setting(row: Any) -> str:
        return f"{row.channels:.0f} channels, {row.cells:.0f} cells a stage and {row.images:.0f} images"

    better = "the score at its full cost is not clearly better" if units.less_low <= 0 else "the score is ahead of it"
    return f"""The cheapest setting that is not clearly worse than the first is {setting(cheapest)}:
    {cheapest.cost:.1%} of the multiply-adds, τ {cheapest.tau:.3f} instead of {first.tau:.3f}, less by
    {cheapest.less:.3f} [{cheapest.less_low:.3f}, {cheapest.less_high:.3f}]. The cheapest of all, at {last.cost:.1%}, is
    less by {last.less:.3f} [{last.less_low:.3f}, {last.less_high:.3f}]. But the number of ReLU units, which costs
    nothing, has a τ-b of {units.tau:.3f} on the same networks, less by {units.less:.3f} [{units.less_low:.3f},
    {units.less_high:.3f}]: by τ-b, {better}. By τ-a, where its ties count, it has {units.tau_a:.3f}, the score
    {first.tau_a:.3f}."""


def median_seconds(table: pd.DataFrame) -> pd.DataFrame:
    """A row a setting of :func:`score_cheaply`: ``median_seconds`` of a score, and as a ``share`` of the first's."""
    times = table.groupby(SETTING, sort=False).seconds.median().rename("median_seconds").reset_index()
    return times.assign(share=times.median_seconds / times.median_seconds[0])


def _tau(one: np.ndarray, other: np.ndarray) -> float:
    return float(kendalltau(one, other).statistic)


def _lost(start: np.ndarray, score: np.ndarray, reached: np.ndarray) -> float:
    return _tau(start, reached) - _tau(score, reached)


def settings_table(summary: pd.DataFrame) -> str:
    """The frame of :func:`summarise_settings` in Markdown; a count has no channels, cells or images."""
    return frame_table(summary, dict.fromkeys(("channels", "cells", "images"), ".0f"))
