"""CIFAR-10, whole or at half its resolution, in the splits that networks are trained, validated and tested on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from rich.progress import track
from torch import Tensor

from naswotlib.data.fetch import find_data
from naswotlib.data.image_files import ImageSource, open_batches, open_images
from naswotlib.data.images import DATASETS
from naswotlib.errors import check_choice

N_CLASSES = 10
FULL = 32  # pixels a side
_JPEG = "cifar10-jpeg-{split}.tar"  # of split/class/number.jpg
_CIFAR10 = DATASETS["cifar10"]
_PUBLISHED = tuple(name for name in _CIFAR10.files if not name.endswith(".npz"))  # those hold only some images
_CHUNK = 1000  # images read between two steps of the progress bar


@dataclass(frozen=True)
class TrainingImages:
    """CIFAR-10 in three splits: images and labels, the images ``(n, 3, side, side)``.

    They are uint8 pixels at 32×32, and uint16 sums over 2×2 pixels (0 to 1020) at 16×16; 0 is black. ``origin`` is a
    sentence about the files they are from and the images of a class in each split.
    """

    train: tuple[np.ndarray, np.ndarray]
    validation: tuple[np.ndarray, np.ndarray]
    test: tuple[np.ndarray, np.ndarray]
    origin: str = ""

    def tensors(self, split: str) -> tuple[Tensor, Tensor]:
        """Images normalised by the training images' channel means and deviations, and labels, of one split."""
        images, labels = getattr(self, split)
        return _channels_last(self._normalise(images)), torch.from_numpy(labels)

    def padded(self, padding: int) -> Tensor:
        """The training images with ``padding`` black pixels on each side, normalised as in :meth:`tensors`."""
        edges = ((0, 0), (0, 0), (padding, padding), (padding, padding))
        return _channels_last(self._normalise(np.pad(self.train[0], edges)))

    def first(self, count: int | None) -> TrainingImages:
        """Only the first ``count`` training images, as many of each class; None for all.

        ValueError where a class has fewer, or ``count`` is no multiple of the classes.
        """
        if count is None:
            return self
        images, labels = self.train
        each, least = count // N_CLASSES, np.bincount(labels, minlength=N_CLASSES).min()
        if count % N_CLASSES or not 0 < each <= least:
            raise ValueError(f"images: the recipe has {count}; expected 10, 20, ... {N_CLASSES * least} at most")
        kept = np.concatenate([np.flatnonzero(labels == number)[:each] for number in range(N_CLASSES)])
        return replace(self, train=(images[kept], labels[kept]))

    def _normalise(self, images: np.ndarray) -> npt.NDArray[np.float32]:
        pixels = self.train[0].astype(np.float32)
        mean, std = pixels.mean(axis=(0, 2, 3), keepdims=True), pixels.std(axis=(0, 2, 3), keepdims=True)
        normalised: npt.NDArray[np.float32] = (images.astype(np.float32) - mean) / std
        return normalised


def _channels_last(images: npt.NDArray[np.float32]) -> Tensor:
    return torch.from_numpy(images).contiguous(memory_format=torch.channels_last)


@lru_cache(maxsize=1)
def load_training_images(data_dir: Path | None, side: int = 16) -> TrainingImages:
    """CIFAR-10 at 16×16 or 32×32, from the first of these in ``data_dir``, else in NASWOTLIB_DATA, else in the cache.

    - ``cifar10-jpeg-train.tar`` and ``cifar10-jpeg-test.tar``, of files ``split/class/number.jpg``, which the bundled
      networks were trained on;
    - ``cifar-10-batches-py`` or ``cifar-10-python.tar.gz``, as ``naswot data fetch cifar10`` brings it.

    Of each class, the first four fifths of the training images in file order train, the others validate. The last
    images loaded are kept for the next table. FileNotFoundError where there is none of these; ValueError where one of
    them is not ten classes of equal size, or for another ``side``.
    """
    check_choice("side", side, (FULL // 2, FULL))
    names = (_JPEG.format(split="train"), *_PUBLISHED)
    path = find_data("data_dir: CIFAR-10 to train on", names, data_dir)
    if path.name in _PUBLISHED:
        kind = "as published"
        sources = [open_batches(path, batches, _CIFAR10.label) for batches in (_CIFAR10.batches, ("test_batch",))]
    else:
        kind, splits = "from JPEG files", ("train", "test")
        sources = [open_images(path.with_name(_JPEG.format(split=split)), part=split) for split in splits]
    train, test = (_by_class(source, path, side) for source in sources)
    first = 4 * len(train[0]) // 5
    halved = ", mean of 2×2 pixels" if side < FULL else ""
    return TrainingImages(
        _join([images[:first] for images in train]),
        _join([images[first:] for images in train]),
        _join(test),
        f"CIFAR-10 {kind}{halved}; {first:,} training images a class, {len(train[0]) - first:,} validation",
    )


def _by_class(source: ImageSource, path: Path, side: int) -> list[np.ndarray]:
    """The images of each class, in file order, halved where their ``side`` is to be."""
    labels = np.zeros(0, int) if source.labels is None else source.labels
    counts = np.bincount(labels, minlength=1)
    if len(counts) != N_CLASSES or len(set(counts)) != 1:
        raise ValueError(
            f"data_dir: {path} or the test images beside it have {len(counts)} classes of {counts.min()} to "
            f"{counts.max()} images; expected CIFAR-10, {N_CLASSES} classes of equal size"
        )
    order = np.argsort(labels, kind="stable")
    chunks = np.array_split(order, -(-len(order) // _CHUNK))
    shown = track(chunks, description=f"reading images of {path.name}", transient=True)
    reduce = _halve if side < FULL else _whole
    return np.split(np.concatenate([reduce(source.take(chunk, None)) for chunk in shown]), N_CLASSES)


def _whole(pixels: np.ndarray) -> np.ndarray:
    return pixels.astype(np.uint8)


def _halve(pixels: np.ndarray) -> np.ndarray:
    """``(n, 3, H, W)`` pixels to ``(n, 3, H/2, W/2)`` sums over 2×2 blocks (four times the mean, without rounding)."""
    n, channels, height, width = pixels.shape
    blocks = pixels.astype(np.uint16).reshape(n, channels, height // 2, 2, width // 2, 2)
    sums: np.ndarray = blocks.sum(axis=(3, 5), dtype=np.uint16)
    return sums


def _join(by_class: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Join all images, class by class, and label them; contiguous, so that sums have one order everywhere."""
    labels = np.repeat(np.arange(N_CLASSES), [len(images) for images in by_class])
    return np.ascontiguousarray(np.concatenate(by_class)), labels
