"""Numbers of parameters and ReLU units, counted without a calculation, for tests of known networks."""

import math

import torch
from torch import nn

from naswotlib.graph import Graph


def parameters(graph: Graph) -> int:
    """Trainable parameters of the network of ``graph``, of which no weight is made."""
    return sum(math.prod(shape) for _, shape, _ in graph.parameters())


def units(network: nn.Module, side: int) -> tuple[int, int]:
    """ReLU units of one image: each once, and as often as the authors' code counts it. The network is used up."""
    counted = [0, 0]

    def count(module: nn.ReLU, _: object, output: torch.Tensor) -> None:
        counted[0] += output[0].numel()
        counted[1] += output[0].numel() * module.reference_count

    for module in network.modules():
        if isinstance(module, nn.ReLU):
            module.register_forward_hook(count)
    network.to("meta").train()(torch.empty(2, 3, side, side, device="meta"))
    return counted[0], counted[1]
