"""Hardware-aware search: the architectures that no other beats in score and cost, a use that the paper names.

A front is of a table that has both columns, such as ``score_archs(...)`` merged with :func:`costs`.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from naswotlib.errors import check_choice
from naswotlib.scoring.parallel import single_thread
from naswotlib.spaces.base import find_space
from naswotlib.spaces.sizes import network_sizes


def latency(network: nn.Module, image: Tensor, *, repeats: int = 15) -> float:
    """Median milliseconds of a forward pass of ``image``, one thread, after a first pass that is not counted."""
    seconds = []
    with single_thread():
        for _ in range(repeats + 1):
            start = time.perf_counter()
            network(image)
            if image.is_cuda:
                torch.cuda.synchronize(image.device)
            seconds.append(time.perf_counter() - start)
    return 1000 * statistics.median(seconds[1:])


COSTS = ("parameters", "flops", "latency")


def costs(
    space: Any,
    archs: Iterable[Any],
    cost: str,
    *,
    side: int = 32,
    skeleton: Mapping[str, int] | None = None,
    device: str = "cpu",
) -> pd.DataFrame:
    """Costs of architectures (or their texts) of ``space`` for one image of ``side`` pixels on ``skeleton``.

    ``cost`` is ``"parameters"``, ``"flops"`` (multiply-adds) or ``"latency"`` (milliseconds measured on
    ``device``, networks one after the other). Returns a row for each: ``arch`` and a column named like the cost.

    >>> from naswotlib import get_space
    >>> costs("nasbench201", get_space("nasbench201")[:2], "parameters").parameters.tolist()
    [129306.0, 802426.0]
    """
    check_choice("cost", cost, COSTS)
    if cost != "latency":
        sizes = network_sizes(space, archs, side=side, skeleton=skeleton)
        return sizes[["arch", cost]].astype({cost: "float64"})
    space = find_space(space, "build")
    image = torch.zeros(1, 3, side, side, device=device)
    rows = []
    for given in archs:
        arch = space.from_str(given) if isinstance(given, str) else given
        network = space.build(arch, seed=0, **(skeleton or {})).to(device).eval()
        with torch.inference_mode():
            rows.append((space.to_str(arch), latency(network, image)))
    return pd.DataFrame(rows, columns=["arch", cost])


def pareto_front(table: pd.DataFrame, cost: str, *, value: str = "score") -> pd.DataFrame:
    """Rows of ``table`` that no other beats: none costs no more and has a higher ``value``, from cheap to dear.

    Of rows with equal cost and value the first stays. A value of −inf or NaN, a network that cannot be ranked, is
    never on the front, nor is a cost of NaN.

    >>> table = pd.DataFrame({"arch": list("abcd"), "flops": [3, 1, 2, 2], "score": [9.0, 5.0, 4.0, 7.0]})
    >>> pareto_front(table, "flops").arch.tolist()
    ['b', 'd', 'a']
    """
    ranked = table[np.isfinite(table[value]) & table[cost].notna()]
    ordered = ranked.sort_values([cost, value], ascending=[True, False], kind="stable")
    best_before = ordered[value].cummax().astype("float64").shift(fill_value=-np.inf)
    front: pd.DataFrame = ordered[ordered[value] > best_before].reset_index(drop=True)
    return front


def front_summary(table: pd.DataFrame, front: pd.DataFrame, cost: str, *, judge: str = "accuracy") -> dict[str, float]:
    """Judge the networks of a front by another column, each among those of ``table`` that cost no more.

    Its share is the part of those others that it equals or beats by ``judge``; the cheapest, which has no others, is
    left out. Returns ``n`` rows, of which ``on_front``; ``median_share`` and ``least_share`` over the front, and
    ``largest_share``, of the dearest network of the table.

    >>> table = pd.DataFrame({"arch": list("abc"), "flops": [1, 2, 3], "score": [1, 2, 3], "accuracy": [50, 40, 60]})
    >>> front_summary(table, pareto_front(table, "flops"), "flops")["median_share"]
    0.5
    """

    def share(row: Any) -> float:
        others = table[(table[cost] <= row[cost]) & (table.arch != row.arch)]
        return float((others[judge] <= row[judge]).mean()) if len(others) else np.nan

    shares = front.apply(share, axis=1)
    dearest = table.sort_values(cost, kind="stable").iloc[-1]
    facts = {"n": len(table), "on_front": len(front), "median_share": float(shares.median())}
    return facts | {"least_share": float(shares.min()), "largest_share": share(dearest)}
