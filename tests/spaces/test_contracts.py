"""The contract of spaces passes a sound space, finds a breach of each promise, and asks no space for what it lacks."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from naswotlib.spaces.base import change_one
from naswotlib.spaces.contracts import SpaceContract
from support.tiny_space import WIDTHS, Plain, Stack, Tiny, promises

TINY = Tiny()
CALLS = count()


@dataclass(unsafe_hash=True)
class Changeable:
    widths: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Unequal:
    widths: tuple[int, ...]


class HashedByPlace(Stack):
    def __hash__(self) -> int:
        return id(self)


def own_generator(self, *_: Any) -> Stack:
    return TINY.sample(np.random.default_rng())


def globally(self, *_: Any) -> Stack:
    return TINY.at(random.randrange(512))


def unseeded(self, arch, *, seed, num_classes=10):
    return TINY.build(arch, seed=next(CALLS), num_classes=num_classes)


def without_fork(self, arch, *, seed, num_classes=10):
    torch.manual_seed(seed)
    return nn.Linear(8, num_classes)


def numpy_globally(self, arch, *, seed, num_classes=10):
    np.random.seed(seed)  # noqa: NPY002
    return TINY.build(arch, seed=seed, num_classes=num_classes)


def flat(self, arch, *, seed, num_classes=10):
    return nn.Sequential(nn.Flatten(), nn.Linear(3 * 32 * 32, num_classes))


def not_a_number(self, arch, *, seed, num_classes=10):
    network = TINY.build(arch, seed=seed, num_classes=num_classes)
    return nn.Sequential(network, nn.Threshold(np.inf, np.nan))


def twice(self, arch, rng):
    return Stack(change_one(change_one(arch.widths, 0, WIDTHS, rng), 1, WIDTHS, rng))


def longer(self, arch, rng):
    return Stack((*arch.widths, 8))


def to_and_fro(self, arch, rng):
    return replace(arch, widths=(12 if arch.widths[0] == 8 else 8, *arch.widths[1:]))


def outside(self, arch, rng):
    return replace(arch, widths=(arch.widths[0] + 1, *arch.widths[1:]))


def raise_empty(self, text):
    try:
        return TINY.from_str(text)
    except ValueError:
        raise ValueError from None


def beginning(self, text):
    """Reads what it can, and overlooks the rest."""
    return TINY.from_str((text.split() or [""])[0])


# For each promise: what the space does instead of what Tiny does, and what the contract then says.
BREACHES: dict[str, list[tuple[dict[str, Any], str]]] = {
    "test_it_has_what_scoring_and_searching_ask_of_a_space": [
        ({"name": 3}, "name: expected a text, got 3"),
        ({"name": ""}, "got an empty one"),
        ({"build": property()}, "it lacks build"),
    ],
    "test_its_size_is_a_whole_number_that_nothing_contradicts": [
        ({"num_architectures": 512.0}, "expected an int, got 512.0"),
        ({"num_architectures": 0, "__len__": lambda self: 512}, "expected more than 0"),
        ({"num_architectures": 100, "__len__": lambda self: 512}, "sampling found 200"),
    ],
    "test_text_and_back_is_the_same_architecture_and_other_architectures_have_other_texts": [
        ({"from_str": lambda self, text: Stack(tuple(map(int, text.split(":")[::-1])))}, "the text of .* gives"),
        ({"to_str": lambda self, arch: TINY.to_str(Stack((8, *arch.widths[1:])))}, "gives|have one text"),
        ({"to_str": lambda self, arch: arch.widths}, "expected a text of"),
        ({"from_str": lambda self, text: TINY.from_str(text) if text == text.strip() else None}, "gives None"),
    ],
    "test_architectures_are_frozen_hashable_values": [
        ({"arch_type": Changeable}, "can be changed: its widths"),
        ({"arch_type": Unequal}, "its copy .* are not equal"),
        ({"arch_type": HashedByPlace}, "have different hashes"),
    ],
    "test_sampling_repeats_from_a_seed_and_differs_between_seeds": [
        ({"sample": own_generator}, "two generators of one seed"),
        ({"sample": globally}, "changes the global random state of random"),
        ({"sample": lambda self, rng: Stack((8, 8, 8))}, "two seeds gave the same"),
    ],
    "test_sampling_is_uniform_over_the_indices_of_a_space_that_has_them": [
        ({"sample": lambda self, rng: self.at(int(rng.integers(500)))}, "not uniform"),
        ({"sample": lambda self, rng: self.at(min(511, int(rng.integers(513))) // 5 * 5)}, "not uniform"),
        ({"sample": lambda self, rng: self.at(int(512 * rng.random() ** 1.2))}, "not uniform"),
    ],
    "test_indices_and_architectures_are_one_to_one": [
        ({"index": lambda self, arch: min(511, TINY.index(arch) + 1)}, "the architecture at 0 has index 1"),
        ({"__len__": lambda self: 511}, "len is 511, num_architectures 512"),
        ({"__contains__": lambda self, arch: True}, "'something else' is `in` the space"),
        ({"__contains__": lambda self, arch: False}, "an architecture of the space is not `in` it"),
        ({"__getitem__": lambda self, i: TINY[i % 512 if isinstance(i, int) else i]}, "DID NOT RAISE"),
        ({"__getitem__": lambda self, i: TINY[i if isinstance(i, int) else slice(9)]}, "not a list of those three"),
        ({"__getitem__": lambda self, i: TINY[0] if i == -1 else TINY[i]}, "not the last"),
    ],
    "test_building_is_determined_by_the_seed_and_leaves_the_global_random_state_alone": [
        ({"build": unseeded}, "twice the same seed gave different"),
        ({"build": without_fork}, "changes the global random state of torch"),
        ({"build": numpy_globally}, "changes the global random state of numpy"),
        ({"build": lambda self, arch, *, seed, num_classes: TINY.build(arch, seed=0)}, "two seeds gave the same"),
    ],
    "test_output_is_a_row_of_classes_an_image": [
        ({"build": lambda self, arch, *, seed, num_classes=10: TINY.build(arch, seed=seed)}, r"7 classes.*\(3, 10\)"),
        ({"build": flat}, "cannot be multiplied"),
        ({"build": not_a_number}, "gives NaN"),
    ],
    "test_mutation_is_legal_and_changes_exactly_one_decision": [
        ({"mutate": twice}, "2 decisions differ"),
        ({"mutate": lambda self, arch, rng: arch}, "0 decisions differ"),
        ({"mutate": lambda self, arch, rng: arch, "decisions": property()}, "the child of .* is the same"),
        ({"mutate": longer}, "have different numbers of them"),
        ({"mutate": outside}, "is not three widths"),
        ({"mutate": to_and_fro}, "200 steps saw [23] architectures"),
    ],
    "test_mutation_repeats_from_a_seed": [
        ({"mutate": own_generator}, "two generators of one seed"),
        ({"mutate": globally}, "changes the global random state of random"),
    ],
    "test_cells_to_draw_lead_to_one_output_and_differ_between_architectures": [
        ({"cells": lambda self, arch: {"c": [("0", "1", ""), ("0", "2", str(arch))]}}, r"has the outputs \['1', '2'\]"),
        ({"cells": lambda self, arch: {"c": [("0", "1", "")]}}, "have 1 drawings"),
    ],
    "test_text_that_names_no_architecture_is_refused_with_a_message": [
        ({"from_str": lambda self, text: Stack((8, 8, 8))}, "from_str: '' names no architecture"),
        ({"from_str": beginning}, "no architecture' names no architecture"),
        ({"from_str": raise_empty}, "did not match|Regex"),
    ],
    "test_an_unknown_keyword_of_build_is_refused": [
        ({"build": lambda self, arch, *, seed, **keywords: TINY.build(arch, seed=seed)}, "DID NOT RAISE"),
    ],
    "test_no_classes_are_refused": [
        ({"build": lambda self, arch, *, seed, num_classes=10: TINY.build(arch, seed=seed)}, "DID NOT RAISE"),
    ],
}  # fmt: skip


def under_contract(space: Any) -> SpaceContract:
    contract = SpaceContract()
    contract.space = space
    return contract


@pytest.mark.parametrize("promise", promises(SpaceContract))
def test_a_sound_space_keeps_every_promise(promise):
    getattr(under_contract(TINY), promise)()


@pytest.mark.parametrize(
    ("promise", "instead", "told"),
    [(promise, instead, told) for promise, breaches in BREACHES.items() for instead, told in breaches],
)
def test_a_breach_is_caught_and_told(promise: str, instead: Mapping[str, Any], told: str):
    broken = type("Broken", (Tiny,), dict(instead))()
    with pytest.raises((AssertionError, pytest.fail.Exception, ValueError, RuntimeError, TypeError), match=told):
        getattr(under_contract(broken), promise)()


def test_every_promise_has_a_breach():
    assert sorted(BREACHES) == promises(SpaceContract)
    assert len(WIDTHS) ** 3 == len(TINY) == TINY.num_architectures


def test_a_space_is_only_asked_what_it_promises():
    contract, skipped = under_contract(Plain()), {}
    for promise in promises(SpaceContract):
        try:
            getattr(contract, promise)()
        except pytest.skip.Exception as skip:
            skipped[promise] = str(skip)
    lacks, order = (
        "the space has no {}, and promises nothing about it",
        "the space is no Sequence, and promises no order",
    )
    assert skipped == {
        "test_cells_to_draw_lead_to_one_output_and_differ_between_architectures": lacks.format("cells"),
        "test_indices_and_architectures_are_one_to_one": order,
        "test_its_size_is_a_whole_number_that_nothing_contradicts": lacks.format("num_architectures"),
        "test_mutation_is_legal_and_changes_exactly_one_decision": lacks.format("mutate"),
        "test_mutation_repeats_from_a_seed": lacks.format("mutate"),
        "test_sampling_is_uniform_over_the_indices_of_a_space_that_has_them": order,
    }


@pytest.mark.parametrize("size", [2, 7, 30, 512])
def test_small_spaces_are_held_to_what_they_can_keep(size):
    class Few(Tiny):
        num_architectures = size

        def mutate(self, arch, rng):
            others = [other for other in range(size) if other != self.index(arch)]
            return self.at(int(rng.choice(others)))

        def decisions(self, arch):
            return (self.index(arch),)

    for promise in promises(SpaceContract):
        getattr(under_contract(Few()), promise)()


OWN = """
from naswotlib.spaces.base import change_one
from naswotlib.spaces.contracts import SpaceContract
from support.tiny_space import Tiny

