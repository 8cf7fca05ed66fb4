"""Mini-batches are normalised, determined by source, n and seed, and refused with a reason."""

import io
import pickle
import tarfile

import numpy as np
import pytest
import skimage.data
import torch
from PIL import Image
from torchvision import transforms

from naswotlib.data.images import DATASETS, PHOTOS, load_images, photograph
from support.published import python2_pickle


@pytest.fixture
def pixels():
    return np.random.default_rng(0).integers(0, 256, (12, 8, 8, 3), dtype=np.uint8)


def save_npz(folder, **arrays):
    np.savez(folder / "images.npz", **arrays)
    return folder / "images.npz"


def save_folder(folder, pixels):
    """Images 0 to 5 in class folder cat, 6 to 11 in class folder dog."""
    for i, image in enumerate(pixels):
        path = folder / ("cat" if i < 6 else "dog") / f"{i:02d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(path)
    return folder


@pytest.mark.parametrize("source", ["noise", "photos"])
def test_source_and_seed_determine_the_mini_batch_and_a_smaller_one_begins_a_larger_one(source):
    images = load_images(source, 12, seed=4)
    assert images.shape == (12, 3, 32, 32)
    assert images.dtype == torch.float32
    assert images.is_contiguous()
    assert torch.equal(images, load_images(source, 12, seed=4))
    assert torch.equal(images[:5], load_images(source, 5, seed=4))
    assert not torch.equal(images, load_images(source, 12, seed=5))


@pytest.mark.parametrize("name", PHOTOS)
def test_a_photograph_is_what_scikit_image_gives(name):
    assert (photograph(name) == getattr(skimage.data, name)()).all()


def test_a_mini_batch_beyond_the_memory_of_the_machine_is_refused_at_once():
    with pytest.raises(ValueError, match=r"n, side, channels: 100,000 images of 3 x 4000 x 4000 take about 57,600 GB"):
        load_images("photos", 100_000, seed=0, side=4000)


def test_noise_takes_no_constants():
    with pytest.raises(ValueError, match="mean, std: noise is standard normal as it is, and takes none"):
        load_images("noise", 4, seed=0, std=(2.0,))


def test_global_random_state_is_neither_used_nor_changed(tmp_path, pixels):
    path = save_npz(tmp_path, images=pixels)
    torch.manual_seed(0)
    before = torch.get_rng_state(), str(np.random.get_state())  # noqa: NPY002
    batches = [load_images(source, 4, seed=1, augment=source == path) for source in ("noise", "photos", path)]
    assert torch.equal(torch.get_rng_state(), before[0])
    assert str(np.random.get_state()) == before[1]  # noqa: NPY002
    torch.manual_seed(1)
    for source, batch in zip(("noise", "photos", path), batches, strict=True):
        assert torch.equal(batch, load_images(source, 4, seed=1, augment=source == path))


def test_noise_is_standard_normal():
    noise = load_images("noise", 256, seed=0, side=16)
    assert noise.shape == (256, 3, 16, 16)
    assert abs(noise.mean().item()) < 0.01
    assert abs(noise.std().item() - 1) < 0.01


def test_photos_are_different_crops_of_every_photograph_labelled_by_it():
    images, labels = load_images("photos", 64, seed=0, with_labels=True)
    assert set(labels.tolist()) == set(range(len(PHOTOS)))
    assert len(torch.unique(images.flatten(1), dim=0)) == 64
    assert images.flatten(1).std(1).min() > 0.05  # no crop is flat


def test_drawing_is_without_replacement_and_labels_stay_with_their_images(tmp_path, pixels):
    path = save_npz(tmp_path, images=pixels, labels=np.arange(12), mean=0.0, std=1.0)
    images, labels = load_images(path, 12, seed=3, with_labels=True)
    assert sorted(labels.tolist()) == list(range(12))
    assert labels.dtype == torch.int64
    assert np.array_equal(images.permute(0, 2, 3, 1).numpy(), pixels[labels.numpy()])


