"""What a GPU does for the score: whether it is right, how fast, all of a space, and what memory it takes.

Each stage prints as it goes and writes its CSV when it ends, with card, driver and versions in a JSON beside it:

right    K_H on the device against the CPU: entries that differ, flipped bits in a million, scores; both countings.
fast     the authors' procedure against ours, interleaved on the same cells; where the time of ours goes; networks a
         second by processes; the paper's searches of 10, 100 and 1,000 networks in seconds.
all      every NAS-Bench-201 cell, beside the committed scores of the CPU.
memory   the peak for NDS networks on 224 pixels, and what is said of a mini-batch that does not fit.

    python tests/speed/gpu.py --out results                     # everything, on the GPU
    python tests/speed/gpu.py --device cpu --cells 2 --images 8  # in a minute, to see that it runs
"""

from __future__ import annotations

import argparse
import platform
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from all_cells import all_cells
from bench_score import authors_kernel, write_results
from torch import Tensor, nn

from naswotlib import arch_seed, get_space, list_spaces, naswot, naswot_score, score_archs
from naswotlib.graph import Graph, init_weights
from naswotlib.scoring.device import finish, queue
from naswotlib.scoring.modes import full_precision
from naswotlib.scoring.plan import make_plan
from naswotlib.scoring.run import Weights, run_plan

Row = dict[str, Any]


class Functional(nn.Module):
    """A network whose ReLUs are calls, which only watching sees."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Conv2d(3, 16, 3, padding=1), nn.Conv2d(16, 32, 3, stride=2)
        self.last = nn.Linear(32, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.relu(self.second(torch.relu(self.first(x))))
        scores: Tensor = self.last(x.mean(dim=(2, 3)))
        return scores


def drawn(names: str, count: int, seed: int = 0) -> Iterator[tuple[str, str, Graph, Weights]]:
    """Space, architecture, graph and weights of ``count`` random networks of each space."""
    for name in list_spaces(names):
        space, rng = get_space(name), np.random.default_rng(seed)
        for _ in range(count):
            arch = space.sample(rng)
            graph, text = space.graph(arch), space.to_str(arch)
            yield name, text, graph, init_weights(graph, arch_seed(seed, text), pinned=True)


def noise(images: int, side: int) -> Tensor:
    return torch.randn(images, 3, side, side, generator=torch.Generator().manual_seed(0))


def synchronize(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def flips(graph: Graph, weights: Weights, here: Tensor, there: Tensor) -> tuple[int, int]:
    """Bits that differ between the CPU and the device, and all bits."""
    plan, flipped, counted = make_plan(graph, "once"), 0, 0
    moved = {name: weight.to(there.device) for name, weight in weights.items()}
    with torch.inference_mode(), full_precision():
        for (_, x), (_, y) in zip(run_plan(plan, weights, here), run_plan(plan, moved, there), strict=True):
            flipped += int(((x > 0).to(y.device) != (y > 0)).sum())
            counted += x.numel()
    return flipped, counted


def right(options: argparse.Namespace) -> list[Row]:
    """K_H of the device against that of the CPU."""
    here, device = noise(options.images, 32), torch.device(options.device)
    there, rows = here.to(device), []
    few = max(1, options.cells // 4)
    networks = [*drawn("nasbench201", options.cells), *drawn("nasbench101", few), *drawn("nats_size", few)]
    networks += [
        network for name in ("amoeba", "darts", "enas", "nasnet", "pnas") for network in drawn(f"nds_{name}", 1)
    ]
    for name, text, graph, weights in networks:
        for counting in ("once", "reference"):
            if not any(op.kind == "relu" and (counting == "once" or op.reference) for op in graph.ops):
                continue
            expected = finish([queue(graph, weights, here, counting=counting)])[0]
            found = finish([queue(graph, weights, there, counting=counting)])[0]
            if isinstance(expected, ValueError) or isinstance(found, ValueError):
                raise AssertionError(f"{text}: {expected}, {found}")
            flipped, counted = flips(graph, weights, here, there) if counting == "once" else (0, 0)
            rows.append(compared(name, text, counting, expected, found, flipped, counted))
    for name, network in modules().items():
        expected, found = (naswot_score(network.to(x.device), x, exact=False) for x in (here, there))
        rows.append(compared(name, found.engine, "once", expected, found, 0, 0))
    return rows


def modules() -> dict[str, nn.Module]:
    torch.manual_seed(0)
    networks: dict[str, nn.Module] = {"functional ReLU": Functional()}
    try:
        from torchvision.models import resnet18

        networks["torchvision resnet18"] = resnet18()
    except ImportError as error:
        print(f"torchvision's ResNet-18 is left out: {error}")
    return networks


def compared(name: str, text: str, counting: str, here: Any, there: Any, flipped: int, counted: int) -> Row:
    units = int(here.kernel[0, 0])
    apart = int(np.abs(here.kernel - there.kernel).max())
    row = {"space": name, "arch": text, "counting": counting, "num_units": units, "score_cpu": here.value}
    row |= {"score": there.value, "kernel_apart": apart, "apart_of_units": apart / units}
    row |= {"score_apart": abs(there.value / here.value - 1), "bits": counted, "flipped": flipped}
    print(f"{name:22} {counting:10} dK/N_A {apart / units:.1e}, scores {here.value:.6f} {there.value:.6f}", flush=True)
    return row


def fast(options: argparse.Namespace) -> list[Row]:
    """The authors' procedure against ours, then many networks, then searches."""
    device, rows = torch.device(options.device), []
    images = noise(options.images, 32).to(device)
    picked = [("nasbench201", options.cells), ("nats_size", 2)]
    picked += [(f"nds_{name}", 2) for name in ("amoeba", "darts", "enas", "nasnet", "pnas")]
    for name, count in picked if device.type == "cuda" else picked[:1]:
        space = get_space(name)
        for _, text, _, _ in drawn(name, count):
            ways = timed_ways(space, text, images)
            seconds: dict[str, list[float]] = {way: [] for way in ways}
            for repeat in range(options.repeats + 1):
                for way, call in ways.items():
                    start = time.perf_counter()
                    call()
                    synchronize(device)
                    if repeat:  # the first one warms up
                        seconds[way].append(time.perf_counter() - start)
            medians = {way: statistics.median(values) for way, values in seconds.items()}
            rows.append({"what": "network", "space": name, "arch": text, **medians})
        of_space = [row["authors"] / row["ours"] for row in rows if row["space"] == name]
        print(f"{name:12} authors' loop over ours, median {statistics.median(of_space):.1f}: {medians}", flush=True)
    return rows + throughput(options) + searches(options)


