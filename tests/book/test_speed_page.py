"""What the page on speed says of a profile follows from the profile."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from naswotbook.experiments.speed import PARTS, profile_in_words, read_profile
from naswotbook.registry import ROOT

PROFILE = """2 NAS-Bench-201 cells
----  ----
Name  Self CPU %  Self CPU  CPU total %  CPU total  CPU time avg  Self CUDA  Self CUDA %  CUDA total  ...  # of Calls
----  ----
void cudnn::bn_fw_tr<float, int>(...  0.00%  0.000us  0.00%  0.000us  0.000us  3.000ms  60.0%  3.000ms  54.325us  30
void at::native::reduce...  0.00%  0.000us  0.00%  0.000us  0.000us  500.000us  10.0%  0.500ms  5.4us  10
Memcpy DtoH (Device -> Pageable)  0.00%  0.000us  0.00%  0.000us  0.000us  500.000us  10.0%  0.500ms  5.4us  1
----  ----
Self CUDA time total: 4.000ms
"""


def test_kernels_are_counted_without_copies_and_time_is_that_of_one_network(tmp_path: Path) -> None:
    path = tmp_path / "profile.txt"
    path.write_text(PROFILE)
    found = read_profile(path)
    assert found == pytest.approx({"networks": 2, "kernels": 20, "busy": 2.0, "layers": 0.75})
    fast = pd.DataFrame([{"what": "parts"} | dict.fromkeys(PARTS, 1.0)])
    text = " ".join(profile_in_words(fast, path).split())
    assert "starts about 20 small kernels" in text
    assert f"Its steps take {len(PARTS)}.0 ms a network, in which the GPU itself is busy for 2.0, 75% of them" in text


def test_the_committed_profile_adds_up_to_the_total_that_it_states() -> None:
    path = ROOT / "figures" / "paper" / "gpu-profile.txt"
    found = read_profile(path)
    total = float(path.read_text().split("Self CUDA time total: ")[1].split("ms")[0])
    assert found["busy"] * found["networks"] == pytest.approx(total, rel=0.05)


def test_the_readme_says_of_a_gpu_what_was_measured() -> None:
    every = pd.read_csv(ROOT / "figures" / "paper" / "gpu-all.csv").iloc[0]
    text = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
    most = f"{every.apart_most:.0e}".replace("e-0", "e-")
    assert f"cells took {every.seconds:.0f} seconds with {every.workers:.0f} processes" in text
    assert f"by at most {most} of the score" in text
