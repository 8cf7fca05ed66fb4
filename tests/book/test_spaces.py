"""The chapters of search spaces say of random networks what is so, and how many there are."""

from __future__ import annotations

from math import factorial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from naswotbook.experiments.spaces import nds_spaces, score_first, show_sizes, size_sample
from naswotlib import arch_seed, get_space, load_images, naswot_score
from support.pages import make_page


def test_a_sample_is_of_different_networks_and_a_larger_one_begins_with_it() -> None:
    small, large = (size_sample("nats_size", count, rng=np.random.default_rng(3)) for count in (5, 9))
    assert large.arch.is_unique
    assert large.head(5).equals(small)


def test_sizes_are_those_of_the_built_network() -> None:
    [row] = size_sample("nats_size", 1, rng=np.random.default_rng(0)).to_dict("records")
    space = get_space("nats_size")
    network = space.build(space.from_str(row["arch"]), seed=0)
    assert row["parameters"] == sum(weights.numel() for weights in network.parameters())
    assert row["num_units"] == naswot_score(network, load_images("noise", 2, seed=0)).num_units


def test_the_first_networks_of_each_space_get_the_score_of_the_built_network() -> None:
    inputs = load_images("noise", 4, seed=0)
    names = ["nats_size", "nasbench201"]
    sample = pd.concat([size_sample(name, 3, rng=np.random.default_rng(0)) for name in names], ignore_index=True)
    found = score_first(sample, 2, inputs, seed=5)
    assert found[["space", "arch"]].values.tolist() == sample.loc[[0, 1, 3, 4], ["space", "arch"]].values.tolist()
    for row in found.to_dict("records"):
        space = get_space(row["space"])
        network = space.build(space.from_str(row["arch"]), seed=arch_seed(5, row["arch"]))
        expected = naswot_score(network, inputs)
        assert row["score"] == pytest.approx(float(expected), rel=1e-6)
        assert row["num_units"] == expected.num_units


@pytest.mark.parametrize(("names", "heading"), [(["nats_size"], ""), (["nats_size", "nasbench201"], "space")])
def test_sizes_are_shown_as_a_table_and_a_picture_that_says_of_how_many(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, names: list[str], heading: str
) -> None:
    texts: list[str] = []
    monkeypatch.setattr("naswotbook.page.display", lambda shown, **_: texts.append(getattr(shown, "data", "picture")))
    sample = pd.concat([size_sample(name, 4, rng=np.random.default_rng(0)) for name in names], ignore_index=True)
    show_sizes(make_page("nats_size", tmp_path), "nats-size-sizes", sample)
    unit, table, picture, caption = texts
    assert "in millions" in unit.lower()
    assert table.splitlines()[0] == f"| {heading} | parameters | $N_A$ | multiply-adds |"
    assert len(table.splitlines()) == 2 + len(names)
    assert picture == "picture"
    assert caption.startswith("Sizes of 4 random architectures")


def test_a_genotype_is_counted_as_the_chapter_says() -> None:
    """Each of n nodes of two cells has two operations, each of o and on one of the states before it."""
    found = nds_spaces().set_index("space")
    for name in ("nds_darts_fixed", "nds_enas_fixed", "nds_pnas_fixed"):
        row = found.loc[f"`{name}`"]
        o, n = int(row.operations), int(row.nodes)
        mantissa, power = row.architectures.strip("$}").split(r" \cdot 10^{")
        count = (o ** (2 * n) * factorial(n + 1) ** 2) ** 2
        assert float(f"{mantissa}e{power}") == pytest.approx(count, rel=0.05)
    assert found.output.loc[["`nds_darts`", "`nds_enas`"]].tolist() == ["all nodes", "loose nodes"]
