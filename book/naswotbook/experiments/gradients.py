"""Gradient measures of many networks on a graphics card: a program for a machine that has little besides PyTorch.

``python3 -m naswotbook.experiments.gradients --images FILE --archs FILE --out FOLDER --device cuda --workers 6``

It needs PyTorch, NumPy and Pillow, no table and no package of the book. :mod:`naswotbook.experiments.gradient_tables`
writes what it reads, and makes score tables of what it wrote.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import platform
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.multiprocessing.spawn import start_processes

from naswotlib.data.image_files import IMAGENET_MEAN, IMAGENET_STD
from naswotlib.scoring.proxies.base import check_finite
from naswotlib.scoring.proxies.grad_norm import gradient_norms
from naswotlib.scoring.proxies.synflow import synflow
from naswotlib.spaces import arch_seed, get_space

COLUMNS = ("space", "arch", "grad_norm", "grad_norm_euclidean", "synflow", "seconds", "mebibytes", "error")
TRIES = 3  # of a network that finds no memory while others hold it


def read_images(path: Path) -> tuple[Tensor, Tensor]:
    """The mini-batch of a file of :func:`naswotbook.experiments.gradient_tables.pack_images`: images and labels.

    Float32 ``(N, 3, H, W)``, normalised, and int64 ``(N,)``. ValueError where they are not those, bit for bit, that
    the file was made from.
    """
    with np.load(path) as file:
        pixels, labels, digest = file["images"], file["labels"], str(file["sha256"])
    mean, std = (np.asarray(constant, np.float32).reshape(-1, 1, 1) for constant in (IMAGENET_MEAN, IMAGENET_STD))
    images = np.ascontiguousarray((pixels.transpose(0, 3, 1, 2).astype(np.float32) - mean) / std)
    if (found := hashlib.sha256(images.tobytes()).hexdigest()) != digest:
        raise ValueError(f"images: {path} gives images of digest {found}, expected {digest}; make it again")
    return torch.from_numpy(images), torch.from_numpy(labels)


def read_archs(path: Path) -> list[tuple[str, str]]:
    """Space and architecture of each row of a CSV, in its order."""
    with path.open(newline="") as file:
        return [(row["space"], row["arch"]) for row in csv.DictReader(file)]


def measure(space: str, arch: str, images: Tensor, labels: Tensor, *, seed: int, num_classes: int) -> dict[str, float]:
    """Both norms of the gradient and synflow of a network, on the device of ``images`` ``(N, 3, H, W)``.

    The network has the weights of ``arch_seed(seed, arch)``, as :func:`naswotlib.score_archs` gives them to it.
    """
    found = get_space(space)
    genotype = found.from_str(arch)
    weights = arch_seed(seed, found.to_str(genotype))
    network = found.build(genotype, seed=weights, num_classes=num_classes).to(images.device)
    norms = gradient_norms(network, images, labels)
    return {
        "grad_norm": check_finite("grad_norm", norms["sum"]),
        "grad_norm_euclidean": check_finite("grad_norm", norms["euclidean"]),
        "synflow": synflow(network, images),
    }


def measure_share(rank: int, options: argparse.Namespace) -> None:
    """Worker ``rank`` of ``options.workers``: each network that has no row yet, a row as soon as it is measured."""
    torch.set_num_threads(1)
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = False
    images, labels = (tensor.to(options.device) for tensor in read_images(options.images))
    images, labels = images[: options.batch_size], labels[: options.batch_size]
    done = {(row["space"], row["arch"]) for path in options.out.glob("rows-*.csv") for row in _rows(path)}
    share = [key for key in read_archs(options.archs)[rank :: options.workers] if key not in done]
    path = options.out / f"rows-{rank}.csv"
    new = not path.exists()
    with path.open("a", newline="", buffering=1) as file:
        writer = csv.DictWriter(file, COLUMNS)
        if new:
            writer.writeheader()
        for number, (space, arch) in enumerate(share):
            row = _row(space, arch, images, labels, options)
            writer.writerow(row)
            shown = row["error"] or f"{row['seconds']} s, {row['mebibytes']} MiB"
            print(f"{time.strftime('%H:%M:%S')} worker {rank}: {number + 1}/{len(share)} {space}: {shown}", flush=True)


def _row(space: str, arch: str, images: Tensor, labels: Tensor, options: argparse.Namespace) -> dict[str, Any]:
    start, values, error = time.perf_counter(), dict[str, float](), ""
    on_card = images.device.type == "cuda"
    if on_card:
        torch.cuda.reset_peak_memory_stats()
    for attempt in range(TRIES):
        try:
            values = measure(space, arch, images, labels, seed=options.seed, num_classes=options.num_classes)
            break
        except Exception as failure:  # whatever it was stands in the row, and the run goes on
            error = f"{type(failure).__name__}: {' '.join(str(failure).split())[:300]}"
            if not isinstance(failure, torch.cuda.OutOfMemoryError) or attempt == TRIES - 1:
                break
        torch.cuda.empty_cache()
        time.sleep(5 * (attempt + 1))
    peak = torch.cuda.max_memory_allocated() // 2**20 if on_card else 0
    about = {"seconds": round(time.perf_counter() - start, 3), "mebibytes": peak, "error": "" if values else error}
    return {"space": space, "arch": arch, **{name: repr(value) for name, value in values.items()}, **about}


def _rows(path: Path) -> list[dict[str, str]]:
    """The whole rows of a file that a killed worker may have left with half of one."""
    with path.open(newline="") as file:
        return [row for row in csv.DictReader(file) if row["error"] is not None]


def describe(options: argparse.Namespace) -> dict[str, Any]:
    """What a run was made with, for the file ``run.json`` beside its rows: settings as ``score_archs`` notes them."""
    images, labels = (tensor[: options.batch_size].numpy() for tensor in read_images(options.images))
    arrays = {"inputs": images, "labels": labels}
    settings = {name: getattr(options, name) for name in ("seed", "device")} | {
        name: f"{array.shape} {array.dtype} sha256 {hashlib.sha256(array.tobytes()).hexdigest()[:16]}"
        for name, array in arrays.items()
    }
    card = torch.cuda.get_device_name() if options.device.startswith("cuda") else platform.processor() or "CPU"
    versions = {"torch": str(torch.__version__), "numpy": np.__version__, "cuda": str(torch.version.cuda)}
    return {
        "hardware": card,
        "settings": settings | {"skeleton": {"num_classes": options.num_classes}, "workers": options.workers},
        "versions": versions,
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure the networks of a file, in several processes on one device."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    for name in ("images", "archs", "out"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--device", default="cuda")
    for name, default in {"workers": 6, "seed": 0, "batch-size": 128, "num-classes": 1000}.items():
        parser.add_argument(f"--{name}", type=int, default=default)
    options = parser.parse_args(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "run.json").write_text(json.dumps(describe(options), indent=1) + "\n")
    if options.workers == 1:
        measure_share(0, options)
    else:
        start_processes(measure_share, (options,), nprocs=options.workers, start_method="spawn")


if __name__ == "__main__":
    main()
