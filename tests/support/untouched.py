"""Whether a network came back exactly as it was: what scoring promises, whatever happens inside."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn


def state(network: nn.Module) -> dict[str, Any]:
    """All that scoring must leave alone, by value, and the tensors themselves by identity."""
    found: dict[str, Any] = {"random": torch.get_rng_state().tolist()}
    found["grad mode"] = torch.is_grad_enabled()
    found["tf32"] = (torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32)
    found["attention"] = torch.backends.mha.get_fastpath_enabled()
    for name, module in network.named_modules():
        found[f"{name} mode"] = module.training
        found[f"{name} tracks"] = getattr(module, "track_running_stats", None)
        hooks = (module._forward_hooks, module._forward_pre_hooks, module._backward_hooks, module._backward_pre_hooks)
        found[f"{name} hooks"] = [list(hook.values()) for hook in hooks]
        found[f"{name} type"] = type(module)
        found[f"{name} attributes"] = sorted(vars(module))
    for name, tensor in [*network.named_parameters(), *network.named_buffers()]:
        grad = tensor.grad
        found[name] = (id(tensor), values(tensor), tensor.requires_grad, tensor.dtype)
        found[f"{name} grad"] = None if grad is None else (id(grad), values(grad))
    return found


def values(tensor: torch.Tensor) -> str:
    """As text, in which one NaN equals another."""
    return "" if tensor.is_meta else str(tensor.tolist())


@contextmanager
def untouched(network: nn.Module) -> Iterator[None]:
    """The network and the global state of torch are the same after the block, also when it raises."""
    before = state(network)
    try:
        yield
    finally:
        after = state(network)
        assert [key for key in before if before[key] != after.get(key)] == []
        assert after.keys() == before.keys()