def test_channels_first_and_channels_last_npz_are_the_same_images(tmp_path, pixels):
    last = load_images(save_npz(tmp_path, images=pixels), 6, seed=0)
    first = load_images(save_npz(tmp_path, images=pixels.transpose(0, 3, 1, 2)), 6, seed=0)
    assert torch.equal(last, first)


def test_constants_of_an_npz_normalise_it_and_floats_without_constants_are_left_alone(tmp_path):
    images = np.random.default_rng(0).random((5, 3, 4, 4), np.float32)
    path = save_npz(tmp_path, images=images, labels=np.arange(5))
    plain, labels = load_images(path, 5, seed=0, with_labels=True)
    assert np.array_equal(plain.numpy(), images[labels.numpy()])
    mean, std = np.array([0.5, 0.25, 0.0], np.float32), np.array([1.0, 0.5, 2.0], np.float32)
    normalised = load_images(save_npz(tmp_path, images=images, mean=mean, std=std), 5, seed=0)
    torch.testing.assert_close(normalised, torch.from_numpy((plain.numpy() - mean[:, None, None]) / std[:, None, None]))


@pytest.mark.parametrize("name", DATASETS)
def test_data_sets_are_normalised_by_the_constants_of_the_paper(tmp_path, name, pixels):
    labels = np.arange(1, 13)
    np.savez(tmp_path / DATASETS[name].files[-1], images=pixels, labels=labels)
    images, drawn = load_images(name, 12, seed=0, data_dir=tmp_path, with_labels=True)
    mean, std = (np.array(c)[:, None, None] for c in (DATASETS[name].mean, DATASETS[name].std))
    offset = 1 if "imagenet" not in name else 0  # ImageNet16 labels count from 1
    back = (images.numpy() * std + mean).transpose(0, 2, 3, 1)
    np.testing.assert_allclose(back, pixels[drawn.numpy() - offset], atol=1e-3)


def test_imagenet16_120_keeps_labels_1_to_120_and_counts_them_from_0(tmp_path, pixels):
    np.savez(tmp_path / "minibatches-imagenet16.npz", images=pixels, labels=np.arange(111, 123))
    _, labels = load_images("imagenet16-120", 10, seed=0, data_dir=tmp_path, with_labels=True)
    assert sorted(labels.tolist()) == list(range(110, 120))
    with pytest.raises(ValueError, match="n: imagenet16-120 has 10 images, fewer than the 11"):
        load_images("imagenet16-120", 11, seed=0, data_dir=tmp_path)


def save_batches(folder, names, label, side, offset=0):
    """Batches of three images as Python 2 pickled them; the pixels and labels of all."""
    folder.mkdir(parents=True)
    data = np.random.default_rng(5).integers(0, 256, (3 * len(names), 3 * side * side), dtype=np.uint8)
    labels = [(7 * i) % 100 + offset for i in range(len(data))]
    for i, name in enumerate(names):
        part = slice(3 * i, 3 * i + 3)
        batch = {"data": data[part], label: labels[part], "filenames": [f"{k}.png" for k in range(3)]}
        (folder / name).write_bytes(python2_pickle(batch) if i % 2 == 0 else pickle.dumps(batch, 2))
    return data.reshape(-1, 3, side, side), np.array(labels)


