"""Every classifier of torchvision, scored from the shell with random weights, at the image side that it is used with.

    python tests/speed/classifiers.py --out figures/paper    # classifiers.csv and .json; goes on where it stopped

For each the command is `naswot score --module torchvision:NAME --activations auto --batch-size B`, in a process of
its own, so that time and memory are its own: first with two images, the smallest mini-batch there is, and twice as many
while that has no finite score; then with the mini-batch of all. Where the command refuses, its line says what to pass
(`says`), and the command is given again with that. Small networks come first; one that an earlier run scored with
fewer images is scored again.

Columns: `network`, `side` of the images, `smallest` mini-batch with a finite score, `batch_size`, `activations`,
`score`, `num_units`, `coin_flips` (the score of as many fair coins), `rank`, `parameters`, `seconds` of building and
scoring `batch_size` images, `cpu_seconds` of the process, `megabytes` at most, `says`, and the `error` of one that was
not scored in the end. What the networks reach when trained stands in the metadata of their weights, and not here.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import re
import resource
import subprocess
import sys
import time
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import torch
import torchvision
from bench_score import write_results

from naswotlib.cli.errors import run
from naswotlib.cli.main import app
from naswotlib.scoring.store import hardware

LEAST = 2
SPELLED = re.compile(r"(\w+) \(\d+ calls\)")  # what an error about `auto` names
FROM_SHELL = ("score", "num_units", "coin_flips", "rank")


def shell(*arguments: str) -> tuple[int, str, str]:
    """Exit status and what a command printed, in this process."""
    sys.argv = ["naswot", *arguments]
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        try:
            run(app)
        except SystemExit as stop:
            status = int(stop.code or 0)
    return status, out.getvalue(), err.getvalue()


def score(name: str, batch_size: int, device: str) -> dict[str, Any]:
    """The row of one network."""
    command = ["score", "--module", f"torchvision:{name}", "--device", device, "--json"]
    row: dict[str, Any] = {"network": name, "batch_size": batch_size, "says": "", "error": ""}
    kinds, smallest = "auto", LEAST
    while True:
        status, out, err = shell(*command, "--activations", kinds, "--batch-size", str(smallest))
        named = SPELLED.findall(err)
        if status and kinds == "auto" and named:
            row["says"], kinds = err.strip(), ",".join(named)
        elif status or smallest > batch_size:
            return row | {"error": err.strip()[:300] or f"no finite score with {batch_size} images"}
        elif json.loads(out)["score"] is None:
            smallest *= 2
        else:
            break
    start = time.perf_counter()
    status, out, err = shell(*command, "--activations", kinds, "--batch-size", str(batch_size))
    if status:
        return row | {"smallest": smallest, "error": err.strip()[:300]}
    row["seconds"] = round(time.perf_counter() - start, 1)
    told, used = json.loads(out), resource.getrusage(resource.RUSAGE_SELF)
    row |= {"side": told["shape"][-1], "smallest": smallest, "activations": " ".join(told["activations"])}
    row |= {key: told[key] for key in FROM_SHELL}
    row["cpu_seconds"] = round(used.ru_utime + used.ru_stime, 1)
    return row | {"megabytes": used.ru_maxrss // 1000}


def metadata(name: str) -> dict[str, Any]:
    """Of the weights that torchvision has, those for the smallest images: the network is the same with random ones."""
    every = torchvision.models.get_model_weights(name)
    return dict(min((weights.meta for weights in every), key=lambda meta: meta["_ops"]))


def operations(name: str) -> float:
    """Multiply-adds of one image, as torchvision states them."""
    return float(metadata(name)["_ops"])


COLUMNS = ("network", "side", "smallest", "batch_size", "activations", *FROM_SHELL)
COLUMNS += ("parameters", "seconds", "cpu_seconds", "megabytes", "says", "error")


def main() -> None:
    """Score what the table lacks."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="folder of classifiers.csv")
    parser.add_argument("--batch-size", type=int, default=16, help="images of the score (default 16)")
    parser.add_argument("--names", nargs="*", help="these networks (default all classifiers)")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(score(options.one, options.batch_size, options.device)))
        return
    options.out.mkdir(parents=True, exist_ok=True)
    path = options.out / "classifiers.csv"
    rows: dict[str, dict[str, Any]] = {}
    if path.exists():
        with path.open(newline="") as file:
            rows = {row["network"]: dict(row) for row in csv.DictReader(file)}
    done = {name for name, row in rows.items() if int(row["batch_size"]) >= options.batch_size}
    about = {"hardware": hardware(options.device), "threads": torch.get_num_threads(), "torch": torch.__version__}
    about |= {"torchvision": torchvision.__version__, "images": "photos, seed 0", "weights": "random, seed 0"}
    about |= {"command": "python tests/speed/classifiers.py --batch-size, which is a column"}
    about |= {"clock": "seconds are of the clock, beside other work; cpu_seconds of the process, with its imports"}
    names = options.names or torchvision.models.list_models(module=torchvision.models)
    for name in sorted(set(names) - done, key=operations):
        command = [sys.executable, __file__, "--out", str(options.out), "--batch-size", str(options.batch_size)]
        command += ["--device", options.device, "--one", name]
        ended = subprocess.run(command, capture_output=True, text=True, check=False)
        last = (ended.stdout if ended.returncode == 0 else ended.stderr).strip().splitlines()[-1:]
        if ended.returncode == 0 and last:
            row = json.loads(last[0])
        else:
            row = {"network": name, "batch_size": options.batch_size}
            row |= {"error": f"exit {ended.returncode}: {' '.join(last)[:300]}"}
        row["parameters"] = metadata(name)["num_params"]
        print(f"{name:20} {row.get('score') or row['error']}", flush=True)
        rows[name] = {key: row.get(key, "") for key in COLUMNS}
        write_results(path, list(rows.values()), about)


if __name__ == "__main__":
    main()
