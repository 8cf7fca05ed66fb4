"""What every search space promises, as tests that a space of one's own can be put under.

A test file of three lines, run by pytest (``pip install 'naswotlib[test]'``), asks all of it::

    from naswotlib.spaces.contracts import SpaceContract

    class TestMine(SpaceContract):
        space = MySpace()
        small = {"width": 8}

:class:`naswotlib.scoring.contracts.ScoreContract` has the same tests, and those of the scores.
"""

from __future__ import annotations

import pickle
import random
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar

import numpy as np
import torch
from scipy.stats import chisquare
from torch import nn

from naswotlib.errors import import_extra
from naswotlib.spaces.base import find_space

pytest: Any = import_extra("pytest", "test")


@contextmanager
def global_state_untouched(what: str) -> Iterator[None]:
    """AssertionError if the block changes the random state of the process: that of Python, NumPy or torch."""
    before = _global_states()
    yield
    for name, state in _global_states().items():
        assert state == before[name], f"{what} changes the global random state of {name}; draw from a generator"


def _global_states() -> dict[str, Any]:
    numpy_state: Any = np.random.get_state()  # noqa: NPY002  (this is the state that must not change)
    numpy_words = (*numpy_state[:1], numpy_state[1].tolist(), *numpy_state[2:])
    return {"random": random.getstate(), "numpy": numpy_words, "torch": torch.get_rng_state().tolist()}


