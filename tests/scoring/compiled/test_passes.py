"""Every operation of a graph, as the passes compute it, against its definition in NumPy: values, not signs alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from naswotlib.graph import Graph, init_weights
from naswotlib.scoring.compiled import tables
from naswotlib.scoring.compiled.vectors import WIDE
from naswotlib.scoring.engine import FastRun, run_fast
from naswotlib.scoring.plan import make_plan
from support.small_graphs import images


def run(graph: Graph, inputs: torch.Tensor, **others: torch.Tensor) -> FastRun:
    return run_fast(make_plan(graph, "once"), init_weights(graph, 0) | others, inputs)


def image_at(memory: np.ndarray, start: int, n: int, channels: int, rows: int, columns: int) -> np.ndarray:
    """An image of memory as ``(N, C, H, W)``; channels beyond the last must be 0."""
    panels = -(-channels // 16)
    image = memory[start : start + n * panels * rows * columns * 16].reshape(n, panels, rows, columns, 16)
    whole = image.transpose(0, 1, 4, 2, 3).reshape(n, panels * 16, rows, columns)
    assert (whole[:, channels:] == 0).all()
    return whole[:, :channels]


def convolved(x: np.ndarray, w: np.ndarray, op: dict[str, Any]) -> np.ndarray:
    """The definition, tap by tap, in float64."""
    (sr, sc), (pr, pc), (dr, dc), groups = op["stride"], op["padding"], op["dilation"], op["groups"]
    x = np.pad(x.astype(np.float64), ((0, 0), (0, 0), (pr, pr), (pc, pc)))
    rows = (x.shape[2] - dr * (w.shape[2] - 1) - 1) // sr + 1
    columns = (x.shape[3] - dc * (w.shape[3] - 1) - 1) // sc + 1
    parts = []
    for xs, ws in zip(np.split(x, groups, axis=1), np.split(w, groups), strict=True):
        total = np.zeros((len(x), len(ws), rows, columns))
        for r in range(w.shape[2]):
            for c in range(w.shape[3]):
                seen = xs[:, :, r * dr :, c * dc :][:, :, : (rows - 1) * sr + 1 : sr, : (columns - 1) * sc + 1 : sc]
                total += np.einsum("nihw,oi->nohw", seen, ws[:, :, r, c])
        parts.append(total)
    return np.concatenate(parts, axis=1)


PLAIN = {"stride": (1, 1), "padding": (0, 0), "dilation": (1, 1), "groups": 1}


def pair(value: int | tuple[int, int]) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else value


CONVOLUTIONS = [
    # inputs, outputs, kernel, stride, padding, dilation, groups, (height, width), how it is computed
    (3, 16, 3, 1, 1, 1, 1, (9, 9), tables.DIRECT),
    (16, 16, 1, 1, 0, 1, 1, (8, 8), tables.DIRECT),
    (24, 72, 1, 1, 0, 1, 1, (5, 7), tables.DIRECT),
    (20, 40, 1, 2, 0, 1, 1, (8, 8), tables.DIRECT),
    (16, 32, 3, 2, 1, 1, 1, (8, 8), tables.DIRECT),
    (24, 24, (1, 7), 1, (0, 3), 1, 1, (9, 11), tables.DIRECT),
    (24, 24, (7, 1), (2, 1), (3, 0), 1, 1, (9, 11), tables.DIRECT),
    (16, 16, 3, 1, 2, 2, 1, (8, 8), tables.DIRECT),
    (16, 24, 4, 4, 0, 1, 1, (16, 16), tables.DIRECT),
    (24, 12, 3, 1, 1, 1, 3, (6, 6), tables.WINOGRAD_TWO),
    (16, 16, 3, 1, 1, 1, 1, (8, 8), tables.WINOGRAD_TWO),
    (24, 8, 3, 1, 1, 1, 1, (5, 7), tables.WINOGRAD_TWO),
    (24, 24, 3, 1, 0, 1, 1, (6, 9), tables.WINOGRAD_TWO),
    (32, 32, 3, 1, 1, 1, 1, (8, 8), tables.WINOGRAD_FOUR),
    (72, 40, 3, 1, 1, 1, 1, (9, 6), tables.WINOGRAD_FOUR),
    (160, 160, 3, 1, 1, 1, 1, (4, 4), tables.WINOGRAD_FOUR),
    (64, 48, 3, 1, 1, 1, 1, (32, 32), tables.WINOGRAD_FOUR),
    (24, 24, 5, 1, 2, 1, 24, (9, 9), tables.DEPTHWISE),
    (72, 72, 3, 2, 1, 1, 72, (8, 8), tables.DEPTHWISE),
    (40, 40, 5, 1, 4, 2, 40, (7, 7), tables.DEPTHWISE),
]


@pytest.mark.parametrize("rectified", [False, True])
@pytest.mark.parametrize(
    ("inputs", "outputs", "kernel", "stride", "padding", "dilation", "groups", "size", "kind"), CONVOLUTIONS
)
def test_a_convolution_and_its_moments(
    inputs, outputs, kernel, stride, padding, dilation, groups, size, kind, rectified
):
    x = torch.randn(5, inputs, *size, generator=torch.Generator().manual_seed(0))
    shape = {"stride": pair(stride), "padding": pair(padding), "dilation": pair(dilation), "groups": groups}
    graph = Graph()
    source = graph.input(inputs)
    source = graph.relu(source, name="first") if rectified else source
    graph.relu(graph.batch_norm(graph.conv(source, outputs, kernel, name="c", **shape), name="bn"), name="last")
    done = run(graph, x)
    row = done.program.convs[0]
    assert row["kind"] == kind or (kind == tables.WINOGRAD_FOUR and not WIDE)
    weight = init_weights(graph, 0)["c.weight"].numpy()
    expected = convolved(np.maximum(x.numpy(), 0) if rectified else x.numpy(), weight, shape)
    got = image_at(done.memory, row["out"], 5, outputs, row["rows"], row["columns"])
    np.testing.assert_allclose(got, expected, atol=3e-6 * np.sqrt(weight[0].size))
    moments = done.moments[row["mean"] :][: 2 * outputs].reshape(outputs, 2)
    np.testing.assert_allclose(moments[:, 0], expected.mean(axis=(0, 2, 3)), atol=1e-5)
    np.testing.assert_allclose(moments[:, 1], expected.var(axis=(0, 2, 3)), rtol=1e-4)


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("channels", [16, 24, 40])
def test_a_depthwise_convolution_with_the_pointwise_one_behind_it(channels, stride):
    x = torch.randn(5, channels, 8, 8, generator=torch.Generator().manual_seed(0))
    graph = Graph()
    y = graph.relu(graph.input(channels), name="first")
    y = graph.conv(y, channels, 5, name="d", padding=2, stride=stride, groups=channels)
    graph.relu(graph.conv(y, 72, 1, name="p"), name="last")
    done = run(graph, x)
    row = done.program.convs[0]
    assert (len(done.program.convs), row["kind"]) == (1, tables.SEPARABLE)
    weights = init_weights(graph, 0)
    middle = {**PLAIN, "stride": (stride, stride), "padding": (2, 2), "groups": channels}
    expected = convolved(np.maximum(x.numpy(), 0), weights["d.weight"].numpy(), middle)
    expected = convolved(expected, weights["p.weight"].numpy(), PLAIN)
    got = image_at(done.memory, row["out"], 5, 72, row["rows"], row["columns"])
    np.testing.assert_allclose(got, expected, atol=1e-5)


def pooled(x: np.ndarray, kind: str, size: int, stride: int, padding: int) -> np.ndarray:
    """Mean or maximum over what of each window lies inside the image."""
    rows, columns = ((side + 2 * padding - size) // stride + 1 for side in x.shape[2:])
    out = np.empty((*x.shape[:2], rows, columns))
    for h in range(rows):
        for w in range(columns):
            top, left = h * stride - padding, w * stride - padding
            window = x[:, :, max(top, 0) : top + size, max(left, 0) : left + size]
            out[:, :, h, w] = window.max((2, 3)) if kind == "max_pool" else window.mean((2, 3), dtype=np.float64)
    return out


def stored(graph: Graph, value: int, inputs: torch.Tensor, **others: torch.Tensor) -> np.ndarray:
    """A value as memory holds it: two poolings read it, so that it must be stored, and its moments too."""
    channels = graph.channels(value)
    again = graph.add(graph.max_pool(value, 1), graph.avg_pool(value, 1), graph.batch_norm(value, name="again"))
    graph.relu(again, name="last")
    done = run(graph, inputs, **others)
    row = done.program.passes[done.program.passes["value"] >= 0][-1]
    image = image_at(done.memory, row["value"], len(inputs), channels, row["rows"], row["columns"])
    moments = done.moments[row["value_mean"] :][: 2 * channels].reshape(channels, 2)
    np.testing.assert_allclose(moments[:, 0], image.mean(axis=(0, 2, 3)), atol=1e-5)
    np.testing.assert_allclose(moments[:, 1], image.var(axis=(0, 2, 3)), rtol=1e-4, atol=1e-6)
    return image


@pytest.mark.parametrize("kind", ["avg_pool", "max_pool"])
@pytest.mark.parametrize(
    ("size", "stride", "padding"), [(3, 1, 1), (2, 2, 0), (3, 2, 1), (5, 1, 2), (7, 1, 3), (1, 1, 0)]
)
@pytest.mark.parametrize("side", [(9, 9), (4, 6), (3, 3), (5, 1), (1, 5), (2, 2)])
def test_pooling(kind, size, stride, padding, side):
    if min(side) + 2 * padding < size:
        pytest.skip("no window fits")
    x = torch.randn(4, 24, *side, generator=torch.Generator().manual_seed(0))
    graph = Graph()
    value = getattr(graph, kind)(graph.input(24), size, stride=stride, padding=padding)
    expected = pooled(x.numpy(), kind, size, stride, padding)
    np.testing.assert_allclose(stored(graph, value, x), expected, atol=1e-6)


def test_sums_concatenations_of_any_width_truncation_shift_and_zero():
    x = images(4, 6).repeat(1, 10, 1, 1)  # 30 channels
    graph = Graph()
    source = graph.input(30)
    narrow = graph.truncate(source, 12)
    shifted = graph.shift(source)
    joined = graph.concat(narrow, shifted, graph.zero(narrow), source)
    value = graph.add(joined, graph.concat(source, source, graph.truncate(source, 24)))
    a = x.numpy()
    moved = np.zeros_like(a)
    moved[:, :, :-1, :-1] = a[:, :, 1:, 1:]
    expected = np.concatenate([a[:, :12], moved, 0 * a[:, :12], a], axis=1)
    expected = expected + np.concatenate([a, a, a[:, :24]], axis=1)
    np.testing.assert_allclose(stored(graph, value, x), expected, atol=1e-6)


@pytest.mark.parametrize("negative", [False, True])
@pytest.mark.parametrize("kind", ["none", "avg_pool", "max_pool"])
def test_readers_normalise_and_rectify_what_lies_in_memory(kind, negative):
    x = torch.randn(4, 3, 6, 7, generator=torch.Generator().manual_seed(0))
    graph = Graph()
    y = graph.conv(graph.input(3), 20, 1, name="c")
    relu = graph.relu(graph.batch_norm(y, name="bn"), name="first")
    read = relu if kind == "none" else getattr(graph, kind)(relu, 3, padding=1)
    # Channels 20 to 39 lie across two panels, and again in a sum with the 12 that a truncation leaves.
    value = graph.add(graph.concat(read, read), graph.concat(graph.truncate(relu, 12), relu, graph.truncate(relu, 8)))
    scale = torch.linspace(-1.0 if negative else 0.5, 2.0, 20)
    shift = torch.linspace(-0.5, 0.5, 20)
    expected = convolved(x.numpy(), init_weights(graph, 0)["c.weight"].numpy(), PLAIN)
    expected = (expected - expected.mean((0, 2, 3), keepdims=True)) / np.sqrt(expected.var((0, 2, 3)) + 1e-5)[
        :, None, None
    ]
    expected = np.maximum(expected * scale.numpy()[:, None, None] + shift.numpy()[:, None, None], 0)
    other = expected if kind == "none" else pooled(expected, kind, 3, 1, 1)
    expected = np.concatenate([other, other], 1) + np.concatenate([expected[:, :12], expected, expected[:, :8]], 1)
    got = stored(graph, value, x, **{"bn.weight": scale, "bn.bias": shift})
    np.testing.assert_allclose(got, expected, atol=1e-5)


def test_a_value_that_readers_rectify_is_not_stored_again():
    graph = Graph()
    y = graph.conv_bn_relu(graph.input(3), 16, 3, name="a")
    graph.relu(graph.add(graph.max_pool(y, 3, padding=1), graph.conv_bn_relu(y, 16, 1, name="b")), name="c")
    passes = run(graph, images(4, 8)).program.passes
    assert (passes["positive"] < 0).all()
    assert (passes["codes"] >= 0).sum() == 3


def test_normalisation_on_the_moments_of_the_batch_and_the_classifier():
    x = images(6, 5)
    graph = Graph()
    y = graph.batch_norm(graph.input(3), name="bn")
    value = graph.linear(graph.global_pool(y), 20, name="fc")
    a = x.numpy().astype(np.float64)
    a = (a - a.mean((0, 2, 3), keepdims=True)) / np.sqrt(a.var((0, 2, 3), keepdims=True) + 1e-5)
    weights = init_weights(graph, 0)
    expected = a.mean((2, 3)) @ weights["fc.weight"].numpy().T + weights["fc.bias"].numpy()
    np.testing.assert_allclose(stored(graph, value, x)[:, :, 0, 0], expected, atol=1e-5)


def test_signs_are_taken_of_the_value_that_a_relu_reads():
    x = torch.randn(3, 24, 5, 7, generator=torch.Generator().manual_seed(0))
    graph = Graph()
    graph.relu(graph.input(24), name="only")
    done = run(graph, x)
    code = done.program.codes[0]
    words = done.codes.view(np.uint16)[:, code.at : code.at + code.words].reshape(3, 2, 5, 7)
    bits = (words[..., None] >> np.arange(16) & 1).transpose(0, 1, 4, 2, 3).reshape(3, 32, 5, 7)
    np.testing.assert_array_equal(bits[:, :24], x.numpy() > 0)
    assert not bits[:, 24:].any()
    assert not done.nan.any()
