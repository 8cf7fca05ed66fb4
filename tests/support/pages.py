"""Pages of the book as their notebooks make them, without a notebook."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from naswotbook.page import Page

PARAMETERS: dict[str, Any] = {
    "profile": "demo",
    "panels": "",
    "n_archs": 1000,
    "batch_size": 128,
    "counting": "reference",
    "seed": 0,
    "device": "cpu",
    "workers": 1,
    "data_dir": "",
    "out_dir": "",
}


def make_page(name: str, out_dir: Path, **parameters: Any) -> Page:
    """The page ``name`` whose results go to ``out_dir``, with the usual parameters but for ``parameters``."""
    values = PARAMETERS | {"out_dir": str(out_dir)} | parameters
    return Page(name, {"__annotations__": {key: type(value) for key, value in values.items()}, **values})
