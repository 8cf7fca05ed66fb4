"""NDS on ImageNet: rank correlations of score and sizes, their paired differences, and what is said of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import kendalltau

from naswotbook.experiments.families import (
    FAMILIES,
    LABELS,
    PAIRS,
    SCORES,
    compare_in_family,
    describe_families,
    differences_table,
    draw_families,
    families_table,
    measure_family,
    rank_family,
)
from naswotbook.samples import Sample, draw_sample
from naswotlib import get_space, load_images, score_archs
from naswotlib.benchmarks import import_file
from naswotlib.spaces.sizes import network_sizes
from support.published import write_nds

SPACE = "nds_darts_imagenet"
N = 40
SAMPLE = Sample(SPACE, "imagenet", "test", 50, [""] * N, np.arange(N) / 2 + 50, {}, "photos", 224, "made up")


def made_up(sample: Sample = SAMPLE) -> pd.DataFrame:
    """Forty networks: the score ranks all but a few, noise at random, parameters backwards."""
    rng, ranks = np.random.default_rng(0), np.arange(N, dtype=float)
    points = pd.DataFrame({name: ranks + rng.normal(0, 4, N) for name in LABELS})
    points["score, noise, once"] = rng.normal(0, 1, N)
    points["parameters"] = -ranks
    return points.assign(arch="", accuracy=sample.accuracy)


def both() -> tuple[pd.DataFrame, pd.DataFrame]:
    taus, differences = [], []
    for space in FAMILIES:
        sample = replace(SAMPLE, space=space)
        taus += list(rank_family(sample, made_up(), seed=0, n_boot=100))
        differences += list(compare_in_family(sample, made_up(), seed=0, n_boot=100))
    return pd.DataFrame(taus), pd.DataFrame(differences)


def test_networks_are_scored_on_photographs_and_on_noise_and_their_sizes_counted_at_224_pixels(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    archs = [replace(get_space(SPACE).sample(rng), width=32, depth=6) for _ in range(2)]
    write_nds(tmp_path / "DARTS_in.json", archs, [[40.0, 25.0], [40.0, 30.0]])
    import_file(tmp_path / "DARTS_in.json", out=tmp_path)
    sample = draw_sample(SPACE, "imagenet", None, profile="paper", seed=0, data_dir=tmp_path)
    points = measure_family(sample, seed=0, batch_size=2)
    assert points.columns.tolist() == ["arch", "accuracy", "num_units", "parameters", "flops", *SCORES]
    assert sorted(points.accuracy) == [70.0, 75.0]
    sizes = network_sizes(SPACE, points.arch, side=224, skeleton={"num_classes": 1000})
    assert points[["num_units", "parameters", "flops"]].equals(sizes[["num_units", "parameters", "flops"]])
    for source, column, counting in [
        ("photos", "score, photographs", "reference"),
        ("noise", "score, noise, once", "once"),
    ]:
        images = load_images(source, 2, seed=0, side=224)
        how = {"seed": 0, "counting": counting, "exact": False, "skeleton": {"num_classes": 1000}, "progress": False}
        assert points[column].tolist() == score_archs(SPACE, points.arch, images, **how).score.tolist()


def test_every_measure_has_its_tau_and_every_pair_its_difference() -> None:
    points = made_up()
    taus = {(row["measure"], row["images"], row["counting"]): row for row in rank_family(SAMPLE, points, seed=0)}
    assert len(taus) == len(LABELS)
    reference = taus["naswot", "photos224", "reference"]
    assert reference["tau"] == pytest.approx(kendalltau(points["score, photographs"], points.accuracy).statistic)
    assert (reference["n"], reference["split"], reference["epochs"]) == (N, "test", 50)
    assert taus["parameters", "", ""]["tau"] == pytest.approx(-1)
    for row in compare_in_family(SAMPLE, points, seed=0):
        one, other = (kendalltau(points[row[side]], points.accuracy).statistic for side in ("minuend", "subtrahend"))
        assert row["difference"] == pytest.approx(one - other)
        assert row["low"] <= row["difference"] <= row["high"]
        between = kendalltau(points[row["minuend"]], points[row["subtrahend"]]).statistic
        assert row["tau_between"] == pytest.approx(between)


def test_the_same_networks_are_on_both_sides_of_a_difference() -> None:
    """A measure is never ahead of itself, however wide the interval of its tau."""
    points = made_up()
    points["score, photographs, once"] = points["score, photographs"]
    rows = compare_in_family(SAMPLE, points, seed=0)
    [same] = [row for row in rows if row["subtrahend"] == "score, photographs, once"]
    assert (same["difference"], same["low"], same["high"], same["tau_between"]) == (0, 0, 0, pytest.approx(1))


def test_words_follow_the_rules(tmp_path: Path) -> None:
    taus, differences = both()
    lines = describe_families(taus, differences).splitlines()
    assert lines[0].startswith("- The score correlates with accuracy in 6 of the 6 sets")
    parameters = next(line for line in lines if "*parameters*" in line)
    assert "ahead of *parameters* in AmoebaNet; DARTS; ENAS; NASNet; PNAS; DARTS, fixed width and depth" in parameters
    nothing = differences.assign(low=-1.0, high=1.0)
    assert describe_families(taus, nothing).count("nowhere told apart from") == len(PAIRS)
    assert "in 0 of the 6 sets" in describe_families(taus.assign(low=-0.1), differences)


def test_tables_have_a_row_a_set_and_the_picture_a_group(tmp_path: Path) -> None:
    taus, differences = both()
    taus.to_csv(tmp_path / "taus.csv", index=False)
    read = pd.read_csv(tmp_path / "taus.csv")  # where what is empty is missing
    for table in (taus, read):
        lines = families_table(table).splitlines()
        assert lines[0] == f"| τ (95% interval) | {' | '.join(LABELS.values())} |"
        assert lines[2].startswith(f"| AmoebaNet, n = {N} | {taus.tau[0]:.3f} (")
        assert len(lines) == 8
    assert len(differences_table(differences).splitlines()) == 8
    [ax] = draw_families(read).axes
    assert [label.get_text() for label in ax.get_yticklabels()] == [f"{name}\nn = {N}" for name in FAMILIES.values()]
    names = [text.get_text() for text in ax.get_legend().get_texts()]
    assert names == ["score, photographs", "score, noise, once", "ReLU units", "parameters", "FLOPs"]
