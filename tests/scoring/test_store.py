"""Scores in a folder: whatever stops a run, the next one ends with the table of a run that nothing stopped."""

import importlib
import json
import multiprocessing
import os
import resource
import signal
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from pandas.testing import assert_frame_equal

from naswotlib.errors import NaswotWarning
from naswotlib.scoring.many import score_archs
from naswotlib.scoring.own_code import code_digest
from naswotlib.scoring.store import MANIFEST, open_store, read_scores
from naswotlib.spaces import get_space

SPACE = get_space("nasbench201")
# Processes to be killed are forked from one that has imported torch and never used it.
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["naswotlib.scoring.many"])


def score(folder: Path | None, n: int = 100, *, space=SPACE, archs=None, **keywords) -> pd.DataFrame:
    inputs = torch.randn(8, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    defaults = {
        "seed": 3,
        "skeleton": {"cells_per_stage": 1, "stem_channels": 4},
        "out": folder,
        "progress": False,
        "workers": 1,
    }
    return score_archs(space, SPACE[:n] if archs is None else archs, inputs, **defaults | keywords)


def values(table: pd.DataFrame) -> pd.DataFrame:
    return table.drop(columns="seconds")


@pytest.fixture(scope="module")
def uninterrupted() -> pd.DataFrame:
    return score(None)


def test_a_folder_holds_the_table_and_any_parquet_reader_reads_it(tmp_path):
    table = score(tmp_path / "scores", 12)
    assert_frame_equal(read_scores(tmp_path / "scores").set_index("arch").loc[table.arch].reset_index(), table)
    assert sorted(pd.read_parquet(tmp_path / "scores").arch) == sorted(table.arch)
    assert_frame_equal(values(table), values(score(None, 12)))


def test_started_again_it_scores_what_is_missing_and_nothing_twice(tmp_path):
    first = score(tmp_path, 6)
    second = score(tmp_path, archs=SPACE[3:10][::-1])
    assert second.arch.tolist() == [SPACE.to_str(arch) for arch in SPACE[3:10][::-1]]
    again = second[::-1].reset_index(drop=True)
    assert_frame_equal(again[:3], first[3:].reset_index(drop=True))  # seconds included, so these were not scored again
    assert sorted(read_scores(tmp_path).arch) == sorted(map(SPACE.to_str, SPACE[:10]))
    parts = sorted(tmp_path.iterdir())
    assert_frame_equal(score(tmp_path, 10)[3:].reset_index(drop=True), again)
    assert sorted(tmp_path.iterdir()) == parts


def test_failures_minus_infinity_and_missing_numbers_survive_the_file(tmp_path):
    archs = [SPACE.to_str(SPACE[1651]), "|none~0|"]  # a singular kernel is not certain here, a bad text is
    for _ in range(2):
        with pytest.warns(NaswotWarning, match="1 of 2 architectures failed"):
            table = score(tmp_path, archs=archs)
    assert np.isnan(table.score[1])
    assert table.num_units.isna().tolist() == [False, True]
    assert "expected 3" in table.error[1]
    assert_frame_equal(table, read_scores(tmp_path))


@pytest.mark.parametrize(
    "other, named",
    [
        ({"seed": 4}, "seed is 3 there, 4 here"),
        ({"counting": "reference"}, "counting is once there, reference here"),
        ({"exact": True}, "exact is False there, True here"),
        ({"skeleton": {"cells_per_stage": 1}}, "skeleton is .*stem_channels.* there"),
    ],
)
def test_a_folder_of_other_settings_is_refused_and_the_difference_named(tmp_path, other, named):
    table = score(tmp_path, 2)
    with pytest.raises(ValueError, match=named):
        score(tmp_path, 3, **other)
    assert_frame_equal(read_scores(tmp_path), table)


def test_other_images_and_other_versions_are_other_settings(tmp_path):
    score(tmp_path, 2)
    with pytest.raises(ValueError, match=r"inputs is .* sha256 .* there"):
        score_archs(SPACE, SPACE[:2], torch.zeros(8, 3, 8, 8), seed=3, out=tmp_path, progress=False)
    manifest = json.loads((tmp_path / MANIFEST).read_text())
    manifest["settings"]["versions"]["torch"] = "1.0"
    (tmp_path / MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(ValueError, match=r"versions is .*'1\.0'"):
        score(tmp_path, 2)


OWN_SPACE = """
from own_layers import layers
from torch import nn

class Mine:
    name = "mine"
    def __init__(self, width=8): self.width = width
    def sample(self, rng): return int(rng.integers(100))
    def to_str(self, arch): return str(arch)
    def from_str(self, text): return int(text)
    def build(self, arch, *, seed, num_classes=10): return nn.Sequential(*layers(self.width + arch))
"""
OWN_LAYERS = "from torch import nn\ndef layers(n): return nn.Flatten(), nn.Linear(192, n), nn.ReLU()\n"


@pytest.mark.parametrize("changed", ["own_space", "own_layers", "attribute"])
def test_a_folder_does_not_mix_two_versions_of_a_space_of_ones_own(tmp_path, monkeypatch, changed):
    monkeypatch.syspath_prepend(tmp_path)
    for name, text in (("own_space", OWN_SPACE), ("own_layers", OWN_LAYERS)):
        (tmp_path / f"{name}.py").write_text(text)
        monkeypatch.delitem(sys.modules, name, raising=False)
    how = {"space": importlib.import_module("own_space").Mine(), "skeleton": {}}
    first = score(tmp_path / "out", archs=["1", "2"], **how)
    assert_frame_equal(score(tmp_path / "out", archs=["1", "2"], **how), first)
    how["space"] = sys.modules["own_space"].Mine(9 if changed == "attribute" else 8)
    if changed != "attribute":
        (tmp_path / f"{changed}.py").write_text((tmp_path / f"{changed}.py").read_text().replace("192, n", "192, 2*n"))
        with (tmp_path / f"{changed}.py").open("a") as file:
            file.write("# changed\n")
    with pytest.raises(ValueError, match=r"code of the space is .* there"):
        score(tmp_path / "out", archs=["1", "2", "3"], **how)
    for name in ("own_space", "own_layers"):
        del sys.modules[name]


def test_a_space_without_a_file_is_known_by_its_instructions():
    made = []
    for width in (8, 8, 9):
        names = {"__name__": "notebook"}
        exec(
            OWN_SPACE.replace("from own_layers import layers", OWN_LAYERS).replace("self.width +", f"{width} +"), names
        )
        made.append(code_digest(names["Mine"]()))
    assert made[0] == made[1] != made[2]


def test_a_folder_of_something_else_is_refused_and_left_alone(tmp_path):
    (tmp_path / "part-000000.parquet").write_bytes(b"")
    with pytest.raises(ValueError, match="parts of unknown settings"):
        score(tmp_path, 2)
    assert [path.name for path in tmp_path.iterdir() if path.name != ".lock"] == ["part-000000.parquet"]
    with pytest.raises(FileNotFoundError, match="no folder of scores"):
        read_scores(tmp_path / "nothing")


class Slow(type(SPACE)):
    """The space, 20 ms slower an architecture, so that a run lasts longer than its killers wait."""

    def from_str(self, text):
        time.sleep(0.02)
        return super().from_str(text)


def rows_in(folder: Path) -> int:
    return len(read_scores(folder)) if (folder / MANIFEST).exists() else 0


def kill_and_finish(folder: Path, kills: int, n: int) -> None:
    uninterrupted = score(None, n)
    rng = np.random.default_rng(kills)
    kept = [0]
    for kill in range(kills):
        process = PROCESSES.Process(target=score, args=(folder, n), kwargs={"space": Slow()})
        process.start()
        while kill % 2 == 0 and rows_in(folder) == kept[-1] and process.is_alive():
            time.sleep(0.01)  # every other one is killed only after it wrote, those between maybe while they start
        process.join(rng.uniform(0, 0.5))
        process.kill()
        process.join()
        assert process.exitcode == -signal.SIGKILL, "the run ended before it was killed"
        kept.append(rows_in(folder))
    assert kept == sorted(kept)
    assert 0 < kept[-1] < len(uninterrupted), f"rows after each kill: {kept}"
    before = read_scores(folder)
    assert_frame_equal(values(score(folder, n)), values(uninterrupted))
    after = read_scores(folder)
    assert_frame_equal(after[: len(before)], before)  # nothing was scored a second time
    assert sorted(after.arch) == sorted(uninterrupted.arch)  # no row twice, none missing
    assert not list(folder.glob(".*.tmp"))


def test_two_kills_leave_a_table_that_the_next_run_completes(tmp_path):
    kill_and_finish(tmp_path, 2, 100)


@pytest.mark.slow
def test_ten_kills_leave_a_table_that_the_next_run_completes(tmp_path):
    kill_and_finish(tmp_path, 10, 400)


def score_and_tell(folder: Path, answer) -> None:
    score(folder, 40)
    answer.put(True)


def test_two_processes_in_one_folder_make_one_table(tmp_path, uninterrupted):
    answer = PROCESSES.Queue()
    runs = [PROCESSES.Process(target=score_and_tell, args=(tmp_path, answer)) for _ in range(2)]
    for run in runs:
        run.start()
    assert [answer.get(timeout=120) for _ in runs] == [True, True]
    for run in runs:
        run.join()
    assert_frame_equal(read_scores(tmp_path)[["arch", "score"]], uninterrupted[["arch", "score"]][:40])


def test_who_comes_second_is_told_and_waits(tmp_path):
    score(tmp_path, 1)
    settings = json.loads((tmp_path / MANIFEST).read_text())["settings"]
    opened, told = threading.Event(), threading.Event()

    def hold() -> None:
        with open_store(tmp_path, settings):
            opened.set()
            told.wait(60)
            released.append(time.monotonic())

    released: list[float] = []
    holder = threading.Thread(target=hold)
    holder.start()
    opened.wait(60)
    threading.Timer(0.3, told.set).start()
    with pytest.warns(NaswotWarning, match="another process is scoring"):
        score(tmp_path, 2)
    assert time.monotonic() > released[0]
    holder.join()


def score_on_full_disk(folder: Path, answer) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (1024, resource.RLIM_INFINITY))  # no file beyond a kilobyte
    try:
        score(folder, 40)
    except OSError as error:
        answer.put(str(error))


def test_a_full_disk_is_a_clear_error_and_leaves_a_readable_table(tmp_path, uninterrupted):
    before = score(tmp_path, 10)
    answer = PROCESSES.Queue()
    run = PROCESSES.Process(target=score_on_full_disk, args=(tmp_path, answer))
    run.start()
    message = answer.get(timeout=120)
    run.join()
    assert "cannot write" in message
    assert "File too large; the 10 rows written before are whole" in message
    assert_frame_equal(read_scores(tmp_path), before)
    assert_frame_equal(values(score(tmp_path, 40)), values(uninterrupted)[:40])


def test_a_dask_cluster_gives_the_same_table_and_a_killed_worker_loses_nothing(tmp_path, uninterrupted, monkeypatch):
    monkeypatch.setattr("naswotlib.scoring.parallel.IN_FLIGHT", 4)
    distributed = pytest.importorskip("distributed", reason="the extra `distributed` is not installed")
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
    ):
        victim = next(iter(client.run(os.getpid).values()))
        killed = []

        def kill_when_it_works() -> None:
            while not list(tmp_path.glob("part-*")):
                time.sleep(0.01)
            killed.append(len(read_scores(tmp_path)))
            os.kill(victim, signal.SIGKILL)

        killer = threading.Thread(target=kill_when_it_works)
        killer.start()
        table = score(tmp_path, client=client)
        killer.join()
    assert 0 < killed[0] < len(table)
    assert_frame_equal(values(table), values(uninterrupted))
    assert sorted(read_scores(tmp_path).arch) == sorted(uninterrupted.arch)
