"""What :mod:`naswotbook.experiments.elsewhere` reads, and the score tables made of what it wrote."""

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

from naswotbook.experiments.elsewhere import read_images
from naswotbook.kept import COUNTINGS, complete_scores, scores_name
from naswotbook.samples import draw_sample, mini_batch
from naswotlib.data.files import write_whole
from naswotlib.data.image_files import IMAGENET_MEAN, IMAGENET_STD
from naswotlib.data.images import DATASETS, load_images
from naswotlib.scoring.proxies import NASWOT, NEED_LABELS
from naswotlib.scoring.store import MANIFEST, SCHEMA, Row, make_frame


def pack_images(path: Path, batch: str, n: int, *, seed: int, data_dir: str | Path | None = None) -> None:
    """Write a mini-batch as 8-bit pixels ``(n, H, W, 3)``, its labels, and the digest of the normalised images.

    ``batch`` is a name that :func:`naswotbook.samples.mini_batch` takes. ValueError where its images are not of 8 bits.
    """
    source, side = mini_batch(batch)
    images, labels = load_images(source, n, seed=seed, data_dir=data_dir, with_labels=True, side=side)
    known = DATASETS.get(source)
    constants = (known.mean, known.std) if known else (IMAGENET_MEAN, IMAGENET_STD)
    mean, std = (np.asarray(constant, np.float64).reshape(-1, 1, 1) for constant in constants)
    pixels = np.rint(images.numpy() * std + mean).astype(np.uint8).transpose(0, 2, 3, 1)
    digest = hashlib.sha256(images.numpy().tobytes()).hexdigest()
    with write_whole(path) as file:
        about: dict[str, Any] = {"mean": mean, "std": std, "sha256": digest, "name": batch}
        np.savez_compressed(file, images=pixels, labels=labels.numpy(), **about)
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


def keep_measures(folder: Path, kept: Path) -> list[Path]:
    """Add the rows of a run to the score tables in ``kept``, a table a space, mini-batch and measure, and say so in the
    manifest. A network that failed has no row. Returns the paths of the tables.
    """
    rows = pd.read_csv(folder / "rows.csv", dtype={"error": "str", "num_units": "Int64"}).fillna({"error": ""})
    run = json.loads((folder / "run.json").read_text())
    settings = run["settings"]
    named = {"seed": settings["seed"], "batch_size": settings.pop("batch_size"), "skeleton": settings["skeleton"]}
    paths = []
    for key, table in rows[rows.error == ""].groupby(["space", "batch", "measure"]):
        space, batch, measure = map(str, key)
        about = settings | {"space": space, "inputs": run["inputs"][batch], "versions": run["versions"]}
        is_score = measure in COUNTINGS
        about |= {"counting": measure, "exact": False, "proxy": NASWOT} if is_score else {"proxy": measure}
        about |= {"labels": run["labels"]} if measure in NEED_LABELS else {}
        path = kept / scores_name(space, batch, counting=measure, **named)
        manifest = {"settings": about, "hardware": run["hardware"]}
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
