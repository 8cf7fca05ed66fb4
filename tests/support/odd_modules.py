"""Networks that change themselves when they run: what a score must undo."""

from __future__ import annotations

import random
import warnings
from collections import UserDict, deque
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Caching(nn.Module):
    """Keeps a tensor on its first forward pass, and multiplies by it."""

    def __init__(self) -> None:
        super().__init__()
        self.pos: Tensor | None = None

    def forward(self, x: Tensor) -> Tensor:
        if self.pos is None:
            self.pos = torch.linspace(0.5, 1, x.shape[-1])
        return x * self.pos


class Counting(nn.Module):
    """Counts in a number, a buffer, a plain tensor and containers, and replaces one of its buffers."""

    def __init__(self) -> None:
        super().__init__()
        self.calls, self.seen, self.last = 0, {"shapes": [(1, 2)]}, deque([1, 2], maxlen=2)
        self.register_buffer("total", torch.zeros(3))
        self.register_buffer("replaced", torch.ones(2))
        self.plain = torch.zeros(4)
        self.kinds = {"none"}

    def forward(self, x: Tensor) -> Tensor:
        self.calls += 1
        self.seen["shapes"].append(tuple(x.shape))
        self.seen[str(self.calls)] = x.detach()
        self.last.append(self.calls)
        self.kinds.add(type(x).__name__)
        self.total += x.detach().mean()
        self.total[0].mul_(2)
        self.replaced = self.replaced * 2
        self.plain.add_(1)
        return x


class Positive(nn.Module):
    """Bounds its own weights when it runs."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.linspace(-1, 1, 3)[:, None, None])

    def forward(self, x: Tensor) -> Tensor:
        self.scale.data.clamp_(min=0.1)
        return x * self.scale


class Statistics(nn.Module):
    """Normalises by a call, which writes running statistics although no layer is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(3))
        self.register_buffer("var", torch.ones(3))

    def forward(self, x: Tensor) -> Tensor:
        return F.batch_norm(x, self.mean, self.var, training=True)


class Random(nn.Module):
    """Draws from every generator there is, one of its own included."""

    def __init__(self) -> None:
        super().__init__()
        self.own, self.bits = torch.Generator().manual_seed(3), np.random.default_rng(3)

    def forward(self, x: Tensor) -> Tensor:
        noise = torch.rand(1) + torch.rand(1, generator=self.own) + random.random() + np.random.rand()  # noqa: NPY002
        return F.dropout(x + 0.01 * float(noise + self.bits.random()), 0.1)


class Seeding(nn.Module):
    """Seeds the global generator, as some layers do for a fixed noise."""

    def forward(self, x: Tensor) -> Tensor:
        torch.manual_seed(7)
        return x + 0.01 * torch.rand(x.shape[1:])


class InPlace(nn.Module):
    """Writes into tensors that it has made."""

    def forward(self, x: Tensor) -> Tensor:
        return F.relu((x + 1).mul_(0.5), inplace=True) - 0.1


class Registering(nn.Module):
    """Registers a buffer, a parameter and a module at its first pass."""

    def forward(self, x: Tensor) -> Tensor:
        if not hasattr(self, "late"):
            self.register_buffer("late", torch.zeros(x.shape[-1]))
            self.register_parameter("weight", nn.Parameter(torch.ones(x.shape[-1])))
            self.add_module("norm", nn.BatchNorm2d(x.shape[1]))
        return self.norm(x * self.weight + self.late)


class Helper:
    def __init__(self) -> None:
        self.memory: list[int] = []


class WithHelper(nn.Module):
    """Keeps what it has seen in an object of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.helper = Helper()

    def forward(self, x: Tensor) -> Tensor:
        self.helper.memory.append(len(x))
        self.helper.newest = x
        return x


class Notebook:
    """Keeps its attributes in slots."""

    __slots__ = ("count", "newest")

    def __init__(self) -> None:
        self.count = 0


class Outside(nn.Module):
    """Keeps numbers in arrays of NumPy, in bytes, in an object with slots, and on a tensor."""

    def __init__(self) -> None:
        super().__init__()
        self.histogram, self.flags, self.notes = np.zeros(3), bytearray(2), Notebook()
        self.mark = torch.zeros(2)
        self.named = UserDict(first=1)

    def forward(self, x: Tensor) -> Tensor:
        self.histogram[0] += len(x)
        self.flags[1] = 1
        self.notes.count += 1
        self.notes.newest = x
        self.mark.seen = self.notes.count
        self.named["second"] = 2
        return x


class Learning(nn.Module):
    """Takes a step of an optimizer of its own when it runs, and leaves gradients behind."""

    def __init__(self) -> None:
        super().__init__()
        self.fast = nn.Linear(3, 3)
        self.optimizer = torch.optim.Adam(self.fast.parameters())
        self.fast.bias.grad = torch.ones(3)

    def forward(self, x: Tensor) -> Tensor:
        with torch.enable_grad():
            (self.fast.weight**2).sum().backward()
            self.fast.bias.sum().backward()
            self.optimizer.step()
        return x


class Resizing(nn.Module):
    """Gives the memory of its buffer another size, and writes into a sparse one."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("memory", torch.arange(3.0))
        self.register_buffer("edges", torch.eye(3).to_sparse())

    def forward(self, x: Tensor) -> Tensor:
        self.memory.resize_(5).fill_(7)
        self.edges.mul_(2)
        return x


