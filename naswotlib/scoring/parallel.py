"""Run a function over many items, locally or on a Dask cluster, one thread each."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any, TypeVar

import joblib
import torch
from threadpoolctl import threadpool_limits

from naswotlib.errors import import_extra

Item = TypeVar("Item")
Result = TypeVar("Result")


@contextmanager
def single_thread() -> Iterator[None]:
    """One thread for torch, BLAS and OpenMP inside the block, so that a result has the same bits everywhere."""
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        with threadpool_limits(1):
            yield
    finally:
        torch.set_num_threads(threads)


def _one(function: Callable[[Item], Result], item: Item) -> Result:
    with single_thread():
        return function(item)


def map_unordered(
    function: Callable[[Item], Result], items: Iterable[Item], *, workers: int = 1, client: Any = None
) -> Iterator[Result]:
    """Results of ``function`` over ``items`` as they finish, from ``workers`` processes of one thread each.

    ``workers=1`` stays in this process. With ``client``, a ``distributed.Client``, the workers of its cluster take
    the place of local processes. Items are drawn from the iterable as they are needed.
    """
    if workers < 1:
        raise ValueError(f"workers: expected at least 1, got {workers}")
    if client is not None:
        yield from _map_on_cluster(function, items, client)
    elif workers == 1:
        yield from (_one(function, item) for item in items)
    else:
        with joblib.parallel_config("loky", n_jobs=workers, inner_max_num_threads=1):
            pool = joblib.Parallel(return_as="generator_unordered", pre_dispatch="2*n_jobs")
            yield from pool(joblib.delayed(_one)(function, item) for item in items)


IN_FLIGHT = 1024  # tasks that a cluster is given at a time: enough for hundreds of workers, little for its scheduler
_ONE_TASK = threading.Lock()


def _map_on_cluster(function: Callable[[Item], Result], items: Iterable[Item], client: Any) -> Iterator[Result]:
    as_completed = import_extra("distributed", "distributed").as_completed

    # The function, with all it carries, travels as the result of a task and not as scattered data, which would be
    # lost for good with the worker that holds it.
    shipped = client.submit(lambda: function, pure=False)
    tasks = (client.submit(_one_at_a_time, shipped, item, pure=False) for item in items)
    running = as_completed(islice(tasks, IN_FLIGHT))
    for finished in running:
        yield finished.result()
        running.update(islice(tasks, 1))


def _one_at_a_time(function: Callable[[Item], Result], item: Item) -> Result:
    """A task on a cluster, whose workers may have several threads, while the number of torch's is the process's."""
    with _ONE_TASK:
        return _one(function, item)
