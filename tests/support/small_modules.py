"""Networks such as users write them, small, and the plain definition of the two countings."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn


def seeded(kind: type[nn.Module], *arguments: object) -> nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return kind(*arguments)


def conv_bn(inputs: int, outputs: int, kernel: int = 3) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, bias=False), nn.BatchNorm2d(outputs))


class Plain(nn.Module):
    """Modules only."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(conv_bn(3, 6), nn.ReLU(), conv_bn(6, 6), nn.ReLU(), nn.MaxPool2d(2))
        self.head = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.5), nn.Linear(6, 4))

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.body(x))


class Functional(Plain):
    """Rectified by calls, in every spelling."""

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.body[0](x))
        x = torch.relu(self.body[2](x))
        x = (x - 0.1).relu() + F.relu(x - 0.2, inplace=True)
        return self.head((x - 0.05).relu_())


class Residual(nn.Module):
    """One in-place module for three calls, and sums in place."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.conv = conv_bn(3, 6), conv_bn(6, 6)
        self.relu = nn.ReLU(inplace=True)
        self.head = nn.Linear(6, 4)

    def forward(self, x: Tensor) -> Tensor:
        x = self.relu(self.stem(x))
        out = self.relu(self.conv(x))
        out += x
        return self.head(torch.flatten(F.adaptive_avg_pool2d(self.relu(out), 1), 1))


class ModuleResidual(Residual):
    """The same with a pooling that a trace understands."""

    def __init__(self) -> None:
        super().__init__()
        self.pool = nn.AdaptiveAvgPool2d((1, 1))

    def forward(self, x: Tensor) -> Tensor:
        x = self.relu(self.stem(x))
        out = self.relu(self.conv(x))
        out += x
        return self.head(torch.flatten(self.pool(self.relu(out)), 1))


class Aliased(nn.Module):
    """A tensor under two names is added to under one of them and rectified under the other."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = conv_bn(3, 6), conv_bn(3, 6)

    def forward(self, x: Tensor) -> Tensor:
        first, second = self.a(x), self.b(x)
        name = first
        first += second
        return F.relu(name)


class ChangedBetween(nn.Module):
    """The same tensor object is rectified, changed in place, and rectified again."""

    def __init__(self) -> None:
        super().__init__()
        self.a = conv_bn(3, 6)

    def forward(self, x: Tensor) -> Tensor:
        x = self.a(x)
        total = F.relu(x)
        x.mul_(-1.0)
        total = total + F.relu(x)
        x += 0.5
        total = total + F.relu(x)
        x[:, :2] = 1.0
        return total + F.relu(x)


class ReLUConvBN(nn.Module):
    """A container whose class name the authors' hook matches."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.op = nn.Sequential(nn.ReLU(), conv_bn(inputs, outputs))

    def forward(self, x: Tensor) -> Tensor:
        return self.op(x)


class Containers(nn.Module):
    """Two containers, a plain ReLU and a functional one."""

    def __init__(self) -> None:
        super().__init__()
        self.cells = nn.Sequential(ReLUConvBN(3, 6), ReLUConvBN(6, 6), nn.ReLU())

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.cells(x) - 0.1)


class Outputs(Plain):
    """What comes out is in another form."""

    def __init__(self, form: str) -> None:
        super().__init__()
        self.form = form

    def forward(self, x: Tensor) -> object:
        y = super().forward(x)
        return {"tuple": (y, x), "dict": {"logits": y}, "list": [y, [x]], "nothing": None}[self.form]


class Mixed(nn.Module):
    """Activations of many kinds, as modules and as calls; each rectifies the same tensor."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = conv_bn(3, 4)
        kinds = (nn.ReLU6, nn.LeakyReLU, nn.PReLU, nn.GELU, nn.SiLU, nn.Hardswish, nn.ELU, nn.Hardtanh, nn.Sigmoid)
        self.layers = nn.ModuleDict({kind.__name__: kind() for kind in kinds})

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x)
        total = F.relu(x) + F.relu6(x) + F.leaky_relu(x) + F.gelu(x) + F.silu(x) + F.hardswish(x) + torch.tanh(x)
        for layer in self.layers.values():
            total = total + layer(x)
        return total


def plain_counting(network: nn.Module, inputs: Tensor, *, reference: bool) -> np.ndarray:
    """K_H by hooks in double precision: of every ``nn.ReLU``, or of every module with "ReLU" in its class name."""
    kernel = np.zeros((len(inputs), len(inputs)))

    def hook(_: nn.Module, args: tuple[Tensor, ...]) -> None:
        x = (args[0].flatten(1) > 0).double()
        kernel[:] += (x @ x.T + (1 - x) @ (1 - x).T).numpy()

    for module in network.modules():
        module.training = isinstance(module, nn.BatchNorm2d)
        if isinstance(module, nn.ReLU) or (reference and "ReLU" in type(module).__name__):
            module.register_forward_pre_hook(hook)
    with torch.no_grad():
        network(inputs)
    return kernel
