"""Channel-Bench-Macro: the widths of a ResNet and of a MobileNet, 16,384 networks each (Su et al., arXiv 2203.13714).

Seven digits, 1 to 4, are quarters of the largest number of channels of seven layers. The networks follow the
benchmark's own code: github.com/xiusu/Channel-Bench-Macro, ``model.py`` at commit 7fde399. Parameters and multiply-adds
of all networks of both halves equal those in its files. (The sketch in github.com/mingkai-zheng/GENIUS at commit
97361d3, by which others describe it, leaves out that the stem has stride 2, batch normalisation and a ReLU.)

Rectifiers are plain ReLUs and each counts once, also those of the ResNet's one ``nn.ReLU`` that its five blocks share.
"""

from __future__ import annotations

from abc import abstractmethod

from naswotlib.errors import check_at_least, check_choice
from naswotlib.graph import Graph
from naswotlib.spaces.base import register_space
from naswotlib.spaces.digits import Digits, DigitSpace
from naswotlib.spaces.nasbench_macro import add_inverted_residual


class ChannelBench(DigitSpace):
    """One half of the benchmark: ``quarters`` are the numbers of channels for the digit 1."""

    choices = (1, 2, 3, 4)
    layers = 7
    num_architectures = len(choices) ** layers
    quarters: tuple[int, ...]

    def channels(self, arch: Digits, divide: int = 1) -> list[int]:
        """The seven numbers of channels."""
        self._check(arch)
        check_choice("divide", divide, (1, 2, 4, 8))
        return [digit * quarter // divide for digit, quarter in zip(arch.digits, self.quarters, strict=True)]

    def graph(self, arch: Digits, *, num_classes: int = 10, divide: int = 1) -> Graph:
        """The network. ``divide``, one of 1, 2, 4 and 8, divides every number of channels, for networks that train on
        a desk.
        """
        check_at_least("num_classes", num_classes, 1)
        c = self.channels(arch, divide)
        graph = Graph()
        x = graph.conv_bn_relu(graph.input(3), c[0], 3, name="stem", stride=2)
        x = self._add_blocks(graph, x, c)
        graph.linear(graph.global_pool(x), num_classes, name="classifier")
        return graph

    @abstractmethod
    def _add_blocks(self, graph: Graph, x: int, c: list[int]) -> int:
        """Append what lies between stem and mean over pixels."""


@register_space("channel_bench_resnet")
class ChannelBenchResNet(ChannelBench):
    """16,384 choices of seven numbers of channels for a ResNet of five blocks.

    c0 are the channels of the stem and of the first two blocks, c4 those of the other three; c1, c2, c3, c5 and c6 lie
    within the blocks. The third halves the image and has no shortcut. In the order of ``itertools.product`` over the
    digits, by which the benchmark's script goes through them.

    >>> space = ChannelBenchResNet()
    >>> space.channels(space.from_str("4432214"))
    [256, 256, 192, 256, 256, 128, 512]
    """

    name = "channel_bench_resnet"
    quarters = (64, 64, 64, 128, 128, 128, 128)

    def parts(self, arch: Digits) -> list[str]:
        c = self.channels(arch)
        return [f"stem\n3 → {c[0]}", *_named(self._blocks(c))]

    def _blocks(self, c: list[int]) -> list[tuple[int, int, int]]:
        """Channels into, within and out of each block."""
        return [(c[0], c[1], c[0]), (c[0], c[2], c[0]), (c[0], c[3], c[4]), (c[4], c[5], c[4]), (c[4], c[6], c[4])]

    def _add_blocks(self, graph: Graph, x: int, c: list[int]) -> int:
        for number, (_, hidden, channels) in enumerate(self._blocks(c), start=1):
            name, stride = f"block{number}", 2 if number == 3 else 1
            y = graph.conv_bn_relu(x, hidden, 3, name=f"{name}.a", stride=stride)
            y = graph.batch_norm(graph.conv(y, channels, 3, name=f"{name}.b.conv", padding=1), name=f"{name}.b.bn")
            x = graph.relu(y if stride == 2 else graph.add(x, y), name=f"{name}.relu")
        return x


@register_space("channel_bench_mobilenet")
class ChannelBenchMobileNet(ChannelBench):
    """16,384 choices of seven numbers of channels for a MobileNetV2 of four blocks.

    c0 are the channels of the stem and of the first two blocks, c4 those of the other two, c6 those of the last 1×1
    convolution; c1, c2, c3 and c5 lie within the blocks. The third halves the image. In the order of
    ``itertools.product`` over the digits, by which the benchmark's script goes through them.

    >>> space = ChannelBenchMobileNet()
    >>> space.channels(space.from_str("4432214"))
    [128, 768, 576, 384, 128, 384, 1024]
    """

    name = "channel_bench_mobilenet"
    quarters = (32, 192, 192, 192, 64, 384, 256)

    def parts(self, arch: Digits) -> list[str]:
        c = self.channels(arch)
        return [f"stem\n3 → {c[0]}", *_named(self._blocks(c)), f"head\n{c[4]} → {c[6]}"]

    def _blocks(self, c: list[int]) -> list[tuple[int, int, int]]:
        """Channels into, within and out of each block."""
        return [(c[0], c[1], c[0]), (c[0], c[2], c[0]), (c[0], c[3], c[4]), (c[4], c[5], c[4])]

    def _add_blocks(self, graph: Graph, x: int, c: list[int]) -> int:
        for number, (_, hidden, channels) in enumerate(self._blocks(c), start=1):
            x = add_inverted_residual(graph, x, hidden, channels, 3, 2 if number == 3 else 1, f"block{number}")
        return graph.conv_bn_relu(x, c[6], 1, name="head")


def _named(blocks: list[tuple[int, int, int]]) -> list[str]:
    return [f"block {number}\n{a} → {b} → {c}" for number, (a, b, c) in enumerate(blocks, start=1)]
