"""How fast a network is scored: four ways, interleaved on the same architectures, weights and images.

(a) authors: what the authors' script does. Forward, backward of ones, a second forward with two float32 products at
    each ReLU, accumulated in NumPy.
(b) one GEMM: one forward without gradients, one product at each ReLU.
(c) exact: ``naswot_score(network, inputs)``.
(d) fast: ``score_graph(graph, weights, inputs)``, which needs no module.

All four start from the text of an architecture: building the network, or drawing its weights, counts. Each ReLU is
counted once in all of them. Beside the times stand the agreement of K_H with (a), and a roofline for (d): the
multiplications and additions of all convolutions, by their definition, at the rate of a large float32 matrix product,
and the bytes that must go through memory, at the rate of a copy that streams. Both rates are measured beside every
architecture. Winograd's convolutions multiply less than the definition, so that (d) can be sooner than the first.

On a machine that does something else too, `--clock cpu --threads 1` counts the processor time of this process.

    python tests/speed/bench_score.py --cells 20 --others 3 --threads 1 2
"""

from __future__ import annotations

import argparse
import csv
import json
import platform
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from naswotlib import arch_seed, get_space, list_spaces, naswot, naswot_score
from naswotlib.graph import init_weights
from naswotlib.scoring.plan import make_plan
from naswotlib.scoring.schedule import make_program
from naswotlib.scoring.score import score_graph
from naswotlib.scoring.store import hardware

WAYS = ("authors", "one GEMM", "exact", "fast")


def authors_kernel(network: nn.Module, images: Tensor) -> np.ndarray:
    """K_H as the authors' loop computes it, each ReLU counted once."""
    kernel = np.zeros((len(images), len(images)))
    reached = set()
    handles = []

    def forward(module: nn.Module, args: tuple[Tensor, ...], _: Tensor) -> None:
        nonlocal kernel
        if module in reached:
            x = (args[0].reshape(len(images), -1) > 0).float()
            kernel = kernel + (x @ x.t()).cpu().numpy() + ((1.0 - x) @ (1.0 - x.t())).cpu().numpy()

    for module in network.modules():
        if isinstance(module, nn.ReLU):
            handles.append(module.register_forward_hook(forward))
            handles.append(module.register_full_backward_hook(lambda module, *_: reached.add(module)))
    network.zero_grad()
    inputs = images.clone().requires_grad_(True)
    outputs = network(inputs)
    outputs.backward(torch.ones_like(outputs))
    network(images.clone())
    for handle in handles:
        handle.remove()
    return kernel


def one_gemm_kernel(network: nn.Module, images: Tensor) -> np.ndarray:
    """K_H by one forward pass and K = N_A − r_i − r_j + 2 x xᵀ at each ReLU."""
    n = len(images)
    kernel = torch.zeros(n, n)
    handles = []

    def forward(_: nn.Module, args: tuple[Tensor, ...]) -> None:
        x = (args[0].reshape(n, -1) > 0).float()
        ones = x.sum(1)
        kernel.add_(x.shape[1] - ones[:, None] - ones[None] + 2 * (x @ x.t()))

    for module in network.modules():
        if isinstance(module, nn.ReLU):
            handles.append(module.register_forward_pre_hook(forward))
    with torch.inference_mode():
        network(images)
    for handle in handles:
        handle.remove()
    return kernel.numpy()


def ways(space: Any, arch: Any, images: Tensor) -> dict[str, Callable[[], np.ndarray]]:
    """The four ways of scoring an architecture, from its description to K_H."""
    seed = arch_seed(0, space.to_str(arch))

    def fast() -> np.ndarray:
        graph = space.graph(arch, num_classes=1)
        return score_graph(graph, init_weights(graph, seed), images).kernel

    def build() -> nn.Module:
        network: nn.Module = space.build(arch, seed=seed, num_classes=1)
        return network

    return {
        "authors": lambda: authors_kernel(build(), images),
        "one GEMM": lambda: one_gemm_kernel(build(), images),
        "exact": lambda: naswot_score(build(), images).kernel,
        "fast": fast,
    }


