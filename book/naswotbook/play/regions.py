"""Small networks for the page of Figure 2, whose codes a browser computes exactly."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from naswotbook.play.scripts import packed

UNIT = 2**-6  # of which all weights are multiples; inputs are of powers of two as well, so that sums are exact
EXTENT = 2.0
WIDTHS, DEPTHS, SEEDS = (2, 8), (1, 4), (0, 9)  # first and last


def small_network(width: int, depth: int, seed: int) -> nn.Sequential:
    """The network of Figure 2's page with ``depth`` layers of ``width`` ReLU units, its numbers rounded to
    :data:`UNIT`.

    In float64, and with inputs that are multiples of 2^-8, no sum in it is ever rounded: a sum of products of so few
    bits fits, so that any order of adding gives the same codes.
    """
    rng = torch.Generator().manual_seed(seed)
    layers: list[nn.Module] = []
    for layer in range(depth):
        linear = nn.Linear(2 if layer == 0 else width, width)
        with torch.no_grad():
            linear.weight.normal_(0, (2 / linear.in_features) ** 0.5, generator=rng)
            linear.bias.normal_(0, 0.5, generator=rng)
            for numbers in (linear.weight, linear.bias):
                numbers.copy_(torch.round(numbers / UNIT) * UNIT)
        layers += [linear, nn.ReLU()]
    return nn.Sequential(*layers).double()


def eight_points() -> npt.NDArray[np.float64]:
    """Where the points stand at first, ``(8, 2)``: spread over the plane, multiples of 1/16."""
    return np.array(
        [[-1.5, 1.5], [0.25, 1.375], [1.5, 1.125], [-0.75, 0.375], [0.8125, 0.125], [-1.625, -0.875], [0.125, -0.9375],
         [1.4375, -1.5]]
    )  # fmt: skip


def regions_data() -> dict[str, Any]:
    """What book/interactive/regions.js reads: every network that its sliders name, in units of :data:`UNIT`."""
    networks = {}
    for width, depth, seed in product(*(range(low, high + 1) for low, high in (WIDTHS, DEPTHS, SEEDS))):
        numbers = [parameter.detach().flatten() for parameter in small_network(width, depth, seed).parameters()]
        networks[f"{width}-{depth}-{seed}"] = packed(torch.cat(numbers).numpy() / UNIT, "i2")
    ends = {"widths": WIDTHS, "depths": DEPTHS, "seeds": SEEDS}
    return {"unit": UNIT, "extent": EXTENT, "points": eight_points().tolist(), "networks": networks, **ends}
