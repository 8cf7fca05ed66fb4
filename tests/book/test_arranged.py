"""How an executed page becomes a page of the site."""

from __future__ import annotations

from pathlib import Path

import nbformat
import nbformat.v4 as cells
import pytest

from support.notebooks import PAGES, load_dodo

SOURCE = """# A page

One sentence.

```{code-cell}
:tags: [parameters]

n: int = 1
```

Another one.

```{code-cell}
n + 1
```
"""


def _code(folder: Path, text: str) -> bytes:
    """The notebook that is run of a page of this text."""
    source, notebook, code = (folder / name for name in ("page.md", "whole.ipynb", "code.ipynb"))
    source.write_text(text)
    load_dodo().write_notebook(source, notebook)
    load_dodo().write_code(notebook, code)
    return code.read_bytes()


def test_what_is_run_of_a_page_changes_with_its_code_and_not_with_its_prose(tmp_path: Path) -> None:
    before = _code(tmp_path, SOURCE)
    assert _code(tmp_path, SOURCE.replace("One sentence.", "Two sentences.\n\nMore of them.")) == before
    assert _code(tmp_path, SOURCE.replace("n + 1", "n + 2")) != before
    assert _code(tmp_path, SOURCE.replace("[parameters]", "[parameters, hide-input]")) != before


def test_a_page_is_its_prose_of_now_and_what_its_code_gave_in_their_order(tmp_path: Path) -> None:
    dodo = load_dodo()
    _code(tmp_path, SOURCE)
    assert dodo.execute_notebook(tmp_path / "code.ipynb", tmp_path / "run.ipynb", {"n": 5}) is None
    _code(tmp_path, SOURCE.replace("Another one.", "Another sentence."))
    dodo.write_page(tmp_path / "whole.ipynb", tmp_path / "run.ipynb", tmp_path / "page.ipynb")
    page = nbformat.read(tmp_path / "page.ipynb", as_version=4)
    nbformat.validate(page)
    sources = [cell.source for cell in page.cells]
    assert sources[:2] == ["# A page\n\nOne sentence.", "Another sentence."]
    assert sources[2] == "n + 1"
    assert page.cells[2].outputs[0].data["text/plain"] == "6"  # as injected
    assert [source.splitlines()[-1] for source in sources[5:7]] == ["n: int = 1", "n = 5"]  # folded, in this order


@pytest.mark.parametrize("source", PAGES, ids=lambda path: path.stem)
def test_code_and_prose_of_a_page_make_the_page_again(tmp_path: Path, source: Path) -> None:
    dodo = load_dodo()
    dodo.write_notebook(source, tmp_path / "page.ipynb")
    dodo.write_code(tmp_path / "page.ipynb", tmp_path / "code.ipynb")
    whole, code = (nbformat.read(tmp_path / name, as_version=4).cells for name in ("page.ipynb", "code.ipynb"))
    joined = dodo.with_prose(whole, code)
    assert [(cell.cell_type, cell.source) for cell in joined] == [(cell.cell_type, cell.source) for cell in whole]


def test_what_sets_a_page_up_and_shows_nothing_is_told_apart_whatever_it_warned_of() -> None:
    def code(source: str, tag: str, *outputs: nbformat.NotebookNode) -> nbformat.NotebookNode:
        return cells.new_code_cell(source, metadata={"tags": [tag] if tag else []}, outputs=list(outputs))

    warned, said = (cells.new_output("stream", name=name, text="!") for name in ("stderr", "stdout"))
    page = [
        cells.new_markdown_cell("# Title"),
        code("n: int = 1", "parameters"),
        code("n = 2", "injected-parameters"),
        code("import numpy", "hide-input", warned),
        code("print(n)", "hide-input", said),
        code("n", ""),
        code("page.opening()", "remove-input"),
    ]
    set_up, rest = load_dodo().part_set_up(page)
    assert [cell.source for cell in set_up] == ["n: int = 1", "n = 2", "import numpy"]
    assert [cell.source for cell in rest] == ["# Title", "print(n)", "n", "page.opening()"]
    assert all(cell.metadata.tags == [] for cell in set_up)  # open, since they stand behind a fold
