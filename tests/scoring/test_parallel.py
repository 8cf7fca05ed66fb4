"""Processes of one thread each stay so."""

import subprocess
import sys


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
