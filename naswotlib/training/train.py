"""The trainer behind the bundled benchmark: one network on one core in about 40 seconds, and tables of them."""

from __future__ import annotations

import platform
import time
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from filelock import FileLock, Timeout
from rich.progress import track
from torch import nn

from naswotlib.benchmarks.trained import Recipe, Watch, epochs_of, read_trained, write_trained
from naswotlib.data.images import load_images
from naswotlib.errors import NaswotWarning
from naswotlib.scoring.parallel import map_unordered, pack_space, single_thread, unpack_space
from naswotlib.scoring.score import naswot_score
from naswotlib.spaces import arch_seed, get_space
from naswotlib.training.graphs import GraphedRun, training_on_gpu
from naswotlib.training.images import N_CLASSES, TrainingImages, load_training_images
from naswotlib.training.run import NO_LIMIT, Limit, Run, Scores, Splits, run_together

Row = dict[str, Any]


def train_network(
    network: nn.Module,
    images: TrainingImages,
    recipe: Recipe,
    *,
    rng: np.random.Generator,
    max_steps: int | None = None,
    scores: Scores | None = None,
    watch: Watch | None = None,
    limit: Limit = NO_LIMIT,
) -> dict[str, list[float]]:
    """Train ``network`` in place on the CPU; order of the images, flips and crops come from ``rng``.

    Returns ``result`` of :class:`Run`, in which ``scores`` are taken of the network when ``watch`` says.
    After ``max_steps`` training stops, without evaluation: enough to compare first losses.
    """
    run = Run(network, Splits.of(images, recipe), recipe, rng=rng, scores=scores, watch=watch)
    for _ in run_together([run], limit, max_steps=max_steps):
        pass
    return run.result


def watching_scores(watch: Watch, side: int, *, data_dir: Path | None = None, device: str = "cpu") -> Scores:
    """The scores that ``watch`` asks for, on its mini-batch, images of ``side`` pixels."""
    inputs = load_images(watch.images, watch.batch_size, seed=0, side=side, data_dir=data_dir).to(device)

    def with_running_statistics(network: nn.Module) -> float:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NaswotWarning)  # that it is no score of an untrained network
            return naswot_score(network, inputs, batch_norm="eval").value

    scores: Scores = {"scores": lambda network: naswot_score(network, inputs).value}
    return {**scores, "running_scores": with_running_statistics} if watch.running else scores


def train_arch(
    space: Any,
    text: str,
    images: TrainingImages,
    recipe: Recipe,
    seed: int,
    watch: Watch | None = None,
    data_dir: Path | None = None,
    limit: Limit = NO_LIMIT,
) -> Row:
    """Build, train and evaluate the architecture that ``text`` names: one row of a trained table.

    ``watch``: with its score while it is trained, on images that may come from ``data_dir``.
    """
    start = time.process_time()
    scores = watching_scores(watch, recipe.side, data_dir=data_dir) if watch else None
    network, rng = _build(space, text, recipe, seed)
    result = train_network(network, images, recipe, rng=rng, scores=scores, watch=watch, limit=limit)
    return _row(text, seed, result, time.process_time() - start)


def train_archs_together(
    space: Any,
    texts: Sequence[str],
    images: TrainingImages,
    recipe: Recipe,
    seed: int,
    watch: Watch | None = None,
    data_dir: Path | None = None,
    limit: Limit = NO_LIMIT,
    *,
    device: str,
) -> Iterator[list[Row]]:
    """Train the architectures side by side on one device; yields their rows, so far, after each epoch.

    ``seconds`` are of the clock, since the first of them was built, whatever else was trained meanwhile.
    """
    start = time.perf_counter()
    scores = watching_scores(watch, recipe.side, data_dir=data_dir, device=device) if watch else None
    splits = Splits.of(images, recipe, device)
    kind = GraphedRun if torch.device(device).type == "cuda" else Run
    runs = []
    for text in texts:
        network, rng = _build(space, text, recipe, seed)
        runs.append(kind(network, splits, recipe, rng=rng, scores=scores, watch=watch))
    for _ in run_together(runs, limit):
        seconds = time.perf_counter() - start
        yield [_row(text, seed, run.result, seconds) for text, run in zip(texts, runs, strict=True)]


def _build(space: Any, text: str, recipe: Recipe, seed: int) -> tuple[nn.Module, np.random.Generator]:
    """The network of an architecture, and what its training draws from."""
    one_seed = arch_seed(seed, text)
    network = space.build(space.from_str(text), seed=one_seed, num_classes=N_CLASSES, **dict(recipe.skeleton))
    return network, np.random.default_rng(one_seed)


def _row(text: str, seed: int, result: dict[str, list[float]], seconds: float) -> Row:
    columns = ("validation", "test", "losses", "scores", "running_scores", "steps", "epoch_losses")
    return {
        "arch": text,
        "seed": seed,
        **{key: [*result[key]] if key in result else None for key in columns},
        "seconds": round(seconds, 2),
        "date": time.strftime("%Y-%m-%d"),
        "versions": f"Python {platform.python_version()}, torch {torch.__version__}, NumPy {np.__version__}",
    }


