"""Spaces that the paper never saw, from the shell: scored one by one and many at a time, and searched."""

import json
import sys

import numpy as np
import pytest

from naswotlib.cli.main import main
from naswotlib.data.images import load_images
from naswotlib.scoring.many import score_archs
from naswotlib.search.without_training import naswot as naswot_search
from naswotlib.spaces import get_space

ARCHS = {
    "transnas101_micro": "64-41414-1_02_333",
    "transnas101_macro": "64-1234-basic",
    "nasbench_macro": "01201202",
    "channel_bench_resnet": "4432214",
    "channel_bench_mobilenet": "4432214",
}
BATCH = ("--images", "noise", "--batch-size", 2, "--json")


@pytest.fixture
def naswot(monkeypatch, capsys):
    """Run the command in this process; returns its status and what it told as JSON."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["naswot", *map(str, arguments)])
        with pytest.raises(SystemExit) as stop:
            main()
        return stop.value.code or 0, json.loads(capsys.readouterr().out)

    return run


@pytest.mark.parametrize("name", ARCHS)
def test_an_architecture_is_scored_as_score_archs_scores_it(naswot, name):
    status, told = naswot("score", "--space", name, "--arch", ARCHS[name], "--side", 16, *BATCH)
    [row] = score_archs(name, [ARCHS[name]], load_images("noise", 2, seed=0, side=16), seed=0, progress=False).to_dict(
        "records"
    )
    assert (status, row["error"]) == (0, "")
    assert told["score"] == pytest.approx(row["score"], rel=1e-6)
    assert told["num_units"] == row["num_units"] > 0


@pytest.mark.parametrize("name", ARCHS)
def test_a_search_takes_what_scores_highest_of_what_it_drew(naswot, name):
    status, told = naswot("search", "--space", name, "--n", 2, "--workers", 1, *BATCH)
    inputs, rng = load_images("noise", 2, seed=0), np.random.default_rng(0)
    expected = naswot_search(name, inputs, n_samples=2, rng=rng, seed=0, exact=False)
    assert (status, told["tried"]) == (0, 2)
    assert told["arch"] == get_space(name).to_str(expected.arch)