class SpaceContract:
    """Tests of one search space, for a subclass named ``Test...`` that sets ``space``.

    What a space lacks it is not asked for: an order (being a ``Sequence``), ``mutate``, ``decisions``, ``cells``,
    ``num_architectures``. Those tests are skipped and say so. A promise that a space means to break is struck in
    the subclass with ``test_... = None``.

    Attributes:
        space: an instance of the space, registered or not.
        small: keywords of ``build`` that make its networks small, so that the tests are quick.
        image_shapes: channels, height and width of the images that its networks take.
        bad_texts: texts that name no architecture of it.
    """

    space: Any
    small: ClassVar[Mapping[str, int]] = {}
    image_shapes: ClassVar[Sequence[tuple[int, int, int]]] = ((3, 32, 32), (3, 16, 16))
    bad_texts: ClassVar[Sequence[str]] = ("", "no architecture", "{}", "|")

    # What the tests are made of.

    def sample(self, count: int, seed: int = 0) -> list[Any]:
        """``count`` different architectures; fewer where the space seems to hold no more."""
        rng, archs = np.random.default_rng(seed), dict[Any, None]()
        for _ in range(20 * count):
            archs[self.space.sample(rng)] = None
            if len(archs) == count:
                break
        return list(archs)

    def build(self, arch: Any, seed: int = 0, num_classes: int = 7) -> nn.Module:
        """Its network, as small as the space allows."""
        network: nn.Module = self.space.build(arch, seed=seed, num_classes=num_classes, **self.small)
        return network

    def images(self, count: int, shape: tuple[int, int, int]) -> torch.Tensor:
        """Images of noise, the same every time."""
        return torch.randn(count, *shape, generator=torch.Generator().manual_seed(0))

    def needs(self, *attributes: str) -> None:
        """Skip a test of what the space does not have."""
        for attribute in attributes:
            if not hasattr(self.space, attribute):
                pytest.skip(f"the space has no {attribute}, and promises nothing about it")

    def needs_order(self) -> None:
        """Skip a test of the order of a space that has none."""
        if not isinstance(self.space, Sequence):
            pytest.skip("the space is no Sequence, and promises no order")

    # The promises.

    def test_it_has_what_scoring_and_searching_ask_of_a_space(self) -> None:
        assert find_space(self.space, "build") is self.space
        assert isinstance(self.space.name, str), f"name: expected a text, got {self.space.name!r}"
        assert self.space.name, "name: expected a text, got an empty one"

    def test_its_size_is_a_whole_number_that_nothing_contradicts(self) -> None:
        self.needs("num_architectures")
        size = self.space.num_architectures
        assert isinstance(size, int), f"num_architectures: expected an int, got {size!r}"
        assert size > 0, f"num_architectures: expected more than 0, got {size}"
        found = len(self.sample(200))
        assert found <= size, f"num_architectures is {size}, but sampling found {found} different ones"

    def test_text_and_back_is_the_same_architecture_and_other_architectures_have_other_texts(self) -> None:
        archs, by_text = self.sample(200), dict[str, Any]()
        for arch in archs:
            text = self.space.to_str(arch)
            assert isinstance(text, str), f"to_str: expected a text of {arch!r}, got {text!r}"
            assert text not in by_text, f"to_str: {arch!r} and {by_text[text]!r} have one text, {text!r}"
            by_text[text] = arch
            for given in (text, f"  {text}\n"):
                back = self.space.from_str(given)
                assert back == arch, f"from_str: {given!r}, the text of {arch!r}, gives {back!r}"

    def test_architectures_are_frozen_hashable_values(self) -> None:
        for arch in self.sample(10):
            for again in (pickle.loads(pickle.dumps(arch)), self.space.from_str(self.space.to_str(arch))):
                assert again == arch, f"{arch!r} and its copy {again!r} are not equal"
                assert hash(again) == hash(arch), f"{arch!r} and its copy are equal, and have different hashes"
            for field in {**getattr(arch, "__dataclass_fields__", {}), **getattr(arch, "__dict__", {})}:
                with pytest.raises(AttributeError):
                    setattr(arch, field, None)
                    pytest.fail(f"{arch!r} can be changed: its {field} was set to None")

    def test_sampling_repeats_from_a_seed_and_differs_between_seeds(self) -> None:
        def draw(seed: int) -> list[Any]:
            rng = np.random.default_rng(seed)
            return [self.space.sample(rng) for _ in range(20)]

        with global_state_untouched("sample"):
            first, same, other = draw(0), draw(0), draw(1)
        assert first == same, "sample: two generators of one seed gave different architectures"
        assert first != other, "sample: two seeds gave the same 20 architectures"

    def test_sampling_is_uniform_over_the_indices_of_a_space_that_has_them(self) -> None:
        self.needs_order()
        size, rng = len(self.space), np.random.default_rng(0)
        indices = [self.space.index(self.space.sample(rng)) for _ in range(5000)]
        parts, residues = min(50, size), min(25, size)
        edges = [-(-part * size // parts) for part in range(parts + 1)]  # the first index of each part
        of_part = np.bincount([index * parts // size for index in indices], minlength=parts)
        of_residue = np.bincount([index % residues for index in indices], minlength=residues)
        for found, sizes in [
            (of_part, np.diff(edges)),
            (of_residue, [len(range(residue, size, residues)) for residue in range(residues)]),
        ]:
            p = chisquare(found, np.asarray(sizes) * (len(indices) / size)).pvalue
            assert p > 1e-4, f"sample: not uniform over the indices (chi-square, p = {p:.1e}): {found.tolist()}"

    def test_indices_and_architectures_are_one_to_one(self) -> None:
        self.needs_order()
        space, size = self.space, len(self.space)
        if hasattr(space, "num_architectures"):
            assert size == space.num_architectures, f"len is {size}, num_architectures {space.num_architectures}"
        for i in range(0, size, max(1, size // 500)):
            assert space.index(space[i]) == i, f"index: the architecture at {i} has index {space.index(space[i])}"
        assert space[-1] == space[size - 1], "space[-1] is not the last architecture"
        assert space[2:5] == [space[i] for i in range(size)[2:5]], "space[2:5] is not a list of those three"
        assert space[size // 2] in space, "an architecture of the space is not `in` it"
        assert "something else" not in space, "'something else' is `in` the space"
        with pytest.raises(IndexError):
            space[size]

    def test_building_is_determined_by_the_seed_and_leaves_the_global_random_state_alone(self) -> None:
        arch = self.sample(1)[0]
        with global_state_untouched("build"):
            one, same, other = (self.build(arch, seed).state_dict() for seed in (1, 1, 2))
        assert list(one) == list(same), "build: twice the same seed gave weights of different names"
        for name, weights in one.items():
            assert torch.equal(weights, same[name]), f"build: twice the same seed gave different {name}"
        differ = any(not torch.equal(weights, other[name]) for name, weights in one.items())
        assert differ, "build: two seeds gave the same weights"

    def test_output_is_a_row_of_classes_an_image(self) -> None:
        for shape in self.image_shapes:
            for arch in self.sample(2):
                output = self.build(arch).train()(self.images(3, shape))
                text = self.space.to_str(arch)
                assert output.shape == (3, 7), f"3 images {shape}, 7 classes: {text} gives {tuple(output.shape)}"
                assert torch.isfinite(output).all(), f"images {shape}: {text} gives NaN or infinite values"

    def test_mutation_is_legal_and_changes_exactly_one_decision(self) -> None:
        self.needs("mutate")
        rng = np.random.default_rng(0)
        arch = self.space.sample(rng)
        seen = {arch}
        for _ in range(200):
            child = self.space.mutate(arch, rng)
            if hasattr(self.space, "decisions"):
                pair = self.space.decisions(arch), self.space.decisions(child)
                assert len(pair[0]) == len(pair[1]), f"decisions: {arch!r} and {child!r} have different numbers of them"
                changed = sum(a != b for a, b in zip(*pair, strict=True))
                assert changed == 1, f"mutate: {changed} decisions differ between {arch!r} and {child!r}"
            assert child != arch, f"mutate: the child of {arch!r} is the same"
            back = self.space.from_str(self.space.to_str(child))
            assert back == child, f"mutate: {child!r} is not what its text names, {back!r}"
            seen.add(child)
            arch = child
        enough = min(100, len(self.sample(200)) // 2)
        assert len(seen) > enough, f"mutate: 200 steps saw {len(seen)} architectures, expected more than {enough}"

    def test_mutation_repeats_from_a_seed(self) -> None:
        self.needs("mutate")
        arch = self.sample(1)[0]

        def children() -> list[Any]:
            rng = np.random.default_rng(5)
            return [self.space.mutate(arch, rng) for _ in range(20)]

        with global_state_untouched("mutate"):
            first, same = children(), children()
        assert first == same, "mutate: two generators of one seed gave different children"

    def test_cells_to_draw_lead_to_one_output_and_differ_between_architectures(self) -> None:
        self.needs("cells")
        archs = self.sample(20)
        for arch in archs:
            for name, edges in self.space.cells(arch).items():
                sources, targets, _ = zip(*edges, strict=True)
                ends = set(targets) - set(sources)
                assert len(ends) == 1, f"cells: {name} of {arch!r} has the outputs {sorted(ends)}, expected one"
        drawn = {str(self.space.cells(arch)) for arch in archs}
        # Not all differ: width and depth are no part of a cell, nor are unused vertices.
        assert 2 * len(drawn) >= len(archs), f"cells: {len(archs)} architectures have {len(drawn)} drawings"

    def test_text_that_names_no_architecture_is_refused_with_a_message(self) -> None:
        for text in (*self.bad_texts, f"{self.space.to_str(self.sample(1)[0])} no architecture"):
            with pytest.raises(ValueError, match=r"\w"):
                pytest.fail(f"from_str: {text!r} names no architecture, and gave {self.space.from_str(text)!r}")

    def test_an_unknown_keyword_of_build_is_refused(self) -> None:
        with pytest.raises(TypeError, match="no_such_keyword"):
            self.space.build(self.sample(1)[0], seed=0, no_such_keyword=3)

    def test_no_classes_are_refused(self) -> None:
        with pytest.raises(ValueError, match="num_classes"):
            self.space.build(self.sample(1)[0], seed=0, num_classes=0)
