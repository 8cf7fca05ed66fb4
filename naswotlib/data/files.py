"""Files that are written whole or not at all, and archives that are read whole or not at all."""

from __future__ import annotations

import lzma
import os
import tarfile
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO


@contextmanager
def write_whole(path: Path) -> Iterator[IO[bytes]]:
    """A file to write that appears at ``path`` only when it is complete (temporary file, fsync, rename).

    If the block raises or the process dies, what stood at ``path`` stays as it was.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    try:
        os.close(handle)
        with Path(temporary).open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        umask = os.umask(0)
        os.umask(umask)
        Path(temporary).chmod(0o666 & ~umask)  # mkstemp makes private files
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


DAMAGED = (tarfile.TarError, EOFError, zlib.error, lzma.LZMAError, OSError)  # what a reader of a bad archive raises


class _Header(tarfile.TarInfo):
    """A header of an archive. Python takes the end of a file, or a bad header, for the end of the archive."""

    @classmethod
    def fromtarfile(cls, tarfile_: tarfile.TarFile) -> _Header:
        try:
            return super().fromtarfile(tarfile_)
        except (tarfile.EmptyHeaderError, tarfile.TruncatedHeaderError, tarfile.InvalidHeaderError) as error:  # type: ignore[attr-defined]
            raise tarfile.ReadError(f"no end of the archive after {tarfile_.offset:,} bytes") from error


def is_tar(path: Path) -> bool:
    """Whether a file is a tar, maybe compressed, also one that is cut off."""
    try:
        return tarfile.is_tarfile(path)
    except DAMAGED:
        return True


@contextmanager
def open_tar(path: Path) -> Iterator[tarfile.TarFile]:
    """A tar to read; ValueError, inside the block or before, where it is cut off or damaged."""
    try:
        with tarfile.open(path, tarinfo=_Header) as tar:
            yield tar
    except DAMAGED as error:
        raise ValueError(f"{path}: cut off or damaged ({error}); fetch it again") from error


def check_regular(path: Path) -> None:
    """FileNotFoundError or ValueError unless ``path`` is a folder or a file with an end."""
    if not path.exists():
        raise FileNotFoundError(f"{path} does not exist")
    if not path.is_file() and not path.is_dir():
        raise ValueError(f"{path} is neither a file nor a folder, but a device or the like")
