"""``naswot score``: one network, or many."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable
from contextlib import nullcontext, redirect_stdout
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

import naswotlib
from naswotlib.cli import options as opt
from naswotlib.cli.errors import FAILED, user_code
from naswotlib.errors import check_choice, import_extra

if TYPE_CHECKING:  # torch takes seconds to import, so commands import what they need
    from torch import Tensor, nn

DTYPES = ("float32", "float64", "bfloat16", "float16")
LIBRARIES = ("torchvision", "timm")
_OF_ONE = ("repeats", "activations", "dtype", "channels", "max_memory")
_OF_MANY = ("out", "workers", "scheduler")


def score(
    context: typer.Context,
    space: opt.Space = "nasbench201",
    arch: Annotated[str | None, typer.Option(help="Architecture, as its benchmark writes it.")] = None,
    module: Annotated[
        str | None,
        typer.Option(
            help="Your own network instead: package.module:factory, called without arguments; or torchvision:NAME or "
            "timm:NAME, with random weights."
        ),
    ] = None,
    count: Annotated[int | None, typer.Option(help="Random architectures to score instead.", min=1)] = None,
    archs: Annotated[Path | None, typer.Option(help="File of architectures to score instead, one a line.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for the scores of many; stopped at any moment, it continues.")
    ] = None,
    images: opt.Images = "photos",
    batch_size: opt.BatchSize = 128,
    side: opt.Side = None,
    channels: opt.Channels = None,
    mean: opt.Constants = None,
    std: opt.Constants = None,
    activations: opt.Activations = "relu",
    dtype: opt.DType = None,
    max_memory: opt.Memory = None,
    proxy: opt.Proxy = "naswot",
    repeats: Annotated[int, typer.Option(help="Initialisations to score; mean ± std over them.", min=1)] = 1,
    seed: opt.Seed = 0,
    counting: opt.Counting = "once",
    exact: opt.Exact = None,
    workers: opt.Workers = None,
    scheduler: Annotated[str | None, typer.Option(help="Dask cluster for many, such as tcp://host:8786.")] = None,
    device: opt.Device = "cpu",
    data_dir: opt.DataDir = None,
    as_json: opt.AsJson = False,
) -> None:
    """Score one architecture of a search space, a network of your own, or many architectures."""
    if sum(given is not None for given in (arch, module, count, archs)) != 1:
        raise ValueError("arch, module, count, archs: give exactly one of --arch, --module, --count and --archs")
    many = count is not None or archs is not None
    opt.refuse(context, "of one network (--arch, --module)", *(_OF_ONE if many else ()))
    opt.refuse(context, "of many architectures (--count, --archs)", *(() if many else _OF_MANY))
    opt.refuse(context, "of architectures of a space", *(("space",) if module else ()))
    from naswotlib.scoring.modes import check_device
    from naswotlib.scoring.proxies import NASWOT, load_batch

    if proxy != NASWOT:
        opt.refuse(context, "of the score alone", "counting", "exact", "activations", "max_memory")
    check_device(device)
    check_choice("dtype", dtype or DTYPES[0], DTYPES)
    maker = None if many else _maker(module) if module is not None else _builder(space, str(arch))
    side = _side_of(module) if side is None and module is not None else side
    form: dict[str, Any] = {"side": side, "channels": channels or 3}
    form |= {"mean": opt.parse_numbers("mean", mean), "std": opt.parse_numbers("std", std)}
    inputs, labels = load_batch(images, batch_size, proxy=proxy, seed=seed, data_dir=data_dir, **form)
    if maker is None:
        how: dict[str, Any] = {"seed": seed, "workers": workers, "device": device, "out": out, "counting": counting}
        how |= {"exact": bool(exact), "proxy": proxy, "labels": labels}
        _score_many(space, count, archs, inputs, scheduler=scheduler, as_json=as_json, **how)
        return
    make = maker  # of a kind that the generator below can keep
    inputs = inputs.to(device, _dtype(dtype))
    networks = (make(seed + r).to(device, _dtype(dtype)) for r in range(repeats))
    report: dict[str, Any] = {"network": module or arch, "space": None if module else space, "images": images}
    report |= {"batch_size": batch_size, "shape": list(inputs.shape[1:]), "seed": seed, "proxy": proxy}
    options: dict[str, Any] = {"counting": counting, "exact": exact is not False}
    options |= {"max_memory": opt.parse_bytes(max_memory), "activations": opt.parse_activations(activations)}
    given = f"{str(inputs.dtype).removeprefix('torch.')} images {_shape(inputs)}"
    advice = f"it was given {given}; others by --side, --channels, --dtype"
    with user_code(f"{'module' if module else 'arch'}: {module or arch} failed", advice):
        text = _score_one(networks, inputs, labels, report, options)
    print(json.dumps(report, allow_nan=False) if as_json else "\n".join(_lines(report, text, _shape(inputs))))


def _shape(inputs: Tensor) -> str:
    return " x ".join(map(str, inputs.shape))


def _score_one(
    networks: Iterable[nn.Module],
    inputs: Tensor,
    labels: Tensor | None,
    report: dict[str, Any],
    options: dict[str, Any],
) -> str:
    """Score one network, in as many initialisations as there are, into ``report``; returns what the first one tells."""
    from naswotlib.scoring.proxies import NASWOT, find_proxy

    if report["proxy"] != NASWOT:
        classes = {} if labels is None else {"labels": labels.to(inputs.device)}
        report |= _summary([find_proxy(report["proxy"])(network, inputs, **classes) for network in networks])
        return ""
    scores = [naswotlib.naswot_score(network, inputs, **options) for network in networks]
    report |= {"exact": options["exact"]} | scores[0].as_dict() | _summary([score.value for score in scores])
    return scores[0].report()


def _lines(report: dict[str, Any], text: str, shape: str) -> list[str]:
    """The lines to print of one network."""
    told = f"{report['batch_size']} images of {report['images']}, {shape}, seed {report['seed']}"
    lines = [f"network      {report['network']}", f"inputs       {told}", *([text] if text else [])]
    repeats = len(report["scores"])
    if not text or repeats > 1:
        name = "over seeds" if text else report["proxy"]
        value = "-inf" if report["score"] is None else f"{report['score']:.6g}"
        spread = f" ± {report['std']:.3g}" if report["std"] is not None else ""
        lines.append(f"{name:12} {value}{f'{spread} over {repeats} initialisations' if repeats > 1 else ''}")
    return lines


def _summary(values: list[float]) -> dict[str, Any]:
    """JSON has no infinity: −inf, of a singular kernel, is ``null``, and ``singular`` says how many there were."""
    import numpy as np

    finite = bool(np.isfinite(values).all())
    return {
        "score": float(np.mean(values)) if finite else None,
        "std": float(np.std(values)) if finite else None,
        "singular": int(np.isneginf(values).sum()),
        "scores": [v if np.isfinite(v) else None for v in values],
    }


def _dtype(name: str | None) -> Any:
    import torch

    return None if name is None else getattr(torch, name)


def _builder(space_name: str, text: str) -> Callable[[int], nn.Module]:
    space = naswotlib.get_space(space_name)
    with user_code(f"arch: {text!r}"):
        arch = space.from_str(text)
        canonical = space.to_str(arch)
    return lambda seed: space.build(arch, seed=naswotlib.arch_seed(seed, canonical))


def _maker(path: str) -> Callable[[int], nn.Module]:
    """A function from seed to network, from ``package.module:factory`` (the working folder is searched too), or the
    name of a model of a library.
    """
    import torch
    from torch import nn

    library, _, name = path.partition(":")
    factory = _model(library, name) if library in LIBRARIES else opt.import_named("module", path, "factory")
    if isinstance(factory, nn.Module):
        raise ValueError(
            f"module: {path} is a network; expected a function or a class that makes one, since each seed has its own"
        )
    if not callable(factory):
        raise ValueError(f"module: {path} is no function, but {type(factory).__name__}")

    def make(seed: int) -> nn.Module:
        torch.manual_seed(seed)  # this process is the command's own, so its global random state is ours to set
        with user_code(f"module: {path} failed when it was called without arguments", everything=True):
            network = factory()
        if not isinstance(network, nn.Module):
            raise ValueError(f"module: {path} returned {type(network).__name__}, expected a torch.nn.Module")
        return network

    return make


def _library(name: str) -> Any:
    extra = {"torchvision": "pip install 'naswotlib[book]'", "timm": "pip install timm"}[name]
    try:
        return import_extra(name, "book")
    except RuntimeError as error:
        raise ValueError(f"module: {name} is not installed; {extra} brings it") from error


def _model(library: str, name: str) -> Callable[[], Any]:
    """What builds a model of torchvision or timm, with random weights."""
    found = _library(library)
    names = found.models.list_models() if library == "torchvision" else found.list_models()
    if name not in names:
        import difflib

        near = ", ".join(difflib.get_close_matches(name, names, 3)) or f"{names[0]}, {names[1]}"
        raise ValueError(f"module: {library} has no model {name!r}; it has {len(names)}, such as {near}")
    if library == "torchvision":
        return partial(found.models.get_model, name, weights=None)
    return partial(found.create_model, name)


def _side_of(path: str) -> int | None:
    """The side of the images that a model of torchvision is made for; None where nothing says so.

    Some weights are for larger images than the model itself, which is built here without any.
    """
    library, _, name = path.partition(":")
    if library != "torchvision":
        return 224 if library == "timm" else None
    models = _library(library).models
    if name not in models.list_models():
        return None
    sizes = [getattr(weights.transforms(), "crop_size", [224])[0] for weights in models.get_model_weights(name)]
    return int(min(sizes))


def _score_many(
    space_name: str,
    count: int | None,
    archs: Path | None,
    inputs: Tensor,
    *,
    scheduler: str | None,
    as_json: bool,
    **options: Any,
) -> None:
    """Score ``count`` random architectures, or those in a file; a table on standard output unless ``out``."""
    import numpy as np

    from naswotlib.spaces.base import sample_distinct

    space = naswotlib.get_space(space_name)
    rng = np.random.default_rng(options["seed"])
    chosen = opt.read_archs(archs) if archs is not None else sample_distinct(space, count or 1, rng)
    cluster = _cluster(scheduler) if scheduler else nullcontext()
    with cluster as client, redirect_stdout(sys.stderr):  # of what a space of one's own prints
        table = naswotlib.score_archs(space, chosen, inputs, client=client, **options)
    failed = int((table.error != "").sum())
    best = table.sort_values("score", ascending=False, kind="stable").head(1).iloc[0]
    if options["out"] is None:
        print(table.to_json(orient="records", double_precision=15) if as_json else table.to_csv(index=False), end="")
    elif as_json:
        told = {"out": str(options["out"]), "architectures": len(table), "failed": failed}
        score = float(best.score) if np.isfinite(best.score) else None
        print(json.dumps(told | {"best": None if failed == len(table) else {"arch": best.arch, "score": score}}))
    else:
        print(f"{len(table)} architectures in {options['out']}, {failed} failed")
        if failed < len(table):
            print(f"highest score {best.score:.6g}, {best.arch}")
    if failed == len(table):
        print(f"naswot: all {failed} architectures failed, the first: {table.error[0]}", file=sys.stderr)
        raise typer.Exit(FAILED)


def _cluster(scheduler: str) -> Any:
    """A client of a Dask cluster."""
    distributed = import_extra("distributed", "distributed")
    try:
        return distributed.Client(scheduler)
    except (OSError, ValueError) as error:
        raise ValueError(
            f"scheduler: {scheduler!r} does not answer ({error}); expected the address of a Dask scheduler that runs, "
            "such as tcp://host:8786"
        ) from error