class Obliging(nn.Module):
    """Has an answer for every attribute that it is asked for."""

    def __getattr__(self, name: str) -> Any:
        try:
            return super().__getattr__(name)
        except AttributeError:
            if name.startswith("__"):
                raise
            return [name]

    def forward(self, x: Tensor) -> Tensor:
        return x


class Shared(nn.Module):
    """One layer under two names, whose weights are those of a third."""

    def __init__(self) -> None:
        super().__init__()
        self.first = self.again = nn.Conv2d(3, 3, 3, padding=1)
        self.tied = nn.Conv2d(3, 3, 3, padding=1)
        self.tied.weight = self.first.weight

    def forward(self, x: Tensor) -> Tensor:
        return self.tied(torch.relu(self.again(self.first(x))))


def scripted() -> nn.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.jit.script(nn.Sequential(nn.Conv2d(3, 3, 1), nn.BatchNorm2d(3), nn.ReLU()))


PARTS: dict[str, Any] = {
    "caching": Caching,
    "counting": Counting,
    "positive": Positive,
    "statistics": Statistics,
    "random": Random,
    "seeding": Seeding,
    "in place": InPlace,
    "registering": Registering,
    "with helper": WithHelper,
    "outside": Outside,
    "learning": Learning,
    "resizing": Resizing,
    "obliging": Obliging,
    "shared": Shared,
    "scripted": scripted,
    "lazy": lambda: nn.Sequential(nn.LazyConv2d(3, 3, padding=1), nn.LazyBatchNorm2d(), nn.ReLU()),
    "spectral": lambda: nn.utils.parametrizations.spectral_norm(nn.Conv2d(3, 3, 1)),
    "norm": lambda: nn.Sequential(nn.BatchNorm2d(3), nn.Dropout(0.5), nn.ReLU(inplace=True)),
}


def make_odd(parts: list[str], seed: int) -> nn.Module:
    """Parts one after the other, between a convolution and a rectifier; the head has seen images of 6 pixels."""
    torch.manual_seed(seed)
    body = [PARTS[name]() for name in parts]
    return nn.Sequential(nn.Conv2d(3, 3, 3, padding=1), *body, nn.ReLU(), nn.Flatten(), nn.Linear(108, 4))


def state_of(network: nn.Module) -> dict[str, Any]:
    """All that can be asked of a network, by name: classes, attributes, numbers, modes, hooks."""
    found: dict[str, Any] = {}
    for name, module in network.named_modules():
        found[f"{name} class"] = type(module)
        found[f"{name} training"] = module.training
        for key, value in vars(module).items():
            found[f"{name}.{key}"] = _told(value)
    for name, tensor in [*network.named_parameters(), *network.named_buffers()]:
        found[f"{name} tensor"] = id(tensor), type(tensor), _told(tensor), tensor.requires_grad
        gradient = None if nn.parameter.is_lazy(tensor) else tensor.grad
        found[f"{name} gradient"] = None if gradient is None else (id(gradient), gradient.tolist())
    return found


def _told(value: Any) -> Any:
    if isinstance(value, Tensor):
        numbers = [] if nn.parameter.is_lazy(value) else value.detach().to_dense().tolist()
        return type(value).__name__, numbers, _told(vars(value))
    if isinstance(value, dict):
        return id(value), [(key, _told(item)) for key, item in value.items()]
    if isinstance(value, list | tuple | deque):
        return type(value), id(value) if isinstance(value, list) else 0, [_told(item) for item in value]
    if isinstance(value, np.ndarray | bytearray):
        return id(value), list(value)
    if isinstance(value, Notebook):
        return id(value), value.count, hasattr(value, "newest")
    if isinstance(value, Helper | UserDict | torch.optim.Optimizer):
        return id(value), _told(vars(value))
    if isinstance(value, torch.Generator):
        return value.get_state().tolist()
    if isinstance(value, np.random.Generator):
        return repr(value.bit_generator.state)
    if isinstance(value, set):
        return id(value), sorted(map(str, value))
    return value if isinstance(value, str | int | float | bool | None) else id(value)


def random_states() -> list[Any]:
    """The states of all global generators."""
    numpy = np.random.get_state()  # noqa: NPY002
    return [torch.get_rng_state().tolist(), torch.initial_seed(), random.getstate(), numpy[1].tolist(), numpy[2]]
