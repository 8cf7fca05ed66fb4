"""How an executed page becomes a page of the site."""

from __future__ import annotations

import nbformat
import nbformat.v4 as cells

from support.notebooks import load_dodo


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
