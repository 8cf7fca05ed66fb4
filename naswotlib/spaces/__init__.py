"""Search spaces. Importing this package registers those that ship with the library."""

from naswotlib.spaces import nasbench101, nasbench201, nats_size, nds  # noqa: F401  (each registers itself)
from naswotlib.spaces.base import (
    EnumeratedSpace,
    GraphSpace,
    SearchSpace,
    arch_seed,
    get_space,
    list_spaces,
    register_space,
)

__all__ = ["EnumeratedSpace", "GraphSpace", "SearchSpace", "arch_seed", "get_space", "list_spaces", "register_space"]
