"""Tables and figures as MyST, from frames and entries of the registry."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence

import pandas as pd

from naswotbook.registry import Entry

Format = str | Callable[[object], str]
DATASETS = {"cifar10": "CIFAR-10", "cifar100": "CIFAR-100", "imagenet16-120": "ImageNet16-120"}


def markdown_table(columns: Iterable[str], rows: Iterable[Sequence[object]]) -> str:
    """A table in Markdown: columns, and cells as text."""
    heads = list(columns)
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join(f"| {' | '.join(map(str, line))} |\n" for line in lines)


def frame_table(frame: pd.DataFrame, formats: Mapping[str, Format] | None = None) -> str:
    """A data frame in Markdown, without its index; underscores in names are spaces.

    ``formats`` are those of columns, a format specification or a function; other floats have three decimals. What is
    missing, None or NaN, is an empty cell.

    >>> print(frame_table(pd.DataFrame({"batch_size": [32], "tau": [0.5], "n": [9000]}), {"n": ","}), end="")
    | batch size | tau | n |
    | --- | --- | --- |
    | 32 | 0.500 | 9,000 |
    """
    formats = formats or {}

    def cell(name: str, value: object) -> str:
        if isinstance(value, (float, type(None))) and pd.isna(value):
            return ""
        how = formats.get(name, ".3f" if isinstance(value, float) else "")
        return how(value) if callable(how) else format(value, how) if how else str(value)

    rows = [[cell(str(name), value) for name, value in row.items()] for row in frame.to_dict("records")]
    return markdown_table([str(name).replace("_", " ") for name in frame.columns], rows)


def csv_table(table: pd.DataFrame, caption: str = "", name: str = "", options: Mapping[str, str] | None = None) -> str:
    """A table from a frame of text; with a caption and ``name`` text can refer to it.

    ``options`` are others of the directive ``csv-table``, such as ``class``.
    """
    rows = table.to_csv(index=False, lineterminator="\n")
    given = ({"name": name} if name else {}) | {"header-rows": "1"} | dict(options or {})
    lines = "".join(f":{key}: {value}\n" for key, value in given.items())
    return f"```{{csv-table}} {caption}\n{lines}\n{rows}```\n"


def figure_block(entry: Entry, path: str, *, width: int | None = None, anchors: Sequence[str] = ()) -> str:
    """A figure: the picture at ``path``, ``width`` pixels wide, with the label, caption and alternative text of
    ``entry``. Text can refer to it by each of ``anchors`` too, as to its panels.
    """
    options = {"name": entry.label, "alt": " ".join(entry.alt.split())}
    if width is not None:
        options["width"] = f"{width}px"
    if entry.plate:
        options["figclass"] = "plate"
    lines = "".join(f":{name}: {value}\n" for name, value in options.items())
    targets = "".join(f"({label})=\n" for label in anchors)
    return f"{targets}```{{figure}} {path}\n{lines}\n{entry.caption.strip()}\n```\n"


def buttons(links: Mapping[str, str]) -> str:
    """One row of links to files, by what they are called; nothing without any. ``_sources`` is a folder of the site."""
    row = " ".join(
        f'<a href="{path}" download>{name}</a>' if path.startswith("_sources/") else f"[{name}]({path})"
        for name, path in links.items()
    )
    return f'<div class="downloads">\n\n{row}\n\n</div>\n' if row else ""


def folded(summary: str, *blocks: str) -> str:
    """Blocks of Markdown behind a line that opens them, for what a reader may want to look up and need not read."""
    text = "\n".join(blocks).rstrip()
    return f"<details><summary>{summary}</summary>\n\n{text}\n\n</details>\n"


def ends(low: float, high: float, digits: int = 3) -> str:
    """An interval such as ``0.123 to 0.456``; empty where there is none, as of fewer than ten networks."""
    return "" if pd.isna(low) else f"{low:.{digits}f} to {high:.{digits}f}"


def with_interval(value: float, low: float, high: float, digits: int = 2) -> str:
    """A value and its interval, such as ``0.61 [0.58, 0.64]``; the value alone where there is no interval."""
    return f"{value:.{digits}f}" + ("" if pd.isna(low) else f" [{low:.{digits}f}, {high:.{digits}f}]")


def signed(value: float, low: float, high: float, digits: int = 2) -> str:
    """A difference and its interval, such as ``+0.06 [-0.01, +0.13]``."""
    return f"{value:+.{digits}f} [{low:+.{digits}f}, {high:+.{digits}f}]"


def few_networks(counts: Iterable[int]) -> str:
    """What a page says beside rank correlations where one is of fewer than ten networks; else nothing."""
    if min(counts, default=10) >= 10:
        return ""
    return (
        "Of fewer than ten networks a τ says little. It has no interval here: a resampled one may hold everything from "
        "−1 to 1, and that of a perfect order is a point."
    )


SYMBOLS = {"K_H": r"$\mathbf{K}_H$", "N_A": "$N_A$"}


def in_symbols(text: str) -> str:
    """A text with :data:`SYMBOLS` of the paper as they are printed, but for those in code and in formulas.

    >>> in_symbols("`log N_A` is of $N_A$, and so is N_A")
    '`log N_A` is of $N_A$, and so is $N_A$'
    """
    return re.sub(r"`[^`]*`|\$[^$]*\$|\b(K_H|N_A)\b", lambda found: SYMBOLS.get(found[1], found[0]), text)


def size_table(table: pd.DataFrame, *, by: str | None = None) -> str:
    """5th, 50th and 95th percentile of sizes (``network_sizes``), in millions and to three digits.

    A row for each value of the column ``by``, or one for all.
    """
    names = {"parameters": "parameters", "num_units": "$N_A$", "flops": "multiply-adds"}
    rows = []
    for value, part in [("5% / median / 95%", table)] if by is None else table.groupby(by, sort=False):
        quantiles = (part[column].quantile([0.05, 0.5, 0.95]) / 1e6 for column in names)
        rows.append([value, *(" / ".join(f"{x:.3g}" if x < 100 else f"{x:,.0f}" for x in q) for q in quantiles)])
    return markdown_table([by or "", *names.values()], rows)
