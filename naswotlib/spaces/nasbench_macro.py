"""NAS-Bench-Macro: 6,561 networks of eight MobileNetV2 blocks (Su et al., CVPR 2021, arXiv 2103.11922).

The networks follow the benchmark's own code: github.com/xiusu/NAS-Bench-Macro, ``train/model.py`` at commit b1ee7c6.
Parameters and multiply-adds of all 6,561 equal those in its file. Its rectifiers are plain ReLUs, not ReLU6, so that
every one of them counts: two in each block, one after the stem and one before the mean over pixels.
"""

from __future__ import annotations

from naswotlib.errors import check_at_least
from naswotlib.graph import Graph
from naswotlib.spaces.base import register_space
from naswotlib.spaces.digits import Digits, DigitSpace

BLOCKS = ("identity", "MB3 K3", "MB6 K5")  # by digit
_EXPANSION_AND_KERNEL = {1: (3, 3), 2: (6, 5)}
STAGES = (2, 3, 3)  # layers; the first of each halves the image and doubles the channels
_HEAD = 40  # times the channels of the stem are the channels before the classifier


def add_inverted_residual(graph: Graph, x: int, hidden: int, channels: int, kernel: int, stride: int, name: str) -> int:
    """Append a MobileNetV2 block: 1×1 to ``hidden`` channels, depthwise, 1×1 to ``channels`` without ReLU; plus ``x``
    where neither side nor channels change.
    """
    y = graph.conv_bn_relu(x, hidden, 1, name=f"{name}.expand")
    y = graph.conv_bn_relu(y, hidden, kernel, name=f"{name}.depthwise", stride=stride, groups=hidden)
    y = graph.batch_norm(graph.conv(y, channels, 1, name=f"{name}.project.conv"), name=f"{name}.project.bn")
    return graph.add(y, x) if stride == 1 and graph.channels(x) == channels else y


@register_space("nasbench_macro")
class NASBenchMacro(DigitSpace):
    """6,561 networks of eight layers: 0 identity, 1 MB3 K3, 2 MB6 K5.

    Where a stage begins, an identity is a 1×1 convolution of stride 2 with batch normalisation, without ReLU. Elsewhere
    it does nothing, so that some architectures are the same network, and 3,969 differ: see :meth:`canonical`.

    >>> space = NASBenchMacro()
    >>> len(space), space.to_str(space[5]), len({space.canonical(arch) for arch in space})
    (6561, '00000012', 3969)
    """

    name = "nasbench_macro"
    choices = (0, 1, 2)
    layers = sum(STAGES)
    num_architectures = len(choices) ** layers

    def canonical(self, arch: Digits) -> Digits:
        """The architecture of the same network whose identities stand at the ends of the stages. The benchmark trained
        that one, and wrote its accuracies to all that are the same.
        """
        self._check(arch)
        digits: list[int] = []
        for count in STAGES:
            first, *others = arch.digits[len(digits) : len(digits) + count]
            kept = [digit for digit in others if digit]
            digits += [first, *kept, *[0] * (len(others) - len(kept))]
        return Digits(tuple(digits))

    def parts(self, arch: Digits) -> list[str]:
        return ["stem", *(f"{layer}: {BLOCKS[digit]}" for layer, digit in enumerate(arch.digits, start=1)), "head"]

    def graph(self, arch: Digits, *, num_classes: int = 10, stem_channels: int = 32) -> Graph:
        """The network: stem, eight layers in three stages at 2, 4 and 8 times ``stem_channels``, a 1×1 convolution to
        40 times as many, and the classifier.
        """
        check_at_least("num_classes", num_classes, 1)
        check_at_least("stem_channels", stem_channels, 1)
        self._check(arch)
        graph = Graph()
        channels = stem_channels
        x = graph.conv_bn_relu(graph.input(3), channels, 3, name="stem")
        digits = iter(arch.digits)
        for stage, count in enumerate(STAGES, start=1):
            channels *= 2
            for layer in range(1, count + 1):
                stride = 2 if layer == 1 else 1
                x = _add_layer(graph, x, next(digits), channels, stride, f"stage{stage}.layer{layer}")
        x = graph.conv_bn_relu(x, _HEAD * stem_channels, 1, name="head")
        graph.linear(graph.global_pool(x), num_classes, name="classifier")
        return graph


def _add_layer(graph: Graph, x: int, digit: int, channels: int, stride: int, name: str) -> int:
    if digit:
        expansion, kernel = _EXPANSION_AND_KERNEL[digit]
        return add_inverted_residual(graph, x, expansion * graph.channels(x), channels, kernel, stride, name)
    if stride == 1:
        return x
    x = graph.conv(x, channels, 1, name=f"{name}.conv", stride=stride)
    return graph.batch_norm(x, name=f"{name}.bn")
