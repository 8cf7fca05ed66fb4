"""What else is known of a network before it is trained: the measures that the score has to beat (Figure 4).

Each takes a network and a mini-batch and gives a number, as :func:`naswotlib.naswot_score` does, and gives the network
back as it was. Two of them come from Abdelfattah et al. (2021), with whose versions the paper compares its score.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from naswotlib.codes import check_network, watch_codes
from naswotlib.errors import check_choice
from naswotlib.images import load_images
from naswotlib.modes import scoring_mode

GradientNorm = Literal["sum", "euclidean"]


def grad_norm(network: nn.Module, inputs: Tensor, *, labels: Tensor, norm: GradientNorm = "sum") -> float:
    """Size of the gradient of the cross-entropy of ``network`` on ``inputs`` ``(N, ...)``, ``labels`` ``(N,)`` int64.

    ``norm="sum"`` is what the paper's text says, "the sum of the gradient norms for every weight": the Euclidean
    norms of the gradients of all weight tensors, added up. Weights are the parameters of two dimensions or more, those
    of convolutions and linear layers, as in the code of Abdelfattah et al. ``norm="euclidean"`` is what the caption
    of Figure 4 says, the Euclidean norm of the gradients: one norm over all parameters together.

    One forward and one backward pass in single precision, dropout off, normalisation on batch statistics, the mean of
    the loss over images. Of several outputs the first tensor, or ``logits``, are the class scores ``(N, classes)``.
    Raises ValueError for labels that do not fit, or a gradient that is not finite.

    >>> import torch
    >>> network = nn.Sequential(nn.Flatten(), nn.Linear(12, 10, bias=False))
    >>> inputs, labels = torch.ones(2, 3, 2, 2), torch.tensor([0, 1])
    >>> round(grad_norm(network, inputs, labels=labels), 6) == round(
    ...     grad_norm(network, inputs, labels=labels, norm="euclidean"), 6
    ... )
    True
    """
    check_network(network, inputs)
    check_labels(labels, len(inputs))
    check_choice("norm", norm, ("sum", "euclidean"))
    weights = {name: weight.detach().requires_grad_() for name, weight in _floating(network.named_parameters()).items()}
    with scoring_mode(network, "batch"), torch.inference_mode(False), torch.enable_grad():
        scores = _class_scores(functional_call(network, weights, (inputs,)))
        _check_classes(labels, scores)
        gradients = _gradients(F.cross_entropy(scores, labels), weights)
    if norm == "sum":
        gradients = {name: gradient for name, gradient in gradients.items() if gradient.dim() >= 2}
    norms = [torch.linalg.vector_norm(gradient) for gradient in gradients.values()]
    total = torch.stack(norms) if norms else torch.zeros(1)
    return _finite("grad_norm", float(total.sum() if norm == "sum" else torch.linalg.vector_norm(total)))


def synflow(network: nn.Module, inputs: Tensor) -> float:
    """Logarithm of the Synaptic Flow of ``network`` (Tanaka et al., 2020), summed over its weights.

    With every weight and buffer replaced by its absolute value, an image of ones goes through the network, R is the sum
    of what comes out, and the flow is the sum of the sizes of w · ∂R/∂w over the weights, parameters of two dimensions
    or more. Of ``inputs`` ``(N, ...)`` only the shape of one image is used. As in the original, BatchNorm uses its
    running statistics: in a network that never ran they are 0 and 1, and it changes nothing, as if it were taken out.

    It is computed in double precision, and the logarithm taken since flows of deep networks span hundreds of orders of
    magnitude; −inf where nothing flows. Of several outputs, the first tensor or ``logits`` is summed.
    The network's own weights are not touched. Raises ValueError where double precision overflows.

    >>> network = nn.Sequential(nn.Flatten(), nn.Linear(12, 5, bias=False))
    >>> flow = synflow(network, torch.zeros(2, 3, 2, 2))
    >>> math.isclose(flow, math.log(float(network[1].weight.detach().double().abs().sum())))
    True
    """
    check_network(network, inputs)
    if not inputs.is_floating_point():
        raise ValueError(f"inputs: synflow sends ones through the network, which needs floats, got {inputs.dtype}")
    with scoring_mode(network, "eval"), torch.inference_mode(False), torch.enable_grad():
        weights, buffers = (
            {name: tensor.detach().double().abs() for name, tensor in _floating(named).items()}
            for named in (network.named_parameters(), network.named_buffers())
        )
        for weight in weights.values():
            weight.requires_grad_()
        image = torch.ones(1, *inputs.shape[1:], dtype=torch.float64, device=inputs.device)
        flow = _class_scores(functional_call(network, {**weights, **buffers}, (image,))).sum()
        gradients = _gradients(flow, weights)
    parts = [(weights[n].detach() * g).abs().sum() for n, g in gradients.items() if g.dim() >= 2]
    total = _finite("synflow", float(torch.stack(parts).sum()) if parts else 0.0)
    return math.log(total) if total else -math.inf


def parameters(network: nn.Module, inputs: Tensor) -> float:
    """Number of trainable and other parameters, each once; ``inputs`` are not looked at."""
    return float(sum(weights.numel() for weights in network.parameters()))


def flops(network: nn.Module, inputs: Tensor) -> float:
    """Multiply-adds of convolutions and matrix products for one image, what NAS benchmarks call FLOPs.

    Counted by ``torch.utils.flop_counter`` while the first of ``inputs`` ``(N, ...)`` runs through the network; it
    says two operations for each, which is halved here.
    """
    check_network(network, inputs, least=1)
    counter = FlopCounterMode(display=False)
    with scoring_mode(network, "eval"), torch.inference_mode(), _no_fused_attention(), counter:
        network(inputs[:1])
    return float(counter.get_total_flops()) / 2


def num_units(network: nn.Module, inputs: Tensor) -> float:
    """N_A, the number of ReLU units, each counted once, from a pass of the first two of ``inputs`` ``(N, ...)``."""
    check_network(network, inputs)
    return float(watch_codes(network, inputs[:2]).num_units)


NASWOT = "naswot"  # the name of the score itself, wherever one of these is asked for
PROXIES: dict[str, Callable[..., float]] = {
    "grad_norm": grad_norm,
    "grad_norm_euclidean": partial(grad_norm, norm="euclidean"),
    "synflow": synflow,
    "parameters": parameters,
    "flops": flops,
    "num_units": num_units,
}
NEED_LABELS = frozenset({"grad_norm", "grad_norm_euclidean"})


def load_batch(
    source: str | Path, n: int, *, proxy: str, seed: int, data_dir: str | Path | None = None, side: int | None = None
) -> tuple[Tensor, Tensor | None]:
    """The mini-batch of :func:`naswotlib.load_images` for a proxy, and labels where it needs them."""
    check_choice("proxy", proxy, (NASWOT, *PROXIES))
    if proxy in NEED_LABELS:
        return load_images(source, n, seed=seed, data_dir=data_dir, with_labels=True, side=side)
    return load_images(source, n, seed=seed, data_dir=data_dir, side=side), None


def _floating(named: Iterator[tuple[str, Tensor]]) -> dict[str, Tensor]:
    return {name: tensor for name, tensor in named if tensor.is_floating_point()}


def _gradients(value: Tensor, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Gradients by name; without those of weights that ``value`` does not depend on."""
    if not value.requires_grad:
        raise ValueError("network: its output has no gradient; does its forward pass turn gradients off?")
    gradients = torch.autograd.grad(value, list(weights.values()), allow_unused=True)
    return {name: gradient for name, gradient in zip(weights, gradients, strict=True) if gradient is not None}


