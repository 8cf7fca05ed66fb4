"""What every registered search space promises. A space that registers itself is put under these tests."""

import pickle
from collections.abc import Sequence
from itertools import islice

import numpy as np
import pytest
import torch
from scipy.stats import chisquare

from naswotlib.scoring.score import naswot_score
from naswotlib.spaces import SearchSpace, get_space, list_spaces
from naswotlib.spaces.base import sample_distinct

# Smaller networks, where the skeleton of a space can be made smaller.
SMALL = {
    **{name: {"stem_channels": 8, "cells_per_stage": 1} for name in list_spaces("nasbench201*")},
    "nasbench101": {"stem_channels": 8, "modules_per_stack": 1},
    **{name: {"width": 8, "depth": 4} for name in list_spaces("nds_*")},
    **{name: {"divide": 8} for name in list_spaces("channel_bench_*")},
    "nasbench_macro": {"stem_channels": 4},
    **{name: {"stem_channels": 8, "cells_per_module": 1} for name in list_spaces("transnas101_*")},
}


def pytest_generate_tests(metafunc):
    """A test of ``name`` runs for every space, one of ``ordered`` for those with an official order."""
    names = list_spaces()
    if "name" in metafunc.fixturenames:
        metafunc.parametrize("name", names)
    else:
        metafunc.parametrize("ordered", [name for name in names if isinstance(get_space(name), Sequence)])


def sample(name: str, count: int, seed: int = 0) -> list:
    return sample_distinct(get_space(name), count, np.random.default_rng(seed))


def build(name: str, arch, seed: int = 0, num_classes: int = 7) -> torch.nn.Module:
    return get_space(name).build(arch, seed=seed, num_classes=num_classes, **SMALL.get(name, {}))


def images(count: int, side: int) -> torch.Tensor:
    return torch.randn(count, 3, side, side, generator=torch.Generator().manual_seed(0))


def test_it_is_a_search_space_under_its_own_name(name):
    space = get_space(name)
    assert isinstance(space, SearchSpace)
    assert space.name == name
    assert isinstance(space.num_architectures, int)
    assert space.num_architectures > 0


def test_text_and_back_is_the_same_architecture_and_other_architectures_have_other_texts(name):
    space = get_space(name)
    archs = sample(name, 200)
    texts = [space.to_str(arch) for arch in archs]
    assert [space.from_str(text) for text in texts] == archs
    assert len(set(texts)) == len(archs)
    assert space.from_str(f"  {texts[0]}\n") == archs[0]


def test_architectures_are_frozen_hashable_values(name):
    arch = sample(name, 1)[0]
    again = pickle.loads(pickle.dumps(arch))
    assert again == arch
    assert hash(again) == hash(arch)
    field = next(iter(type(arch).__dataclass_fields__))
    with pytest.raises(AttributeError):
        setattr(arch, field, None)


def test_sampling_repeats_from_a_seed_and_differs_between_seeds(name):
    assert sample(name, 20) == sample(name, 20) != sample(name, 20, seed=1)


def test_sampling_is_uniform_over_the_indices_of_a_space_that_has_them(ordered):
    space = get_space(ordered)
    rng = np.random.default_rng(0)
    indices = np.array([space.index(space.sample(rng)) for _ in range(5000)])
    assert chisquare(np.histogram(indices, bins=50, range=(0, len(space)))[0]).pvalue > 1e-4
    assert chisquare(np.bincount(indices % 25)).pvalue > 1e-4


def test_indices_and_architectures_are_one_to_one(ordered):
    space = get_space(ordered)
    assert len(space) == space.num_architectures
    picked = range(0, len(space), len(space) // 500)
    assert [space.index(space[i]) for i in picked] == list(picked)
    assert space[-1] == space[len(space) - 1]
    assert space[2:5] == [space[2], space[3], space[4]]
    assert space[3] in space
    assert "something else" not in space
    with pytest.raises(IndexError):
        space[len(space)]


def test_building_is_determined_by_the_seed_and_leaves_the_global_random_state_alone(name):
    arch = sample(name, 1)[0]
    state = torch.random.get_rng_state()
    one, same, other = (build(name, arch, seed).state_dict() for seed in (1, 1, 2))
    assert torch.equal(torch.random.get_rng_state(), state)
    assert list(one) == list(same)
    assert all(torch.equal(one[key], same[key]) for key in one)
    assert any(not torch.equal(one[key], other[key]) for key in one)


def test_mutation_is_legal_and_changes_exactly_one_decision(name):
    space = get_space(name)
    rng = np.random.default_rng(0)
    arch = space.sample(rng)
    seen = {arch}
    for _ in range(200):
        child = space.mutate(arch, rng)
        before, after = space.decisions(arch), space.decisions(child)
        assert len(before) == len(after)
        assert sum(a != b for a, b in zip(before, after, strict=True)) == 1
        assert space.from_str(space.to_str(child)) == child
        seen.add(child)
        arch = child
    assert len(seen) > 100


def test_mutation_repeats_from_a_seed(name):
    space = get_space(name)
    arch = sample(name, 1)[0]
    one, same = (space.mutate(arch, np.random.default_rng(5)) for _ in range(2))
    assert one == same


def test_cells_to_draw_lead_to_one_output_and_differ_between_architectures(name):
    space = get_space(name)
    archs = sample(name, 20)
    for arch in archs:
        for edges in space.cells(arch).values():
            sources, targets, _ = zip(*edges, strict=True)
            assert len(set(targets) - set(sources)) == 1
    drawn = {str(space.cells(arch)) for arch in archs}
    assert len(drawn) >= 10  # not all: width and depth are no part of a cell, nor are unused vertices


@pytest.mark.parametrize("side", [32, 16])
def test_output_is_a_row_of_classes_an_image_at_cifar_and_imagenet16_size(name, side):
    for arch in sample(name, 2):
        output = build(name, arch).train()(images(3, side))
        assert output.shape == (3, 7)
        assert torch.isfinite(output).all()


def test_a_healthy_network_has_a_finite_score_and_fast_and_exact_engines_agree(name):
    batch = images(8, 16)
    networks = (build(name, arch) for arch in sample(name, 12, seed=3))
    found = (network for network in networks if np.isfinite(naswot_score(network, batch, exact=False).value))
    healthy = [*islice(found, 3)]
    assert len(healthy) == 3
    for network in healthy:
        for counting in ("once", "reference"):
            exact = naswot_score(network, batch, counting=counting)
            fast = naswot_score(network, batch, counting=counting, exact=False)
            assert np.isfinite(exact.value)
            assert (fast.num_units, fast.rank) == (exact.num_units, exact.rank)
            assert np.abs(fast.kernel - exact.kernel).max() <= max(1, 1e-4 * exact.num_units)
            assert fast.value == pytest.approx(exact.value, rel=1e-5)


@pytest.mark.parametrize("text", ["", "no architecture", "{}", "|"])
def test_text_that_names_no_architecture_is_refused_with_a_message(name, text):
    with pytest.raises(ValueError, match=r"^\w+.*: "):
        get_space(name).from_str(text)


def test_an_unknown_skeleton_keyword_is_refused(name):
    with pytest.raises(TypeError, match="no_such_keyword"):
        get_space(name).build(sample(name, 1)[0], seed=0, no_such_keyword=3)


def test_no_classes_are_refused(name):
    with pytest.raises(ValueError, match="num_classes"):
        get_space(name).build(sample(name, 1)[0], seed=0, num_classes=0)
