"""What a command says when something went wrong: one line on standard error, and an exit status.

0: done. 1: a check failed, such as `data verify`, or every architecture of many. 2: an argument, a file or the user's
own code is at fault, as the line says. 130: interrupted. NASWOT_TRACEBACK=1 shows Python's traceback too.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any

import typer

from naswotlib.errors import NaswotWarning

FAILED, FAULT, INTERRUPTED = 1, 2, 130
_INTERRUPTED = "naswot: interrupted; with --out, what is done is kept, and the same command goes on from there"
_HERE = str(Path(__file__).parents[1])


def told(error: BaseException) -> str:
    """An error in one line: its kind where that says more than the text, its text, and where it arose elsewhere."""
    text = " ".join(str(error).split())
    frames = traceback.extract_tb(error.__traceback__)
    ours = not frames or _is_ours(frames) or isinstance(error, SyntaxError)
    place = "" if ours or frames[-1].filename.startswith("<") else f" ({_place(frames)})"
    return f"{type(error).__name__}{': ' if text else ''}{text[:600]}{place}"


def tell_faults(faults: Mapping[Path, str], *, right: str, as_json: bool) -> None:
    """Print what is wrong with each file, or that it is ``right``; then exit with 1 where something is wrong."""
    if as_json:
        print(json.dumps({str(path): wrong for path, wrong in faults.items()}))
    for path, wrong in () if as_json else faults.items():
        print(f"{path}: {wrong or right}")
    if any(faults.values()):
        raise typer.Exit(FAILED)


def _is_ours(frames: traceback.StackSummary) -> bool:
    """Whether an error arose in this library, and not in what it called, such as an operation that it watched."""
    return frames[-1].filename.startswith(_HERE) and not frames[-1].name.startswith("__torch_")


def _place(frames: traceback.StackSummary) -> str:
    """The last line of one's own code, else of an installed package."""
    outside = [frame for frame in frames if not frame.filename.startswith((_HERE, "<", sys.base_prefix))]
    own = [frame for frame in outside if "site-packages" not in frame.filename]
    models = [frame for frame in outside if "site-packages/torch/" not in frame.filename]
    frame = (own or models or outside or list(frames))[-1]
    return f"{Path(frame.filename).name}, line {frame.lineno}"


@contextmanager
def user_code(what: str, advice: str = "", *, everything: bool = False) -> Iterator[None]:
    """ValueError that begins with ``what`` and says where, for an error of code outside of this library, or for
    ``everything`` that fails. What such code prints goes to standard error: standard output is the command's.
    """
    try:
        with redirect_stdout(sys.stderr):
            yield
    except (Exception, SystemExit) as error:
        frames = traceback.extract_tb(error.__traceback__)
        if frames and _is_ours(frames) and not isinstance(error, SystemExit) and not everything:
            raise
        raise ValueError(f"{what}: {told(error)}{f'; {advice}' if advice else ''}") from error


def run(app: Any) -> None:
    """Run the command, and exit."""
    before, warnings.formatwarning = warnings.formatwarning, _warning_line
    try:
        status = app(standalone_mode=False)
    except BrokenPipeError:  # who reads has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 0
    except BaseException as error:
        status = _status(error)
    finally:
        warnings.formatwarning = before
    if status == INTERRUPTED:
        print(_INTERRUPTED, file=sys.stderr)
    sys.exit(status if isinstance(status, int) else 0)


def _warning_line(
    message: Warning | str, category: type[Warning], filename: str, lineno: int, line: str | None = None
) -> str:
    """A warning in one line; one of this library's without its place, which is not the user's."""
    place = (
        "" if issubclass(category, NaswotWarning) else f"{category.__name__} ({Path(filename).name}, line {lineno}): "
    )
    return f"naswot: warning: {place}{' '.join(str(message).split())}\n"


def _status(error: BaseException) -> int:
    """Say what went wrong; the exit status."""
    cause = error.__cause__ or error.__context__
    if isinstance(error, SystemExit):
        return error.code if isinstance(error.code, int) else 0
    if os.environ.get("NASWOT_TRACEBACK"):
        traceback.print_exception(error)
    if hasattr(error, "show") and hasattr(error, "exit_code"):  # typer's own, of a wrong option
        error.show()
        return int(error.exit_code)
    if type(error).__name__ == "Exit":
        return int(getattr(error, "exit_code", 0))
    if isinstance(error, KeyboardInterrupt) or (type(error).__name__ == "Abort" and not isinstance(cause, EOFError)):
        return INTERRUPTED
    if type(error).__name__ == "Abort" and cause is not None:  # which is how typer says that a file ended too early
        error = cause
    plain = isinstance(error, ValueError | TypeError | OSError | RuntimeError) and str(error)
    print(f"naswot: {' '.join(str(error).split()) if plain else told(error)}", file=sys.stderr)
    return FAULT
