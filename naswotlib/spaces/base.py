"""Search spaces: their protocol, base classes and registry."""

from __future__ import annotations

import fnmatch
import hashlib
import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar, overload, runtime_checkable

import numpy as np
from torch import nn

from naswotlib.data.plugins import SPACES, broken, check_clash, load_plugin, plugins
from naswotlib.errors import check_at_least
from naswotlib.graph import Graph, GraphNetwork, init_weights

Edge = tuple[str, str, str]  # of a cell to draw: source, target, operation (empty where vertices carry them)


@runtime_checkable
class SearchSpace(Protocol):
    """A set of architectures and the networks they stand for.

    An architecture is a frozen, hashable value. A space that can be enumerated is a ``Sequence`` too, in the official
    order of its benchmark; one that can be searched by evolution has ``mutate(arch, rng)``, whose result differs
    from ``arch`` in exactly one of its ``decisions(arch)``, a tuple of independent choices.
    """

    name: str
    num_architectures: int

    def sample(self, rng: np.random.Generator) -> Any:
        """A random architecture."""

    def to_str(self, arch: Any) -> str:
        """The text of an architecture, as its benchmark writes it."""

    def from_str(self, text: str) -> Any:
        """The architecture that ``text`` names; ValueError where it names none."""

    def graph(self, arch: Any, *args: Any, **skeleton: Any) -> Graph:
        """The operations of its network."""

    def build(self, arch: Any, *, seed: int, num_classes: int = 10, **skeleton: int) -> nn.Module:
        """Its network, with weights drawn from ``seed``."""

    def cells(self, arch: Any) -> dict[str, list[Edge]]:
        """The edges of each of its cells, to draw."""


class GraphSpace(ABC):
    """A space whose networks come from its :meth:`graph`; subclasses describe, this class builds."""

    name: str
    num_architectures: int

    @abstractmethod
    def graph(self, arch: Any, *args: Any, **skeleton: Any) -> Graph:
        """The operations of the network of ``arch``, on the skeleton that the keywords describe."""

    def build(self, arch: Any, *, seed: int, num_classes: int = 10, **skeleton: int) -> nn.Module:
        """The network of ``arch`` with initial weights drawn from ``seed`` (see :func:`arch_seed`)."""
        check_at_least("num_classes", num_classes, 1)
        graph = self.graph(arch, num_classes=num_classes, **skeleton)
        return GraphNetwork(graph, init_weights(graph, seed))


Arch = TypeVar("Arch")


class EnumeratedSpace(GraphSpace, Sequence[Arch]):
    """A space with an official order: subclasses say what stands :meth:`at` an index, and the :meth:`index` of it."""

    arch_type: type[Arch]

    @abstractmethod
    def at(self, index: int) -> Arch:
        """The architecture at an official index, 0 to ``num_architectures - 1``."""

    @abstractmethod
    def index(self, arch: Any, *_: int) -> int:
        """The official index of an architecture."""

    def __len__(self) -> int:
        return self.num_architectures

    @overload
    def __getitem__(self, index: int) -> Arch: ...
    @overload
    def __getitem__(self, index: slice) -> list[Arch]: ...
    def __getitem__(self, index: int | slice) -> Arch | list[Arch]:
        """The architecture at an official index (a list of them for a slice)."""
        if isinstance(index, slice):
            return [self.at(i) for i in range(len(self))[index]]
        return self.at(range(len(self))[index])

    def __contains__(self, arch: object) -> bool:
        return isinstance(arch, self.arch_type)

    def sample(self, rng: np.random.Generator) -> Arch:
        """A random architecture, uniform over all of them."""
        return self.at(int(rng.integers(len(self))))


