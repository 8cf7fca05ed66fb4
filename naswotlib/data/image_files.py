"""Files and folders of images: each becomes an :class:`ImageSource` to draw from."""

from __future__ import annotations

import math
import struct
import warnings
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from PIL import Image, ImageOps, UnidentifiedImageError

from naswotlib.data.files import DAMAGED, check_regular, is_tar, open_tar
from naswotlib.data.pickles import ARRAYS, load_pickle

IMAGENET_MEAN, IMAGENET_STD = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)
_LARGEST_IMAGE = 2**26  # pixels; twice as many take 1.6 GB as numbers
_LARGEST_BATCH = 2**28  # bytes; the largest published one, CIFAR-100's, has 155 MB
_EXTENSIONS = {".bmp", ".gif", ".jpeg", ".jpg", ".png", ".ppm", ".tif", ".tiff", ".webp"}


@dataclass(frozen=True)
class ImageSource:
    """Images to draw from.

    take: indices and a side (None: as they are) to float32 ``(n, 3, H, W)``, resized by area; labels: of all
    images, or None; count: how many there are; mean, std: constants of the three channels, in the images' unit.
    """

    take: Callable[[np.ndarray, int | None], npt.NDArray[np.float32]]
    count: int
    labels: np.ndarray | None = None
    mean: npt.ArrayLike = IMAGENET_MEAN
    std: npt.ArrayLike = IMAGENET_STD

    def select(self, indices: np.ndarray, labels: np.ndarray) -> ImageSource:
        """The images at ``indices``, with other ``labels``."""
        return ImageSource(lambda i, side: self.take(indices[i], side), len(indices), labels, self.mean, self.std)


Fit = Callable[[Image.Image, int], Image.Image]


def fit_by_area(image: Image.Image, side: int) -> Image.Image:
    """The central square, resized by area."""
    return ImageOps.fit(image, (side, side), Image.Resampling.BOX)


def fit_as_imagenet(image: Image.Image, side: int) -> Image.Image:
    """The central 7/8 of the central square, resized bilinearly: for 224, Resize(256) and CenterCrop(224)."""
    return ImageOps.fit(image, (side, side), Image.Resampling.BILINEAR, bleed=1 / 16)


def open_images(path: Path, *, part: str = "", fit: Fit = fit_by_area) -> ImageSource:
    """The images of an ``.npz``, a folder or a tar, as :func:`naswotlib.load_images` describes them.

    ``part``: only those below a folder of that name; ``fit``: how an image gets a side. Raises FileNotFoundError, or
    ValueError where the file is none of these.
    """
    if path.is_dir():
        names = sorted(file.relative_to(path) for file in path.rglob("*") if _is_image(file, part))
        return _encoded(path, names, lambda i: [(path / names[k]).read_bytes() for k in i], fit)
    if not path.exists():
        raise FileNotFoundError(f"source: {path} does not exist; expected an .npz, a folder or a tar of images")
    check_regular(path)
    if zipfile.is_zipfile(path):
        return _npz(path)
    if is_tar(path):
        return _tar(path, part, fit)
    raise ValueError(
        f"source: {path} is no .npz, folder or tar of images; a broken download begins like one: fetch it again"
    )


def _npz(path: Path) -> ImageSource:
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: np.asarray(file[name]) for name in file.files}
    except (ValueError, MemoryError, zipfile.BadZipFile, NotImplementedError, *DAMAGED) as error:
        raise ValueError(
            f"source: {path} cannot be read as .npz ({error}); expected arrays without pickled objects"
        ) from error
    shape = tuple(arrays["images"].shape) if "images" in arrays else ()
    if len(shape) != 4 or 3 not in (shape[1], shape[3]):
        raise ValueError(f"source: {path} has images of shape {shape}; expected (n, H, W, 3) or (n, 3, H, W)")
    images, labels = arrays["images"], arrays.get("labels")
    if shape[3] == 3:
        images = images.transpose(0, 3, 1, 2)
    if labels is not None and labels.shape != (len(images),):
        raise ValueError(f"source: {path} has labels of shape {labels.shape} for {len(images)} images")
    mean, std = (IMAGENET_MEAN, IMAGENET_STD) if images.dtype == np.uint8 else (0.0, 1.0)
    return from_array(images, labels, arrays.get("mean", mean), arrays.get("std", std))


def from_array(images: np.ndarray, labels: np.ndarray | None, mean: npt.ArrayLike, std: npt.ArrayLike) -> ImageSource:
    """Images that are an array ``(n, 3, H, W)``."""

    def take(indices: np.ndarray, side: int | None) -> npt.NDArray[np.float32]:
        pixels: npt.NDArray[np.float32] = images[indices].astype(np.float32)
        if side is None or pixels.shape[2:] == (side, side):
            return pixels
        return F.interpolate(torch.from_numpy(pixels), (side, side), mode="area").numpy()

    return ImageSource(take, len(images), labels, mean, std)


