"""Where compiled loops are kept, and whether they are there; nothing is imported for it."""

from __future__ import annotations

import getpass
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

_SOURCES = Path(__file__).parent / "compiled"
BESIDE = _SOURCES / "__pycache__"  # where numba keeps them by itself
_found: set[str] = set()


@cache
def loops_folder() -> Path:
    """NUMBA_CACHE_DIR, else beside the package where that can be written, else a folder of the user's."""
    chosen = os.environ.get("NUMBA_CACHE_DIR")
    return Path(chosen) if chosen else BESIDE if _is_writable(BESIDE) else _own_folder()


def _is_writable(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def _own_folder() -> Path:
    """Where to keep them when the package cannot be written: the user's cache, else a temporary folder of the user's.

    numba would take ``~`` for the name of a folder where nobody has a home, and fail where it cannot be written.
    """
    name = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")  # noqa: PTH111 (which raises)
    folder = Path(name) / "naswotlib" / "compiled"
    if folder.is_absolute() and _is_writable(folder):
        return folder
    try:
        user = getpass.getuser()
    except (KeyError, OSError, ImportError):  # of a container, without a name
        user = str(os.getuid()) if hasattr(os, "getuid") else "user"
    return Path(tempfile.gettempdir()) / f"naswotlib-compiled-{user}"


def is_compiled(module: str = "passes") -> bool:
    """Whether the loops of a module are kept from an earlier run."""
    if module not in _found:
        source = (_SOURCES / f"{module}.py").stat().st_mtime
        pattern = f"{module}.*.py{sys.version_info.major}{sys.version_info.minor}.*.nbc"
        if any(kept.stat().st_mtime >= source for kept in loops_folder().rglob(pattern)):
            _found.add(module)
    return module in _found


@contextmanager
def compiling() -> Iterator[None]:
    """Around the first call of the fast engine's loops: lines on standard error say that, and how long, it compiles."""
    if is_compiled():
        yield
        return
    start = time.perf_counter()
    print("naswot: compiling the fast engine's loops, once for this installation, for about a minute", file=sys.stderr)
    yield
    print(f"naswot: compiled in {time.perf_counter() - start:.0f} s", file=sys.stderr)
