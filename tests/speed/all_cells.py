"""Every NAS-Bench-201 cell scored anew, timed, and laid beside the committed scores.

python tests/speed/all_cells.py --workers 2 --data-dir data --out figures/paper   # writes cpu-all.csv
"""

from __future__ import annotations

import argparse
import threading
import time
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import psutil
import torch
from bench_score import write_results

from naswotlib import get_space, load_images, score_archs
from naswotlib.scoring.store import hardware

SCORES = Path(__file__).parents[2] / "figures/paper/scores/nasbench201-cifar10-once-seed0.parquet"
EVERY = 2.0  # seconds between two looks at the memory


class MemoryWatch(threading.Thread):
    """Resident GiB of this process and of its children, looked at every few seconds while the block runs."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.stopped, self.gib = threading.Event(), list[float]()

    def run(self) -> None:
        while not self.stopped.wait(EVERY):
            total = 0
            for process in [psutil.Process(), *psutil.Process().children(recursive=True)]:
                try:
                    total += process.memory_info().rss
                except psutil.NoSuchProcess:  # a worker that has just ended
                    continue
            self.gib.append(total / 2**30)

    def __enter__(self) -> MemoryWatch:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopped.set()
        self.join()


def all_cells(
    *, device: str, workers: int, data_dir: str | None, cells: int | None = None, progress: bool = True
) -> tuple[dict[str, Any], pd.DataFrame]:
    """A row of seconds, memory and differences from the committed scores, and the table of the new ones.

    Raises what :func:`naswotlib.load_images` raises where the images of the committed scores are not at hand.
    """
    space, kept = get_space("nasbench201"), pd.read_parquet(SCORES).set_index("arch")
    images = load_images("cifar10", 128, seed=0, data_dir=data_dir)
    archs = [space.to_str(arch) for arch in islice(space, cells)]
    start = time.perf_counter()
    with MemoryWatch() as memory:
        table = score_archs(space, archs, images, seed=0, device=device, workers=workers, progress=progress)
    seconds = time.perf_counter() - start
    score, expected = table.score.to_numpy(), kept.score.reindex(table.arch).to_numpy()
    both = np.isfinite(expected) & np.isfinite(score)
    apart = np.abs(score[both] / expected[both] - 1)
    tau = float(pd.Series(expected[both]).corr(pd.Series(score[both]), method="kendall"))
    row = {"networks": len(table), "failed": int((table.error != "").sum()), "workers": workers, "seconds": seconds}
    row |= {"per_second": len(table) / seconds, "one_minus_tau": 1 - tau, "finite_in_both": int(both.sum())}
    row |= {"finite_in_one": int((np.isfinite(expected) ^ np.isfinite(score)).sum())}
    row |= {"apart_median": float(np.median(apart)), "apart_most": float(apart.max())}
    quarter = max(1, len(memory.gib) // 4)
    early, late = memory.gib[quarter : 2 * quarter], memory.gib[-quarter:]
    if early:  # long enough for a second and a last quarter
        row |= {"gib_second_quarter": max(early), "gib_last_quarter": max(late)}
    return row, table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workers", type=int, default=2, help="processes of one thread each (default 2)")
    parser.add_argument("--data-dir", help="folder with the CIFAR-10 mini-batches")
    parser.add_argument("--cells", type=int, help="the first so many (default all)")
    parser.add_argument("--out", type=Path, default=Path(), help="folder of cpu-all.csv (default here)")
    options = parser.parse_args()
    row, _ = all_cells(device="cpu", workers=options.workers, data_dir=options.data_dir, cells=options.cells)
    print(row)
    about = {"hardware": hardware(), "torch": torch.__version__, "numpy": np.__version__}
    command = f"python tests/speed/all_cells.py --workers {options.workers}"
    options.out.mkdir(parents=True, exist_ok=True)
    write_results(options.out / "cpu-all.csv", [row], about | {"command": command})


if __name__ == "__main__":
    main()
