"""Score many architectures of a space, in local processes or on a Dask cluster: one row an architecture."""

from __future__ import annotations

import hashlib
import inspect
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence, Sized
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, TypedDict

import numpy as np
import pandas as pd
import torch
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TimeRemainingColumn
from rich.text import Text
from torch import Tensor

from naswotlib.errors import check_at_least, check_choice, warn
from naswotlib.graph import Counting, Graph, init_weights
from naswotlib.scoring.device import Queued, Scored, finish, queue
from naswotlib.scoring.measures import measure_network
from naswotlib.scoring.modes import check_counting, check_device, check_inputs, on_host
from naswotlib.scoring.own_code import code_digest
from naswotlib.scoring.parallel import cores_for, map_unordered, pack_space, unpack_space
from naswotlib.scoring.proxies import NASWOT, NEED_LABELS, check_labels, check_proxy, find_proxy
from naswotlib.scoring.proxies.travel import Packed, pack_proxies, unpack_proxies
from naswotlib.scoring.score import naswot_score, score_graph
from naswotlib.scoring.store import SCHEMA, Row, make_frame, measures_schema, open_store
from naswotlib.scoring.warm import ensure_compiled
from naswotlib.spaces.base import GraphSpace, arch_seed, find_space

CHUNK = 8  # architectures a worker takes at a time: enough to hide what a task costs, few enough to end together
BUILDERS = 2  # threads that draw the weights of the next networks for a GPU
QUEUE = 64  # the same on a GPU, whose host waits once for all of them


class ScoreOptions(TypedDict, total=False):
    """Keywords of :func:`score_archs` that a search which scores passes on."""

    counting: Counting
    exact: bool
    workers: int | None
    skeleton: Mapping[str, int] | None
    device: str
    out: str | Path | None
    client: Any


@dataclass(frozen=True)
class _Settings:
    """What a score depends on besides the architecture and the images; small, since it travels to every worker."""

    space: Any
    seed: int
    counting: Counting
    exact: bool
    skeleton: Mapping[str, int]
    device: str
    proxy: str | tuple[str, ...]  # several names where a row holds several measures

    @property
    def names(self) -> frozenset[str]:
        """What is to be computed."""
        return frozenset({self.proxy} if isinstance(self.proxy, str) else self.proxy)


def score_archs(
    space: Any,
    archs: Iterable[Any],
    inputs: Tensor,
    *,
    seed: int,
    proxy: str = NASWOT,
    labels: Tensor | None = None,
    counting: Counting = "once",
    exact: bool = False,
    workers: int | None = None,
    skeleton: Mapping[str, int] | None = None,
    device: str = "cpu",
    out: str | Path | None = None,
    client: Any = None,
    progress: bool = True,
) -> pd.DataFrame:
    """Score architectures of ``space`` (its name, or itself) on the mini-batch ``inputs`` ``(N, 3, H, W)``.

    ``archs`` are architectures or their texts, drawn from the iterable as they are needed. Each is built with
    the weights of ``arch_seed(seed, to_str(arch))`` and the keywords of ``skeleton`` (``num_classes``, ...), then
    scored by :func:`naswotlib.naswot_score` with ``counting`` and ``exact``. So a score does not depend on the order,
    nor on who computes it: ``workers`` local processes, or those of ``client``, a ``distributed.Client``, of one
    thread each. A space of one's own reaches them with the code of its module. By default all cores work, where there
    are 32 architectures or more, and by the fast engine, whose loops are compiled first where they are not yet;
    ``exact=True`` gives the integers of the plain definition, in about three times as long. On a GPU it is one process.

    ``proxy`` is what to compute instead of the score, a name of :func:`naswotlib.scoring.proxies.list_proxies`;
    ``counting`` and ``exact`` are of the score alone, and so is N_A. ``labels`` ``(N,)`` int64 are the classes of the
    images, for the proxies that need them.

    ``out`` is a folder that keeps the rows, as :mod:`naswotlib.scoring.store` says: the same call made again, after
    whatever stopped it, scores what is missing and nothing twice, failures included. A folder of other settings or
    versions is refused with the difference, ValueError; one that another process is writing is waited for. A full
    disk is an OSError, and the folder stays readable.

    Returns a row for each of ``archs``, in their order: ``arch`` (text), ``score`` (−inf is a value), ``num_units``
    (N_A; none for another proxy), ``seconds`` (of building and scoring, measured), ``error`` (empty where none). One
    that comes several times is scored once. One that fails has score NaN, no ``num_units`` and its error; a warning
    at the end says how many did. Arguments that would fail every architecture raise ValueError at once.

    >>> from naswotlib.spaces import get_space
    >>> space, inputs = get_space("nasbench201"), torch.randn(8, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    >>> table = score_archs(space, space[:3], inputs, seed=0, skeleton={"cells_per_stage": 1}, progress=False)
    >>> table.num_units.tolist(), table.error.tolist()
    ([6144, 7936, 6144], ['', '', ''])
    """
    settings = _Settings(space, seed, counting, exact, dict(skeleton or {}), device, proxy)
    rows = _run(settings, archs, inputs, labels, workers=workers, out=out, client=client, progress=progress)
    return make_frame(rows)