def arch_seed(seed: int, text: str) -> int:
    """The seed of one architecture's weights: a stable hash of the root seed and its text.

    So a score is the same in any order, shard or process; it does not depend, as in the authors' script, on what was
    scored before.

    >>> arch_seed(0, "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|")
    5301497689413698989
    """
    digest = hashlib.sha256(f"{seed}:{text}".encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1  # 63 bits: what torch.Generator and an int64 column hold


Factory = TypeVar("Factory", bound=Callable[[], Any])
_FACTORIES: dict[str, Callable[[], Any]] = {}
_SPACES: dict[str, Any] = {}


def register_space(name: str) -> Callable[[Factory], Factory]:
    """Register a space under ``name``; the decorated class or function is called once, when first asked for.

    A registered space is put under every test of :mod:`naswotlib.scoring.contracts` by ``tests/contracts``. ValueError
    where another package registers what has the name of a space of this library.
    """

    def register(factory: Factory) -> Factory:
        if _is_ours(name) and not _home(factory).startswith("naswotlib."):
            raise ValueError(f"space: {name!r} is a space of naswotlib; {_home(factory)} has to choose another name")
        _FACTORIES[name] = factory
        return factory

    return register


def list_spaces(pattern: str = "*") -> list[str]:
    """Names of the spaces that match a shell pattern, in alphabetical order: registered ones, and those of plug-ins.

    A plug-in is an installed package with entry points of the group ``naswotlib.spaces``: a name, and the class,
    function or instance that gives the space (:mod:`naswotlib.data.plugins`). It is imported when that is asked for.
    """
    return sorted(fnmatch.filter({*_FACTORIES, *plugins(SPACES)}, pattern))


def get_space(name: str) -> Any:
    """The :class:`SearchSpace` called ``name``; ValueError with the known names for any other.

    ValueError names the package whose plug-in cannot be used, or both where two bring the same name.
    """
    if name not in _SPACES:
        check_clash(SPACES, name, ours=_is_ours(name))
        if name not in _FACTORIES and name not in plugins(SPACES):
            raise ValueError(f"space: {name!r} is not a search space; choose one of {', '.join(list_spaces())}")
        _SPACES[name] = _FACTORIES[name]() if name in _FACTORIES else _of_plugin(name)
    return _SPACES[name]


def _is_ours(name: str) -> bool:
    """Whether a space of this name ships with the library."""
    return _home(_FACTORIES.get(name)).startswith("naswotlib.spaces")


def _home(factory: Any) -> str:
    """The module of a function, also where it is a partial."""
    return str(getattr(getattr(factory, "func", factory), "__module__", ""))


def _of_plugin(name: str) -> Any:
    found = load_plugin(SPACES, name)
    try:
        space = find_space(found if hasattr(found, "sample") and not isinstance(found, type) else found(), "build")
    except (Exception, SystemExit) as error:  # of the package
        raise broken(SPACES, name, error) from error
    if space.name != name:
        raise broken(SPACES, name, f"the space calls itself {space.name!r}, expected the name of its entry point")
    return space


NEEDED = ("name", "sample", "to_str", "from_str")  # what scoring and searching ask of a space


def find_space(space: Any, *also: str) -> Any:
    """The space that ``space`` names, or ``space`` itself where it is one, registered or not.

    It is one when it has :data:`NEEDED` and what a caller needs ``also``, such as ``build`` for scoring. ValueError
    says what is missing, or that a class was given and not an instance of it.

    >>> find_space("nats_size").name
    'nats_size'
    >>> find_space(object())
    Traceback (most recent call last):
    ValueError: space: <class 'object'> is no search space, it lacks name, sample, to_str, from_str
    """
    if isinstance(space, str):
        return get_space(space)
    if isinstance(space, type):
        raise ValueError(f"space: {space.__name__} is a class; give an instance of it, {space.__name__}()")
    missing = [attribute for attribute in (*NEEDED, *also) if not hasattr(space, attribute)]
    if missing:
        raise ValueError(f"space: {type(space)} is no search space, it lacks {', '.join(missing)}")
    return space


def change_one(
    values: tuple[Any, ...], position: int, choices: Sequence[Any], rng: np.random.Generator
) -> tuple[Any, ...]:
    """``values`` with another of ``choices`` at ``position``, uniform among those that differ from what is there."""
    others = [choice for choice in choices if choice != values[position]]
    return (*values[:position], others[int(rng.integers(len(others)))], *values[position + 1 :])


def sample_distinct(space: Any, count: int, rng: np.random.Generator) -> list[Any]:
    """``count`` different architectures, drawn one after the other: the first n of them are the sample of size n.

    Uniform without replacement where ``space.sample`` is uniform. ValueError where the space has fewer.
    """
    size = len(space) if isinstance(space, Sequence) else math.inf
    if count > size:
        raise ValueError(f"count: {space.name} has {size} architectures, fewer than the {count} asked for")
    archs: dict[Any, None] = {}
    misses = 0
    while len(archs) < count:
        arch = space.sample(rng)
        misses = misses + 1 if arch in archs else 0
        if misses > 100_000:  # a space of unknown size that seems to hold no more
            raise ValueError(f"count: found only {len(archs)} different architectures in {space.name}, not {count}")
        archs[arch] = None
    return list(archs)
