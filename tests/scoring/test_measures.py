"""Measures of one network against their formulas, worked in NumPy on a network of two layers; and many at once."""

from __future__ import annotations

import json
import math
from itertools import pairwise, product

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from naswotlib import arch_seed, get_space, naswot_score
from naswotlib.errors import NaswotWarning
from naswotlib.scoring.many import measure_archs
from naswotlib.scoring.measures import measure_network
from naswotlib.scoring.proxies import (
    NASWOT,
    NEED_LABELS,
    PROXIES,
    epe_nas,
    fisher,
    grasp,
    jacob_cov,
    l2_norm,
    near,
    plain,
    snip,
    swap,
    zen,
    zico,
)
from naswotlib.scoring.proxies.near import effective_ranks
from naswotlib.scoring.proxies.passes import seeded_by
from naswotlib.scoring.proxies.rows import take_rows
from naswotlib.scoring.proxies.swap import turned
from naswotlib.scoring.store import read_scores
from support.small_graphs import images

SPACE = get_space("nasbench201")
SMALL = {"stem_channels": 4, "cells_per_stage": 1}
NO_PATH = SPACE.from_str("|none~0|+|none~0|none~1|+|none~0|none~1|none~2|")
LABELS = torch.tensor([0, 1, 2, 3, 0, 1])
ALL = (NASWOT, *PROXIES)


