"""Activation codes: which units of a network are active for which image of a mini-batch (section 3 of the paper)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class LayerCode:
    """The codes of one call of an activation.

    ``bits`` are packed words ``(N, ceil(units/64))`` uint64 on the CPU, or booleans ``(N, units)`` on a GPU;
    ``units`` counts the units of one image, ``count`` how many times the layer enters K_H, ``kind`` is the activation.
    """

    name: str
    bits: np.ndarray | Tensor
    units: int
    count: int
    kind: str = "relu"


@dataclass(frozen=True)
class ActivationCodes:
    """Packed codes of a mini-batch, layer by layer in the order of execution.

    ``uncounted`` names activations that ran but were not counted, ``frozen`` batch normalisations that used running
    statistics though those of the batch were asked for; ``notes`` are on the mini-batch.
    """

    layers: tuple[LayerCode, ...]
    num_images: int
    uncounted: tuple[str, ...]
    frozen: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    _bad: tuple[tuple[str, Tensor], ...] = field(default=(), repr=False)  # on a GPU: an error, and whether it is one

    def check_counted(self, counting: str, wanted: frozenset[str]) -> None:
        """Raise ValueError where nothing was counted."""
        if self.layers:
            return
        kinds: dict[str, list[str]] = {}
        for text in self.uncounted:
            name, _, kind = text.rpartition(" (")
            kinds.setdefault(kind.rstrip(")"), []).append(name)
        seen = [
            f"{len(names)} {kind} ({', '.join(names[:3])}{', ...' if len(names) > 3 else ''})"
            for kind, names in kinds.items()
        ]
        raise ValueError(
            f"network: no {' or '.join(sorted(wanted)[:3])} ran, so there is nothing to count (counting={counting!r}); "
            f"other activations seen: {', '.join(seen) or 'none'}. Pass activations='auto', or the names of those to "
            "count, by the sign of their input"
        )

    def check_numbers(self) -> None:
        """Raise ValueError where a GPU met a NaN; this waits for it. On the CPU it was raised when it was met."""
        if self._bad:
            happened = torch.stack([flag for _, flag in self._bad]).cpu()
            if happened.any():
                message, _ = self._bad[int(happened.int().argmax())]
                raise ValueError(message)

    @property
    def num_units(self) -> int:
        """N_A, the length of one image's code."""
        return sum(layer.units * layer.count for layer in self.layers)

    @property
    def units_by_layer(self) -> dict[str, int]:
        """Units counted, by name of the layer."""
        units: Counter[str] = Counter()
        for layer in self.layers:
            units[layer.name] += layer.units * layer.count
        return dict(units)

    def unpacked(self) -> np.ndarray:
        """The codes as booleans ``(N, N_A)``, units of a layer in the order of memory."""
        columns = []
        for layer in self.layers:
            if isinstance(layer.bits, np.ndarray):
                # Words hold their first unit in the lowest bit; big-endian machines store bytes the other way.
                octets = layer.bits.astype("<u8").view(np.uint8)
                bits = np.unpackbits(octets, axis=1, bitorder="little")[:, : layer.units].astype(bool)
            else:
                bits = layer.bits.cpu().numpy()
            columns += [bits] * layer.count
        return np.concatenate(columns, axis=1)
