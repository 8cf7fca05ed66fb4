"""Compiling the loops ahead of time, once for an installation."""

from __future__ import annotations

import time

import torch

from naswotlib.graph import Graph, init_weights
from naswotlib.scoring.ready import is_compiled
from naswotlib.scoring.score import naswot_score, score_graph


def ensure_compiled() -> None:
    """Compile the fast engine's loops unless they are kept, so that several processes need not do it at once."""
    if not is_compiled():
        compile_all()


def compile_all() -> float:
    """Compile the loops of both engines, or read them; returns the seconds it took."""
    start = time.perf_counter()
    graph, inputs = _small_graph(), torch.randn(4, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    weights = init_weights(graph, 0)
    for exact in (True, False):
        score_graph(graph, weights, inputs, exact=exact)
    layers = torch.nn.Flatten(), torch.nn.Linear(192, 4), torch.nn.ReLU()
    naswot_score(torch.nn.Sequential(*layers).double(), inputs.double())
    return time.perf_counter() - start


def _small_graph() -> Graph:
    graph = Graph()
    x = graph.input(3)
    x = graph.relu(graph.batch_norm(graph.conv(x, 4, 3, name="conv", padding=1), name="norm"), name="relu")
    pooled = graph.avg_pool(x, 3, stride=1, padding=1)
    graph.relu(graph.add(x, pooled), name="last")
    return graph