@pytest.mark.parametrize(
    "name, folder, batches, label, side, offset",
    [
        ("cifar10", "cifar-10-batches-py", [f"data_batch_{i}" for i in range(1, 6)], "labels", 32, 0),
        ("cifar100", "cifar-100-python", ["train"], "fine_labels", 32, 0),
        ("imagenet16-120", "ImageNet16", [f"train_data_batch_{i}" for i in range(1, 11)], "labels", 16, 60),
        ("imagenet16", "ImageNet16", [f"train_data_batch_{i}" for i in range(1, 11)], "labels", 16, 60),
    ],
)
def test_published_pickles_give_their_training_images_in_order(tmp_path, name, folder, batches, label, side, offset):
    pixels, labels = save_batches(tmp_path / folder, batches, label, side, offset)
    save_batches(tmp_path / "other", ["test_batch", "test", "val_data"], label, side)
    kept = np.flatnonzero(labels <= (DATASETS[name].classes or 999))
    assert len(kept) < len(labels) or name != "imagenet16-120"
    images, found = load_images(name, len(kept), seed=0, data_dir=tmp_path, with_labels=True)
    order = kept[np.random.default_rng(0).permutation(len(kept))]
    assert found.tolist() == (labels[order] - (1 if offset else 0)).tolist()
    mean, std = (np.array(c)[:, None, None] for c in (DATASETS[name].mean, DATASETS[name].std))
    np.testing.assert_allclose(images.numpy() * std + mean, pixels[order], atol=1e-3)


def test_the_archive_of_cifar_is_read_as_its_folder_is(tmp_path):
    names = [f"data_batch_{i}" for i in range(1, 6)]
    save_batches(tmp_path / "a" / "cifar-10-batches-py", names, "labels", 32)
    (tmp_path / "b").mkdir()
    with tarfile.open(tmp_path / "b" / "cifar-10-python.tar.gz", "w:gz") as tar:
        tar.add(tmp_path / "a" / "cifar-10-batches-py", "cifar-10-batches-py")
    results = [load_images("cifar10", 15, seed=1, data_dir=tmp_path / d, with_labels=True) for d in "ab"]
    assert torch.equal(results[0][0], results[1][0])
    assert torch.equal(results[0][1], results[1][1])


def test_batches_that_are_missing_or_not_in_order_are_refused_by_name(tmp_path):
    folder = tmp_path / "cifar-100-python"
    save_batches(folder, ["train"], "labels", 32)
    with pytest.raises(ValueError, match=r"cifar-100-python/train is no batch of images with fine_labels"):
        load_images("cifar100", 1, seed=0, data_dir=tmp_path)
    (folder / "train").write_bytes((folder / "train").read_bytes()[:-100])
    with pytest.raises(ValueError, match=r"cifar-100-python/train: this pickle cannot be read"):
        load_images("cifar100", 1, seed=0, data_dir=tmp_path)
    (folder / "train").rename(folder / "test")
    with pytest.raises(ValueError, match=r"cifar-100-python lacks train; fetch it again with `naswot data fetch`"):
        load_images("cifar100", 1, seed=0, data_dir=tmp_path)


def test_imagenette_is_resized_and_cropped_as_torchvision_does_for_the_paper(tmp_path):
    rng, sizes = np.random.default_rng(0), {"n01440764": (400, 320), "n02102040": (331, 500)}
    for part in ("train", "val"):
        for wnid, (width, height) in sizes.items():
            path = tmp_path / "imagenette2-320" / part / wnid / f"{part}.JPEG"
            path.parent.mkdir(parents=True)
            smooth = Image.fromarray(rng.integers(0, 256, (9, 9, 3), dtype=np.uint8)).resize((width, height), 3)
            (smooth.convert("L") if wnid == "n02102040" else smooth).save(path, "JPEG")
    images, labels = load_images("imagenette", 2, seed=0, data_dir=tmp_path, with_labels=True)
    assert images.shape == (2, 3, 224, 224)
    assert sorted(labels.tolist()) == [0, 1]
    prepare = transforms.Compose([transforms.Resize(256), transforms.CenterCrop(224), transforms.ToTensor()])
    for image, label in zip(images, labels.tolist(), strict=True):
        file = tmp_path / "imagenette2-320" / "train" / sorted(sizes)[label] / "train.JPEG"
        expected = prepare(Image.open(file).convert("RGB")) * 255
        back = image * torch.tensor([58.395, 57.12, 57.375])[:, None, None]
        back += torch.tensor([123.675, 116.28, 103.53])[:, None, None]
        assert (back - expected).abs().mean() < 1.0  # grey levels: the crop may differ by a fraction of a pixel
    with tarfile.open(tmp_path / "imagenette2-320.tgz", "w:gz") as tar:
        tar.add(tmp_path / "imagenette2-320", "imagenette2-320")
    (tmp_path / "imagenette2-320").rename(tmp_path / "away")
    assert torch.equal(load_images("imagenette", 2, seed=0, data_dir=tmp_path), images)
    assert load_images("imagenette", 2, seed=0, data_dir=tmp_path, side=64).shape == (2, 3, 64, 64)


