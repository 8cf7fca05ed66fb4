"""The NASWOT score, s = log|det K_H| (equation 2), and what it was computed from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from naswotlib.graph import Counting, Graph, Op
from naswotlib.graph.sizes import adds_up
from naswotlib.graph.trace import built_graph, traced_graph, weights_of
from naswotlib.scoring.batches import Forward, Inputs
from naswotlib.scoring.device import finish, queue
from naswotlib.scoring.kernel import KernelSum, coin_flips, log_determinant
from naswotlib.scoring.memory import check_fits
from naswotlib.scoring.modes import BatchNormMode, check_counting, check_inputs, check_network, on_host, scoring_mode
from naswotlib.scoring.ready import is_compiled
from naswotlib.scoring.report import calls_of, write_report
from naswotlib.scoring.watch import EVAL_WARNING, check_arguments, one_kind, watch_codes


@dataclass(frozen=True, eq=False)
class NaswotScore:
    """A score and its evidence; ``float(score)`` is its value.

    Attributes:
        value: log|det K_H|, −inf when K_H is singular.
        kernel: K_H, ``(N, N)`` int64.
        rank: rank of K_H, N when the score is finite.
        num_units: N_A, the number of units counted for one image.
        layers: units counted, by name of the layer.
        uncounted: activations that ran but were not counted.
        engine: how it was computed: from the ``"graph"`` that the network was built from, from one found by tracing it
            (``"fx"``), or by watching its forward pass (``"hooks"``).
        activations: the functions that were counted, by their names in :data:`naswotlib.scoring.watch.ACTIVATIONS`.
        counting: how they were counted.
        precision: type of the numbers that the network computed with.
        notes: what there is to know besides, such as normalisations that did not use the batch.
        calls: how many times each layer entered K_H; a layer that is not here did once.
    """

    value: float
    kernel: np.ndarray
    rank: int
    num_units: int
    layers: dict[str, int]
    uncounted: tuple[str, ...]
    engine: str
    activations: tuple[str, ...] = ("relu",)
    counting: Counting = "once"
    precision: str = "float32"
    notes: tuple[str, ...] = ()
    calls: dict[str, int] = field(default_factory=dict)

    def __float__(self) -> float:
        return self.value

    def __repr__(self) -> str:
        note = f", {len(self.uncounted)} activations not counted" if self.uncounted else ""
        return (
            f"NaswotScore({self.value:.4f}, N_A={self.num_units}, rank={self.rank}/{len(self.kernel)}, "
            f"{len(self.layers)} layers{note})"
        )

    @property
    def coin_flips(self) -> float:
        """The score that codes of as many units would have if they were fair coin flips."""
        return float(coin_flips(len(self.kernel), self.num_units))

    def report(self, *, layers: int = 20) -> str:
        """The score and its evidence in lines to print: the first so many ``layers``, what was left out, and what it
        can be compared with.
        """
        kinds = " and ".join(self.activations)
        how = "each once" if self.counting == "once" else "as the authors' code counts"
        return write_report(
            score=f"{self.value:.6g}, log|det K_H| (equation 2)",
            coin_flips=self.coin_flips,
            images=len(self.kernel),
            rank=self.rank,
            layers=self.layers,
            calls=self.calls,
            counted=f"counted: {kinds}, {how}",
            engine=f"{self.engine}, {self.precision}",
            uncounted=self.uncounted,
            notes=self.notes,
            most=layers,
        )

    def as_dict(self) -> dict[str, Any]:
        """All but the kernel, for JSON; a score of −inf is None there."""
        names = ["rank", "num_units", "layers", "calls", "uncounted", "engine"]
        names += ["activations", "counting", "precision", "notes"]
        value = self.value if np.isfinite(self.value) else None
        return {"score": value} | {name: getattr(self, name) for name in names} | {"coin_flips": self.coin_flips}


def naswot_score(
    network: nn.Module,
    inputs: Inputs,
    *,
    counting: Counting = "once",
    batch_norm: BatchNormMode = "batch",
    exact: bool = True,
    activations: Iterable[str] = ("relu",),
    forward: Forward | None = None,
    max_memory: int | None = None,
) -> NaswotScore:
    """Score an untrained network on a mini-batch: the log-determinant of its Hamming kernel (equations 1 and 2).

    ``inputs`` is ``(N, ...)``, images of at least two, on the network's device, or a tuple, a list or a mapping of what
    the network takes. One forward pass without gradients, normalisation on batch statistics; the network comes back
    unchanged. ``counting``, ``batch_norm``, ``activations`` and ``forward`` are those of
    :func:`naswotlib.activation_codes`, whose errors apply. A network in half precision is scored in it.

    ``exact=True`` is the plain definition, integer for integer. ``exact=False`` may use a faster plan that
    reorders floating-point sums (score within 1e-6 relative in 2,009 of 2,010 networks
    compared); where none exists it is the same.

    ``max_memory``, in bytes, bounds what the pass may take; ValueError names the mini-batch that would fit. Passes of
    two and of four images, from which that is foretold, come first then.

    >>> import torch
    >>> network = nn.Sequential(nn.Flatten(), nn.Linear(12, 64), nn.ReLU(), nn.Linear(64, 10))
    >>> score = naswot_score(network, torch.randn(8, 3, 2, 2))
    >>> score.num_units, score.layers, score.kernel.shape
    (64, {'2': 64}, (8, 8))
    """
    wanted = check_arguments(counting, batch_norm, activations)
    if max_memory is not None:
        check_fits(network, inputs, max_memory, batch_norm=batch_norm, forward=forward)
    planned = batch_norm == "batch" and "relu" in wanted and forward is None
    if planned and isinstance(inputs, Tensor) and _is_plain(network, inputs):
        check_network(network, inputs)
        graph, engine = built_graph(network), "graph"
        if graph is None and not exact:
            with scoring_mode(network, batch_norm):
                graph, engine = traced_graph(network, inputs.shape[1]), "fx"
        # What a graph does not show, such as a sum that broadcasts, is left to hooks. So is an exact score until the
        # loops are compiled, which takes longer than the score: its numbers are the same.
        ready = not exact or is_compiled("packing")
        if (
            graph is not None
            and ready
            and any(_counts(op, counting) for op in graph.ops)
            and adds_up(graph, inputs.shape[2:])
        ):
            return _score_plan(graph, weights_of(network), inputs, counting, exact, engine)
    how: dict[str, Any] = {"counting": counting, "batch_norm": batch_norm, "wanted": wanted, "forward": forward}
    total = KernelSum()
    codes = watch_codes(network, inputs, total=total, **how)
    codes = one_kind(codes) if activations == "auto" else codes
    codes.check_counted(counting, wanted)
    kernel = total.kernel()  # on a GPU this waits, once
    codes.check_numbers()
    frozen = f"{len(codes.frozen)} batch normalisations used running statistics"
    return replace(
        _score(kernel, codes.units_by_layer, codes.uncounted, "hooks"),
        activations=tuple(dict.fromkeys(layer.kind for layer in codes.layers)),
        counting=counting,
        precision=_precision(network, inputs),
        notes=(*codes.notes, *((frozen,) if codes.frozen else ()), *((EVAL_WARNING,) if batch_norm == "eval" else ())),
        calls=calls_of((layer.name, layer.count) for layer in codes.layers),
    )


def _precision(network: nn.Module, inputs: Inputs) -> str:
    """The type of the weights; of the inputs, where there are none."""
    types = [str(weights.dtype) for weights in network.parameters() if weights.is_floating_point()]
    types = types or [str(inputs.dtype)] if isinstance(inputs, Tensor) else types
    return ", ".join(sorted({name.removeprefix("torch.") for name in types})) or "unknown"


def score_graph(
    graph: Graph, weights: dict[str, Tensor], inputs: Tensor, *, counting: Counting = "once", exact: bool = False
) -> NaswotScore:
    """Score the network that a graph describes, without building it: :func:`naswot_score` of
    ``GraphNetwork(graph, weights)``, whose ``weights`` are those of :func:`naswotlib.graph.init_weights`.

    ``inputs`` are float32 images ``(N, C, H, W)``, at least two; where they are on a GPU, that computes, and ``exact``
    changes nothing.
    """
    check_inputs(inputs)
    check_counting(counting)
    return _score_plan(graph, weights, inputs, counting, exact, "graph")


def _is_plain(network: nn.Module, inputs: Tensor) -> bool:
    """Whether plans apply: float32 images and weights."""
    if not isinstance(network, nn.Module):
        return False
    return inputs.dim() == 4 and all(x.dtype == torch.float32 for x in (inputs, *network.parameters()))


def _score_plan(
    graph: Graph, weights: dict[str, Tensor], inputs: Tensor, counting: Counting, exact: bool, engine: str
) -> NaswotScore:
    if on_host(inputs):
        from naswotlib.scoring.engine import graph_kernel  # with it come compiled loops; numba takes a second to import

        kernel, layers = graph_kernel(graph, weights, inputs, counting=counting, exact=exact)
        score = _score(kernel, layers, (), engine)
    else:
        score = _score_on_device(graph, weights, inputs, counting, engine)
    # A container's own count of 0 is how the authors' code counts, and not a gap.
    unseen = (op.name for op in graph.ops if op.functional and not _counts(op, counting))
    times = ((op.name, 1 if counting == "once" else op.reference) for op in graph.ops if _counts(op, counting))
    uncounted = tuple(dict.fromkeys(f"{name} (relu)" for name in unseen))
    return replace(score, uncounted=uncounted, counting=counting, calls=calls_of(times))


def _score_on_device(
    graph: Graph, weights: dict[str, Tensor], inputs: Tensor, counting: Counting, engine: str
) -> NaswotScore:
    finite = torch.isfinite(inputs).all()  # looked at when the device is waited for anyway
    found = finish([queue(graph, weights, inputs, counting=counting)])[0]
    if not finite:
        raise ValueError("inputs: found NaN or infinite values; check how the images were normalised")
    if isinstance(found, ValueError):
        raise found
    return NaswotScore(found.value, found.kernel, found.rank, sum(found.layers.values()), found.layers, (), engine)


def _counts(op: Op, counting: Counting) -> bool:
    return op.kind == "relu" and (counting == "once" or op.reference > 0)


def _score(kernel: np.ndarray, layers: dict[str, int], uncounted: tuple[str, ...], engine: str) -> NaswotScore:
    value, rank = log_determinant(kernel)
    return NaswotScore(value, kernel, rank, sum(layers.values()), layers, uncounted, engine)
