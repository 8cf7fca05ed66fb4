"""The NASWOT score, s = log|det K_H| (equation 2), and what it was computed from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from naswotlib.errors import warn
from naswotlib.graph import Counting, Graph, Op
from naswotlib.graph.sizes import adds_up
from naswotlib.graph.trace import built_graph, traced_graph, weights_of
from naswotlib.scoring.device import finish, queue
from naswotlib.scoring.kernel import hamming_kernel, log_determinant
from naswotlib.scoring.modes import BatchNormMode, check_counting, check_inputs, on_host, scoring_mode
from naswotlib.scoring.watch import EVAL_WARNING, check_arguments, watch_codes


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
    """

    value: float
    kernel: np.ndarray
    rank: int
    num_units: int
    layers: dict[str, int]
    uncounted: tuple[str, ...]
    engine: str

    def __float__(self) -> float:
        return self.value

    def __repr__(self) -> str:
        note = f", {len(self.uncounted)} activations not counted" if self.uncounted else ""
        return (
            f"NaswotScore({self.value:.4f}, N_A={self.num_units}, rank={self.rank}/{len(self.kernel)}, "
            f"{len(self.layers)} layers{note})"
        )


def naswot_score(
    network: nn.Module,
    inputs: Tensor,
    *,
    counting: Counting = "once",
    batch_norm: BatchNormMode = "batch",
    exact: bool = True,
    activations: Iterable[str] = ("relu",),
) -> NaswotScore:
    """Score an untrained network on a mini-batch: the log-determinant of its Hamming kernel (equations 1 and 2).

    ``inputs`` is ``(N, ...)``, images of at least two, on the network's device. One forward pass without
    gradients, normalisation on batch statistics; the network comes back unchanged. ``counting``,
    ``batch_norm`` and ``activations`` are those of :func:`naswotlib.activation_codes`, whose errors apply.

    ``exact=True`` is the plain definition, integer for integer. ``exact=False`` may use a faster plan that
    reorders floating-point sums (score within 1e-6 relative in 2,009 of 2,010 networks
    compared); where none exists it is the same.

    >>> import torch
    >>> network = nn.Sequential(nn.Flatten(), nn.Linear(12, 64), nn.ReLU(), nn.Linear(64, 10))
    >>> score = naswot_score(network, torch.randn(8, 3, 2, 2))
    >>> score.num_units, score.layers, score.kernel.shape
    (64, {'2': 64}, (8, 8))
    """
    wanted = check_arguments(network, inputs, counting, batch_norm, activations)
    if batch_norm == "eval":
        warn(EVAL_WARNING)
    if batch_norm == "batch" and wanted == {"relu"} and _is_plain(network, inputs):
        graph, engine = built_graph(network), "graph"
        if graph is None and not exact:
            with scoring_mode(network, batch_norm):
                graph, engine = traced_graph(network, inputs.shape[1]), "fx"
        # What a graph does not show, such as a sum that broadcasts, is left to hooks.
        if graph is not None and any(_counts(op, counting) for op in graph.ops) and adds_up(graph, inputs.shape[2:]):
            return _score_plan(graph, weights_of(network), inputs, counting, exact, engine)
    codes = watch_codes(network, inputs, counting=counting, batch_norm=batch_norm, wanted=wanted)
    codes.check_counted(counting, wanted)
    kernel = hamming_kernel(codes)  # on a GPU this waits, once
    codes.check_numbers()
    return _score(kernel, codes.units_by_layer, codes.uncounted, "hooks")


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
    return inputs.dim() == 4 and all(x.dtype == torch.float32 for x in (inputs, *network.parameters()))


def _score_plan(
    graph: Graph, weights: dict[str, Tensor], inputs: Tensor, counting: Counting, exact: bool, engine: str
) -> NaswotScore:
    if not on_host(inputs):
        return _score_on_device(graph, weights, inputs, counting, engine)
    from naswotlib.scoring.engine import graph_kernel  # with it come compiled loops, and numba takes a second to import

    kernel, layers = graph_kernel(graph, weights, inputs, counting=counting, exact=exact)
    return _score(kernel, layers, _unseen(graph, counting), engine)


def _score_on_device(
    graph: Graph, weights: dict[str, Tensor], inputs: Tensor, counting: Counting, engine: str
) -> NaswotScore:
    finite = torch.isfinite(inputs).all()  # looked at when the device is waited for anyway
    found = finish([queue(graph, weights, inputs, counting=counting)])[0]
    if not finite:
        raise ValueError("inputs: found NaN or infinite values; check how the images were normalised")
    if isinstance(found, ValueError):
        raise found
    units, unseen = sum(found.layers.values()), _unseen(graph, counting)
    return NaswotScore(found.value, found.kernel, found.rank, units, found.layers, unseen, engine)


def _unseen(graph: Graph, counting: Counting) -> tuple[str, ...]:
    """Calls that are not counted. A container's own count of 0 is how the authors' code counts, and not a gap."""
    calls = (op.name for op in graph.ops if op.functional and not _counts(op, counting))
    return tuple(dict.fromkeys(f"{name} (relu)" for name in calls))


def _counts(op: Op, counting: Counting) -> bool:
    return op.kind == "relu" and (counting == "once" or op.reference > 0)


def _score(kernel: np.ndarray, layers: dict[str, int], uncounted: tuple[str, ...], engine: str) -> NaswotScore:
    value, rank = log_determinant(kernel)
    return NaswotScore(value, kernel, rank, sum(layers.values()), layers, uncounted, engine)
