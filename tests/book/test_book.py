"""Notebooks of the book with published accuracies, small ones, and as `make book` and a reader execute them."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import papermill
import pytest
from doit.exceptions import TaskFailed
from scipy.stats import kendalltau

from naswotbook.experiments.trajectories import KEPT, keep_trajectories
from naswotlib import get_space
from naswotlib.benchmarks import import_file
from naswotlib.spaces.base import sample_distinct
from support.notebooks import PAGES, ROOT, load_dodo, run_page
from support.published import write_nats, write_nds
from support.trained import write_watched

[README_LINE] = re.findall(r"^(\.venv/bin/papermill .*)$", (ROOT / "README.md").read_text(), re.MULTILINE)

pytestmark = pytest.mark.notebook


def test_a_parameter_that_the_notebook_does_not_have_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(
        papermill.PapermillExecutionError, match="sede: not a parameter of this notebook; it has profile"
    ):
        run_page("fig3", tmp_path, sede=7)


def test_published_accuracies_give_a_summary_and_kept_scores_without_any_of_them(tmp_path: Path) -> None:
    space = get_space("nasbench201")
    archs = [space.to_str(arch) for arch in sample_distinct(space, 4, np.random.default_rng(0))]
    published = pd.DataFrame(
        {"index": range(4), "arch_str": archs, "imagenet16-120_val_200ep": [21.5, 42.5, 13.5, 34.5]}
    )
    published.to_csv(tmp_path / "nasbench201.csv.gz", index=False)
    pixels = np.random.default_rng(0).integers(256, size=(20, 16, 16, 3), dtype=np.uint8)
    np.savez(tmp_path / "minibatches-imagenet16.npz", images=pixels, labels=np.arange(1, 21))

    run_page("fig3", tmp_path, profile="paper", panels="c", data_dir=str(tmp_path), n_archs=4, batch_size=8)
    [row] = pd.read_csv(tmp_path / "paper" / "fig3c-imagenet16-120-seed0.csv").to_dict("records")
    kept = pd.read_parquet(tmp_path / "paper" / "scores" / "nasbench201-imagenet16-120-reference-seed0-batch8.parquet")
    assert row["tau"] == pytest.approx(kendalltau(kept.score, published.iloc[:, 2]).statistic, abs=1e-6)
    assert (row["n"], row["epochs"], row["split"]) == (4, 200, "validation")
    assert kept.arch.tolist() == archs
    assert not {21.5, 42.5, 13.5, 34.5} & {*row.values(), *kept.score}
    written = {path.name for path in (tmp_path / "paper").glob("fig3c*")}
    assert written == {f"fig3c-imagenet16-120-seed0.{suffix}" for suffix in ("csv", "json", "png")}


@pytest.mark.parametrize(
    ("name", "letter", "space", "file", "panel"),
    [
        ("fig3", "h", "nds_nasnet", "NASNet.json", "fig3h-nds-nasnet-seed0"),
        ("fig4", "b", "nds_darts", "DARTS.json", "fig4b-nds-darts-seed0"),
        ("fig9", "a", "nats_size", "NATS-sss-v1_0-50262-simple", "fig9a-cifar10-seed0"),
        ("fig10", "c", "nds_pnas_fixed", "PNAS_fix-w-d.json", "fig10c-nds-pnas-seed0"),
    ],
)
@pytest.mark.filterwarnings("ignore:.*the others are missing")
def test_a_panel_is_drawn_once_the_official_file_is_imported(
    tmp_path: Path, name: str, letter: str, space: str, file: str, panel: str
) -> None:
    archs = sample_distinct(get_space(space), 4, np.random.default_rng(0))
    if file.endswith(".json"):
        write_nds(tmp_path / file, archs, [[30.0, 9.5], [30.0, 7.5], [30.0, 8.5], [30.0, 6.5]])
    else:
        write_nats(tmp_path / file, [get_space(space).to_str(arch) for arch in archs])
    import_file(tmp_path / file, out=tmp_path)
    pixels = np.random.default_rng(0).integers(256, size=(8, 32, 32, 3), dtype=np.uint8)
    np.savez(tmp_path / "minibatches-cifar10.npz", images=pixels, labels=np.arange(8))

    settings: dict[str, Any] = {"panels": letter, "data_dir": str(tmp_path), "n_archs": 4, "batch_size": 4}
    run_page(name, tmp_path, profile="paper", **settings)
    rows = pd.read_csv(tmp_path / "paper" / f"{panel}.csv")
    assert set(zip(rows.space, rows.n, strict=True)) == {(space, 4)}
    assert rows.tau.between(-1, 1).all()
    dodo = load_dodo()
    [entry] = [entry for entry in dodo.CHAPTERS[name].published if entry.stem() == panel]
    assert entry.needs == f"{space}.parquet"


def test_kernels_of_nds_darts_are_drawn_once_its_file_is_imported(tmp_path: Path) -> None:
    archs = sample_distinct(get_space("nds_darts"), 5, np.random.default_rng(0))
    write_nds(tmp_path / "DARTS.json", archs, [[30.0, error] for error in (9.0, 8.0, 7.0, 6.0, 5.0)])
    import_file(tmp_path / "DARTS.json", out=tmp_path)
    pixels = np.random.default_rng(0).integers(256, size=(4, 32, 32, 3), dtype=np.uint8)
    np.savez(tmp_path / "minibatches-cifar10.npz", images=pixels, labels=np.arange(4))
    run_page("fig1", tmp_path, profile="paper", panels="b", data_dir=str(tmp_path), batch_size=4)
    table = pd.read_csv(tmp_path / "paper" / "fig1b-nds-darts-seed0.csv")
    assert table.networks.tolist() == [1] * 5  # fifths of five networks
    assert table.mean_similarity.between(0, 1).all()
    assert (tmp_path / "paper" / "fig1b-nds-darts-seed0.png").exists()


def test_trajectories_are_published_with_published_accuracies_in_the_picture_alone(tmp_path: Path) -> None:
    """From what is kept, and from a table that the reader trained."""
    rows = write_watched(tmp_path / "trained.parquet", count=2)
    published = pd.DataFrame({"arch_str": [row["arch"] for row in rows], "cifar10_val_200ep": [91.25, 92.75]})
    published.to_csv(tmp_path / "nasbench201.csv.gz", index=False)
    keep_trajectories([tmp_path / "trained.parquet"], tmp_path / "kept" / "paper" / "scores" / KEPT)
    made = []
    for folder, trained in (("kept", ""), ("own", str(tmp_path / "trained.parquet"))):
        run_page("fig6", tmp_path / folder, profile="paper", data_dir=str(tmp_path), trained=trained)
        made.append(pd.read_csv(tmp_path / folder / "paper" / "fig6-seed0.csv"))
    pd.testing.assert_frame_equal(*made)
    columns = ["epoch", "networks", "above_start", "mean_score", "std_rise", "tau_start", "tau_end"]
    assert made[0].columns.tolist() == columns
    assert made[0].mean_score.tolist() == pytest.approx(np.mean([row["scores"] for row in rows], axis=0), rel=1e-5)


def test_without_trajectories_of_full_size_a_box_says_so_and_nothing_is_published(tmp_path: Path) -> None:
    cell = get_space("nasbench201")[0]
    published = pd.DataFrame({"arch_str": [get_space("nasbench201").to_str(cell)], "cifar10_val_200ep": [91.25]})
    published.to_csv(tmp_path / "nasbench201.csv.gz", index=False)
    run_page("fig6", tmp_path, profile="paper", data_dir=str(tmp_path))
    assert not list((tmp_path / "paper").glob("fig6*"))


def test_the_papermill_line_of_the_readme_runs_as_it_stands(tmp_path: Path) -> None:
    load_dodo().write_notebook(ROOT / "book" / "fig3.md", tmp_path / "book" / "notebooks" / "fig3.ipynb")
    (tmp_path / ".venv").symlink_to(sys.prefix)
    done = subprocess.run(shlex.split(README_LINE), cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "fig3-seed7.ipynb" in {path.name for path in tmp_path.iterdir()}


@pytest.mark.parametrize("profile", ["demo", "paper"])
@pytest.mark.parametrize("table", ["", "nds_darts.parquet"])
def test_all_that_a_page_waits_for_is_there_or_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, profile: str, table: str
) -> None:
    """Whichever of the published tables are in the folder, pages of the others' panels are made as well."""
    (tmp_path / table).touch()
    dodo = load_dodo()
    monkeypatch.setattr(dodo, "PROFILE", profile)
    monkeypatch.setattr(dodo, "DATA", str(tmp_path))
    monkeypatch.chdir(ROOT)
    pages = (dodo.task_notebooks, dodo.task_code, dodo.task_paper, dodo.task_execute, dodo.task_pages)
    tasks = [*(task for tasks in pages for task in tasks()), dodo.task_book()]
    made = {Path(target) for task in tasks for target in task["targets"]}
    assert (Path("figures/paper/fig3f-nds-darts-seed0.csv") in made) == (profile == "paper" and table != "")
    waited_for = {Path(file) for task in tasks for file in task["file_dep"]}
    assert [file for file in waited_for - made if not file.exists()] == []


