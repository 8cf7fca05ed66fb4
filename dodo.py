"""What `make book` does, by doit: notebooks from book/*.md, executed by papermill, then the site. Only what is stale.

The code of a page runs without its prose, so a sentence is changed without running the page again.

doit profile=paper data=PATH   the same, after the figures of figures/paper from the published benchmarks in PATH
doit notebooks                 book/notebooks/*.ipynb alone, not executed, for papermill or Jupyter
"""

import os
import sys
from pathlib import Path
from typing import Any

from doit import get_var
from doit.exceptions import TaskFailed
from doit.tools import config_changed

from naswotbook.front import SHOWN, picture_of
from naswotbook.registry import Chapter, Entry, read_figures
from naswotlib.data.files import write_whole

ROOT = Path(__file__).parent
BOOK = Path("book")
CODE_ALONE = Path("_build/code")  # of each page its cells of code, which are run, so that prose may change without
RUN = Path("_build/run")
SITE = Path("_build/html")
PROFILE = get_var("profile", "demo")
DATA = get_var("data", "") or (os.environ.get("NASWOTLIB_DATA", "") if PROFILE == "paper" else "")
CHAPTERS = read_figures(ROOT / BOOK / "figures.yml")
PAPER, DEMO = Path("figures/paper"), Path("figures/demo")
SCORES = sorted(PAPER.glob("scores/*.parquet"))
CODE = [
    path
    for folder in ("naswotlib", "book/naswotbook")
    for path in Path(folder).rglob("*")
    if path.suffix in (".py", ".parquet", ".json")
]
LIBRARY = [*CODE, BOOK / "figures.yml"]
# What a page reads by these names.
READS = {
    "scores": [*SCORES, PAPER / "scores" / "manifest.json"],
    "claims": [BOOK / "claims.yml", BOOK / "paper" / "tables.csv", *sorted(PAPER.glob("*.csv"))],
    "published": sorted(PAPER.glob("*.json")),
    "pictures": [path.relative_to(ROOT) for page in SHOWN if (path := picture_of(page, ROOT / "figures"))],
}


def sources() -> list[Path]:
    """Pages that are notebooks: those with a cell of parameters."""
    return sorted(path for path in BOOK.glob("*.md") if ":tags: [parameters]" in path.read_text(encoding="utf-8"))


# The last lines of each page, and what opens and closes them.
MADE_BY = """*Made by* `make book`. *With other parameters, after* `make notebooks`*:*

```shell
.venv/bin/papermill book/notebooks/{name}.ipynb {name}-mine.ipynb -p PARAMETER VALUE
```

</details>
"""
HOW = """<details class="how"><summary>How this page was made: parameters and set-up</summary>
"""

QUIET = ["--IPKernelApp.log_level=40"]  # the kernel's note that it talks to us unencrypted, on this machine

DOIT_CONFIG = {
    "default_tasks": ["book"],
    "verbosity": 2,
    "dep_file": ".doit.db",
    "continue": True,
    "num_process": 2,  # each page is a process of its own, and threads are enough to wait for them
    "par_type": "thread",
}


def write_notebook(source: Path, target: Path) -> None:
    """A notebook that papermill's own command runs, from a MyST page; its last cell shows the provenance."""
    import jupytext
    import nbformat

    notebook = jupytext.read(source, fmt="md:myst")
    notebook.cells.append(nbformat.v4.new_code_cell("page", metadata={"tags": ["remove-input"]}))
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    number_cells(notebook)
    target.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, target)


def write_code(notebook: Path, target: Path) -> None:
    """The notebook of a page without its prose."""
    import nbformat

    code = nbformat.read(notebook, as_version=4)
    code.cells = [cell for cell in code.cells if cell.cell_type == "code"]
    number_cells(code)
    target.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(code, target)


def number_cells(notebook: Any) -> None:
    """Ids by position instead of random ones, so that the same source gives the same file."""
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{number}"


def kernel_manager() -> type:
    """jupyter_client's, told that its page is of the site, without the interrupt before a kernel is asked to end.

    By then all cells have run. An interrupt that meets the kernel at the tail of its last answer, as happens on a busy
    machine, is reported as an error.
    """
    from jupyter_client.manager import AsyncKernelManager

    class KernelManager(AsyncKernelManager):
        async def start_kernel(self, **options: Any) -> None:
            site = os.environ | {"NASWOTBOOK_SITE": "1"}  # pictures become files with captions; see naswotbook.page
            await super().start_kernel(**{"env": site} | options)

        async def _async_interrupt_kernel(self) -> None:
            pass

    return KernelManager


