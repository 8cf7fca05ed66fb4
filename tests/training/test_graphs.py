"""Training with recorded graphs: the bookkeeping around them here, the graphs themselves where there is a GPU."""

from contextlib import contextmanager, nullcontext
from dataclasses import replace

import numpy as np
import pytest
import torch

from naswotlib.benchmarks.trained import Recipe, Watch
from naswotlib.spaces import get_space
from naswotlib.training.graphs import GraphedRun, training_on_gpu
from naswotlib.training.run import Run, Splits, run_together
from naswotlib.training.train import watching_scores
from support.cifar import easy_images

SPACE = get_space("nasbench201")
CELL = "|nor_conv_3x3~0|+|none~0|nor_conv_1x1~1|+|skip_connect~0|none~1|avg_pool_3x3~2|"
RECIPE = Recipe(
    skeleton=(("stem_channels", 4), ("cells_per_stage", 1)),
    side=8,
    epochs=2,
    batch_size=48,
    schedule="cosine",
    images=120,
    padding=2,
    partial=True,
)
WATCH = Watch(batch_size=16, within_first=1, running=True)


def results(kind, device="cpu", recipe=RECIPE):
    network = SPACE.build(SPACE.from_str(CELL), seed=0, **dict(recipe.skeleton))
    keywords = {"rng": np.random.default_rng(0), "scores": watching_scores(WATCH, 8, device=device), "watch": WATCH}
    run = kind(network, Splits.of(easy_images(), recipe, device), recipe, **keywords)
    for _ in run_together([run]):
        pass
    return run.result


class PlayedBack:
    """Stands for a CUDA graph: playing it computes the same in the memory that was recorded."""

    run: GraphedRun

    def pool(self):
        return 1

    def replay(self):
        _, static, loss, gradients = next(entry for entry in self.run._graphs.values() if entry[0] is self)
        loss.copy_(Run.gradients(self.run, static))
        for weights, gradient in zip(self.run.network.parameters(), gradients, strict=True):
            gradient.copy_(weights.grad)
            weights.grad = torch.full_like(weights, torch.nan)  # what is not of this graph must not be looked at


class PlayedBackRun(GraphedRun):
    def gradients(self, picks):
        for graph, *_ in self._graphs.values():
            graph.run = self
        self._recorded = 0  # the stand-in leaves others' gradients behind, which a graph does not
        return super().gradients(picks)


def test_graphs_change_nothing_of_a_training(monkeypatch):
    class Stream:
        def __init__(self, device):
            pass

        def wait_stream(self, other):
            pass

    @contextmanager
    def record(graph, pool, stream):
        assert pool is None or pool == 1
        yield

    monkeypatch.setattr(torch.cuda, "Stream", Stream)
    monkeypatch.setattr(torch.cuda, "current_stream", lambda device: None)
    monkeypatch.setattr(torch.cuda, "stream", lambda stream: nullcontext())
    monkeypatch.setattr(torch.cuda, "CUDAGraph", PlayedBack)
    monkeypatch.setattr(torch.cuda, "graph", record)
    for recipe in (RECIPE, replace(RECIPE, partial=False, padding=0)):
        assert results(PlayedBackRun, recipe=recipe) == results(Run, recipe=recipe)


def test_settings_of_torch_come_back_as_they_were():
    def settings():
        conv = getattr(torch.backends.cudnn, "conv", torch.backends.cudnn)
        name = "fp32_precision" if hasattr(conv, "fp32_precision") else "allow_tf32"
        return torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark, getattr(conv, name)

    before = settings()
    for tf32, expected in ((True, ("tf32", True)), (False, ("ieee", False))):
        with training_on_gpu(Recipe(tf32=tf32)):
            deterministic, benchmark, precision = settings()
            assert (deterministic, benchmark) == (True, False)
            assert precision in expected
    assert settings() == before


@pytest.mark.gpu
def test_a_gpu_repeats_itself_and_learns_as_the_cpu_does():
    with training_on_gpu(RECIPE):
        first, again = results(GraphedRun, "cuda"), results(GraphedRun, "cuda")
    assert first == again
    on_cpu = results(Run)
    assert first["losses"][:3] == pytest.approx(on_cpu["losses"][:3], rel=1e-3)
    assert first["scores"][0] == pytest.approx(on_cpu["scores"][0], rel=1e-4)
    assert first["steps"] == on_cpu["steps"]
