"""The one warning category of the library; errors are Python's own, with a message that says what to do."""

from __future__ import annotations

import warnings


class NaswotWarning(UserWarning):
    """Something was done as asked, but probably should not have been asked for."""


def warn(message: str) -> None:
    """Warn the caller of the public function that called this."""
    warnings.warn(message, NaswotWarning, stacklevel=3)
