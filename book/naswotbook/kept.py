"""Score tables that are computed once and kept: their names, what is in them, and what they were computed with."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from naswotlib.data.files import write_whole
from naswotlib.data.score_tables import FILES
from naswotlib.data.score_tables import MANIFEST as RUNS  # of the tables in a folder
from naswotlib.graph import Counting
from naswotlib.scoring.proxies import PROXIES
from naswotlib.scoring.store import MANIFEST, read_scores

COUNTINGS = get_args(Counting)
_NAME = re.compile(rf"([a-z0-9_]+)-(.+)-({'|'.join((*COUNTINGS, *PROXIES))})-seed(\d+)((?:-[a-z_]+\d+)*)\.parquet")
VARIED = ["space", "dataset", "measure", "seed", "batch", "skeleton"]
COLUMNS = ["file", *VARIED, "networks", "singular", "failed", "hours", "bytes", "sha256"]


def scores_name(
    space: str,
    dataset: str,
    *,
    counting: str,
    seed: int,
    batch_size: int = 128,
    skeleton: Mapping[str, int] | None = None,
) -> str:
    """The file name of kept scores: ``SPACE-DATASET-COUNTING-seedN.parquet``, with what is not the default behind it.

    That is the batch where it is not 128, and each keyword of ``skeleton``. The name of a proxy takes the place of the
    counting where it is not the score that is kept.

    >>> scores_name("nasbench201", "cifar10", counting="once", seed=0, batch_size=64)
    'nasbench201-cifar10-once-seed0-batch64.parquet'
    """
    others = ({} if batch_size == 128 else {"batch": batch_size}) | dict(skeleton or {})
    suffixes = "".join(f"-{key}{value}" for key, value in others.items())
    return f"{space}-{dataset}-{counting}-seed{seed}{suffixes}.parquet"


def parse_name(name: str) -> dict[str, Any] | None:
    """What :func:`scores_name` was given, as :data:`VARIED` (skeleton as text); None for the name of another file.

    >>> parse_name("nasbench101-cifar10-reference-seed0-stem_channels128.parquet")["skeleton"]
    'stem_channels=128'
    """
    named = _NAME.fullmatch(name)
    if named is None:
        return None
    space, dataset, measure, seed, suffixes = named.groups()
    others = dict(re.findall(r"-([a-z_]+)(\d+)", suffixes))
    batch = int(others.pop("batch", 128))
    skeleton = " ".join(f"{key}={value}" for key, value in others.items())
    return dict(zip(VARIED, (space, dataset, measure, int(seed), batch, skeleton), strict=True))


def list_tables(folder: Path) -> pd.DataFrame:
    """A row for each score table of a whole sample in ``folder``, named by :func:`scores_name`.

    Columns: ``file``, ``space``, ``dataset``, ``measure`` (a counting of the score, or another proxy), ``seed``,
    ``batch`` (images), ``skeleton`` (keywords of ``space.build``, as text; empty: the default), ``networks``,
    ``singular`` (scores of −inf), ``failed``, ``hours`` (of one thread, measured), ``bytes``, ``sha256``. Other parquet
    files there belong to one page each, and are left out.
    """
    rows = []
    for path in sorted(folder.glob("*.parquet")):
        if (varied := parse_name(path.name)) is None:
            continue
        table = pd.read_parquet(path)
        counts = {"networks": len(table), "singular": int(np.isneginf(table.score).sum())}
        counts |= {"failed": int((table.error != "").sum()), "bytes": path.stat().st_size}
        facts = {"hours": table.seconds.sum() / 3600, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
        rows.append({"file": path.name} | varied | counts | facts)
    return pd.DataFrame(rows, columns=COLUMNS)


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


def kept_table(path: Path | None, compute: Callable[[], pd.DataFrame]) -> pd.DataFrame:
    """The table at ``path``, whose name says all that it depends on; computed and written where there is none.

    Without a path it is computed, and not kept.
    """
    if path is None:
        return compute()
    if not path.exists():
        table = compute()
        with write_whole(path) as file:
            table.to_parquet(file, index=False)
    return pd.read_parquet(path)


def describe_run(folder: Path) -> dict[str, Any]:
    """What rows in ``folder``, of ``score_archs(out=folder)``, were made with.

    Day of the newest part, number of rows, hardware, versions and all settings.
    """
    found = json.loads((folder / MANIFEST).read_text())
    settings = dict(found["settings"])
    newest = max(part.stat().st_mtime for part in folder.glob("part-*.parquet"))
    return {
        "rows": int((read_scores(folder).error == "").sum()),
        "date": time.strftime("%Y-%m-%d", time.gmtime(newest)),
        "hardware": found["hardware"],
        "versions": ", ".join(f"{name} {number}" for name, number in settings.pop("versions").items()),
        "settings": settings,
    }


def record_run(table: Path, folder: Path) -> None:
    """Note :func:`describe_run` of ``folder`` in the manifest beside ``table``; the same twice changes nothing."""
    run = describe_run(folder)
    runs = read_runs(table.parent)
    if run not in runs.get(table.name, []):
        runs.setdefault(table.name, []).append(run)
        write_runs(table.parent, runs)


def read_runs(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """The manifest of the tables in ``folder``: runs by file name, in the order in which they were noted."""
    path = folder / RUNS
    runs: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    runs.pop(FILES, None)
    return runs


def describe_files(folder: Path) -> dict[str, dict[str, Any]]:
    """Rows, columns, bytes and sha256 of each table in ``folder``, by which a download of it is checked."""
    files: dict[str, dict[str, Any]] = {}
    for path in sorted(folder.glob("*.parquet")):
        held, data = pq.read_metadata(path), path.read_bytes()
        shape = {"rows": held.num_rows, "columns": [str(name) for name in held.schema.to_arrow_schema().names]}
        files[path.name] = shape | {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    return files


def write_runs(folder: Path, runs: Mapping[str, list[dict[str, Any]]]) -> None:
    """Write the manifest of ``folder``: ``runs`` by file name, and :func:`describe_files` of what is there now."""
    manifest = {**runs, FILES: describe_files(folder)}
    with write_whole(folder / RUNS) as file:
        file.write(json.dumps(manifest, indent=1, sort_keys=True).encode() + b"\n")
