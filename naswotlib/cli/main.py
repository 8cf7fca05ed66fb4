"""``naswot``: score, search, list and train from the shell. Each command is a thin shell over one function."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

import naswotlib
from naswotlib.cli import data as data_cli
from naswotlib.cli import options as opt
from naswotlib.cli.search import score_many, search
from naswotlib.cli.train import train

if TYPE_CHECKING:  # torch takes seconds to import, so commands import what they need
    from torch import nn

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Neural architecture search without training: score untrained networks, search with the score.",
)
app.add_typer(data_cli.app, name="data")
app.command()(search)
app.command()(train)


@app.command()
def score(
    space: opt.Space = "nasbench201",
    arch: Annotated[str | None, typer.Option(help="Architecture, as its benchmark writes it.")] = None,
    module: Annotated[
        str | None, typer.Option(help="Your own network instead: package.module:factory, called without arguments.")
    ] = None,
    count: Annotated[int | None, typer.Option(help="Random architectures to score instead.", min=1)] = None,
    archs: Annotated[Path | None, typer.Option(help="File of architectures to score instead, one a line.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for the scores of many; stopped at any moment, it continues.")
    ] = None,
    images: opt.Images = "photos",
    batch_size: opt.BatchSize = 128,
    proxy: opt.Proxy = "naswot",
    repeats: Annotated[int, typer.Option(help="Initialisations to score; mean ± std over them.", min=1)] = 1,
    seed: opt.Seed = 0,
    counting: opt.Counting = "once",
    exact: opt.Exact = True,
    workers: opt.Workers = 1,
    scheduler: Annotated[str | None, typer.Option(help="Dask cluster for many, such as tcp://host:8786.")] = None,
    device: opt.Device = "cpu",
    data_dir: opt.DataDir = None,
    as_json: opt.AsJson = False,
) -> None:
    """Score one architecture of a search space, a network of your own, or many architectures."""
    if sum(given is not None for given in (arch, module, count, archs)) != 1:
        raise ValueError("arch, module, count, archs: give exactly one of --arch, --module, --count and --archs")
    from naswotlib.scoring.proxies import NASWOT, PROXIES, load_batch

    inputs, labels = load_batch(images, batch_size, proxy=proxy, seed=seed, data_dir=data_dir)
    how: dict[str, Any] = {"counting": counting, "exact": exact}
    if count is not None or archs is not None:
        how |= {"seed": seed, "workers": workers, "device": device, "out": out}
        score_many(space, count, archs, inputs, scheduler=scheduler, proxy=proxy, labels=labels, **how)
        return
    make = _factory(module) if module is not None else _builder(space, str(arch))
    inputs = inputs.to(device)
    networks = (make(seed + r).to(device) for r in range(repeats))
    report: dict[str, Any] = {"network": module or arch, "space": None if module else space}
    report |= {"images": images, "batch_size": batch_size, "seed": seed, "proxy": proxy}
    if proxy == NASWOT:
        scores = [naswotlib.naswot_score(network, inputs, **how) for network in networks]
        report |= how | _summary([score.value for score in scores])
        evidence = ("num_units", "rank", "layers", "uncounted", "engine")
        report |= {name: getattr(scores[0], name) for name in evidence}
    else:
        classes = {} if labels is None else {"labels": labels.to(device)}
        report |= _summary([PROXIES[proxy](network, inputs, **classes) for network in networks])
    print(json.dumps(report, allow_nan=False) if as_json else _as_text(report))


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


def _as_text(report: dict[str, Any]) -> str:
    lines = {"network": report["network"]}
    is_naswot = "rank" in report
    value = "-inf (K_H is singular)" if is_naswot else "-inf"
    if report["score"] is not None:
        value = f"{report['score']:.6g}"
        repeats = len(report["scores"])
        value += f" ± {report['std']:.3g} over {repeats} initialisations" if repeats > 1 else ""
    lines["score" if is_naswot else report["proxy"]] = value
    lines["inputs"] = f"{report['batch_size']} images of {report['images']}, seed {report['seed']}"
    if is_naswot:
        kinds = "each once" if report["counting"] == "once" else "as the authors' code counts"
        left_out = f"not counted: {', '.join(report['uncounted'])}" if report["uncounted"] else "no activation left out"
        lines |= {
            "N_A": report["num_units"],
            "rank": f"{report['rank']} of {report['batch_size']}",
            "counted": f"{report['num_units']} units of {len(report['layers'])} ReLU layers, {kinds}; {left_out}",
            "inputs": f"{lines.pop('inputs')}; engine {report['engine']}",
        }
    width = max(8, *map(len, lines))
    return "\n".join(f"{name:{width}} {text}" for name, text in lines.items())


def _builder(space_name: str, text: str) -> Callable[[int], nn.Module]:
    space = naswotlib.get_space(space_name)
    arch = space.from_str(text)
    canonical = space.to_str(arch)
    return lambda seed: space.build(arch, seed=naswotlib.arch_seed(seed, canonical))


def _factory(path: str) -> Callable[[int], nn.Module]:
    """A function from seed to network, from ``package.module:factory`` (the working folder is searched too)."""
    import torch
    from torch import nn

    factory = opt.import_named("module", path, "factory")
    if not callable(factory):
        raise ValueError(f"module: {path} is no function, but {type(factory).__name__}")

    def make(seed: int) -> nn.Module:
        torch.manual_seed(seed)  # this process is the command's own, so its global random state is ours to set
        network = factory()
        if not isinstance(network, nn.Module):
            raise ValueError(f"module: {path} returned {type(network).__name__}, expected a torch.nn.Module")
        return network

    return make


@app.command()
def spaces(
    pattern: Annotated[str, typer.Argument(help="Shell pattern of names.")] = "*", as_json: opt.AsJson = False
) -> None:
    """List the search spaces."""
    rows: list[tuple[str, int | None, str]] = []
    for name in naswotlib.list_spaces(pattern):
        space = naswotlib.get_space(name)
        size = len(space) if hasattr(space, "__len__") else getattr(space, "num_architectures", None)
        rows.append((name, size, (space.__doc__ or "").strip().split("\n")[0]))
    if as_json:
        print(json.dumps([{"name": n, "architectures": s, "description": d} for n, s, d in rows]))
        return
    table = Table("space", "architectures", "description", box=None)
    for name, size, description in rows:
        shown = "" if size is None else f"{size:,}" if size < 1e9 else f"{size:.3g}"
        table.add_row(name, shown, description)
    Console().print(table)


def main() -> None:
    """Entry point: an error of the user's is one line on standard error and exit status 2."""
    try:
        app()
    except (ValueError, TypeError, OSError, RuntimeError) as error:
        print(f"naswot: {error}", file=sys.stderr)
        sys.exit(2)
