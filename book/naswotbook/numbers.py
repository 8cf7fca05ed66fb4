"""What figures and tables are called: those of the paper by its numbers, ours by the name in their caption."""

from __future__ import annotations

import re

# What the paper has. Its Figure 8 stands in a supplement that is not at hand, and no page shows it.
PRINTED = {"Figure": range(1, 11), "Table": range(1, 3)}
_LABEL = re.compile(r"(fig|table)-(\d+)([a-j]?)(?:-paper)?")
_KINDS = {"fig": "Figure", "table": "Table"}


def number(label: str) -> str:
    """The paper's number of what has this label; empty for what is ours, or stands in the place of the paper's.

    >>> number("fig-3a"), number("table-2a-paper"), number("fig-3e-imagenet")
    ('Figure 3(a)', 'Table 2(a)', '')
    """
    found = _LABEL.fullmatch(label)
    if not found or int(found[2]) not in PRINTED[_KINDS[found[1]]]:
        return ""
    return f"{_KINDS[found[1]]} {found[2]}" + (f"({found[3]})" if found[3] else "")


def called(label: str, place: str) -> str:
    """How text refers to a figure or table: by :func:`number`, or by the ``place`` where it stands.

    >>> called("fig-cheap", "Cheaper scores"), called("fig-3a", "Score against accuracy")
    ('Cheaper scores', 'Figure 3(a)')
    """
    return number(label) or place