def _class_scores(output: Any) -> Tensor:
    """The class scores among whatever a forward pass returns: the first tensor, or what is called ``logits``."""
    if isinstance(output, Tensor):
        return output
    values = output.values() if isinstance(output, Mapping) else output if isinstance(output, tuple | list) else ()
    named = output.get("logits") if isinstance(output, Mapping) else getattr(output, "logits", None)
    tensors = [value for value in (named, *values) if isinstance(value, Tensor)]
    if not tensors:
        raise ValueError(f"network: expected a tensor of class scores among its outputs, got {type(output).__name__}")
    return tensors[0]


def check_labels(labels: Tensor, count: int) -> None:
    """Raise ValueError unless ``labels`` are int64 ``(count,)``."""
    if not isinstance(labels, Tensor) or labels.dtype != torch.int64 or labels.shape != (count,):
        got = f"{labels.dtype} {tuple(labels.shape)}" if isinstance(labels, Tensor) else type(labels).__name__
        raise ValueError(f"labels: expected a class for each image, int64 ({count},), got {got}")


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


def _finite(proxy: str, value: float) -> float:
    if not math.isfinite(value):
        raise ValueError(f"network: its {proxy} is {value}; an error is never turned into a score")
    return value


@contextmanager
def _no_fused_attention() -> Iterator[None]:
    """Attention by the matrix products that it is made of: those inside fused kernels are not counted."""
    before = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        with sdpa_kernel(SDPBackend.MATH):
            yield
    finally:
        torch.backends.mha.set_fastpath_enabled(before)
