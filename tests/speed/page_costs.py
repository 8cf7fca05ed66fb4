"""What running each page of the book costs in the demo profile: minutes and memory, into book/costs.csv.

    python tests/speed/page_costs.py              # all pages
    python tests/speed/page_costs.py fig3 table2  # these, the others as they are

Pages run one after the other, each in a process of its own. `seconds` is on the clock, with the start of the kernel;
`cpu_seconds` is the processor time of the kernel and of what it starts; `peak_mb` the largest resident memory of one of
these processes; `load` the mean number of processes that wanted to run in the minute before, so what else there was.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from importlib import import_module
from pathlib import Path

import pandas as pd

from naswotbook.page import write_csv
from naswotbook.provenance import Provenance
from naswotlib.data.files import write_whole

ROOT = Path(__file__).parents[2]
COSTS = ROOT / "book" / "costs.csv"
os.chdir(ROOT)  # where the paths of dodo.py begin
sys.path.insert(0, str(ROOT))
dodo = import_module("dodo")


def run_page(page: str) -> None:
    """Execute a page with its own parameters, and print what it cost as JSON."""
    import papermill

    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / f"{page}.ipynb"
        dodo.write_notebook(ROOT / "book" / f"{page}.md", source)
        load, start = os.getloadavg()[0], time.perf_counter()
        options = {"extra_arguments": dodo.QUIET, "kernel_manager_class": dodo.kernel_manager()}
        papermill.execute_notebook(source, Path(folder) / "done.ipynb", cwd=ROOT, progress_bar=False, **options)
        seconds = time.perf_counter() - start
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    costs = {"page": page, "seconds": round(seconds, 1), "cpu_seconds": round(used.ru_utime + used.ru_stime, 1)}
    print(json.dumps(costs | {"peak_mb": round(used.ru_maxrss / 1024), "load": round(load, 1)}))


def main(pages: list[str]) -> None:
    """Measure ``pages``, and write the table after each, so that what was measured is kept."""
    everything = sorted(path.stem for path in dodo.sources())
    table = pd.read_csv(COSTS).set_index("page") if COSTS.exists() else pd.DataFrame()
    facts = Provenance({"__annotations__": {}}).facts()
    facts.pop("duration")
    with write_whole(COSTS.with_suffix(".json")) as file:
        file.write(json.dumps({**facts, "date": time.strftime("%Y-%m-%d")}, indent=1).encode() + b"\n")
    failed: list[str] = []
    for page in pages or everything:
        command = [sys.executable, __file__, "--page", page]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
        if done.returncode:
            failed.append(page)
            continue
        row = json.loads(done.stdout.splitlines()[-1])
        print(row, flush=True)
        table = pd.concat([table.drop(page, errors="ignore"), pd.DataFrame([row]).set_index("page")])
        table = table[table.index.isin(everything)].sort_index()
        write_csv(COSTS, table.reset_index())
    if failed:
        sys.exit(f"failed, and left as they were: {', '.join(failed)}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--page"]:
        run_page(sys.argv[2])
    else:
        main(sys.argv[1:])
