"""The small trainer behind the bundled benchmark: one network on one core in about 40 seconds, and tables of them."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F
from filelock import FileLock, Timeout
from rich.progress import track
from torch import Tensor, nn

from naswotlib.benchmarks.trained import N_LOSSES, Recipe, read_trained, write_trained
from naswotlib.data.images import load_images
from naswotlib.scoring.parallel import map_unordered, pack_space, unpack_space
from naswotlib.scoring.score import naswot_score
from naswotlib.spaces import arch_seed, get_space
from naswotlib.training.images import N_CLASSES, TrainingImages, load_training_images


def train_network(
    network: nn.Module,
    images: TrainingImages,
    recipe: Recipe,
    *,
    rng: np.random.Generator,
    max_steps: int | None = None,
    watch: Callable[[nn.Module], float] | None = None,
) -> dict[str, list[float]]:
    """Train ``network`` in place; order of the images and flips come from ``rng``.

    Returns ``losses`` (the first 20 steps), ``validation`` and ``test`` accuracy in percent after each epoch, and as
    ``scores`` what ``watch`` says of the network before the first and after each epoch. After ``max_steps`` training
    stops, without evaluation: enough to compare first losses.
    """
    network = network.to(memory_format=torch.channels_last)
    inputs, labels = images.tensors("train")
    held_out = {split: images.tensors(split) for split in ("validation", "test")}
    steps = len(inputs) // recipe.batch_size
    optimizer = torch.optim.SGD(
        network.parameters(),
        lr=recipe.learning_rate,
        momentum=recipe.momentum,
        weight_decay=recipe.weight_decay,
        nesterov=True,
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, recipe.learning_rate, total_steps=steps * recipe.epochs, cycle_momentum=False
    )
    result: dict[str, list[float]] = {"losses": [], "validation": [], "test": []}
    if watch is not None:
        result["scores"] = [watch(network)]
    for epoch in range(recipe.epochs):
        network.train()
        order = torch.from_numpy(rng.permutation(len(inputs)))
        flips = torch.from_numpy(rng.random(len(inputs)) < 0.5)
        for step in range(steps):
            if max_steps is not None and epoch * steps + step >= max_steps:
                return result
            batch = order[step * recipe.batch_size : (step + 1) * recipe.batch_size]
            x = torch.where(flips[batch, None, None, None], inputs[batch].flip(3), inputs[batch])
            loss = F.cross_entropy(network(x), labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            if len(result["losses"]) < N_LOSSES:
                result["losses"].append(loss.item())
        for split, (x, y) in held_out.items():
            result[split].append(accuracy(network, x, y))
        if watch is not None:
            result["scores"].append(watch(network))
    return result


@torch.no_grad()
def accuracy(network: nn.Module, inputs: Tensor, labels: Tensor, batch_size: int = 500) -> float:
    """Percentage of ``inputs`` whose label ``network`` gives the highest score, in evaluation mode."""
    network.eval()
    correct = 0
    for x, y in zip(inputs.split(batch_size), labels.split(batch_size), strict=True):
        correct += int((network(x).argmax(1) == y).sum())
    return 100 * correct / len(labels)


def _score_on_photos(side: int) -> Callable[[nn.Module], float]:
    inputs = load_images("photos", 128, seed=0, side=side)
    return lambda network: naswot_score(network, inputs).value


def train_arch(
    space: Any, text: str, images: TrainingImages, recipe: Recipe, seed: int, watched: bool = False
) -> dict[str, Any]:
    """Build, train and evaluate the architecture that ``text`` names: one row of a trained table.

    ``watched``: with its score on the 128 photographs of seed 0, before the first and after each epoch.
    """
    start = time.process_time()
    one_seed = arch_seed(seed, text)
    network = space.build(space.from_str(text), seed=one_seed, num_classes=N_CLASSES, **dict(recipe.skeleton))
    watch = _score_on_photos(recipe.side) if watched else None
    result = train_network(network, images, recipe, rng=np.random.default_rng(one_seed), watch=watch)
    return {
        "arch": text,
        "seed": seed,
        **{key: result.get(key) for key in ("validation", "test", "losses", "scores")},
        "seconds": round(time.process_time() - start, 2),
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
    watched: bool = False,
) -> pd.DataFrame:
    """Train those of ``texts`` that the table ``out`` does not have yet for ``seed``; returns the table.

    It is written whole after every network: stopping loses only those in training, and starting again continues.
    A table of another space, recipe or images is refused, as is a second process on it. ``watched`` is that of
    :func:`train_arch`.
    """
    if out.suffix != ".parquet":
        raise ValueError(f"out: {out} is no .parquet file; name one, such as {out.with_suffix('.parquet').name}")
    space = get_space(space_name)
    metadata = {
        "space": space_name,
        "dataset": "cifar10",
        "recipe": asdict(recipe) | {"skeleton": dict(recipe.skeleton)},
        "processor": platform.machine(),
        "seconds": "processor seconds of one thread, training and evaluation",
    }
    out.parent.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(f"{out}.lock", timeout=0):
            rows, found = read_trained(out)
            _check_same(out, found, metadata)
            done = {row["arch"] for row in rows if row["seed"] == seed}
            missing = [text for text in dict.fromkeys(texts) if text not in done]
            if missing:
                images = load_training_images(data_dir)
                metadata["images"] = images.origin
                _check_same(out, found, metadata)
                job = partial(_train_packed, pack_space(space), images, recipe, seed, watched)
                results = map_unordered(job, missing, workers=min(workers, len(missing)))
                for row in track(results, description=f"training {space_name}", total=len(missing)):
                    rows.append(row)
                    write_trained(out, sorted(rows, key=lambda row: (row["seed"], row["arch"])), metadata)
    except Timeout:
        raise RuntimeError(f"out: another process is training into {out}; wait for it or choose another file") from None
    return pd.DataFrame(rows)


def _train_packed(
    space: str | bytes, images: TrainingImages, recipe: Recipe, seed: int, watched: bool, text: str
) -> dict[str, Any]:
    """:func:`train_arch` in a worker, which sees the images as memory that all of them share."""
    return train_arch(unpack_space(space), text, images, recipe, seed, watched)


def _check_same(out: Path, found: dict[str, Any], expected: dict[str, Any]) -> None:
    """ValueError where the table ``out`` is there, and its metadata ``found`` are not those ``expected``."""
    differ = [key for key in expected if found and found.get(key) != expected[key]]
    if differ:
        raise ValueError(
            f"out: {out} was trained with another {', '.join(differ)}; choose another file. "
            + "; ".join(f"{key}: {found.get(key)!r} there, {expected[key]!r} here" for key in differ)
        )
