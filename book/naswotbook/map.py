"""The book's map: which page shows what of the paper, which code computes it, and what each notebook needs."""

from __future__ import annotations

import inspect
import json
import re
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from naswotbook.registry import Chapter, read_figures


def read_map(book: Path) -> dict[str, Any]:
    """``book/map.yml``, whose comment says what it holds."""
    found: dict[str, Any] = yaml.safe_load((book / "map.yml").read_text())
    return found


def find_code(path: str) -> Any:
    """The function or class called ``path``, such as ``naswotbook.plots.fig1``; AttributeError where there is none."""
    module, _, name = path.rpartition(".")
    return getattr(import_module(module), name)


def code_link(path: str, reference: str) -> str:
    """A link to the page ``reference`` (its text) where it describes ``path``, else to the file that it is written in.

    >>> code_link("naswotlib.naswot", ".. autofunction:: naswotlib.naswot")
    '{py:obj}`naswot <naswotlib.naswot>`'
    >>> code_link("naswotbook.plots.fig1", "")
    '[`fig1`](naswotbook/plots/kernels.py)'
    """
    name = path.rpartition(".")[2]
    if re.search(rf":: {re.escape(path)}\b", reference):
        return f"{{py:obj}}`{name} <{path}>`"
    package, file = path.partition(".")[0], inspect.getsourcefile(find_code(path)) or ""
    folder = {"naswotlib": "../naswotlib", "naswotbook": "naswotbook"}[package]
    return f"[`{name}`]({folder}{file.rpartition(package)[2]})"


def list_places(book: Path) -> pd.DataFrame:
    """A row for each equation, algorithm, figure and table of the paper: the pages that show it, and its code."""
    reference = (book / "api.md").read_text()
    rows = [
        {
            "of the paper": f"**{row['item']}**, {row['what']}",
            "page": ", ".join(f"{{doc}}`{page}`" for page in row["pages"]),
            "code": ", ".join(code_link(path, reference) for path in row["code"]),
        }
        for row in read_map(book)["paper"]
    ]
    return pd.DataFrame(rows)


def panel_seconds(published: Path, page: str) -> list[float]:
    """Seconds that each panel of ``page`` in figures/paper took, by its provenance."""
    chapter = read_figures().get(page, Chapter(page))
    facts = [published / f"{entry.stem()}.json" for entry in chapter.published]
    return [float(json.loads(path.read_text())["duration"].split()[0]) for path in facts if path.exists()]


def list_notebooks(book: Path, published: Path) -> pd.DataFrame:
    """A row for each page that is a notebook: what running it took, and the data that it reads in each profile.

    The costs of ``demo`` come from ``book/costs.csv``, those of ``paper`` from the provenance of the panels in
    ``published``. NaN where nothing was measured.
    """
    costs = pd.read_csv(book / "costs.csv").set_index("page")
    rows = []
    for page, data in read_map(book)["notebooks"].items():
        panels = panel_seconds(published, page)
        rows.append(
            {
                "page": f"{{doc}}`{page} <{page}>`",
                "minutes": costs.seconds.get(page, np.nan) / 60,
                "of processor": costs.cpu_seconds.get(page, np.nan) / 60,
                "MB": costs.peak_mb.get(page, np.nan),
                "paper: minutes (panels)": f"{sum(panels) / 60:.2f} ({len(panels)})" if panels else "",
                "demo reads": ", ".join(data.get("demo", [])),
                "paper reads": ", ".join(data.get("paper", [])),
            }
        )
    return pd.DataFrame(rows)
