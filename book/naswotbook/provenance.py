"""Where the numbers of a page come from: its parameters, the machine, versions, commit and duration."""

from __future__ import annotations

import json
import platform
import subprocess
import time
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from naswotlib.data.files import write_whole
from naswotlib.scoring.store import hardware

_PLAIN = (str, int, float, bool, list, dict, type(None))


def notebook_parameters(namespace: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of a notebook: the annotated names of its ``globals()``, to be asked for before others exist.

    ValueError where another plain value was injected (a parameter the notebook does not have; constants, in capitals,
    may be imported before), TypeError where a value is not of the annotated type. papermill itself only logs the first
    and never sees the second.

    >>> notebook_parameters({"__annotations__": {"seed": int}, "seed": 7})
    {'seed': 7}
    >>> notebook_parameters({"__annotations__": {"seed": int}, "seed": 0, "sede": 7})
    Traceback (most recent call last):
    ValueError: sede: not a parameter of this notebook; it has seed
    """
    types = namespace["__annotations__"]
    for name, value in namespace.items():
        ours = name.startswith("_") or name.isupper() or name in types or name in ("In", "Out")
        if isinstance(value, _PLAIN) and not ours:
            raise ValueError(f"{name}: not a parameter of this notebook; it has {', '.join(types)}")
    for name, kind in types.items():
        value = namespace[name]
        if not isinstance(value, (int, float) if kind is float else kind) or (kind is int and value is True):
            raise TypeError(f"{name}: expected {getattr(kind, '__name__', kind)}, got {value!r}")
    return {name: namespace[name] for name in types}


class Provenance:
    """Made in the first cell of a page and shown in the last; ``parameters`` are checked when it is made."""

    def __init__(self, namespace: Mapping[str, Any]) -> None:
        self.parameters = notebook_parameters(namespace)
        self._shown: dict[str, str] = {}
        self._start = time.perf_counter()

    def came_to(self, **values: object) -> None:
        """What parameters came to where the data set them a limit, to be shown beside what was asked for."""
        for name, value in values.items():
            if value != self.parameters[name]:
                self._shown[name] = f"{value} (at most {self.parameters[name]})"

    def facts(self) -> dict[str, str]:
        """What a reader needs to judge or repeat the run. Folders are left out: they belong to one machine."""
        shown = self.parameters | self._shown
        named = {name: str(value) for name, value in shown.items() if not name.endswith("_dir")}
        return named | {
            "hardware": hardware(),
            "versions": ", ".join(f"{name} {version(name)}" for name in ("naswotlib", "torch", "numpy")),
            "python": platform.python_version(),
            "commit": _commit(),
            "duration": f"{time.perf_counter() - self._start:.0f} s",
        }

    def _repr_markdown_(self) -> str:
        return provenance_table({"": self.facts()})

    def write(self, path: Path) -> None:
        """Keep the facts beside what was made, for pages that show it later."""
        with write_whole(path) as file:
            file.write(json.dumps(self.facts(), indent=1).encode() + b"\n")


def read_facts(path: Path) -> dict[str, str]:
    """What :meth:`Provenance.write` has written for a panel of the ``paper`` profile, and the command that makes it."""
    command = f"`.venv/bin/doit profile=paper data=PATH paper:{path.stem}`"
    return {**json.loads(path.read_text()), "command": command}


def read_measured(path: Path) -> dict[str, str]:
    """What a program of tests/speed wrote beside its CSV; the command as code."""
    facts = {name: str(value) for name, value in json.loads(path.read_text()).items()}
    return {**facts, "command": f"`{facts['command']}`"}


SHORT = ("profile", "seed", "hardware", "versions", "commit")  # what the lines say that are not folded


def provenance_table(runs: Mapping[str, Mapping[str, str]]) -> str:
    """Facts of runs, fresh or read back from files, in Markdown: the command, what most ask for, and, folded, all.

    Behind the fold is a table, a column a run, its heading the key.
    """
    names = dict.fromkeys(name for facts in runs.values() for name in facts)
    rows = [[name.replace("_", " "), *(facts.get(name, "") for facts in runs.values())] for name in names]
    lines = [["provenance", *runs], ["---"] * (1 + len(runs)), *rows]
    table = "".join(f"| {' | '.join(line)} |\n" for line in lines)
    found = {name: list(dict.fromkeys(f[name] for f in runs.values() if name in f)) for name in ("command", *SHORT)}
    commands = found.pop("command")
    more = f" and {len(commands) - 1} more" if len(commands) > 1 else ""
    made = f"Made by {commands[0]}{more}.\\\n" if commands else ""
    said = [f"{name} {_several(values)}" for name, values in found.items() if values]
    return FOLDED.format(lines=made + ("; ".join(said) or "Where this comes from") + ".", table=table)


FOLDED = """<div class="provenance">

{lines}

<details><summary>All that it was made with</summary>

{table}
</details>
</div>
"""


def _several(values: list[str]) -> str:
    return values[0] if len(values) == 1 else f"{len(values)} of them" if len(values) > 2 else " or ".join(values)


def _commit() -> str:
    """The commit, ``-dirty`` where what makes figures differs from it; figures themselves may, being remade."""
    commit = _git("rev-parse", "--short", "HEAD")
    changed = _git("status", "--porcelain", "--untracked-files=no", "--", ":/", ":(exclude,top)figures")
    return f"{commit}{'-dirty' if changed else ''}" if commit else "not in a git checkout"


def _git(*arguments: str) -> str:
    folder = Path(__file__).parent
    try:
        done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):  # no git, or an installed package outside a checkout
        return ""
    return done.stdout.strip()
