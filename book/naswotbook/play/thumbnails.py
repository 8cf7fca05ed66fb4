"""Kernels of untrained NAS-Bench-201 cells, small enough to be kept: one of each function, 16 images, 8 bits a pair."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from naswotbook.kept import complete_scores
from naswotlib.data.images import load_images
from naswotlib.graph import init_weights
from naswotlib.scoring.parallel import single_thread
from naswotlib.scoring.score import score_graph
from naswotlib.spaces.base import arch_seed, get_space
from naswotlib.spaces.nasbench201 import isomorphism_class

SIDE = 16  # images of a thumbnail: the first of the mini-batch
KEPT = "nasbench201-cifar10-kernels-seed0.parquet"
_AT_ONCE = 100  # cells after which the table is written


@cache
def classes() -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Of every cell, in the benchmark's order, the number of its function; of every function, its first cell.

    Functions are the 6,466 values of :func:`naswotlib.spaces.nasbench201.isomorphism_class`, in order of first cells.
    """
    numbers, names = pd.factorize(np.array([isomorphism_class(cell) for cell in get_space("nasbench201")]))
    _, first = np.unique(numbers, return_index=True)
    assert len(names) == len(first)
    return numbers.astype(np.int64), first.astype(np.int64)


def half_kernel(kernel: npt.NDArray[np.int64], num_units: int) -> bytes:
    """The pairs i ≤ j of the first :data:`SIDE` images, row by row: shares of agreeing units, 255 for all of them.

    >>> list(half_kernel(np.array([[4, 2], [2, 4]]), 4))
    [255, 128, 255]
    """
    part = kernel[:SIDE, :SIDE]
    return np.rint(255 * part[np.triu_indices(len(part))] / num_units).astype(np.uint8).tobytes()


def keep_thumbnails(path: Path, count: int, *, seed: int, batch_size: int, data_dir: str = "") -> pd.DataFrame:
    """The table at ``path``, with a row for the first cell of each of the ``count`` functions that most cells share:
    ``arch``, ``kernel``, :func:`half_kernel` of the K_H that its kept score was computed from, with each unit once.

    What it lacks is computed, and written as it comes, so that a run that is stopped goes on from there.
    """
    space = get_space("nasbench201")
    numbers, first = classes()
    often = np.argsort(-np.bincount(numbers), kind="stable")
    archs = [space.to_str(space[int(first[row])]) for row in often[:count]]
    images = load_images("cifar10", batch_size, seed=seed, data_dir=data_dir or None)

    def score(missing: list[str], _: Path) -> pd.DataFrame:
        rows = []
        with single_thread():
            for arch in missing:
                graph = space.graph(space.from_str(arch))
                found = score_graph(graph, init_weights(graph, arch_seed(seed, arch)), images, exact=False)
                rows.append({"arch": arch, "kernel": half_kernel(found.kernel, found.num_units), "error": ""})
        return pd.DataFrame(rows)

    for end in range(_AT_ONCE, len(archs) + _AT_ONCE, _AT_ONCE):
        table = complete_scores(path, archs[:end], score)
    return table