def timed_ways(space: Any, text: str, images: Tensor) -> dict[str, Callable[[], Any]]:
    arch, seed = space.from_str(text), arch_seed(0, text)

    def build() -> nn.Module:
        network: nn.Module = space.build(arch, seed=seed, num_classes=1)
        return network.to(images.device)

    def ours() -> Any:
        graph = space.graph(arch, num_classes=1)
        return finish([queue(graph, init_weights(graph, seed, pinned=True), images)])

    def in_full_precision() -> Any:
        with full_precision():
            return authors_kernel(build(), images)

    return {
        "authors": in_full_precision,
        "watched": lambda: naswot_score(nn.Sequential(build()), images),
        "ours": ours,
    }


def throughput(options: argparse.Namespace) -> list[Row]:
    """Networks a second by processes, and the parts of one process's time."""
    space, rng, rows = get_space("nasbench201"), np.random.default_rng(1), []
    archs = [space[int(i)] for i in rng.permutation(len(space))[: options.many]]
    images = noise(options.images, 32)
    score_archs(space, archs[:8], images, seed=0, device=options.device, progress=False)
    for workers in options.workers:
        if workers > 1:  # processes start, and each compiles its kernels
            score_archs(space, archs[: 64 * workers], images, seed=1, device=options.device, workers=workers)
        start = time.perf_counter()
        table = score_archs(space, archs, images, seed=0, device=options.device, workers=workers, progress=False)
        seconds = time.perf_counter() - start
        failed = int((table.error != "").sum())
        rows.append({"what": "many", "space": "nasbench201", "workers": workers, "networks": len(archs)})
        rows[-1] |= {"seconds": seconds, "per_second": len(archs) / seconds, "failed": failed}
        print(f"{workers} processes: {len(archs) / seconds:.1f} networks a second, {failed} failed", flush=True)
    return rows + parts(options, archs[: min(64, options.many)])


def parts(options: argparse.Namespace, archs: list[Any]) -> list[Row]:
    """Milliseconds a network of what the host does one after the other, and of what the device does."""
    space, device = get_space("nasbench201"), torch.device(options.device)
    images = noise(options.images, 32).to(device)
    spent = dict.fromkeys(("graph", "weights", "plan", "launches", "waiting", "determinants"), 0.0)
    queued = []
    for arch in archs:
        moments = [time.perf_counter()]
        graph = space.graph(arch)
        moments.append(time.perf_counter())
        weights = init_weights(graph, 0, pinned=True)
        moments.append(time.perf_counter())
        make_plan(graph, "once")
        moments.append(time.perf_counter())
        queued.append(queue(graph, weights, images))
        moments.append(time.perf_counter())
        for part, (before, after) in zip(spent, pairwise(moments), strict=False):
            spent[part] += after - before
    spent["launches"] -= spent["plan"]  # which queueing makes again
    start = time.perf_counter()
    synchronize(device)
    spent["waiting"] = time.perf_counter() - start
    start = time.perf_counter()
    finish(queued)
    spent["determinants"] = time.perf_counter() - start
    row = {part: 1e3 * seconds / len(archs) for part, seconds in spent.items()}
    print("ms a network:", ", ".join(f"{part} {value:.2f}" for part, value in row.items()), flush=True)
    profile(options, archs[:16], images)
    return [{"what": "parts", "space": "nasbench201", "networks": len(archs), **row}]


