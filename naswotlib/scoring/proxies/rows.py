"""A square of what goes into a layer, small enough to be decomposed."""

from __future__ import annotations

import torch
from torch import Tensor


def take_rows(values: Tensor, generator: torch.Generator) -> Tensor:
    """As many rows as columns of ``values`` as a matrix, one below the other, from a place drawn; all of fewer.

    The columns are the channels of ``(N, C, H, W)``, whose rows are pixels, column by column of each image, and the
    last dimension of ``(N, C)`` and ``(N, T, C)``.
    """
    values = values.detach()
    pixels = values if values.dim() < 4 else values.flatten(3).permute(0, 3, 2, 1)  # (N, W, H, C)
    per_image, columns = pixels[0, ..., 0].numel(), pixels.shape[-1]
    stride = pixels.shape[-2] if pixels.dim() > 2 else 1  # one starts at the top of a column, or at a first token
    spare = len(pixels) * per_image - columns
    places = max(spare, 0) // stride + 1
    start = stride * int(torch.randint(places, (), generator=generator))
    first = start // per_image
    last = -(-(start + columns) // per_image)
    rows = pixels[first:last].reshape(-1, columns)
    return rows[start - first * per_image :][:columns].clone()
