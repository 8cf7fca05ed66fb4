"""The folder of benchmark tables and images, and downloads into it."""

from __future__ import annotations

import csv
import hashlib
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from filelock import FileLock

from naswotlib.data.files import write_whole
from naswotlib.errors import check_choice, import_extra, warn

ENVIRONMENT = "NASWOTLIB_DATA"


@dataclass(frozen=True)
class Remote:
    """A file that can be downloaded: a row of ``sources.tsv``.

    name: of what it belongs to; file: its path under the data folder; bytes: its size, None where unknown; digest:
    ``algorithm:hexadecimal`` or empty; evidence for it: ``verified`` (computed from the file), ``official`` (of its
    publisher), ``third-party`` (of others who had it) or empty; addresses: tried in turn.
    """

    name: str
    file: str
    bytes: int | None
    digest: str
    evidence: str
    licence: str
    page: str
    addresses: tuple[str, ...]


def _read_sources() -> dict[str, list[Remote]]:
    sources: dict[str, list[Remote]] = {}
    with Path(__file__).with_name("sources.tsv").open(newline="") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            size, addresses = int(row.pop("bytes") or 0) or None, tuple(row.pop("addresses").split())
            sources.setdefault(row["name"], []).append(Remote(**row, bytes=size, addresses=addresses))
    return sources


SOURCES = _read_sources()


def data_home(data_dir: str | Path | None = None) -> Path:
    """The folder of the data: ``data_dir``, else NASWOTLIB_DATA, else ``naswotlib`` in XDG_CACHE_HOME or ~/.cache."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / "naswotlib"
    return Path(data_dir or os.environ.get(ENVIRONMENT) or cache).expanduser()


def find_data(what: str, names: tuple[str, ...], data_dir: str | Path | None = None) -> Path:
    """The first of the files ``names`` that exists in :func:`data_home`; FileNotFoundError says how to get one."""
    home = data_home(data_dir)
    for name in names:
        if (home / name).exists():
            return home / name
    raise FileNotFoundError(
        f"{what}: found none of {', '.join(names)} in {home}; pass data_dir, or set {ENVIRONMENT}, to the folder "
        f"that holds one, or see `naswot data list` for what can be downloaded"
    )


def file_digest(path: Path, algorithm: str = "sha256") -> str:
    """The digest of a file, in hexadecimal; of a folder, that of the names and digests of the files in it."""
    if path.is_dir():
        lines = [f"{file.name} {file_digest(file, algorithm)}\n" for file in sorted(path.iterdir()) if file.is_file()]
        return hashlib.new(algorithm, "".join(lines).encode()).hexdigest()
    with path.open("rb") as file:
        return hashlib.file_digest(file, algorithm).hexdigest()


def fetch(
    name: str, *, data_dir: str | Path | None = None, folder: str | Path | None = None, progress: bool = False
) -> list[Path]:
    """The files of a source (``naswot data list``), downloaded into :func:`data_home` if not there.

    A file stands under its name only if it has the published size and digest; one without a published digest is
    believed at its first download, with a warning, and its sha256 kept beside it. ``folder``, of files brought by
    other means, takes the place of the addresses. Files that are there are not touched: see :func:`verify`.

    OSError says for each address what went wrong, and what to do. Safe to call from several processes.
    """
    check_choice("name", name, SOURCES)
    paths = [data_home(data_dir) / remote.file for remote in SOURCES[name]]
    for path, remote in zip(paths, SOURCES[name], strict=True):
        with only_writer(path):
            if not path.exists():
                addresses = [str(Path(folder).expanduser() / remote.file)] if folder is not None else remote.addresses
                fetch_file(path, remote, addresses, progress=progress, command="naswot data fetch")
    return paths


@contextmanager
def only_writer(path: Path) -> Iterator[None]:
    """Keep other processes from writing a file meanwhile, and remove what one that was killed left of it."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.with_name(f".{path.name}.lock").touch()
    except OSError as error:
        raise ValueError(
            f"data_dir, out: {path.parent} is no folder that can be written ({error.strerror}); choose another one"
        ) from error
    with FileLock(path.with_name(f".{path.name}.lock")):
        for stale in path.parent.glob(f".{path.name}.*.tmp"):
            stale.unlink()
        yield


def fetch_file(path: Path, remote: Remote, addresses: Iterable[str], *, progress: bool, command: str) -> None:
    """Write ``path`` whole from the first of ``addresses`` that has it as ``remote`` describes it.

    OSError says for each address what went wrong, and names the ``command`` that reads a folder instead; nothing is
    then at ``path`` that was not there.
    """
    problems = []
    for address in addresses:
        try:
            with write_whole(path) as file:
                download(address, file, progress=progress)
                file.flush()
                if problem := fault(Path(file.name), remote):
                    raise ValueError(problem)
        except (OSError, ValueError) as error:
            problems.append(f"{address}: {error}")
        else:
            break
    else:
        raise OSError(
            f"{path.name}: not fetched. {'; '.join(problems)}. Try again, or put the file there by other means: "
            f"{path.parent}, or a folder that `{command} --from FOLDER` reads"
        )
    if not remote.digest:
        digest = file_digest(path)
        with write_whole(_record(path)) as file:
            file.write(f"{digest}  {path.name}\n".encode())
        warn(f"{path}: nobody published its digest, so this download is believed; sha256 {digest} is kept beside it")


def download(address: str, file: IO[bytes], *, progress: bool = False) -> None:
    """Write what is at ``address``, a path or a URL, to ``file``; OSError says what went wrong."""
    if "://" not in address:
        with Path(address).open("rb") as source:
            shutil.copyfileobj(source, file)
        return
    pooch = import_extra("pooch", "data")
    try:
        pooch.HTTPDownloader(progressbar=progress, chunk_size=2**16, timeout=60)(address, file, None)
    except import_extra("requests", "data").RequestException as error:
        raise OSError(f"{type(error).__name__}: {error}") from error


def _record(path: Path) -> Path:
    return path.with_name(f"{path.name}.sha256")


def fault(path: Path, remote: Remote) -> str:
    """The fault of a file, by its first bytes, size and digest; empty where there is none."""
    with path.open("rb") as file:
        if file.read(64).lstrip()[:1] == b"<":
            return "got a web page, not the file: the site refuses (quota, permission) or asks; open it in a browser"
    if remote.bytes is not None and path.stat().st_size != remote.bytes:
        return f"expected {remote.bytes:,} bytes, got {path.stat().st_size:,}"
    expected, evidence = remote.digest, remote.evidence
    if not expected and _record(path).exists():
        expected, evidence = f"sha256:{_record(path).read_text().split()[0]}", "recorded at the first download"
    if not expected:
        return ""
    algorithm, _, digest = expected.partition(":")
    found = file_digest(path, algorithm)
    return "" if found == digest else f"expected {algorithm} {digest} ({evidence}), got {found}"


def verify(*, data_dir: str | Path | None = None) -> dict[Path, str]:
    """The :func:`fault` of each downloaded file that is there, or an empty text; nothing is changed."""
    home = data_home(data_dir)
    remotes = [remote for source in SOURCES.values() for remote in source]
    return {
        home / remote.file: fault(home / remote.file, remote) for remote in remotes if (home / remote.file).exists()
    }