def execute_notebook(notebook: Path, target: Path, settings: dict[str, Any]) -> TaskFailed | None:
    """Run a notebook with parameters; ``target`` is replaced only when all its cells have run."""
    import nbformat
    import papermill

    unfinished = target.with_name(f".{target.name}")
    unfinished.parent.mkdir(parents=True, exist_ok=True)
    options = {"progress_bar": False, "extra_arguments": QUIET, "kernel_manager_class": kernel_manager()}
    try:
        papermill.execute_notebook(str(notebook), str(unfinished), settings, **options)
    except papermill.PapermillExecutionError as error:
        return TaskFailed(
            f"{notebook.stem}: cell {error.cell_index} of the code in {BOOK / notebook.stem}.md raised "
            f"{error.ename}: {error.evalue}\n"
            f"The last good page, if there was one, is kept; what did run is in {unfinished}"
        )
    executed = nbformat.read(unfinished, as_version=4)
    executed.metadata.pop("papermill")
    for cell in executed.cells:
        cell.metadata.pop("papermill", None)
        cell.metadata.pop("execution", None)
    number_cells(executed)
    nbformat.write(executed, unfinished)
    unfinished.replace(target)
    return None


def write_page(notebook: Path, run: Path, page: Path) -> None:
    """A page of the site: the prose of its notebook, what running its code gave, and at its end how it was made."""
    import nbformat

    executed = nbformat.read(run, as_version=4)
    set_up, rest = part_set_up(with_prose(nbformat.read(notebook, as_version=4).cells, executed.cells))
    made_by = (HOW, MADE_BY.format(name=page.stem))
    opened, closed = (nbformat.v4.new_markdown_cell(text) for text in made_by)
    executed.cells = [*rest, opened, *set_up, closed]
    number_cells(executed)
    with write_whole(page) as file:
        file.write(nbformat.writes(executed).encode())


def with_prose(cells: list[Any], executed: list[Any]) -> list[Any]:
    """``executed``, cells of code, and between them the prose of ``cells``, where they come from.

    Parameters that papermill has injected stay behind the cell that they follow.
    """
    waiting, whole = list(executed), []
    for cell in cells:
        if cell.cell_type != "code":
            whole.append(cell)
            continue
        whole.append(waiting.pop(0))
        while waiting and "injected-parameters" in waiting[0].metadata.get("tags", ()):
            whole.append(waiting.pop(0))
    return whole


def part_set_up(cells: list[Any]) -> tuple[list[Any], list[Any]]:
    """Cells of an executed page that set it up and show nothing, which readers find folded at its end, and the others.

    Those are its parameters, those injected by papermill, and the imports behind them.
    """
    quiet = {"parameters", "injected-parameters", "hide-input"}
    set_up = []
    for cell in cells:
        shows = [out for out in cell.get("outputs", ()) if out.get("name") != "stderr"]  # which the site leaves out
        if cell.cell_type == "code" and quiet & set(cell.metadata.tags) and not shows:
            set_up.append(cell)
            cell.metadata.tags = []
    return set_up, [cell for cell in cells if cell not in set_up]


def task_notebooks():
    """Notebooks that papermill and Jupyter open, from book/*.md."""
    for source in sources():
        target = BOOK / "notebooks" / f"{source.stem}.ipynb"
        yield {
            "name": source.stem,
            "actions": [(write_notebook, [source, target])],
            "file_dep": [source],
            "targets": [target],
            "clean": True,
        }


def task_code():
    """The cells of code of each notebook, alone."""
    for source in sources():
        notebook, target = BOOK / "notebooks" / f"{source.stem}.ipynb", CODE_ALONE / f"{source.stem}.ipynb"
        yield {
            "name": source.stem,
            "actions": [(write_code, [notebook, target])],
            "file_dep": [notebook],
            "targets": [target],
            "clean": True,
        }


def paper_files(entry: Entry) -> list[Path]:
    """What the paper profile writes for an entry."""
    return [PAPER / f"{entry.stem()}{suffix}" for suffix in entry.files] + [PAPER / name for name in entry.also]


def is_to_be_had(entry: Entry) -> bool:
    """Whether the data that an entry of the paper profile needs are in DATA (or, networks of ours, in the package)."""
    return not entry.needs or any((folder / entry.needs).exists() for folder in (Path(DATA), ROOT))


