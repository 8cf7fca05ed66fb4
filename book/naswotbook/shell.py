"""A place for pages that write files and ask the shell."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path


def enter_new_folder() -> None:
    """Go to a new and empty folder, where what a page writes lands.

    From there, the shell finds the commands of this Python's environment, such as ``naswot``.
    """
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    os.chdir(tempfile.mkdtemp(prefix="naswotlib-"))
