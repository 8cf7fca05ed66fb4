"""How measures of others reach processes that lack them: those of a notebook, or of a package installed only here."""

from __future__ import annotations

import pickle
from collections.abc import Iterable, Mapping

from naswotlib.scoring.parallel import pack_function
from naswotlib.scoring.proxies.base import NEED_LABELS, own_proxies, register_proxy

Packed = Mapping[str, tuple[bytes, bool]]  # functions by name, and whether each needs labels


def pack_proxies(names: Iterable[str]) -> Packed:
    """Those of ``names`` that are no measures of this library."""
    return {name: (pack_function(function), name in NEED_LABELS) for name, function in own_proxies(names).items()}


def unpack_proxies(packed: Packed) -> None:
    """Register what :func:`pack_proxies` packed: anew, since a process outlives a definition in a notebook."""
    for name, (function, needs_labels) in packed.items():
        register_proxy(name, needs_labels=needs_labels)(pickle.loads(function))
