"""Mini-batches: the images that a score is computed on."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, overload

import numpy as np
import numpy.typing as npt
import skimage.data
import torch
from PIL import Image
from torch import Tensor

from naswotlib.data.fetch import find_data
from naswotlib.data.image_files import ImageSource, fit_as_imagenet, open_batches, open_images
from naswotlib.errors import check_at_least

_PHOTO_FILES = {
    **{name: f"{name}.png" for name in ("astronaut", "chelsea", "coffee")},
    **{name: f"{name}.jpg" for name in ("rocket", "hubble_deep_field")},
    "immunohistochemistry": "ihc.png",
    "retina": "retina.jpg",
}  # of scikit-image, by the names of its functions
PHOTOS = tuple(_PHOTO_FILES)
N_CROPS = 100_000  # how many crops of the photographs one can draw from
Constants = tuple[float, float, float]


@dataclass(frozen=True)
class Dataset:
    """A published data set.

    files: that may hold it, the first found is taken; mean, std: of the paper, by channel, of 255; batches: names of
    the training batches; label: the key of their labels; classes: where labels count from 1, the highest to keep.
    """

    files: tuple[str, ...]
    mean: Constants
    std: Constants
    batches: tuple[str, ...] = ()
    label: str = "labels"
    classes: int | None = None


_BATCHES = tuple(f"data_batch_{i}" for i in range(1, 6))
_BATCHES_16 = tuple(f"train_data_batch_{i}" for i in range(1, 11))
_IMAGENET16 = Dataset(
    ("ImageNet16", "minibatches-imagenet16.npz"), (122.68, 116.66, 104.01), (63.22, 61.26, 65.09), _BATCHES_16
)
DATASETS = {
    "cifar10": Dataset(
        ("cifar-10-batches-py", "cifar-10-python.tar.gz", "minibatches-cifar10.npz"),
        (125.3, 123.0, 113.9),
        (63.0, 62.1, 66.7),
        _BATCHES,
    ),
    "cifar100": Dataset(
        ("cifar-100-python", "cifar-100-python.tar.gz", "minibatches-cifar100.npz"),
        (129.3, 124.1, 112.4),
        (68.2, 65.4, 70.4),
        ("train",),
        "fine_labels",
    ),
    "imagenet16": replace(_IMAGENET16, classes=1000),
    "imagenet16-120": replace(_IMAGENET16, classes=120),
}
IMAGENETTE = tuple(f"imagenette2{size}{suffix}" for size in ("", "-320", "-160") for suffix in ("", ".tgz"))


@overload
def load_images(
    source: str | Path,
    n: int,
    *,
    seed: int,
    data_dir: str | Path | None = None,
    with_labels: Literal[False] = False,
    side: int | None = None,
    channels: int = 3,
    augment: bool = False,
    mean: Sequence[float] | None = None,
    std: Sequence[float] | None = None,
) -> Tensor: ...
@overload
def load_images(
    source: str | Path,
    n: int,
    *,
    seed: int,
    data_dir: str | Path | None = None,
    with_labels: Literal[True],
    side: int | None = None,
    channels: int = 3,
    augment: bool = False,
    mean: Sequence[float] | None = None,
    std: Sequence[float] | None = None,
) -> tuple[Tensor, Tensor]: ...
def load_images(
    source: str | Path,
    n: int,
    *,
    seed: int,
    data_dir: str | Path | None = None,
    with_labels: bool = False,
    side: int | None = None,
    channels: int = 3,
    augment: bool = False,
    mean: Sequence[float] | None = None,
    std: Sequence[float] | None = None,
) -> Tensor | tuple[Tensor, Tensor]:
    """``n`` images as a normalised float32 tensor ``(n, 3, H, W)``; with ``with_labels`` also int64 labels ``(n,)``.

    ``source`` is one of

    - ``"cifar10"``, ``"cifar100"``, ``"imagenet16-120"``, or ``"imagenet16"`` with all its 1,000 classes: training
      images, from the published files (``naswot data fetch``) or an ``.npz`` of some of them, in ``data_dir``, else
      NASWOTLIB_DATA, else the cache; normalised by the paper's constants;
    - ``"imagenette"``: its training images, found likewise, by default 224 pixels a side, cropped as in the paper;
    - ``"noise"``: standard normal numbers, by default 32 pixels a side, without labels;
    - ``"photos"``: crops of photographs that scikit-image ships, by default 32 pixels a side; the label says which;
    - the path of an ``.npz`` with ``images`` (``(n, H, W, 3)`` or ``(n, 3, H, W)``), maybe ``labels``, maybe ``mean``
      and ``std`` in the images' unit; or of a folder or a tar of images, whose labels number their folders' names.
      Without constants, 8-bit images are normalised by ImageNet's, and numbers of other types left as they are.
      ``mean`` and ``std``, a number or one a channel in the images' unit, take the place of any source's.

    ``side`` resizes by area, and crops what is no square to its centre. ``channels=1`` takes the mean of the three
    after they have been normalised; of noise there are as many as asked for. ``augment`` then flips, and crops after
    padding of an eighth of the side; images of the ``minibatches-*.npz`` files have been through that. Source, ``n``
    and ``seed`` determine the mini-batch: drawn
    without replacement, a smaller one is the beginning of a larger one. ValueError or FileNotFoundError names the
    argument that cannot be met.

    >>> load_images("noise", 4, seed=0).shape
    torch.Size([4, 3, 32, 32])
    >>> images, labels = load_images("photos", 4, seed=0, with_labels=True, side=16)
    >>> images.shape, labels
    (torch.Size([4, 3, 16, 16]), tensor([6, 1, 4, 0]))
    """
    check_at_least("n", n, 1)
    check_at_least("side", 1 if side is None else side, 1)
    check_at_least("channels", channels, 1)
    check_at_least("seed", seed, 0)
    default = 224 if source == "imagenette" else 32
    _check_fits(n, max(3, channels), side or default)
    rng = np.random.default_rng(seed)
    if source == "noise":
        if with_labels:
            raise ValueError("with_labels: noise has no labels; choose another source")
        if mean is not None or std is not None:
            raise ValueError("mean, std: noise is standard normal as it is, and takes none; leave them out")
        return torch.from_numpy(rng.standard_normal((n, channels, side or 32, side or 32), np.float32))
    if channels not in (1, 3):
        raise ValueError(f"channels: images have 3, or 1 as the mean of these, got {channels}; noise has any number")
    found = _open(source, data_dir)
    if n > found.count:
        hint = "take imagenet16, with all 1,000 classes" if source == "imagenet16-120" else "take another source"
        raise ValueError(f"n: {source} has {found.count} images, fewer than the {n} asked for; draw fewer, or {hint}")
    chosen = rng.permutation(found.count)[:n]
    pixels = found.take(chosen, 224 if source == "imagenette" and side is None else side)
    if augment:
        pixels = np.stack([_augment(image, rng) for image in pixels])
    shift = _constants("mean", found.mean if mean is None else mean)
    scale = _constants("std", found.std if std is None else std)
    images = torch.from_numpy((pixels - shift) / scale).contiguous()
    images = images.mean(1, keepdim=True) if channels == 1 else images
    if not with_labels:
        return images
    if found.labels is None:
        raise ValueError(f"with_labels: {source} has no labels")
    return images, torch.from_numpy(found.labels[chosen].astype(np.int64))


def _check_fits(n: int, channels: int, side: int) -> None:
    """ValueError where a mini-batch, of which there are copies while it is made, would take more than all memory."""
    needed = 3 * 4 * n * channels * side**2
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") if hasattr(os, "sysconf") else 2**36
    if needed > memory:
        raise ValueError(
            f"n, side, channels: {n:,} images of {channels} x {side} x {side} take about {needed / 1e9:,.0f} GB while "
            f"they are made, and this machine has {memory / 1e9:,.0f} GB; ask for fewer or for smaller ones"
        )


def _constants(name: str, values: npt.ArrayLike) -> npt.NDArray[np.float32]:
    """One number, or one a channel, to normalise by."""
    found = np.asarray(values, np.float32).reshape(-1, 1, 1)
    if len(found) not in (1, 3) or not np.isfinite(found).all() or (name == "std" and (found <= 0).any()):
        raise ValueError(f"{name}: expected one finite number or three{', above 0' * (name == 'std')}; got {values!r}")
    return found


def _open(source: str | Path, data_dir: str | Path | None) -> ImageSource:
    if source == "photos":
        return _photos()
    if source == "imagenette":
        return open_images(find_data("source 'imagenette'", IMAGENETTE, data_dir), part="train", fit=fit_as_imagenet)
    if source not in DATASETS:
        if isinstance(source, str) and not Path(source).exists():
            names = ", ".join([*DATASETS, "imagenette", "noise", "photos"])
            raise FileNotFoundError(f"source: {source!r} is not one of {names}, nor an existing path")
        return open_images(Path(source))
    dataset = DATASETS[str(source)]
    path = find_data(f"source {source!r}", dataset.files, data_dir)
    found = open_images(path) if path.suffix == ".npz" else open_batches(path, dataset.batches, dataset.label)
    found = replace(found, mean=dataset.mean, std=dataset.std)
    if dataset.classes is None or found.labels is None:
        return found
    kept = np.flatnonzero(found.labels <= dataset.classes)
    return found.select(kept, found.labels[kept] - 1)


def _augment(image: npt.NDArray[np.float32], rng: np.random.Generator) -> npt.NDArray[np.float32]:
    """A flip with probability a half, and a crop of the image after black padding of an eighth of its side."""
    pad, (height, width) = image.shape[1] // 8, image.shape[1:]
    if rng.random() < 0.5:
        image = image[:, :, ::-1]
    top, left = rng.integers(2 * pad + 1, size=2)
    padded = np.pad(image, ((0, 0), (pad, pad), (pad, pad)))
    return padded[:, top : top + height, left : left + width]


def photograph(name: str) -> npt.NDArray[np.uint8]:
    """One of :data:`PHOTOS`, ``(H, W, 3)``: what scikit-image's function gives, whose reader takes long to import."""
    path = Path(skimage.data.__file__).parent / _PHOTO_FILES[name]
    if not path.exists():
        return np.asarray(getattr(skimage.data, name)(), np.uint8)
    return np.asarray(Image.open(path).convert("RGB"))


def _photos() -> ImageSource:
    """Square crops of the photographs, between a third and all of the short side: crop i is of photograph i mod 7."""
    photographs = [photograph(name) for name in PHOTOS]

    def crop(index: int, side: int) -> np.ndarray:
        photograph = photographs[index % len(photographs)]
        rng, (height, width) = np.random.default_rng(index), photograph.shape[:2]
        size = int(rng.integers(min(height, width) // 3, min(height, width), endpoint=True))
        top, left = (int(rng.integers(length - size, endpoint=True)) for length in (height, width))
        square = Image.fromarray(photograph[top : top + size, left : left + size])
        return np.asarray(square.resize((side, side), Image.Resampling.BOX), np.float32)

    def take(indices: np.ndarray, side: int | None) -> npt.NDArray[np.float32]:
        return np.stack([crop(int(index), side or 32) for index in indices]).transpose(0, 3, 1, 2)

    return ImageSource(take, N_CROPS, np.arange(N_CROPS) % len(photographs))
