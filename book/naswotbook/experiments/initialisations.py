"""Whether scores change by more while networks train than between initialisations: Figure 6 against chance."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from naswotbook.samples import load_profile
from naswotlib.data.images import load_images
from naswotlib.scoring.many import score_archs
from naswotlib.spaces.base import get_space

COLUMNS = ["cell (index)", "before", "first epoch", "all epochs", "deviation"]


def compare_with_noise(table: pd.DataFrame, *, batch_size: int, seeds: Sequence[int], seed: int) -> pd.DataFrame:
    """What training does to the score of each network, and the deviation of its score between initialisations.

    ``table`` is that of :func:`naswotbook.experiments.trajectories.load_trajectories`. The same networks are scored
    again, untrained, with weights of each of ``seeds``, on photographs drawn with ``seed``. Returns :data:`COLUMNS`, a
    row a network: its index, the score before training, what it gained in the first and in all epochs, and the
    standard deviation.
    """
    if table.empty:
        return pd.DataFrame(columns=COLUMNS)
    trained, space = load_profile("nasbench201", profile="demo"), get_space("nasbench201")
    images = load_images("photos", batch_size, seed=seed, side=trained.info.sides["cifar10"])
    archs = list(dict.fromkeys(table.arch))
    again = [
        score_archs(space, archs, images, seed=other, skeleton=trained.skeleton, exact=False, progress=False)
        for other in seeds
    ]
    noise = pd.concat(again).groupby("arch").score.std(ddof=0)
    scores = table.pivot(index="epoch", columns="arch", values="score")[archs]
    start = scores.iloc[0]
    indices = pd.Series([space.index(space.from_str(arch)) for arch in archs], archs)
    columns = [indices, start, scores.iloc[1] - start, scores.iloc[-1] - start, noise[archs]]
    return pd.DataFrame(dict(zip(COLUMNS, columns, strict=True)), archs).reset_index(drop=True)


def describe_noise(found: pd.DataFrame) -> str:
    """What the table of :func:`compare_with_noise` says, in words."""
    if found.empty:
        return "No network was scored while it trained."
    closest = np.diff(np.sort(found.before)).min()
    rises, firsts = (", ".join(found[name].map("{:.1f}".format)) for name in ("all epochs", "first epoch"))
    return f"""The closest two of the {len(found)} networks are {closest:.1f} apart before training, where another
    initialisation moves a score by {found.deviation.mean():.1f} (standard deviation, mean over networks). So their
    order decides nothing. The rises over all epochs, {rises}, and the changes of the first epoch, {firsts}, stand
    beside the same number."""
