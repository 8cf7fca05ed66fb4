"""The score that a network would have if its codes were coin flips: what the number of its units alone gives it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd
from torch import Tensor, nn

from naswotlib.scoring.kernel import coin_flips
from naswotlib.scoring.score import naswot_score


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
