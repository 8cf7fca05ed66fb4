"""Other measures of an untrained network, which the score has to beat (Figure 4): a file each, which registers itself.

Each takes a network and a mini-batch and gives a number, and gives the network back as it was. They are those of
Abdelfattah et al. (2021), with two of which the paper compares its score, the score of the paper's first version, some
that came later, and counts. :func:`naswotlib.scoring.measures.measure_network` computes many of one network at once.
"""

from naswotlib.scoring.proxies.base import (
    NASWOT,
    NEED_LABELS,
    PROXIES,
    check_labels,
    check_proxy,
    find_proxy,
    list_proxies,
    load_batch,
    register_proxy,
)
from naswotlib.scoring.proxies.grad_norm import grad_norm
from naswotlib.scoring.proxies.synflow import synflow

from naswotlib.scoring.proxies.snip import snip  # isort: skip (the order of the registry)
from naswotlib.scoring.proxies.grasp import grasp  # isort: skip
from naswotlib.scoring.proxies.fisher import fisher  # isort: skip
from naswotlib.scoring.proxies.plain import plain  # isort: skip
from naswotlib.scoring.proxies.l2_norm import l2_norm  # isort: skip
from naswotlib.scoring.proxies.jacob_cov import jacob_cov  # isort: skip
from naswotlib.scoring.proxies.epe_nas import epe_nas  # isort: skip
from naswotlib.scoring.proxies.zen import zen  # isort: skip
from naswotlib.scoring.proxies.zico import zico  # isort: skip
from naswotlib.scoring.proxies.swap import swap  # isort: skip
from naswotlib.scoring.proxies.near import near  # isort: skip
from naswotlib.scoring.proxies.counts import flops, num_units, parameters  # isort: skip

__all__ = [
    "NASWOT",
    "NEED_LABELS",
    "PROXIES",
    "check_labels",
    "check_proxy",
    "epe_nas",
    "find_proxy",
    "fisher",
    "flops",
    "grad_norm",
    "grasp",
    "jacob_cov",
    "l2_norm",
    "list_proxies",
    "load_batch",
    "near",
    "num_units",
    "parameters",
    "plain",
    "register_proxy",
    "snip",
    "swap",
    "synflow",
    "zen",
    "zico",
]
