"""Files that pages of the book read and write: scores that are computed once and kept, figures and summaries."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pandas as pd

from naswotlib.parallel import write_whole


def repository() -> Path:
    """The checkout that this package lies in; the working folder where it is installed elsewhere."""
    root = Path(__file__).parents[1]
    return root if (root / "pyproject.toml").exists() else Path.cwd()


def write_csv(path: Path, table: pd.DataFrame) -> None:
    """Write a table whole, with six significant digits, so that the same numbers give the same bytes."""
    with write_whole(path) as file:
        table.to_csv(file, index=False, float_format="%.6g", lineterminator="\n")


def complete_scores(path: Path, archs: Sequence[str], score: Callable[[list[str]], pd.DataFrame]) -> pd.DataFrame:
    """Rows of :func:`naswotlib.score_archs` for ``archs``, in their order, from the table at ``path``.

    Those that it lacks (all, where there is no file) come from ``score(missing)``, and the table is written whole
    with them added. A row with an error is returned but not kept, so that it is tried again the next time.
    """
    table = pd.read_parquet(path) if path.exists() else pd.DataFrame({"arch": []})
    known = set(table.arch)
    missing = [arch for arch in dict.fromkeys(archs) if arch not in known]
    if missing:
        scored = score(missing)
        table = pd.concat([table, scored], ignore_index=True) if len(table) else scored
        with write_whole(path) as file:
            table[table.error == ""].to_parquet(file, index=False)
    return table.set_index("arch").loc[list(archs)].reset_index()
