"""Scores of torchvision's classifiers beside accuracies that are read from torchvision, and committed nowhere."""

from __future__ import annotations

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import torchvision
from scipy.stats import kendalltau

from naswotbook.experiments.classifiers import (
    MEASURES,
    against_accuracy,
    beside_accuracy,
    ranking,
    ranking_in_words,
    stated,
    tried_in_words,
)
from naswotlib.cli.score import _side_of

COMMITTED = Path(__file__).parents[2] / "figures" / "paper" / "classifiers.csv"
NAMES = torchvision.models.list_models(module=torchvision.models)


@pytest.fixture
def scored() -> pd.DataFrame:
    """Twelve networks in the order of their accuracies by score, in the other by parameters; one was refused."""
    names = sorted(["alexnet", "vgg11", "resnet18", "resnet50", "densenet121", "googlenet", "vit_b_16", "swin_t",
                    "regnet_y_400mf", "mnasnet0_5", "wide_resnet50_2"], key=lambda name: stated(name)["accuracy"])  # type: ignore[index]  # fmt: skip
    rank = np.arange(len(names), dtype=float)
    table = pd.DataFrame({"network": names, "score": 200 + rank, "num_units": 1000 + rank, "parameters": 99 - rank})
    table = table.assign(
        activations=["gelu" if "it_" in n or "swin" in n else "relu" for n in names], smallest=2, batch_size=16
    )
    table = table.assign(coin_flips=300.0, cpu_seconds=5.0 + rank, megabytes=900 + rank, says=None)
    others = {"network": ["vit_h_14", "vgg13", "vgg19"], "score": [9.0, np.nan, 30.0], "batch_size": [16, 16, 2]}
    refused = pd.DataFrame(others).assign(activations="relu", smallest=2, cpu_seconds=1.0, megabytes=1)
    return pd.concat([table, refused], ignore_index=True)


def test_accuracies_are_those_that_the_first_weights_state_and_others_have_none() -> None:
    meta = torchvision.models.ResNet50_Weights.IMAGENET1K_V1.meta
    assert stated("resnet50") == {"accuracy": meta["_metrics"]["ImageNet-1K"]["acc@1"], "flops": meta["_ops"] * 1e9}
    assert [name for name in NAMES if stated(name) is None] == ["regnet_y_128gf", "vit_h_14"]


def test_networks_without_a_score_or_without_such_weights_are_left_out(scored: pd.DataFrame) -> None:
    table = beside_accuracy(scored)
    assert len(table) == 11
    assert not {"vit_h_14", "vgg13", "vgg19"} & {*table.network}
    assert table.accuracy.is_monotonic_increasing


def test_each_measure_is_compared_with_the_score_over_the_same_networks(scored: pd.DataFrame) -> None:
    table = beside_accuracy(scored)
    found = ranking(table, seed=0, n_boot=50)
    assert found.measure.tolist() == [*MEASURES] * 2
    rows = found[found.networks == "all"].set_index("measure")
    assert rows.tau.drop("flops").tolist() == pytest.approx([1, 1, -1])
    assert rows.tau["flops"] == pytest.approx(kendalltau(table.flops, table.accuracy).statistic)
    assert rows.loc["parameters", ["less", "less_low", "less_high"]].tolist() == pytest.approx([2, 2, 2])
    assert rows.loc["num_units", ["less", "less_low", "less_high"]].tolist() == [0, 0, 0]
    assert found[found.networks != "all"].n.unique().tolist() == [(table.activations == "relu").sum()]
    assert "Of 11 networks (all), the score's τ is 1.00 [1.00, 1.00]." in ranking_in_words(found)
    assert "worse: parameters" in ranking_in_words(found)


def test_what_was_tried_is_told_with_what_was_not_scored(scored: pd.DataFrame) -> None:
    text = " ".join(tried_in_words(scored).split())
    assert "was asked for 14 classifiers, and scored 13." in text
    assert "the scores are of 16. 1 were scored with 2 alone, and are left out below. The longest took" in text
    assert text.endswith("Not scored: vgg13.")


def test_the_picture_has_a_point_for_each_network(scored: pd.DataFrame) -> None:
    figure = against_accuracy(beside_accuracy(scored))
    assert [sum(len(points.get_offsets()) for points in ax.collections) for ax in figure.axes] == [11, 11]
    plt.close(figure)


def test_a_model_is_scored_at_the_side_that_it_is_made_for_and_not_at_that_of_some_larger_weights() -> None:
    sides = {
        name: _side_of(f"torchvision:{name}") for name in ("vit_h_14", "regnet_y_128gf", "inception_v3", "swin_v2_t")
    }
    assert sides == {"vit_h_14": 224, "regnet_y_128gf": 224, "inception_v3": 299, "swin_v2_t": 256}


def test_the_committed_table_has_networks_of_torchvision_each_once_and_no_accuracy() -> None:
    table = pd.read_csv(COMMITTED)
    assert table.network.is_unique
    assert set(table.network) == set(NAMES)
    assert [name for name in table.columns if "acc" in name] == []
    known = beside_accuracy(table)
    assert len(known) >= 30
    numbers = known.drop(columns=["accuracy"]).select_dtypes("number")
    linear = numbers.loc[:, numbers.nunique() > 1].corrwith(known.accuracy)
    assert (linear.abs() < 0.999).all()
    done = table[table.score.notna()]
    assert (done["rank"] == done.batch_size).all()
    assert (done.smallest == 2).all()
    failed = table[table.score.isna()]
    assert failed.error.astype(str).str.startswith("naswot: ").all()