def files_read(names: tuple[str, ...]) -> list[Path]:
    """Files by the names of :data:`READS`, or by their path."""
    return [file for name in names for file in READS.get(name, [Path(name)])]


def task_paper():
    """With profile=paper: the figures and summaries of figures/paper."""
    if PROFILE not in ("demo", "paper"):
        raise ValueError(f"profile: {PROFILE!r} is unknown; choose one of demo, paper")
    if PROFILE == "paper" and not (DATA and Path(DATA).is_dir()):
        raise ValueError(
            f"data: the paper profile needs the folder of published tables, and {DATA!r} is none; give it with "
            "`make book PROFILE=paper DATA=PATH`, or in NASWOTLIB_DATA"
        )
    entries = [entry for chapter in CHAPTERS.values() for entry in chapter.published]
    for entry in entries if PROFILE == "paper" else ():
        if not is_to_be_had(entry):
            print(f"{entry.stem()}: left as it is, since {entry.needs} is not in {DATA or 'DATA'}")
            continue
        code = CODE_ALONE / f"{entry.page}.ipynb"
        has_data = "\ndata_dir: " in (BOOK / f"{entry.page}.md").read_text()  # one made of another entry has none
        settings = {"profile": "paper", **({"data_dir": DATA} if has_data else {}), **entry.run}
        yield {
            "name": entry.stem(),
            "actions": [(execute_notebook, [code, Path("_build/paper") / f"{entry.stem()}.ipynb", settings])],
            "file_dep": [code, *LIBRARY, *files_read(entry.reads)],
            "targets": paper_files(entry),
            "uptodate": [config_changed({"data": DATA})],
        }


def pictures(chapter: Chapter) -> list[Path]:
    """What executing a page draws into figures/demo: its own pictures, and boxes for those that are not here."""
    drawn = [entry for entry in chapter.entries if entry.run is None and ".png" in entry.files]
    own = [DEMO / f"{entry.name}-seed0{suffix}" for entry in drawn for suffix in {".png", entry.picture}]
    boxes = [f"{e.name}-missing" for e in chapter.shown(_has_picture) if e.label and not _has_picture(e)]
    return [*own, *(DEMO / f"{name}-seed0.png" for name in boxes)]


def _has_picture(entry: Entry) -> bool:
    return (PAPER / f"{entry.stem()}{entry.picture}").exists() or _is_made(entry)


def _is_made(entry: Entry) -> bool:
    return PROFILE == "paper" and is_to_be_had(entry)


def task_execute():
    """What the code of each page gives, with the library, the bundled data and the figures of the paper profile."""
    for source in sources():
        chapter, code = CHAPTERS.get(source.stem, Chapter(source.stem)), CODE_ALONE / f"{source.stem}.ipynb"
        run = RUN / code.name
        given = {"data_dir": DATA} if chapter.with_data and DATA else {}
        shown = [file for e in chapter.published for file in paper_files(e) if _is_made(e) or file.exists()]
        yield {
            "name": source.stem,
            "actions": [(execute_notebook, [code, run, given])],
            "file_dep": [*dict.fromkeys([code, *LIBRARY, *files_read(chapter.reads), *shown])],
            "targets": [run, *pictures(chapter), *(DEMO / name for name in chapter.makes)],
            "uptodate": [config_changed(given)],
            "clean": True,
        }


def task_pages():
    """Pages of the site, from the notebooks and what their code gave."""
    for source in sources():
        page = BOOK / f"{source.stem}.ipynb"
        notebook, run = BOOK / "notebooks" / page.name, RUN / page.name
        yield {
            "name": source.stem,
            "actions": [(write_page, [notebook, run, page])],
            "file_dep": [notebook, run],
            "targets": [page],
            "clean": True,
        }


def task_book():
    """The site, in _build/html."""
    jupyter_book = Path(sys.executable).with_name("jupyter-book")
    options = "--config _config.yml --path-output . --all -W -n --keep-going --quiet"
    pages = [path for path in BOOK.rglob("*") if path.suffix in (".md", ".yml", ".bib", ".css", ".py", ".js")]
    scripts = [DEMO / name for chapter in CHAPTERS.values() for name in chapter.makes if name.endswith(".js")]
    return {
        "actions": [f"{jupyter_book} build {BOOK} {options}"],
        "file_dep": [
            "_config.yml",
            *pages,
            *scripts,
            *(BOOK / f"{source.stem}.ipynb" for source in sources()),
            *(file for file in PAPER.glob("*") if file.is_file()),
        ],
        "targets": [SITE / "index.html"],
    }