@pytest.mark.parametrize("data", ["", "no/such/folder"])
def test_the_paper_profile_without_a_folder_of_data_fails_at_once(monkeypatch: pytest.MonkeyPatch, data: str) -> None:
    dodo = load_dodo()
    monkeypatch.setattr(dodo, "PROFILE", "paper")
    monkeypatch.setattr(dodo, "DATA", data)
    with pytest.raises(ValueError, match=rf"data: the paper profile needs .* '{data}' is none; .* DATA=PATH"):
        list(dodo.task_paper())


def test_a_notebook_that_fails_names_page_cell_and_error_and_the_last_good_page_stays(tmp_path: Path) -> None:
    dodo = load_dodo()
    source, notebook, page = (tmp_path / file for file in ("broken.md", "notebooks/broken.ipynb", "broken.ipynb"))
    cells = (":tags: [parameters]\n\nn: int = 1", "print(n)", "1 / 0")
    source.write_text("\n\n".join(f"```{{code-cell}}\n{cell}\n```" for cell in cells))
    page.write_text("the last good page")
    dodo.write_notebook(source, notebook)
    failure = dodo.execute_notebook(notebook, page, {})
    assert isinstance(failure, TaskFailed)
    assert re.search(r"broken: cell \d+ of the code in book/broken\.md raised ZeroDivisionError", failure.get_msg())
    assert page.read_text() == "the last good page"


