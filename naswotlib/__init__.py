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
    from naswotlib.codes import ActivationCodes, activation_codes
    from naswotlib.evolution import area, rea
    from naswotlib.images import load_images
    from naswotlib.kernel import hamming_kernel
    from naswotlib.runner import score_archs
    from naswotlib.score import NaswotScore, naswot_score
    from naswotlib.search import SearchResult, naswot, random_search
    from naswotlib.spaces import arch_seed, get_space, list_spaces

__version__ = "0.1.0"
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
    "codes": ("ActivationCodes", "activation_codes"),
    "evolution": ("area", "rea"),
    "images": ("load_images",),
    "kernel": ("hamming_kernel",),
    "runner": ("score_archs",),
    "score": ("NaswotScore", "naswot_score"),
    "search": ("SearchResult", "naswot", "random_search"),
    "spaces": ("arch_seed", "get_space", "list_spaces"),
}


def __getattr__(name: str) -> Any:
    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"naswotlib.{home}"), name)
    raise AttributeError(f"module 'naswotlib' has no attribute {name!r}; its public names are {', '.join(__all__)}")
