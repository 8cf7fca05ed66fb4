"""Tables 1 and 2 in the paper profile, from small tables of the published form."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from naswotlib import get_space
from naswotlib.benchmarks.table import TableInfo, make_table, write_table
from support.notebooks import outputs, run_page
from support.small_cells import small_cells

DATASETS = ("cifar10", "cifar100", "imagenet16-120")
SMALL = {"profile": "paper", "n_runs": 3, "samples": [2, 5]}

pytestmark = pytest.mark.notebook


def run(page: str, folder: Path, *, only: Sequence[str] = (*SMALL, "data_dir"), **parameters: object) -> str:
    """Execute a page with ``parameters`` and ``only`` some of the usual ones; its text outputs."""
    usual = {**SMALL, "data_dir": str(folder)}
    executed = run_page(page, folder, **{name: usual[name] for name in only} | parameters)
    return "\n".join(outputs(executed, "markdown"))


def keep_scores(folder: Path, space_name: str, dataset: str, seed: int = 0) -> None:
    """Scores of 30 architectures; nothing is to be scored."""
    space = get_space(space_name)
    texts = [space.to_str(space[i * 500]) for i in range(30)]
    table = pd.DataFrame({"arch": texts, "score": np.arange(30.0), "num_units": 1, "seconds": 0.25, "error": ""})
    (folder / "paper" / "scores").mkdir(parents=True, exist_ok=True)
    table.to_parquet(folder / "paper" / "scores" / f"{space_name}-{dataset}-once-seed{seed}.parquet")


@pytest.mark.parametrize(("space_name", "final", "part"), [("nasbench201", 200, "a"), ("nats_size", 90, "b")])
def test_every_row_of_table_2_stands_beside_the_papers(tmp_path: Path, space_name: str, final: int, part: str) -> None:
    space, rng = get_space(space_name), np.random.default_rng(0)
    accuracy = {
        (dataset, split, epochs): rng.uniform(10, 90, (len(space), 1))
        for dataset in DATASETS
        for split, epochs in (("validation", 12), ("validation", final), ("test", final))
    }
    seconds = {(dataset, 12): np.full((len(space), 1), 100.0) for dataset in DATASETS}
    info = TableInfo("made up", space_name, "random numbers", "MIT", "", {}, "", "")
    write_table(
        tmp_path / f"{space_name}.parquet", make_table(info, [space.to_str(a) for a in space], accuracy, seconds)
    )
    for dataset in DATASETS:
        keep_scores(tmp_path, space_name, dataset)
    keep_scores(tmp_path, space_name, "cifar10", seed=1)

    shown = run("table2", tmp_path, space=space_name, budget_seconds=900.0)
    table = pd.read_csv(tmp_path / "paper" / f"table2{part}-seed0.csv")
    cells = table.set_index(["method", "dataset", "split"])
    for method in ("REA", "RS", "REINFORCE", "AREA"):
        rows = cells.loc[method]
        assert rows.trained.tolist() == [9.0] * 6, method  # what 900 seconds of 100 each buy
        assert len(rows) == 6
    assert cells.loc["REA", "paper_mean"].notna().all()
    assert cells.loc["NASWOT (N=2)", "drawn_from"].unique().tolist() == [30]
    assert cells.loc["BOHB", "mean"].isna().all()
    gaps = pd.read_csv(tmp_path / "paper" / f"table2{part}-seed0-differences.csv")
    assert ("NASWOT (N=5)", "NASWOT (N=2)") in set(zip(gaps.a, gaps.b, strict=True))
    assert "as the paper prints it" in shown
    assert "BOHB" in shown
    if part == "a":
        assert cells.loc["NASWOT (N=5)"].seeds.tolist() == [2] * 6
        assert cells.loc["parameters (N=5)"].n_runs.tolist() == [0] * 6  # a closed form
        assert cells.loc["AREA by ReLU units"].n_runs.tolist() == [3] * 6
        assert len(cells.loc["NASWOT (N=2, each data set)"]) == 6
        points = {}
        for dataset in ("cifar10", "cifar100"):
            run("fig7", tmp_path, only=("profile",), dataset=dataset, split="validation")
            points[dataset] = pd.read_csv(tmp_path / "paper" / "fig7-seed0.csv").set_index(["method", "source"])
            assert points[dataset].loc[("REA", "here"), "mean"] == cells.loc[("REA", dataset, "validation"), "mean"]
        assert points["cifar10"].seconds[[("REA", "here"), ("GDAS", "paper")]].tolist() == [900, 28926]
        assert not {"Random", "Optimal (N=10)"} & set(points["cifar10"].index.get_level_values("method"))


def test_table_1_lays_readings_side_by_side_and_keeps_the_papers_rows_apart_from_ours(tmp_path: Path) -> None:
    texts, rng = small_cells(), np.random.default_rng(0)
    test = rng.uniform(60, 90, len(texts))
    info = TableInfo("made up", "nasbench101", "random numbers", "MIT", "", {}, "", "")
    whole = {("cifar10", "test", 108): test}
    write_table(tmp_path / "nasbench101.parquet", make_table(info, texts, whole))
    known = {("cifar10", "test", 108): test[:60], ("cifar10", "validation", 108): test[:60] + rng.normal(1, 0.3, 60)}
    taken = {("cifar10", 108): rng.uniform(900, 1100, 60)}
    write_table(tmp_path / "nasbench101_validation.parquet", make_table(info, texts[:60], known, taken))
    scored = pd.DataFrame({"arch": texts[:40], "score": np.arange(40.0), "seconds": 0.25, "error": ""})
    (tmp_path / "paper" / "scores").mkdir(parents=True)
    scored.to_parquet(tmp_path / "paper" / "scores" / "nasbench101-cifar10-reference-seed0.parquet")

    run("table1", tmp_path, budget_seconds=1500.0, n_runs=3)
    cells = pd.read_csv(tmp_path / "paper" / "table1-seed0.csv").set_index(["cells", "reading", "method"]).sort_index()
    trained = cells.trained["all"]
    assert trained["authors", "REA"] == pytest.approx(14, abs=1)  # 1,500 seconds at a ninth of 1,000 each
    assert [trained["paid", method] for method in ("REA", "AREA")] == [2, 2]
    assert cells.drawn_from["all", "sound"][["Random", "REA", "AREA", "NASWOT (N=5)"]].tolist() == [91, 91, 40, 40]
    assert cells.drawn_from["known", "sound"][["Random", "REA"]].tolist() == [60, 60]
    printed = cells.paper_mean["all", "authors"]
    assert printed[["Random", "NASWOT (N=100)", "REA", "AREA"]].tolist() == [90.38, 91.77, 93.87, 93.91]
    gaps = pd.read_csv(tmp_path / "paper" / "table1-seed0-differences.csv")
    assert {("sound", "AREA", "REA"), ("authors", "AREA", "RS")} <= set(zip(gaps.reading, gaps.a, gaps.b, strict=True))
    means = cells["mean"]["all"]
    assert means["authors", "Random"] > means["mean", "Random"] == means["sound", "Random"]
    [model] = pd.read_csv(tmp_path / "paper" / "table1-seed0-model.csv").to_dict("records")
    assert (model["fitted"], model["held_out"]) == (48, 12)
