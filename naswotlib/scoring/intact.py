"""A network that comes back as it was: its attributes, the numbers in its tensors, and random generators.

Attributes are noted before and put back after. A tensor is copied when, and only when, an operation is about to write
into its memory. Random numbers that the network draws come from a copy of the global generators, which are left alone,
also for other threads that draw from them meanwhile.
"""

from __future__ import annotations

import random
import sys
import threading
from collections import UserDict, UserList, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from functools import cache
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy
from torch.utils._python_dispatch import TorchDispatchMode

LOCK = threading.RLock()  # held while a network is not as its owner knows it, and while random states are exchanged
_LEFT_ALONE = (type, FunctionType, BuiltinFunctionType, MethodType, ModuleType, torch.device, torch.dtype)
_OTHERS = {*sys.stdlib_module_names, "torch", "numpy"} - {"__main__"}  # packages whose objects are not looked into

_NOTHING = object()


class Written(NamedTuple):
    """What an operation does besides returning something: places and names of the arguments that it writes to."""

    places: tuple[tuple[int, str], ...]
    draws: bool


@cache
def effects_of(operation: Any) -> Written:
    """The effects of an operation of torch, by its schema."""
    schema = getattr(operation, "_schema", None)  # operations of higher order have none
    arguments = enumerate(schema.arguments if schema else ())
    written = tuple(
        (place, argument.name)
        for place, argument in arguments
        # Normalisations write their running statistics, and most of their schemas do not say so.
        if (argument.alias_info is not None and argument.alias_info.is_write) or argument.name.startswith("running_")
    )
    return Written(written, torch.Tag.nondeterministic_seeded in getattr(operation, "tags", ()))


