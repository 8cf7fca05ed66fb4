"""How a search space reaches the processes that score or train its networks."""

from __future__ import annotations

import pickle
import sys
from functools import lru_cache
from pathlib import Path
from typing import Any

import cloudpickle

from naswotlib.spaces.base import get_space


def pack_space(space: Any) -> str | bytes:
    """The name of a space of this library, which every process knows; else a pickle of the space.

    The pickle holds the code of its module too, unless that is an installed package: a file of the user's own need
    not be on the machines of a cluster. Other files that the module imports must be.
    """
    module = sys.modules.get(type(space).__module__)
    if module is None or module.__name__ == "__main__":  # whose code is in the pickle anyway
        return bytes(cloudpickle.dumps(space))
    if module.__name__.startswith("naswotlib."):
        return str(space.name)
    if {"site-packages", "dist-packages"} & {*Path(module.__file__ or "").parts}:
        return bytes(cloudpickle.dumps(space))
    cloudpickle.register_pickle_by_value(module)
    try:
        return bytes(cloudpickle.dumps(space))
    finally:
        cloudpickle.unregister_pickle_by_value(module)


@lru_cache(maxsize=4)
def unpack_space(packed: str | bytes) -> Any:
    """The space that :func:`pack_space` was given."""
    return get_space(packed) if isinstance(packed, str) else pickle.loads(packed)
