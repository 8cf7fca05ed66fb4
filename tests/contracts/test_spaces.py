"""Every registered search space is under the contract, also one that is registered later; ours promise more."""

from collections.abc import Sequence

import pytest

from naswotlib.scoring.contracts import ScoreContract
from naswotlib.spaces import SearchSpace, get_space, list_spaces

# Smaller networks, where the skeleton of a space can be made smaller.
SMALL = {
    **{name: {"stem_channels": 8, "cells_per_stage": 1} for name in list_spaces("nasbench201*")},
    "nasbench101": {"stem_channels": 8, "modules_per_stack": 1},
    **{name: {"width": 8, "depth": 4} for name in list_spaces("nds_*")},
    **{name: {"divide": 8} for name in list_spaces("channel_bench_*")},
    "nasbench_macro": {"stem_channels": 4},
    **{name: {"stem_channels": 8, "cells_per_module": 1} for name in list_spaces("transnas101_*")},
}


@pytest.mark.parametrize("name", list_spaces())
class TestRegistered(ScoreContract):
    @pytest.fixture(autouse=True)
    def _choose(self, name):
        self.space, self.small = get_space(name), SMALL.get(name, {})

    def test_it_is_a_search_space_under_its_own_name_that_evolution_can_search(self, name):
        assert isinstance(self.space, SearchSpace)
        assert self.space.name == name
        assert callable(self.space.mutate)
        assert callable(self.space.decisions)

    def test_there_are_architectures_enough_for_every_test(self):
        assert len(self.sample(200)) == 200

    def test_a_refused_text_is_told_with_the_argument_first(self):
        for text in self.bad_texts:
            with pytest.raises(ValueError, match=r"^\w+.*: "):
                self.space.from_str(text)


def test_the_spaces_that_have_an_official_order_are_asked_for_it():
    ordered = {name for name in list_spaces() if isinstance(get_space(name), Sequence)}
    assert ordered >= {"nasbench201", "nasbench201_complete", "nats_size"}
