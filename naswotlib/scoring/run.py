"""The values of a plan, computed by torch as the network's modules would, on whatever device the tensors are."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

from naswotlib.graph import EPSILON, Op
from naswotlib.graph.graph import Pair
from naswotlib.graph.network import function_of
from naswotlib.scoring.plan import Plan

Weights = dict[str, Tensor]
Pool = Callable[[Tensor, Pair, Pair, Pair], Tensor]  # of an image, by kernel, stride and padding


def run_plan(plan: Plan, weights: Weights, inputs: Tensor, *, pool: Pool | None = None) -> Iterator[tuple[int, Tensor]]:
    """Each value that a counted ReLU rectifies, with its number, in the order in which they are computed.

    ``pool`` averages contiguous images in the place of torch.
    """
    coded = {value for _, value, _ in plan.layers}
    values: dict[int, Tensor] = {}
    for number, op in plan.ops.items():
        values[number] = y = _compute(op, weights, [values[x] for x in op.inputs], inputs, pool)
        if number in coded:
            yield number, y
        for x in plan.free[number]:
            del values[x]


def _compute(op: Op, weights: Weights, xs: list[Tensor], inputs: Tensor, pool: Pool | None) -> Tensor:
    if op.kind == "input":
        return inputs
    if op.kind == "conv":
        return F.conv2d(xs[0], weights[f"{op.name}.weight"], None, op.stride, op.padding, op.dilation, op.groups)
    if op.kind == "batch_norm":
        scale, shift = weights[f"{op.name}.weight"], weights[f"{op.name}.bias"]
        return torch.batch_norm(xs[0], scale, shift, None, None, True, 0.0, EPSILON, torch.backends.cudnn.enabled)
    if op.kind == "linear":
        return F.linear(xs[0], weights[f"{op.name}.weight"], weights[f"{op.name}.bias"])
    if op.kind == "avg_pool" and pool is not None and xs[0].is_contiguous():
        return pool(xs[0], op.kernel, op.stride, op.padding)
    return F.relu(xs[0]) if op.kind == "relu" else function_of(op)(*xs)
