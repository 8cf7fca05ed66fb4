"""The engine for GPUs: the plan of a graph run by torch on a device, which nothing waits for until many are queued.

Weights travel in one copy. The codes lie in one buffer as zeros and ones, and one batched product gives all of x xᵀ.
K_H of all networks of a batch come back in one transfer, and so do their log-determinants. On ``"cpu"`` it gives the
integers of the exact engine.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from naswotlib.graph import Counting, Graph
from naswotlib.graph.sizes import shapes
from naswotlib.scoring.kernel import log_determinant, log_determinants
from naswotlib.scoring.modes import full_precision
from naswotlib.scoring.plan import Plan, checked_plan, refuse_nan
from naswotlib.scoring.run import Weights, run_plan

BLOCK = 2048  # units of one product: float16, in which a GPU writes its result, holds whole numbers up to 2048
CAPACITY = 2**21  # units of the buffer for codes, which those of more units fill several times


@dataclass
class Queued:
    """A network whose K_H is being computed: ``common`` is x xᵀ ``(N, N)`` float64, ``largest`` ``(values, N)`` are
    maxima, NaN where a value has one. Both are on the device.
    """

    plan: Plan
    units: dict[int, int]
    common: Tensor
    largest: Tensor


@dataclass(frozen=True)
class Scored:
    """K_H ``(N, N)`` int64, log|det K_H|, its rank, and units by layer."""

    kernel: np.ndarray
    value: float
    rank: int
    layers: dict[str, int]


def queue(graph: Graph, weights: Weights, inputs: Tensor, *, counting: Counting = "once") -> Queued:
    """Start computing K_H of the network of ``graph`` on the device of ``inputs``, images ``(N, C, H, W)`` float32.

    ``weights`` may be on the host, best as views of one pinned buffer (:func:`naswotlib.graph.init_weights`).
    Raises ValueError where nothing is counted, or weights or images do not fit, MemoryError where the memory does not.
    """
    plan = checked_plan(graph, weights, inputs, counting)
    counts = plan.counts()
    units: dict[int, int] = {}
    try:
        with torch.inference_mode(), full_precision():
            sum_of = _CommonOnes(_code_units(graph, plan, inputs), inputs)
            maxima = []
            for value, y in run_plan(plan, weights_on(inputs.device, weights, plan), inputs):
                x = _rows(y)
                units[value] = x.shape[1]
                maxima.append(x.amax(dim=1))
                sum_of.add(x, counts[value])
            return Queued(plan, units, sum_of.total(), torch.stack(maxima))
    except torch.OutOfMemoryError as error:
        raise MemoryError(_advice(graph, plan, inputs)) from error


def finish(queued: Sequence[Queued]) -> list[Scored | ValueError]:
    """Wait for networks of equal mini-batches, and score them; ValueError stands for one that met a NaN."""
    if not queued:
        return []
    totals = [sum(count * network.units[value] for _, value, count in network.plan.layers) for network in queued]
    with torch.inference_mode():
        common = torch.stack([network.common for network in queued])
        ones = common.diagonal(dim1=1, dim2=2)
        units = torch.tensor(totals, dtype=torch.float64).to(common.device)
        kernels = units[:, None, None] - ones[:, :, None] - ones[:, None, :] + 2 * common
        values, regular = log_determinants(kernels)
        bad = torch.cat([network.largest.isnan().any(dim=1) for network in queued])
        columns = torch.cat([values, regular.double(), bad.double(), kernels.flatten()]).cpu().numpy()  # the one wait
    n, counts = len(queued), [len(network.units) for network in queued]
    values_of, regular_of, bad_of, matrices = np.split(columns, [n, 2 * n, 2 * n + sum(counts)])
    flags = np.split(bad_of, np.cumsum(counts)[:-1])
    results: list[Scored | ValueError] = []
    for i, (network, matrix) in enumerate(zip(queued, matrices.reshape(kernels.shape), strict=True)):
        try:
            if flags[i].any():
                refuse_nan(network.plan, [*network.units][int(flags[i].argmax())])
        except ValueError as error:
            results.append(error)
            continue
        kernel = matrix.astype(np.int64)
        value, rank = (float(values_of[i]), len(kernel)) if regular_of[i] else log_determinant(kernel)
        results.append(Scored(kernel, value, rank, network.plan.units_by_layer(network.units)))
    return results


def weights_on(device: torch.device, weights: Weights, plan: Plan) -> Weights:
    """The weights that a plan needs, on ``device``: in one copy that is not waited for, if they share a buffer."""
    names = [f"{op.name}.{part}" for op in plan.ops.values() for part in ("weight", "bias") if op.name]
    needed = {name: weights[name] for name in names if name in weights}
    first = next(iter(needed.values()), None)
    if first is None or first.device == device:
        return needed
    storage = first.untyped_storage()
    if any(weight.untyped_storage().data_ptr() != storage.data_ptr() for weight in needed.values()):
        return {name: weight.to(device) for name, weight in needed.items()}
    moved = first.new_empty(0).set_(storage).to(device, non_blocking=True)
    return {
        name: moved.as_strided(weight.shape, weight.stride(), weight.storage_offset())
        for name, weight in needed.items()
    }


class _CommonOnes:
    """x xᵀ of codes that come one after the other: how many units are active for both of two images."""

    def __init__(self, units: int, inputs: Tensor) -> None:
        self._n = len(inputs)
        width = min(-(-units // BLOCK), CAPACITY // BLOCK) * BLOCK
        kind = torch.float32 if inputs.device.type == "cpu" else torch.float16
        self._codes = torch.empty(self._n, width, dtype=kind, device=inputs.device)
        self._used = 0
        self._total: Tensor | None = None

    def add(self, x: Tensor, count: int) -> None:
        """Add the signs of values ``(N, units)`` as often as they count."""
        for _ in range(count):
            for part in x.split(self._codes.shape[1], dim=1):
                if self._used + part.shape[1] > self._codes.shape[1]:
                    self._multiply()
                torch.gt(part, 0, out=self._codes[:, self._used : self._used + part.shape[1]])
                self._used += part.shape[1]

    def _multiply(self) -> None:
        end = -(-self._used // BLOCK) * BLOCK
        self._codes[:, self._used : end] = 0
        blocks = self._codes[:, :end].view(self._n, -1, BLOCK).transpose(0, 1)
        part = torch.bmm(blocks, blocks.transpose(1, 2)).sum(dim=0, dtype=torch.float64)
        self._total = part if self._total is None else self._total + part
        self._used = 0

    def total(self) -> Tensor:
        """The sum, ``(N, N)`` float64."""
        if self._used or self._total is None:
            self._multiply()
        assert self._total is not None
        return self._total


def _rows(y: Tensor) -> Tensor:
    """Values ``(N, units)`` in the order in which they lie in memory, which is the same for every image."""
    if y.dim() == 4 and y.is_contiguous(memory_format=torch.channels_last):
        y = y.permute(0, 2, 3, 1)
    return y.reshape(len(y), -1)


def _code_units(graph: Graph, plan: Plan, inputs: Tensor) -> int:
    found = shapes(graph, (inputs.shape[2], inputs.shape[3]))
    return sum(count * math.prod(found[value]) for _, value, count in plan.layers)


def _advice(graph: Graph, plan: Plan, inputs: Tensor) -> str:
    """What to say where memory ran out: what the values of the network take, and how many images would fit."""
    found = shapes(graph, (inputs.shape[2], inputs.shape[3]))
    live = peak = 0
    for number in plan.ops:
        live += math.prod(found[number])
        peak = max(peak, live)
        live -= sum(math.prod(found[x]) for x in plan.free[number])
    image = 4 * 2 * peak + 2 * min(_code_units(graph, plan, inputs), CAPACITY)  # twice: what a convolution works in
    torch.cuda.empty_cache()
    free, _ = torch.cuda.mem_get_info(inputs.device)
    n, side = len(inputs), "×".join(map(str, inputs.shape[2:]))
    return (
        f"inputs: {n} images of {side} pixels do not fit on {inputs.device}: this network takes about "
        f"{n * image / 2**30:.1f} GiB, and {free / 2**30:.1f} GiB are free; a mini-batch of {free // image} would fit"
    )
