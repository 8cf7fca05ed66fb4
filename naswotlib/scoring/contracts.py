"""What the networks of a space promise the score, as tests that a space of one's own can be put under.

A test file of three lines, run by pytest (``pip install 'naswotlib[test]'``), asks it of a space, and all that
:class:`naswotlib.spaces.contracts.SpaceContract` asks::

    from naswotlib.scoring.contracts import ScoreContract

    class TestMine(ScoreContract):
        space = MySpace()
"""

from __future__ import annotations

from itertools import islice
from typing import Any, ClassVar

import numpy as np

from naswotlib.errors import import_extra
from naswotlib.graph import Counting
from naswotlib.scoring.many import score_archs
from naswotlib.scoring.score import naswot_score
from naswotlib.spaces.base import arch_seed
from naswotlib.spaces.contracts import SpaceContract

pytest: Any = import_extra("pytest", "test")


class ScoreContract(SpaceContract):
    """Tests of one space and of the scores of its networks, for a subclass named ``Test...`` that sets ``space``.

    Attributes:
        countings: ways of counting in which its networks have a score; ``"reference"`` sees modules alone.
    """

    countings: ClassVar[tuple[Counting, ...]] = ("once", "reference")

    def test_a_healthy_network_has_a_finite_score_and_fast_and_exact_engines_agree(self) -> None:
        batch = self.images(8, self.image_shapes[-1])
        archs = self.sample(12, seed=3)
        networks = ((self.space.to_str(arch), self.build(arch)) for arch in archs)
        found = (pair for pair in networks if np.isfinite(naswot_score(pair[1], batch, exact=False).value))
        healthy = [*islice(found, 3)]
        least = min(3, len(archs))
        assert len(healthy) == least, f"{len(healthy)} of {len(archs)} networks have a finite score, expected {least}"
        for text, network in healthy:
            for counting in self.countings:
                exact = naswot_score(network, batch, counting=counting)
                fast = naswot_score(network, batch, counting=counting, exact=False)
                which = f"{text}, counting {counting!r}"
                assert np.isfinite(exact.value), f"{which}: the exact score is {exact.value}"
                pair = (fast.num_units, fast.rank), (exact.num_units, exact.rank)
                assert pair[0] == pair[1], f"{which}: units and rank are {pair[0]} fast, {pair[1]} exact"
                apart = np.abs(fast.kernel - exact.kernel).max()
                assert apart <= max(1, 1e-4 * exact.num_units), f"{which}: an entry of K_H differs by {apart}"
                close = fast.value == pytest.approx(exact.value, rel=1e-5)
                assert close, f"{which}: scores {fast.value} fast, {exact.value} exact"

    def test_the_table_of_scores_says_what_the_built_network_says(self) -> None:
        batch, archs = self.images(8, self.image_shapes[-1]), self.sample(2)
        table = score_archs(self.space, archs, batch, seed=0, skeleton=self.small, exact=False, progress=False)
        for arch, value, units, error in zip(archs, table.score, table.num_units, table.error, strict=True):
            text = self.space.to_str(arch)
            assert error == "", f"{text}: {error}"
            network = self.space.build(arch, seed=arch_seed(0, text), **self.small)
            score = naswot_score(network, batch, exact=False)
            same = units == score.num_units and value == pytest.approx(score.value, rel=1e-5)
            assert same, f"{text}: {units} units and score {value} in the table, {score} of the built network"
