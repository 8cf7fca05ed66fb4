"""TransNAS-Bench-101 against its published lists, and against plain torch modules with the containers of its code."""

import json
from itertools import product

import numpy as np
import pytest
import torch
from torch import nn

from naswotlib.graph import Graph, init_weights
from naswotlib.spaces import get_space
from naswotlib.spaces.digits import Digits
from support.counting import parameters, units

micro, macro = get_space("transnas101_micro"), get_space("transnas101_macro")
CLASSES = 5


def test_both_spaces_are_what_the_published_file_lists_in_its_order(published_dir):
    cells, skeletons = (
        [text for text, _ in json.loads((published_dir / "transnas101" / f"rbflex_{kind}_jigsaw.json").read_text())]
        for kind in ("micro", "macro")
    )
    assert list(map(micro.to_str, micro)) == cells
    ours = list(map(macro.to_str, macro))
    assert set(ours) - set(skeletons) == {"64-113444-basic"}  # which the file lacks
    assert [text for text in ours if text in set(skeletons)] == skeletons


def test_skeletons_are_all_that_the_limits_allow():
    allowed = set()
    for length in (4, 5, 6):
        for modules in product((1, 2, 3, 4), repeat=length):
            doubled, halved = sum(m in (2, 4) for m in modules), sum(m in (3, 4) for m in modules)
            if 1 <= doubled <= 3 and 1 <= halved <= 4:
                allowed.add(Digits(modules))
    assert set(macro) == allowed
    assert len(macro) == len(allowed) == 3256


# Modules with the class names of the benchmark's code, by which the authors' hook counts.


