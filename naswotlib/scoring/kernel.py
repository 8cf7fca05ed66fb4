"""K_H and the score, equations 1 and 2: from activation codes to an N×N matrix, and its log-determinant.

On the CPU a code is packed, 64 units a word, and two codes are compared by XOR and popcount, in the compiled loops of
:mod:`naswotlib.scoring.compiled.hamming`. On a GPU a code is a row of zeros and ones and all pairs are compared by one
matrix product. Both give the same integers.
"""

from __future__ import annotations

from collections import Counter
from functools import cache

import numpy as np
import numpy.typing as npt
import torch
from threadpoolctl import ThreadpoolController
from torch import Tensor

from naswotlib.scoring.codes import ActivationCodes

CHUNK = 2**20  # units of one product: those of 128 images take half a GiB; above 2**24 float32 would not be exact


def hamming_kernel(codes: ActivationCodes, *, normalize: bool = False) -> np.ndarray:
    """K_H of equation 1: ``K[i, j] = N_A − d_H(c_i, c_j)``, ``(N, N)`` int64.

    With ``normalize=True`` it is divided by N_A, float64 in [0, 1] with ones on the diagonal, as in Figure 1.
    """
    total = KernelSum(codes.num_images)
    counts: Counter[int] = Counter()
    for layer in codes.layers:
        counts[id(layer.bits)] += layer.count
    for layer in {id(layer.bits): layer for layer in codes.layers}.values():  # those of one input are compared once
        total.add(layer.bits, layer.units, counts[id(layer.bits)])
    return total.kernel() / codes.num_units if normalize else total.kernel()


def log_determinant(kernel: np.ndarray) -> tuple[float, int]:
    """log|det K_H| of equation 2 and the rank of K_H.

    −inf where the rank is below N. The rank comes first, since ``slogdet`` alone does not see singularity: with
    126 units and 128 images rounding leaves it a finite answer.

    >>> log_determinant(np.array([[2, 0], [0, 2]]))
    (1.3862943611198906, 2)
    >>> log_determinant(np.array([[2, 2], [2, 2]]))
    (-inf, 1)
    """
    matrix = kernel.astype(np.float64)
    # One thread: the matrix is small, and threads of BLAS that wait for more work slow the next network by a third.
    with _controller().limit(limits=1, user_api="blas"):
        if not _is_certainly_regular(matrix):
            rank = int(np.linalg.matrix_rank(matrix))
            if rank < len(matrix):
                return -np.inf, rank
        sign, value = np.linalg.slogdet(matrix)
    return float(value) if sign == 1 else -np.inf, len(matrix)


def _is_certainly_regular(matrix: np.ndarray) -> bool:
    """Whether a Cholesky factor L shows, at a fifth of the cost, that ``matrix_rank`` would find full rank.

    The least singular value is at least 1 / ‖L⁻¹‖²_F. ``matrix_rank`` asks for more than N ε times the largest, which
    is at most the Frobenius norm; twice that is asked for here, so that rounding decides nothing.
    """
    try:
        factor = np.linalg.cholesky(matrix)
    except np.linalg.LinAlgError:
        return False
    # By torch: SciPy's function takes a fifth of a second to import, which a first score would wait for.
    inverse = torch.linalg.solve_triangular(torch.from_numpy(factor), torch.eye(len(matrix)).double(), upper=False)
    tolerance = len(matrix) * np.finfo(np.float64).eps * np.linalg.norm(matrix)
    return bool(1 / np.sum(inverse.numpy() ** 2) > 2 * tolerance)


def log_determinants(kernels: Tensor) -> tuple[Tensor, Tensor]:
    """log|det K_H| of many, ``(B, N, N)`` float64, on their device and without waiting for it.

    The second result, ``(B,)`` bool, says which K_H certainly have full rank, by the rule of
    :func:`log_determinant`; the value of another one means nothing.
    """
    n = kernels.shape[-1]
    factors, failed = torch.linalg.cholesky_ex(kernels)
    eye = torch.eye(n, dtype=kernels.dtype, device=kernels.device)
    inverse = torch.linalg.solve_triangular(factors, eye.expand_as(factors), upper=False)
    tolerance = n * torch.finfo(kernels.dtype).eps * torch.linalg.matrix_norm(kernels)
    regular = (failed == 0) & (1 / inverse.square().sum(dim=(1, 2)) > 2 * tolerance)
    return 2 * factors.diagonal(dim1=1, dim2=2).log().sum(dim=1), regular


def coin_flips(images: int, num_units: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """log|K_H| of a mini-batch of so many ``images`` whose codes of ``num_units`` bits agree in half of them.

    Then K_H has N_A on its diagonal and N_A / 2 elsewhere, and this is N log(N_A / 2) + log(N + 1).

    >>> coin_flips(128, [2**16, 2**17]).round(1).tolist()
    [1335.7, 1424.4]
    """
    agreeing = np.asarray(num_units, dtype=np.float64) / 2
    score: npt.NDArray[np.float64] = images * np.log(agreeing) + np.log(images + 1)
    return score


class KernelSum:
    """K_H of ``num_images`` images (0: as many as the codes have), summed over codes that come one after the other."""

    def __init__(self, num_images: int = 0) -> None:
        self.num_units = 0
        self._packed: dict[int, np.ndarray] = {}  # lower triangle of the distances, by how often they count
        self._on_device: Tensor | None = None
        self._shape = (num_images, num_images)

    def add(self, bits: np.ndarray | Tensor, units: int, count: int) -> None:
        """Count ``units`` more units, ``count`` times: packed words ``(N, words)`` or booleans ``(N, units)``."""
        self.num_units += units * count
        self._shape = len(bits), len(bits)
        if isinstance(bits, np.ndarray):
            from naswotlib.scoring.compiled.hamming import add_hamming  # numba takes a second to import

            add_hamming(bits, self._packed.setdefault(count, np.zeros(self._shape, np.int64)))
        else:
            part = count * hamming_gemm(bits)
            self._on_device = part if self._on_device is None else self._on_device + part

    def kernel(self) -> np.ndarray:
        """K_H so far, ``(N, N)`` int64."""
        kernel = np.full(self._shape, self.num_units, np.int64)
        for count, lower in self._packed.items():
            kernel -= count * (lower + lower.T)
        if self._on_device is not None:
            kernel -= self._on_device.cpu().numpy()  # the one transfer, and the one wait, of a network on a GPU
        return kernel


def hamming_gemm(bits: Tensor) -> Tensor:
    """Hamming distances ``(N, N)`` int64 of boolean codes ``(N, units)``, on their device.

    With r the number of ones of each row, d_ij = r_i + r_j − 2 (x xᵀ)_ij: one product of zeros and ones, which
    float32 (and TF32, which accumulates in float32) sums exactly up to 2²⁴ units.
    """
    ones = bits.sum(dim=1, dtype=torch.int64)
    common = torch.zeros(len(bits), len(bits), dtype=torch.int64, device=bits.device)
    for part in bits.split(CHUNK, dim=1):
        x = part.to(torch.float32)
        common += (x @ x.T).to(torch.int64)
    return ones[:, None] + ones[None, :] - 2 * common


@cache
def _controller() -> ThreadpoolController:
    return ThreadpoolController()
