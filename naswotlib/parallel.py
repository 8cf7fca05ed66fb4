"""Run a function over many items in local processes, one thread each, and write files whole."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TypeVar

import joblib
import torch
from threadpoolctl import threadpool_limits

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


def map_unordered(function: Callable[[Item], Result], items: Iterable[Item], *, workers: int) -> Iterator[Result]:
    """Results of ``function`` over ``items`` as they finish, from ``workers`` processes of one thread each.

    ``workers=1`` stays in this process. Items are drawn from the iterable as they are needed.
    """
    if workers < 1:
        raise ValueError(f"workers: expected at least 1, got {workers}")
    if workers == 1:
        yield from (_one(function, item) for item in items)
        return
    with joblib.parallel_config("loky", n_jobs=workers, inner_max_num_threads=1):
        pool = joblib.Parallel(return_as="generator_unordered", pre_dispatch="2*n_jobs")
        yield from pool(joblib.delayed(_one)(function, item) for item in items)


@contextmanager
def write_whole(path: Path) -> Iterator[IO[bytes]]:
    """A file to write that appears under its name only when it is complete (temporary file, fsync, rename).

    Its ``name`` is that of the temporary file.
    If the block raises or the process dies, what stood at ``path`` stays as it was.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    try:
        os.close(handle)
        with Path(temporary).open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        umask = os.umask(0)
        os.umask(umask)
        Path(temporary).chmod(0o666 & ~umask)  # mkstemp makes private files
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
