"""Small stand-ins for CIFAR-10: images that are easy to tell apart, and files of the published forms."""

from __future__ import annotations

import pickle
import tarfile
from io import BytesIO

import numpy as np
from PIL import Image

from naswotlib.training.images import TrainingImages

CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")


def easy_images(n: int = 160) -> TrainingImages:
    """Ten classes told apart by the brightness of the image, with a little noise."""
    rng = np.random.default_rng(0)

    def split(count: int) -> tuple[np.ndarray, np.ndarray]:
        labels = np.arange(count) % 10
        pixels = 100 * labels[:, None, None, None] + rng.integers(0, 20, (count, 3, 8, 8))
        return pixels.astype(np.uint16), labels

    return TrainingImages(split(n), split(40), split(40), "bright squares")


def draw(count):
    """``count`` images of each class, the classes in turn."""
    pixels = np.random.default_rng(count).integers(0, 256, (10 * count, 3, 32, 32), dtype=np.uint8)
    return pixels, np.arange(10 * count) % 10


def save_published(folder, train, test):
    folder.mkdir(parents=True)
    parts = zip(np.array_split(train[0], 5), np.array_split(train[1], 5), strict=True)
    batches = {f"data_batch_{i}": part for i, part in enumerate(parts, 1)} | {"test_batch": test}
    for name, (pixels, labels) in batches.items():
        batch = {"data": pixels.reshape(len(pixels), -1), "labels": labels.tolist()}
        (folder / name).write_bytes(pickle.dumps(batch, 2))


def save_encoded(folder, train, test):
    """As a tar of a split, a folder of a class; PNG under the name, so that no pixel changes."""
    for split, (pixels, labels) in (("train", train), ("test", test)):
        with tarfile.open(folder / f"cifar10-jpeg-{split}.tar", "w") as tar:
            for number, (image, label) in enumerate(zip(pixels, labels, strict=True)):
                file = BytesIO()
                Image.fromarray(image.transpose(1, 2, 0)).save(file, "PNG")
                member = tarfile.TarInfo(f"{split}/{CLASSES[label]}/{number:04d}.jpg")
                member.size = file.tell()
                file.seek(0)
                tar.addfile(member, file)
