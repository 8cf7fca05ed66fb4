"""How much memory a forward pass takes: measured on a few images, foretold for a mini-batch."""

from __future__ import annotations

import weakref
from collections.abc import Mapping
from numbers import Real
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from naswotlib.scoring.batches import Forward, Inputs, as_batch
from naswotlib.scoring.modes import BatchNormMode, scoring_mode

_FEW = (2, 4)  # images that are tried


class _Peak(TorchDispatchMode):
    """The most bytes that tensors made inside the block held at a time."""

    def __init__(self) -> None:
        super().__init__()
        self.most, self._now, self._known = 0, 0, set[int]()

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        result = func(*args, **(kwargs or {}))
        for tensor in tree_leaves(result):
            if isinstance(tensor, Tensor) and tensor.layout == torch.strided:
                self._add(tensor.untyped_storage())
        return result

    def _add(self, storage: torch.UntypedStorage) -> None:
        key = storage._cdata
        if key in self._known:
            return
        self._known.add(key)
        self._now += storage.nbytes()
        self.most = max(self.most, self._now)
        weakref.finalize(storage, self._drop, key, storage.nbytes())

    def _drop(self, key: int, size: int) -> None:
        self._known.discard(key)
        self._now -= size


def check_fits(
    network: nn.Module, inputs: Inputs, max_memory: int, *, batch_norm: BatchNormMode, forward: Forward | None
) -> None:
    """ValueError where a forward pass on ``inputs`` would take more than ``max_memory`` bytes besides the network and
    the inputs; it names the largest mini-batch that would not.
    """
    if not isinstance(max_memory, Real) or not max_memory > 0:
        raise ValueError(f"max_memory: expected a number of bytes above 0, such as 4e9, got {max_memory!r}")
    images = as_batch(network, inputs, forward).num_images
    peaks, tried = [], sorted({min(few, images) for few in _FEW})
    for few in tried:
        batch = as_batch(network, _first(inputs, few, images), forward)
        peak = _Peak()
        with scoring_mode(network, batch_norm, inputs), torch.no_grad(), peak:
            batch.run()
        peaks.append(peak.most)
    slope = (peaks[-1] - peaks[0]) / max(1, tried[-1] - tried[0])
    fixed = peaks[0] - slope * tried[0]
    needed = fixed + slope * images
    if needed > max_memory:
        fits = int((max_memory - fixed) // slope) if slope > 0 else 0
        advice = f"a mini-batch of {fits} images would fit" if fits >= 2 else "not even one of 2 images would fit"
        raise ValueError(
            f"max_memory: the forward pass on {images} images takes about {needed / 1e9:.3g} GB besides the network, "
            f"more than {max_memory / 1e9:.3g} GB; {advice}. Images are not split: normalisation needs all at a time"
        )


def _first(inputs: Any, few: int, images: int) -> Any:
    """The first images of a mini-batch of any kind."""
    if isinstance(inputs, Tensor):
        return inputs[:few] if inputs.dim() and len(inputs) == images else inputs
    if isinstance(inputs, Mapping):
        return {key: _first(value, few, images) for key, value in inputs.items()}
    if isinstance(inputs, tuple | list):
        return [_first(value, few, images) for value in inputs]
    return inputs
