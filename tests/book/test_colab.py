"""A button to Colab on every page that is a notebook, once the site's configuration names a repository on GitHub."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import nbformat
import pytest
import yaml
from bs4 import BeautifulSoup

from support.notebooks import ROOT
from support.small_book import build_book, write_notebook

ADDRESS = "https://github.com/owner/the-book"
COLAB = "colab.research.google.com"


def build(folder: Path, **config: Any) -> Path:
    """A book of a plain page and of a notebook. Returns the folder of its site."""
    for place in ("executed", "notebooks/executed"):
        write_notebook(folder / "book" / f"{place}.ipynb", "1 + 1")
    return build_book(folder, {"plain": "# A page\n\nA sentence.\n", "executed": ""}, ["colab"], **config)


def links(page: Path) -> list[str]:
    soup = BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")
    return [link["href"] for link in soup.find_all("a", href=True) if COLAB in link["href"]]


def test_with_an_address_each_notebook_leads_to_its_copy_that_brings_the_book_first(tmp_path: Path) -> None:
    site = build(tmp_path, repository={"url": ADDRESS})
    assert set(links(site / "executed.html")) == {
        f"https://{COLAB}/github/owner/the-book/blob/notebooks/executed.ipynb"
    }
    assert links(site / "plain.html") == []
    [path] = (site.parent / "colab").glob("*.ipynb")
    first, *rest = nbformat.read(path, as_version=4).cells
    assert f"git clone --quiet --depth 1 {ADDRESS} /content/the-book" in first.source
    assert [cell.source for cell in rest] == ["# A notebook", "1 + 1"]


@pytest.mark.parametrize("config", [{}, {"repository": {"url": "https://example.org/owner/the-book"}}])
def test_without_one_or_with_one_elsewhere_there_is_no_button_and_nothing_for_colab(
    tmp_path: Path, config: dict[str, Any]
) -> None:
    site = build(tmp_path, **config)
    pages = sorted(site.glob("*.html"))
    assert len(pages) >= 2
    assert [page.name for page in pages if COLAB in page.read_text(encoding="utf-8")] == []
    assert not (site.parent / "colab").exists()


def git(folder: Path, *arguments: str) -> str:
    """What git says to ``arguments`` in ``folder``."""
    done = subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def test_the_workflow_keeps_the_notebooks_alone_on_their_branch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "book.yml").read_text(encoding="utf-8"))
    command = workflow["jobs"]["notebooks"]["steps"][-1]["run"]
    origin, work, made = (tmp_path / name for name in ("origin.git", "work", "colab"))
    git(tmp_path, "init", "--quiet", "--bare", "--initial-branch=main", str(origin))
    git(tmp_path, "clone", "--quiet", str(origin), str(work))
    git(work, "switch", "--quiet", "--create", "main")
    (work / "README.md").write_text("The book.\n", encoding="utf-8")
    git(work, "add", ".")
    git(work, "-c", "user.name=a", "-c", "user.email=a@b", "commit", "--quiet", "-m", "The book")
    git(work, "push", "--quiet", "origin", "main")
    monkeypatch.setenv("RUNNER_TEMP", str(tmp_path))
    for number in range(2):  # the second push replaces the first
        made.mkdir(exist_ok=True)
        write_notebook(made / "page.ipynb", f"{number}")
        checkout = tmp_path / f"checkout{number}"
        git(tmp_path, "clone", "--quiet", "--depth", "1", origin.as_uri(), str(checkout))
        subprocess.run(["bash", "-e", "-c", command], cwd=checkout, check=True, capture_output=True)
    assert git(origin, "ls-tree", "--name-only", "-r", "notebooks") == "page.ipynb"
    assert git(origin, "rev-list", "--count", "notebooks") == "1"
    assert nbformat.reads(git(origin, "show", "notebooks:page.ipynb"), as_version=4).cells[-1].source == "1"
    assert git(origin, "ls-tree", "--name-only", "main") == "README.md"