def train_table(
    space_name: str,
    texts: Sequence[str],
    *,
    data_dir: Path | None,
    out: Path,
    recipe: Recipe,
    seed: int,
    workers: int,
    watch: Watch | None = None,
    device: str = "cpu",
    limit: Limit = NO_LIMIT,
) -> pd.DataFrame:
    """Train those of ``texts`` that the table ``out`` does not have yet for ``seed``; returns the table.

    It is written whole after every network: stopping loses only those in training, and starting again continues. On a
    GPU, where ``workers`` networks are trained side by side, it is written after every epoch. A network that was
    stopped before the end, or before ``limit.epochs``, is trained anew. A table of another space, recipe, device or
    images is refused, as is a second process on it. ``watch`` is that of :func:`train_arch`.
    """
    if out.suffix != ".parquet":
        raise ValueError(f"out: {out} is no .parquet file; name one, such as {out.with_suffix('.parquet').name}")
    space, on_gpu = get_space(space_name), _check_device(device)
    seconds = "of the clock, several networks at a time" if on_gpu else "processor seconds of one thread"
    metadata = {
        "space": space_name,
        "dataset": "cifar10",
        "recipe": recipe.as_metadata(),
        "processor": platform.machine(),
        "device": torch.cuda.get_device_name(device) if on_gpu else "cpu",
        "watch": asdict(watch) if watch else None,
        "seconds": f"{seconds}, training and evaluation",
    }
    out.parent.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(f"{out}.lock", timeout=0):
            rows, found = read_trained(out)
            _check_same(out, found, metadata)
            wanted = min(recipe.epochs, limit.epochs or recipe.epochs)
            done = {row["arch"] for row in rows if row["seed"] == seed and epochs_of(row) >= wanted}
            missing = [text for text in dict.fromkeys(texts) if text not in done]
            if missing:
                images = load_training_images(data_dir, recipe.side)
                metadata["images"] = images.origin
                _check_same(out, found, metadata)
                how = (images, recipe, seed, watch, data_dir, limit)
                by_key = {(row["seed"], row["arch"]): row for row in rows}
                train = partial(_side_by_side, space, device=device) if on_gpu else partial(_apart, space)
                for group in train(missing, how, workers=min(workers, len(missing))):
                    by_key |= {(row["seed"], row["arch"]): row for row in group}
                    rows = [by_key[key] for key in sorted(by_key)]
                    write_trained(out, rows, metadata)
    except Timeout:
        raise RuntimeError(f"out: another process is training into {out}; wait for it or choose another file") from None
    return pd.DataFrame(rows)


def _apart(space: Any, texts: list[str], how: tuple[Any, ...], *, workers: int) -> Iterator[list[Row]]:
    """Rows of architectures trained in processes of one thread, as they finish."""
    job = partial(_train_packed, pack_space(space), how)
    results = map_unordered(job, texts, workers=workers)
    for row in track(results, description=f"training {space.name}", total=len(texts)):
        yield [row]


def _train_packed(space: str | bytes, how: tuple[Any, ...], text: str) -> Row:
    """:func:`train_arch` in a worker, which sees the images as memory that all of them share."""
    return train_arch(unpack_space(space), text, *how)


def _side_by_side(
    space: Any, texts: list[str], how: tuple[Any, ...], *, workers: int, device: str
) -> Iterator[list[Row]]:
    """Rows of architectures trained ``workers`` at a time on a GPU, after each epoch, which is printed.

    Those that would not come to an end before ``limit.time``, by the seconds of the last, are not begun.
    """
    recipe, limit = how[1], how[-1]
    seconds = 0.0
    for start in range(0, len(texts), workers):
        if limit.time < time.time() + seconds:
            return
        group = texts[start : start + workers]
        with single_thread(), training_on_gpu(recipe):
            for rows in train_archs_together(space, group, *how, device=device):
                losses = [row["epoch_losses"][-1] for row in rows]
                print(
                    f"networks {start + 1} to {start + len(group)} of {len(texts)}: epoch {epochs_of(rows[0])} of "
                    f"{recipe.epochs}, {rows[0]['seconds']:.0f} s, loss {min(losses):.3f} to {max(losses):.3f}",
                    flush=True,
                )
                yield rows
                seconds = rows[0]["seconds"]


def _check_device(device: str) -> bool:
    """Whether ``device`` is a GPU; ValueError where it is neither the CPU nor a GPU that is there."""
    try:
        kind = torch.device(device).type
    except RuntimeError as error:
        raise ValueError(f"device: {device!r} is no device of torch, such as cpu or cuda ({error})") from error
    if kind not in ("cpu", "cuda"):
        raise ValueError(f"device: networks are trained on cpu or cuda, not on {device!r}")
    if kind == "cuda" and not torch.cuda.is_available():
        raise ValueError(f"device: {device!r} is not to be used here, torch finds no GPU; train on cpu")
    return kind == "cuda"


def _check_same(out: Path, found: dict[str, Any], expected: dict[str, Any]) -> None:
    """ValueError where the table ``out`` is there, and its metadata ``found`` are not those ``expected``."""
    if not found:
        return
    known = {"watch": expected["watch"]} | found | {"recipe": Recipe.of(found).as_metadata()}  # of older tables
    differ = [key for key in expected if known.get(key) != expected[key]]
    if differ:
        raise ValueError(
            f"out: {out} was trained with another {', '.join(differ)}; choose another file. "
            + "; ".join(f"{key}: {known.get(key)!r} there, {expected[key]!r} here" for key in differ)
        )