class ReLUConvBN(nn.Module):
    def __init__(self, a, b, kernel, stride):
        super().__init__()
        conv = nn.Conv2d(a, b, kernel, stride, kernel // 2, bias=False)
        self.ops = nn.Sequential(nn.ReLU(), conv, nn.BatchNorm2d(b))

    def forward(self, x):
        return self.ops(x)


class FactorizedReduce(nn.Module):
    def __init__(self, a, b):
        super().__init__()
        self.relu = nn.ReLU()
        self.even, self.odd = (nn.Conv2d(a, b // 2, 1, 2, bias=False) for _ in range(2))
        self.bn = nn.BatchNorm2d(b)

    def forward(self, x):
        x = self.relu(x)
        moved = nn.functional.pad(x, (0, 1, 0, 1))[:, :, 1:, 1:]
        return self.bn(torch.cat([self.even(x), self.odd(moved)], 1))


class Zero(nn.Module):
    """Times zero where the width stays, else new zeros, which no gradient passes."""

    def __init__(self, a, b, stride):
        super().__init__()
        self.same, self.b, self.stride = a == b, b, stride

    def forward(self, x):
        zero = x[:, :, :: self.stride, :: self.stride] * 0.0
        return zero if self.same else torch.zeros(len(x), self.b, *zero.shape[2:])


def edge(digit, a, b, stride):
    if digit == 0:
        return Zero(a, b, stride)
    if digit == 1:
        return nn.Identity() if stride == 1 and a == b else FactorizedReduce(a, b)
    return ReLUConvBN(a, b, 1 if digit == 2 else 3, stride)


class Cell(nn.Module):
    def __init__(self, digits, a, b, stride):
        super().__init__()
        groups = [digits[:1], digits[1:3], digits[3:]]  # into nodes 1, 2 and 3
        self.nodes = nn.ModuleList(
            nn.ModuleList(edge(d, a if j == 0 else b, b, stride if j == 0 else 1) for j, d in enumerate(group))
            for group in groups
        )

    def forward(self, x):
        values = [x]
        for edges in self.nodes:
            values.append(sum(edge(value) for edge, value in zip(edges, values, strict=True)))
        return values[-1]


class Residual(nn.Module):
    def __init__(self, _, a, b, stride):
        super().__init__()
        self.conv_a, self.conv_b = ReLUConvBN(a, b, 3, stride), ReLUConvBN(b, b, 3, 1)
        changes = stride != 1 or a != b
        self.shortcut = (
            nn.Sequential(nn.Conv2d(a, b, 1, stride, bias=False), nn.BatchNorm2d(b)) if changes else nn.Identity()
        )

    def forward(self, x):
        return self.shortcut(x) + self.conv_b(self.conv_a(x))


class Plain(nn.Module):
    def __init__(self, modules, kind, digits, stem=8):
        super().__init__()
        first = [nn.Conv2d(3, stem // 2, 3, 2, 1, bias=False), nn.BatchNorm2d(stem // 2)]
        self.stem = nn.Sequential(*first, ReLUConvBN(stem // 2, stem, 3, 2))
        layers, width = [], stem
        for module in modules:
            wider = width * (2 if module in (2, 4) else 1)
            layers += [kind(digits, width, wider, 2 if module in (3, 4) else 1), kind(digits, wider, wider, 1)]
            width = wider
        self.layers = nn.Sequential(*layers)
        self.classifier = nn.Linear(width, CLASSES)

    def forward(self, x):
        return self.classifier(self.layers(self.stem(x)).mean(dim=(2, 3)))


def plain_micro(text):
    return Plain((4, 1, 4, 1, 4), Cell, [int(digit) for digit in text.rpartition("-")[2] if digit != "_"])


def plain_macro(text):
    return Plain([int(digit) for digit in text.split("-")[1]], Residual, None)


MICRO = ["64-41414-1_02_333", "64-41414-3_33_333", "64-41414-2_10_130", "64-41414-0_30_021", "64-41414-1_11_111"]
MACRO = ["64-1234-basic", "64-4111-basic", "64-113444-basic", "64-32141-basic"]
ALL = [(micro, plain_micro, text) for text in MICRO] + [(macro, plain_macro, text) for text in MACRO]


@pytest.mark.parametrize(("space", "plain", "text"), ALL, ids=[text for _, _, text in ALL])
def test_a_built_network_computes_what_plain_modules_with_its_weights_do(space, plain, text):
    network = space.build(space.from_str(text), seed=0, num_classes=CLASSES, stem_channels=8).train()
    modules = plain(text).train()
    ours = {tuple(p.shape): [] for p in network.parameters()}
    for parameter in network.parameters():
        ours[tuple(parameter.shape)].append(parameter)
    with torch.no_grad():  # of equal shapes the order is the same: only shortcuts stand elsewhere
        for parameter in modules.parameters():
            parameter.copy_(ours[tuple(parameter.shape)].pop(0))
        assert not any(ours.values())
        images = torch.randn(4, 3, 64, 64, generator=torch.Generator().manual_seed(0))
        torch.testing.assert_close(network(images), modules(images), rtol=1e-4, atol=1e-5)


def counted_by_the_authors(module, side):
    """Units of one image by a hook on every module with "ReLU" in its class name whose output gets a gradient."""
    outputs = []

    def keep(module, inputs, output):
        if output.requires_grad:
            output.retain_grad()
        outputs.append((output, inputs[0]))

    for part in module.modules():
        if "ReLU" in type(part).__name__:
            part.register_forward_hook(keep)
    module.train()(torch.randn(2, 3, side, side)).sum().backward()
    return sum(inputs[0].numel() for output, inputs in outputs if output.grad is not None)


@pytest.mark.parametrize("seed", range(12))
def test_the_reference_counting_of_cells_is_what_the_authors_hook_finds(seed):
    """A zero that changes the width passes no gradient, so that what lies before it may count nothing."""
    arch = micro.sample(np.random.default_rng(seed))
    network = micro.build(arch, seed=0, num_classes=CLASSES, stem_channels=8)
    assert units(network, 64)[1] == counted_by_the_authors(plain_micro(micro.to_str(arch)), 64)


@pytest.mark.parametrize(
    "text",
    [
        *("64-41414-0_00_000", "64-41414-3_00_033", "64-41414-0_02_003", "64-41414-1_00_001"),
        *("64-41414-0_01_003", "64-41414-0_03_022", "64-41414-0_30_020"),
    ],
)
def test_the_reference_counting_is_the_authors_where_a_cell_does_not_read_its_input(text):
    network = micro.build(micro.from_str(text), seed=0, num_classes=CLASSES, stem_channels=8)
    assert units(network, 64)[1] == counted_by_the_authors(plain_micro(text), 64)


@pytest.mark.parametrize("text", MACRO)
def test_the_reference_counting_of_skeletons_is_what_the_authors_hook_finds(text):
    network = macro.build(macro.from_str(text), seed=0, num_classes=CLASSES, stem_channels=8)
    once, reference = units(network, 64)
    assert reference == counted_by_the_authors(plain_macro(text), 64) == 2 * once


def test_parameters_in_closed_form():
    """Stem 64; a cell a → b of side-halving edges from node 0, then one b → b; all convolutions 3×3."""
    stem = 27 * 32 + 64 + 9 * 32 * 64 + 128
    conv = {(a, b): 9 * a * b + 2 * b for a, b in product((64, 128, 256, 512), repeat=2)}
    cells = sum(3 * conv[a, b] + 3 * conv[b, b] + 6 * conv[b, b] for a, b in [(64, 128), (128, 256), (256, 512)])
    normal = sum(12 * conv[b, b] for b in (128, 256))
    graph = micro.graph(micro.from_str("64-41414-3_33_333"), num_classes=47)
    assert parameters(graph) == stem + cells + normal + 512 * 47 + 47
    residual = 2 * conv[64, 64] + 2 * conv[64, 64] + conv[64, 128] + 3 * conv[128, 128] + 64 * 128 + 256
    pair = 2 * conv[128, 128] * 2
    graph = macro.graph(macro.from_str("64-1213-basic"), num_classes=75)
    halved = 128 * 128 + 256
    assert parameters(graph) == stem + residual + pair + pair + halved + 128 * 75 + 75


def test_weights_start_as_those_of_torchvisions_resnets():
    graph = macro.graph(macro.from_str("64-2311-basic"), num_classes=1000)
    weights = init_weights(graph, 0)
    conv = weights["module2.cell1.conv_a.conv.weight"]
    assert conv.std().item() == pytest.approx((2 / (9 * 128)) ** 0.5, rel=0.01)
    assert conv.abs().max() > 3.5 * conv.std()  # normal, not uniform
    bound = 128**-0.5
    assert weights["classifier.weight"].abs().max().item() == pytest.approx(bound, rel=0.01)
    assert weights["classifier.bias"].abs().max().item() == pytest.approx(bound, rel=0.05)


def test_only_the_classifier_starts_otherwise_than_with_fan_out():
    graphs = [Graph(init=init) for init in ("fan_out", "resnet")]
    for graph in graphs:
        x = graph.conv_bn_relu(graph.input(3), 4, 3, name="stem")
        graph.linear(graph.global_pool(x), 2, name="classifier")
    one, other = (init_weights(graph, 3) for graph in graphs)
    assert {name for name in one if not torch.equal(one[name], other[name])} == {"classifier.weight", "classifier.bias"}


def test_every_skeleton_is_reached_from_every_other_by_mutations():
    rng = np.random.default_rng(0)
    arch, lengths = macro[0], set()
    for _ in range(300):
        arch = macro.mutate(arch, rng)
        lengths.add(len(arch.digits))
    assert lengths == {4, 5, 6}


@pytest.mark.parametrize(
    ("space", "text", "said"),
    [
        (micro, "64-41414-4_00_000", "expected 64-41414-a_bc_def with digits 0 to 3"),
        (micro, "64-4111-basic", "is no cell of transnas101_micro"),
        (micro, 7, "7 is no cell of transnas101_micro"),
        (macro, 7, "7 is no skeleton of transnas101_macro"),
        (macro, "64-41414-1_02_333", "is no skeleton of transnas101_macro"),
        (macro, "64-1511-basic", "module 2 of 1511: 5 is unknown"),
        (macro, "64-123-basic", "123 has 3 modules; expected 4 to 6"),
        (macro, "64-1113-basic", r"1113 has 0 modules that double the channels \(2 and 4\); expected 1 to 3"),
        (macro, "64-1112-basic", r"0 modules that halve the side \(3 and 4\); expected 1 to 4"),
    ],
)
def test_a_malformed_architecture_is_named_with_its_place(space, text, said):
    with pytest.raises(ValueError, match=said):
        space.from_str(text)


def test_an_odd_stem_is_refused():
    for space in (micro, macro):
        with pytest.raises(ValueError, match=r"stem_channels.*even.*7"):
            space.graph(space[0], stem_channels=7)
