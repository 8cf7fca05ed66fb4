"""Options that several commands share."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Annotated, Any

import typer


def import_named(option: str, path: str, kind: str) -> Any:
    """Import ``package.module:attribute`` (the working folder is searched too).

    ValueError, which begins with ``option`` and says what ``kind`` of thing was expected, where there is none.
    """
    module_name, _, attribute = path.partition(":")
    if not module_name or not attribute:
        raise ValueError(f"{option}: {path!r} is not of the form package.module:{kind}")
    sys.path.insert(0, str(Path.cwd()))
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        raise ValueError(f"{option}: cannot import {module_name!r} ({error}); run from the folder it is in") from error
    finally:
        sys.path.pop(0)
    if not hasattr(module, attribute):
        raise ValueError(f"{option}: {module_name} has no {kind} {attribute!r}")
    return getattr(module, attribute)


def _space_name(value: str) -> str:
    """The name of a space; one of the user's own, given as ``package.module:space``, is registered under its own."""
    if ":" not in value:
        return value
    from naswotlib.spaces.base import find_space, register_space

    found = import_named("space", value, "space")
    space = find_space(found() if isinstance(found, type) else found, "build")
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
Seed = Annotated[int, typer.Option(help="Root seed of weights, images and sampling.")]
Counting = Annotated[str, typer.Option(help="`once` (equation 1) or `reference` (as the authors' code counts).")]
Proxy = Annotated[
    str,
    typer.Option(
        help="What to compute: naswot, or grad_norm, grad_norm_euclidean, synflow, snip, grasp, fisher, plain, "
        "l2_norm, jacob_cov, jacob_cov_eval, epe_nas, zen, zico, swap, near, parameters, flops, num_units."
    ),
]
Exact = Annotated[bool, typer.Option("--exact/--fast", help="Integer for integer, or the fastest engine there is.")]
Device = Annotated[str, typer.Option(help="Torch device, such as cpu or cuda.")]
DataDir = Annotated[
    Path | None, typer.Option(help="Folder of tables and images; default NASWOTLIB_DATA, then the cache.")
]
Workers = Annotated[int, typer.Option(help="Local processes, one thread each.", min=1)]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for a program.")]
