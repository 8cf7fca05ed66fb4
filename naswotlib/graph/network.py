"""The network that an operation graph describes: its initial weights, and a plain module."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from naswotlib.graph.graph import Graph, Op, last_uses


def init_weights(graph: Graph, seed: int, *, pinned: bool = False) -> dict[str, Tensor]:
    """Initial weights of ``graph``, by parameter name, drawn in data-flow order from ``seed`` alone.

    ``graph.init == "pytorch"``: what PyTorch draws when it builds the layers in this order after
    ``torch.manual_seed(seed)``, convolutions and classifier uniform in ±1/√fan_in. ``"fan_out"``: as the authors'
    NAS-Bench-101 networks, convolutions N(0, 2/(k² C_out)), classifier N(0, 0.01²) with bias 0. ``"resnet"``: as
    torchvision's ResNets, convolutions as ``fan_out``, the classifier as ``pytorch``.
    Batch normalisation starts at 1 and 0. The global random state is neither read nor changed.

    With ``pinned`` all are views of one buffer from which a GPU copies them by itself.
    """
    generator = torch.Generator().manual_seed(seed)
    weights = _pinned(graph) if pinned else {name: torch.empty(shape) for name, shape, _ in graph.parameters()}
    for name, _, op in graph.parameters():
        tensor = weights[name]
        is_bias = name.endswith(".bias")
        if op.kind == "batch_norm":
            tensor.fill_(0.0 if is_bias else 1.0)
        elif graph.init == "pytorch" or (graph.init == "resnet" and op.kind == "linear"):
            if is_bias:
                bound = 1 / math.sqrt(graph.channels(op.inputs[0]))
                tensor.uniform_(-bound, bound, generator=generator)
            else:
                nn.init.kaiming_uniform_(tensor, a=math.sqrt(5), generator=generator)
        elif is_bias:
            tensor.zero_()
        else:
            std = 0.01 if op.kind == "linear" else math.sqrt(2 / (math.prod(op.kernel) * op.channels))
            tensor.normal_(0.0, std, generator=generator)
    return weights


def _pinned(graph: Graph) -> dict[str, Tensor]:
    """Empty weights in one buffer, each at a multiple of 64 bytes."""
    places, size = [], 0
    for name, shape, _ in graph.parameters():
        places.append((name, shape, size))
        size += -(-math.prod(shape) // 16) * 16
    buffer = torch.empty(size, pin_memory=torch.cuda.is_available())
    return {name: buffer[at : at + math.prod(shape)].view(shape) for name, shape, at in places}


def _layer(op: Op, fan_in: int) -> nn.Module:
    """The module of an operation that has a name; its parameters are set afterwards, so none are drawn here."""
    if op.kind == "conv":
        shape = (op.kernel, op.stride, op.padding, op.dilation, op.groups)
        return nn.Conv2d(fan_in, op.channels, *shape, bias=False, device="meta")
    if op.kind == "batch_norm":
        return nn.BatchNorm2d(op.channels)
    if op.kind == "relu":
        relu = nn.ReLU()
        relu.reference_count = op.reference  # type: ignore[assignment]
        return relu
    return nn.Linear(fan_in, op.channels, device="meta")


def function_of(op: Op) -> Callable[..., Tensor]:
    """The function of an operation without parameters."""
    functions: dict[str, Callable[..., Tensor]] = {
        "avg_pool": lambda x: F.avg_pool2d(x, op.kernel, op.stride, op.padding, count_include_pad=False),
        "max_pool": lambda x: F.max_pool2d(x, op.kernel, op.stride, op.padding),
        "zero": lambda x: x[:, :, :: op.stride[0], :: op.stride[1]].mul(0.0),
        "add": lambda *xs: sum(xs[1:], start=xs[0]),
        "concat": lambda *xs: torch.cat(xs, dim=1),
        "truncate": lambda x: x[:, : op.channels],
        "shift": lambda x: F.pad(x[:, :, 1:, 1:], (0, 1, 0, 1)),
        "global_pool": lambda x: x.mean(dim=(2, 3)),
    }
    return functions[op.kind]


class GraphNetwork(nn.Module):
    """The network that a :class:`Graph` describes: a plain module whose rectifiers are ``nn.ReLU``.

    Layers have the names of their operations and stand in data-flow order. ``graph`` keeps the description.
    """

    def __init__(self, graph: Graph, weights: dict[str, Tensor]) -> None:
        super().__init__()
        self.graph = graph
        self._free = [*last_uses(dict(enumerate(graph.ops))).values()]
        self._calls: list[Callable[..., Tensor] | str | None] = []
        for op in graph.ops:
            if op.name:
                layer = _layer(op, graph.channels(op.inputs[0]))
                for name, _ in list(layer.named_parameters()):
                    setattr(layer, name, nn.Parameter(weights[f"{op.name}.{name}"]))
                self._register(op.name, layer)
                self._calls.append(op.name)
            else:
                self._calls.append(None if op.kind == "input" else function_of(op))

    def _register(self, path: str, layer: nn.Module) -> None:
        *parents, leaf = path.split(".")
        owner: nn.Module = self
        for part in parents:
            if part not in owner._modules:
                owner.add_module(part, nn.Module())
            owner = owner.get_submodule(part)
        owner.add_module(leaf, layer)

    def forward(self, images: Tensor) -> Tensor:
        """Class scores ``(N, num_classes)`` of images ``(N, 3, H, W)``."""
        values: dict[int, Tensor] = {}
        for number, (op, call, free) in enumerate(zip(self.graph.ops, self._calls, self._free, strict=True)):
            if call is None:
                values[number] = images
            else:
                function = self.get_submodule(call) if isinstance(call, str) else call
                values[number] = function(*[values[x] for x in op.inputs])
            for x in free:
                del values[x]
        return values[len(self.graph.ops) - 1]
