"""Work in processes of one thread, locally or on a Dask cluster, and how a search space reaches them."""

from __future__ import annotations

import os
import pickle
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cache, lru_cache
from itertools import islice
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

import cloudpickle
import joblib
import torch
from joblib.externals.loky.process_executor import TerminatedWorkerError
from threadpoolctl import threadpool_limits

from naswotlib.errors import check_at_least, import_extra
from naswotlib.spaces.base import get_space

Item = TypeVar("Item")
Result = TypeVar("Result")


@contextmanager
def single_thread() -> Iterator[None]:
    """Give torch, BLAS and OpenMP one thread inside the block, so that a result has the same bits everywhere."""
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


def _one_of_parent(parent: int, function: Callable[[Item], Result], item: Item) -> Result:
    """A task in a local worker, which ends within a second when the process that started it is killed."""
    _follow(parent)
    return _one(function, item)


@cache
def _follow(parent: int) -> None:
    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)

    if os.getppid() == parent:  # elsewhere a worker has another parent, such as a server of forks
        threading.Thread(target=watch, daemon=True).start()


MANY = 32  # architectures that are worth a second for starting processes


def check_workers(workers: int) -> None:
    """ValueError unless so many processes can be of use: thousands would stop the machine."""
    check_at_least("workers", workers, 1)
    cores = os.cpu_count() or 1
    if workers > max(64, 4 * cores):
        raise ValueError(
            f"workers: {workers} processes of one thread each are more than {cores} cores can use; expected at most "
            f"{max(64, 4 * cores)}"
        )


def cores_for(number: int | None, asked: int | None = None) -> int:
    """How many processes a number of architectures (None: not known) is worth: those that were asked for, which are
    checked, else all cores, or this one alone.
    """
    if asked is not None:
        check_workers(asked)
        return asked
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return 1 if number is not None and number < MANY else cores


def map_unordered(
    function: Callable[[Item], Result], items: Iterable[Item], *, workers: int = 1, client: Any = None
) -> Iterator[Result]:
    """Results of ``function`` over ``items`` as they finish, from ``workers`` processes of one thread each.

    ``workers=1`` stays in this process. With ``client``, a ``distributed.Client``, the workers of its cluster take
    the place of local processes. Items are drawn from the iterable as they are needed.
    """
    check_workers(workers)
    if client is not None:
        yield from _map_on_cluster(function, items, client)
    elif workers == 1:
        yield from (_one(function, item) for item in items)
    else:
        with joblib.parallel_config("loky", n_jobs=workers, inner_max_num_threads=1):
            pool = joblib.Parallel(return_as="generator_unordered", pre_dispatch="2*n_jobs")
            try:
                yield from pool(joblib.delayed(_one_of_parent)(os.getpid(), function, item) for item in items)
            except TerminatedWorkerError as error:
                raise RuntimeError(
                    "workers: a worker process was killed, often for want of memory; what was kept so far is whole, "
                    "and the same call goes on from there, with fewer workers if memory is short"
                ) from error


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


def pack_space(space: Any) -> str | bytes:
    """The name of a space of this library, which every process knows; else a pickle of the space.

    The pickle holds the code of its module too, and of those of the classes that it extends, unless these are of
    installed packages: files of the user's own need not be on the machines of a cluster. Others that they import must.
    """
    if type(space).__module__.startswith("naswotlib."):
        return str(space.name)
    return _pack(space, [kind.__module__ for kind in type(space).__mro__])


def pack_function(function: Callable[..., Any]) -> bytes:
    """A pickle of a function, with the code of its module where that is the user's own, for ``pickle.loads``."""
    return _pack(function, [getattr(function, "func", function).__module__])


def _pack(thing: Any, modules: Iterable[str]) -> bytes:
    known = (sys.modules.get(name) for name in modules)
    own = {module.__name__: module for module in known if module is not None and _is_own(module)}
    with ExitStack() as stack:
        for module in own.values():
            cloudpickle.register_pickle_by_value(module)
            stack.callback(cloudpickle.unregister_pickle_by_value, module)
        return bytes(cloudpickle.dumps(thing))


def _is_own(module: ModuleType) -> bool:
    """Whether a module is a file of the user's own; the code of ``__main__`` is in a pickle anyway."""
    file = getattr(module, "__file__", None)
    if file is None or module.__name__ == "__main__" or module.__name__.partition(".")[0] == "naswotlib":
        return False
    return (
        not {"site-packages", "dist-packages"} & {*Path(file).parts} and module.__name__ not in sys.stdlib_module_names
    )


@lru_cache(maxsize=4)
def unpack_space(packed: str | bytes) -> Any:
    """The space that :func:`pack_space` was given."""
    return get_space(packed) if isinstance(packed, str) else pickle.loads(packed)
