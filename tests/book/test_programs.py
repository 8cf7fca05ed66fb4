"""Programs called NASWOT: each variant against the library or a loop written out, and what the page says of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from naswotbook.experiments import programs
from naswotbook.kept import scores_name
from naswotlib import get_space, load_images, naswot_score
from naswotlib.errors import NaswotWarning
from naswotlib.spaces.base import arch_seed

SPACE = get_space("nasbench201")
ARCHS = [SPACE.to_str(SPACE[index]) for index in (1462, 8000)]
SMALL: dict[str, Any] = {"stem_channels": 4, "cells_per_stage": 1}
IMAGES = load_images("noise", 6, seed=0, side=16)


def _network(arch: str) -> nn.Module:
    return SPACE.build(SPACE.from_str(arch), seed=arch_seed(5, arch), **SMALL)


def _table() -> pd.DataFrame:
    return programs.score_programs("nasbench201", ARCHS, IMAGES, seed=5, skeleton=SMALL).set_index("arch")


def test_equation_1_and_running_statistics_are_what_the_library_scores() -> None:
    table = _table()
    for arch in ARCHS:
        assert table.once[arch] == naswot_score(_network(arch), IMAGES).value == pytest.approx(table.slogdet[arch])
        with pytest.warns(NaswotWarning, match="running statistics"):
            assert table["eval"][arch] == naswot_score(_network(arch), IMAGES, batch_norm="eval").value


def test_outputs_are_those_of_convolutions_and_linear_layers_counted_by_a_loop() -> None:
    network, kernel = _network(ARCHS[0]), np.zeros((6, 6))

    def hook(_layer: nn.Module, _inputs: object, output: torch.Tensor) -> None:
        nonlocal kernel
        active = (output > 0).flatten(1).double()
        kernel = kernel + (active @ active.T + (1 - active) @ (1 - active).T).numpy()

    for module in network.modules():
        if isinstance(module, (nn.Conv2d, nn.Linear)):
            module.register_forward_hook(hook)
    with torch.no_grad():
        network.train()(IMAGES)
    assert np.array_equal(programs.kernels(_network(ARCHS[0]), IMAGES, "batch")[1], kernel)


def test_a_network_has_no_hooks_afterwards_and_normal_weights_come_from_the_seed() -> None:
    network = _network(ARCHS[0])
    programs.kernels(network, IMAGES, "batch")
    assert not any(module._forward_hooks for module in network.modules())
    programs.draw_normal(network, seed=3)
    first = [layer.weight.clone() for layer in network.modules() if isinstance(layer, programs.LAYERS)]
    programs.draw_normal(network, seed=3)
    again = [layer.weight for layer in network.modules() if isinstance(layer, programs.LAYERS)]
    assert all(map(torch.equal, first, again))
    assert torch.cat([weight.detach().flatten() for weight in first]).std().item() == pytest.approx(1, abs=0.05)
    assert not any(layer.bias.any() for layer in network.modules() if isinstance(layer, nn.Linear))


def test_minus_infinity_turned_to_0_changes_a_rank_only_where_scores_are_below_0() -> None:
    table = pd.DataFrame({"arch": ["a", "b", "c"], "once": [5.0, -np.inf, 2.0], "slogdet": [5.0, 300.0, 2.0]})
    derived = programs.with_derived(table, {"reference": pd.Series({"c": 1.0, "a": 3.0, "b": 2.0})}, name="nasbench201")
    assert list(derived) == ["once", "reference", "slogdet", "zeroed"]
    assert derived.reference.tolist() == [3, 2, 1]
    compared = programs.compare_programs(derived, [3.0, 1.0, 2.0], seed=0, n_boot=10).set_index("variant")
    assert compared.agreement["−∞ turned to 0"] == compared.tau["equation 1"] == 1
    assert 0 < compared.less["no look at the rank"] == pytest.approx(1 - compared.tau["no look at the rank"])
    assert compared.singular["equation 1"] == 1


def test_cells_whose_backward_pass_fails_have_0_on_nasbench101() -> None:
    archs = ["conv3x3(0)|output(0,1)", "maxpool3x3(0)|output(0,1)"]
    table = pd.DataFrame({"arch": archs, "once": [5.0, 4.0]})
    assert programs.with_derived(table, {}, name="nasbench101").backward.tolist() == [0, 4]


def test_every_two_variants_are_compared_and_the_page_names_the_farthest_and_the_same() -> None:
    table = pd.DataFrame({"once": [1.0, 2, 3, 4], "slogdet": [1.0, 2, 3, 4], "outputs": [4.0, 3, 1, 2]})
    taus = programs.pairwise_agreement(table)
    assert taus.loc["equation 1", "outputs of layers"] == taus.loc["outputs of layers", "equation 1"] < 0
    assert np.diag(taus).tolist() == [1, 1, 1]
    summary = programs.compare_programs(table, [1.0, 2, 4, 3], seed=0, n_boot=10).assign(space="nasbench201")
    said = programs.in_words(summary)
    assert "Farthest from it is *outputs of layers*" in said
    assert "Exactly the same ranks: *no look at the rank*." in said


def test_kept_tables_are_joined_by_architecture(tmp_path: Path) -> None:
    once = pd.DataFrame({"arch": ARCHS, "once": [1.0, 2.0]})
    for space in ("nasbench201", "nasbench101"):
        archs = ARCHS if space == "nasbench201" else ["conv1x1(0)|output(1)", "conv3x3(0)|output(1)"]
        once.assign(arch=archs).to_parquet(tmp_path / f"programs-{space}-cifar10-seed0-archs2-batch128.parquet")
    reference = pd.DataFrame({"arch": ARCHS[::-1], "score": [20.0, 10.0]})
    reference.to_parquet(tmp_path / scores_name("nasbench201", "cifar10", counting="reference", seed=0))
    measured = pd.DataFrame({"arch": ARCHS, "jacob_cov": [-1.0, -2.0], "jacob_cov_eval": [-3.0, -4.0]})
    measured.to_parquet(tmp_path / scores_name("nasbench201", "cifar10", counting="measures", seed=0))
    tables = programs.kept_programs(tmp_path)
    assert tables["nasbench201"].reference.tolist() == [10, 20]
    assert tables["nasbench201"].first_eval.tolist() == [-3, -4]
    assert list(tables["nasbench101"]) == ["once", "zeroed", "backward"]


def test_accuracies_are_those_of_the_longest_training() -> None:
    bench = programs.load_profile("nasbench201", profile="demo")
    found = programs.accuracy_of("nasbench201", bench.archs[:3], profile="demo")
    assert found.tolist() == bench.accuracy(bench.archs[:3], dataset="cifar10", split="validation", epochs=3).tolist()
