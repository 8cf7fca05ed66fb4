"""Processes of one thread each stay so."""

import subprocess
import sys


def test_counting_codes_leaves_the_number_of_threads_as_it_was():
    """In a fresh process, since numba's pool starts once."""
    program = (
        "import torch\n"
        "from naswotlib.kernel import hamming_packed, pack_signs\n"
        "from naswotlib.parallel import single_thread\n"
        "with single_thread():\n"
        "    words, _ = pack_signs(torch.randn(4, 100))\n"
        "    hamming_packed(words)\n"
        "    print(torch.get_num_threads())\n"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "1"
