"""The score that a network would have if its codes were coin flips: what the number of its units alone gives it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
from torch import Tensor, nn

from naswotlib.scoring.score import naswot_score


def coin_flips(images: int, num_units: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """log|K_H| of a mini-batch of so many ``images`` whose codes of ``num_units`` bits agree in half of them.

    Then K_H has N_A on its diagonal and N_A / 2 elsewhere, and this is N log(N_A / 2) + log(N + 1).

    >>> coin_flips(128, [2**16, 2**17]).round(1).tolist()
    [1335.7, 1424.4]
    """
    agreeing = np.asarray(num_units, dtype=np.float64) / 2
    score: npt.NDArray[np.float64] = images * np.log(agreeing) + np.log(images + 1)
    return score


def beside_coin_flips(
    networks: Mapping[str, tuple[nn.Module, str]], inputs: Tensor, counts: Sequence[int]
) -> pd.DataFrame:
    """Scores of networks on the first images of ``inputs``, and of coin flips with as many units.

    ``networks`` are modules by name, each with the activation that is counted. Returns a row for each of them and each
    of ``counts``: ``network``, ``images``, ``units``, ``score``, ``coin_flips``.
    """
    rows = []
    for name, (network, activation) in networks.items():
        for images in counts:
            score = naswot_score(network, inputs[:images], activations=(activation,))
            row = {"network": name, "images": images, "units": score.num_units, "score": float(score)}
            rows.append(row | {"coin_flips": float(coin_flips(images, score.num_units))})
    return pd.DataFrame(rows)
