"""Pages made of one interactive part of the book, to be opened from their folder."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from naswotbook.play.scripts import stage, write_script
from support.notebooks import ROOT

HEAD = """<!doctype html><html data-theme="light"><head><meta charset="utf-8"><title>one part</title>
<link rel="stylesheet" href="_static/play.css"><style>:root { --pst-color-text-base: #222832;
--pst-color-text-muted: #48566b; --pst-color-background: #fff; --pst-color-surface: #f3f4f5;
--pst-color-primary: #0a7d91 } html[data-theme="dark"] { --pst-color-text-base: #ced6dd;
--pst-color-text-muted: #9ca4af; --pst-color-background: #14181e; --pst-color-surface: #222832; background: #14181e }
body { font-family: sans-serif }
</style></head><body><main class="bd-article">"""


def write_page(folder: Path, name: str, scripts: list[str], *, inside: str, body: str = "", **data: Any) -> Path:
    """A page with one stage and its scripts, as the built site carries them; ``data`` are scripts by their name, with
    ``_`` for ``-``. Returns its file."""
    static = folder / "_static"
    static.mkdir(parents=True)
    for script in (ROOT / "book" / "interactive").glob("*.js"):
        shutil.copy(script, static)
    for shared in ("play.css", "tables.js"):
        shutil.copy(ROOT / "book" / "_static" / shared, static)
    for key, value in data.items():
        write_script(static / f"{key.replace('_', '-')}.js", value)
    page = folder / "page.html"
    page.write_text(f"{HEAD}{body}{stage(name, scripts, inside=inside)}</main></body></html>", encoding="utf-8")
    return page
