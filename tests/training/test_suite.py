"""The list of what is bundled: which networks, in which order, and that a stored network can be trained again."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from naswotlib.benchmarks import load_benchmark
from naswotlib.benchmarks.load import BUNDLED
from naswotlib.benchmarks.trained import Recipe, Watch, epochs_of, read_trained, write_trained
from naswotlib.scoring.parallel import single_thread
from naswotlib.spaces import arch_seed, get_space, list_spaces
from naswotlib.spaces.nasbench201 import isomorphism_class
from naswotlib.training.images import load_training_images
from naswotlib.training.run import steps_per_epoch
from naswotlib.training.suite import (
    COMPLETE,
    IMAGENET,
    PARTS,
    STEPS,
    TRAJECTORIES,
    Part,
    Step,
    one_of_each_class,
    published_recipe,
    random_networks,
    recipe_of,
    train_suite,
    verify,
)
from naswotlib.training.train import train_network, train_table
from support.cifar import easy_images
from support.counting import parameters

TINY = Recipe(skeleton=(("stem_channels", 4), ("cells_per_stage", 1)), side=8, epochs=2, batch_size=16)
CELLS = [
    "|nor_conv_3x3~0|+|none~0|none~1|+|skip_connect~0|none~1|none~2|",
    "|nor_conv_1x1~0|+|none~0|none~1|+|skip_connect~0|none~1|none~2|",
]


@pytest.fixture
def easy(monkeypatch):
    for module in ("train", "suite"):
        monkeypatch.setattr(f"naswotlib.training.{module}.load_training_images", lambda *_: easy_images())


# Spaces with published accuracies that are not of the paper's figures: nothing of them is trained for the suite.
BEYOND = {*list_spaces("nds_*_imagenet")} - {IMAGENET} | {"nasbench_macro"}
BEYOND |= {*list_spaces("channel_bench_*"), *list_spaces("transnas101_*")}


def test_every_space_of_the_paper_has_a_part_and_every_part_steps_that_grow():
    assert {part.space for part in PARTS.values()} == set(list_spaces()) - BEYOND
    assert {step.part for step in STEPS} == set(PARTS)
    for name in PARTS:
        counts = [step.count for step in STEPS if step.part == name and step.seed == 0]
        assert counts == sorted(set(counts))


@pytest.mark.parametrize("name", [name for name, part in PARTS.items() if part.order is random_networks])
def test_random_networks_are_different_and_the_first_of_a_longer_list_are_the_shorter_list(name):
    texts = random_networks(name, 24, BUNDLED)
    assert len(set(texts)) == 24
    assert random_networks(name, 5, BUNDLED) == texts[:5]


def test_nasbench101_has_different_cells_of_seven_vertices():
    space = get_space("nasbench101")
    specs = [space.from_str(text) for text in random_networks("nasbench101", 60, BUNDLED)]
    assert len({spec.hash for spec in specs}) == 60
    assert {len(spec.pruned.ops) for spec in specs} == {7}


def test_one_cell_of_each_class_of_the_complete_subspace_with_the_fewest_convolutions():
    space = get_space("nasbench201_complete")
    chosen = [space.from_str(text) for text in one_of_each_class(space.name, 127, BUNDLED)]
    assert len({isomorphism_class(cell) for cell in chosen}) == 127
    fewest = {isomorphism_class(cell): cell.ops.count("nor_conv_3x3") for cell in chosen}
    assert all(fewest[isomorphism_class(cell)] <= cell.ops.count("nor_conv_3x3") for cell in space)


def test_networks_of_each_part_are_small_enough_to_train_on_a_desk():
    for part in PARTS.values():
        space = get_space(part.space)
        for text in part.order(part.space, 8, BUNDLED):
            graph = space.graph(space.from_str(text), **dict(part.recipe.skeleton))
            assert parameters(graph) < 700_000


def test_the_published_recipe_is_that_of_the_benchmark():
    """Dong & Yang (2020), Table 1: SGD, Nesterov 0.9, a cosine from 0.1, decay 0.0005, batches of 256, flips, crops."""
    recipe = published_recipe()
    assert (recipe.learning_rate, recipe.momentum, recipe.weight_decay) == (0.1, 0.9, 0.0005)
    assert (recipe.epochs, recipe.batch_size, recipe.schedule, recipe.padding) == (200, 256, "cosine", 4)
    assert steps_per_epoch(recipe, recipe.images) == 98
    space = get_space("nasbench201")
    graph = space.graph(space[0], **dict(recipe.skeleton))
    assert graph.ops[1].channels == 16  # of the stem
    assert published_recipe(100).epochs == 100
    assert "25,000 CIFAR-10 images at 32×32 with crops after padding of 4 and flips, batch 256" in recipe.describe()


def test_what_a_gpu_trained_is_not_verified_on_the_cpu(tmp_path, easy):
    path = tmp_path / "cells.parquet"
    train_table("nasbench201", CELLS[:1], data_dir=tmp_path, out=path, recipe=TINY, seed=0, workers=1)
    rows, metadata = read_trained(path)
    write_trained(path, rows, metadata | {"device": "NVIDIA H100 80GB HBM3"})
    with pytest.raises(ValueError, match="was trained on NVIDIA H100 80GB HBM3; only what the CPU trained is verified"):
        list(verify([path], 1, data_dir=tmp_path, rng=np.random.default_rng(0)))


def test_the_suite_trains_its_steps_in_order_and_continues(tmp_path, easy, monkeypatch):
    part = Part("nasbench201", TINY, random_networks)
    monkeypatch.setattr("naswotlib.training.suite.PARTS", {"one": part, "two": replace(part, watch=Watch())})
    monkeypatch.setattr("naswotlib.training.suite.STEPS", (Step("one", 2), Step("two", 1), Step("one", 1, seed=1)))
    train_suite(data_dir=tmp_path, folder=tmp_path)
    one, two = (read_trained(tmp_path / f"{name}.parquet")[0] for name in ("one", "two"))
    texts = random_networks("nasbench201", 2, tmp_path)
    assert sorted((row["seed"], row["arch"]) for row in one) == sorted([(0, texts[0]), (0, texts[1]), (1, texts[0])])
    assert [row["scores"] for row in one] == [None] * 3
    assert [len(row["scores"]) for row in two] == [TINY.epochs + 1]  # before the first epoch, and after each
    before = {path.name: path.read_bytes() for path in tmp_path.glob("*.parquet")}
    train_suite(data_dir=tmp_path, folder=tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.glob("*.parquet")} == before


def test_verifying_trains_stored_networks_again_and_finds_no_difference(tmp_path, easy, monkeypatch):
    path = tmp_path / "cells.parquet"
    train_table("nasbench201", CELLS, data_dir=tmp_path, out=path, recipe=TINY, seed=0, workers=1)
    rows = list(verify([path], 2, data_dir=tmp_path, rng=np.random.default_rng(0)))
    assert {row["arch"] for row in rows} == set(CELLS)
    assert [(row["losses"], row["validation"], row["test"]) for row in rows] == [(0.0, 0.0, 0.0)] * 2
    with pytest.raises(ValueError, match="count: there are 2 trained networks, fewer than the 3"):
        list(verify([path], 3, data_dir=tmp_path, rng=np.random.default_rng(0)))
    monkeypatch.setattr(
        "naswotlib.training.suite.load_training_images", lambda *_: replace(easy_images(), origin="others")
    )
    with pytest.raises(ValueError, match=r"data_dir: it has others; .*cells.parquet was trained on bright squares"):
        list(verify([path], 2, data_dir=tmp_path, rng=np.random.default_rng(0)))


def test_two_bundled_networks_begin_to_train_as_they_did(data_dir):
    """Skipped, aloud, without the images; 1e-3 is for processors that add in another order."""
    path = BUNDLED / "nasbench201.parquet"
    if not (Path(data_dir) / "cifar10-jpeg-train.tar").exists():
        pytest.skip(f"no images to train on in {data_dir}")
    recipe, space = recipe_of(path)
    rows = {row["arch"]: row for row in read_trained(path)[0] if row["seed"] == 0}
    for text in (
        "|none~0|+|skip_connect~0|none~1|+|avg_pool_3x3~0|nor_conv_1x1~1|none~2|",
        "|skip_connect~0|+|nor_conv_1x1~0|nor_conv_1x1~1|+|none~0|nor_conv_1x1~1|nor_conv_3x3~2|",
    ):
        seed = arch_seed(0, text)
        with single_thread():
            network = space.build(space.from_str(text), seed=seed, **dict(recipe.skeleton))
            rng = np.random.default_rng(seed)
            losses = train_network(network, load_training_images(data_dir), recipe, rng=rng, max_steps=20)["losses"]
        assert losses == pytest.approx(rows[text]["losses"], abs=1e-3)


@pytest.mark.parametrize("path", sorted(BUNDLED.glob("*.parquet")), ids=lambda path: path.stem)
def test_a_bundled_table_is_what_the_suite_says_and_every_number_is_possible(path):
    part = PARTS[path.stem]
    recipe, space = recipe_of(path)
    assert (space.name, recipe) == (part.space, replace(part.recipe, skeleton=recipe.skeleton))
    assert dict(recipe.skeleton) == dict(part.recipe.skeleton)
    rows, _ = read_trained(path)
    assert len({(row["arch"], row["seed"]) for row in rows}) == len(rows)
    for seed in {row["seed"] for row in rows}:
        most = max(step.count for step in STEPS if step.part == path.stem and step.seed == seed)
        assert {row["arch"] for row in rows if row["seed"] == seed} <= set(part.order(part.space, most, BUNDLED))
    for row in rows:
        assert len(row["validation"]) == len(row["test"]) == (recipe.epochs if recipe.evaluated == "epochs" else 1)
        assert epochs_of(row) == recipe.epochs
        assert all(0 <= value <= 100 for value in row["validation"] + row["test"])
        assert len(row["losses"]) == 20
        assert 1.5 < row["losses"][0] < 6  # an untrained network of ten classes: about log(10), or a little worse
        assert np.isfinite(row["losses"]).all()
        assert len(row["scores"] or []) == (recipe.epochs + 1 + part.watch.within_first if part.watch else 0)
        assert 5 < row["seconds"] < 3600
    graph = space.graph(space.from_str(rows[0]["arch"]), **dict(recipe.skeleton))
    assert parameters(graph) > 0


@pytest.mark.parametrize("name", [name for name in PARTS if name != TRAJECTORIES])
def test_a_bundled_benchmark_knows_the_form_of_its_networks(name):
    benchmark = load_benchmark(f"bundled-{name}")
    assert benchmark.name == f"bundled-{name}"
    assert benchmark.skeleton == dict(PARTS[name].recipe.skeleton)
    assert benchmark.info.sides == {"cifar10": 16}
    assert ("cifar10", "validation", 3) in benchmark.available
    arch = get_space(benchmark.space).from_str(benchmark.archs[0])
    assert 5 < benchmark.accuracy(arch, dataset="cifar10", split="test", epochs=3) < 100


def test_every_cell_of_the_complete_subspace_has_the_accuracy_of_its_class(tmp_path, easy, monkeypatch):
    texts = one_of_each_class("nasbench201_complete", 127, tmp_path)[5:8]
    monkeypatch.setattr("naswotlib.benchmarks.load.BUNDLED", tmp_path)
    out = tmp_path / f"{COMPLETE}.parquet"
    train_table("nasbench201_complete", texts, data_dir=tmp_path, out=out, recipe=TINY, seed=0, workers=1)
    benchmark = load_benchmark(f"bundled-{COMPLETE}")
    space = get_space(benchmark.space)
    trained = {isomorphism_class(space.from_str(row["arch"])): row["test"][-1] for row in read_trained(out)[0]}
    known = {space.to_str(cell): isomorphism_class(cell) for cell in space if isomorphism_class(cell) in trained}
    assert set(benchmark.archs) == set(known)
    assert len(known) > 3
    for text, name in known.items():
        assert benchmark.accuracy(text, dataset="cifar10", split="test", epochs=2) == trained[name]
