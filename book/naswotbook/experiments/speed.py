"""What a score costs, on the processor and on a GPU: behind the page "Speed"."""

from __future__ import annotations

import json
import re
import textwrap
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from naswotbook.plots.style import WIDE

GPU = ("right", "fast", "all", "memory")
PARTS = {
    "graph": "operations of the architecture",
    "weights": "drawing weights",
    "plan": "plan",
    "launches": "starting kernels",
    "waiting": "waiting for the GPU",
    "determinants": "transfer and determinants",
}


def read_gpu(folder: Path) -> dict[str, pd.DataFrame]:
    """The tables that tests/speed/gpu.py wrote, by stage."""
    return {stage: pd.read_csv(folder / f"gpu-{stage}.csv") for stage in GPU}


def gpu_ratios(fast: pd.DataFrame) -> pd.DataFrame:
    """Median seconds a network on the GPU by space, and how many times faster ours is than the authors' procedure.

    ``low`` and ``high`` are the least and most of these ratios.
    """
    networks = fast[fast.what == "network"].assign(ratio=lambda table: table.authors / table.ours)
    found = networks.groupby("space", sort=False).agg(
        n=("arch", "size"),
        authors=("authors", "median"),
        ours=("ours", "median"),
        ratio=("ratio", "median"),
        low=("ratio", "min"),
        high=("ratio", "max"),
    )
    return found.reset_index()


def cpu_ratios(cpu: pd.DataFrame) -> pd.DataFrame:
    """Median seconds a network on the processor by space and number of threads, and the ratios of both engines."""
    rows = []
    networks = cpu[cpu.way != "search"]
    for (space, threads, clock), part in networks.groupby(["space", "threads", "clock"], sort=False):
        by_way = part.set_index("way")
        row = {"space": space, "threads": threads, "clock": clock, "n": by_way.networks.iloc[0]}
        row |= {way: by_way.seconds[way] for way in ("authors", "exact", "fast")}
        row |= {f"{way}_ratio": by_way.ratio[way] for way in ("exact", "fast")}
        rows.append(row | {"over_bound": by_way.over_bound.iloc[0], "within_bound": by_way.within_bound.iloc[0]})
    return pd.DataFrame(rows)


def search_times(fast: pd.DataFrame, cpu: pd.DataFrame, printed: pd.DataFrame) -> pd.DataFrame:
    """Seconds of NASWOT by number of samples: the paper's (``printed``: book/paper/tables.csv), GPU and processor."""
    theirs = printed[(printed.table == "2a") & printed.method.str.startswith("NASWOT")]
    samples = theirs.method.str.extract(r"N=(\d+)")[0].astype(int)
    rows = pd.DataFrame({"samples": samples, "paper": theirs.search_seconds}).drop_duplicates()
    for name, table in (("gpu", fast[fast.what == "search"]), ("cpu", cpu[cpu.way == "search"])):
        rows = rows.merge(table.rename(columns={"networks": "samples", "seconds": name})[["samples", name]], how="left")
    return rows


def speed_in_words(gpu: dict[str, pd.DataFrame]) -> str:
    """What a GPU does, in a paragraph."""
    many, all_cells, right = gpu["fast"][gpu["fast"].what == "many"], gpu["all"].iloc[0], gpu["right"]
    alone, best = many.sort_values("workers").iloc[0], many.sort_values("per_second").iloc[-1]
    counted = right[right.bits > 0]
    return f"""
One process scores **{alone.per_second:.0f} networks a second**, {best.workers:.0f} processes on the same GPU
{best.per_second:.0f}. All {all_cells.networks:,.0f} cells of NAS-Bench-201 took **{all_cells.seconds:.0f} seconds**
({all_cells.workers:.0f} processes). Their scores differ from the committed ones of the processor by at most
{all_cells.apart_most:.0e} of the score, the same cells are singular, and Kendall's τ between both is 1 to within
{all_cells.one_minus_tau:.0e}.

On {len(counted)} networks of {counted.space.nunique()} spaces {1e6 * counted.flipped.sum() / counted.bits.sum():.2f} of
a million code bits differ between GPU and processor. No entry of $K_H$ differs by more than
{right.apart_of_units.max():.0e} of the units, no score by more than {right.score_apart.max():.0e} of itself."""


