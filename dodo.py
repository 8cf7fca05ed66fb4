"""What `make book` does, by doit: notebooks from book/*.py, executed by papermill, then the site. Only what is stale.

doit profile=paper data=PATH   the same, after the figures of figures/paper from the published benchmarks in PATH
doit notebooks                 book/notebooks/*.ipynb alone, not executed, for papermill or Jupyter
"""

import sys
from pathlib import Path
from typing import Any

from doit import get_var
from doit.exceptions import TaskFailed
from doit.tools import config_changed

ROOT = Path(__file__).parent
BOOK = Path("book")
SITE = Path("_build/html")
PAGES = sorted(BOOK.glob("*.py"))
PROFILE = get_var("profile", "demo")
DATA = get_var("data", "")
# The book's pages are always made with the bundled benchmark, and show the figures of the paper profile from files.
# Which those are, by page: file name without suffix, and the parameters that make it. Beside its summary (.csv) and
# provenance (.json) a panel has a picture (.png), or differences of rows where its name begins with "table", or nothing
# more where it begins with "why".
PAPER = Path("figures/paper")
WHOLE = {"n_archs": 15_625, "n_boot": 200}  # all of NAS-Bench-201: its intervals are narrow, and each resample is slow
PANELS = {
    "accuracy": {"accuracy-agreement": {}},
    "hardware": {"hardware-flops-seed0": {}},
    "searches": {"table-searches-seed0": {}},
    "fig1": {
        "fig1a-nasbench201-seed0": {"panels": "a"},
        "fig1b-nds-darts-seed0": {"panels": "b"},
    },
    "fig3": {
        "fig3a-cifar10-seed0": {"panels": "a"},
        "fig3b-cifar100-seed0": {"panels": "b"},
        "fig3c-imagenet16-120-seed0": {"panels": "c"},
        "fig3d-nasbench101-seed0": {"panels": "d"},
        "fig3e-nds-amoeba-seed0": {"panels": "e"},
        "fig3f-nds-darts-seed0": {"panels": "f"},
        "fig3g-nds-enas-seed0": {"panels": "g"},
        "fig3h-nds-nasnet-seed0": {"panels": "h"},
        "fig3i-nds-pnas-seed0": {"panels": "i"},
        "fig3j-nds-darts-imagenet-seed0": {"panels": "j"},
    },
    "fig4": {
        "fig4a-nds-amoeba-seed0": {"panels": "a"},
        "fig4b-nds-darts-seed0": {"panels": "b"},
        "fig4c-nds-enas-seed0": {"panels": "c"},
        "fig4d-nds-nasnet-seed0": {"panels": "d"},
        "fig4e-nds-pnas-seed0": {"panels": "e"},
        "fig4f-nasbench201-seed0": {"panels": "f"},
    },
    "predictors": {
        "predictors-cifar10-seed0": {"dataset": "cifar10", **WHOLE},
        "predictors-cifar100-seed0": {"dataset": "cifar100", **WHOLE},
        "predictors-imagenet16-120-seed0": {"dataset": "imagenet16-120", **WHOLE},
    },
    "fig5": {"fig5-seed0": {"repeats": 20}},
    "fig6": {"fig6-seed0": {}},
    "fig9": {
        "fig9a-cifar10-seed0": {"panels": "a"},
        "fig9b-cifar100-seed0": {"panels": "b"},
        "fig9c-imagenet16-120-seed0": {"panels": "c"},
    },
    "fig10": {
        "fig10a-nds-darts-seed0": {"panels": "a"},
        "fig10b-nds-enas-seed0": {"panels": "b"},
        "fig10c-nds-pnas-seed0": {"panels": "c"},
    },
    "table1": {"table1-seed0": {}},
    "table2": {"table2a-seed0": {}, "table2b-seed0": {"space": "nats_size"}},
    "fig7": {"fig7-seed0": {}},
    "equation1": {"equation1-seed0": {}},
    "cheap": {"cheap-seed0": {}},
    "scores": {"scores-again-seed0": {"part": "again"}, "scores-accuracy-seed0": {"part": "accuracy"}},
    "why": {
        "why-fig1a-seed0": {"part": "fig1a"},
        "why-fig1b-seed0": {"part": "fig1b"},
        "why-fig3d-seed0": {"part": "fig3d"},
        "why-table1-seed0": {"part": "table1"},
        "why-table2-seed0": {"part": "table2"},
    },
}
CLAIMS = [BOOK / "claims.yml", BOOK / "paper" / "tables.csv", *sorted(PAPER.glob("*.csv"))]  # behind the front page
SCORES = sorted(PAPER.glob("scores/*.parquet"))  # what these panels are made from
SCORED = (*PANELS["table1"], *PANELS["table2"], "fig7-seed0", "equation1-seed0", *PANELS["scores"], *PANELS["why"])
ALSO = {
    "accuracy-agreement": ["accuracy-choices.csv"],
    "equation1-seed0": ["equation1-inplace.csv"],
}  # what else a panel's run writes there
# What else a page, or a panel of the paper profile, reads.
READS = {
    "fig7": ["figures/demo/table2-seed0.csv"],
    "fig7-seed0": [PAPER / "table2a-seed0.csv"],
    "scores": [*SCORES, PAPER / "scores" / "manifest.json"],
    "where": [BOOK / "map.yml", BOOK / "costs.csv", BOOK / "costs.json", BOOK / "api.md", *PAPER.glob("*.json")],
}
# Panels of published tables that few have, or of networks that are still to be trained: made only where this file is in
# DATA (an absolute path is its own), and else left as they are.
NEEDS = {
    "fig6-seed0": str(ROOT / "naswotlib/benchmarks/bundled/nasbench201-trajectories.parquet"),
    **dict.fromkeys(PANELS["accuracy"], "nats-bench-sample"),
    "fig1b-nds-darts-seed0": "nds_darts.parquet",
    "why-fig1b-seed0": "nds_darts.parquet",
    "fig3e-nds-amoeba-seed0": "nds_amoeba.parquet",
    "fig3f-nds-darts-seed0": "nds_darts.parquet",
    "fig3g-nds-enas-seed0": "nds_enas.parquet",
    "fig3h-nds-nasnet-seed0": "nds_nasnet.parquet",
    "fig3i-nds-pnas-seed0": "nds_pnas.parquet",
    "fig3j-nds-darts-imagenet-seed0": "nds_darts_imagenet.parquet",
    "fig4a-nds-amoeba-seed0": "nds_amoeba.parquet",
    "fig4b-nds-darts-seed0": "nds_darts.parquet",
    "fig4c-nds-enas-seed0": "nds_enas.parquet",
    "fig4d-nds-nasnet-seed0": "nds_nasnet.parquet",
    "fig4e-nds-pnas-seed0": "nds_pnas.parquet",
    **dict.fromkeys(PANELS["fig9"], "nats_size.parquet"),
    "fig10a-nds-darts-seed0": "nds_darts_fixed.parquet",
    "fig10b-nds-enas-seed0": "nds_enas_fixed.parquet",
    "fig10c-nds-pnas-seed0": "nds_pnas_fixed.parquet",
    "table2b-seed0": "nats_size.parquet",
}
DOWNLOADS = {  # what else a page makes
    page: [f"figures/demo/{page}-seed0.csv"]
    for page in ("fig1", "fig3", "fig4", "fig5", "fig6", "fig9", "fig10", "predictors", "table1", "table2")
}
DOWNLOADS["index"] = ["figures/demo/claims.csv"]
DOWNLOADS["equation1"] = ["figures/demo/equation1-seed0.csv"]
DOWNLOADS["cheap"] = ["figures/demo/cheap-seed0.csv"]
LIBRARY = [
    path
    for folder in ("naswotlib", "book/naswotbook")
    for path in Path(folder).rglob("*")
    if path.suffix in (".py", ".parquet", ".json")
]

