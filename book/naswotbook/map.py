"""The book's map: which page shows what of the paper, which code computes it, and what each notebook needs."""

from __future__ import annotations

import inspect
import json
import re
from importlib import import_module
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from naswotbook.markdown import markdown_table


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


def paper_table(book: Path) -> str:
    """Markdown: each equation, algorithm, figure and table of the paper, the pages that show it, and its code."""
    reference = (book / "api.md").read_text()
    rows = [
        [
            f"**{row['item']}**, {row['what']}",
            ", ".join(f"{{doc}}`{page}`" for page in row["pages"]),
            ", ".join(code_link(path, reference) for path in row["code"]),
        ]
        for row in read_map(book)["paper"]
    ]
    return markdown_table(["of the paper", "page", "code"], rows)


def panel_seconds(published: Path, page: str) -> tuple[int, int]:
    """Number of panels of ``page`` in figures/paper, and the seconds that their provenance says they took together."""
    panels = [p for p in published.glob("*.json") if re.match(rf"(table-)?{re.escape(page)}[a-z]?-", p.name)]
    seconds = [float(json.loads(panel.read_text())["duration"].split()[0]) for panel in panels]
    return len(panels), round(sum(seconds))


def notebook_table(book: Path, published: Path) -> str:
    """Markdown: the data that each notebook reads, and what running it took.

    The latter comes from ``book/costs.csv``, and from the provenance of the panels in ``published``.
    """
    costs = pd.read_csv(book / "costs.csv").set_index("page")
    rows = []
    for page, data in read_map(book)["notebooks"].items():
        panels, seconds = panel_seconds(published, page)
        measured = costs.loc[page] if page in costs.index else None
        rows.append(
            [
                f"{{doc}}`{page} <{page}>`",
                "" if measured is None else f"{measured.seconds / 60:.2f}",
                "" if measured is None else f"{measured.cpu_seconds / 60:.2f}",
                "" if measured is None else f"{measured.peak_mb:,.0f}",
                f"{seconds / 60:.2f} ({panels})" if panels else "",
                *(", ".join(data.get(profile, [])) for profile in ("demo", "paper")),
            ]
        )
    columns = ["page", "minutes", "of processor", "MB", "paper: minutes (panels)", "demo reads", "paper reads"]
    return markdown_table(columns, rows)
