"""The data card of the committed score tables, so that their folder can be uploaded to a hub as it is.

    python -m naswotbook.experiments.score_card    # the manifest's digests and the card anew, after a table has changed

The card is a README.md in the form of the Hugging Face hub: YAML that names each table, then text. All of it comes from
the manifest beside the tables.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

from naswotbook.kept import parse_name, read_runs, write_runs
from naswotbook.registry import ROOT
from naswotlib.data.files import write_whole
from naswotlib.data.score_tables import FILES, MANIFEST

SCORES = ROOT / "figures" / "paper" / "scores"
CARD = "README.md"
FIRST = "nasbench201-cifar10-once-seed0.parquet"  # what a viewer shows first
SIZES = (1_000, 10_000, 100_000, 1_000_000, 10_000_000)
MEANING = {
    "arch": "the architecture, as its benchmark writes it",
    "score": "log|det K_H|, natural logarithm; -inf where the kernel is singular; or another measure",
    "num_units": "N_A, the ReLU units of one image, counted as the name says; empty for other measures",
    "seconds": "of building and scoring the network, one thread, on a machine that did other work too",
    "error": "empty; why a measure is missing, where one is",
}

TEXT = """# Scores of untrained networks

Scores of *Neural Architecture Search without Training* (Mellor, Turner, Storkey and Crowley, ICML 2021) and of other
measures of untrained networks, computed by naswotlib: {rows:,} rows in {number} tables, {megabytes:.1f} MB.
No accuracy is in them, and no image.

The name says what a table holds: space, data set of the mini-batch, counting of units or another measure, seed, and
behind these what is not the default. `once` counts each ReLU unit once, as equation 1 says; `reference` counts as the
authors' code does.

## Load one

```python
import pandas as pd

table = pd.read_parquet("{first}")
```

`naswot scores fetch --from ADDRESS` brings these tables from any address or folder that holds them with their
`manifest.json`, and compares each with its sha256; `naswot scores verify` does so again.

## Columns

| column | what |
|---|---|
{columns}

Tables without the column `score` belong to one page of the book each, which says what their columns are.

## Tables

| table | rows | kB | sha256 begins | computed with |
|---|---|---|---|---|
{tables}

`manifest.json` has the digests in full, and all settings. What it does not say of the first tables was not noted.

## Good for, and not

Good for ranking networks of one space, repeating a search without computing, and comparing a score of your own with
this one, network by network. Not good for comparing networks of two spaces, or scores of two countings: most of a score
is the number of units. One table is one draw of weights and images.

## Licence and citation

MIT. Cite the paper for the method: Mellor, J., Turner, J., Storkey, A. and Crowley, E. J., Neural Architecture Search
without Training, ICML 2021, <https://proceedings.mlr.press/v139/mellor21a.html>.
"""


def make_card(folder: Path) -> str:
    """The card of the tables in ``folder``, from their manifest."""
    files: dict[str, dict[str, Any]] = json.loads((folder / MANIFEST).read_text())[FILES]
    runs = read_runs(folder)
    rows = sum(file["rows"] for file in files.values())
    head = {
        "license": "mit",
        "pretty_name": "Scores of untrained networks (NASWOT)",
        "tags": ["neural-architecture-search", "zero-cost-proxy", "nas-bench-201", "nas-bench-101", "tabular"],
        "size_categories": [_size(rows)],
        "configs": [
            {"config_name": Path(name).stem, "data_files": name} | ({"default": True} if name == FIRST else {})
            for name in sorted(files)
        ],
    }
    text = TEXT.format(
        rows=rows,
        number=len(files),
        megabytes=sum(file["bytes"] for file in files.values()) / 1e6,
        first=FIRST if FIRST in files else min(files, default=""),
        columns="\n".join(f"| `{name}` | {what} |" for name, what in MEANING.items()),
        tables="\n".join(_row(name, file, runs.get(name, [])) for name, file in sorted(files.items())),
    )
    return f"---\n{yaml.safe_dump(head, sort_keys=False, width=1000)}---\n\n{text}"


def _size(rows: int) -> str:
    """The category of a number of rows, as the hub writes it.

    >>> _size(999), _size(20_000)
    ('n<1K', '10K<n<100K')
    """
    names = ["1K", "10K", "100K", "1M", "10M"]
    above = [name for name, size in zip(names, SIZES, strict=True) if rows >= size]
    return f"{above[-1]}<n<{names[len(above)]}" if 0 < len(above) < len(names) else "n<1K" if not above else "n>10M"


def _row(name: str, file: dict[str, Any], runs: list[dict[str, Any]]) -> str:
    noted = dict.fromkeys("; ".join(run[key] for key in ("versions", "hardware") if key in run) for run in runs)
    used = " / ".join(filter(None, noted)) or "not noted"
    kind = "" if parse_name(name) else " (one page's)"
    return f"| `{name}`{kind} | {file['rows']:,} | {file['bytes'] / 1e3:,.0f} | `{file['sha256'][:12]}` | {used} |"


def main(folder: Path = SCORES) -> None:
    """Write the manifest with the digests of what is there now, and the card."""
    write_runs(folder, read_runs(folder))
    with write_whole(folder / CARD) as file:
        file.write(make_card(folder).encode())


if __name__ == "__main__":
    main()