# The last lines of each page.
MADE_BY = """*Made by* `make book`. *With other parameters, after* `make notebooks`*:*

```shell
.venv/bin/papermill book/notebooks/{name}.ipynb {name}-mine.ipynb -p PARAMETER VALUE
```
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
    """A notebook that papermill's own command runs, from a py:percent script."""
    import jupytext
    import nbformat

    notebook = jupytext.read(source, fmt="py:percent")
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    number_cells(notebook)
    target.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, target)


def number_cells(notebook: Any) -> None:
    """Ids by position instead of random ones, so that the same source gives the same file."""
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{number}"


def kernel_manager() -> type:
    """jupyter_client's, but for the interrupt that it sends before a kernel is asked to end.

    By then all cells have run. An interrupt that meets the kernel at the tail of its last answer, as happens on a busy
    machine, is reported as an error.
    """
    from jupyter_client.manager import AsyncKernelManager

    class KernelManager(AsyncKernelManager):
        async def _async_interrupt_kernel(self) -> None:
            pass

    return KernelManager


def execute_notebook(notebook: Path, page: Path, settings: dict[str, Any]) -> TaskFailed | None:
    """Run a notebook with parameters; ``page`` is replaced only when all its cells have run."""
    import nbformat
    import papermill

    unfinished = page.with_name(f".{page.name}")
    unfinished.parent.mkdir(parents=True, exist_ok=True)
    options = {"progress_bar": False, "extra_arguments": QUIET, "kernel_manager_class": kernel_manager()}
    try:
        papermill.execute_notebook(str(notebook), str(unfinished), settings, **options)
    except papermill.PapermillExecutionError as error:
        return TaskFailed(
            f"{page.stem}: cell {error.cell_index} of {BOOK / page.stem}.py raised {error.ename}: {error.evalue}\n"
            f"The last good page, if there was one, is kept; what did run is in {unfinished}"
        )
    executed = nbformat.read(unfinished, as_version=4)
    executed.metadata.pop("papermill")
    for cell in executed.cells:
        cell.metadata.pop("papermill", None)
        cell.metadata.pop("execution", None)
        if "injected-parameters" in cell.metadata.tags:
            cell.metadata.tags.append("hide-cell")
    if page.parent == BOOK:
        executed.cells.append(nbformat.v4.new_markdown_cell(MADE_BY.format(name=page.stem)))
    number_cells(executed)
    nbformat.write(executed, unfinished)
    unfinished.replace(page)
    return None


