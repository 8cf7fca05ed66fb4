"""Where benchmark tables and image data lie on this machine."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

ENVIRONMENT = "NASWOTLIB_DATA"


def data_home(data_dir: str | Path | None = None) -> Path:
    """The folder of the data: ``data_dir``, else the environment variable NASWOTLIB_DATA, else the user's cache."""
    return Path(data_dir or os.environ.get(ENVIRONMENT) or platformdirs.user_cache_dir("naswotlib")).expanduser()


def find_data(what: str, names: tuple[str, ...], data_dir: str | Path | None = None) -> Path:
    """The first of the files ``names`` that exists in :func:`data_home`; FileNotFoundError says how to get one."""
    home = data_home(data_dir)
    for name in names:
        if (home / name).exists():
            return home / name
    raise FileNotFoundError(
        f"{what}: found none of {', '.join(names)} in {home}; pass data_dir, or set {ENVIRONMENT}, to the folder "
        f"that holds one, or see `naswot data list` for what can be downloaded"
    )
