"""What :mod:`naswotbook.experiments.gradients` reads, and the score tables made of what it wrote."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Sequence
from functools import partial
from itertools import chain, zip_longest
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd

from naswotbook.experiments.gradients import read_images
from naswotbook.kept import complete_scores, scores_name
from naswotbook.samples import draw_sample, mini_batch
from naswotlib.data.files import write_whole
from naswotlib.data.image_files import IMAGENET_MEAN, IMAGENET_STD
from naswotlib.data.images import load_images
from naswotlib.scoring.store import MANIFEST, SCHEMA, Row, make_frame

MEASURED = ("grad_norm", "grad_norm_euclidean", "synflow")


def pack_images(path: Path, batch: str, n: int, *, seed: int, data_dir: str | Path | None = None) -> None:
    """Write a mini-batch as 8-bit pixels ``(n, H, W, 3)``, its labels, and the digest of the normalised images.

    ``batch`` is a name of :data:`naswotbook.samples.MINI_BATCHES`. ValueError where its images are not of 8 bits, or
    not normalised by ImageNet's constants.
    """
    source, side = mini_batch(batch)
    images, labels = load_images(source, n, seed=seed, data_dir=data_dir, with_labels=True, side=side)
    mean, std = (np.asarray(constant).reshape(-1, 1, 1) for constant in (IMAGENET_MEAN, IMAGENET_STD))
    pixels = np.rint(images.numpy() * std + mean).astype(np.uint8).transpose(0, 2, 3, 1)
    digest = hashlib.sha256(images.numpy().tobytes()).hexdigest()
    with write_whole(path) as file:
        np.savez_compressed(file, images=pixels, labels=labels.numpy(), sha256=digest)
    read_images(path)


def pack_archs(
    path: Path, spaces: Sequence[str], dataset: str, *, seed: int, data_dir: str | Path | None = None
) -> None:
    """Write all published architectures of ``spaces``, a row each: ``space`` and ``arch``.

    In the order of :func:`naswotbook.samples.draw_sample`, one space after the other in turn, so that those measured
    before a run is stopped are a random part of each.
    """
    drawn = [draw_sample(space, dataset, None, profile="paper", seed=seed, data_dir=data_dir) for space in spaces]
    turns = zip_longest(*([(sample.space, arch) for arch in sample.archs] for sample in drawn))
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["space", "arch"])
        writer.writerows(filter(None, chain.from_iterable(turns)))


def read_rows(folder: Path) -> pd.DataFrame:
    """The rows of a run: :data:`naswotbook.experiments.gradients.COLUMNS`, those with an error too."""
    empty = dict.fromkeys(MEASURED, "")
    parts = [pd.read_csv(path, keep_default_na=False, na_values=empty) for path in sorted(folder.glob("rows-*.csv"))]
    return pd.concat(parts, ignore_index=True).drop_duplicates(["space", "arch"], keep="last")


def keep_measures(folder: Path, kept: Path, *, batch: str, batch_size: int = 128) -> list[Path]:
    """Add the values of a run to the score tables in ``kept``, a table a space and measure, with their manifest.

    The seconds of a network are those of all three measures together. Returns the paths of the tables.
    """
    rows, run = read_rows(folder), json.loads((folder / "run.json").read_text())
    settings = run["settings"]
    named = {"seed": settings["seed"], "batch_size": batch_size, "skeleton": settings["skeleton"]}
    paths = []
    for space, part in rows.groupby("space"):
        for measure in MEASURED:
            table = part.rename(columns={measure: "score"}).assign(num_units=None)
            about = settings | {"space": space, "proxy": measure, "versions": run["versions"]}
            manifest = {"settings": about, "hardware": run["hardware"]}
            path = kept / scores_name(str(space), batch, counting=measure, **named)
            complete_scores(path, table.arch.tolist(), partial(_write_part, table, manifest))
            paths.append(path)
    return paths


def _write_part(table: pd.DataFrame, manifest: dict[str, Any], archs: list[str], out: Path) -> pd.DataFrame:
    """What ``score_archs(out=out)`` would have left there, of rows that are known."""
    chosen = table[table.arch.isin(archs)]
    rows = make_frame([cast(Row, row) for row in chosen[SCHEMA.names].to_dict("records")])
    out.mkdir(parents=True)
    rows.to_parquet(out / "part-000000.parquet", index=False)
    (out / MANIFEST).write_text(json.dumps(manifest))
    return rows
