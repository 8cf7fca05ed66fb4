"""Who may import whom: lower layers never see higher ones, neighbours do not see each other, and nothing goes round.

An import counts wherever it stands, inside a function and under TYPE_CHECKING too.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LIBRARY = ROOT / "naswotlib"
BOOK = ROOT / "book" / "naswotbook"
LAYERS = (  # from the lowest; what stands on one line are neighbours
    ("errors", "stats"),
    ("graph", "data"),
    ("spaces",),
    ("scoring", "benchmarks"),
    ("search", "training"),
    ("cli",),
)
FLOOR = {name: floor for floor, names in enumerate(LAYERS) for name in names}
OF_THE_BOOK = {
    *("naswotbook", "matplotlib", "seaborn", "plotly", "networkx", "torchvision", "IPython", "myst_nb", "yaml"),
    *("jupytext", "papermill", "nbformat", "sphinx", "doit"),
}
MAX_LINES = 350
MAX_ENTRIES = 12


def modules(folder: Path) -> dict[str, Path]:
    """Files of a package by the name under which they are imported."""
    names = {}
    for path in sorted(folder.rglob("*.py")):
        parts = path.relative_to(folder.parent).with_suffix("").parts
        names[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return names


def imports(path: Path, known: dict[str, Path]) -> Iterator[str]:
    """What a file imports: modules of the package by their full name, of others the name of the package."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            below = [f"{node.module}.{alias.name}" for alias in node.names]
            found = [name if name in known else str(node.module) for name in below]
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in ("import_module", "import_extra"):
            found = [str(name.value) for name in node.args[:1] if isinstance(name, ast.Constant)]
        else:
            continue
        for name in found:
            yield name if name in known else name.partition(".")[0]


def room(module: str) -> str:
    return module.split(".")[1]


def faults(folder: Path) -> list[str]:
    """What breaks the rule of layers in a package like naswotlib."""
    known = modules(folder)
    found, graph = [], {}
    for module, path in known.items():
        seen = {name for name in imports(path, known) if name != module}
        found += [f"{module} imports {name}, which is of the book" for name in sorted(seen & OF_THE_BOOK)]
        inside = {name for name in seen if name in known}
        graph[module] = inside
        if "." not in module:
            continue  # the package itself names its public functions
        for name in inside:
            if "." in name and room(name) != room(module) and FLOOR[room(name)] >= FLOOR[room(module)]:
                found.append(f"{module} imports {name}, which is not below it")
    graph.pop(folder.name, None)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        found.append(f"a circle: {' -> '.join(error.args[1])}")
    return found


def test_the_library_keeps_the_rule() -> None:
    assert faults(LIBRARY) == []


def test_naswotbook_has_no_circle() -> None:
    known = modules(BOOK)
    TopologicalSorter({m: {n for n in imports(p, known) if n in known} - {m} for m, p in known.items()}).prepare()


def test_every_room_of_the_library_has_a_floor_and_there_are_few() -> None:
    entries = {path.stem for path in LIBRARY.iterdir() if path.name != "__pycache__"}
    assert entries - {"__init__", "py"} == set(FLOOR)
    assert len([path for path in LIBRARY.iterdir() if path.name != "__pycache__"]) <= MAX_ENTRIES


@pytest.mark.parametrize(
    ("file", "line", "fault"),
    [
        ("scoring/score.py", "import matplotlib.pyplot as plt", "of the book"),
        ("search/pareto.py", "def f():\n    from seaborn import heatmap", "of the book"),
        (
            "graph/graph.py",
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import naswotbook.page",
            "of the book",
        ),
        ("scoring/many.py", "from naswotlib.search.base import SearchResult", "not below it"),
        ("scoring/many.py", "import naswotlib.benchmarks.table", "not below it"),
        ("scoring/codes.py", "from naswotlib.scoring.score import naswot_score", "a circle"),
    ],
)
def test_an_import_against_the_rule_is_found(tmp_path: Path, file: str, line: str, fault: str) -> None:
    for path in LIBRARY.rglob("*.py"):
        copy = tmp_path / "naswotlib" / path.relative_to(LIBRARY)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(path.read_text() + (f"\n{line}\n" if path == LIBRARY / file else ""))
    assert any(fault in text for text in faults(tmp_path / "naswotlib"))


def test_no_file_is_too_long_to_be_read() -> None:
    found = [*LIBRARY.rglob("*.py"), *BOOK.parent.rglob("*.py"), *BOOK.parent.glob("*.md"), ROOT / "dodo.py"]
    long = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in found}
    assert {name: lines for name, lines in long.items() if lines > MAX_LINES} == {}
