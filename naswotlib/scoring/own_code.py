"""A digest of the code of a search space or measure of one's own: scores of two versions do not mix."""

from __future__ import annotations

import hashlib
import inspect
import re
import sys
import types
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import joblib


def code_digest(space: Any) -> str | None:
    """A digest of what a space, or a measure, of one's own is; None for one of this library.

    It is of its public attributes, and of the files of its module and of others of one's own that this imports; without
    a file, as in a notebook, of the instructions of its class, or of those of the function.
    """
    space = getattr(space, "func", space)  # of a partial
    kind = space if inspect.isroutine(space) else type(space)
    module = sys.modules.get(str(kind.__module__))
    if module is not None and module.__name__.partition(".")[0] == "naswotlib":
        return None
    found = hashlib.sha256()
    names = {str(kind.__module__).partition(".")[0]}
    files = {} if module is None else dict(_own_files(module, names))
    for name in sorted(files):
        found.update(name.encode() + files[name].read_bytes())
    if not files:
        holders = [{"": space}] if inspect.isroutine(space) else map(vars, type(space).__mro__[:-1])
        for holder in holders:
            for name, value in sorted(holder.items()):
                function = getattr(value, "__func__", getattr(value, "fget", value))
                code = getattr(function, "__code__", None)
                text = _instructions(code) if code else re.sub(r" at 0x\w+", "", repr(value))
                found.update(f"{name} {text}".encode())
    attributes = {
        name: value
        for name, value in getattr(space, "__dict__", {}).items()
        if not name.startswith("_") and not isinstance(getattr(type(space), name, None), cached_property)
    }
    try:
        found.update(str(joblib.hash(attributes)).encode())
    except Exception:  # what cannot be pickled cannot be compared; the code has been
        found.update(",".join(sorted(attributes)).encode())
    return found.hexdigest()[:16]


def _own_files(module: types.ModuleType, packages: set[str]) -> Iterator[tuple[str, Path]]:
    """The files of a module and of those that its globals are from, by name; none of installed packages but its own."""
    waiting, seen = [module], set[str]()
    while waiting:
        one = waiting.pop()
        file = getattr(one, "__file__", None)
        if one.__name__ in seen or file is None or not _is_own(one.__name__, Path(file), packages):
            continue
        seen.add(one.__name__)
        yield one.__name__, Path(file)
        for value in vars(one).values():
            home = getattr(value, "__module__", None)
            origin = value if isinstance(value, types.ModuleType) else sys.modules.get(home) if home else None
            waiting += [origin] if isinstance(origin, types.ModuleType) else []


def _is_own(name: str, file: Path, packages: set[str]) -> bool:
    root = name.partition(".")[0]
    if root == "naswotlib" or root in sys.stdlib_module_names - {"__main__"} or not file.is_file():
        return False
    return root in packages or not {"site-packages", "dist-packages"} & {*file.parts}


def _instructions(code: types.CodeType) -> str:
    parts = [_instructions(item) if isinstance(item, types.CodeType) else repr(item) for item in code.co_consts]
    return f"{code.co_code.hex()} {code.co_names} {parts}"
