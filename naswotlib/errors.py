"""The one warning category of the library, and checks of arguments; errors are Python's own, and say what to do."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Hashable
from importlib import import_module
from pathlib import Path
from typing import Any

_HERE = str(Path(__file__).parent)


class NaswotWarning(UserWarning):
    """Something was done as asked, but probably should not have been asked for."""


def warn(message: str) -> None:
    """Warn the one who called into this library: the nearest caller whose file is not part of it."""
    level, frame = 1, sys._getframe()
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_HERE):
        level, frame = level + 1, frame.f_back
    warnings.warn(message, NaswotWarning, stacklevel=level)


def check_choice(argument: str, value: Hashable, choices: Any) -> None:
    """Raise a ValueError that names the argument, the value and the choices, unless ``value`` is one."""
    if value not in choices:
        raise ValueError(f"{argument}: {value!r} is unknown; choose one of {', '.join(map(str, choices))}")


def check_at_least(argument: str, value: int, least: int) -> None:
    """Raise a ValueError that names the argument and the value, unless it is ``least`` or more."""
    if value < least:
        raise ValueError(f"{argument}: expected at least {least}, got {value}")


def import_extra(module: str, extra: str) -> Any:
    """The module of a package that only the optional dependencies ``extra`` bring; RuntimeError says how to get it.

    >>> import_extra("no_such_package", "data")
    Traceback (most recent call last):
    RuntimeError: no_such_package is not installed; pip install 'naswotlib[data]' brings it
    """
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        package = module.partition(".")[0]
        raise RuntimeError(f"{package} is not installed; pip install 'naswotlib[{extra}]' brings it") from error
