"""Computes tables of measures: all measures of many networks at one setting, resumably, on the CPU or a GPU.

A table is named as those of scores are, with ``measures`` for the counting, and lies with them when it is done. A run
on another machine needs this repository and a folder of inputs::

    python -m naswotbook.experiments.measure_tables --prepare FOLDER
    python -m naswotbook.experiments.measure_tables --inputs FOLDER --out OUT --job agreement --job nasbench201:400

On a processor that others use too, each worker should have one thread (``OMP_NUM_THREADS=1``): with two, each of a
thousand small operations waits for a thread that is not running: five networks of the cheap setting then took 5 to 16
seconds of processor each, and 0.6 to 0.8 with one.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from naswotbook.kept import describe_run, read_runs, scores_name, write_runs
from naswotlib.data.files import write_whole
from naswotlib.data.images import load_images
from naswotlib.scoring.many import measure_archs
from naswotlib.scoring.proxies import NASWOT, PROXIES
from naswotlib.spaces.base import get_space, sample_distinct

ALL = (NASWOT, *(name for name in PROXIES if name != "flops"))  # operations are counted without running a network
FIRST_VERSION = (NASWOT, "jacob_cov", "jacob_cov_eval")
SCORES = Path(__file__).parents[3] / "figures" / "paper" / "scores"
STEP = 1000  # networks after which the table is written
REFERENCE = {"nasbench201": 20, "nasbench101": 2}  # how many of the first networks are computed on the CPU too


@dataclass(frozen=True)
class Job:
    """One table: the first ``count`` networks of ``space`` at one setting, in the order of its committed scores."""

    space: str
    count: int
    seed: int = 0
    batch: int = 128
    measures: tuple[str, ...] = ALL
    skeleton: dict[str, int] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Of the table's file."""
        how = {"seed": self.seed, "batch_size": self.batch, "skeleton": self.skeleton}
        return scores_name(self.space, "cifar10", counting="measures", **how)  # type: ignore[arg-type]

    def archs(self) -> list[str]:
        """Texts of the networks: of NAS-Bench-201 those of Figure 3 come first, as :func:`draw_sample` draws them."""
        if self.space == "nasbench201":
            space = get_space(self.space)
            return [space.to_str(arch) for arch in sample_distinct(space, self.count, np.random.default_rng(0))]
        kept = scores_name(self.space, "cifar10", counting="reference", seed=0)
        return pd.read_parquet(SCORES / kept).arch.tolist()[: self.count]


JOBS = {
    "nasbench201": Job("nasbench201", 15_625),
    "figure-3": Job("nasbench201", 1000),
    "nasbench101": Job("nasbench101", 500),
    **{f"first-version-{seed}": Job("nasbench201", 1000, seed=seed, measures=FIRST_VERSION) for seed in (1, 2)},
    **{f"seed-{seed}": Job("nasbench201", 1000, seed=seed) for seed in (1, 2)},
    **{
        f"cheap-{seed}": Job("nasbench201", 3000, seed=seed, batch=32, skeleton={"cells_per_stage": 1})
        for seed in (0, 1, 2)
    },
}


def prepare(folder: Path, *, data_dir: Path | None = None) -> None:
    """Write what another machine needs: a mini-batch for each seed, and measures that the CPU computes."""
    folder.mkdir(parents=True, exist_ok=True)
    for seed in (0, 1, 2):
        images, labels = load_images("cifar10", 128, seed=seed, data_dir=data_dir, with_labels=True)
        np.savez(folder / f"images-seed{seed}.npz", images=images.numpy(), labels=labels.numpy())
    write_reference(folder, folder)


def write_reference(inputs: Path, out: Path) -> None:
    """Measures of the first networks of each space, on the CPU, with which those of a GPU are compared."""
    for name, count in REFERENCE.items():
        images, labels = read_batch(inputs, JOBS[name])
        how: dict[str, Any] = {"seed": 0, "measures": ALL, "labels": labels, "progress": False}
        table = measure_archs(name, JOBS[name].archs()[:count], images, **how)
        table.to_parquet(out / f"reference-{name}.parquet", index=False)


def read_batch(folder: Path, job: Job) -> tuple[torch.Tensor, torch.Tensor]:
    """Images and labels of a job: the first of the 128 of its seed, since a smaller mini-batch begins a larger one."""
    with np.load(folder / f"images-seed{job.seed}.npz") as kept:
        return torch.from_numpy(kept["images"][: job.batch]), torch.from_numpy(kept["labels"][: job.batch])