def test_a_kernel_that_is_slow_to_end_its_last_answer_says_nothing(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    source, notebook, page = (tmp_path / name for name in ("slow.md", "notebooks/slow.ipynb", "slow.ipynb"))
    source.write_text(
        """```{code-cell}
:tags: [parameters]

n: int = 1
```

```{code-cell}
page = None
import time

handlers = get_ipython().kernel.shell_handlers
answer = handlers["kernel_info_request"]


async def slowly(*arguments):
    await answer(*arguments)
    time.sleep(1)


handlers["kernel_info_request"] = slowly
```
"""
    )
    dodo = load_dodo()
    dodo.write_notebook(source, notebook)
    assert dodo.execute_notebook(notebook, page, {}) is None
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("source", PAGES, ids=lambda path: path.stem)
def test_a_source_always_gives_the_same_notebook_with_one_cell_of_parameters(tmp_path: Path, source: Path) -> None:
    dodo = load_dodo()
    first, second = tmp_path / "1.ipynb", tmp_path / "2.ipynb"
    dodo.write_notebook(source, first)
    dodo.write_notebook(source, second)
    assert first.read_bytes() == second.read_bytes()
    parameters = papermill.inspect_notebook(str(first))
    assert parameters
    for name, parameter in parameters.items():
        assert parameter["inferred_type_name"] not in ("", "None"), name
        assert parameter["help"], name


def test_the_code_of_pages_is_as_clean_as_that_of_the_library(tmp_path: Path) -> None:
    for source in PAGES:
        load_dodo().write_notebook(source, tmp_path / f"{source.stem}.ipynb")
    settings = ["--config", str(ROOT / "pyproject.toml"), "--output-format", "concise"]
    command = [sys.executable, "-m", "ruff", "check", *settings, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
