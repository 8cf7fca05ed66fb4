"""Passes through one network that several measures read: each is made once, by the first that asks for it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.func import functional_call
from torch.overrides import TorchFunctionMode

from naswotlib.scoring.codes import ActivationCodes
from naswotlib.scoring.modes import check_network, scoring_mode
from naswotlib.scoring.proxies.base import check_labels, class_scores, floating, gradients_of
from naswotlib.scoring.proxies.rows import take_rows
from naswotlib.scoring.watch import watch_codes

_LAYERS = {
    *(F.linear, F.conv1d, F.conv2d, F.conv3d),
    *(F.conv_transpose1d, F.conv_transpose2d, F.conv_transpose3d),
}


@dataclass(frozen=True, eq=False)
class Forward:
    """A forward pass that can be differentiated.

    ``weights`` are all parameters by name, and ``images`` the mini-batch, as leaves of the graph; ``scores`` are the
    class scores ``(N, classes)``, ``outputs`` those of convolutions and linear layers in the order of execution.
    """

    weights: dict[str, Tensor]
    images: Tensor
    scores: Tensor
    outputs: list[Tensor]

    def loss(self, labels: Tensor) -> Tensor:
        """Cross-entropy with ``labels`` ``(N,)`` int64, its mean over the images."""
        _check_classes(labels, self.scores)
        return F.cross_entropy(self.scores, labels)


class Passes:
    """What measures of ``network`` on the mini-batch ``inputs`` read, computed when first asked for.

    Normalisation is on batch statistics. ``second_order`` says whether the gradients of the loss are to be
    differentiated once more, which costs memory.
    """

    def __init__(
        self, network: nn.Module, inputs: Tensor, labels: Tensor | None, *, second_order: bool = False
    ) -> None:
        self.network, self.inputs, self.second_order = network, inputs, second_order
        self._labels = labels

    @property
    def labels(self) -> Tensor:
        """Classes of the images, ``(N,)`` int64."""
        if self._labels is None:
            raise ValueError("labels: expected a class for each image, got none")
        return self._labels

    @cached_property
    def forward(self) -> Forward:
        """The one forward pass of all gradients."""
        return run_forward(self.network, self.inputs)

    @cached_property
    def _loss_gradients(self) -> tuple[dict[str, Tensor], list[Tensor]]:
        weights, outputs = self.forward.weights, self.forward.outputs
        leaves = weights | {f"output {number}": output for number, output in enumerate(outputs)}
        loss = self.forward.loss(self.labels)
        found = gradients_of(loss, leaves, retain_graph=True, create_graph=self.second_order)
        of_outputs = [found.get(f"output {number}", torch.zeros_like(output)) for number, output in enumerate(outputs)]
        return {name: found[name] for name in weights if name in found}, of_outputs

    @property
    def gradients(self) -> dict[str, Tensor]:
        """Gradients of the loss by name of the parameter, without those that it does not depend on."""
        return self._loss_gradients[0]

    @property
    def weight_gradients(self) -> dict[str, Tensor]:
        """Those of weights alone: parameters of two dimensions or more, of convolutions and linear layers."""
        return {name: gradient for name, gradient in self.gradients.items() if gradient.dim() >= 2}

    @property
    def output_gradients(self) -> list[Tensor]:
        """Gradients of the loss by output of a layer, in the order of ``forward.outputs``."""
        return self._loss_gradients[1]

    @cached_property
    def input_gradients(self) -> Tensor:
        """J, ``(N, D)``: row i is the gradient of the sum of all class scores with respect to image i."""
        return _input_gradients(self.forward)

    def eval_input_gradients(self) -> Tensor:
        """:attr:`input_gradients` with normalisation on running statistics."""
        with scoring_mode(self.network, "eval", self.inputs):
            return _input_gradients(run_forward(self.network, self.inputs))

    @property
    def codes(self) -> ActivationCodes:
        """The codes of all rectifiers, from a pass without gradients."""
        return self._rectified[0]

    @property
    def rows(self) -> list[Tensor]:
        """Some of what goes into each rectifier, by :func:`take_rows`, from the same pass."""
        return self._rectified[1]

    @cached_property
    def _rectified(self) -> tuple[ActivationCodes, list[Tensor]]:
        rows: list[Tensor] = []
        generator = seeded_by(self.network)
        codes = watch_codes(self.network, self.inputs, visit=lambda values: rows.append(take_rows(values, generator)))
        codes.check_numbers()
        return codes, rows


_OPEN: ContextVar[Passes | None] = ContextVar("passes", default=None)


@contextmanager
def passes_of(
    network: nn.Module, inputs: Tensor, labels: Tensor | None = None, *, second_order: bool = False
) -> Iterator[Passes]:
    """Passes of ``network`` on ``inputs`` ``(N, ...)``: those of the block around where they are the same network's.

    Inside the block the network is in its scoring mode, gradients are on, and a GPU convolves in the same order each
    time; after it all is as before. Raises as the checks of networks, mini-batches and labels do.
    """
    around = open_passes(network, inputs)
    if around is not None and (around.second_order or not second_order):
        yield around
        return
    check_network(network, inputs)
    if labels is not None:
        check_labels(labels, len(inputs))
    passes = Passes(network, inputs, labels, second_order=second_order)
    token = _OPEN.set(passes)
    try:
        with scoring_mode(network, "batch", inputs), torch.inference_mode(False), torch.enable_grad(), _same_order():
            yield passes
    finally:
        _OPEN.reset(token)


def open_passes(network: nn.Module, inputs: Tensor) -> Passes | None:
    """The passes of the block of :func:`passes_of` around, where they are of ``network`` and ``inputs``."""
    around = _OPEN.get()
    fits = around is not None and around.network is network and around.inputs is inputs
    return around if fits else None


def run_forward(network: nn.Module, inputs: Tensor) -> Forward:
    """A forward pass that can be differentiated, inside a block of :func:`passes_of`."""
    leaves = {name: weight.detach().requires_grad_() for name, weight in floating(network.named_parameters()).items()}
    images = inputs.detach().clone()
    if images.is_floating_point():
        images.requires_grad_()
    with _Outputs() as seen:
        scores = class_scores(functional_call(network, leaves, (images.clone(),)))
    return Forward(leaves, images, scores, seen.outputs)


def seeded_by(network: nn.Module) -> torch.Generator:
    """A generator on the CPU whose seed is a hash of the network's first weights.

    So a measure that draws gives one network the same value each time, on every device, and two initialisations of an
    architecture different ones.
    """
    first = next((weight for weight in network.parameters() if weight.dim() >= 2), torch.zeros(1))
    digest = hashlib.sha256(first.detach().cpu().contiguous().numpy().tobytes()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:7], "big"))


class _Outputs(TorchFunctionMode):
    """Keeps what convolutions and linear layers give, called as modules or as functions."""

    def __init__(self) -> None:
        super().__init__()
        self.outputs: list[Tensor] = []

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        output = func(*args, **(kwargs or {}))
        if func in _LAYERS:
            self.outputs.append(output)
        return output


@contextmanager
def _same_order() -> Iterator[None]:
    """On a GPU, only algorithms that add in the same order each time."""
    before = torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark
    try:
        torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark = True, False
        yield
    finally:
        torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark = before


def _input_gradients(forward: Forward) -> Tensor:
    if not forward.images.requires_grad:
        raise ValueError(f"inputs: a gradient with respect to them needs floats, got {forward.images.dtype}")
    found = gradients_of(forward.scores.sum(), {"images": forward.images}, retain_graph=True)
    return found.get("images", torch.zeros_like(forward.images)).flatten(1)


def _check_classes(labels: Tensor, scores: Tensor) -> None:
    if scores.dim() != 2 or len(scores) != len(labels):
        shape = tuple(scores.shape)
        raise ValueError(f"network: expected class scores ({len(labels)}, classes) as its output, got {shape}")
    first, last = int(labels.min()), int(labels.max())
    if first < 0 or last >= scores.shape[1]:
        raise ValueError(
            f"labels: classes {first} to {last} do not fit the network's {scores.shape[1]} class scores; build it with "
            "num_classes"
        )