def run(job: Job, inputs: Path, out: Path, work: Path, *, device: str, workers: int, seconds: float) -> pd.DataFrame:
    """The table of a job, as far as ``seconds`` last; written whole to ``out`` every thousand networks.

    Rows of a table of its name in ``inputs``, from an earlier run, are kept and come first, and what the manifest there
    says of them. ``work`` is a folder for parts, from which a run that was stopped goes on.
    """
    until = time.monotonic() + seconds
    images, labels = read_batch(inputs, job)
    earlier, runs = inputs / job.name, read_runs(inputs).get(job.name, [])
    known = pd.read_parquet(earlier) if earlier.exists() else pd.DataFrame({"arch": []})
    missing = [arch for arch in job.archs() if arch not in set(known.arch)]
    parts, table = work / f"{job.name}.part", known
    for end in range(STEP, len(missing) + STEP, STEP):
        start = time.monotonic()
        rows = measure_archs(
            job.space,
            _until(until, missing[:end]),
            images,
            seed=job.seed,
            measures=job.measures,
            labels=labels,
            workers=workers,
            skeleton=job.skeleton,
            device=device,
            out=parts,
            progress=False,
        )
        if not len(rows):
            break
        rate = (len(known) + len(rows) - len(table)) / (time.monotonic() - start)
        table = pd.concat([known, rows], ignore_index=True) if len(known) else rows
        _write(table, out / job.name, [*runs, describe_run(parts)])
        failed = int((table.error != "").sum())
        print(f"{job.name}: {len(table)} networks, {failed} with an error, {rate:.1f} a second", flush=True)
        if time.monotonic() > until:
            break
    return table


def compare_with_reference(inputs: Path, out: Path, work: Path, *, device: str, workers: int) -> pd.DataFrame:
    """How far the measures of ``device`` are from those of the CPU: a row for each space and measure.

    Columns: ``space``, ``measure``, ``networks``, ``differ`` (in being finite), ``largest`` relative difference. Two
    rounds on the device say in ``repeats`` whether it gives the same twice.
    """
    rows = []
    for name in REFERENCE:
        reference = pd.read_parquet(inputs / f"reference-{name}.parquet").set_index("arch")
        images, labels = read_batch(inputs, JOBS[name])
        twice = [
            measure_archs(
                name,
                list(reference.index),
                images,
                seed=0,
                measures=ALL,
                labels=labels,
                workers=workers,
                device=device,
                progress=False,
            ).set_index("arch")
            for _ in range(2)
        ]
        print(*(f"{name}: {arch}: {error}" for arch, error in twice[0].error.items() if error), sep="\n")
        for measure in ALL:
            here, there = twice[0][measure].to_numpy(), reference[measure].to_numpy()
            both = np.isfinite(here) & np.isfinite(there)
            apart = np.abs(here[both] - there[both]) / np.maximum(np.abs(there[both]), 1e-300)
            same = np.array_equal(here, twice[1][measure].to_numpy(), equal_nan=True)
            row = {"space": name, "measure": measure, "networks": len(reference), "repeats": same}
            row |= {"differ": int((here[~both] != there[~both]).sum()), "largest": float(apart.max(initial=0.0))}
            rows.append(row)
    table = pd.DataFrame(rows)
    table.to_csv(out / "measures-agreement.csv", index=False)
    print(table.to_string(index=False), flush=True)
    return table


def _until(end: float, archs: Sequence[str]) -> Iterator[str]:
    for arch in archs:
        if time.monotonic() > end:
            return
        yield arch


def _write(table: pd.DataFrame, path: Path, made: list[dict[str, Any]]) -> None:
    """The table, and in the manifest beside it the runs that it was made by."""
    with write_whole(path) as file:
        table.to_parquet(file, index=False)
    write_runs(path.parent, read_runs(path.parent) | {path.name: made})


def main() -> None:
    """Run the jobs of the command line, one after the other."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--prepare", type=Path, help="folder to write inputs to, and nothing else")
    parser.add_argument("--inputs", type=Path, help="folder of inputs, with tables of earlier runs to be completed")
    parser.add_argument("--out", type=Path, help="folder for tables and the manifest")
    parser.add_argument("--work", type=Path, help="folder for parts; default OUT/work")
    parser.add_argument(
        "--job", action="append", default=[], help=f"NAME:SECONDS; {', '.join(['reference', 'agreement', *JOBS])}"
    )
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--workers", type=int, default=1)
    options = parser.parse_args()
    if options.prepare:
        prepare(options.prepare)
        return
    options.out.mkdir(parents=True, exist_ok=True)
    how = {"device": options.device, "workers": options.workers}
    folders = (options.inputs, options.out, options.work or options.out / "work")
    for text in options.job:
        name, _, seconds = text.partition(":")
        start = time.monotonic()
        if name == "reference":
            write_reference(options.inputs, options.out)
        elif name == "agreement":
            compare_with_reference(*folders, **how)
        else:
            run(JOBS[name], *folders, **how, seconds=float(seconds or math.inf))
        print(f"{name}: {time.monotonic() - start:.0f} s", flush=True)


if __name__ == "__main__":
    main()
