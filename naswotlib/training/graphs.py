"""Several networks in training on one GPU: each step is a CUDA graph, each network has a stream of its own.

A small network is some hundred kernels of microseconds each, so that launching them one by one takes longer than
running them. A recorded graph is launched at once, and graphs of several streams share the GPU.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from naswotlib.benchmarks.trained import Recipe
from naswotlib.scoring.modes import full_precision
from naswotlib.training.run import Run, Splits

WARM_UP = 2  # passes before a graph is recorded, in which libraries choose their kernels


class GraphedRun(Run):
    """A :class:`Run` on a GPU, whose gradients come from recorded graphs, one for each size of batch.

    The optimiser's step is not recorded: it is a few kernels for all weights, and its learning rate changes.
    """

    def __init__(self, network: nn.Module, splits: Splits, recipe: Recipe, **keywords: Any) -> None:
        self._stream = torch.cuda.Stream(splits.train[0].device)
        self._stream.wait_stream(torch.cuda.current_stream(splits.train[0].device))
        self._graphs: dict[int, tuple[torch.cuda.CUDAGraph, Tensor, Tensor, list[Tensor | None]]] = {}
        self._pool: Any = None
        self._recorded = 0  # the batch whose gradients the weights have
        with torch.cuda.stream(self._stream):
            super().__init__(network, splits, recipe, **keywords)
            sizes = {recipe.batch_size, len(self.inputs) % recipe.batch_size if recipe.partial else 0}
            for size in sorted(sizes - {0}, reverse=True):
                self._record(size)

    def begin_epoch(self) -> None:
        with torch.cuda.stream(self._stream):
            super().begin_epoch()

    def step(self) -> None:
        with torch.cuda.stream(self._stream):
            super().step()

    def end_epoch(self, last: bool) -> None:
        with torch.cuda.stream(self._stream):
            super().end_epoch(last)

    def gradients(self, picks: Tensor) -> Tensor:
        """Replay the graph of this size of batch."""
        graph, static, loss, gradients = self._graphs[len(picks)]
        static.copy_(picks)
        graph.replay()
        if self._recorded != len(picks):
            self._recorded = len(picks)
            for weights, gradient in zip(self.network.parameters(), gradients, strict=True):
                weights.grad = gradient
        return loss

    def _record(self, size: int) -> None:
        """Record a batch of ``size`` images; weights and buffers are left as they were."""
        self.network.train()
        static = torch.zeros((size, 4), dtype=torch.int64, device=self.inputs.device)
        before = [buffer.clone() for buffer in self.network.buffers()]
        for _ in range(WARM_UP):
            super().gradients(static)
        self.optimizer.zero_grad()  # so that the graph brings gradients of its own
        graph = torch.cuda.CUDAGraph()
        # Both graphs share memory: they never run at the same time, and keep nothing for each other.
        with torch.cuda.graph(graph, pool=self._pool, stream=self._stream):
            loss = super().gradients(static)
        self._pool = graph.pool()
        self._graphs[size] = (graph, static, loss, [weights.grad for weights in self.network.parameters()])
        with torch.no_grad():
            for buffer, old in zip(self.network.buffers(), before, strict=True):
                buffer.copy_(old)


@contextmanager
def training_on_gpu(recipe: Recipe) -> Iterator[None]:
    """Settings of torch inside the block: algorithms that repeat to the bit, TF32 only where the recipe has it."""
    backend = torch.backends.cudnn
    before = backend.deterministic, backend.benchmark
    try:
        backend.deterministic, backend.benchmark = True, False
        with full_precision(tf32=recipe.tf32):
            yield
    finally:
        backend.deterministic, backend.benchmark = before
