"""The NASWOT score, s = log|det K_H| (equation 2), and what it was computed from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from torch import Tensor, nn

from naswotlib.codes import BatchNormMode, Counting, activation_codes
from naswotlib.kernel import hamming_kernel, log_determinant


@dataclass(frozen=True, eq=False)
class NaswotScore:
    """A score and its evidence; ``float(score)`` is its value.

    value: log|det K_H|, −inf when K_H is singular.
    kernel: K_H, ``(N, N)`` int64.
    rank: rank of K_H, N when the score is finite.
    num_units: N_A, the number of units counted for one image.
    layers: units counted, by name of the layer.
    uncounted: activations that ran but were not counted.
    engine: how it was computed: ``"hooks"``, or ``"graph"`` for the fast plan.
    """

    value: float
    kernel: np.ndarray
    rank: int
    num_units: int
    layers: dict[str, int]
    uncounted: tuple[str, ...]
    engine: str

    def __float__(self) -> float:
        return self.value

    def __repr__(self) -> str:
        note = f", {len(self.uncounted)} activations not counted" if self.uncounted else ""
        return (
            f"NaswotScore({self.value:.4f}, N_A={self.num_units}, rank={self.rank}/{len(self.kernel)}, "
            f"{len(self.layers)} layers{note})"
        )


def naswot_score(
    network: nn.Module,
    inputs: Tensor,
    *,
    counting: Counting = "once",
    batch_norm: BatchNormMode = "batch",
    exact: bool = True,
    activations: Iterable[str] = ("relu",),
) -> NaswotScore:
    """Score an untrained network on a mini-batch: the log-determinant of its Hamming kernel (equations 1 and 2).

    ``inputs`` is ``(N, ...)``, images of at least two, on the network's device. One forward pass without
    gradients, normalisation on batch statistics; the network comes back unchanged. ``counting``,
    ``batch_norm`` and ``activations`` are those of :func:`naswotlib.codes.activation_codes`, whose errors apply.

    ``exact=True`` is the plain definition, integer for integer. ``exact=False`` may use a faster plan that
    reorders floating-point sums (score within 1e-6 relative); where none exists it is the same.

    >>> import torch
    >>> network = nn.Sequential(nn.Flatten(), nn.Linear(12, 64), nn.ReLU(), nn.Linear(64, 10))
    >>> score = naswot_score(network, torch.randn(8, 3, 2, 2))
    >>> score.num_units, score.layers, score.kernel.shape
    (64, {'2': 64}, (8, 8))
    """
    codes = activation_codes(network, inputs, counting=counting, batch_norm=batch_norm, activations=activations)
    kernel = hamming_kernel(codes)
    value, rank = log_determinant(kernel)
    return NaswotScore(value, kernel, rank, codes.num_units, codes.units_by_layer, codes.uncounted, "hooks")
