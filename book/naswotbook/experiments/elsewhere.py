"""Measures of many networks on a machine that has little besides PyTorch: scores by its cores, gradients by its card.

``python3 -m naswotbook.experiments.elsewhere scores --images FILE --archs FILE --out FOLDER --workers 10``

It needs PyTorch, NumPy and Pillow, for scores Numba and SciPy too, and no table. :mod:`naswotbook.experiments.packed`
writes what it reads, and makes score tables of what it wrote.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple, get_args

import numpy as np
import torch
import torch.multiprocessing as processes
from torch import Tensor

from naswotlib.data.images import load_images
from naswotlib.graph import Counting, init_weights
from naswotlib.scoring.proxies import NEED_LABELS, PROXIES
from naswotlib.scoring.score import score_graph
from naswotlib.scoring.store import hardware
from naswotlib.spaces import arch_seed, get_space

WHAT = ("scores", "gradients")
COLUMNS = ("space", "arch", "batch", "measure", "score", "num_units", "seconds", "mebibytes", "error")
GRADIENTS = ("grad_norm", "grad_norm_euclidean", "synflow")
Row = dict[str, Any]
Skeleton = dict[str, int]
TRIES = 3  # of a network that finds no memory while others hold it


class Batch(NamedTuple):
    """A mini-batch and what it is called in names of kept tables: images ``(N, 3, H, W)``, labels ``(N,)`` or empty."""

    name: str
    images: Tensor
    labels: Tensor


def read_images(path: Path) -> Batch:
    """The mini-batch of a file of :func:`naswotbook.experiments.packed.pack_images`, normalised, with labels.

    ValueError where it is not that, bit for bit, which the file was made from.
    """
    with np.load(path) as file:
        pixels, labels, digest, name = file["images"], file["labels"], str(file["sha256"]), str(file["name"])
        mean, std = (np.asarray(file[constant], np.float32).reshape(-1, 1, 1) for constant in ("mean", "std"))
    images = np.ascontiguousarray((pixels.transpose(0, 3, 1, 2).astype(np.float32) - mean) / std)
    if (found := hashlib.sha256(images.tobytes()).hexdigest()) != digest:
        raise ValueError(f"images: {path} gives images of digest {found}, expected {digest}; make it again")
    return Batch(name, torch.from_numpy(images), torch.from_numpy(labels))


def make_noise(photos: Batch, seed: int) -> Batch:
    """Standard normal numbers of the shape of ``photos``, as ``load_images("noise", ...)`` draws them."""
    count, _, side, _ = photos.images.shape
    return Batch(f"noise{side}", load_images("noise", count, seed=seed, side=side), torch.empty(0, dtype=torch.int64))


def read_archs(path: Path) -> list[tuple[str, str]]:
    """Space and architecture of each row of a CSV, in its order."""
    with path.open(newline="") as file:
        return [(row["space"], row["arch"]) for row in csv.DictReader(file)]


def score(space: Any, arch: Any, batches: Sequence[Batch], *, seed: int, skeleton: Skeleton) -> Iterator[Row]:
    """Scores of a network: in both countings on the first of ``batches``, each unit once on the others."""
    graph = space.graph(arch, **skeleton)
    weights = init_weights(graph, arch_seed(seed, space.to_str(arch)))
    for number, batch in enumerate(batches):
        for counting in get_args(Counting)[: 1 if number else 2]:
            start = time.perf_counter()
            found = score_graph(graph, weights, batch.images, counting=counting, exact=False)
            about = {"score": found.value, "num_units": found.num_units, "seconds": time.perf_counter() - start}
            yield {"batch": batch.name, "measure": counting} | about


def differentiate(space: Any, arch: Any, batches: Sequence[Batch], *, seed: int, skeleton: Skeleton) -> Iterator[Row]:
    """The measures that :data:`GRADIENTS` has, of a network on the first of ``batches``."""
    name, images, labels = batches[0]
    network = space.build(arch, seed=arch_seed(seed, space.to_str(arch)), **skeleton).to(images.device)
    for measure in GRADIENTS:
        classes = {"labels": labels} if measure in NEED_LABELS else {}
        start = time.perf_counter()
        value = PROXIES[measure](network, images, **classes)
        yield {"batch": name, "measure": measure, "score": value, "seconds": time.perf_counter() - start}


_worker: dict[str, Any] = {}  # the mini-batches and options of this process


def _start(options: argparse.Namespace) -> None:
    torch.set_num_threads(1)
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = False
    _worker.update(options=options, batches=_batches(options))


def _batches(options: argparse.Namespace) -> list[Batch]:
    photos = read_images(options.images)
    if options.what == "scores":
        return [photos, make_noise(photos, options.seed)]
    return [Batch(photos.name, photos.images.to(options.device), photos.labels.to(options.device))]


def _measure(key: tuple[str, str]) -> list[Row]:
    """The rows of a network; one with its error where it has none."""
    options: argparse.Namespace = _worker["options"]
    function = score if options.what == "scores" else differentiate
    on_card = options.device.startswith("cuda")
    if on_card:
        torch.cuda.reset_peak_memory_stats()
    for attempt in range(TRIES):
        try:
            space = get_space(key[0])
            arch, how = space.from_str(key[1]), {"seed": options.seed, "skeleton": _skeleton(options)}
            rows = list(function(space, arch, _worker["batches"], **how))
            break
        except Exception as failure:  # whatever it was stands in the row, and the run goes on
            rows = [{"error": f"{type(failure).__name__}: {' '.join(str(failure).split())[:300]}"}]
            if not isinstance(failure, torch.cuda.OutOfMemoryError):
                break
        torch.cuda.empty_cache()
        time.sleep(5 * (attempt + 1))
    peak = torch.cuda.max_memory_allocated() // 2**20 if on_card else ""
    return [{"space": key[0], "arch": key[1], "mebibytes": peak} | row for row in rows]


def _skeleton(options: argparse.Namespace) -> Skeleton:
    return {"num_classes": options.num_classes} if options.num_classes else {}


def describe(options: argparse.Namespace) -> dict[str, Any]:
    """What a run was made with, for ``run.json`` beside its rows; settings as ``score_archs`` notes them."""
    batches = _batches(options)
    card = torch.cuda.get_device_name() if options.device.startswith("cuda") else hardware()
    return {
        "hardware": card,
        "inputs": {batch.name: digest_of(batch.images) for batch in batches},
        "labels": digest_of(batches[0].labels),
        "settings": {
            "seed": options.seed,
            "device": options.device,
            "skeleton": _skeleton(options),
            "batch_size": len(batches[0].images),
        },
        "versions": {"torch": str(torch.__version__), "numpy": np.__version__},
    }


def digest_of(tensor: Tensor) -> str:
    """Shape, type and digest of a tensor, as the manifest of ``score_archs`` has them."""
    array = tensor.cpu().numpy()
    return f"{array.shape} {array.dtype} sha256 {hashlib.sha256(array.tobytes()).hexdigest()[:16]}"


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure networks in several processes; each has its rows in OUT/rows.csv as soon as it is measured.

    Those that have rows there are not measured again.
    """
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("what", choices=WHAT)
    for name in ("images", "archs", "out"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--device", default="cpu")
    for name, default in {
        "workers": 5,
        "seed": 0,
        "num-classes": 1000,
    }.items():  # 0: the classes of the space's default
        parser.add_argument(f"--{name}", type=int, default=default)
    options = parser.parse_args(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "run.json").write_text(json.dumps(describe(options), indent=1) + "\n")
    path = options.out / "rows.csv"
    if not path.exists():
        path.write_text(",".join(COLUMNS) + "\n")
    done = set(read_archs(path))
    left = [key for key in read_archs(options.archs) if key not in done]
    context = processes.get_context("spawn")
    start = time.perf_counter()
    with path.open("a", newline="") as file, context.Pool(options.workers, _start, (options,)) as pool:
        writer = csv.DictWriter(file, COLUMNS)
        for number, rows in enumerate(pool.imap_unordered(_measure, left), start=1):
            writer.writerows(rows)
            file.flush()
            if number % 20 == 0 or number == len(left) or "error" in rows[-1]:
                seconds, last = time.perf_counter() - start, rows[-1].get("error", "")
                print(f"{options.what}: {number}/{len(left)} after {seconds:.0f} s {last}", flush=True)


if __name__ == "__main__":
    main()
