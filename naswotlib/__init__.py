"""naswotlib: the reproducible companion to *Neural Architecture Search without Training* (Mellor et al., 2021).

>>> import naswotlib
>>> space = naswotlib.get_space("nasbench201")
>>> inputs = naswotlib.load_images("noise", 16, seed=0)
>>> score = naswotlib.naswot_score(space.build(space[1462], seed=0), inputs)
>>> score.num_units
901120
"""

from naswotlib.benchmarks import Benchmark, load_benchmark
from naswotlib.codes import ActivationCodes, activation_codes
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
    "get_space",
    "hamming_kernel",
    "list_spaces",
    "load_benchmark",
    "load_images",
    "naswot",
    "naswot_score",
    "random_search",
    "score_archs",
]
