"""Pages of the book, run by papermill with small parameters."""

from __future__ import annotations

import importlib.util
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import papermill
from nbformat import NotebookNode

from support.prefork import ForkedKernelManager

ROOT = Path(__file__).parents[2]
# The pages of the book that are notebooks.
PAGES = sorted(p for p in (ROOT / "book").glob("*.md") if ":tags: [parameters]" in p.read_text(encoding="utf-8"))


@cache
def load_dodo() -> ModuleType:
    spec = importlib.util.spec_from_file_location("dodo", ROOT / "dodo.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run_page(name: str, folder: Path, **parameters: Any) -> NotebookNode:
    """Execute ``name`` of the book with ``parameters``; what it writes goes to ``folder`` unless they say otherwise."""
    folder.mkdir(exist_ok=True)
    notebook = folder / f"{name}.ipynb"
    load_dodo().write_notebook(ROOT / "book" / f"{name}.md", notebook)
    if "out_dir" in papermill.inspect_notebook(str(notebook)):
        parameters = {"out_dir": str(folder), **parameters}
    options = {"kernel_manager_class": ForkedKernelManager, "extra_arguments": load_dodo().QUIET}
    return papermill.execute_notebook(
        str(notebook), str(folder / "executed.ipynb"), parameters, progress_bar=False, **options
    )


def outputs(executed: NotebookNode, kind: str) -> list[str]:
    """What cells have shown or glued of the media types that contain ``kind``, such as png."""
    data = [output.data for cell in executed.cells for output in cell.get("outputs", ()) if "data" in output]
    return [each[found] for each in data for found in each if kind in found]