def read_profile(path: Path) -> dict[str, float]:
    """What the profile that tests/speed/gpu.py wrote says of one network, on average.

    ``kernels`` that are started, ``busy``, milliseconds of the GPU, and ``layers``, the share of these that
    convolutions and batch normalisation take; ``networks``, of how many it is.
    """
    first, *lines = path.read_text(encoding="utf-8").splitlines()
    networks = int(first.split()[0])
    rows = [re.split(r"\s{2,}", line.strip()) for line in lines if re.search(r"[mu]s\s+\d+$", line)]
    kernels = [row for row in rows if not row[0].startswith("Memcpy")]
    busy = sum(_milliseconds(row[6]) for row in rows)
    layers = sum(_milliseconds(row[6]) for row in kernels if re.search("fprop|convolve|bn_fw", row[0]))
    calls = sum(int(row[-1]) for row in kernels)
    return {"networks": networks, "kernels": calls / networks, "busy": busy / networks, "layers": layers / busy}


def _milliseconds(text: str) -> float:
    number, unit = re.fullmatch(r"([\d.]+)(ms|us)", text).groups()  # type: ignore[union-attr]
    return float(number) / (1 if unit == "ms" else 1000)


def profile_in_words(fast: pd.DataFrame, path: Path) -> str:
    """Why several processes share a GPU well, from where one spends its time and the profile at ``path``."""
    parts = fast[fast.what == "parts"].iloc[0]
    profile, whole = read_profile(path), sum(parts[name] for name in PARTS)
    return f"""One process is held up by the host: it prepares a network and starts about {profile["kernels"]:.0f} small
    kernels, in Python. Its steps take {whole:.1f} ms a network, in which the GPU itself is busy for
    {profile["busy"]:.1f}, {profile["layers"]:.0%} of them with convolutions and batch normalisation (a
    [profile](../figures/paper/{path.name}) of {profile["networks"]:.0f} cells). So several processes share a GPU well,
    until they fill it."""


def all_in_words(found: pd.DataFrame) -> str:
    """What tests/speed/all_cells.py measured, in a paragraph; ``found`` is its one row."""
    row = found.iloc[0]
    return f"""
All {row.networks:,.0f} cells of NAS-Bench-201 took **{row.seconds / 60:.1f} minutes** with {row.workers:.0f} processes
({row.per_second:.0f} a second). All processes together held {row.gib_second_quarter:.2f} GiB in the second quarter of
that time and {row.gib_last_quarter:.2f} GiB in the last. The scores differ from the committed ones by at most
{row.apart_most:.0e} of the score, and {_none(row.finite_in_one)} is singular in one of both alone."""


def _none(count: float) -> str:
    return f"{count:.0f}" if count else "no cell"


def draw_speed(fast: pd.DataFrame) -> Figure:
    """Left, networks a second by number of processes; right, where one process spends its time."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(WIDE, 3), layout="constrained")
    many = fast[fast.what == "many"]
    left.plot(many.workers, many.per_second, marker="o")
    left.set(xlabel="processes on one GPU", ylabel="networks a second", ylim=(0, None), xticks=many.workers)
    parts = fast[fast.what == "parts"].iloc[0]
    right.barh([*PARTS.values()], [parts[name] for name in PARTS])
    right.set(xlabel="ms a network, one process")
    right.yaxis.set_inverted(True)
    plt.close(figure)
    return figure


def cli_in_words(path: Path) -> str:
    """What one waits for at the shell and in a notebook, wrapped as README.md has it; ``path`` is cli-speed.csv.

    tests/speed/cli_speed.py writes that file, and the JSON beside it.
    """
    seconds = pd.read_csv(path).set_index("what").seconds
    machine = json.loads(path.with_suffix(".json").read_text())["hardware"]
    text = f"""The fast engine's loops are compiled once for an installation, by `naswot compile` or by the first fast
    score: {seconds["compile"]:.0f} seconds. After that `naswot search --n 100` takes {seconds["search"]:.0f} seconds,
    `naswot --help` {seconds["help"]:.1f}, and the first score of a ResNet-18, with all imports,
    {seconds["first score"]:.1f} ({machine}; `tests/speed/cli_speed.py` measures it)."""
    return textwrap.fill(" ".join(text.split()), 120)
