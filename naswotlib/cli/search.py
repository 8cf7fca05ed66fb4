"""``naswot search``: many architectures, and the choice of one."""

from __future__ import annotations

import json
import math
import sys
from contextlib import redirect_stdout
from typing import TYPE_CHECKING, Annotated, Any

import typer

import naswotlib
from naswotlib.cli import options as opt
from naswotlib.errors import check_choice

if TYPE_CHECKING:  # torch takes seconds to import, so commands import what they need
    from naswotlib.benchmarks import Benchmark
    from naswotlib.search.base import SearchResult

_OF_SCORES = ("n", "images", "batch_size", "counting", "exact", "workers")
METHODS = ("naswot", "random_search", "rea", "area", "reinforce")


def search(
    context: typer.Context,
    space: opt.Space = "nasbench201",
    method: Annotated[str, typer.Option(help=f"One of {', '.join(METHODS)}.")] = "naswot",
    n: Annotated[int, typer.Option(help="Architectures to score: N of naswot, M of area.", min=1)] = 20,
    images: opt.Images = "photos",
    batch_size: opt.BatchSize = 128,
    benchmark: Annotated[str | None, typer.Option(help="Table of trained networks, for methods that train.")] = None,
    dataset: Annotated[str | None, typer.Option(help="Its data set whose accuracy the search sees.")] = None,
    epochs: Annotated[int | None, typer.Option(help="Its schedule: what the search sees and pays.")] = None,
    search_split: Annotated[str, typer.Option(help="Its split: validation, or (it warns) test.")] = "validation",
    budget_seconds: Annotated[float, typer.Option(help="Simulated seconds of training.")] = math.inf,
    max_evaluations: Annotated[int | None, typer.Option(help="Networks trained at most.")] = None,
    pareto: Annotated[str | None, typer.Option(help="Front against parameters, flops or latency.")] = None,
    seed: opt.Seed = 0,
    counting: opt.Counting = "once",
    exact: opt.Exact = None,
    workers: opt.Workers = None,
    device: opt.Device = "cpu",
    data_dir: opt.DataDir = None,
    as_json: opt.AsJson = False,
) -> None:
    """Search a space: with the score alone (naswot), or with the trained networks of a benchmark."""
    import numpy as np

    from naswotlib.scoring.modes import check_device
    from naswotlib.search import with_training
    from naswotlib.search.pareto import COSTS

    check_choice("method", method, METHODS)
    if pareto is not None:
        check_choice("pareto", pareto, COSTS)
    if method == "naswot":
        opt.refuse(context, "of methods that train", "epochs", "search_split", "budget_seconds", "max_evaluations")
        opt.refuse(context, "of a --benchmark", *(() if benchmark else ("dataset",)))
    elif method != "area":
        opt.refuse(context, f"of methods that score, and not of {method}", *_OF_SCORES)
    check_device(device)
    table = naswotlib.load_benchmark(benchmark, data_dir=data_dir) if benchmark else None
    skeleton, side = _form(table, dataset)
    scoring: dict[str, Any] = {}
    if method in ("naswot", "area"):
        scoring = {
            "counting": counting,
            "exact": bool(exact),
            "workers": workers,
            "device": device,
            "skeleton": skeleton,
        }
        inputs = naswotlib.load_images(images, batch_size, seed=seed, data_dir=data_dir, side=side)
        scoring |= {"inputs": inputs, "seed": seed}
        scoring["n_samples" if method == "naswot" else "n_candidates"] = n
    rng = np.random.default_rng(seed)
    if method == "naswot":
        with redirect_stdout(sys.stderr):  # of what a space of one's own prints
            result = naswotlib.naswot(space, rng=rng, **scoring)
    elif table is None or dataset is None or epochs is None:
        there = f", which has (dataset/split/epochs) {', '.join(_columns(table))}" if table else ""
        raise ValueError(f"benchmark, dataset, epochs: {method} trains; give --benchmark, --dataset, --epochs{there}")
    else:
        sees = {"dataset": dataset, "epochs": epochs, "search_split": search_split}
        budget = {"budget_seconds": budget_seconds, "max_evaluations": max_evaluations}
        result = getattr(with_training, method)(space, table, rng=rng, **sees, **budget, **scoring)
    report = _report(space, result, table)
    if pareto is not None:
        with redirect_stdout(sys.stderr):
            report["front"] = _front(space, result, pareto, skeleton=skeleton, side=side or 32, device=device)
    print(json.dumps(report, allow_nan=False) if as_json else _as_text(report))


def _columns(table: Benchmark) -> dict[str, tuple[str, str, int]]:
    return {"/".join(map(str, column)): column for column in table.available}


def _report(space: str, result: SearchResult, table: Benchmark | None) -> dict[str, Any]:
    """The choice, its costs, and its accuracies after the longest schedules of the benchmark, where it has them."""
    text = naswotlib.get_space(space).to_str(result.arch)
    report: dict[str, Any] = {"method": result.method, "space": space, "arch": text, "criterion": result.criterion}
    report |= {"tried": len(result.history)}
    for name in ("score_seconds", "train_seconds"):
        seconds = getattr(result, name)
        report[name] = None if math.isnan(seconds) else round(seconds, 3)
    if table is not None and text in table.archs:
        longest = dict(sorted((dataset, epochs) for dataset, _, epochs in table.available))
        for name, (dataset, split, epochs) in _columns(table).items():
            if epochs == longest[dataset]:
                report[name] = round(table.accuracy(text, dataset=dataset, split=split, epochs=epochs), 4)
    return report


def _form(table: Benchmark | None, dataset: str | None) -> tuple[dict[str, int], int | None]:
    """Skeleton, and image side (None: that of the images), at which the networks of a benchmark were trained."""
    if table is None:
        return {}, None
    sides = table.info.sides
    return table.skeleton, sides.get(dataset or "", next(iter(sides.values())) if len(sides) == 1 else None)


def _front(space: str, result: SearchResult, cost: str, **form: Any) -> list[dict[Any, Any]]:
    from naswotlib.search.pareto import costs, pareto_front

    value = "score" if result.criterion == "score" else "accuracy"
    tried = result.history.dropna(subset=value).drop_duplicates("arch")[["arch", value]]
    priced = tried.merge(costs(space, tried.arch, cost, **form), on="arch")
    return pareto_front(priced, cost, value=value)[[cost, value, "arch"]].to_dict("records")


def _as_text(report: dict[str, Any]) -> str:
    rows = report.pop("front", [])
    lines = [f"{name:15} {value}" for name, value in report.items()]
    lines += [f"{'front':15} {', '.join(rows[0])}"] if rows else []
    lines += [f"{'':15} {', '.join(f'{v:.6g}' if isinstance(v, float) else v for v in row.values())}" for row in rows]
    return "\n".join(lines)