def measure_archs(
    space: Any,
    archs: Iterable[Any],
    inputs: Tensor,
    *,
    seed: int,
    measures: Sequence[str],
    labels: Tensor | None = None,
    workers: int | None = None,
    skeleton: Mapping[str, int] | None = None,
    device: str = "cpu",
    out: str | Path | None = None,
    client: Any = None,
    progress: bool = True,
) -> pd.DataFrame:
    """Many measures of each of ``archs``: :func:`score_archs`, with :func:`naswotlib.scoring.measures.measure_network`.

    Returns a row for each architecture: ``arch``, a column for each name of ``measures``, ``seconds``, and ``error``,
    which is empty or says why the measures that are NaN are. The other arguments are those of :func:`score_archs`.

    >>> from naswotlib.spaces import get_space
    >>> space, inputs = get_space("nasbench201"), torch.randn(8, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    >>> how = {"measures": ("swap", "near"), "skeleton": {"cells_per_stage": 1}, "progress": False}
    >>> list(measure_archs(space, space[:1], inputs, seed=0, **how))
    ['arch', 'swap', 'near', 'seconds', 'error']
    """
    settings = _Settings(space, seed, "once", True, dict(skeleton or {}), device, tuple(measures))
    rows = _run(settings, archs, inputs, labels, workers=workers, out=out, client=client, progress=progress)
    return make_frame(rows, measures_schema(measures))


def _run(
    settings: _Settings,
    archs: Iterable[Any],
    inputs: Tensor,
    labels: Tensor | None,
    *,
    workers: int | None,
    out: str | Path | None,
    client: Any,
    progress: bool,
) -> list[Any]:
    """Rows of ``archs`` in their order, computed or from the folder ``out``."""
    space = find_space(settings.space, "build")
    number = len(archs) if isinstance(archs, Sized) else None
    check_device(settings.device)
    on_cpu = torch.device(settings.device).type == "cpu"
    workers = cores_for(number if on_cpu else 1, workers)
    elsewhere = workers > 1 or client is not None
    settings = replace(settings, space=pack_space(space) if elsewhere else space)
    _check(space, settings, inputs, labels)
    by_plans = settings.proxy == NASWOT and on_cpu and isinstance(space, GraphSpace) and not settings.exact
    images = inputs.detach().cpu().numpy()
    classes = labels.cpu().numpy() if labels is not None and settings.names & NEED_LABELS else None
    order: list[str] = []

    def to_score(done: Collection[str]) -> Iterator[str]:
        asked: set[str] = set()
        for arch in archs:
            text = arch if isinstance(arch, str) else space.to_str(arch)
            order.append(text)
            if text in asked:
                continue
            asked.add(text)
            if text not in done:
                yield text
            else:
                bar.update(task, advance=1)

    measures = pack_proxies(settings.names) if elsewhere else {}
    score_chunk = partial(_score_chunk, settings, measures, images, classes)
    schema = SCHEMA if isinstance(settings.proxy, str) else measures_schema(settings.proxy)
    with open_store(out, _manifest(space, settings, images, classes), schema) as store, _progress_bar(progress) as bar:
        if by_plans and client is None:  # which takes a minute, so that it comes after all that may be refused
            ensure_compiled()
        task = bar.add_task("scoring", total=number)
        size = QUEUE if settings.proxy == NASWOT and not on_cpu else CHUNK
        chunks = _chunks(to_score(frozenset(store.rows)), size)
        for chunk in map_unordered(score_chunk, chunks, workers=workers, client=client):
            store.add(chunk)
            bar.update(task, advance=len(chunk))
    rows = {text: store.rows[text] for text in order}
    if failed := [row for row in rows.values() if row["error"]]:
        warn(
            f"{len(failed)} of {len(rows)} architectures failed; their rows have score NaN and say why in the column "
            f"'error', the first: {failed[0]['arch']}: {failed[0]['error']}"
        )
    return [rows[text] for text in order]


