"""``ro-crate-metadata.json`` of the site: what it is, whom it cites, and which results can be downloaded from it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

from naswotbook.registry import ROOT, read_figures
from naswotlib.data.files import write_whole

FORMATS = {".csv": "text/csv", ".json": "application/json", ".png": "image/png", ".svg": "image/svg+xml"}


def describe_site(root: Path = ROOT) -> dict[str, Any]:
    """The crate, RO-Crate 1.1 in JSON-LD, from CITATION.cff and the registry of figures.

    Its parts are the files of figures/paper that the registry names, by their address in the repository.
    """
    cff = yaml.safe_load((root / "CITATION.cff").read_text(encoding="utf-8"))
    paper = cff["preferred-citation"]
    files = [
        {
            "@id": path.relative_to(root).as_posix(),
            "@type": "File",
            "name": path.name,
            "encodingFormat": FORMATS[path.suffix],
            "description": " ".join((entry.caption or entry.title or f"Results of the page {entry.page}").split()),
        }
        for chapter in read_figures().values()
        for entry in chapter.published
        for suffix in entry.files
        if suffix in FORMATS and (path := root / "figures" / "paper" / f"{entry.stem()}{suffix}").exists()
    ]
    site = {
        "@id": "./",
        "@type": "Dataset",
        "name": cff["title"],
        "description": "A book that computes every figure and table of the paper anew, with a verdict on each claim.",
        "license": f"https://spdx.org/licenses/{cff['license']}",
        "version": cff["version"],
        "author": [{"@type": "Organization", "name": author["name"]} for author in cff["authors"]],
        "keywords": ", ".join(cff["keywords"]),
        "citation": {"@id": paper["url"]},
        "hasPart": [{"@id": file["@id"]} for file in files],
    }
    cited = {
        "@id": paper["url"],
        "@type": "ScholarlyArticle",
        "name": paper["title"],
        "datePublished": str(paper["year"]),
        "author": [f"{author['given-names']} {author['family-names']}" for author in paper["authors"]],
    }
    about = {
        "@id": "ro-crate-metadata.json",
        "@type": "CreativeWork",
        "conformsTo": {"@id": "https://w3id.org/ro/crate/1.1"},
        "about": {"@id": "./"},
    }
    return {"@context": "https://w3id.org/ro/crate/1.1/context", "@graph": [about, site, cited, *files]}


def write_crate(folder: Path) -> None:
    """Write the crate into the folder of the built site."""
    with write_whole(folder / "ro-crate-metadata.json") as file:
        file.write(json.dumps(describe_site(), indent=1, ensure_ascii=False).encode() + b"\n")
