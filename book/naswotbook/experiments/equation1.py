"""Where the authors' code and equation 1 part, and what that does to scores of NAS-Bench-201: behind that page."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from matplotlib.figure import Figure
from torch import Tensor

from naswotbook.plots import against
from naswotbook.plots.style import WIDE
from naswotlib.benchmarks.benchmark import Benchmark
from naswotlib.scoring.score import naswot_score
from naswotlib.spaces import get_space
from naswotlib.spaces.base import arch_seed
from naswotlib.stats import kendall_tau


def score_cell(arch: str, images: Tensor, *, seed: int, skeleton: Mapping[str, int], **options: Any) -> float:
    """The score of a NAS-Bench-201 network whose weights come from the root ``seed`` and the text ``arch``.

    ``options`` are those of :func:`naswotlib.naswot_score`.
    """
    space = get_space("nasbench201")
    network = space.build(space.from_str(arch), seed=arch_seed(seed, arch), **skeleton)
    return naswot_score(network, images, **options).value


def score_in_eval(archs: Sequence[str], images: Tensor, *, seed: int, skeleton: Mapping[str, int]) -> pd.DataFrame:
    """A row for each of ``archs``: ``arch``, and ``score`` with BatchNorm on running statistics."""
    scores = [score_cell(arch, images, seed=seed, skeleton=skeleton, batch_norm="eval") for arch in archs]
    return pd.DataFrame({"arch": archs, "score": scores})


def in_one_stream(archs: Sequence[str], seed: int) -> dict[str, int]:
    """Roots of weights as in the authors' first script: each from what those before have left of one stream."""
    torch.manual_seed(seed)
    return {arch: _draw_root() for arch in archs}


def put_back(archs: Sequence[str], seed: int) -> dict[str, int]:
    """Roots of weights as in their final scripts: the state of the generator is put back before each mini-batch."""
    torch.manual_seed(seed)
    start, roots = torch.get_rng_state(), {}
    for arch in archs:
        roots[arch] = _draw_root()  # the network draws its weights,
        torch.set_rng_state(start)
        torch.randperm(50_000)  # and the loader its mini-batch
    return roots


def by_text(archs: Sequence[str], seed: int) -> dict[str, int]:
    """The root of weights here: the seed, to which :func:`naswotlib.arch_seed` adds the text of the architecture."""
    return dict.fromkeys(archs, seed)


QUEUES: dict[str, Callable[[Sequence[str], int], dict[str, int]]] = {
    "first script": in_one_stream,
    "final scripts": put_back,
    "here": by_text,
}


def _draw_root() -> int:
    return int(torch.randint(2**62, ()))


def score_in_both_orders(
    archs: Sequence[str], images: Tensor, *, seed: int, skeleton: Mapping[str, int]
) -> pd.DataFrame:
    """Scores of ``archs``, a row each, queued in their order and in reverse: two columns for each of the queues."""
    columns = {}
    for title, roots_of in QUEUES.items():
        for order, queue in (("", archs), (", reversed", archs[::-1])):
            roots = roots_of(queue, seed)
            scores = (score_cell(arch, images, seed=roots[arch], skeleton=skeleton, exact=False) for arch in archs)
            columns[f"{title}{order}"] = list(scores)
    return pd.DataFrame(columns)


def spread_over_seeds(
    archs: Sequence[str], images: Tensor, n_seeds: int, *, seed: int, skeleton: Mapping[str, int]
) -> tuple[float, float]:
    """Standard deviations of scores within a network, over ``n_seeds`` initialisations, and between networks.

    The first is a mean over networks, the second that of their mean scores. A network with a singular kernel has no
    deviation, and is left out.
    """
    roots = range(seed + 1, seed + 1 + n_seeds)
    scores = {
        arch: [score_cell(arch, images, seed=root, skeleton=skeleton, exact=False) for root in roots] for arch in archs
    }
    finite = pd.DataFrame({arch: found for arch, found in scores.items() if np.isfinite(found).all()})
    return float(finite.std().mean()), float(finite.mean().std())


def fails_in_place(cell: str) -> bool:
    """Whether the authors' code has no score for a cell of NAS-Bench-101: its output adds the input to one convolution.

    >>> fails_in_place("conv3x3(0)|output(0,1)"), fails_in_place("maxpool3x3(0)|output(0,1)")
    (True, False)
    """
    *vertices, output = cell.split("|")
    other = re.fullmatch(r"output\(0,(\d+)\)", output)
    return other is not None and vertices[int(other[1]) - 1].startswith("conv")


def count_failing(benchmark: Benchmark) -> pd.DataFrame:
    """How many cells of a table of NAS-Bench-101 :func:`fails_in_place` finds, and how accurate they are, in one row.

    Columns: ``cells``, ``failing``, their ``share``; ``mean_accuracy`` and ``mean_accuracy_failing``, on CIFAR-10's
    test images after the longest training, in percent (NaN without any that fails).
    """
    epochs = max(epochs for _, _, epochs in benchmark.available)
    accuracy = benchmark.accuracy(benchmark.archs, dataset="cifar10", split="test", epochs=epochs)
    failing = np.array([fails_in_place(arch) for arch in benchmark.archs])
    row = {"cells": len(failing), "failing": failing.sum(), "share": failing.mean(), "mean_accuracy": accuracy.mean()}
    row["mean_accuracy_failing"] = accuracy[failing].mean() if failing.any() else np.nan
    return pd.DataFrame([row])


def compare_ways(name: str, ways: pd.DataFrame, accuracy: pd.Series[float], *, seed: int) -> dict[str, object]:
    """How far two ways to score agree: the columns of ``ways``, whose index are architectures, as is ``accuracy``'s.

    ``comparison`` is ``name``; ``n``; ``agreement``, Kendall's tau between them, with its interval ``low, high``;
    ``tau_first`` and ``tau_second``, that of each with accuracy.
    """
    rng = np.random.default_rng(seed)
    between = kendall_tau(ways.iloc[:, 0], ways.iloc[:, 1], rng=rng)
    first, second = (kendall_tau(ways[way], accuracy[ways.index], rng=rng, n_boot=0).tau for way in ways)
    found = asdict(between)
    row = {"comparison": name, "n": found["n"], "agreement": found["tau"], "low": found["low"], "high": found["high"]}
    return row | {"tau_first": first, "tau_second": second}


def draw_ways(counted: pd.DataFrame, modes: pd.DataFrame) -> Figure:
    """Scores that count as the code does against those that count once, and on running statistics against a batch's.

    ``counted`` has columns ``once`` and ``reference``, ``modes`` has ``batch`` and ``running``; a row a network.
    """
    figure, (left, right) = plt.subplots(1, 2, figsize=(WIDE, 3.8), layout="constrained")
    against(counted.once, counted.reference, left)
    left.set(xlabel="score, units once", ylabel="score, as the code counts")
    against(modes.batch, modes.running, right)
    right.set(xlabel="score, statistics of the mini-batch", ylabel="score, running statistics")
    plt.close(figure)
    return figure
