"""Spaces whose architectures are a row of digits, one choice for each layer: what those spaces share."""

from __future__ import annotations

import re
from abc import abstractmethod
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from naswotlib.errors import check_choice
from naswotlib.spaces.base import Edge, EnumeratedSpace, change_one


@dataclass(frozen=True, slots=True)
class Digits:
    """The choice of each layer, as the digit that the benchmark writes for it."""

    digits: tuple[int, ...]

    def __str__(self) -> str:
        return "".join(map(str, self.digits))


class DigitSpace(EnumeratedSpace[Digits]):
    """Every row of ``layers`` digits out of ``choices``, in the order of ``itertools.product``: the last fastest."""

    arch_type = Digits
    choices: tuple[int, ...]
    layers: int

    @property
    def _shape(self) -> tuple[int, ...]:
        return (len(self.choices),) * self.layers

    def at(self, index: int) -> Digits:
        return Digits(tuple(self.choices[int(digit)] for digit in np.unravel_index(index, self._shape)))

    def index(self, arch: object, *_: int) -> int:
        """The place of an architecture in that order."""
        if not isinstance(arch, Digits):
            raise ValueError(f"arch: {arch!r} is no architecture of {self.name}; make one with from_str")
        self._check(arch)
        return int(np.ravel_multi_index([self.choices.index(digit) for digit in arch.digits], self._shape))

    def __contains__(self, arch: object) -> bool:
        return isinstance(arch, Digits) and len(arch.digits) == self.layers and set(arch.digits) <= set(self.choices)

    def _check(self, arch: Digits) -> None:
        if len(arch.digits) != self.layers:
            raise ValueError(f"arch: {self.name} has {self.layers} layers, got {len(arch.digits)} digits: {arch}")
        for layer, digit in enumerate(arch.digits):
            check_choice(f"arch, layer {layer} in {self.name}", digit, self.choices)

    def decisions(self, arch: Digits) -> tuple[int, ...]:
        """The digits."""
        return arch.digits

    def mutate(self, arch: Digits, rng: np.random.Generator) -> Digits:
        """Ours: the choice of one layer, uniform, becomes another, uniform."""
        return Digits(change_one(arch.digits, int(rng.integers(self.layers)), self.choices, rng))

    def to_str(self, arch: Digits) -> str:
        """Its digits, one after the other."""
        return str(arch)

    def from_str(self, text: str) -> Digits:
        """The architecture that ``text`` names; ValueError with the place of the fault where it names none."""
        if not isinstance(text, str) or not re.fullmatch(r"[0-9]+", text.strip()):
            raise ValueError(f"arch: {text!r} is not {self.layers} digits, as in {self.at(0)}")
        arch = Digits(tuple(map(int, text.strip())))
        self._check(arch)
        return arch

    @abstractmethod
    def parts(self, arch: Digits) -> list[str]:
        """The parts of its network from image to classifier, in a few words each, all different."""

    def cells(self, arch: Digits) -> dict[str, list[Edge]]:
        """Its parts in a row, to draw."""
        row = ["image", *self.parts(arch), "classifier"]
        return {"network": [(before, after, "") for before, after in pairwise(row)]}
