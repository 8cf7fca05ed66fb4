"""TransNAS-Bench-101: lists of (architecture, value of one task's metric), a file a task."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from pathlib import Path

import pyarrow as pa

from naswotlib.benchmarks.importers.reading import number, read_json
from naswotlib.benchmarks.table import TableInfo, columns_from_rows, table_from_columns
from naswotlib.data.fetch import file_digest
from naswotlib.errors import check_choice
from naswotlib.spaces.base import get_space

# Kind of column, epochs of the benchmark's own configuration, and what the task is judged by.
TASKS = {
    "autoencoder": ("metric", 30, "structural similarity of the image that comes out to the one that went in"),
    "class_object": ("accuracy", 25, "top-1 accuracy in percent, 75 kinds of object"),
    "class_scene": ("accuracy", 25, "top-1 accuracy in percent, 47 kinds of scene"),
    "jigsaw": ("accuracy", 10, "top-1 accuracy in percent, 1,000 permutations of nine tiles"),
    "normal": ("metric", 30, "structural similarity of surface normals"),
    "room_layout": ("metric", 25, "minus the loss (mean squared error)"),
    "segmentsemantic": ("metric", 30, "mean intersection over union in percent, 17 classes"),
}
SIDE = 256
_TILE = 64  # of the jigsaw


def from_tasks(path: Path, sha256: str) -> pa.Table:
    """One of the files ``rbflex_{micro,macro}_TASK.json``, and those of the other tasks that lie beside it.

    The name of a file tells its task, its content the space. ValueError where a name tells none of :data:`TASKS`, where
    an architecture comes twice or is of the other space.
    """
    task = next((task for task in TASKS if path.stem.endswith(task)), path.stem)
    check_choice("file, whose name must end in a task", task, TASKS)
    stem = path.stem.removesuffix(task)
    files = {other: path.with_name(f"{stem}{other}{path.suffix}") for other in TASKS}
    files = {other: file for other, file in files.items() if file.exists()}
    name = f"transnas101_{'macro' if read_json(path)[0][0].endswith('basic') else 'micro'}"
    columns = defaultdict[str, dict[str, list[float]]](dict)
    for other, file in files.items():
        kind, epochs, _ = TASKS[other]
        for text, value in _values(file, name).items():
            columns[text][f"{kind}/{other}/validation/{epochs}"] = [value]
    if len(files) > 1:
        lines = [f"{file.name} {file_digest(file)}\n" for file in files.values()]
        sha256 = hashlib.sha256("".join(lines).encode()).hexdigest()
    info = TableInfo(
        name=name,
        space=name,
        origin=f"TransNAS-Bench-101 (Duan et al., 2021), from {', '.join(file.name for file in files.values())}",
        licence="MIT of the repository that has these files; MIT of the benchmark's code",
        sha256=sha256,
        splits={
            f"{other}/validation": f"{TASKS[other][2]}; Taskonomy's validation images; the files do not state whether "
            "after the last epoch or the best"
            for other in files
        },
        seconds="not in these files",
        repeats="one training",
        sides={other: _TILE if other == "jigsaw" else SIDE for other in files},
    )
    return table_from_columns(info, columns_from_rows(({"arch": text}, row) for text, row in columns.items()))


def _values(file: Path, name: str) -> dict[str, float]:
    """The values of a file by the text of their architecture; ValueError names the file, which may be one beside."""
    space, found = get_space(name), dict[str, float]()
    try:
        for given, value in read_json(file):
            text = space.to_str(space.from_str(given))
            if text in found:
                raise ValueError(f"{text} comes twice")
            found[text] = number(text, value)
    except ValueError as error:
        raise ValueError(f"{file}, after {len(found)} architectures: {error}") from error
    return found
