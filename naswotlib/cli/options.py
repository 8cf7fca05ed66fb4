"""Options that several commands share."""

from __future__ import annotations

import importlib
import re
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from naswotlib.cli.errors import user_code


def import_named(option: str, path: str, kind: str) -> Any:
    """Import ``package.module:attribute`` (the working folder is searched too).

    ValueError, which begins with ``option`` and says what ``kind`` of thing was expected, where there is none.
    """
    module_name, _, attribute = path.partition(":")
    if not module_name or not attribute:
        raise ValueError(f"{option}: {path!r} is not of the form package.module:{kind}")
    sys.path.insert(0, str(Path.cwd()))
    try:
        with user_code(f"{option}: cannot import {module_name!r}", "run from the folder it is in"):
            module = importlib.import_module(module_name)
            if not hasattr(module, attribute):
                raise ValueError(f"{option}: {module_name} has no {kind} {attribute!r}")
            return getattr(module, attribute)
    finally:
        sys.path.pop(0)


def refuse(context: typer.Context, why: str, *names: str) -> None:
    """ValueError where one of the options ``names`` was given, which would be without effect."""
    for name in names:
        if getattr(context.get_parameter_source(name), "name", "DEFAULT") != "DEFAULT":
            raise ValueError(f"{name.removeprefix('as_')}: this option is {why}; leave it out")


def _space_name(value: str) -> str:
    """The name of a space; one of the user's own, given as ``package.module:space``, is registered under its own."""
    if ":" not in value:
        return value
    from naswotlib.spaces.base import find_space, register_space

    found = import_named("space", value, "space")
    with user_code(f"space: {value}"):
        found = found() if isinstance(found, type) else found
    space = find_space(found, "build")
    register_space(space.name)(lambda: space)
    return str(space.name)


Space = Annotated[
    str,
    typer.Option(
        help="Search space; `naswot spaces` lists them. Or your own, as package.module:space, a class or an instance.",
        callback=_space_name,
    ),
]
Images = Annotated[
    str,
    typer.Option(help="Mini-batch: cifar10, cifar100, imagenet16-120, photos, noise, or a path to .npz, folder, tar."),
]
BatchSize = Annotated[int, typer.Option(help="Images in the mini-batch.", min=2)]
Side = Annotated[
    int | None, typer.Option(help="Side of the images in pixels: resized by area, cropped to a square.", min=1)
]
Channels = Annotated[int | None, typer.Option(help="Channels of the images: 3, 1 (grey), or of noise any.", min=1)]
Constants = Annotated[
    str | None,
    typer.Option(help="Instead of the source's: a number, or three as 125.3,123,113.9, in the images' unit."),
]
Activations = Annotated[
    str,
    typer.Option(help="Functions to count, such as relu or relu,hardswish; auto: the one rectifier that there is."),
]
DType = Annotated[str | None, typer.Option(help="Numbers to compute with: float32, float64, bfloat16 or float16.")]
Memory = Annotated[str | None, typer.Option(help="Memory that a score may take, such as 4GB; refused where more.")]
Seed = Annotated[int, typer.Option(help="Root seed of weights, images and sampling.", min=0, max=2**63 - 1)]
Counting = Annotated[str, typer.Option(help="`once` (equation 1) or `reference` (as the authors' code counts).")]
Proxy = Annotated[
    str,
    typer.Option(
        help="What to compute: naswot, or grad_norm, grad_norm_euclidean, synflow, snip, grasp, fisher, plain, "
        "l2_norm, jacob_cov, jacob_cov_eval, epe_nas, zen, zico, swap, near, parameters, flops, num_units; "
        "`naswot measures` lists those of plug-ins too."
    ),
]
Exact = Annotated[
    bool | None,
    typer.Option(
        "--exact/--fast", help="Integer for integer, default of one network; or the fastest engine, default of many."
    ),
]
Device = Annotated[str, typer.Option(help="Torch device, such as cpu or cuda.")]
DataDir = Annotated[
    Path | None, typer.Option(help="Folder of tables and images; default NASWOTLIB_DATA, then the cache.")
]
Workers = Annotated[int | None, typer.Option(help="Local processes, one thread each; default all cores.", min=1)]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for a program.")]


def parse_bytes(text: str | None) -> int | None:
    """``"4GB"``, ``"500 MB"`` or a number of bytes."""
    if text is None:
        return None
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([kMGT]?)i?B?", text.strip(), re.IGNORECASE)
    if match is None:
        raise ValueError(f"max_memory: {text!r} is no amount of memory, such as 4GB or 500MB")
    return int(float(match[1]) * 1000 ** " KMGT".index(match[2].upper() or " "))


def parse_activations(text: str) -> Any:
    """``"auto"``, or the names in a list such as ``relu,gelu``."""
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    return "auto" if names == ("auto",) else names


def parse_numbers(option: str, text: str | None) -> list[float] | None:
    """A number, or several with commas between them."""
    try:
        return None if text is None else [float(part) for part in text.split(",")]
    except ValueError as error:
        raise ValueError(f"{option}: {text!r} is no number, nor three such as 125.3,123,113.9") from error


_LONGEST = 2**28  # characters of a file of architectures


def read_archs(path: Path) -> list[str]:
    """The lines of a file of architectures, as text editors write it; an error names the option and the file."""
    try:
        with path.open("rb") as file:
            data = file.read(_LONGEST + 1)
    except OSError as error:
        raise ValueError(
            f"archs: {path} cannot be read ({error.strerror}); expected architectures, one a line"
        ) from error
    if len(data) > _LONGEST:
        raise ValueError(
            f"archs: {path} has more than {_LONGEST:,} bytes; expected a file of architectures, one a line"
        )
    try:
        lines = [line.strip() for line in data.decode("utf-8-sig").splitlines()]
    except UnicodeDecodeError as error:
        raise ValueError(f"archs: {path} is no text in UTF-8 ({error}); expected architectures, one a line") from error
    found = [line for line in lines if line]
    if not found:
        raise ValueError(f"archs: {path} is empty; expected architectures, one a line")
    return found
