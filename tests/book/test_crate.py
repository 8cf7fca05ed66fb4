"""The crate of the site names results that are there, and the paper that is cited."""

from __future__ import annotations

import json
from pathlib import Path

from naswotbook.crate import describe_site, write_crate
from naswotbook.registry import ROOT


def test_what_the_crate_refers_to_is_described_in_it_and_lies_in_the_repository(tmp_path: Path) -> None:
    write_crate(tmp_path)
    crate = json.loads((tmp_path / "ro-crate-metadata.json").read_text(encoding="utf-8"))
    assert crate == describe_site()
    known = {part["@id"]: part for part in crate["@graph"]}
    assert len(known) == len(crate["@graph"])
    site = known[known["ro-crate-metadata.json"]["about"]["@id"]]
    assert known[site["citation"]["@id"]]["name"] == "Neural Architecture Search without Training"
    parts = [part["@id"] for part in site["hasPart"]]
    assert "figures/paper/fig3a-cifar10-seed0.csv" in parts
    assert all((ROOT / part).is_file() and part in known for part in parts)
