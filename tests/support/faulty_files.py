"""Files that are damaged, cut off, endless or of another kind, as a command may be given them."""

from __future__ import annotations

import gzip
import io
import lzma
import pickle
import struct
import tarfile
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

MODULE = """
from torch import nn
def make(): return nn.Sequential(nn.Flatten(), nn.Linear(192, 16), nn.ReLU(), nn.Linear(16, 10))
def fails(): return 1 / 0
def shape(): return nn.Linear(7, 3)
def needs(a): return a
def wrong(): return 5
def leaves(): raise SystemExit(0)
def gelu(): return nn.Sequential(nn.Flatten(), nn.Linear(192, 16), nn.GELU())
class Bad(nn.Module):
    def forward(self, x): raise KeyError("x")
def double(): return nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU()).double()
def talks():
    print("made")
    return Talks(nn.Flatten(), nn.Linear(192, 16), nn.ReLU())
class Talks(nn.Sequential):
    def forward(self, x):
        print("called")
        return super().forward(x)
network = make()
"""


def png(width: int, height: int, pixels: bytes = b"\0") -> bytes:
    """A picture whose header says so large a size."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = [(b"IHDR", header), (b"IDAT", zlib.compress(pixels)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(kind, data) for kind, data in parts)


def picture(seed: int) -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.random.default_rng(seed).integers(0, 255, (8, 8, 3), dtype=np.uint8)).save(file, "PNG")
    return file.getvalue()


def tar(count: int = 4) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        for i in range(count):
            info, data = tarfile.TarInfo(f"cat/{i}.png"), picture(i)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return file.getvalue()


def flipped(data: bytes, at: float) -> bytes:
    place = int(at * len(data))
    return data[:place] + bytes([data[place] ^ 255]) + data[place + 1 :]


def npz(**members: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return file.getvalue()


def npy_header(shape: tuple[int, ...]) -> bytes:
    text = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}".encode().ljust(117) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text


def huge_number_pth() -> bytes:
    """A .pth of NAS-Bench-201 with an accuracy of 10 to the 400."""
    run = {"params": 1, "flop": 1, "train_acc1es": {11: 10**400}, "train_times": {}, "eval_names": []}
    state = {"arch_str": "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|", "all_results": {("cifar10", 777): run}}
    parts = (119547037146038801333356, 1001, {}, {"arch2infos": {0: {"less": state}}})
    return b"".join(pickle.dumps(part, protocol=2) for part in parts)


def write_faulty(folder: Path) -> list[str]:
    """Write all of them; returns their names."""
    csv = b"arch,cifar10_test_5ep\n" + b"a,90\n" * 999 + bytes(range(256))
    parquet = io.BytesIO()
    pq.write_table(pa.table({"x": [1]}), parquet)
    files = {
        "good.tar": tar(),
        "cut.tar": tar()[:1800],
        "cut.tar.gz": gzip.compress(tar())[:200],
        "damaged.tar.gz": flipped(gzip.compress(tar()), 0.5),
        "cut.tar.xz": lzma.compress(tar())[:200],
        "damaged.tar.xz": flipped(lzma.compress(tar()), 0.5),
        "cut.csv.gz": gzip.compress(csv)[:60],
        "damaged.csv.gz": flipped(gzip.compress(csv), 0.5),
        "text.npz": npz(images=b"hello"),
        "huge.npz": npz(**{"images.npy": npy_header((2**51, 1, 1, 3))}),
        "number.pth": huge_number_pth(),
        "bad.tfrecord": bytes(12) + b'["' + bytes(40),
        "other.parquet": parquet.getvalue(),
        "cut.parquet": parquet.getvalue()[:80],
        "archs.txt": "\ufeff|none~0|+|none~0|none~1|+|none~0|none~1|none~2|\n".encode(),
        "empty.txt": b"\n",
        "binary.txt": bytes(range(256)),
        "good.csv": b"arch,cifar10_test_5ep\n|none~0|+|none~0|none~1|+|none~0|none~1|none~2|,90\n",
        "nasbench201.csv": b"arch,cifar10_test_5ep\nrubbish,90\n",
        "list.json": b"[[[[[",
        "deep.json": b"[" * 100_000,
        "mynets.py": MODULE.encode(),
        "broken.py": b"import nothere\n",
        "unfinished.py": b"def (:\n",
        "manifest/_manifest.json": b"{}",
        "parts/part-000000.parquet": b"PAR1",
        "bomb/0.png": png(60_000, 60_000),
        "bomb/1.png": png(60_000, 60_000),
        "large/0.png": png(13_000, 13_000),
        "large/1.png": png(13_000, 13_000),
        "cut/0.png": picture(0)[:60],
        "cut/1.png": picture(1),
        "mixed/0.png": picture(0),
        "mixed/1.png": png(4, 4, b"\0" * 13 * 4),
    }
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return [*files, "manifest", "parts", "bomb", "large", "cut", "mixed", "nowhere", "/dev/zero", "/dev/null", "."]