CLOCKS = {"wall": time.perf_counter, "cpu": time.process_time}


def _best(call: Callable[[], Any], repeats: int, clock: str) -> float:
    best = np.inf
    for _ in range(repeats):
        start = CLOCKS[clock]()
        call()
        best = min(best, CLOCKS[clock]() - start)
    return best


def gemm_rate(clock: str, side: int = 1024, repeats: int = 5) -> float:
    """Floating-point operations a second in the best of some large float32 matrix products."""
    x = torch.randn(side, side)
    return 2 * side**3 / _best(lambda: torch.mm(x, x), repeats, clock)


def memory_rate(clock: str, megabytes: int = 128, repeats: int = 5) -> float:
    """Bytes a second, read and written, in the best of some copies of an array that no cache holds."""
    source = torch.ones(megabytes * 2**18)
    target = torch.empty_like(source)
    return 8 * len(source) / _best(lambda: target.copy_(source), repeats, clock)


def _seconds(call: Callable[[], np.ndarray], clock: str) -> tuple[float, np.ndarray]:
    start = CLOCKS[clock]()
    result = call()
    return CLOCKS[clock]() - start, result


def bench_space(name: str, count: int, images: Tensor, repeats: int, clock: str) -> list[dict[str, Any]]:
    """Time the four ways on random architectures of a space; a row a way, of medians."""
    space = get_space(name)
    rng = np.random.default_rng(0)
    archs = [space.sample(rng) for _ in range(count)]
    seconds: dict[str, list[float]] = {way: [] for way in WAYS}
    worst = dict.fromkeys(WAYS, 0.0)
    floors, gemm, memory = [], 0.0, 0.0
    for way in ("exact", "fast"):
        ways(space, archs[0], images)[way]()  # compiles, and lets every library set itself up
    for arch in archs:
        best = dict.fromkeys(WAYS, np.inf)
        kernels = {}
        for _ in range(repeats):
            gemm, memory = max(gemm, gemm_rate(clock)), max(memory, memory_rate(clock))
            for way, call in ways(space, arch, images).items():
                elapsed, kernels[way] = _seconds(call, clock)
                best[way] = min(best[way], elapsed)
        units = kernels["exact"][0, 0]
        for way in WAYS:
            seconds[way].append(best[way])
            worst[way] = max(worst[way], np.abs(kernels[way] - kernels["authors"]).max() / units)
        program = make_program(make_plan(space.graph(arch, num_classes=1), "once"), (32, 32), len(images))
        floors.append((program.flops, program.bytes))
    threads = torch.get_num_threads()
    print(
        f"\n{name}: {count} architectures, {len(images)} images, {threads} threads, best of {repeats} ({clock} clock)"
    )
    print(f"{'':10}{'median s':>10}{'× authors':>12}{'  (min to max)':18}{'max |ΔK|/N_A':>14}")
    rows = []
    for way in WAYS:
        ratios = [a / b for a, b in zip(seconds["authors"], seconds[way], strict=True)]
        spread = f"  ({min(ratios):.1f} to {max(ratios):.1f})"
        median = statistics.median(ratios)
        print(f"{way:10}{statistics.median(seconds[way]):10.3f}{median:12.1f}{spread:18}{worst[way]:14.1e}")
        row = {"space": name, "networks": count, "threads": threads, "clock": clock, "way": way}
        row |= {"seconds": statistics.median(seconds[way]), "ratio": median, "least": min(ratios), "most": max(ratios)}
        rows.append(row | {"kernel_apart_of_units": worst[way]})
    roofs = [max(flops / gemm, size / memory) for flops, size in floors]
    products, copies = (statistics.median(column) for column in zip(*floors, strict=True))
    over = statistics.median(fast / roof for fast, roof in zip(seconds["fast"], roofs, strict=True))
    kept = sum(fast <= 1.5 * roof + 0.005 for fast, roof in zip(seconds["fast"], roofs, strict=True))
    print(f"matrix product {gemm / 1e9:.0f} GFLOP/s, copy {memory / 1e9:.1f} GB/s; median network ", end="")
    print(f"{products / 1e9:.1f} GFLOP = {products / gemm * 1e3:.0f} ms, {copies / 1e6:.0f} MB = ", end="")
    print(f"{copies / memory * 1e3:.0f} ms")
    print(f"fast over the larger of both: {over:.2f} (median); at most 1.5 times that and 5 ms: {kept} of {count}")
    bound = {"gflop": products / 1e9, "gflop_per_second": gemm / 1e9, "megabytes": copies / 1e6}
    bound |= {"gigabytes_per_second": memory / 1e9, "over_bound": over, "within_bound": kept}
    return [row | bound for row in rows]


