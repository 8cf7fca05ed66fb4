"""naswotlib: the reproducible companion to *Neural Architecture Search without Training* (Mellor et al., 2021).

>>> import naswotlib
>>> space = naswotlib.get_space("nasbench201")
>>> inputs = naswotlib.load_images("noise", 16, seed=0)
>>> score = naswotlib.naswot_score(space.build(space[1462], seed=0), inputs)
>>> score.num_units
901120
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from naswotlib.benchmarks import Benchmark, load_benchmark
    from naswotlib.data.images import load_images
    from naswotlib.scoring.codes import ActivationCodes
    from naswotlib.scoring.kernel import hamming_kernel
    from naswotlib.scoring.many import score_archs
    from naswotlib.scoring.score import NaswotScore, naswot_score
    from naswotlib.scoring.watch import activation_codes
    from naswotlib.search.base import SearchResult
    from naswotlib.search.with_training import area, random_search, rea
    from naswotlib.search.without_training import naswot
    from naswotlib.spaces import arch_seed, get_space, list_spaces

__version__ = "0.2.0"
__all__ = [
    "ActivationCodes",
    "Benchmark",
    "NaswotScore",
    "SearchResult",
    "activation_codes",
    "arch_seed",
    "area",
    "get_space",
    "hamming_kernel",
    "list_spaces",
    "load_benchmark",
    "load_images",
    "naswot",
    "naswot_score",
    "random_search",
    "rea",
    "score_archs",
]

# A name is imported from its module when it is first used: torch takes seconds, and `naswot --help` needs none of it.
_HOMES = {
    "benchmarks": ("Benchmark", "load_benchmark"),
    "data.images": ("load_images",),
    "scoring.codes": ("ActivationCodes",),
    "scoring.kernel": ("hamming_kernel",),
    "scoring.many": ("score_archs",),
    "scoring.score": ("NaswotScore", "naswot_score"),
    "scoring.watch": ("activation_codes",),
    "search.base": ("SearchResult",),
    "search.with_training": ("area", "random_search", "rea"),
    "search.without_training": ("naswot",),
    "spaces": ("arch_seed", "get_space", "list_spaces"),
}


def __getattr__(name: str) -> Any:
    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"naswotlib.{home}"), name)
    raise AttributeError(f"module 'naswotlib' has no attribute {name!r}; its public names are {', '.join(__all__)}")
