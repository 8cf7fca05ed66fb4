"""The parts of a training: learning rates, crops and flips, when scores are taken, and when it stops."""

import math
import time
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torchvision.transforms.v2 import functional as oracle

from naswotlib import load_images, naswot_score
from naswotlib.benchmarks.trained import Recipe, Watch
from naswotlib.errors import NaswotWarning
from naswotlib.spaces import arch_seed, get_space
from naswotlib.training.run import (
    Limit,
    Run,
    Splits,
    accuracy,
    augment,
    draw_epoch,
    learning_rates,
    run_together,
    steps_per_epoch,
    watched_steps,
)
from naswotlib.training.train import train_arch, train_archs_together
from support.cifar import easy_images

SPACE = get_space("nasbench201")
CELL = "|nor_conv_3x3~0|+|none~0|none~1|+|skip_connect~0|none~1|none~2|"
OTHER = "|nor_conv_1x1~0|+|none~0|none~1|+|skip_connect~0|none~1|avg_pool_3x3~2|"
SMALL = (("stem_channels", 4), ("cells_per_stage", 1))
PUBLISHED = Recipe(
    skeleton=SMALL, side=8, epochs=4, batch_size=48, schedule="cosine", images=120, padding=2, partial=True
)


def test_the_cosine_comes_down_by_the_epoch_from_the_rate_to_almost_0():
    rates = learning_rates(replace(PUBLISHED, epochs=100), 3)
    expected = [0.05 * (1 + math.cos(math.pi * epoch / 100)) for epoch in range(100) for _ in range(3)]
    assert rates == pytest.approx(expected, rel=1e-9)
    assert rates[0] == 0.1
    assert 0 < rates[-1] < 1e-4


def test_one_cycle_goes_up_and_down_by_the_step():
    rates = learning_rates(Recipe(epochs=3), 100)
    assert len(rates) == 300
    assert max(rates) == pytest.approx(0.1)
    peak = rates.index(max(rates))
    assert rates[: peak + 1] == sorted(rates[: peak + 1])
    assert rates[peak:] == sorted(rates[peak:], reverse=True)


def test_images_left_over_are_dropped_or_are_a_smaller_batch():
    assert steps_per_epoch(Recipe(batch_size=64), 130) == 2
    assert steps_per_epoch(Recipe(batch_size=64, partial=True), 130) == 3
    assert steps_per_epoch(Recipe(batch_size=65, partial=True), 130) == 2


@given(st.integers(0, 3), st.integers(0, 2**32))
def test_a_batch_is_what_torchvision_makes_of_the_same_images(padding, seed):
    rng = np.random.default_rng(seed)
    images = torch.from_numpy(rng.random((6, 3, 8, 8), np.float32))
    picks = draw_epoch(Recipe(padding=padding), 6, rng)
    padded = oracle.pad(images, [padding] * 4)
    batch = augment(padded, picks, padding)
    for image, (number, flipped, top, left) in zip(batch, picks.tolist(), strict=True):
        expected = oracle.crop(padded[number], top, left, 8, 8)
        assert torch.equal(image, oracle.horizontal_flip(expected) if flipped else expected)


def test_an_epoch_sees_every_image_once_half_of_them_flipped_and_all_crops():
    picks = draw_epoch(Recipe(padding=4), 20_000, np.random.default_rng(0))
    assert sorted(picks[:, 0].tolist()) == list(range(20_000))
    assert picks[:, 1].float().mean() == pytest.approx(0.5, abs=0.02)
    corners, counts = np.unique(picks[:, 2:].numpy(), axis=0, return_counts=True)
    assert corners.tolist() == [[top, left] for top in range(9) for left in range(9)]
    assert counts.min() > 0.7 * 20_000 / 81


def test_padding_is_black_and_normalised_like_the_images():
    images = easy_images()
    (inputs, _), plain = Splits.of(images, PUBLISHED).train, images.first(120).tensors("train")[0]
    assert torch.equal(inputs[:, :, 2:-2, 2:-2], plain)
    pixels = images.first(120).train[0].astype(np.float32)
    black = -pixels.mean(axis=(0, 2, 3)) / pixels.std(axis=(0, 2, 3))
    assert torch.allclose(inputs[:, :, :2], torch.from_numpy(black).reshape(3, 1, 1), rtol=1e-5)


def test_the_first_images_of_each_class_are_kept_and_others_are_refused():
    images = easy_images(160)
    few = images.first(30)
    assert np.bincount(few.train[1]).tolist() == [3] * 10
    for number in range(10):
        of_class = images.train[0][images.train[1] == number]
        assert np.array_equal(few.train[0][few.train[1] == number], of_class[:3])
    assert images.first(None) is images
    for count in (25, 170, 0):
        with pytest.raises(ValueError, match=rf"images: the recipe has {count}; expected 10, 20, ... 160"):
            images.first(count)


