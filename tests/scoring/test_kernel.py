"""K_H against the plain definition."""

import numpy as np
import pytest
import torch
from torch import nn

from naswotlib import get_space, naswot_score
from naswotlib.scoring.kernel import _is_certainly_regular, log_determinant
from naswotlib.spaces.base import sample_distinct

SPACE = get_space("nasbench201")


def plain_kernel(network: nn.Module, inputs: torch.Tensor) -> np.ndarray:
    """x xᵀ + (1 − x)(1 − x)ᵀ summed over ReLUs, by hooks, with normalisation on batch statistics."""
    total = torch.zeros(len(inputs), len(inputs), dtype=torch.float64)

    def add(_: nn.Module, args: tuple[torch.Tensor, ...], __: torch.Tensor) -> None:
        x = (args[0].flatten(1) > 0).double()
        total.add_(x @ x.T + (1 - x) @ (1 - x).T)

    handles = [m.register_forward_hook(add) for m in network.modules() if isinstance(m, nn.ReLU)]
    with torch.no_grad():
        network.train()(inputs)
    for handle in handles:
        handle.remove()
    return total.numpy().astype(np.int64)


@pytest.mark.parametrize("number", range(20))
def test_k_is_the_plain_definition_integer_for_integer_on_random_cells(number):
    cell = sample_distinct(SPACE, 20, np.random.default_rng(1))[number]
    network = SPACE.build(cell, seed=number, cells_per_stage=1)
    inputs = torch.randn(24, 3, 16, 16, generator=torch.Generator().manual_seed(number))
    assert (naswot_score(network, inputs).kernel == plain_kernel(network, inputs)).all()


def with_least_eigenvalue(least: float) -> np.ndarray:
    """A symmetric 64×64 matrix with eigenvalues from ``least`` to 1000."""
    basis, _ = np.linalg.qr(np.random.default_rng(0).normal(size=(64, 64)))
    matrix = (basis * np.geomspace(least, 1000, 64)) @ basis.T
    return (matrix + matrix.T) / 2


@pytest.mark.parametrize("least", [1.0, 1e-6, 3e-11, 1e-11, 1e-12, 1e-15])
def test_rank_and_determinant_are_those_of_numpy_however_near_a_matrix_is_to_singular(least):
    matrix = with_least_eigenvalue(least)
    rank = int(np.linalg.matrix_rank(matrix))
    value = np.linalg.slogdet(matrix)[1] if rank == 64 else -np.inf
    assert log_determinant(matrix) == (value, rank)


def test_a_factor_certifies_what_is_far_from_singular_and_nothing_that_is_near():
    assert _is_certainly_regular(with_least_eigenvalue(1.0))
    assert not _is_certainly_regular(with_least_eigenvalue(1e-11))
    assert not _is_certainly_regular(np.ones((4, 4)))
    assert not _is_certainly_regular(-np.eye(4))