def test_side_of_half_the_image_is_the_mean_of_2x2_pixels(tmp_path, pixels):
    path = save_npz(tmp_path, images=pixels, mean=0.0, std=1.0)
    full, half = load_images(path, 7, seed=1), load_images(path, 7, seed=1, side=4)
    torch.testing.assert_close(half, full.reshape(7, 3, 4, 2, 4, 2).mean((3, 5)))


def test_augmentation_is_a_flip_or_not_and_a_crop_after_padding_by_an_eighth(tmp_path, pixels):
    path = save_npz(tmp_path, images=pixels + np.uint8(pixels < 255), mean=0.0, std=1.0)  # no pixel is 0: 0 is padding
    plain, augmented = load_images(path, 12, seed=2), load_images(path, 12, seed=2, augment=True)
    found = set()
    for image, result in zip(plain, augmented, strict=True):
        padded = {flip: torch.nn.functional.pad(image.flip(2) if flip else image, (1, 1, 1, 1)) for flip in (0, 1)}
        ways = [(f, t, s) for f in (0, 1) for t in range(3) for s in range(3)]
        [way] = [(f, t, s) for f, t, s in ways if torch.equal(padded[f][:, t : t + 8, s : s + 8], result)]
        found.add(way)
    assert {flip for flip, _, _ in found} == {0, 1}
    assert len(found) > 4


def test_folder_and_tar_give_the_same_images_labelled_by_their_folder(tmp_path, pixels):
    folder = save_folder(tmp_path / "images", pixels)
    with tarfile.open(tmp_path / "images.tar.gz", "w:gz") as tar:
        tar.add(folder, "images")
    images, labels = load_images(folder, 12, seed=0, with_labels=True)
    same, same_labels = load_images(str(tmp_path / "images.tar.gz"), 12, seed=0, with_labels=True)
    assert torch.equal(images, same)
    assert torch.equal(labels, same_labels)
    assert labels.bincount().tolist() == [6, 6]
    chosen = np.random.default_rng(0).permutation(12)
    assert labels.tolist() == (chosen >= 6).tolist()
    mean, std = np.array([123.675, 116.28, 103.53]), np.array([58.395, 57.12, 57.375])
    np.testing.assert_allclose(images.permute(0, 2, 3, 1).numpy() * std + mean, pixels[chosen], atol=1e-3)


def test_images_of_different_sizes_need_a_side_and_grey_ones_become_colour(tmp_path, pixels):
    for name, size in [("a.png", (20, 30)), ("b.png", (40, 25))]:
        Image.fromarray(np.full(size, 77, np.uint8)).save(tmp_path / name)
    with pytest.raises(ValueError, match=r"side: the images of .* have 2 sizes"):
        load_images(tmp_path, 2, seed=0)
    assert load_images(tmp_path, 2, seed=0, side=16).shape == (2, 3, 16, 16)
    with pytest.raises(ValueError, match=r"with_labels: .* has no labels"):
        load_images(tmp_path, 2, seed=0, side=16, with_labels=True)


