"""Every classifier of torchvision, scored with random weights at the image side that it is used with.

    python tests/speed/classifiers.py --out DIR [--batch-size 128] [--names resnet18 ...] [--device cpu]

A process a network, so that memory is each one's own. DIR/classifiers.csv has a row a network: side, mini-batch, what
was counted, score, units, score of coin flips, parameters, ImageNet accuracy as the metadata of its weights state it,
seconds of building and scoring, and the most memory of its process, in MB; or the error. What is there is not done
again.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import torch
import torchvision

from naswotlib import load_images, naswot_score
from naswotlib.cli.score import _side_of

# Those of two kinds; every other has one.
BOTH = {"mobilenet_v3": ("relu", "hardswish"), "maxvit": ("gelu", "silu")}


def score(name: str, batch_size: int, device: str) -> dict[str, object]:
    """The row of one network."""
    models = torchvision.models
    side = _side_of(f"torchvision:{name}") or 224
    activations = next((kinds for start, kinds in BOTH.items() if name.startswith(start)), "auto")
    row: dict[str, object] = {"network": name, "side": side, "batch_size": batch_size}
    metadata = next(iter(models.get_model_weights(name))).meta
    row["imagenet_accuracy"] = metadata["_metrics"]["ImageNet-1K"]["acc@1"]
    row["parameters"] = metadata["num_params"]
    images = load_images("photos", batch_size, seed=0, side=side).to(device)
    start = time.perf_counter()
    torch.manual_seed(0)
    found = naswot_score(models.get_model(name, weights=None).to(device), images, activations=activations)
    row |= {"activations": " ".join(found.activations), "score": found.value, "num_units": found.num_units}
    row |= {"coin_flips": found.coin_flips, "rank": found.rank, "seconds": round(time.perf_counter() - start, 2)}
    return row | {"megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1000, "error": ""}


def main() -> None:
    """Score what the table lacks."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--batch-size", type=int, default=128)
    parser.add_argument("--names", nargs="*")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(score(options.one, options.batch_size, options.device)))
        return
    options.out.mkdir(parents=True, exist_ok=True)
    path = options.out / "classifiers.csv"
    rows = pd.read_csv(path).to_dict("records") if path.exists() else []
    done = {row["network"] for row in rows}
    for name in options.names or torchvision.models.list_models(module=torchvision.models):
        if name in done:
            continue
        command = [sys.executable, __file__, "--out", str(options.out), "--batch-size", str(options.batch_size)]
        run = subprocess.run(
            [*command, "--device", options.device, "--one", name], capture_output=True, text=True, check=False
        )
        last = (run.stdout if run.returncode == 0 else run.stderr).strip().splitlines()[-1:] or [
            f"exit {run.returncode}"
        ]
        row = json.loads(last[0]) if run.returncode == 0 else {"network": name, "error": last[0][:300]}
        print(f"{name:20} {row.get('score', row['error'])}", flush=True)
        rows.append(row)
        pd.DataFrame(rows).to_csv(path, index=False)


if __name__ == "__main__":
    main()