def written_tensors(operation: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Iterator[Tensor]:
    """The tensors that a call of an operation writes into."""
    for place, name in effects_of(operation).places:
        value = args[place] if place < len(args) else kwargs.get(name)
        yield from (
            item for item in (value if isinstance(value, list | tuple) else [value]) if isinstance(item, Tensor)
        )


class Intact(TorchDispatchMode):
    """Inside the block a network may do as it likes; after it, ``network`` and ``inputs`` are as they were.

    Attributes, and containers among them, have their old values, objects and order; tensors, those that the network
    merely holds included, and arrays their old numbers, and gradients are the old ones. Global state of Python's,
    NumPy's and torch's generators is what it would have been without the block; of Python's and NumPy's, what another
    thread draws meanwhile is drawn again. What the network keeps outside of its attributes is not known here.
    """

    def __init__(self, network: nn.Module, inputs: Any = None) -> None:
        super().__init__()
        self._network, self._inputs = network, inputs

    def __enter__(self) -> Intact:
        LOCK.acquire()
        try:
            self._classes: list[tuple[Any, type]] = []
            self._containers: dict[int, tuple[Any, Any]] = {}
            self._tensors: dict[int, tuple[Tensor, Tensor | None, bool, Tensor | None]] = {}
            self._arrays: list[tuple[Any, Any]] = []  # of NumPy, and bytes
            self._slots: list[tuple[Any, str, Any]] = []
            self._sparse: dict[int, tuple[Tensor, Tensor]] = {}
            self._generators: list[Callable[[], Any]] = [_restorer(random._inst), _restorer(np.random.mtrand._rand)]
            self._note([self._network, self._inputs])
            self._owned = {_memory(tensor) for tensor, alias, *_ in self._tensors.values() if alias is not None} - {0}
            self._saved: dict[int, tuple[torch.UntypedStorage, torch.UntypedStorage]] = {}
            self._random = _GlobalRandom(tensor for tensor, *_ in self._tensors.values())
            super().__enter__()
        except BaseException:
            LOCK.release()
            raise
        return self

    def __exit__(self, *details: Any) -> None:
        try:
            super().__exit__(*details)
            self._give_back()
        finally:
            LOCK.release()

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        for tensor in written_tensors(func, args, kwargs):
            memory = _memory(tensor)
            if tensor.is_sparse and id(tensor) in self._tensors:
                self._sparse.setdefault(id(tensor), (tensor, tensor.detach().clone()))
            if memory in self._owned and memory not in self._saved:
                storage = tensor.untyped_storage()
                self._saved[memory] = storage, storage.clone()
        if effects_of(func).draws and kwargs.get("generator") is None:
            with self._random:
                return func(*args, **kwargs)
        return func(*args, **kwargs)

    def _note(self, roots: list[Any]) -> None:
        """Note all that is reached from ``roots`` and may change."""
        seen: set[int] = set()
        waiting = list(roots)
        while waiting:
            value = waiting.pop()
            if id(value) in seen or isinstance(value, _LEFT_ALONE):
                continue
            seen.add(id(value))
            if isinstance(value, Tensor):
                alias = None if is_lazy(value) else value.detach()
                gradient = value.grad if value.is_leaf and alias is not None else None
                self._tensors[id(value)] = value, alias, value.requires_grad, gradient
                self._classes.append((value, type(value)))
                waiting += [vars(value), gradient]
            elif isinstance(value, dict):
                self._containers[id(value)] = value, dict(value)
                waiting += value.values()
            elif isinstance(value, list | set | deque):
                self._containers[id(value)] = value, list(value)
                waiting += value
            elif isinstance(value, tuple | frozenset):
                waiting += value
            elif isinstance(value, np.ndarray | bytearray):
                self._arrays.append((value, value.copy()))
            elif isinstance(value, UserDict | UserList):
                waiting.append(vars(value))
            elif isinstance(value, torch.Generator | random.Random | np.random.Generator | np.random.RandomState):
                self._generators.append(_restorer(value))
            elif isinstance(value, nn.Module):
                self._classes.append((value, type(value)))
                waiting.append(vars(value))
                waiting += [*value.children(), *value.parameters(recurse=False), *value.buffers(recurse=False)]
            elif type(value).__module__.partition(".")[0] not in _OTHERS or isinstance(value, torch.optim.Optimizer):
                waiting += [vars(value)] if hasattr(value, "__dict__") else []
                slots = {name: getattr(value, name, _NOTHING) for name in _slots_of(type(value))}
                self._slots += [(value, name, held) for name, held in slots.items()]
                waiting += slots.values()

    def _give_back(self) -> None:
        """Undo what was done; what cannot be undone is told when all else has been."""
        with ExitStack() as stack:  # which calls the last one first
            stack.callback(self._random.after)
            for restore in self._generators:
                stack.callback(restore)
            stack.callback(self._give_back_attributes)
            stack.callback(self._give_back_tensors)
            for storage, before in self._saved.values():
                stack.callback(_refill_memory, storage, before)

    def _give_back_tensors(self) -> None:
        for thing, kind in self._classes:
            if type(thing) is not kind:
                if isinstance(thing, Tensor):  # that was lazy
                    thing.data = torch.empty(0, dtype=thing.dtype, device=thing.device)
                thing.__class__ = kind
        for tensor, before in self._sparse.values():
            tensor.data = before
        for tensor, alias, requires_grad, gradient in self._tensors.values():
            if alias is not None and id(tensor) not in self._sparse and _place(tensor) != _place(alias):
                tensor.data = alias
            if tensor.is_leaf and tensor.requires_grad != requires_grad:
                tensor.requires_grad_(requires_grad)
            if tensor.is_leaf and alias is not None and tensor.grad is not gradient:
                tensor.grad = gradient

    def _give_back_attributes(self) -> None:
        for container, before in self._containers.values():
            _refill(container, before)
        for array, numbers in self._arrays:
            if bytes(array) != bytes(numbers):
                array[... if isinstance(array, np.ndarray) else slice(None)] = numbers
        for thing, name, held in self._slots:
            if held is not getattr(thing, name, _NOTHING):
                _set_slot(thing, name, held)


def _refill_memory(storage: torch.UntypedStorage, before: torch.UntypedStorage) -> None:
    if storage.nbytes() != before.nbytes():
        storage.resize_(before.nbytes())
    storage.copy_(before)


def _slots_of(kind: type) -> list[str]:
    """The names of the attributes that objects of a class keep outside of a dictionary."""
    found: list[str] = []
    for each in kind.__mro__:
        slots = vars(each).get("__slots__", ())
        found += [slots] if isinstance(slots, str) else slots
    return [name for name in found if name not in {"__dict__", "__weakref__"} and not name.startswith("__")]


def _set_slot(thing: Any, name: str, held: Any) -> None:
    if held is _NOTHING:
        object.__delattr__(thing, name)
    else:
        object.__setattr__(thing, name, held)


def _refill(container: Any, before: Any) -> None:
    """Give a container its old items; one that has them is not touched."""
    now = list(container.items() if isinstance(container, dict) else container)
    old = list(before.items() if isinstance(container, dict) else before)
    if isinstance(container, dict):
        same = len(now) == len(old) and all(a[0] is b[0] and a[1] is b[1] for a, b in zip(now, old, strict=True))
    else:
        same = len(now) == len(old) and all(a is b for a, b in zip(now, old, strict=True))
    if not same:
        container.clear()
        container.extend(before) if isinstance(container, list | deque) else container.update(before)


def _memory(tensor: Tensor) -> int:
    """A number for the memory of a tensor; 0 where it has none of its own."""
    try:
        return int(tensor.untyped_storage()._cdata)
    except (NotImplementedError, RuntimeError):  # sparse tensors and the like
        return 0


def _place(tensor: Tensor) -> tuple[Any, ...]:
    return _memory(tensor), tensor.shape, tensor.dtype, tensor.device


def _restorer(generator: Any) -> Callable[[], None]:
    """A function that gives a generator the state that it has now, where it has another by then."""
    get: Callable[[], Any]
    put: Any
    if isinstance(generator, np.random.Generator):
        bits = generator.bit_generator
        get, put = lambda: bits.state, lambda state: setattr(bits, "state", state)
    elif isinstance(generator, random.Random):
        get, put = generator.getstate, generator.setstate
    else:
        get, put = generator.get_state, generator.set_state
    before = get()

    def restore() -> None:
        if not _same_state(get(), before):  # to put back what is there would undo what another thread draws just now
            put(before)

    return restore


def _same_state(a: Any, b: Any) -> bool:
    if isinstance(a, tuple):
        return len(a) == len(b) and all(_same_state(x, y) for x, y in zip(a, b, strict=True))
    if isinstance(a, Tensor):
        return torch.equal(a, b)
    return bool(np.array_equal(a, b)) if isinstance(a, np.ndarray) else repr(a) == repr(b)


class _GlobalRandom:
    """Lets a network draw from copies of torch's global generators, which stand in the place of the true ones inside
    the block; where nothing is drawn, nothing is exchanged.

    One that seeds the generators itself draws from what it seeded.
    """

    def __init__(self, tensors: Iterable[Tensor]) -> None:
        devices = sorted({tensor.device.index or 0 for tensor in tensors if tensor.is_cuda})
        self._generators = [torch.default_generator, *(torch.cuda.default_generators[i] for i in devices)]
        self._seeds, self._first = self._now_seeded(), self._now()
        self._own: list[Tensor] | None = None

    def _now(self) -> list[Tensor]:
        return [generator.get_state() for generator in self._generators]

    def _now_seeded(self) -> list[int]:
        return [generator.initial_seed() for generator in self._generators]

    def _put(self, states: list[Tensor]) -> None:
        for generator, state in zip(self._generators, states, strict=True):
            generator.set_state(state)

    def __enter__(self) -> None:
        self._true = self._now()
        if self._now_seeded() != self._seeds:
            self._true = self._first
        elif self._own is not None:
            self._put(self._own)

    def __exit__(self, *_: Any) -> None:
        self._own = self._now()
        self._put(self._true)

    def after(self) -> None:
        """Put back what the network seeded last and did not draw from."""
        if self._now_seeded() != self._seeds:
            self._put(self._first)