def test_errors_name_the_argument_the_value_and_what_is_expected(tmp_path, pixels, monkeypatch):
    monkeypatch.setenv("NASWOTLIB_DATA", str(tmp_path))
    for match, call in [
        (r"n: expected at least 1, got 0", lambda: load_images("noise", 0, seed=0)),
        (r"side: expected at least 1, got -2", lambda: load_images("noise", 2, seed=0, side=-2)),
        (r"with_labels: noise has no labels", lambda: load_images("noise", 2, seed=0, with_labels=True)),
        (r"n: .*images.npz has 12 images", lambda: load_images(save_npz(tmp_path, images=pixels), 13, seed=0)),
        (r"shape \(12, 8, 8\); expected", lambda: load_images(save_npz(tmp_path, images=pixels[..., 0]), 1, seed=0)),
        (r"shape \(\); expected", lambda: load_images(save_npz(tmp_path, x=pixels), 1, seed=0)),
        (
            r"labels of shape \(3,\)",
            lambda: load_images(save_npz(tmp_path, images=pixels, labels=[1, 2, 3]), 1, seed=0),
        ),
    ]:
        with pytest.raises(ValueError, match=match):
            call()
    with pytest.raises(FileNotFoundError, match=r"'cifar11' is not one of cifar10, cifar100, .*, noise, photos"):
        load_images("cifar11", 4, seed=0)
    with pytest.raises(FileNotFoundError, match=rf"'cifar10'.*minibatches-cifar10.npz in {tmp_path}.*naswot data list"):
        load_images("cifar10", 4, seed=0)


def test_broken_and_hostile_files_are_refused_by_name(tmp_path, pixels):
    whole = save_npz(tmp_path, images=pixels).read_bytes()
    (tmp_path / "cut.npz").write_bytes(whole[:200])
    (tmp_path / "pickled.npz").write_bytes(b"")
    np.savez(tmp_path / "pickled.npz", images=np.array([{}], object))
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "x.png").write_bytes(b"<html>quota exceeded</html>")
    (tmp_path / "empty").mkdir()
    for name, match in [
        ("cut.npz", "cut.npz is no .npz, folder or tar"),
        ("pickled.npz", "pickled.npz cannot be read as .npz"),
        ("bad", "x.png in .*bad is no readable image"),
        ("empty", "empty holds no image"),
    ]:
        with pytest.raises(ValueError, match=match):
            load_images(tmp_path / name, 1, seed=0)


def test_links_in_a_tar_are_not_followed(tmp_path):
    Image.fromarray(np.zeros((4, 4, 3), np.uint8)).save(tmp_path / "outside.png")
    with tarfile.open(tmp_path / "t.tar", "w") as tar:
        link = tarfile.TarInfo("link.png")
        link.type, link.linkname = tarfile.SYMTYPE, str(tmp_path / "outside.png")
        tar.addfile(link)
    with pytest.raises(ValueError, match="holds no image"):
        load_images(tmp_path / "t.tar", 1, seed=0)
    with tarfile.open(tmp_path / "t.tar", "a") as tar:
        data = (tmp_path / "outside.png").read_bytes()
        inside = tarfile.TarInfo("../escape.png")
        inside.size = len(data)
        tar.addfile(inside, io.BytesIO(data))
    assert load_images(tmp_path / "t.tar", 1, seed=0).shape == (1, 3, 4, 4)
    assert not (tmp_path.parent / "escape.png").exists()


def test_real_mini_batches_are_centred_by_the_constants_of_their_data_set(data_dir):
    for name, count, side in [("cifar10", 128, 32), ("cifar100", 128, 32), ("imagenet16-120", 106, 16)]:
        images, labels = load_images(name, count, seed=0, data_dir=data_dir, with_labels=True)
        assert images.shape == (count, 3, side, side)
        assert abs(images.mean().item()) < 0.4  # crops are padded with black
        assert 0.8 < images.std().item() < 1.3
        assert 0 <= labels.min() <= labels.max() < {"cifar10": 10, "cifar100": 100, "imagenet16-120": 120}[name]
