"""A button to Colab on every page that is a notebook, once the site's configuration names a repository on GitHub."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
import yaml
from bs4 import BeautifulSoup

from support.notebooks import ROOT

ADDRESS = "https://github.com/owner/the-book"
COLAB = "colab.research.google.com"


def build(folder: Path, address: str) -> Path:
    """The site of a book of one notebook and one plain page, by the project's own configuration. Returns its folder."""
    book, config = folder / "book", yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    (book / "notebooks").mkdir(parents=True)
    notebook = nbformat.v4.new_notebook(metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}})
    notebook.cells = [nbformat.v4.new_markdown_cell("# A notebook"), nbformat.v4.new_code_cell("1 + 1")]
    nbformat.write(notebook, book / "executed.ipynb")
    nbformat.write(notebook, book / "notebooks" / "executed.ipynb")
    (book / "plain.md").write_text("# A page\n\nA sentence.\n")
    (book / "_toc.yml").write_text("format: jb-book\nroot: plain\nchapters: [{file: executed}]\n")
    needed = ("myst_nb", "jupyter_book", "sphinx_external_toc", "sphinx_book_theme", "colab")
    extensions = [name for name in config["sphinx"]["config"]["extensions"] if name in needed]
    config["sphinx"] = {
        "local_extensions": {"colab": str(ROOT / "book" / "_ext")},
        "config": {"extensions": extensions},
    }
    config["html"].pop("favicon")
    if address:
        config["repository"] = {"url": address}
    (folder / "_config.yml").write_text(yaml.safe_dump(config))
    command = [Path(sys.executable).with_name("jupyter-book"), "build", book, "--config", folder / "_config.yml"]
    done = subprocess.run(
        [*command, "--path-output", folder, "--quiet"], capture_output=True, text=True, check=False, cwd=folder
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "_build" / "html"


def links(page: Path) -> list[str]:
    soup = BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")
    return [link["href"] for link in soup.find_all("a", href=True) if COLAB in link["href"]]


def test_with_an_address_each_notebook_leads_to_its_copy_that_brings_the_book_first(tmp_path: Path) -> None:
    site = build(tmp_path, ADDRESS)
    assert set(links(site / "executed.html")) == {
        f"https://{COLAB}/github/owner/the-book/blob/notebooks/executed.ipynb"
    }
    assert links(site / "plain.html") == []
    [path] = (site.parent / "colab").glob("*.ipynb")
    first, *rest = nbformat.read(path, as_version=4).cells
    assert f"git clone --quiet --depth 1 {ADDRESS} /content/the-book" in first.source
    assert [cell.source for cell in rest] == ["# A notebook", "1 + 1"]


@pytest.mark.parametrize("address", ["", "https://example.org/owner/the-book"])
def test_without_one_or_with_one_elsewhere_there_is_no_button_and_nothing_for_colab(
    tmp_path: Path, address: str
) -> None:
    site = build(tmp_path, address)
    pages = sorted(site.glob("*.html"))
    assert len(pages) >= 2
    assert [page.name for page in pages if COLAB in page.read_text(encoding="utf-8")] == []
    assert not (site.parent / "colab").exists()