def task_notebooks():
    """Notebooks that papermill and Jupyter open, from book/*.py."""
    for source in PAGES:
        target = BOOK / "notebooks" / f"{source.stem}.ipynb"
        yield {
            "name": source.stem,
            "actions": [(write_notebook, [source, target])],
            "file_dep": [source],
            "targets": [target],
            "clean": True,
        }


def paper_files(panel: str) -> list[Path]:
    """What the paper profile writes for one panel."""
    third = [] if panel.startswith("why") else ["-differences.csv"] if panel.startswith("table") else [".png"]
    suffixes = [".csv", ".json", *third]
    return [PAPER / f"{panel}{suffix}" for suffix in suffixes] + [PAPER / name for name in ALSO.get(panel, ())]


def is_to_be_had(panel: str) -> bool:
    """Whether the data that a panel of the paper profile needs are in DATA."""
    return panel not in NEEDS or (Path(DATA) / NEEDS[panel]).exists()


def task_paper():
    """With profile=paper: the figures and summaries of figures/paper."""
    if PROFILE not in ("demo", "paper"):
        raise ValueError(f"profile: {PROFILE!r} is unknown; choose one of demo, paper")
    for page, panels in PANELS.items() if PROFILE == "paper" else ():
        notebook = BOOK / "notebooks" / f"{page}.ipynb"
        has_data = "\ndata_dir: " in (BOOK / f"{page}.py").read_text()  # one made of another panel has none
        for panel, parameters in panels.items():
            if not is_to_be_had(panel):
                print(f"{panel}: left as it is, since {Path(NEEDS[panel]).name} is not in {DATA or 'DATA'}")
                continue
            settings = {"profile": "paper", **({"data_dir": DATA} if has_data else {}), **parameters}
            executed = Path("_build/paper") / f"{panel}.ipynb"
            yield {
                "name": panel,
                "actions": [(execute_notebook, [notebook, executed, settings])],
                "file_dep": [notebook, *LIBRARY, *(SCORES if panel in SCORED else ()), *READS.get(panel, ())],
                "targets": paper_files(panel),
                "uptodate": [config_changed({"data": DATA})],
            }


def task_execute():
    """Executed pages, from the notebooks, the library, the bundled data and the figures of the paper profile."""
    for source in PAGES:
        notebook = BOOK / "notebooks" / f"{source.stem}.ipynb"
        page = BOOK / f"{source.stem}.ipynb"
        shown = CLAIMS if source.stem == "index" else []
        for panel in PANELS.get(source.stem, ()):
            made = PROFILE == "paper" and is_to_be_had(panel)
            shown = [*shown, *(file for file in paper_files(panel) if made or file.exists())]
        yield {
            "name": source.stem,
            "actions": [(execute_notebook, [notebook, page, {}])],
            "file_dep": [notebook, *LIBRARY, *READS.get(source.stem, ()), *shown],
            "targets": [page, *DOWNLOADS.get(source.stem, ())],
            "clean": True,
        }


def task_book():
    """The site, in _build/html."""
    jupyter_book = Path(sys.executable).with_name("jupyter-book")
    options = "--config _config.yml --path-output . --all -W -n --keep-going --quiet"
    pages = [path for path in BOOK.rglob("*") if path.suffix in (".md", ".yml", ".bib", ".css", ".py")]
    return {
        "actions": [f"{jupyter_book} build {BOOK} {options}"],
        "file_dep": [
            "_config.yml",
            *pages,
            *(BOOK / f"{source.stem}.ipynb" for source in PAGES),
            *(file for file in PAPER.glob("*") if file.is_file()),
        ],
        "targets": [SITE / "index.html"],
    }
