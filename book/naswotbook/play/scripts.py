"""Numbers as scripts that a page loads, and the HTML in which the scripts of book/interactive draw.

Data are scripts and not JSON, since a page that is opened from a folder may not fetch files. The extension
book/_ext/offline.py copies both kinds into the built site's _static.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from naswotbook.plots.style import COUNT, OTHER, SCORE
from naswotlib.data.files import write_whole

KINDS = {"u1": np.uint8, "i1": np.int8, "u2": np.uint16, "i2": np.int16, "u4": np.uint32, "f4": np.float32}


def packed(values: ArrayLike, kind: str) -> dict[str, str]:
    """Numbers as ``NASWOT.unpacked`` of book/interactive/play.js reads them: little-endian bytes in base 64.

    ``kind`` is one of :data:`KINDS`. ValueError where an integer kind cannot hold the values as they are.

    >>> packed([1, 2], "u2")
    {'type': 'u2', 'base64': 'AQACAA=='}
    """
    given = np.asarray(values)
    stored = given.astype(np.dtype(KINDS[kind]).newbyteorder("<"))
    if kind != "f4" and not np.array_equal(stored, given):
        raise ValueError(f"values: expected numbers that {kind} holds, got {given.min()} to {given.max()}")
    return {"type": kind, "base64": base64.b64encode(stored.tobytes()).decode()}


def write_script(path: Path, data: Mapping[str, Any]) -> None:
    """Write ``data`` as the script ``path``: ``NASWOT.data`` has it under the name of the file."""
    text = json.dumps(data, separators=(",", ":"), allow_nan=False)
    start = "window.NASWOT = window.NASWOT || { data: {} };\n"
    with write_whole(path) as file:
        file.write(f"{start}NASWOT.data[{json.dumps(path.stem)}] = {text};\n".encode())


def read_script(path: Path) -> dict[str, Any]:
    """What :func:`write_script` wrote."""
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8").split("] = ", 1)[1].rstrip().rstrip(";"))
    return found


def stage(name: str, scripts: Sequence[str], *, inside: str, **facts: str) -> str:
    """The HTML of an element called ``name`` in which ``scripts``, names of files without suffix, draw.

    ``inside`` is what it holds until then, and where scripts are off; ``facts`` are its ``data-`` attributes.
    """
    colours = {"score": SCORE, "count": COUNT, "other": OTHER}
    style = "; ".join(f"--{kind}: {colour}" for kind, colour in colours.items())
    about = "".join(f' data-{key}="{escape(value)}"' for key, value in facts.items())
    tags = "".join(f'<script src="_static/{script}.js"></script>' for script in ("play", *scripts))
    return f'<div class="play" id="{name}" style="{style}"{about}>{inside}</div>\n{tags}'


def sortable(table: str) -> str:
    """A table in Markdown that book/_static/tables.js makes one to sort and to filter."""
    return f":::{{div}} play-table\n{table}:::\n"