class TestMine(SpaceContract):
    space = Tiny()

class Broken(Tiny):
    def mutate(self, arch, rng):
        return arch

class TestBroken(SpaceContract):
    space = Broken()

class TestStruck(TestBroken):
    test_mutation_is_legal_and_changes_exactly_one_decision = None
"""


def test_three_lines_in_a_file_put_a_space_under_the_contract(tmp_path: Path):
    (tmp_path / "test_own.py").write_text(OWN)
    command = [sys.executable, "-m", "pytest", "-q", "-rf", "-p", "no:cacheprovider", "test_own.py"]
    here = os.pathsep.join(filter(None, [str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH")]))
    environment = os.environ | {"PYTHONPATH": here}
    told = subprocess.run(command, check=False, cwd=tmp_path, env=environment, capture_output=True, text=True)
    number = len(promises(SpaceContract))
    assert f"1 failed, {3 * number - 2} passed" in told.stdout, told.stdout + told.stderr
    assert "FAILED test_own.py::TestBroken::test_mutation_is_legal_and_changes_exactly_one_decision" in told.stdout
    assert "mutate: 0 decisions differ between Stack(" in told.stdout


def test_without_pytest_the_library_works_and_the_contracts_say_what_is_missing():
    code = """
import importlib, sys
sys.modules["pytest"] = None
import naswotlib
for name in naswotlib.__all__:
    getattr(naswotlib, name)
for contracts in ("spaces", "scoring", "search"):
    try:
        importlib.import_module(f"naswotlib.{contracts}.contracts")
    except RuntimeError as error:
        print(error)
"""
    told = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert told.stdout.splitlines() == 3 * ["pytest is not installed; pip install 'naswotlib[test]' brings it"]
