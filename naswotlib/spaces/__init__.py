"""Search spaces. Importing this package registers those that ship with the library."""

from naswotlib.spaces import nasbench201 as _nasbench201  # noqa: F401  (registers itself)
from naswotlib.spaces.base import (
    GraphSpace,
    SearchSpace,
    arch_seed,
    get_space,
    list_spaces,
    register_space,
)

__all__ = ["GraphSpace", "SearchSpace", "arch_seed", "get_space", "list_spaces", "register_space"]