class TwoLayers:
    """x → relu(x A) B in double precision: a module, and the same in NumPy with its gradients by hand."""

    def __init__(self, seed: int, *, inputs: int = 5, hidden: int = 7, classes: int = 4, count: int = 6) -> None:
        rng = np.random.default_rng(seed)
        self.a, self.b = rng.normal(size=(inputs, hidden)), rng.normal(size=(hidden, classes))
        self.x, self.y = rng.normal(size=(count, inputs)), rng.integers(0, classes, count)
        layers = nn.Linear(inputs, hidden, bias=False), nn.ReLU(), nn.Linear(hidden, classes, bias=False)
        self.module = nn.Sequential(*layers).double()
        layers[0].weight.data = torch.from_numpy(self.a.T.copy())
        layers[2].weight.data = torch.from_numpy(self.b.T.copy())
        self.batch, self.labels = torch.from_numpy(self.x), torch.from_numpy(self.y)

    def gradients(
        self, a: np.ndarray, b: np.ndarray, rows: slice = slice(None)
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Of the mean cross-entropy: in A, in B, in what goes into the ReLU, and in the class scores."""
        x, y = self.x[rows], self.y[rows]
        before = x @ a
        scores = np.maximum(before, 0) @ b
        odds = np.exp(scores - scores.max(axis=1, keepdims=True))
        of_scores = (odds / odds.sum(axis=1, keepdims=True) - np.eye(scores.shape[1])[y]) / len(x)
        of_before = (of_scores @ b.T) * (before > 0)
        return x.T @ of_before, np.maximum(before, 0).T @ of_scores, of_before, of_scores

    def jacobian(self) -> np.ndarray:
        return ((self.x @ self.a > 0) * self.b.sum(axis=1)) @ self.a.T


@pytest.fixture(params=range(3))
def two(request) -> TwoLayers:
    return TwoLayers(request.param)


def value(name: str, network: nn.Module, inputs: Tensor, labels: Tensor = LABELS) -> float:
    return PROXIES[name](network, inputs, **({"labels": labels} if name in NEED_LABELS else {}))


def small_network(arch: object = SPACE[9930], seed: int = 0) -> nn.Module:
    return SPACE.build(arch, seed=seed, **SMALL)


def test_snip_plain_and_l2_norm_are_sums_over_weights(two):
    of_a, of_b, *_ = two.gradients(two.a, two.b)
    sizes = np.abs(two.a * of_a).sum() + np.abs(two.b * of_b).sum()
    assert snip(two.module, two.batch, labels=two.labels) == pytest.approx(sizes, rel=1e-10)
    signed = (two.a * of_a).sum() + (two.b * of_b).sum()
    assert plain(two.module, two.batch, labels=two.labels) == pytest.approx(signed, rel=1e-9)
    assert l2_norm(two.module, two.batch) == pytest.approx(np.sqrt((two.a**2).sum()) + np.sqrt((two.b**2).sum()))


def test_fisher_squares_the_sum_of_output_times_gradient(two):
    *_, of_before, of_scores = two.gradients(two.a, two.b)
    before = two.x @ two.a
    scores = np.maximum(before, 0) @ two.b
    parts = [((output * g) ** 2).mean(axis=0).sum() / 2 for output, g in ((before, of_before), (scores, of_scores))]
    assert fisher(two.module, two.batch, labels=two.labels) == pytest.approx(sum(parts), rel=1e-10)


def test_fisher_adds_up_the_pixels_of_a_channel_before_it_squares():
    network = nn.Sequential(nn.Conv2d(1, 1, 1, bias=False), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(1, 2))
    network[0].weight.data.fill_(1.0)
    network[3].weight.data, network[3].bias.data = torch.tensor([[1.0], [0.0]]), torch.zeros(2)
    pixels = torch.tensor([[[[1.0, 3.0]]], [[[2.0, -2.0]]]])  # their means, 2 and 0, are the first class score
    wrong = [1 / (1 + math.exp(2)), 0.5]  # what the softmax leaves for the second class, of each image
    of_score = [-wrong[0] / 2, -wrong[1] / 2]  # both images are of the first class, and the loss is a mean over two
    conv = [(1 + 3) * of_score[0] / 2, (2 - 2) * of_score[1] / 2]
    first, second = [2 * of_score[0], 0 * of_score[1]], [0 * of_score[0], 0 * of_score[1]]
    expected = sum(np.mean(np.square(terms)) / 2 for terms in (conv, first, second))
    assert fisher(network, pixels, labels=torch.zeros(2, dtype=torch.int64)) == pytest.approx(expected, rel=1e-6)


def test_grasp_is_the_weights_times_the_hessian_times_the_gradient(two):
    of_a, of_b, *_ = two.gradients(two.a, two.b)
    step = 1e-6
    ahead, behind = (two.gradients(two.a + s * of_a, two.b + s * of_b)[:2] for s in (step, -step))
    curved = [(more - less) / (2 * step) for more, less in zip(ahead, behind, strict=True)]
    expected = -(two.a * curved[0]).sum() - (two.b * curved[1]).sum()
    assert grasp(two.module, two.batch, labels=two.labels) == pytest.approx(expected, rel=1e-5)


def test_jacob_cov_is_made_of_the_eigenvalues_of_the_correlations_of_gradients(two):
    eigenvalues = np.linalg.eigvalsh(np.corrcoef(two.jacobian())) + 1e-5
    assert jacob_cov(two.module, two.batch) == pytest.approx(-(np.log(eigenvalues) + 1 / eigenvalues).sum(), rel=1e-6)


def test_jacob_cov_of_uncorrelated_gradients_is_at_its_highest_and_of_equal_ones_at_its_lowest():
    layer = nn.Linear(4, 1, bias=False)
    apart = torch.tensor([[1.0, -1.0, 0, 0], [0, 0, 1.0, -1.0]])

    class Own(nn.Module):
        """The gradient of an image is its row of ``apart``, or for both the first."""

        def __init__(self, rows: Tensor) -> None:
            super().__init__()
            self.rows, self.layer = rows, layer

        def forward(self, x: Tensor) -> Tensor:
            return (x * self.rows).sum(dim=1, keepdim=True)

    k = 1e-5
    assert jacob_cov(Own(apart), torch.zeros(2, 4)) == pytest.approx(-2 * (math.log1p(k) + 1 / (1 + k)))
    lowest = -(math.log(k) + 1 / k) - (math.log(2 + k) + 1 / (2 + k))
    assert jacob_cov(Own(apart[[0, 0]]), torch.zeros(2, 4)) == pytest.approx(lowest)


def test_epe_nas_looks_at_correlations_within_classes(two):
    expected = 0.0
    for label in set(two.y):
        correlations = np.atleast_2d(np.corrcoef(two.jacobian()[two.y == label]))
        expected += abs(np.log(np.abs(correlations) + 1e-5).sum())
    assert epe_nas(two.module, two.batch, labels=two.labels) == pytest.approx(expected, rel=1e-6)


def test_epe_nas_of_more_than_a_hundred_classes_compares_classes():
    two = TwoLayers(0, classes=101, count=9)
    two.labels = torch.tensor([5, 5, 5, 77, 77, 100, 100, 100, 100])
    classes = []
    for label in (5, 77, 100):
        logs = np.log(np.abs(np.corrcoef(two.jacobian()[two.labels.numpy() == label])) + 1e-5)
        classes.append(logs.sum() / len(logs))
    expected = sum(abs(one - other) for one, other in product(classes, classes)) / 3
    assert epe_nas(two.module, two.batch, labels=two.labels) == pytest.approx(expected, rel=1e-6)


def test_zico_compares_the_gradients_of_two_halves(two):
    halves = [two.gradients(two.a, two.b, rows)[:2] for rows in (slice(0, 3), slice(3, 6))]
    expected = 0.0
    for first, second in zip(*halves, strict=True):
        sizes = np.abs([first, second])
        mean, deviation = sizes.mean(axis=0), sizes.std(axis=0)
        expected += np.log((mean[deviation > 0] / deviation[deviation > 0]).sum())
    assert zico(two.module, two.batch, labels=two.labels) == pytest.approx(expected, rel=1e-8)


def test_swap_counts_different_columns_of_the_codes(two):
    columns = {tuple(column) for column in (two.x @ two.a > 0).T}
    assert swap(two.module, two.batch) == len(columns)


@pytest.mark.parametrize("count", [2, 64, 130])
def test_swap_counts_different_columns_of_as_many_images_as_there_are(count):
    two = TwoLayers(
        0, inputs=1, hidden=300, count=count
    )  # units of one input are active to one side of 0: two patterns
    assert swap(two.module, two.batch) == 2
    two = TwoLayers(1, inputs=2, hidden=500, count=count)
    assert swap(two.module, two.batch) == len({tuple(column) for column in (two.x @ two.a > 0).T})


def test_near_adds_up_the_effective_ranks_before_and_after_the_relu(two):
    expected = 0.0
    for matrix in (two.x @ two.a, np.maximum(two.x @ two.a, 0)):  # 6 images of 7 units, so that all rows are taken
        values = np.linalg.svd(matrix, compute_uv=False)
        shares = values[values > 1e-12] / values.sum()
        expected += np.exp(-(shares * np.log(shares)).sum())
    assert near(two.module, two.batch) == pytest.approx(expected, rel=1e-6)


def test_the_effective_rank_is_between_0_and_the_rank():
    assert effective_ranks(torch.zeros(3, 4)) == 0
    assert effective_ranks(torch.ones(3, 4)) == pytest.approx(1, abs=1e-5)
    assert effective_ranks(3 * torch.eye(5, dtype=torch.float64)) == pytest.approx(5)
    assert effective_ranks(torch.diag(torch.tensor([3.0, 1.0]))) == pytest.approx(4 / 3**0.75)


@pytest.mark.parametrize("shape", [(5, 3, 4, 2), (5, 9, 2, 2), (2, 40, 4, 4), (9, 4), (3, 4), (4, 5, 6)])
def test_near_takes_as_many_rows_as_columns_from_the_top_of_a_column_of_an_image(shape):
    values = torch.arange(math.prod(shape), dtype=torch.float64).reshape(shape)
    if len(shape) == 4:
        matrix, step = values.permute(0, 3, 2, 1).reshape(-1, shape[1]), shape[2]
    else:
        matrix, step = values.reshape(-1, shape[-1]), shape[1] if len(shape) == 3 else 1
    seen = set()
    for seed in range(60):
        rows = take_rows(values, torch.Generator().manual_seed(seed))
        start = int((matrix == rows[0]).all(dim=1).nonzero())
        assert torch.equal(rows, matrix[start : start + matrix.shape[1]])
        assert len(rows) == min(matrix.shape)
        seen.add(start)
    assert seen == set(range(0, max(len(matrix) - matrix.shape[1], 0) + 1, step)) or len(seen) > 8


def test_zen_is_the_distance_between_feature_maps_and_the_deviations_before_normalisation():
    network = nn.Sequential(nn.Conv2d(3, 2, 1), nn.BatchNorm2d(2), nn.Flatten(), nn.Linear(2 * 16, 5))
    inputs = images(6, 4)
    generator = seeded_by(network)
    kernel = torch.randn(2, 3, 1, 1, generator=generator).numpy()[:, :, 0, 0]
    torch.randn(5, 2 * 16, generator=generator)  # the classifier is drawn too, and lies behind the feature map
    x, noise = (torch.randn(6, 3, 4, 4, generator=generator).numpy().astype(float) for _ in range(2))

    def before(pixels: np.ndarray) -> np.ndarray:
        return np.einsum("ck,nkhw->nchw", kernel, pixels)

    def features(pixels: np.ndarray) -> np.ndarray:
        mean, variance = (f(before(pixels), axis=(0, 2, 3), keepdims=True) for f in (np.mean, np.var))
        return (before(pixels) - mean) / np.sqrt(variance + 1e-5)

    distance = np.sqrt(((features(x) - features(x + 0.01 * noise)) ** 2).sum(axis=(1, 2, 3))).mean()
    deviation = np.sqrt(before(x).var(axis=(0, 2, 3)).mean())
    assert zen(network, inputs) == pytest.approx(np.log(distance) + np.log(deviation), rel=1e-4)
    assert zen(network, inputs + 1) == zen(network, inputs)  # which are not looked at


@pytest.mark.parametrize("name", ["jacob_cov", "epe_nas", "swap", "near"])
def test_measures_of_direction_and_sign_do_not_change_when_a_layer_is_scaled(name):
    two = TwoLayers(4)
    before = value(name, two.module, two.batch, two.labels)
    two.module[0].weight.data *= 1000
    two.module[2].weight.data *= 0.01
    assert value(name, two.module, two.batch, two.labels) == pytest.approx(before, rel=1e-9)


def test_plain_is_the_classifier_where_batch_normalisation_follows_all_else():
    torch.manual_seed(0)
    layers = nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 36, 4, bias=False)
    network, inputs = nn.Sequential(*layers).double(), images(6, 8).double()
    nn.functional.cross_entropy(network.train()(inputs), LABELS).backward()
    convolution, classifier = ((layer.weight.detach() * layer.weight.grad) for layer in (layers[0], layers[4]))
    assert plain(network, inputs, labels=LABELS) == pytest.approx(float(classifier.sum()), rel=1e-3)
    assert float(classifier.sum()) != pytest.approx(0, abs=0.01)
    assert float(convolution.abs().sum()) > 0.01  # which is what snip adds up


def test_a_network_whose_images_never_reach_its_output_has_the_lowest_values_there_are():
    network, inputs = small_network(NO_PATH), images(6, 16)
    values, errors = measure_network(network, inputs, ALL, labels=LABELS)
    assert errors == {}
    infinite = {name for name, found in values.items() if found == -math.inf}
    assert {"jacob_cov", "jacob_cov_eval", "epe_nas", "synflow"} <= infinite <= {*PROXIES, NASWOT} - {"snip", "near"}
    assert not any(math.isnan(found) for found in values.values())


@pytest.mark.parametrize("name", ["near", "zen"])
def test_what_is_drawn_depends_on_the_initialisation_alone(name):
    inputs = images(6, 16)
    first, again, other = (value(name, small_network(seed=seed), inputs) for seed in (0, 0, 1))
    assert first == again != other


def test_many_measures_at_once_are_each_what_they_are_alone():
    network, inputs = small_network(), images(6, 16)
    values, errors = measure_network(network, inputs, ALL, labels=LABELS)
    assert errors == {}
    assert list(values) == list(ALL)
    for name in PROXIES:
        assert values[name] == pytest.approx(value(name, network, inputs), rel=1e-5), name
    assert values[NASWOT] == naswot_score(network, inputs).value


def test_measures_of_gradients_share_one_forward_pass():
    network, inputs, passes = small_network(), images(6, 16), []
    network.register_forward_hook(lambda *_: passes.append(1))
    of_gradients = ["grad_norm", "grad_norm_euclidean", "snip", "grasp", "fisher", "plain", "jacob_cov", "epe_nas"]
    measure_network(network, inputs, of_gradients, labels=LABELS)
    assert len(passes) == 1
    measure_network(network, inputs, ["swap", "near", NASWOT, "num_units"])  # of codes
    assert len(passes) == 2


def test_a_matrix_of_bits_is_transposed_word_by_word():
    rng = np.random.default_rng(0)
    block = rng.integers(0, 2**64, size=(64, 3), dtype=np.uint64)

    def bits(words: np.ndarray) -> np.ndarray:
        return (words[:, None, :] >> np.arange(64, dtype=np.uint64)[None, :, None]) & np.uint64(1)

    assert np.array_equal(bits(turned(block)), bits(block).transpose(1, 0, 2))
    assert np.array_equal(turned(turned(block)), block)


def test_grasp_alone_inside_a_block_of_first_order_gradients_is_not_zero():
    from naswotlib.scoring.proxies.passes import passes_of

    network, inputs = small_network(), images(6, 16)
    alone = grasp(network, inputs, labels=LABELS)
    with passes_of(network, inputs, LABELS):
        assert grasp(network, inputs, labels=LABELS) == alone != 0


def test_a_measure_that_fails_leaves_the_others_and_says_why():
    network, inputs = small_network(), images(2, 16)
    values, errors = measure_network(network, inputs, ["snip", "zico", "swap"], labels=LABELS[:2])
    assert list(errors) == ["zico"]
    assert "2 parts of at least 2 images, got 2" in errors["zico"]
    assert math.isnan(values["zico"])
    assert np.isfinite([values["snip"], values["swap"]]).all()
    with pytest.raises(ValueError, match="measures: 'snap' is unknown"):
        measure_network(network, inputs, ["snap"])


def test_a_table_of_measures_is_that_of_each_network_and_goes_on_where_it_stopped(tmp_path):
    names, inputs = ("swap", "snip", NASWOT), images(6, 16)
    how = {"seed": 3, "measures": names, "labels": LABELS, "skeleton": SMALL, "progress": False, "out": tmp_path / "t"}
    measure_archs(SPACE, SPACE[:2], inputs, **how)
    table = measure_archs(SPACE, SPACE[:4], inputs, **how)
    assert list(table) == ["arch", *names, "seconds", "error"]
    kept = read_scores(tmp_path / "t")
    assert sorted(kept.arch) == sorted(table.arch)
    assert list(kept) == list(table)
    settings = json.loads((tmp_path / "t" / "_manifest.json").read_text())["settings"]
    assert settings["proxy"] == list(names)
    assert {"inputs", "labels", "seed", "skeleton", "device", "versions"} <= set(settings)
    for arch, row in zip(SPACE[:4], table.to_dict("records"), strict=True):
        network = SPACE.build(arch, seed=arch_seed(3, SPACE.to_str(arch)), **SMALL)
        values, _ = measure_network(network, inputs, names, labels=LABELS)
        assert [row[name] for name in names] == pytest.approx([values[name] for name in names], rel=1e-6)
    with pytest.raises(ValueError, match=r"proxy is .* there"):
        measure_archs(SPACE, SPACE[:1], inputs, **how | {"measures": ("swap",)})


def test_a_table_of_measures_says_which_failed_and_needs_what_they_need(tmp_path):
    inputs = images(2, 16)
    how = {"seed": 0, "measures": ("zico", "swap"), "skeleton": SMALL, "progress": False}
    with pytest.warns(NaswotWarning, match="1 of 1 architectures failed"):
        table = measure_archs(SPACE, SPACE[:1], inputs, labels=LABELS[:2], **how)
    assert table.error[0].startswith("zico: ValueError: inputs:")
    assert table.zico.isna().all()
    assert table.swap[0] > 0
    with pytest.warns(NaswotWarning):
        table = measure_archs(SPACE, ["|none~0|"], inputs, labels=LABELS[:2], **how)
    assert table[["zico", "swap"]].isna().all(axis=None)
    with pytest.raises(ValueError, match="labels: zico needs a class for each image"):
        measure_archs(SPACE, SPACE[:1], inputs, **how)
    with pytest.raises(ValueError, match="measures: 'snap' is unknown"):
        measure_archs(SPACE, SPACE[:1], inputs, **how | {"measures": ("snap",)})


def test_measures_grow_with_the_width_of_a_network():
    networks = [SPACE.build(SPACE[1462], seed=0, stem_channels=width, cells_per_stage=1) for width in (4, 8, 16)]
    labels = LABELS.repeat(4)  # 6 images have 64 patterns, which is no limit for 24
    for name in ("swap", "near", "zen", "l2_norm", "snip"):
        found = [value(name, network, images(24, 16), labels) for network in networks]
        assert all(less < more for less, more in pairwise(found)), (name, found)


@pytest.mark.gpu
@pytest.mark.parametrize("name", ALL)
def test_a_gpu_gives_what_the_cpu_gives_and_the_same_twice(name):
    inputs, how = images(12, 16), {"measures": [name], "labels": LABELS.repeat(2)}
    expected, errors = measure_network(small_network(), inputs, **how)
    assert errors == {}
    how["labels"] = how["labels"].cuda()
    network, on_device = small_network().cuda(), inputs.cuda()
    found, again = (measure_network(network, on_device, **how) for _ in range(2))
    assert found == again
    assert found[0][name] == pytest.approx(expected[name], rel=0.05 if name in ("zico", "plain") else 1e-3)
