"""Processes of one thread each stay so."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from naswotlib.scoring.parallel import MANY, cores_for, map_unordered


def test_scoring_leaves_the_number_of_threads_as_it_was():
    """In a fresh process, since numba's pool starts once."""
    program = (
        "import torch\n"
        "from naswotlib import naswot_score\n"
        "from naswotlib.scoring.parallel import single_thread\n"
        "with single_thread():\n"
        "    naswot_score(torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU()), torch.randn(4, 4))\n"
        "    print(torch.get_num_threads())\n"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "1"


KILLED = """
import os, sys, time
from naswotlib.scoring.parallel import map_unordered

def work(item):
    open(f"{sys.argv[1]}/{os.getpid()}", "w").close()
    time.sleep(600)

if __name__ == "__main__":
    list(map_unordered(work, range(4), workers=2))
"""


def test_workers_end_soon_after_the_process_that_started_them_was_killed(tmp_path):
    script, seen = tmp_path / "work.py", tmp_path / "seen"
    seen.mkdir()
    script.write_text(KILLED)
    process = subprocess.Popen([sys.executable, script, seen])
    until(lambda: len(list(seen.iterdir())) == 2)
    workers = [int(path.name) for path in seen.iterdir()]
    process.kill()
    process.wait()
    until(lambda: not any(map(is_alive, workers)))


def until(done, seconds=120.0):
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end
        time.sleep(0.1)


def is_alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def die(item: int) -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    return item


def test_a_worker_that_is_killed_is_told_with_what_to_do():
    with pytest.raises(
        RuntimeError, match=r"workers: a worker process was killed, often for want of memory; .* goes on"
    ):
        list(map_unordered(die, range(4), workers=2))


def test_few_architectures_are_not_worth_processes():
    assert cores_for(MANY - 1) == 1
    assert cores_for(MANY) == cores_for(None) == len(os.sched_getaffinity(0))
