"""Data of the interactive pages: what their scripts are given is what the library computes."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from naswotbook.closed import choice_chances, choice_moments
from naswotbook.play import explorer, thumbnails, yourself
from naswotbook.play.scripts import KINDS, packed, read_script, stage, write_script
from naswotbook.registry import ROOT
from naswotlib import get_space, load_benchmark
from naswotlib.spaces.nasbench201 import isomorphism_class
from naswotlib.spaces.sizes import network_sizes

SCORES = ROOT / "figures" / "paper" / "scores"
SPACE = get_space("nasbench201")


def unpacked(found: Mapping[str, str]) -> np.ndarray:
    return np.frombuffer(base64.b64decode(found["base64"]), dtype=KINDS[found["type"]])


@given(st.lists(st.integers(0, 255)), st.sampled_from(["u1", "u2", "i2", "u4", "f4"]))
def test_packed_numbers_come_out_as_they_went_in(numbers: list[int], kind: str) -> None:
    assert unpacked(packed(numbers, kind)).tolist() == numbers


def test_numbers_that_a_kind_cannot_hold_are_refused() -> None:
    with pytest.raises(ValueError, match="expected numbers that u1 holds, got 1 to 256"):
        packed([1, 256], "u1")


def test_a_script_holds_data_under_its_name_and_no_infinity_as_text(tmp_path: Path) -> None:
    write_script(tmp_path / "some-data.js", {"a": [1, 2], "b": packed([-np.inf], "f4")})
    assert 'NASWOT.data["some-data"] = ' in (tmp_path / "some-data.js").read_text()
    assert read_script(tmp_path / "some-data.js")["a"] == [1, 2]
    with pytest.raises(ValueError, match="JSON"):
        write_script(tmp_path / "bad.js", {"a": float("inf")})


def test_what_a_stage_is_told_is_escaped() -> None:
    assert 'data-title="&quot;&lt;"' in stage("x", [], inside="", title='"<')


@pytest.fixture(scope="module")
def data() -> dict[str, Any]:
    return explorer.explorer_data(SCORES)


def test_the_explorer_has_every_cell_in_official_order_with_its_score_and_sizes(data: dict[str, Any]) -> None:
    columns = {column["name"]: unpacked(column["values"]) for column in data["columns"]}
    assert list(columns) == ["score0", "score1", "score2", "num_units", "parameters", "flops"]
    numbers = unpacked(data["numbers"])
    assert sorted(numbers) == list(range(len(SPACE)))
    rows = np.random.default_rng(0).integers(len(SPACE), size=60).tolist()
    archs = [SPACE.to_str(SPACE[row]) for row in rows]
    digits = [[SPACE.operations.index(op) for op in SPACE[row].ops] for row in rows]
    assert [numbers[row] for row in rows] == [int("".join(map(str, six)), 5) for six in digits]
    sizes = network_sizes("nasbench201", archs)
    for name in ("num_units", "parameters", "flops"):
        assert columns[name][rows].tolist() == sizes[name].tolist()
    kept = pd.read_parquet(SCORES / "nasbench201-cifar10-once-seed1.parquet").set_index("arch").score[archs]
    assert np.array_equal(columns["score1"][rows], kept.to_numpy().astype(np.float32))


def test_cells_of_one_class_are_the_same_function(data: dict[str, Any]) -> None:
    numbers, first = thumbnails.classes()
    assert len(first) == 6466
    assert unpacked(data["classes"]).tolist() == numbers.tolist()
    for row in np.random.default_rng(1).integers(len(SPACE), size=40).tolist():
        assert isomorphism_class(SPACE[row]) == isomorphism_class(SPACE[int(first[numbers[row]])])


def test_the_explorer_has_no_accuracy_unless_a_folder_is_named(
    data: dict[str, Any], data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NASWOTLIB_DATA", str(data_dir))
    assert not [column for column in data["columns"] if "accuracy" in column["label"]]
    published = explorer.published_data(str(data_dir))["columns"]
    assert [column["name"] for column in published] == [
        f"accuracy-{dataset}" for dataset in ("cifar10", "cifar100", "imagenet16-120")
    ]
    arch = SPACE.to_str(SPACE[77])
    expected = load_benchmark("nasbench201").accuracy([arch], dataset="cifar10", split="test", epochs=200)
    assert unpacked(published[0]["values"])[77] == np.float32(expected[0])


def test_kernels_of_the_explorer_are_those_that_are_kept(tmp_path: Path) -> None:
    _, first = thumbnails.classes()
    pair = thumbnails.SIDE * (thumbnails.SIDE + 1) // 2
    rows = [0, 5]
    kernels = [bytes(range(pair)), bytes([200] * pair)]
    archs = [SPACE.to_str(SPACE[int(first[row])]) for row in rows]
    pd.DataFrame({"arch": archs, "kernel": kernels}).to_parquet(tmp_path / "kernels.parquet")
    found = explorer.explorer_data(SCORES, tmp_path / "kernels.parquet")["kernels"]
    shares, known = unpacked(found["shares"]).reshape(-1, pair), unpacked(found["known"])
    assert np.flatnonzero(known).tolist() == rows
    assert shares[5].tolist() == [200] * pair
    assert found["ends"][0] < found["ends"][1] <= 1


def test_the_page_says_of_how_many_functions_there_are_kernels(tmp_path: Path) -> None:
    numbers, first = thumbnails.classes()
    archs = np.array([SPACE.to_str(SPACE[int(row)]) for row in first])
    often = np.argsort(-np.bincount(numbers), kind="stable")
    pd.DataFrame({"arch": archs[often[:100]]}).to_parquet(tmp_path / "some.parquet")
    share = np.isin(numbers, often[:100]).mean()
    said = " ".join(explorer.kernels_in_words(tmp_path / "some.parquet").split())
    assert f"a kernel is kept of the 100 that most cells share, which are {share:.0%} of all cells" in said
    pd.DataFrame({"arch": archs}).to_parquet(tmp_path / "all.parquet")
    assert "6,466 different ones, and of each a kernel is kept" in " ".join(
        explorer.kernels_in_words(tmp_path / "all.parquet").split()
    )
    assert "of the 0 that most cells share" in explorer.kernels_in_words(tmp_path / "none.parquet")


def test_the_diagonal_of_a_kept_kernel_is_full_and_it_is_a_part_of_the_scored_one() -> None:
    kernel = np.full((20, 20), 50) + 50 * np.eye(20, dtype=int)
    kernel[3, 7] = kernel[7, 3] = 80
    half = np.frombuffer(thumbnails.half_kernel(kernel, 100), dtype=np.uint8)
    square = np.zeros((thumbnails.SIDE, thumbnails.SIDE))
    square[np.triu_indices(thumbnails.SIDE)] = half
    assert set(np.diag(square)) == {255}
    assert square[3, 7] == round(255 * 0.8)


VALUES = st.lists(st.tuples(st.sampled_from([-np.inf, 1.0, 2.0]), st.floats(10, 95)), min_size=2, max_size=30)


@given(VALUES, st.integers(1, 50))
def test_chances_and_moments_of_a_choice_agree(networks: list[tuple[float, float]], n_draws: int) -> None:
    values, outcomes = map(np.array, zip(*networks, strict=True))
    chances = choice_chances(values, n_draws)
    assert chances.sum() == pytest.approx(1)
    assert chances @ outcomes == pytest.approx(float(choice_moments(values, outcomes, n_draws)[0]))


@given(VALUES, st.integers(1, 50))
def test_quantiles_read_off_bins_lie_within_a_bin_of_the_true_ones(networks: list[tuple[float, float]], n: int) -> None:
    values, outcomes = map(np.array, zip(*networks, strict=True))
    chances = choice_chances(values, n)
    found = yourself.binned_quantiles(outcomes, chances, yourself.SHARES)
    assert (np.diff(found) >= -1e-9).all()
    order = np.argsort(outcomes)
    below = np.cumsum(chances[order])
    for share, value in zip(yourself.SHARES, found, strict=True):
        low = outcomes[order][np.searchsorted(below, share - 1e-9)]
        high = outcomes[order][min(np.searchsorted(below, share + 1e-9), len(order) - 1)]
        assert low - yourself.BIN - 1e-6 <= value <= high + yourself.BIN + 1e-6


def test_curves_follow_the_closed_form_for_every_way_to_choose() -> None:
    rng = np.random.default_rng(0)
    accuracy = rng.uniform(50, 90, size=200)
    ways = {"NASWOT": accuracy + rng.normal(size=200), "random choice": np.zeros(200)}
    curves = yourself.choice_curves(ways, accuracy)
    assert (curves.n.min(), curves.n.max()) == (1, 1000)
    assert {10, 100, 1000} <= set(curves.n)
    for row in curves[curves.n.isin([1, 10, 1000])].itertuples():
        mean, std = choice_moments(ways[row.way], accuracy, row.n)
        assert (row.mean, row.std) == (float(mean), float(std))
    blind = curves[curves.way == "random choice"]
    assert np.ptp(blind["mean"]) < 1e-9


def test_what_a_page_is_given_is_the_table_of_curves() -> None:
    ours = yourself.our_curves(seed=0, batch_size=8)
    data = yourself.yourself_data(ours)
    [networks] = data["sets"]
    assert [way["name"] for way in networks["ways"]] == list(yourself.WAYS)
    values = unpacked(networks["ways"][0]["values"]).reshape(len(data["numbers"]), -1)
    assert values[:, 0] == pytest.approx(ours[ours.way == "NASWOT"]["mean"].to_numpy(), rel=1e-6)
    table = yourself.at_a_few(ours, [10])
    shown = f"{ours[(ours.way == 'NASWOT') & (ours.n == 10)]['mean'].iloc[0]:.2f}"
    assert f"| 10 | {shown} |" in table


def test_committed_curves_are_those_of_the_published_table(data_dir: Path) -> None:
    committed = pd.read_csv(ROOT / "figures" / "paper" / "yourself-curves-seed0.csv")
    again = yourself.published_curves(SCORES, data_dir=str(data_dir))
    assert committed.networks.tolist() == again.networks.tolist()
    assert np.allclose(committed.select_dtypes("number"), again.select_dtypes("number"), rtol=1e-5)