def profile(options: argparse.Namespace, archs: list[Any], images: Tensor) -> None:
    """Write torch's profile of some networks."""
    if images.device.type != "cuda":
        return
    space, activities = get_space("nasbench201"), [torch.profiler.ProfilerActivity.CUDA]
    graphs = [space.graph(arch) for arch in archs]
    many = [init_weights(graph, 0, pinned=True) for graph in graphs]
    with torch.profiler.profile(activities=activities) as profiler:
        finish([queue(graph, weights, images) for graph, weights in zip(graphs, many, strict=True)])
    table = profiler.key_averages().table(sort_by="cuda_time_total", row_limit=25, max_name_column_width=70)
    (options.out / "gpu-profile.txt").write_text(f"{len(archs)} NAS-Bench-201 cells\n{table}\n")
    print(table[-400:], flush=True)


def searches(options: argparse.Namespace) -> list[Row]:
    """NASWOT with as many samples as in the paper, in seconds."""
    rows, images = [], noise(options.images, 32)
    for samples in options.samples:
        start = time.perf_counter()
        rng = np.random.default_rng(0)
        naswot("nasbench201", images, n_samples=samples, rng=rng, device=options.device)
        seconds = time.perf_counter() - start
        rows.append({"what": "search", "space": "nasbench201", "networks": samples, "workers": 1, "seconds": seconds})
        print(f"NASWOT of {samples}: {seconds:.2f} s", flush=True)
    return rows


def everything(options: argparse.Namespace) -> list[Row]:
    """All cells on the device, beside the committed scores of the CPU."""
    cells = None if options.device != "cpu" else options.cells
    workers = max(options.workers)
    try:
        row, table = all_cells(device=options.device, workers=workers, data_dir=options.data_dir, cells=cells)
    except (FileNotFoundError, ValueError) as error:
        print(f"all: left out, since the images of the committed scores are not here: {error}")
        return []
    table.drop(columns="error").to_parquet(options.out / "gpu-all-scores.parquet")
    print(row, flush=True)
    return [row]


def memory(options: argparse.Namespace) -> list[Row]:
    """The peak of NDS networks for ImageNet, and what is said where a mini-batch does not fit."""
    device, rows = torch.device(options.device), []
    if device.type != "cuda":
        return [{"space": "none", "peak_gib": 0.0, "says": "no GPU"}]
    images = noise(128, 224).to(device)
    for name, text, graph, weights in drawn("nds_*_imagenet", 1):
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
        start = time.perf_counter()
        finish([queue(graph, weights, images)])
        peak = torch.cuda.max_memory_allocated() / 2**30
        rows.append({"space": name, "arch": text, "peak_gib": peak, "seconds": time.perf_counter() - start, "says": ""})
        print(f"{name:26} {peak:.2f} GiB", flush=True)
    _, _, graph, weights = next(drawn("nasbench201", 1))
    many = images[:, :, :32, :32].repeat(4000, 1, 1, 1)
    try:
        finish([queue(graph, weights, many)])
        says = f"{len(many)} images fitted"
    except MemoryError as error:
        says = str(error)
    print(says, flush=True)
    return [*rows, {"space": "nasbench201", "peak_gib": float("nan"), "says": says}]


def machine(device: torch.device) -> Row:
    row = {"torch": torch.__version__, "python": platform.python_version(), "device": str(device)}
    if device.type == "cuda":
        row |= {"card": torch.cuda.get_device_name(device), "cuda": torch.version.cuda}
        row["cudnn"] = torch.backends.cudnn.version()
        query = ["nvidia-smi", "--query-gpu=driver_version,clocks.sm,clocks.mem", "--format=csv,noheader"]
        row["driver_and_clocks"] = subprocess.run(query, capture_output=True, text=True, check=False).stdout.strip()
    return row


STAGES: dict[str, Callable[[argparse.Namespace], list[Row]]] = {
    "right": right,
    "fast": fast,
    "all": everything,
    "memory": memory,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cuda", help="(default cuda)")
    parser.add_argument("--stage", choices=STAGES, nargs="+", default=list(STAGES), help="(default all of them)")
    parser.add_argument("--out", type=Path, default=Path("gpu"), help="folder of the results (default gpu)")
    parser.add_argument("--cells", type=int, default=20, help="NAS-Bench-201 cells (default 20)")
    parser.add_argument("--images", type=int, default=128, help="images a mini-batch (default 128)")
    parser.add_argument("--repeats", type=int, default=5, help="of each timing, of which the median counts (default 5)")
    parser.add_argument("--many", type=int, default=1000, help="cells scored by processes (default 1000)")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 4, 8], help="processes (default 1 4 8)")
    parser.add_argument("--samples", type=int, nargs="+", default=[10, 100, 1000], help="of NASWOT")
    parser.add_argument("--data-dir", help="folder with the CIFAR-10 mini-batches, for the stage all")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    about = machine(torch.device(options.device))
    print(about, flush=True)
    for stage in options.stage:
        start = time.perf_counter()
        rows = STAGES[stage](options)
        if rows:
            command = " ".join(["python tests/speed/gpu.py --stage", stage])
            about["duration"] = f"{time.perf_counter() - start:.0f} s"
            write_results(options.out / f"gpu-{stage}.csv", rows, about | {"command": command})
        print(f"{stage}: {time.perf_counter() - start:.0f} s", flush=True)


if __name__ == "__main__":
    main()