def _is_image(path: Path, part: str) -> bool:
    return path.suffix.lower() in _EXTENSIONS and (not part or part in path.parts)


def _tar(path: Path, part: str, fit: Fit) -> ImageSource:
    with open_tar(path) as tar:
        members = [m for m in tar if m.isfile() and _is_image(Path(m.name), part)]
    members.sort(key=lambda member: member.name)

    def read(indices: np.ndarray) -> list[bytes]:
        with open_tar(path) as tar:
            files = [tar.extractfile(members[i]) for i in indices]  # by its place in the archive: nothing is unpacked
            return [file.read() for file in files if file is not None]

    return _encoded(path, [Path(member.name) for member in members], read, fit)


def _encoded(path: Path, names: Sequence[Path], read: Callable[[np.ndarray], list[bytes]], fit: Fit) -> ImageSource:
    """Images in files called ``names``; those in folders are labelled by the number of their folder's name."""
    if not names:
        raise ValueError(f"source: {path} holds no image; looked for {', '.join(sorted(_EXTENSIONS))}")
    folders = [name.parent.name for name in names]
    labels = np.unique(folders, return_inverse=True)[1] if all(folders) else None

    def take(indices: np.ndarray, side: int | None) -> npt.NDArray[np.float32]:
        images, pixels = [], 0
        for index, data in zip(indices, read(indices), strict=True):
            try:
                with warnings.catch_warnings():  # of large images, which are refused below
                    warnings.simplefilter("ignore", Image.DecompressionBombWarning)
                    opened = Image.open(BytesIO(data))
                pixels += math.prod(opened.size) if side is None else 0
                _check_pixels(f"source: {names[index]} in {path}", math.prod(opened.size), pixels)
                image = opened.convert("RGB")
            except (UnidentifiedImageError, Image.DecompressionBombError, OSError, SyntaxError, struct.error) as error:
                raise ValueError(f"source: {names[index]} in {path} is no readable image ({error})") from error
            images.append(image if side is None else fit(image, side))
        sizes = {image.size for image in images}
        if len(sizes) > 1:
            raise ValueError(
                f"side: the images of {path} have {len(sizes)} sizes, such as {sizes.pop()}; give one side"
            )
        return np.stack([np.asarray(image, np.float32) for image in images]).transpose(0, 3, 1, 2)

    return ImageSource(take, len(names), labels)


def _check_pixels(what: str, of_one: int, of_all: int) -> None:
    """ValueError where an image, or all that are not made smaller, would take gigabytes."""
    if of_one > _LARGEST_IMAGE:
        raise ValueError(f"{what} has {of_one / 1e6:.0f} million pixels; expected at most {_LARGEST_IMAGE / 1e6:.0f}")
    if of_all > 2 * _LARGEST_IMAGE:
        raise ValueError(f"{what} and those before it have {of_all / 1e6:.0f} million pixels as they are; give a side")


def open_batches(path: Path, batches: Sequence[str], label: str) -> ImageSource:
    """The images of pickled batches, as CIFAR and ImageNet16 are published: a folder of them, or its tar.

    A batch is a dictionary: ``data`` of bytes ``(n, 3·side²)``, the planes red, green and blue, and the list ``label``.
    The pickles are read, not run. ValueError names the batch that is missing or not in order.
    """
    found = []
    for name, data in zip(batches, _read_batches(path, batches), strict=True):
        batch = load_pickle(BytesIO(data), f"{path}/{name}", ARRAYS)
        try:
            pixels, labels = batch["data"].value, np.asarray(batch[label], np.int64)
            side = math.isqrt(pixels.shape[1] // 3)
            found.append((pixels.reshape(len(labels), 3, side, side), labels))
        except (KeyError, TypeError, AttributeError, IndexError, ValueError) as error:
            raise ValueError(
                f"source: {path}/{name} is no batch of images with {label} ({error!r}); fetch it again"
            ) from error
    images, labels = (np.concatenate(arrays) for arrays in zip(*found, strict=True))
    return from_array(images, labels, 0.0, 1.0)


def _read_batches(path: Path, batches: Sequence[str]) -> Iterator[bytes]:
    files: dict[str, Any]
    with nullcontext() if path.is_dir() else open_tar(path) as tar:
        if tar is None:
            files = {file.name: file for file in path.iterdir() if file.is_file()}
        else:
            files = {Path(m.name).name: m for m in tar if m.isfile() and m.size <= _LARGEST_BATCH}
        if missing := [name for name in batches if name not in files]:
            raise ValueError(f"source: {path} lacks {', '.join(missing)}; fetch it again with `naswot data fetch`")
        for name in batches:
            yield files[name].read_bytes() if tar is None else tar.extractfile(files[name]).read()  # type: ignore[union-attr]
