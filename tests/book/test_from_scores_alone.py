"""What figures/paper has from our own scores alone is made anew in every run, without any data, to the byte.

The other summaries need published accuracies: test_regenerated.py makes them where these are.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import matplotlib.pyplot as plt
import pytest
from matplotlib.figure import Figure

from naswotbook.experiments import measures, other_measures, programs, trajectories
from naswotbook.experiments.trade_off import read_points
from naswotbook.page import write_csv
from naswotbook.plots import fig6, fig7
from naswotbook.plots.bars import agreement
from naswotbook.registry import ROOT
from support.pages import make_page

PAPER = ROOT / "figures" / "paper"
SCORES = PAPER / "scores"


def of_fig6(folder: Path) -> Figure:
    table = trajectories.load_trajectories(SCORES / "fig6-trajectories-seed0.parquet")
    write_csv(folder / "fig6-seed0.csv", trajectories.summarise_trajectories(table))
    return fig6(table, zoom=2)


def of_fig7(folder: Path) -> Figure:
    for name in ("table2a-seed0.csv", "table2a-seed0.json"):
        shutil.copy(PAPER / name, folder)
    (folder / "scores").symlink_to(SCORES)
    page = make_page("fig7", folder.parent, profile="paper", dataset="cifar10", split="test")
    points = read_points(page)
    write_csv(folder / "fig7-seed0.csv", points)
    return fig7(points, accuracy="accuracy")


def of_measures(folder: Path) -> Figure | None:
    write_csv(folder / "measures-devices.csv", other_measures.compare_devices(SCORES))
    return None


def of_the_cheap_order(folder: Path) -> Figure | None:
    table = other_measures.with_flops(measures.read_measures(SCORES, "nasbench201"), {}, side=32)
    cheap = other_measures.read_cheap(SCORES)[0]
    functions = measures.functions_of("nasbench201", table.arch.tolist())
    order = measures.order_kept(table, cheap, functions=functions, seed=0, n_boot=300)
    write_csv(folder / "measures-cheap.csv", order)
    return None


def of_programs(folder: Path) -> Figure:
    taus = {space: programs.pairwise_agreement(table) for space, table in programs.kept_programs(SCORES).items()}
    for space, square in taus.items():
        write_csv(folder / f"programs-{space}.csv", square.reset_index(names="variant"))
    return agreement(taus["nasbench201"])


@pytest.mark.parametrize(
    ("make", "files"),
    [
        (of_fig6, ["fig6-seed0.csv"]),
        (of_fig7, ["fig7-seed0.csv"]),
        (of_measures, ["measures-devices.csv"]),
        (of_the_cheap_order, ["measures-cheap.csv"]),
        (of_programs, ["programs-nasbench201.csv", "programs-nasbench101.csv"]),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_it_is_made_anew_without_data_to_the_byte(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: Callable[[Path], Figure | None], files: list[str]
) -> None:
    monkeypatch.setenv("NASWOTLIB_DATA", str(tmp_path / "nowhere"))
    folder = tmp_path / "paper"
    folder.mkdir()
    figure = make(folder)
    for name in files:
        assert (folder / name).read_bytes() == (PAPER / name).read_bytes(), name
    if figure is not None:
        figure.savefig(tmp_path / "drawn.png")
        plt.close(figure)
        assert (tmp_path / "drawn.png").stat().st_size > 10_000


def test_a_score_that_is_another_changes_the_summary(tmp_path: Path) -> None:
    table = trajectories.load_trajectories(SCORES / "fig6-trajectories-seed0.parquet")
    table.loc[table.epoch == table.epoch.max(), "score"] += 1
    write_csv(tmp_path / "fig6-seed0.csv", trajectories.summarise_trajectories(table))
    assert (tmp_path / "fig6-seed0.csv").read_bytes() != (PAPER / "fig6-seed0.csv").read_bytes()
