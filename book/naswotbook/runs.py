"""What kept score tables were computed with: a manifest beside them, with the runs that the rows of each come from."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from naswotlib.data.files import write_whole
from naswotlib.scoring.store import MANIFEST, read_scores

RUNS = "manifest.json"


def record_run(table: Path, folder: Path) -> None:
    """Note in the manifest beside ``table`` what rows from ``folder``, of ``score_archs(out=folder)``, were made with.

    Day of the newest part, number of rows, hardware, versions and all settings. Noting the same twice changes nothing.
    """
    found = json.loads((folder / MANIFEST).read_text())
    settings = dict(found["settings"])
    newest = max(part.stat().st_mtime for part in folder.glob("part-*.parquet"))
    run = {
        "rows": int((read_scores(folder).error == "").sum()),
        "date": time.strftime("%Y-%m-%d", time.gmtime(newest)),
        "hardware": found["hardware"],
        "versions": ", ".join(f"{name} {number}" for name, number in settings.pop("versions").items()),
        "settings": settings,
    }
    runs = read_runs(table.parent)
    if run not in runs.get(table.name, []):
        runs.setdefault(table.name, []).append(run)
        with write_whole(table.parent / RUNS) as file:
            file.write(json.dumps(runs, indent=1, sort_keys=True).encode() + b"\n")


def read_runs(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """The manifest of the tables in ``folder``: runs by file name, in the order in which they were noted."""
    path = folder / RUNS
    runs: dict[str, list[dict[str, Any]]] = json.loads(path.read_text()) if path.exists() else {}
    return runs
