"""NAS-Bench-Macro against its published file, and against plain torch layers."""

import json

import pytest
import torch
from torch import nn

from naswotlib.graph.sizes import network_size
from naswotlib.spaces import get_space
from naswotlib.spaces.digits import Digits
from support.counting import units

space = get_space("nasbench_macro")


@pytest.fixture(scope="module")
def published(published_dir):
    return json.loads((published_dir / "nasbench_macro" / "nas-bench-macro_cifar10.json").read_text())


def test_parameters_and_multiply_adds_of_every_published_network_are_those_of_its_file(published):
    assert set(published) == set(map(space.to_str, space))
    for text, row in published.items():
        size = network_size(space.graph(space.from_str(text)), 32)
        assert (size.parameters, size.flops) == (row["params"], row["flops"]), text


def test_architectures_that_are_one_network_have_one_accuracy_and_one_graph(published):
    for arch in space:
        same = space.canonical(arch)
        assert published[str(arch)]["test_acc"] == published[str(same)]["test_acc"]
        assert [op.kind for op in space.graph(arch).ops] == [op.kind for op in space.graph(same).ops]
    assert len({tuple(row["test_acc"]) for row in published.values()}) == 3969


@pytest.mark.parametrize(
    ("text", "canonical"),
    [("00000000", "00000000"), ("01201001", "01210010"), ("10012202", "10012220"), ("22000200", "22000200")],
)
def test_identities_within_a_stage_move_to_its_end(text, canonical):
    assert str(space.canonical(space.from_str(text))) == canonical


def block(channels_in, expansion, channels, kernel, stride):
    hidden = expansion * channels_in
    return nn.Sequential(
        *(nn.Conv2d(channels_in, hidden, 1, bias=False), nn.BatchNorm2d(hidden), nn.ReLU()),
        nn.Conv2d(hidden, hidden, kernel, stride, kernel // 2, groups=hidden, bias=False),
        *(nn.BatchNorm2d(hidden), nn.ReLU(), nn.Conv2d(hidden, channels, 1, bias=False), nn.BatchNorm2d(channels)),
    )


class Plain(nn.Module):
    """Of the architecture 1, 0, 0, 2, 0, 2, 1, 0, on a stem of 4 channels."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1, bias=False), nn.BatchNorm2d(4), nn.ReLU())
        self.first = block(4, 3, 8, 3, 2)
        self.second = nn.Sequential(nn.Conv2d(8, 16, 1, 2, bias=False), nn.BatchNorm2d(16))
        self.third = block(16, 6, 16, 5, 1)
        self.fourth = block(16, 6, 32, 5, 2)
        self.fifth = block(32, 3, 32, 3, 1)
        self.head = nn.Sequential(nn.Conv2d(32, 160, 1, bias=False), nn.BatchNorm2d(160), nn.ReLU())
        self.classifier = nn.Linear(160, 5)

    def forward(self, x):
        x = self.second(self.first(self.stem(x)))
        x = x + self.third(x)
        x = self.fourth(x)
        x = x + self.fifth(x)
        return self.classifier(self.head(x).mean(dim=(2, 3)))


def test_a_built_network_computes_what_plain_layers_with_its_weights_do():
    network = space.build(space.from_str("10020210"), seed=0, num_classes=5, stem_channels=4).train()
    plain = Plain().train()
    with torch.no_grad():
        for ours, theirs in zip(network.parameters(), plain.parameters(), strict=True):
            theirs.copy_(ours)
    images = torch.randn(4, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(network(images), plain(images))


def test_every_rectifier_counts_once_in_both_countings():
    """Two in a block, of the side before and after its stride; stem and head besides."""
    stem, head = 32 * 32**2, 1280 * 4**2
    assert units(space.build(space.from_str("00000000"), seed=0), 32) == (stem + head,) * 2
    first = 96 * (32**2 + 16**2)
    assert units(space.build(space.from_str("10000000"), seed=0), 32) == (stem + first + head,) * 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("0120120", "nasbench_macro has 8 layers, got 7 digits: 0120120"),
        ("01201203", "layer 7 in nasbench_macro: 3 is unknown; choose one of 0, 1, 2"),
        ("0120120x", "is not 8 digits, as in 00000000"),
        (12012012, "is not 8 digits"),
    ],
)
def test_a_malformed_architecture_is_named_with_its_place(text, said):
    with pytest.raises(ValueError, match=said):
        space.from_str(text)


def test_an_architecture_of_another_space_is_none_of_this_one():
    other = Digits((1, 2, 3, 4, 1, 2, 3))
    assert other not in space
    assert other in get_space("channel_bench_resnet")
    for refuse in (space.index, space.graph, space.canonical):
        with pytest.raises(ValueError, match="nasbench_macro has 8 layers, got 7"):
            refuse(other)
    with pytest.raises(ValueError, match="is no architecture of nasbench_macro"):
        space.index("00000000")
