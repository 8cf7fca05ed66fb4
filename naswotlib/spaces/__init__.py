"""Search spaces. Importing this package registers those that ship with the library."""

from naswotlib.spaces import (  # noqa: F401  (each registers itself)
    channel_bench,
    nasbench101,
    nasbench201,
    nasbench_macro,
    nats_size,
    nds,
    transnas101,
)
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
