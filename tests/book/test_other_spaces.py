"""Rank correlations on other spaces and tasks, told apart where it is known which measure ranks which task."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import kendalltau

from naswotbook.experiments.other_spaces import (
    COLUMNS,
    TABLES,
    Table,
    draw_networks,
    measure_networks,
    one_of_each,
    rank_tasks,
    rank_widths,
    read_tasks,
    scores_file,
)
from naswotbook.experiments.task_tables import (
    TITLES,
    directions_table,
    draw_tasks,
    in_words,
    sizes_in_words,
    tasks_table,
    widths_in_words,
    widths_table,
)
from naswotbook.kept import parse_name, read_runs
from naswotbook.panels import PREDICTORS
from naswotbook.registry import find_entry
from naswotlib import load_benchmark
from naswotlib.benchmarks import Benchmark, import_file
from naswotlib.benchmarks.importers.transnas101 import TASKS
from naswotlib.benchmarks.table import TableInfo, make_table
from naswotlib.data.images import load_images
from naswotlib.scoring.many import score_archs
from naswotlib.spaces import get_space
from naswotlib.spaces.base import sample_distinct
from naswotlib.spaces.sizes import network_sizes
from naswotlib.stats import kendall_tau, partial_tau

PAPER = Path(__file__).parents[2] / "figures" / "paper"
SCORES = PAPER / "scores"
SUMMARIES = sorted(PAPER.glob("spaces-*.csv"))
BATCHES = {name: find_entry(f"spaces-{name}").run["batch_size"] for name in TABLES}
FILES = {name: SCORES / scores_file(name, seed=0, batch_size=batch) for name, batch in BATCHES.items()}
KEPT = [name for name, file in FILES.items() if file.exists()]
JIGSAW, LAYOUT = ("jigsaw", "validation", 10), ("room_layout", "validation", 25)


def made_up(n: int = 200) -> tuple[pd.DataFrame, dict[tuple[str, str, int], np.ndarray]]:
    """The score alone knows the first task, the number of units alone the second; a network failed in each."""
    rng = np.random.default_rng(0)
    points = pd.DataFrame({"arch": np.arange(n).astype(str), **{name: rng.normal(size=n) for name in PREDICTORS}})
    points["num_units"] = points.num_units.round(1)
    points.loc[0, "naswot"] = np.nan
    known = {JIGSAW: points.naswot.fillna(0), LAYOUT: points.num_units}
    tasks = {task: values.to_numpy() + rng.normal(size=n) for task, values in known.items()}
    tasks[LAYOUT][1] = np.nan
    return points, tasks


def test_the_rank_correlations_are_those_of_the_columns_and_their_difference_is_on_the_same_networks():
    points, tasks = made_up()
    table = rank_tasks("transnas101_micro", points, tasks, seed=0, n_boot=60)
    assert list(table) == COLUMNS
    known = points.assign(task=tasks[LAYOUT]).dropna()
    rows = table[table.dataset == "room_layout"].set_index(["kind", "measure"])
    assert set(rows.n) == {198} == {len(known)}
    for name in PREDICTORS:
        row = rows.loc["task", name]
        assert row.tau == pytest.approx(kendalltau(known[name], known.task).statistic)
        assert row.low < row.tau < row.high
    tied = rows.loc["task", "num_units"]
    pairs = known.num_units.value_counts().map(lambda count: count * (count - 1) / 2).sum()
    assert tied.tau_a == pytest.approx(tied.tau * np.sqrt(1 - pairs / (198 * 197 / 2)))
    difference = rows.loc["difference", "naswot"]
    assert difference.given == "num_units"
    assert difference.tau == pytest.approx(rows.loc["task", "naswot"].tau - tied.tau)
    assert difference.high < 0
    partial = rows.loc["partial", "naswot"]
    expected = partial_tau(known.naswot.to_numpy(), known.task.to_numpy(), known.num_units.to_numpy())
    assert partial.tau == pytest.approx(expected)
    assert partial.low < 0 < partial.high


def test_intervals_are_those_of_the_library():
    points, tasks = made_up()
    table = rank_tasks("transnas101_micro", points, {JIGSAW: tasks[JIGSAW]}, seed=3, n_boot=80)
    rows = table[table.kind == "task"].set_index("measure")
    known = ~points.naswot.isna()
    for name in PREDICTORS:
        rng = np.random.default_rng(3)
        expected = kendall_tau(points[name][known], tasks[JIGSAW][known], rng=rng, n_boot=80)
        assert (rows.low[name], rows.high[name]) == pytest.approx((expected.low, expected.high))


def test_a_task_that_is_upside_down_disagrees_with_the_others():
    points, tasks = made_up()
    tasks = {JIGSAW: tasks[JIGSAW], LAYOUT: tasks[JIGSAW] + 0.1, ("normal", "validation", 30): -tasks[JIGSAW]}
    table = rank_tasks("transnas101_micro", points, tasks, seed=0, n_boot=4)
    agree = table[table.kind == "other tasks"].set_index("dataset").tau
    assert agree["normal"] == pytest.approx(-1)
    assert "| surface normals | structural similarity of surface normals | -1.000 |" in directions_table([table])


def test_words_name_the_tasks_on_which_counting_is_better_and_those_on_which_it_is_not():
    points, tasks = made_up()
    table = rank_tasks("transnas101_micro", points, tasks, seed=0, n_boot=60)
    text = in_words(table)
    assert "the score does worse than the best of the three counts on 1 (room layout -0." in " ".join(text.split())
    assert "better on 1 (jigsaw +0." in " ".join(text.split())
    shown = tasks_table(table)
    assert shown.count("\n") == 4
    assert "; τ-a " in shown
    assert "τ of the score with each count: ReLU units" in sizes_in_words(table)
    for task, verdict in [(JIGSAW, "the score does better than counting"), (LAYOUT, "does worse than counting ReLU")]:
        assert verdict in in_words(rank_tasks("darts1000", points, {task: tasks[task]}, seed=0, n_boot=60))
    both = {JIGSAW: (points.naswot.fillna(0) + points.num_units).to_numpy()}
    assert "cannot be told apart" in in_words(rank_tasks("darts1000", points, both, seed=0, n_boot=60))


def test_the_width_that_accuracy_follows_is_told_from_the_one_that_the_score_follows():
    space, rng = get_space("channel_bench_resnet"), np.random.default_rng(0)
    archs = [space.to_str(arch) for arch in sample_distinct(space, 80, rng)]
    digits = np.array([[int(digit) for digit in arch] for arch in archs], float)
    points = pd.DataFrame({"arch": archs, **{name: rng.normal(size=80) for name in PREDICTORS}})
    points["naswot"] = digits[:, 2] + rng.normal(0, 0.1, 80)
    table = rank_widths("channel_bench_resnet", points, digits[:, 5] + rng.normal(0, 0.1, 80), seed=0, n_boot=30)
    assert list(table) == COLUMNS
    taus = table.set_index(["measure", "given"]).tau
    assert taus["naswot", "c2"] == pytest.approx(kendalltau(points.naswot, digits[:, 2]).statistic)
    words = " ".join(widths_in_words(table).split())
    assert words.startswith("Accuracy follows c5 most, the score c2,")
    assert words.endswith("the score makes more of c2 than accuracy does, and less of c5.")
    shown = widths_table(table)
    assert f"| c5 | {taus['accuracy', 'c5']:.2f} (" in shown
    assert shown.count("\n") == 9


def test_the_picture_has_a_row_a_task_and_four_marks_in_it():
    points, tasks = made_up()
    found = {
        "transnas101_micro": rank_tasks("transnas101_micro", points, tasks, seed=0, n_boot=4),
        "nasbench_macro": rank_tasks(
            "nasbench_macro", points, {("cifar10", "test-best", 50): tasks[JIGSAW]}, seed=0, n_boot=4
        ),
    }
    [ax] = draw_tasks(found).axes
    rows = [label.get_text() for label in ax.get_yticklabels()]
    assert rows == ["TransNAS micro: jigsaw", "TransNAS micro: room layout", "NAS-Bench-Macro"]
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert labels == ["score", "ReLU units", "parameters", "FLOPs"]


def test_every_task_of_transnas_has_a_title_and_no_table_is_scored_on_two_names():
    assert set(TASKS) <= set(TITLES)
    names = [file.name for file in FILES.values()]
    assert len(set(names)) == len(names)
    assert [parse_name(name) for name in names] == [None] * len(names)  # they belong to one page


def test_networks_are_drawn_from_the_space_and_those_that_the_table_lacks_are_left_out():
    space = get_space("transnas101_macro")
    archs = [space.to_str(arch) for arch in space]
    info = TableInfo("transnas101_macro", space.name, "random numbers", "MIT", "", {}, "none", "")

    def benchmark(name: str, known: list[str]) -> Benchmark:
        return Benchmark(make_table(replace(info, name=name), known, {JIGSAW: np.linspace(1, 99, len(known))}))

    whole = draw_networks(benchmark("transnas101_macro", archs), 40, seed=0)
    assert len(set(whole)) == 40
    assert draw_networks(benchmark("transnas101_macro", archs), 12, seed=0) == whole[:12]
    lacking = [arch for arch in archs if arch != whole[3]]
    assert draw_networks(benchmark("transnas101_macro", lacking), 40, seed=0) == [*whole[:3], *whole[4:]]
    rows = draw_networks(benchmark("some", archs[:30]), 50, seed=0)
    assert sorted(rows) == sorted(archs[:30])
    assert draw_networks(benchmark("some", archs[:30]), 5, seed=0) == rows[:5]


def test_of_networks_that_are_one_the_first_is_kept():
    assert one_of_each("nasbench_macro", ["20000000", "00010000", "00001000", "20000000"]) == ["20000000", "00010000"]
    assert one_of_each("transnas101_macro", ["64-1234-basic"]) == ["64-1234-basic"]


def test_scores_are_taken_from_the_kept_table_and_what_it_lacks_is_added(tmp_path, monkeypatch):
    monkeypatch.setitem(TABLES, "nasbench_macro", Table("small", "photos", 16))
    archs = ["01201201", "00000012"]
    new = measure_networks("nasbench_macro", "nasbench_macro", archs, seed=0, batch_size=4)
    inputs = load_images("photos", 4, seed=0, side=16)
    expected = score_archs("nasbench_macro", archs, inputs, seed=0, exact=False, progress=False)
    assert new.naswot.tolist() == expected.score.tolist()
    assert new.flops.tolist() == network_sizes("nasbench_macro", archs, side=16).flops.tolist()
    measure_networks("nasbench_macro", "nasbench_macro", archs[:1], seed=0, batch_size=4, kept=tmp_path)
    file = tmp_path / scores_file("nasbench_macro", seed=0, batch_size=4)
    table = pd.read_parquet(file)
    table.assign(score=1.5).to_parquet(file)
    more = ["11111111", *archs[::-1]]
    all_three = measure_networks("nasbench_macro", "nasbench_macro", more, seed=0, batch_size=4, kept=tmp_path)
    assert all_three.naswot.tolist()[1:] == [expected.score[1], 1.5]
    assert [run["rows"] for run in read_runs(tmp_path)[file.name]] == [1, 2]


# What is committed


@pytest.mark.parametrize("name", KEPT)
def test_a_committed_table_has_a_manifest_of_all_its_rows_and_no_failures(name):
    table = pd.read_parquet(FILES[name])
    runs = read_runs(SCORES)[FILES[name].name]
    assert sum(run["rows"] for run in runs) == len(table) >= 200
    assert table.arch.is_unique
    assert set(table.error) == {""}
    assert {run["settings"]["counting"] for run in runs} == {"once"}


@pytest.mark.parametrize("n", [2, pytest.param(10, marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", KEPT)
def test_networks_scored_again_give_the_committed_scores(name, n, request):
    how, table = TABLES[name], pd.read_parquet(FILES[name])
    data = request.getfixturevalue("data_dir") if how.images == "cifar10" else None
    [space] = {run["settings"]["space"] for run in read_runs(SCORES)[FILES[name].name]}
    some = table.iloc[np.random.default_rng(0).permutation(len(table))[:n]]
    again = measure_networks(name, space, some.arch.tolist(), seed=0, batch_size=BATCHES[name], data_dir=data)
    assert again.naswot.tolist() == pytest.approx(some.score.tolist(), rel=1e-6)


@pytest.mark.parametrize("path", SUMMARIES, ids=lambda path: path.stem)
def test_a_committed_summary_is_whole(path):
    table = pd.read_csv(path)
    assert list(table) == COLUMNS
    per_task = table[table.kind == "task"].groupby("dataset", sort=False).measure.apply(list)
    assert all(measures == list(PREDICTORS) for measures in per_task)
    with_interval = table[table.kind != "other tasks"]
    assert ((with_interval.low <= with_interval.tau) & (with_interval.tau <= with_interval.high)).all()
    if path.name.startswith("spaces-transnas"):
        assert sorted(per_task.index) == sorted(TASKS)


# On published values


@pytest.fixture(scope="module")
def tables(data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder, out = data_dir / "published", tmp_path_factory.mktemp("tables")
    if not folder.is_dir():
        pytest.skip(f"no published tables: {folder} is no folder")
    for kind in ("micro", "macro"):
        import_file(folder / "transnas101" / f"rbflex_{kind}_jigsaw.json", out=out)
    return out


@pytest.mark.filterwarnings("ignore:.*the others are missing")
@pytest.mark.parametrize("name", ["transnas101_micro", "transnas101_macro"])
def test_higher_is_better_on_each_of_the_seven_tasks(tables, name):
    benchmark = load_benchmark(name, data_dir=tables)
    tasks = {dataset: values for (dataset, *_), values in read_tasks(benchmark, benchmark.archs).items()}
    assert sorted(tasks) == sorted(TASKS)
    several = pd.DataFrame(tasks)
    for task, values in several.items():
        others = several.drop(columns=task).rank().mean(axis=1)
        assert kendalltau(values, others).statistic > 0.2, task
    accuracies = [task for task, (kind, *_) in TASKS.items() if kind == "accuracy"]
    assert ((several[accuracies] > 0) & (several[accuracies] < 100)).all().all()
    assert several.segmentsemantic.between(0, 100).all()
    assert ((several[["autoencoder", "normal"]] > 0) & (several[["autoencoder", "normal"]] < 1)).all().all()
    assert (several.room_layout < 0).all()  # minus a loss