def _chunks(texts: Iterator[str], size: int) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Numbered parts."""
    yield from enumerate(iter(lambda: tuple(islice(texts, size)), ()))


def _check(space: Any, settings: _Settings, inputs: Tensor, labels: Tensor | None) -> None:
    check_counting(settings.counting)
    for name in (settings.proxy,) if isinstance(settings.proxy, str) else settings.proxy:
        check_proxy(name, "proxy" if isinstance(settings.proxy, str) else "measures")
    check_at_least("seed", settings.seed, 0)
    if not isinstance(inputs, Tensor) or inputs.dim() != 4 or len(inputs) < 2:
        given = tuple(inputs.shape) if isinstance(inputs, Tensor) else type(inputs).__name__
        raise ValueError(f"inputs: expected a tensor of at least 2 images, (N, 3, H, W), got {given}")
    check_inputs(inputs)
    if labels is None and (needy := sorted(settings.names & NEED_LABELS)):
        raise ValueError(f"labels: {needy[0]} needs a class for each image, int64 ({len(inputs)},), got none")
    if labels is not None:
        check_labels(labels, len(inputs))
    keywords = inspect.signature(getattr(space, "graph", space.build)).parameters
    known = [name for name, keyword in keywords.items() if keyword.kind is keyword.KEYWORD_ONLY and name != "seed"]
    for name in settings.skeleton:
        check_choice(f"skeleton of {space.name}", name, known)


def _manifest(space: Any, settings: _Settings, images: np.ndarray, labels: np.ndarray | None) -> dict[str, Any]:
    """What a score depends on, in words and numbers that a file can hold."""
    arrays = {"inputs": images} if labels is None else {"inputs": images, "labels": labels}
    digest = code_digest(space)
    code = {} if digest is None else {"code of the space": digest}
    for name in sorted(settings.names - {NASWOT}):
        if (digest := code_digest(find_proxy(name))) is not None:
            code[f"code of {name}"] = digest
    return {**vars(settings), "space": space.name, **code} | {
        name: f"{array.shape} {array.dtype} sha256 {hashlib.sha256(array.tobytes()).hexdigest()[:16]}"
        for name, array in arrays.items()
    }


def _score_chunk(
    settings: _Settings,
    measures: Packed,
    images: np.ndarray,
    labels: np.ndarray | None,
    chunk: tuple[int, tuple[str, ...]],
) -> list[Any]:
    unpack_proxies(measures)
    number, texts = chunk
    device = torch.device(settings.device)
    if device.type == "cuda" and device.index is None:  # GPUs take turns
        device = torch.device("cuda", number % max(1, torch.cuda.device_count()))
    inputs = torch.tensor(images, device=device)  # a copy: a worker sees the images as read-only memory
    space = unpack_space(settings.space) if isinstance(settings.space, (str, bytes)) else settings.space
    if settings.proxy == NASWOT and isinstance(space, GraphSpace) and not on_host(inputs):
        return _score_on_device(settings, space, inputs, texts)
    classes = {} if labels is None else {"labels": torch.tensor(labels, device=device)}
    rows = []
    for text in texts:
        start = time.perf_counter()
        row: dict[str, Any]
        try:
            row = _row(settings, space, inputs, classes, text)
        except Exception as error:  # whatever it was stands in the row, and the run goes on
            row = dict.fromkeys(settings.proxy if isinstance(settings.proxy, tuple) else ["score"], np.nan)
            row["error"] = _message(error)
        seconds = time.perf_counter() - start
        rows.append({"arch": text, "num_units": None, "error": ""} | row | {"seconds": seconds})
    return rows


def _message(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


def _score_on_device(settings: _Settings, space: Any, inputs: Tensor, texts: tuple[str, ...]) -> list[Any]:
    """Rows of networks that a GPU computes while the host prepares the next ones; each took its part of the time."""

    def prepare(text: str) -> tuple[Graph, dict[str, Tensor]]:
        arch = space.from_str(text)
        graph = space.graph(arch, **settings.skeleton)
        return graph, init_weights(graph, arch_seed(settings.seed, space.to_str(arch)), pinned=True)

    start = time.perf_counter()
    networks: dict[str, Queued] = {}
    errors: dict[str, Exception] = {}
    with ThreadPoolExecutor(BUILDERS) as builders:
        for text, prepared in [(text, builders.submit(prepare, text)) for text in texts]:
            try:
                networks[text] = queue(*prepared.result(), inputs, counting=settings.counting)
            except Exception as error:  # as on the CPU
                errors[text] = error
    scores: dict[str, Scored] = {}
    for text, found in zip(networks, finish([*networks.values()]), strict=True):
        if isinstance(found, ValueError):
            errors[text] = found
        else:
            scores[text] = found
    seconds = (time.perf_counter() - start) / len(texts)
    rows = [
        Row(arch=text, score=score.value, num_units=sum(score.layers.values()), seconds=seconds, error="")
        for text, score in scores.items()
    ]
    return rows + [
        Row(arch=text, score=np.nan, num_units=None, seconds=seconds, error=_message(error))
        for text, error in errors.items()
    ]


def _row(settings: _Settings, space: Any, inputs: Tensor, classes: dict[str, Tensor], text: str) -> dict[str, Any]:
    """The score and N_A, the value of another proxy, or many measures and what went wrong with some."""
    arch = space.from_str(text)
    seed = arch_seed(settings.seed, space.to_str(arch))
    if settings.proxy == NASWOT and isinstance(space, GraphSpace) and on_host(inputs):  # without building modules
        graph = space.graph(arch, **settings.skeleton)
        score = score_graph(graph, init_weights(graph, seed), inputs, counting=settings.counting, exact=settings.exact)
        return {"score": score.value, "num_units": score.num_units}
    network = space.build(arch, seed=seed, **settings.skeleton).to(inputs.device)
    if isinstance(settings.proxy, tuple):
        values, errors = measure_network(network, inputs, settings.proxy, labels=classes.get("labels"))
        return {**values, "error": "; ".join(f"{name}: {message}" for name, message in errors.items())}
    if settings.proxy != NASWOT:
        return {"score": find_proxy(settings.proxy)(network, inputs, **classes)}
    score = naswot_score(network, inputs, counting=settings.counting, exact=settings.exact)
    return {"score": score.value, "num_units": score.num_units}


class _Rate(ProgressColumn):
    """Architectures a second, over the last half minute."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed or task.finished_speed or 0.0:.1f}/s")


def _progress_bar(visible: bool) -> Progress:
    columns = (BarColumn(), MofNCompleteColumn(), _Rate(), TimeRemainingColumn())
    return Progress("{task.description}", *columns, console=Console(stderr=True), disable=not visible)
