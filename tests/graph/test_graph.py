"""The operation graph: weights, module, and the promises that spaces and engines rely on."""

import pytest
import torch
from torch import nn

from naswotlib.graph import Graph, GraphNetwork, init_weights
from naswotlib.graph.graph import last_uses


def small_graph(init: str = "pytorch") -> Graph:
    graph = Graph(init=init)
    x = graph.conv(graph.input(3), 4, 3, name="stem", padding=1)
    x = graph.batch_norm(x, name="bn")
    y = graph.relu_conv_bn(x, 4, 3, name="block", stride=2)
    shortcut = graph.conv(graph.avg_pool(x, 2, stride=2), 4, 1, name="shortcut")
    graph.linear(graph.global_pool(graph.add(shortcut, y)), 5, name="classifier")
    return graph


def network(graph: Graph, seed: int = 0) -> GraphNetwork:
    return GraphNetwork(graph, init_weights(graph, seed))


def test_weights_are_those_of_constructing_the_layers_in_order_under_a_manual_seed():
    with torch.random.fork_rng():
        torch.manual_seed(7)
        layers = [
            nn.Conv2d(3, 4, 3, bias=False),
            nn.BatchNorm2d(4),
            nn.Conv2d(4, 4, 3, bias=False),
            nn.BatchNorm2d(4),
            nn.Conv2d(4, 4, 1, bias=False),
            nn.Linear(4, 5),
        ]
    expected = [p for layer in layers for p in layer.parameters()]
    ours = list(init_weights(small_graph(), 7).values())
    assert [w.shape for w in ours] == [p.shape for p in expected]
    assert all(torch.equal(w, p) for w, p in zip(ours, expected, strict=True))


def test_weights_neither_read_nor_change_the_global_random_state():
    before = torch.random.get_rng_state()
    first = init_weights(small_graph(), 0)
    assert torch.equal(torch.random.get_rng_state(), before)
    torch.rand(3)
    assert all(torch.equal(w, first[name]) for name, w in init_weights(small_graph(), 0).items())


def test_fan_out_weights_have_the_deviation_of_the_authors_nasbench101_networks():
    graph = Graph(init="fan_out")
    x = graph.conv(graph.input(64), 128, 3, name="conv")
    graph.linear(graph.global_pool(x), 500, name="classifier")
    weights = init_weights(graph, 0)
    assert weights["conv.weight"].std().item() == pytest.approx((2 / (9 * 128)) ** 0.5, rel=0.02)
    assert weights["classifier.weight"].std().item() == pytest.approx(0.01, rel=0.02)
    assert not weights["classifier.bias"].any()


def test_the_module_computes_what_plain_torch_computes():
    graph = small_graph()
    w = init_weights(graph, 3)
    images = torch.randn(4, 3, 8, 8)
    f = nn.functional

    def norm(x, name):
        return f.batch_norm(x, None, None, w[f"{name}.weight"], w[f"{name}.bias"], training=True)

    stem = norm(f.conv2d(images, w["stem.weight"], padding=1), "bn")
    block = norm(f.conv2d(f.relu(stem), w["block.conv.weight"], stride=2, padding=1), "block.bn")
    total = f.conv2d(f.avg_pool2d(stem, 2), w["shortcut.weight"]) + block
    expected = f.linear(total.mean((2, 3)), w["classifier.weight"], w["classifier.bias"])
    torch.testing.assert_close(GraphNetwork(graph, w).train()(images), expected)


def test_parameters_are_registered_in_data_flow_order_under_the_names_of_the_graph():
    graph = small_graph()
    assert [name for name, _ in network(graph).named_parameters()] == [name for name, *_ in graph.parameters()]
    assert [tuple(p.shape) for p in network(graph).parameters()] == [shape for _, shape, _ in graph.parameters()]


@pytest.mark.parametrize(
    ("emit", "expected"),
    [
        (lambda g, x: g.zero(x, stride=2), lambda t: t[:, :, ::2, ::2] * 0),
        (lambda g, x: g.shift(x), lambda t: nn.functional.pad(t, (0, 1, 0, 1))[:, :, 1:, 1:]),
        (lambda g, x: g.truncate(x, 2), lambda t: t[:, :2]),
        (lambda g, x: g.concat(x, x), lambda t: torch.cat([t, t], 1)),
        (lambda g, x: g.max_pool(x, 5, stride=2, padding=2), lambda t: nn.functional.max_pool2d(t, 5, 2, 2)),
        (lambda g, x: g.add(x, x, x), lambda t: 3 * t),
    ],
    ids=["zero", "shift", "truncate", "concat", "max_pool", "add"],
)
def test_operations_without_parameters_do_what_their_names_say(emit, expected):
    graph = Graph()
    emit(graph, graph.input(3))
    images = torch.randn(2, 3, 7, 7)
    torch.testing.assert_close(network(graph)(images), expected(images))


def test_average_pooling_does_not_count_its_padding():
    graph = Graph()
    graph.avg_pool(graph.input(1), 3, padding=1)
    ones = torch.ones(1, 1, 4, 4)
    assert torch.equal(network(graph)(ones), ones)


def test_sum_concatenation_and_truncation_of_one_value_add_no_operation():
    graph = Graph()
    x = graph.input(3)
    assert (graph.add(x), graph.concat(x), graph.truncate(x, 3)) == (x, x, x)
    assert len(graph.ops) == 1


def test_values_are_let_go_after_their_last_reader():
    graph = Graph()
    x = graph.input(3)  # 0
    y = graph.zero(x)  # 1
    graph.add(graph.shift(x), y)  # 2, 3
    assert [sorted(values) for values in last_uses(dict(enumerate(graph.ops))).values()] == [[], [], [0], [1, 2]]
