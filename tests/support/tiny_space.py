"""A search space of 512 small networks that keeps every promise, to be broken one promise at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from naswotlib.graph import Graph
from naswotlib.spaces.base import Edge, EnumeratedSpace, change_one

WIDTHS = tuple(range(8, 40, 4))


@dataclass(frozen=True)
class Stack:
    """The widths of three layers."""

    widths: tuple[int, ...]


class Tiny(EnumeratedSpace[Any]):
    """Three layers of convolutions, each of one of eight widths; ``12:8:36`` names one network."""

    name = "tiny"
    arch_type = Stack
    num_architectures = 512

    def at(self, index: int) -> Any:
        return self.arch_type(tuple(WIDTHS[index // 8**layer % 8] for layer in range(3)))

    def index(self, arch: Any, *_: int) -> int:
        return sum(WIDTHS.index(width) * 8**layer for layer, width in enumerate(arch.widths))

    def decisions(self, arch: Any) -> tuple[int, ...]:
        return arch.widths

    def mutate(self, arch: Any, rng: np.random.Generator) -> Any:
        return self.arch_type(change_one(arch.widths, int(rng.integers(3)), WIDTHS, rng))

    def cells(self, arch: Any) -> dict[str, list[Edge]]:
        return {"network": [(str(layer), str(layer + 1), f"{width}") for layer, width in enumerate(arch.widths)]}

    def to_str(self, arch: Any) -> str:
        return ":".join(map(str, arch.widths))

    def from_str(self, text: str) -> Any:
        parts = text.strip().split(":")
        if len(parts) != 3 or not {*parts} <= {*map(str, WIDTHS)}:
            raise ValueError(f"arch: {text!r} is not three widths such as 8:12:16")
        return self.arch_type(tuple(map(int, parts)))

    def graph(self, arch: Any, *, num_classes: int = 10) -> Graph:  # type: ignore[override]
        graph = Graph()
        x = graph.input(3)
        for layer, width in enumerate(arch.widths):
            x = graph.batch_norm(graph.conv(x, width, 3, name=f"conv{layer}", padding=1), name=f"bn{layer}")
            x = graph.relu(x, name=f"relu{layer}")
        graph.linear(graph.global_pool(x), num_classes, name="classifier")
        return graph


class Plain:
    """The same networks, with as little as scoring and searching ask for."""

    name = "plain"

    def __init__(self) -> None:
        self._tiny = Tiny()

    def sample(self, rng: np.random.Generator) -> Any:
        return self._tiny.sample(rng)

    def to_str(self, arch: Any) -> str:
        return self._tiny.to_str(arch)

    def from_str(self, text: str) -> Any:
        return self._tiny.from_str(text)

    def build(self, arch: Any, *, seed: int, num_classes: int = 10) -> Any:
        return self._tiny.build(arch, seed=seed, num_classes=num_classes)


def promises(contract: type) -> list[str]:
    """Names of the tests of a contract."""
    return [name for name in dir(contract) if name.startswith("test_")]
