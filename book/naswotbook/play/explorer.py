"""The explorer's data: every cell of NAS-Bench-201 with its scores, counts, class, and kernel where one is kept."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from naswotbook.kept import scores_name
from naswotbook.markdown import DATASETS
from naswotbook.play.scripts import packed
from naswotbook.play.thumbnails import SIDE, classes
from naswotlib.benchmarks import load_benchmark
from naswotlib.spaces.base import get_space
from naswotlib.spaces.nasbench201 import EDGES, OPERATIONS
from naswotlib.spaces.sizes import network_sizes

Column = dict[str, Any]
COUNTS = {"num_units": "ReLU units", "parameters": "parameters", "flops": "FLOPs (multiply-adds)"}


@cache
def all_cells() -> tuple[str, ...]:
    """The text of every cell, in the benchmark's order."""
    space = get_space("nasbench201")
    return tuple(space.to_str(cell) for cell in space)


def cell_numbers() -> npt.NDArray[np.int64]:
    """The six operations of every cell as one number: digits to the base of five, in the order of its text."""
    space = get_space("nasbench201")
    digits = np.array([[OPERATIONS.index(op) for op in cell.ops] for cell in space])
    numbers: npt.NDArray[np.int64] = digits @ len(OPERATIONS) ** np.arange(len(EDGES))[::-1]
    return numbers


def cell_sizes() -> pd.DataFrame:
    """:func:`naswotlib.spaces.sizes.network_sizes` of every cell: those of one cell for all with the same operations.

    Sizes are sums over the six edges, wherever they lie.
    """
    archs = all_cells()
    kinds = pd.Series([" ".join(sorted(part.partition("~")[0] for part in _terms(arch))) for arch in archs])
    first = kinds.drop_duplicates()
    sizes = network_sizes("nasbench201", [archs[row] for row in first.index]).assign(kind=first.to_numpy())
    return sizes.set_index("kind")[list(COUNTS)].loc[kinds.tolist()].reset_index(drop=True)


def _terms(arch: str) -> list[str]:
    return [term for term in arch.replace("+", "").split("|") if term]


def explorer_data(scores: Path, kernels: Path | None = None) -> dict[str, Any]:
    """What book/interactive/explorer.js reads, all of it this project's own.

    ``scores`` is the folder of kept tables, of which every seed of CIFAR-10 is a column; ``kernels`` the table that
    :func:`naswotbook.play.thumbnails.keep_thumbnails` wrote, which may be there or not.
    FileNotFoundError where there is no table of scores.
    """
    archs = all_cells()
    columns = []
    for seed in range(10):
        path = scores / scores_name("nasbench201", "cifar10", counting="once", seed=seed)
        if path.exists():
            found = pd.read_parquet(path).set_index("arch").score.reindex(archs)
            columns.append(_column(f"score{seed}", f"score, seed {seed}", found.to_numpy()))
    if not columns:
        raise FileNotFoundError(f"scores: {scores} has no table of all cells of NAS-Bench-201")
    sizes = cell_sizes()
    columns += [{"name": name, "label": label, "values": packed(sizes[name], "u4")} for name, label in COUNTS.items()]
    numbers, _ = classes()
    data = {"numbers": packed(cell_numbers(), "u2"), "classes": packed(numbers, "u2"), "columns": columns}
    return data | ({"kernels": _kernels(kernels)} if kernels is not None and kernels.exists() else {})


def _column(name: str, label: str, values: npt.ArrayLike) -> Column:
    return {"name": name, "label": label, "values": packed(values, "f4")}


def _kernels(path: Path) -> dict[str, Any]:
    """Kernels by class, and the shares of agreeing units between which their pictures run from white to black."""
    _, first = classes()
    archs = all_cells()
    kept = pd.read_parquet(path).set_index("arch").kernel
    size = SIDE * (SIDE + 1) // 2
    shares = np.zeros((len(first), size), dtype=np.uint8)
    known = np.array([archs[row] in kept.index for row in first])
    for place in np.flatnonzero(known):
        shares[place] = np.frombuffer(kept[archs[first[place]]], dtype=np.uint8)
    apart = np.concatenate([np.arange(1, SIDE - i) + sum(SIDE - j for j in range(i)) for i in range(SIDE)])
    ends = np.quantile(shares[known][:, apart.astype(int)], [0.01, 0.99]) / 255
    return {
        "side": SIDE,
        "ends": [round(float(end), 4) for end in ends],
        "shares": packed(shares, "u1"),
        "known": packed(known, "u1"),
    }


def kernels_in_words(path: Path) -> str:
    """How many different functions the cells are, and of how many the table ``path`` keeps a kernel; it may be missing.

    The words are for a page, as Markdown.
    """
    numbers, first = classes()
    archs = all_cells()
    kept = set(pd.read_parquet(path, columns=["arch"]).arch) if path.exists() else set[str]()
    known = np.array([archs[row] in kept for row in first])
    which = "of each a kernel is kept"
    if not known.all():
        cells = np.bincount(numbers)[known].sum() / len(numbers)
        which = f"a kernel is kept of the {known.sum():,} that most cells share, which are {cells:.0%} of all cells"
    return f"""Many cells are the same function, written in several ways: edges that lead nowhere, or skips that add up.
    There are {len(first):,} different ones, and {which}: that of its first cell in the benchmark's order. It is a part
    of the $\\mathbf{{K}}_H$ behind the score of seed 0: the first {SIDE} of 128 images, each pair as the share of units
    on which they agree, dark where they agree on many."""


def published_data(data_dir: str) -> dict[str, Any]:
    """Accuracies that others measured, as further columns: only for a site built where their table is at hand.

    They never enter the repository, nor a site that is built from it alone.
    """
    benchmark = load_benchmark("nasbench201", data_dir=data_dir)
    archs = list(all_cells())
    columns = []
    for dataset, split, epochs in sorted(benchmark.available):
        if split == "test" and epochs == 200:
            values = benchmark.accuracy(archs, dataset=dataset, split=split, epochs=epochs)
            label = f"test accuracy (%), {DATASETS[dataset]}"
            columns.append(_column(f"accuracy-{dataset}", label, values))
    return {"columns": columns}
