"""Files that pages of the book read and write: scores that are computed once and kept, figures and summaries."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from naswotbook.plots import missing_panel
from naswotbook.provenance import Provenance, provenance_table, read_facts
from naswotbook.runs import record_run
from naswotlib.data.files import write_whole
from naswotlib.scoring.store import MANIFEST


def repository() -> Path:
    """The checkout that this package lies in; the working folder where it is installed elsewhere."""
    root = Path(__file__).parents[2]
    return root if (root / "pyproject.toml").exists() else Path.cwd()


def write_csv(path: Path, table: pd.DataFrame) -> None:
    """Write a table whole, with six significant digits, so that the same numbers give the same bytes."""
    with write_whole(path) as file:
        table.to_csv(file, index=False, float_format="%.6g", lineterminator="\n")


def complete_scores(path: Path, archs: Sequence[str], score: Callable[[list[str], Path], pd.DataFrame]) -> pd.DataFrame:
    """Rows of :func:`naswotlib.score_archs` for ``archs``, in their order, from the table at ``path``.

    Those that it lacks (all, where there is no file) come from ``score(missing, out)``, which hands the folder
    ``out`` to ``score_archs``, so that a run that is stopped goes on from there; when it is through, the table is
    written whole with them added, and the manifest beside it says what they were computed with. A row with an error
    is returned but not kept: it is tried again the next time.
    """
    table = pd.read_parquet(path) if path.exists() else pd.DataFrame({"arch": []})
    known = set(table.arch)
    missing = [arch for arch in dict.fromkeys(archs) if arch not in known]
    if missing:
        unfinished = path.with_name(f"{path.name}.part")
        scored = score(missing, unfinished)
        table = pd.concat([table, scored], ignore_index=True) if len(table) else scored
        with write_whole(path) as file:
            table[table.error == ""].to_parquet(file, index=False)
        if (unfinished / MANIFEST).exists():
            record_run(path, unfinished)
        shutil.rmtree(unfinished, ignore_errors=True)
    return table.set_index("arch").loc[list(archs)].reset_index()


def kept_table(path: Path, compute: Callable[[], pd.DataFrame]) -> pd.DataFrame:
    """The table at ``path``, whose name says all that it depends on; computed and written where there is none."""
    if not path.exists():
        table = compute()
        with write_whole(path) as file:
            table.to_parquet(file, index=False)
    return pd.read_parquet(path)


@dataclass(frozen=True)
class Published:
    """What the ``paper`` profile made, as a page shows it.

    picture: what ``glue`` takes, a box that names the missing file where there is nothing; summary: the rows of its
    CSV, none then; facts: its provenance, empty then; link: to the CSV, in Markdown.
    """

    picture: Any
    summary: pd.DataFrame
    facts: dict[str, str]
    link: str


def load_published(folder: Path, name: str, needed: str) -> Published:
    """Picture, summary and provenance of ``name`` in ``folder``; a box that says what is ``needed`` without them."""
    from IPython.display import Image  # comes with notebooks

    picture, summary, facts = (folder / f"{name}{suffix}" for suffix in (".png", ".csv", ".json"))
    if picture.exists() and summary.exists() and facts.exists():
        link = f"[CSV](../figures/paper/{summary.name})"
        return Published(Image(filename=picture), pd.read_csv(summary), read_facts(facts), link)
    box, ax = plt.subplots(figsize=(3.4, 2.6), layout="constrained")
    missing_panel(ax, needed)
    plt.close(box)
    return Published(box, pd.DataFrame(), {}, "")


def glue_published(page: Provenance, files: Mapping[str, tuple[str, str]]) -> dict[str, Published]:
    """Glue what the ``paper`` profile made, or boxes, for a page to show; returns what there is, by the glued name.

    ``files`` has for each name to glue that of the files and what the box says is needed: see :func:`load_published`.
    """
    from myst_nb import glue

    folder = repository() / page.parameters["out_dir"] / "paper"
    published = {name: load_published(folder, *file) for name, file in files.items()}
    for name, found in published.items():
        glue(name, found.picture, display=False)
    return {name: found for name, found in published.items() if found.facts}


def show_summaries(published: Mapping[str, Published]) -> None:
    """Show the summaries of what the ``paper`` profile made, their CSV and their provenance; nothing without any."""
    from IPython.display import Markdown, display  # comes with notebooks

    for found in published.values():
        for text in (frame_table(found.summary), found.link, provenance_table({"": found.facts})):
            display(Markdown(text))


def save_panel(folder: Path, name: str, figure: Figure, summary: pd.DataFrame, page: Provenance) -> None:
    """Write a panel of the ``paper`` profile: picture, summary and provenance."""
    with write_whole(folder / f"{name}.png") as file:
        figure.savefig(file, dpi=150)
    write_csv(folder / f"{name}.csv", summary)
    page.write(folder / f"{name}.json")


def few_networks(counts: Iterable[int]) -> str:
    """What a page says beside rank correlations where one is of fewer than ten networks; else nothing."""
    if min(counts, default=10) >= 10:
        return ""
    return (
        "Of fewer than ten networks a τ says little, and its bootstrap interval is no guide: it may hold everything "
        "from −1 to 1, and that of a perfect order shrinks to a point."
    )


def markdown_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table in Markdown: columns, and cells as text."""
    lines = [columns, ["---"] * len(columns), *rows]
    return "".join(f"| {' | '.join(map(str, line))} |\n" for line in lines)


def frame_table(frame: pd.DataFrame) -> str:
    """A data frame in Markdown, without its index: floats with three decimals, underscores in names as spaces.

    >>> print(frame_table(pd.DataFrame({"batch_size": [32], "tau": [0.5]})), end="")
    | batch size | tau |
    | --- | --- |
    | 32 | 0.500 |
    """
    rows = [
        [f"{cell:.3f}" if isinstance(cell, float) else cell for cell in row] for row in frame.itertuples(index=False)
    ]
    return markdown_table([str(name).replace("_", " ") for name in frame.columns], rows)


def size_table(table: pd.DataFrame, *, by: str | None = None) -> str:
    """Markdown: 5th, 50th and 95th percentile of sizes (``network_sizes``), in millions and to
    three digits. A row for each value of the column ``by``, or one for all.
    """
    names = {"parameters": "parameters", "num_units": "N_A", "flops": "multiply-adds"}
    rows = []
    for value, part in [("5% / median / 95%", table)] if by is None else table.groupby(by, sort=False):
        quantiles = (part[column].quantile([0.05, 0.5, 0.95]) / 1e6 for column in names)
        rows.append(
            [value, *(" / ".join(f"{x:.3g}" if x < 100 else f"{x:,.0f}" for x in three) for three in quantiles)]
        )
    return markdown_table([by or "", *names.values()], rows)
