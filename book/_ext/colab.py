"""Sphinx extension: a button that opens a page's notebook in Google Colab, where _config.yml names a repository.

Colab opens notebooks from a repository on GitHub, and this one has none, since they are made from the pages. So they
are written beside the site, each with a first cell that brings the book; the workflow book.yml keeps them on a branch
of their own, to which the buttons lead. Without an address nothing of this is made.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import nbformat
from sphinx.application import Sphinx
from sphinx.config import Config

BRANCH = "notebooks"
FOLDER = "colab"  # beside the site
NOT_OURS = "https://github.com/executablebooks/jupyter-book"  # what Jupyter Book takes where a site names none
ON_GITHUB = re.compile(r"https://github\.com/[^/]+/([^/]+?)(?:\.git)?/?")
SET_UP = """# Brings the book and what it needs; takes some minutes.
!git clone --quiet --depth 1 {address} /content/{name}
%cd /content/{name}
%pip install --quiet '.[data,book]'
import sys

sys.path[:0] = ["/content/{name}", "/content/{name}/book"]"""


def switch_on(_: Sphinx, config: Config) -> None:
    """Ask the theme for its button to Colab, where the site has a repository on GitHub.

    An address elsewhere is none of the theme's business, which stops at one that it does not know.
    """
    options = config.html_theme_options
    if not address_of(options):
        options.pop("repository_url", None)
    else:
        options |= {"launch_buttons": {"colab_url": "https://colab.research.google.com"}}
        options |= {"repository_branch": BRANCH, "path_to_docs": ""}


def address_of(options: dict[str, Any]) -> str:
    """Where the repository is on GitHub; empty where it is nowhere, or elsewhere."""
    address = str(options.get("repository_url") or "")
    return address if ON_GITHUB.fullmatch(address) and address != NOT_OURS else ""


def write_notebooks(app: Sphinx, error: Exception | None) -> None:
    """Write the notebooks that Colab opens, from those of the pages that are not executed yet."""
    address = address_of(app.config.html_theme_options)
    if error is not None or app.builder.format != "html" or not address:
        return
    [name] = ON_GITHUB.fullmatch(address).groups()  # type: ignore[union-attr]
    folder = Path(app.outdir).parent / FOLDER
    folder.mkdir(exist_ok=True)
    for path in (Path(app.srcdir) / "notebooks").glob("*.ipynb"):
        notebook = nbformat.read(path, as_version=4)
        first = nbformat.v4.new_code_cell(SET_UP.format(address=address, name=name), id="set-up")
        notebook.cells.insert(0, first)
        nbformat.write(notebook, folder / path.name)


def setup(app: Sphinx) -> dict[str, bool]:
    """Called by Sphinx."""
    app.connect("config-inited", switch_on)
    app.connect("build-finished", write_notebooks)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