def search_seconds(samples: Sequence[int], images: Tensor, workers: int) -> list[dict[str, Any]]:
    """NASWOT with the fast engine and so many samples, as the paper times it, in processes of one thread."""
    rows = []
    for n in samples:
        start = time.perf_counter()
        naswot("nasbench201", images, n_samples=n, rng=np.random.default_rng(0), exact=False, workers=workers)
        seconds = time.perf_counter() - start
        rows.append({"space": "nasbench201", "networks": n, "way": "search", "threads": workers, "clock": "wall"})
        rows[-1]["seconds"] = seconds
        print(f"NASWOT of {n}: {seconds:.2f} s")
    return rows


def write_results(path: Path, rows: Sequence[Mapping[str, Any]], about: Mapping[str, Any]) -> None:
    """Write rows as CSV, and what they were measured with as JSON beside it."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, names, lineterminator="\n")
        writer.writeheader()
        for row in rows:
            writer.writerow({name: f"{v:.6g}" if isinstance(v, float) else v for name, v in row.items()})
    path.with_suffix(".json").write_text(json.dumps(about, indent=1) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cells", type=int, default=20, help="NAS-Bench-201 cells (default 20)")
    parser.add_argument("--others", type=int, default=2, help="architectures of each other space (default 2)")
    parser.add_argument("--spaces", default="*", help="shell pattern of the spaces to time (default all)")
    parser.add_argument("--images", type=int, default=128, help="images a mini-batch (default 128)")
    parser.add_argument("--repeats", type=int, default=1, help="times each way is run; the best counts (default 1)")
    parser.add_argument("--threads", type=int, nargs="+", default=[torch.get_num_threads()], help="(default: torch's)")
    parser.add_argument("--clock", choices=CLOCKS, default="wall", help="time on the clock, or of the processor")
    parser.add_argument("--samples", type=int, nargs="*", default=[], help="of NASWOT, searches to time (default none)")
    parser.add_argument("--out", type=Path, help="CSV of the medians, with machine and versions in the JSON beside it")
    options = parser.parse_args()
    images = torch.randn(options.images, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    print(f"{platform.processor() or platform.machine()}, torch {torch.__version__}")
    rows: list[dict[str, Any]] = []
    for name in list_spaces(options.spaces):
        count = options.cells if name == "nasbench201" else options.others
        for threads in options.threads if count and "imagenet" not in name else []:  # whose images have 224 pixels
            torch.set_num_threads(threads)
            rows += bench_space(name, count, images, options.repeats, options.clock)
    rows += search_seconds(options.samples, images[:128], max(options.threads))
    if options.out:
        about = {"hardware": hardware(), "torch": torch.__version__, "numpy": np.__version__}
        asked = [word for before, word in pairwise(sys.argv) if "--out" not in (before, word)]
        command = " ".join(["python tests/speed/bench_score.py", *asked])
        write_results(options.out, rows, about | {"command": command})


if __name__ == "__main__":
    main()
