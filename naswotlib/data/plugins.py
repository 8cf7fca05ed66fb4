"""Names that other installed packages bring, by the entry points that they declare in their pyproject.toml::

    [project.entry-points."naswotlib.spaces"]
    chains = "acme.chains:Chains"

Nothing of a package is imported before one of its names is asked for, and a package that is broken fails alone.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

SPACES, PROXIES, BENCHMARKS = "naswotlib.spaces", "naswotlib.proxies", "naswotlib.benchmarks"
KINDS = {SPACES: "space", PROXIES: "proxy", BENCHMARKS: "benchmark"}
OURS = "naswotlib"


def plugins(group: str) -> dict[str, tuple[EntryPoint, ...]]:
    """The names that installed packages bring to ``group``, and by which of their entry points: more than one clash."""
    return dict(_plugins(group, tuple(sys.path)))


@lru_cache(maxsize=8)
def _plugins(group: str, path: tuple[str, ...]) -> Mapping[str, tuple[EntryPoint, ...]]:
    """To read what is installed takes tens of milliseconds, so it is done once for each ``sys.path``."""
    found: dict[str, dict[tuple[str, str], EntryPoint]] = {}
    for point in entry_points(group=group):
        found.setdefault(point.name, {}).setdefault((package_of(point), point.value), point)
    return {name: tuple(points.values()) for name, points in sorted(found.items())}


def package_of(point: EntryPoint) -> str:
    """Name and version of the package that an entry point is of."""
    return f"{point.dist.name} {point.dist.version}" if point.dist is not None else "a package without a name"


def check_clash(group: str, name: str, *, ours: bool, owner: str = OURS) -> None:
    """ValueError where two packages bring ``name``, or one brings what ``owner`` has (``ours``); it names both."""
    found = plugins(group).get(name, ())
    owners = [*([owner] if ours else []), *(f"{package_of(point)} ({point.value})" for point in found)]
    if len(owners) > 1:
        raise ValueError(
            f"{KINDS[group]}: {name!r} is a name of {' and of '.join(owners)}; uninstall one of them, or have its "
            f"author choose another name"
        )


def load_plugin(group: str, name: str) -> Any:
    """What the one package that brings ``name`` means by it. ValueError names the package where it cannot be had."""
    check_clash(group, name, ours=False)
    (point,) = plugins(group)[name]
    try:
        return point.load()
    except (Exception, SystemExit) as error:  # whatever a package of others does while it is imported
        raise broken(group, name, error) from error


def broken(group: str, name: str, error: BaseException | str) -> ValueError:
    """The error that says, in a line, which package brings ``name`` and what is wrong with it."""
    (point,) = plugins(group)[name]
    text = error if isinstance(error, str) else f"{type(error).__name__}: {error}"
    return ValueError(
        f"{KINDS[group]}: {name!r} of the package {package_of(point)} ({point.value}) cannot be used: "
        f"{' '.join(text.split())[:400]}; mend or uninstall that package"
    )
