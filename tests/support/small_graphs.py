"""Random small networks that use every kind of operation, and the plain definition of the kernel."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from naswotlib.graph import Graph, GraphNetwork, init_weights


def random_graph(seed: int, *, steps: int = 14) -> Graph:
    """A random network on images of side 8·k that meets all kinds of operations within a few seeds."""
    rng = np.random.default_rng(seed)
    graph = Graph()
    x = graph.batch_norm(graph.conv(graph.input(3), 6, 3, name="stem", padding=1), name="stem_bn")
    values = [x]  # of equal height and width

    def name() -> str:
        return f"op{len(graph.ops)}"

    def equal(channels: int) -> list[int]:
        return [value for value in values if graph.channels(value) == channels]

    def conv(x: int, channels: int, kernel: int | tuple[int, int], **shape: int) -> int:
        rows, columns = (kernel, kernel) if isinstance(kernel, int) else kernel
        dilation = shape.get("dilation", 1)
        padding = (dilation * (rows // 2), dilation * (columns // 2))
        x = graph.relu(x, name=name(), reference=int(rng.integers(0, 3)))
        return graph.conv(x, channels, kernel, name=name(), padding=padding, **shape)  # type: ignore[arg-type]

    for step in range(steps):
        x = int(rng.choice(values))
        channels = graph.channels(x)
        kind = rng.choice(["conv", "depthwise", "rectangle", "pool", "add", "concat", "truncate", "zero", "relu", "bn"])
        if kind == "conv":
            y = graph.batch_norm(conv(x, int(rng.integers(3, 9)), int(rng.choice([1, 3]))), name=name())
        elif kind == "depthwise":
            y = conv(x, channels, int(rng.choice([3, 5])), groups=channels, dilation=int(rng.integers(1, 3)))
            y = graph.batch_norm(graph.conv(y, channels, 1, name=name()), name=name())
        elif kind == "rectangle":
            y = conv(x, channels, (1, 7))
            y = graph.batch_norm(graph.conv(y, channels, (7, 1), name=name(), padding=(3, 0)), name=name())
        elif kind == "pool":
            size = int(rng.choice([3, 5, 7]))
            y = (graph.max_pool if rng.random() < 0.5 else graph.avg_pool)(x, size, padding=size // 2)
        elif kind == "add":
            same = equal(channels)
            y = graph.add(*[int(value) for value in rng.choice(same, size=int(rng.integers(1, 7)))])
        elif kind == "concat":
            y = graph.concat(*[int(value) for value in rng.choice(values, size=int(rng.integers(1, 4)))])
        elif kind == "truncate":
            y = graph.truncate(x, max(1, channels - 1))
        elif kind == "zero":
            y = graph.zero(x)
        elif kind == "relu":
            y = graph.relu(x, name=name())
        else:
            y = graph.batch_norm(x, name=name())
        values.append(y)
        if step in (steps // 3, 2 * steps // 3):
            values = _reduced(graph, rng, values, name())
    x = graph.relu(graph.add(*equal(graph.channels(values[-1]))), name="last")
    graph.linear(graph.global_pool(x), 4, name="classifier")
    return graph


def _reduced(graph: Graph, rng: np.random.Generator, values: list[int], name: str) -> list[int]:
    """Some of the values at half the side, each in another way."""
    x, y, z, w = (int(value) for value in rng.choice(values, size=4))
    left = graph.relu(x, name=f"{name}.relu")
    parts = [graph.conv(v, 3, 1, name=f"{name}.{i}", stride=2) for i, v in enumerate([left, graph.shift(left)])]
    return [
        graph.batch_norm(graph.concat(*parts), name=f"{name}.bn"),
        graph.avg_pool(y, 2, stride=2),
        graph.max_pool(z, 3, stride=2, padding=1),
        graph.zero(w, stride=2),
        graph.relu_conv_bn(y, 4, 3, name=f"{name}.block", stride=2),
    ]


def network_of(graph: Graph, seed: int = 0) -> GraphNetwork:
    """The network with weights of batch normalisation that are not 1 and 0."""
    weights = init_weights(graph, seed)
    generator = torch.Generator().manual_seed(seed)
    for key, value in weights.items():
        if value.dim() == 1:
            value.copy_(torch.randn(value.shape, generator=generator))
            if key.endswith(".weight"):
                value.add_(0.5)
    return GraphNetwork(graph, weights)


def images(n: int, side: int = 8, *, seed: int = 0) -> Tensor:
    return torch.randn(n, 3, side, side, generator=torch.Generator().manual_seed(seed))


def plain_kernel(network: nn.Module, inputs: Tensor, *, reference: bool = False) -> np.ndarray:
    """K_H by definition: x xᵀ + (1 − x)(1 − x)ᵀ summed over all ``nn.ReLU``, batch statistics, no dropout."""
    kernel = np.zeros((len(inputs), len(inputs)))
    handles = []

    def hook(module: nn.Module, args: tuple[Tensor, ...]) -> None:
        x = (args[0].flatten(1) > 0).double()
        count = module.reference_count if reference else 1
        kernel[:] += int(count) * (x @ x.T + (1 - x) @ (1 - x).T).numpy()

    for module in network.modules():
        module.training = isinstance(module, nn.BatchNorm2d)
        if isinstance(module, nn.ReLU):
            handles.append(module.register_forward_pre_hook(hook))
    before = {name: buffer.clone() for name, buffer in network.named_buffers()}
    with torch.no_grad():
        network(inputs)
    for handle in handles:
        handle.remove()
    network.load_state_dict(before, strict=False)
    network.train()
    return kernel
