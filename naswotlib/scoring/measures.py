"""Many measures of one network at once: what they share is computed once."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from torch import Tensor, nn

from naswotlib.scoring.kernel import hamming_kernel, log_determinant
from naswotlib.scoring.proxies import NASWOT, NEED_LABELS, check_proxy, find_proxy
from naswotlib.scoring.proxies.passes import Passes, passes_of


def measure_network(
    network: nn.Module, inputs: Tensor, measures: Collection[str], *, labels: Tensor | None = None
) -> tuple[dict[str, float], dict[str, str]]:
    """Values of ``measures`` of ``network`` on ``inputs`` ``(N, ...)``, and why those that failed did.

    ``measures`` are names of :func:`naswotlib.scoring.proxies.list_proxies`, ``"naswot"`` for the score. Each has the
    value that it has alone, but gradients come from one forward pass, one backward pass of the loss (``labels`` are
    int64 ``(N,)``) and one of the class scores, and what looks at codes shares another forward pass. A measure that
    fails has the value NaN, and its error stands in the second table. ValueError for an unknown name.

    >>> import torch
    >>> network = nn.Sequential(nn.Flatten(), nn.Linear(12, 4), nn.ReLU(), nn.Linear(4, 2))
    >>> values, errors = measure_network(network, torch.ones(2, 3, 2, 2), ["parameters", "num_units"])
    >>> values, errors
    ({'parameters': 62.0, 'num_units': 4.0}, {})
    """
    for name in measures:
        check_proxy(name, "measures")
    values: dict[str, float] = {}
    errors: dict[str, str] = {}
    with passes_of(network, inputs, labels, second_order="grasp" in measures) as passes:
        for name in measures:
            classes = {"labels": labels} if name in NEED_LABELS else {}
            try:
                score = find_proxy(name)(network, inputs, **classes) if name != NASWOT else _score(passes)
                values[name] = float(score)
            except Exception as error:  # of one measure; the others are computed, and this one's is handed on
                values[name], errors[name] = np.nan, f"{type(error).__name__}: {error}"
    return values, errors


def _score(passes: Passes) -> float:
    """The score of :func:`naswotlib.naswot_score`, integer for integer, from codes that others look at too."""
    passes.codes.check_counted("once", frozenset({"relu"}))
    return log_determinant(hamming_kernel(passes.codes))[0]
