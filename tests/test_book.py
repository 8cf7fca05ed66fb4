"""Notebooks of the book, executed as `make book`, papermill and a reader execute them."""

from __future__ import annotations

import importlib.util
import re
import shlex
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import papermill
import pytest
from doit.exceptions import TaskFailed
from scipy.stats import kendalltau

from naswotlib import get_space
from naswotlib.spaces.base import sample_distinct

ROOT = Path(__file__).parents[1]
SMALL = {"n_archs": 6, "batch_size": 8}
[README_LINE] = re.findall(r"^(\.venv/bin/papermill .*)$", (ROOT / "README.md").read_text(), re.MULTILINE)

pytestmark = pytest.mark.notebook


@pytest.fixture(scope="module")
def dodo() -> ModuleType:
    spec = importlib.util.spec_from_file_location("dodo", ROOT / "dodo.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def notebook(dodo: ModuleType, tmp_path: Path) -> Path:
    """Figure 3, as `make notebooks` writes it."""
    path = tmp_path / "book" / "notebooks" / "fig3.ipynb"
    dodo.write_notebook(ROOT / "book" / "fig3.py", path)
    return path


def _run(notebook: Path, out: Path, **parameters: Any) -> None:
    parameters = {**SMALL, "out_dir": str(out), **parameters}
    papermill.execute_notebook(str(notebook), str(out / "executed.ipynb"), parameters, progress_bar=False)


def test_two_runs_give_the_same_csv_and_another_seed_gives_another(notebook: Path, tmp_path: Path) -> None:
    outputs = []
    for number, seed in enumerate((3, 3, 4)):
        out = tmp_path / str(number)
        out.mkdir()
        _run(notebook, out, seed=seed)
        outputs.append((out / "demo" / f"fig3-seed{seed}.csv").read_text())
    assert len(outputs[0].splitlines()) == 1 + SMALL["n_archs"]
    assert outputs[0] == outputs[1]
    assert outputs[0] != outputs[2]


def test_a_parameter_that_the_notebook_does_not_have_is_an_error_that_names_it(notebook: Path, tmp_path: Path) -> None:
    with pytest.raises(
        papermill.PapermillExecutionError, match="sede: not a parameter of this notebook; it has profile"
    ):
        _run(notebook, tmp_path, sede=7)


def test_published_accuracies_give_a_summary_and_kept_scores_without_any_of_them(
    notebook: Path, tmp_path: Path
) -> None:
    space = get_space("nasbench201")
    archs = [space.to_str(arch) for arch in sample_distinct(space, 4, np.random.default_rng(0))]
    published = pd.DataFrame(
        {"index": range(4), "arch_str": archs, "imagenet16-120_val_200ep": [21.5, 42.5, 13.5, 34.5]}
    )
    published.to_csv(tmp_path / "nasbench201.csv.gz", index=False)
    pixels = np.random.default_rng(0).integers(256, size=(20, 16, 16, 3), dtype=np.uint8)
    np.savez(tmp_path / "minibatches-imagenet16.npz", images=pixels, labels=np.arange(1, 21))

    settings = {"profile": "paper", "dataset": "imagenet16-120", "data_dir": str(tmp_path), "n_archs": 4}
    _run(notebook, tmp_path, **settings)
    [row] = pd.read_csv(tmp_path / "paper" / "fig3c-imagenet16-120-seed0.csv").to_dict("records")
    kept = pd.read_parquet(tmp_path / "paper" / "scores" / "nasbench201-imagenet16-120-once-seed0-batch8.parquet")
    assert row["tau"] == pytest.approx(kendalltau(kept.score, published.iloc[:, 2]).statistic, abs=1e-6)
    assert (row["n"], row["epochs"], row["split"]) == (4, 200, "validation")
    assert kept.arch.tolist() == archs
    assert not {21.5, 42.5, 13.5, 34.5} & {*row.values(), *kept.score}
    written = {path.name for path in (tmp_path / "paper").glob("fig3c*")}
    assert written == {f"fig3c-imagenet16-120-seed0.{suffix}" for suffix in ("csv", "json", "png")}


def test_the_papermill_line_of_the_readme_runs_as_it_stands(notebook: Path, tmp_path: Path) -> None:
    (tmp_path / ".venv").symlink_to(sys.prefix)
    done = subprocess.run(shlex.split(README_LINE), cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "fig3-seed7.ipynb" in {path.name for path in tmp_path.iterdir()}


def test_a_notebook_that_fails_names_page_cell_and_error_and_the_last_good_page_stays(
    dodo: ModuleType, tmp_path: Path
) -> None:
    source, notebook, page = (tmp_path / name for name in ("broken.py", "notebooks/broken.ipynb", "broken.ipynb"))
    source.write_text("# %% tags=['parameters']\nn: int = 1\n\n# %%\nprint(n)\n\n# %%\n1 / 0\n")
    page.write_text("the last good page")
    dodo.write_notebook(source, notebook)
    failure = dodo.execute_notebook(notebook, page, {})
    assert isinstance(failure, TaskFailed)
    assert re.search(r"broken: cell \d+ of book/broken\.py raised ZeroDivisionError", failure.get_msg())
    assert page.read_text() == "the last good page"


@pytest.mark.parametrize("source", sorted((ROOT / "book").glob("*.py")), ids=lambda path: path.stem)
def test_a_source_always_gives_the_same_notebook_with_one_cell_of_parameters(
    dodo: ModuleType, tmp_path: Path, source: Path
) -> None:
    first, second = tmp_path / "1.ipynb", tmp_path / "2.ipynb"
    dodo.write_notebook(source, first)
    dodo.write_notebook(source, second)
    assert first.read_bytes() == second.read_bytes()
    parameters = papermill.inspect_notebook(str(first))
    assert parameters
    for name, parameter in parameters.items():
        assert parameter["inferred_type_name"] not in ("", "None"), name
        assert parameter["help"], name
