"""What others measured stands in no file of the repository, and of a site built from it: neither as text nor packed.

Of each file that is text, what is looked for are numbers beside an architecture that are its published accuracies, and
columns of numbers, packed or in a list, that follow the published ones. Pictures with a mark for each of many networks
are kept as pixels.
"""

from __future__ import annotations

import base64
import json
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest

from naswotbook.play.explorer import all_cells, published_data
from naswotbook.play.scripts import packed, write_script
from naswotbook.registry import ROOT
from naswotlib import load_benchmark

SITE = ROOT / "_build" / "html"
TEXT = {".csv", ".html", ".ipynb", ".js", ".json", ".md", ".svg", ".txt", ".yml"}
ARCH = re.compile(r"\|[a-z_0-9]+~0\|\+\|[a-z_0-9]+~0\|[a-z_0-9]+~1\|\+\|[a-z_0-9]+~0\|[a-z_0-9]+~1\|[a-z_0-9]+~2\|")
NUMBER = re.compile(r"(?<![\d.\w])\d{1,2}\.\d{2,8}(?![\d\w])")
PACKED = re.compile(r'"[A-Za-z0-9+/]{100,}={0,2}"')
LISTED = re.compile(r"\[(?:-?\d+(?:\.\d+)?,\s*){30,}-?\d+(?:\.\d+)?\]")
BESIDE = 160  # characters behind an architecture in which a number is taken to be its own
ALLOWED = 5  # by chance: one number in a thousand is one of the accuracies of any architecture
MARKS = 100  # of one kind in a drawing: fewer than any published panel has networks


@cache
def published(data_dir: Path) -> pd.DataFrame:
    """Accuracies of NAS-Bench-201, a row a cell in official order."""
    benchmark = load_benchmark("nasbench201", data_dir=data_dir)
    columns = {
        "/".join(map(str, key)): benchmark.accuracy(list(all_cells()), dataset=key[0], split=key[1], epochs=key[2])
        for key in benchmark.available
    }
    return pd.DataFrame(columns, index=list(all_cells()))


def repository() -> list[Path]:
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    paths = [ROOT / name for name in done.stdout.split("\0") if name]
    return [path for path in paths if path.suffix in TEXT and path.is_file()]


def site() -> list[Path]:
    """Files of the built site but those that a site has only where it was built with the published table at hand."""
    own = ("explorer-published.js", "plotly.min.js")
    paths = [path for path in SITE.rglob("*") if path.suffix in TEXT and path.name not in own]
    return [path for path in paths if not {"mathjax", "vendor", "scripts", "locales"} & set(path.parts)]


def beside_architectures(text: str, table: pd.DataFrame) -> int:
    """How many numbers behind an architecture are an accuracy of it, to two digits or more as they are written."""
    found = 0
    for match in ARCH.finditer(text):
        if match[0] not in table.index:
            continue
        behind = text[match.end() : match.end() + BESIDE]
        behind = behind[: after.start()] if (after := ARCH.search(behind)) else behind
        own = table.loc[match[0]].to_numpy()
        for number in NUMBER.findall(behind):
            digits = len(number.partition(".")[2])
            found += bool((np.abs(own - float(number)) < 0.51 * 10.0**-digits).any())
    return found


def columns(text: str) -> Iterator[np.ndarray]:
    """Columns of numbers in a text: base 64, read as every type that may be meant, and lists."""
    for match in PACKED.finditer(text.replace("\\u002f", "/")):  # as plotly writes it
        try:
            raw = base64.b64decode(match[0][1:-1], validate=True)
        except ValueError:
            continue
        for kind in ("<f4", "<f8", "<u2", "<i2", "<u4", "<i4", "u1"):
            if len(raw) % np.dtype(kind).itemsize == 0:
                with np.errstate(invalid="ignore"):  # what is of another type may be no number when read as this one
                    numbers = np.frombuffer(raw, dtype=kind).astype(float)
                yield numbers
    for match in LISTED.finditer(text):
        yield np.array(json.loads(match[0]), dtype=float)


def following(text: str, table: pd.DataFrame) -> list[str]:
    """Columns of the published table that a column of numbers follows, of all cells or of those that the text names."""
    named = [match[0] for match in ARCH.finditer(text) if match[0] in table.index]
    found = []
    for numbers in columns(text):
        rows = table if len(numbers) == len(table) else table.loc[named] if len(numbers) == len(named) else table[:0]
        if len(rows) > 20 and (np.abs(numbers) < 1e15).sum() > 20:
            kept = pd.Series(np.where(np.abs(numbers) < 1e15, numbers, np.nan))
            alike = rows.reset_index(drop=True).corrwith(kept)
            found += list(alike.index[alike.abs() > 0.999])
    return found


def faults(path: Path, table: pd.DataFrame) -> list[str]:
    text = path.read_text(encoding="utf-8", errors="replace")
    beside = beside_architectures(text, table)
    found = [f"{path.name}: {beside} accuracies stand beside their architecture"] if beside > ALLOWED else []
    return found + [f"{path.name}: a column of numbers follows {name}" for name in following(text, table)]


def test_no_file_of_the_repository_has_published_accuracies(data_dir: Path) -> None:
    paths = repository()
    assert len(paths) > 100
    assert [fault for path in paths for fault in faults(path, published(data_dir))] == []


@pytest.mark.skipif(not SITE.is_dir(), reason="the site is not built: run `make book` first")
def test_no_file_of_the_site_has_published_accuracies(data_dir: Path) -> None:
    assert [fault for path in site() for fault in faults(path, published(data_dir))] == []


@pytest.mark.parametrize("path", sorted((ROOT / "figures" / "paper").rglob("*.svg")), ids=lambda path: path.name)
def test_a_drawing_of_many_networks_keeps_its_marks_as_pixels(path: Path) -> None:
    groups = re.split(r'<g id="', path.read_text(encoding="utf-8"))
    assert max(group.count("<use ") for group in groups) < MARKS


@pytest.mark.parametrize("form", ["csv", "list", "packed", "some packed", "plotly", "rounded"])
def test_published_accuracies_are_found_in_whatever_form(data_dir: Path, tmp_path: Path, form: str) -> None:
    table = published(data_dir)
    values = table.iloc[:, 0]
    some = values.iloc[100:150]
    path = tmp_path / "file.js"
    if form == "csv":
        some.rename_axis("arch").to_csv(path, float_format="%.4f")
    elif form == "rounded":
        path.write_text("\n".join(f'{{"arch": "{arch}", "y": {value:.2f}}}' for arch, value in some.items()))
    elif form == "list":
        path.write_text(json.dumps([list(some.index), [round(value, 3) for value in some]]))
    elif form == "packed":
        write_script(path, {"values": packed(values * 2 + 1, "f4")})
    elif form == "plotly":
        figure = go.Figure(go.Scatter(x=some.to_numpy(), customdata=[[arch] for arch in some.index]))
        path.write_text(figure.to_html(full_html=False, include_plotlyjs=False))
    else:
        write_script(path, {"archs": list(some.index), "values": packed(some, "f4")})
    assert faults(path, table)


def test_the_data_of_a_site_that_was_built_with_the_table_would_be_found(data_dir: Path, tmp_path: Path) -> None:
    write_script(tmp_path / "explorer-published.js", published_data(str(data_dir)))
    assert len(faults(tmp_path / "explorer-published.js", published(data_dir))) >= 3
