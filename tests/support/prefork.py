"""Kernels that start in a moment: forked from a process that has already imported what pages import.

An ordinary kernel spends several seconds of processor time on imports, more than most pages need for a small run.
``papermill.execute_notebook(..., kernel_manager_class=ForkedKernelManager)`` takes these instead; the rest of a run
is as ever. A kernel is still a process of its own, and what a page imports or sets is gone with it.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from functools import cache
from itertools import cycle
from typing import Any

from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning import LocalProvisioner

LOCK = threading.Lock()
TURNS = cycle((1, 2))  # hash seeds: kernels that start one after the other order sets of texts differently


class Forked:
    """As much of a ``subprocess.Popen`` as a kernel's provisioner asks for."""

    stdin = stdout = stderr = None

    def __init__(self, pid: int) -> None:
        self.pid = pid

    def poll(self) -> int | None:
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return 0  # how it ended is known to its parent alone
        return None

    wait = poll

    def send_signal(self, number: int) -> None:
        os.kill(self.pid, number)


class ForkedProvisioner(LocalProvisioner):
    async def launch_kernel(self, cmd: list[str], **options: Any) -> dict[str, Any]:
        with LOCK:
            program = parent(next(TURNS))
            program.stdin.write(f"{json.dumps(cmd[cmd.index('-f') :])}\n")
            self.process = Forked(int(program.stdout.readline()))
        return self.connection_info


class ForkedKernelManager(AsyncKernelManager):
    async def start_kernel(self, **options: Any) -> None:
        self.provisioner = ForkedProvisioner(parent=self, kernel_id="forked", kernel_spec=self.kernel_spec)
        await super().start_kernel(**options)


@cache
def parent(hash_seed: int) -> subprocess.Popen[str]:
    """This file as a program. It ends, and its kernels after it, with the standard input that it has from here."""
    backend = "module://matplotlib_inline.backend_inline"  # a kernel sets it before its first import
    environment = {"PYTHONHASHSEED": str(hash_seed), "MPLBACKEND": backend, "OMP_NUM_THREADS": "1"}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "bufsize": 1}
    return subprocess.Popen([sys.executable, __file__], env=os.environ | environment, process_group=0, **pipes)


def main() -> None:
    """Answer each list of arguments on standard input with the process id of a kernel that has them."""
    import distributed  # noqa: F401
    import myst_nb  # noqa: F401
    import torchvision  # noqa: F401
    from ipykernel.kernelapp import IPKernelApp

    import naswotbook.panels
    import naswotbook.search_tables  # noqa: F401

    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody asks how a kernel ended
    own = os.getpid()
    for line in iter(sys.stdin.readline, ""):
        pid = os.fork()
        if pid == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            os.dup2(2, 1)
            IPKernelApp.launch_instance(argv=[*json.loads(line), f"--IPKernelApp.parent_handle={own}"])
            os._exit(0)
        print(pid, flush=True)


if __name__ == "__main__":
    main()
