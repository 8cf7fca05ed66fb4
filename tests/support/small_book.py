"""Books of a page or two, built by the project's own configuration with some of its extensions."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import nbformat
import yaml

from support.notebooks import ROOT

OWN = ("offline", "look", "colab")  # extensions of book/_ext
LARGE = ("sphinxcontrib.bibtex", "sphinx-mathjax-offline")  # what a small book does without


def build_book(folder: Path, pages: Mapping[str, str], own: Sequence[str], **config: Any) -> Path:
    """Build the pages, by name their Markdown, the first of which is the front page. Returns the folder of the site.

    ``own`` are the extensions of book/_ext that it takes; ``config`` are further keys of _config.yml. What lies in
    ``folder``/book already, such as notebooks, is a page too if it has one of the names; its text is then empty.
    """
    book = folder / "book"
    book.mkdir(exist_ok=True)
    for name, text in pages.items():
        if text:
            (book / f"{name}.md").write_text(text, encoding="utf-8")
    first, *rest = pages
    chapters = [{"file": name} for name in rest]
    (book / "_toc.yml").write_text(yaml.safe_dump({"format": "jb-book", "root": first, "chapters": chapters}))
    settings = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8")) | config
    listed = [name for name in settings["sphinx"]["config"]["extensions"] if name in own or name not in (*OWN, *LARGE)]
    assert set(own) <= set(listed)
    kept = {key: settings["sphinx"]["config"][key] for key in ("math_eqref_format", "numfig", "nitpick_ignore_regex")}
    settings["sphinx"] = {
        "local_extensions": {name: str(ROOT / "book" / "_ext") for name in own},
        "config": {"extensions": listed} | kept,
    }
    settings["html"].pop("favicon")
    (folder / "_config.yml").write_text(yaml.safe_dump(settings))
    command = [Path(sys.executable).with_name("jupyter-book"), "build", book, "--config", folder / "_config.yml"]
    options = ["--path-output", folder, "-W", "-n", "--keep-going", "--quiet"]
    done = subprocess.run([*command, *options], capture_output=True, text=True, check=False, cwd=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "_build" / "html"


def write_notebook(path: Path, *cells: str) -> None:
    """A notebook of a title and cells of code, not executed."""
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}, "language_info": {"name": "python"}}
    notebook = nbformat.v4.new_notebook(metadata=kernel)
    notebook.cells = [nbformat.v4.new_markdown_cell("# A notebook"), *map(nbformat.v4.new_code_cell, cells)]
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, path)
