"""Channel-Bench-Macro against its published files, and against plain torch layers."""

import json

import pytest
import torch
from torch import nn

from naswotlib.graph.sizes import network_size
from naswotlib.spaces import get_space
from support.counting import units

HALVES = {"channel_bench_resnet": "Results_ResNet.json", "channel_bench_mobilenet": "Results_MobileNet.json"}


@pytest.mark.parametrize("name", HALVES)
def test_parameters_and_multiply_adds_of_every_published_network_are_those_of_its_file(published_dir, name):
    space = get_space(name)
    published = json.loads((published_dir / "channel_bench_macro" / HALVES[name]).read_text())
    assert set(published) == set(map(space.to_str, space))
    for text, row in published.items():
        size = network_size(space.graph(space.from_str(text)), 32)
        assert (size.parameters, size.flops) == (row["params"], row["flops"]), text


def conv_bn(channels_in, channels, kernel, stride=1, groups=1):
    conv = nn.Conv2d(channels_in, channels, kernel, stride, kernel // 2, groups=groups, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(channels))


class ResNet(nn.Module):
    """One ReLU for all, as the benchmark's after its sums."""

    def __init__(self, c):
        super().__init__()
        self.relu = nn.ReLU()
        self.stem = conv_bn(3, c[0], 3, 2)
        layers = [(c[0], c[1], c[0]), (c[0], c[2], c[0]), (c[0], c[3], c[4]), (c[4], c[5], c[4]), (c[4], c[6], c[4])]
        self.blocks = nn.ModuleList(
            nn.Sequential(conv_bn(a, b, 3, 2 if number == 2 else 1), nn.ReLU(), conv_bn(b, d, 3))
            for number, (a, b, d) in enumerate(layers)
        )
        self.classifier = nn.Linear(c[4], 10)

    def forward(self, x):
        x = self.relu(self.stem(x))
        for number, block in enumerate(self.blocks):
            x = self.relu(block(x) if number == 2 else x + block(x))
        return self.classifier(x.mean(dim=(2, 3)))


class MobileNet(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.stem = conv_bn(3, c[0], 3, 2)
        layers = [(c[0], c[1], c[0]), (c[0], c[2], c[0]), (c[0], c[3], c[4]), (c[4], c[5], c[4])]
        self.blocks = nn.ModuleList(
            nn.Sequential(
                *(conv_bn(a, b, 1), nn.ReLU(), conv_bn(b, b, 3, 2 if number == 2 else 1, b), nn.ReLU()),
                conv_bn(b, d, 1),
            )
            for number, (a, b, d) in enumerate(layers)
        )
        self.head = conv_bn(c[4], c[6], 1)
        self.classifier = nn.Linear(c[6], 10)

    def forward(self, x):
        x = self.stem(x).relu()
        for number, block in enumerate(self.blocks):
            x = block(x) if number == 2 else x + block(x)
        return self.classifier(self.head(x).relu().mean(dim=(2, 3)))


@pytest.mark.parametrize(("name", "plain"), [("channel_bench_resnet", ResNet), ("channel_bench_mobilenet", MobileNet)])
def test_a_built_network_computes_what_plain_layers_with_its_weights_do(name, plain):
    space = get_space(name)
    arch = space.from_str("2341232")
    network, layers = space.build(arch, seed=0, divide=8).train(), plain(space.channels(arch, 8)).train()
    with torch.no_grad():
        for ours, theirs in zip(network.parameters(), layers.parameters(), strict=True):
            theirs.copy_(ours)
    images = torch.randn(4, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(network(images), layers(images))


def test_every_rectifier_counts_once_in_both_countings():
    space = get_space("channel_bench_resnet")
    c = space.channels(space.from_str("1234123"))
    once = 16**2 * (3 * c[0] + c[1] + c[2]) + 8**2 * (c[3] + 3 * c[4] + c[5] + c[6])
    assert units(space.build(space.from_str("1234123"), seed=0), 32) == (once, once)
    space = get_space("channel_bench_mobilenet")
    c = space.channels(space.from_str("1234123"))
    once = 16**2 * (c[0] + 2 * c[1] + 2 * c[2] + c[3]) + 8**2 * (c[3] + 2 * c[5] + c[6])
    assert units(space.build(space.from_str("1234123"), seed=0), 32) == (once, once)


@pytest.mark.parametrize("name", HALVES)
def test_dividing_the_channels_divides_every_width_and_keeps_the_operations(name):
    space = get_space(name)
    arch = space.from_str("4123142")
    small, full = space.graph(arch, divide=8), space.graph(arch)
    assert [op.kind for op in small.ops] == [op.kind for op in full.ops]
    assert all(s.channels * 8 == f.channels for s, f in zip(small.ops[1:-1], full.ops[1:-1], strict=True))
    with pytest.raises(ValueError, match="divide: 3 is unknown; choose one of 1, 2, 4, 8"):
        space.graph(arch, divide=3)


@pytest.mark.parametrize(
    ("text", "said"), [("123412", "7 layers, got 6"), ("0123412", "layer 0 .*: 0 is unknown"), ("4:4:4", "7 digits")]
)
def test_a_malformed_architecture_is_named_with_its_place(text, said):
    with pytest.raises(ValueError, match=said):
        get_space("channel_bench_resnet").from_str(text)
