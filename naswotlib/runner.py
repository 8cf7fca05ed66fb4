"""Score many architectures of a space: local processes of one thread each, one row an architecture."""

from __future__ import annotations

import inspect
import time
from collections.abc import Iterable, Iterator, Mapping, Sized
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any, TypedDict, get_args

import numpy as np
import pandas as pd
import torch
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TimeRemainingColumn
from rich.text import Text
from torch import Tensor

from naswotlib.codes import Counting
from naswotlib.errors import warn
from naswotlib.parallel import map_unordered
from naswotlib.score import naswot_score
from naswotlib.spaces.base import arch_seed, check_choice, get_space

CHUNK = 8  # architectures a worker takes at a time: enough to hide what a task costs, few enough to end together


class Row(TypedDict):
    """One architecture's outcome, as a row of the table of :func:`score_archs`."""

    arch: str
    score: float
    num_units: int | None
    seconds: float
    error: str


class ScoreOptions(TypedDict, total=False):
    """Keywords of :func:`score_archs` that a search which scores passes on."""

    counting: Counting
    exact: bool
    workers: int
    skeleton: Mapping[str, int] | None
    device: str


@dataclass(frozen=True)
class _Settings:
    """What a score depends on besides the architecture and the images; small, since it travels to every worker."""

    space: Any
    seed: int
    counting: Counting
    exact: bool
    skeleton: Mapping[str, int]
    device: str


def score_archs(
    space: Any,
    archs: Iterable[Any],
    inputs: Tensor,
    *,
    seed: int,
    counting: Counting = "once",
    exact: bool = True,
    workers: int = 1,
    skeleton: Mapping[str, int] | None = None,
    device: str = "cpu",
    progress: bool = True,
) -> pd.DataFrame:
    """Score architectures of ``space`` (its name, or itself) on the mini-batch ``inputs`` ``(N, 3, H, W)``.

    ``archs`` are architectures or their texts, drawn from the iterable as they are needed. Each is built with
    the weights of ``arch_seed(seed, to_str(arch))`` and the keywords of ``skeleton`` (``num_classes``, ...), then
    scored by :func:`naswotlib.score.naswot_score` with ``counting`` and ``exact``, so a score does not depend on
    the order or on ``workers``, the number of processes.

    Returns a row for each of ``archs``, in their order: ``arch`` (text), ``score`` (−inf is a value),
    ``num_units`` (N_A), ``seconds`` (of building and scoring, measured), ``error`` (empty where none). One that
    comes several times is scored once. An architecture that fails is a row with score NaN, no ``num_units`` and
    its error; the others go on, and a warning at the end says how many failed. Arguments that would fail every
    architecture raise ValueError before anything is scored.

    >>> from naswotlib.spaces import get_space
    >>> space, inputs = get_space("nasbench201"), torch.randn(8, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    >>> table = score_archs(space, space[:3], inputs, seed=0, skeleton={"cells_per_stage": 1}, progress=False)
    >>> table.num_units.tolist(), table.error.tolist()
    ([6144, 7936, 6144], ['', '', ''])
    """
    space = get_space(space) if isinstance(space, str) else space
    settings = _Settings(_portable(space), seed, counting, exact, dict(skeleton or {}), device)
    _check(space, settings, inputs)
    order: list[str] = []
    rows: dict[str, Row] = {}

    def to_score() -> Iterator[str]:
        asked: set[str] = set()
        for arch in archs:
            text = arch if isinstance(arch, str) else space.to_str(arch)
            order.append(text)
            if text not in asked:
                asked.add(text)
                yield text

    score_chunk = partial(_score_chunk, settings, inputs.detach().cpu().numpy())
    with _progress_bar(progress) as bar:
        task = bar.add_task("scoring", total=len(archs) if isinstance(archs, Sized) else None)
        for chunk in map_unordered(score_chunk, _chunks(to_score()), workers=workers):
            rows.update((row["arch"], row) for row in chunk)
            bar.update(task, advance=len(chunk))
    failed = [row for row in rows.values() if row["error"]]
    if failed:
        warn(
            f"{len(failed)} of {len(rows)} architectures failed; their rows have score NaN and say why in the column "
            f"'error', the first: {failed[0]['arch']}: {failed[0]['error']}"
        )
    return _table([rows[text] for text in order])


def _chunks(texts: Iterator[str]) -> Iterator[tuple[str, ...]]:
    while chunk := tuple(islice(texts, CHUNK)):
        yield chunk


def _portable(space: Any) -> Any:
    """The name of a space that every process of the library knows, else the space itself."""
    return space.name if type(space).__module__.startswith("naswotlib.") else space


def _check(space: Any, settings: _Settings, inputs: Tensor) -> None:
    check_choice("counting", settings.counting, get_args(Counting))
    if not isinstance(inputs, Tensor) or inputs.dim() != 4 or len(inputs) < 2:
        given = tuple(inputs.shape) if isinstance(inputs, Tensor) else type(inputs).__name__
        raise ValueError(f"inputs: expected a tensor of at least 2 images, (N, 3, H, W), got {given}")
    if not bool(torch.isfinite(inputs).all()):
        raise ValueError("inputs: found NaN or infinite values; check how the images were normalised")
    keywords = inspect.signature(space.graph).parameters
    known = [name for name, keyword in keywords.items() if keyword.kind is keyword.KEYWORD_ONLY]
    for name in settings.skeleton:
        check_choice(f"skeleton of {space.name}", name, known)


def _score_chunk(settings: _Settings, images: np.ndarray, texts: tuple[str, ...]) -> list[Row]:
    inputs = torch.tensor(images, device=settings.device)  # a copy: a worker sees the images as read-only memory
    return [_score_one(settings, inputs, text) for text in texts]


def _score_one(settings: _Settings, inputs: Tensor, text: str) -> Row:
    space = get_space(settings.space) if isinstance(settings.space, str) else settings.space
    start = time.perf_counter()
    try:
        arch = space.from_str(text)
        weights = arch_seed(settings.seed, space.to_str(arch))
        network = space.build(arch, seed=weights, **settings.skeleton).to(settings.device)
        score = naswot_score(network, inputs, counting=settings.counting, exact=settings.exact)
    except Exception as error:  # whatever it was stands in the row, and the run goes on
        message = f"{type(error).__name__}: {error}"
        return Row(arch=text, score=np.nan, num_units=None, seconds=time.perf_counter() - start, error=message)
    seconds = time.perf_counter() - start
    return Row(arch=text, score=score.value, num_units=score.num_units, seconds=seconds, error="")


def _table(rows: list[Row]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=list(Row.__annotations__))
    return table.astype({"score": "float64", "num_units": "Int64", "seconds": "float64"})


class _Rate(ProgressColumn):
    """Architectures a second, over the last half minute."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed or task.finished_speed or 0.0:.1f}/s")


def _progress_bar(visible: bool) -> Progress:
    columns = (BarColumn(), MofNCompleteColumn(), _Rate(), TimeRemainingColumn())
    return Progress("{task.description}", *columns, console=Console(stderr=True), disable=not visible)
