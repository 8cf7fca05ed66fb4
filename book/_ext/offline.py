"""Sphinx extension: the built site needs no network, and opens from a folder as well as from a server.

It carries the scripts of interactive pages, and their data, in _static: those of book/interactive, which the pages
that use them load, and those that executed pages wrote to figures/demo.
"""

import re
import shutil
from pathlib import Path

import plotly
from sphinx.application import Sphinx
from sphinx.config import Config

# Browsers refuse to preload fonts on pages opened as files, and say so in the console; CSS loads them anyway.
FONT_PRELOAD = re.compile(r'<link rel="preload" as="font"[^>]*>')


def finish(app: Sphinx, error: Exception | None) -> None:
    """Add scripts to the finished site: plotly.js of the installed package, those of interactive pages, their data."""
    if error is not None or app.builder.format != "html":
        return
    source = Path(plotly.__file__).parent / "package_data/plotly.min.js"
    shutil.copyfile(source, Path(app.outdir) / "_static/plotly.min.js")
    book = Path(app.srcdir)
    for script in [*(book / "interactive").glob("*.js"), *(book.parent / "figures" / "demo").glob("*.js")]:
        shutil.copyfile(script, Path(app.outdir) / "_static" / script.name)
    for page in Path(app.outdir).rglob("*.html"):
        page.write_text(FONT_PRELOAD.sub("", page.read_text(encoding="utf-8")), encoding="utf-8")


def take_notebooks(app: Sphinx, config: Config) -> None:
    """Of a page that is a notebook, build what was executed and not its source."""
    config.exclude_patterns += [page.with_suffix(".md").name for page in Path(app.srcdir).glob("*.ipynb")]


def setup(app: Sphinx) -> dict[str, bool]:
    """Called by Sphinx."""
    app.connect("config-inited", take_notebooks)
    app.connect("build-finished", finish)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
