"""Other measures of an untrained network, which the score has to beat (Figure 4): a file each, which registers itself.

Each takes a network and a mini-batch and gives a number, and gives the network back as it was. Two of them are those
of Abdelfattah et al. (2021), with which the paper compares its score.
"""

from naswotlib.scoring.proxies.base import NASWOT, NEED_LABELS, PROXIES, check_labels, load_batch, register_proxy
from naswotlib.scoring.proxies.grad_norm import grad_norm
from naswotlib.scoring.proxies.synflow import synflow

from naswotlib.scoring.proxies.counts import flops, num_units, parameters  # isort: skip (the order of the registry)

__all__ = [
    "NASWOT",
    "NEED_LABELS",
    "PROXIES",
    "check_labels",
    "flops",
    "grad_norm",
    "load_batch",
    "num_units",
    "parameters",
    "register_proxy",
    "synflow",
]
