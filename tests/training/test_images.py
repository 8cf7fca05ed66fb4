"""CIFAR-10 to train on: the same arrays from every form of its files, split by class, and refused with a reason."""

import tarfile

import numpy as np
import pytest

from naswotlib.training.images import load_training_images
from support.cifar import draw, save_encoded, save_published


@pytest.fixture
def images(tmp_path):
    train, test = draw(10), draw(2)
    save_published(tmp_path / "folder" / "cifar-10-batches-py", train, test)
    for name in ("archive", "encoded"):
        (tmp_path / name).mkdir()
    with tarfile.open(tmp_path / "archive" / "cifar-10-python.tar.gz", "w:gz") as tar:
        tar.add(tmp_path / "folder" / "cifar-10-batches-py", "cifar-10-batches-py")
    save_encoded(tmp_path / "encoded", train, test)
    return train, test


def test_the_first_four_fifths_of_each_class_train_and_pixels_are_sums_over_2x2(tmp_path, images):
    (pixels, labels), (test_pixels, _) = images
    found = load_training_images(tmp_path / "folder")
    sums = pixels.astype(int).reshape(100, 3, 16, 2, 16, 2).sum((3, 5))
    for part, split in ((slice(8), found.train), (slice(8, None), found.validation)):
        np.testing.assert_array_equal(split[0], np.concatenate([sums[labels == c][part] for c in range(10)]))
        np.testing.assert_array_equal(split[1], np.repeat(np.arange(10), len(split[1]) // 10))
    assert (found.train[0].dtype, found.train[0].max() > 255) == (np.uint16, True)
    assert found.test[0].sum() == test_pixels.sum(dtype=int)
    assert found.origin == "CIFAR-10 as published, mean of 2×2 pixels; 8 training images a class, 2 validation"


@pytest.mark.parametrize("form", ["folder", "encoded"])
def test_whole_images_have_the_pixels_of_the_files_and_halves_are_their_sums(tmp_path, images, form):
    (pixels, labels), (test_pixels, test_labels) = images
    whole, half = (load_training_images(tmp_path / form, side) for side in (32, 16))
    train = np.concatenate([pixels[labels == c][:8] for c in range(10)])
    np.testing.assert_array_equal(whole.train[0], train)
    np.testing.assert_array_equal(whole.test[0], test_pixels[np.argsort(test_labels, kind="stable")])
    assert whole.train[0].dtype == np.uint8
    np.testing.assert_array_equal(half.train[0], train.astype(int).reshape(80, 3, 16, 2, 16, 2).sum((3, 5)))
    assert "2×2" not in whole.origin


def test_images_of_another_side_are_refused(tmp_path, images):
    with pytest.raises(ValueError, match="side: 8 is unknown; choose one of 16, 32"):
        load_training_images(tmp_path / "folder", 8)


@pytest.mark.parametrize("form", ["archive", "encoded"])
def test_every_form_of_the_files_gives_the_same_arrays_in_the_same_memory_order(tmp_path, images, form):
    found, expected = (load_training_images(tmp_path / name) for name in (form, "folder"))
    for split in ("train", "validation", "test"):
        for array, other in zip(getattr(found, split), getattr(expected, split), strict=True):
            np.testing.assert_array_equal(array, other)
            assert array.flags.c_contiguous  # sums over it round alike, see TrainingImages.tensors
    assert ("JPEG" in found.origin) == (form == "encoded")


def test_the_folder_may_be_named_by_the_environment(tmp_path, images, monkeypatch):
    monkeypatch.setenv("NASWOTLIB_DATA", str(tmp_path / "folder"))
    assert len(load_training_images(None).train[0]) == 80


def test_missing_images_name_every_file_that_would_do(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"none of cifar10-jpeg-train\.tar, cifar-10-batches-py, .*naswot data"):
        load_training_images(tmp_path)


def test_missing_test_images_are_named(tmp_path):
    save_encoded(tmp_path, draw(10), draw(2))
    (tmp_path / "cifar10-jpeg-test.tar").unlink()
    with pytest.raises(FileNotFoundError, match=r"cifar10-jpeg-test\.tar does not exist"):
        load_training_images(tmp_path)


@pytest.mark.parametrize(("lacking", "found"), [(1, "10 classes of 9 to 10"), (10, "9 classes of 10 to 10")])
def test_classes_that_lack_images_are_refused(tmp_path, lacking, found):
    train, test = draw(10), draw(2)
    kept = np.ones(100, bool)
    kept[np.flatnonzero(train[1] == 9)[:lacking]] = False
    save_published(tmp_path / "cifar-10-batches-py", tuple(array[kept] for array in train), test)
    with pytest.raises(ValueError, match=rf"data_dir: .* have {found} images"):
        load_training_images(tmp_path)