def test_scores_are_taken_before_within_the_first_epoch_and_after_each():
    watch = Watch(within_first=10)
    assert watched_steps(watch, 98) == [9, 18, 27, 36, 45, 53, 62, 71, 80, 89]
    assert watched_steps(watch, 4) == [1, 2, 3]
    assert watched_steps(Watch(), 98) == []
    row = train_arch(SPACE, CELL, easy_images(), replace(PUBLISHED, batch_size=16), seed=0, watch=watch)
    assert row["steps"] == [0, 1, 2, 3, 4, 5, 6, 7, 8, 16, 24, 32]
    assert len(row["scores"]) == len(row["steps"])
    assert len(row["epoch_losses"]) == 4
    network = SPACE.build(SPACE.from_str(CELL), seed=arch_seed(0, CELL), **dict(SMALL))
    photos = load_images("photos", 128, seed=0, side=8)
    assert row["scores"][0] == pytest.approx(naswot_score(network, photos).value, rel=1e-6)


def test_scores_with_running_statistics_are_those_of_the_network_in_evaluation_mode():
    watch = Watch(batch_size=16, within_first=1, running=True)
    row = train_arch(SPACE, CELL, easy_images(), PUBLISHED, seed=0, watch=watch)
    assert len(row["running_scores"]) == len(row["scores"]) == len(row["steps"])
    network = SPACE.build(SPACE.from_str(CELL), seed=arch_seed(0, CELL), **dict(SMALL))
    photos = load_images("photos", 16, seed=0, side=8)
    with pytest.warns(NaswotWarning, match="running statistics"):
        untrained = naswot_score(network, photos, batch_norm="eval").value
    assert row["running_scores"][0] == pytest.approx(untrained, rel=1e-6)
    assert row["running_scores"] != row["scores"]
    plain = train_arch(SPACE, CELL, easy_images(), PUBLISHED, seed=0, watch=replace(watch, running=False))
    assert plain["running_scores"] is None
    assert plain["scores"] == row["scores"]


def test_watching_changes_nothing_of_the_training():
    seen, unseen = (
        train_arch(SPACE, CELL, easy_images(), PUBLISHED, seed=0, watch=watch)
        for watch in (Watch(within_first=2, running=True), None)
    )
    for key in ("losses", "epoch_losses", "validation", "test"):
        assert seen[key] == unseen[key]


def test_the_loss_of_an_epoch_is_the_mean_over_its_images():
    recipe = replace(PUBLISHED, epochs=1)  # 120 images in batches of 48: 48, 48, 24
    row = train_arch(SPACE, CELL, easy_images(), recipe, seed=0)
    assert row["epoch_losses"] == pytest.approx([np.average(row["losses"], weights=[48, 48, 24])], rel=1e-5)


def test_networks_side_by_side_are_trained_as_each_alone():
    images, watch = easy_images(), Watch(within_first=1)
    groups = [*train_archs_together(SPACE, [CELL, OTHER], images, PUBLISHED, 0, watch, device="cpu")]
    assert [[len(row["epoch_losses"]) for row in rows] for rows in groups] == [[n, n] for n in (1, 2, 3, 4)]
    for row in groups[-1]:
        alone = train_arch(SPACE, row["arch"], images, PUBLISHED, seed=0, watch=watch)
        for key in ("losses", "epoch_losses", "validation", "test", "scores", "steps"):
            assert row[key] == alone[key]


def test_a_stopped_training_is_the_beginning_of_the_whole_one_and_evaluated_where_it_stopped():
    whole = train_arch(SPACE, CELL, easy_images(), PUBLISHED, seed=0)
    at_end = replace(PUBLISHED, evaluated="end")
    for limit in (Limit(epochs=2), Limit(epochs=3), Limit(time=time.time())):
        part = train_arch(SPACE, CELL, easy_images(), at_end, seed=0, limit=limit)
        epochs = limit.epochs or 1
        assert part["epoch_losses"] == whole["epoch_losses"][:epochs]
        assert part["validation"] == [whole["validation"][epochs - 1]]
        assert part["test"] == [whole["test"][epochs - 1]]


def test_nothing_is_evaluated_where_steps_are_counted():
    rng = np.random.default_rng(0)
    network = SPACE.build(SPACE.from_str(CELL), seed=0, **dict(SMALL))
    run = Run(network, Splits.of(easy_images(), PUBLISHED), PUBLISHED, rng=rng)
    assert list(run_together([run], max_steps=4)) == [1]
    assert (run.done, len(run.result["losses"]), len(run.result["validation"])) == (4, 4, 1)


def test_accuracy_counts_correct_labels_in_evaluation_mode():
    class First(nn.Module):
        def forward(self, x):
            assert not self.training
            return x.flatten(1)

    inputs = torch.eye(4).reshape(4, 4, 1, 1)
    assert accuracy(First(), inputs, torch.tensor([0, 1, 2, 0]), batch_size=3) == 75.0
