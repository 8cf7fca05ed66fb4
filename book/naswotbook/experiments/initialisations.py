"""Whether scores change by more while networks train than between initialisations: Figure 6 against chance."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from naswotlib.spaces.base import get_space

COLUMNS = ["cell (index)", "before", "first epoch", "all epochs", "deviation"]


def compare_with_noise(table: pd.DataFrame, again: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """What training does to the score of each network, and the deviation of its score between initialisations.

    ``table`` is that of :func:`naswotbook.experiments.trajectories.load_trajectories`, of NAS-Bench-201 networks;
    ``again`` are tables of scores of the same networks, untrained, each with other weights and images. Returns
    :data:`COLUMNS`, a row a network: its index, the score before training, what it gained in the first and in all
    epochs, and the standard deviation of its scores in ``again``. No rows where either is empty.
    """
    if table.empty or not again:
        return pd.DataFrame(columns=COLUMNS)
    space, archs = get_space("nasbench201"), list(dict.fromkeys(table.arch))
    others = pd.concat([scores.set_index("arch").score[archs] for scores in again], axis=1)
    scores = table.pivot(index="epoch", columns="arch", values="score")[archs].dropna()
    start = scores.iloc[0]
    indices = pd.Series([space.index(space.from_str(arch)) for arch in archs], archs)
    columns = [indices, start, scores.loc[1] - start, scores.iloc[-1] - start, others.std(axis=1, ddof=0)]
    return pd.DataFrame(dict(zip(COLUMNS, columns, strict=True)), archs).reset_index(drop=True)


def describe_noise(found: pd.DataFrame) -> str:
    """What the table of :func:`compare_with_noise` says, in words."""
    if found.empty:
        return "No network was scored while it trained."
    pairs = np.triu_indices(len(found), 1)
    apart = np.abs(np.subtract.outer(found.before.to_numpy(), found.before.to_numpy()))[pairs]
    noise = found.deviation.mean()
    first, over = (f"{found[name].min():+.1f} to {found[name].max():+.1f}" for name in ("first epoch", "all epochs"))
    return f"""Other weights and images move a score by {noise:.1f} (standard deviation, mean over networks). Before
    training {(apart < 2 * noise).sum()} of {len(apart)} pairs of networks lie closer together than twice that, so that
    chance decides their order. The changes in the first epoch are {first}, those over all
    epochs {over}."""
