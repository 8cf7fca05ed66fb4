"""What one waits for at the shell and in a notebook: wall times of whole processes, on a machine that is idle.

    python tests/speed/cli_speed.py --out figures/paper    # cli-speed.csv and .json, and the lines for README.md

Each command runs in a process of its own, several times, on all cores; what is compiled once for an installation is
compiled into an empty folder first, and that is a row too. `seconds` is the median on the clock, `least` and `most` the
others, `cpu_seconds` the median processor time of the process and its workers, `limit` what we aim at, `load` the mean
number of processes that wanted to run in the minute before: a row with a load above one half was disturbed.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from bench_score import write_results

from naswotbook.experiments.speed import cli_in_words
from naswotlib.scoring.store import hardware

SHELL = "from naswotlib.cli.main import main; main()"
FIRST = """
import torchvision
from naswotlib import load_images, naswot_score
naswot_score(torchvision.models.resnet18(num_classes=10), load_images("photos", 128, seed=0))
"""
# Name, program, arguments, limit in seconds, runs. The first compiles, and is run once.
COMMANDS: tuple[tuple[str, str, tuple[str, ...], float | None, int], ...] = (
    ("compile", SHELL, ("compile",), None, 1),
    ("help", SHELL, ("--help",), 0.4, 9),
    ("first score", FIRST, (), 4.0, 5),
    ("search", SHELL, ("search", "--n", "100"), 20.0, 3),
)


def measure(
    name: str, program: str, arguments: tuple[str, ...], limit: float | None, runs: int, cache: str
) -> dict[str, Any]:
    """The row of one command, run ``runs`` times with the compiled loops of the folder ``cache``."""
    load, wall, processor = os.getloadavg()[0], list[float](), list[float]()
    for _ in range(runs):
        before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        command = [sys.executable, "-c", program, *arguments]
        subprocess.run(command, check=True, capture_output=True, env=os.environ | {"NUMBA_CACHE_DIR": cache})
        wall.append(time.perf_counter() - start)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        processor.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    row: dict[str, Any] = {"what": name, "runs": runs, "seconds": statistics.median(wall), "least": min(wall)}
    row |= {"most": max(wall), "cpu_seconds": statistics.median(processor), "limit": limit, "load": load}
    print(f"{name:12} {row['seconds']:.2f} s of the clock, {row['cpu_seconds']:.2f} s of processors, load {load:.1f}")
    return row


def main() -> None:
    """Measure all of them, and write the table whole."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="folder of cli-speed.csv")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as cache:
        rows = [measure(*command, cache) for command in COMMANDS]
    about = {"hardware": hardware(), "torch": torch.__version__, "numpy": np.__version__}
    path = options.out / "cli-speed.csv"
    write_results(path, rows, about | {"command": "python tests/speed/cli_speed.py", "clock": "wall"})
    print(f"\nFor README.md:\n\n{cli_in_words(path)}")


if __name__ == "__main__":
    main()
