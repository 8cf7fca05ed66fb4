"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Space = Annotated[str, typer.Option(help="Search space; `naswot spaces` lists them.")]
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
        help="What to compute: naswot, or grad_norm, grad_norm_euclidean, synflow, parameters, flops, num_units."
    ),
]
Exact = Annotated[bool, typer.Option("--exact/--fast", help="Integer for integer, or the fastest engine there is.")]
Device = Annotated[str, typer.Option(help="Torch device, such as cpu or cuda.")]
DataDir = Annotated[
    Path | None, typer.Option(help="Folder of tables and images; default NASWOTLIB_DATA, then the cache.")
]
Workers = Annotated[int, typer.Option(help="Local processes, one thread each.", min=1)]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for a program.")]
