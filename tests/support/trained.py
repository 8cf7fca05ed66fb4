"""A small table of networks that were really trained, and scored meanwhile; the best of any table."""

from pathlib import Path

import numpy as np

from naswotlib.benchmarks import Benchmark
from naswotlib.benchmarks.trained import Recipe, Watch, write_trained
from naswotlib.scoring.parallel import single_thread
from naswotlib.spaces import get_space
from naswotlib.training.train import TrainingImages, train_arch

TINY = Recipe(skeleton=(("stem_channels", 4), ("cells_per_stage", 1)), side=8, epochs=3, batch_size=16)


def write_watched(path: Path, count: int = 3) -> list[dict]:
    """Train the first ``count`` cells of NAS-Bench-201 on noise; returns the rows of the table at ``path``."""
    rng, space = np.random.default_rng(0), get_space("nasbench201")

    def noise(number: int) -> tuple[np.ndarray, np.ndarray]:
        return rng.integers(1000, size=(number, 3, 8, 8), dtype=np.uint16), np.arange(number) % 10

    images = TrainingImages(noise(32), noise(20), noise(20))
    texts = [space.to_str(cell) for cell in space[:count]]
    with single_thread():
        rows = [train_arch(space, text, images, TINY, seed=0, watch=Watch()) for text in texts]
    write_trained(path, rows, {"recipe": TINY.as_metadata()})
    return rows


def best_accuracy(benchmark: Benchmark, **where) -> float:
    """The highest accuracy of a table, in percent."""
    return float(benchmark.accuracy(benchmark.trained(**where), **where).max())
