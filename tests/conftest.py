"""What several test files share: where real data may be, and what a skip means on CI."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

# Workers of pytest-xdist share the cores, before torch and numba start their threads: two threads on one core wait for
# each other at every small operation, and a training of a second takes a minute.
if "PYTEST_XDIST_WORKER_COUNT" in os.environ:
    threads = (os.cpu_count() or 1) // int(os.environ["PYTEST_XDIST_WORKER_COUNT"])
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, threads)))


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of real tables and images; the test skips, and says so, where there is none."""
    path = Path(os.environ.get("NASWOTLIB_DATA", ROOT.parent / "shared" / "data"))
    if not path.is_dir():
        pytest.skip(f"no real data: neither NASWOTLIB_DATA nor {path} is a folder")
    return path


@pytest.fixture(scope="session")
def published_dir(data_dir: Path) -> Path:
    """The folder of published tables of other spaces; the test skips, and says so, where there is none."""
    path = data_dir / "published"
    if not path.is_dir():
        pytest.skip(f"no published tables: {path} is no folder")
    return path


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Tests of GPUs are skipped where there is none."""
    if item.get_closest_marker("gpu"):
        import torch  # takes seconds, and few tests have the marker

        if not torch.cuda.is_available():
            pytest.skip("torch sees no GPU")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]):
    """With NASWOTLIB_STRICT=1 (as .ci/run sets it) a skipped browser or notebook test is a failure."""
    report = yield
    strict = os.environ.get("NASWOTLIB_STRICT") == "1"
    if strict and report.skipped and (item.get_closest_marker("browser") or item.get_closest_marker("notebook")):
        report.outcome = "failed"
        report.longrepr = f"skipped, which counts as a failure here: {report.longrepr}"
    return report
