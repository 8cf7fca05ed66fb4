"""jacob_cov: how alike the images look to the gradient, the score of the paper's first version (arXiv:2006.04647v1)."""

from __future__ import annotations

import math
from functools import partial

import torch
from torch import Tensor, nn

from naswotlib.errors import check_choice
from naswotlib.scoring.modes import BatchNormMode
from naswotlib.scoring.proxies.base import check_finite, register_proxy
from naswotlib.scoring.proxies.passes import passes_of

OFFSET = 1e-5  # k of the paper


@register_proxy("jacob_cov")
def jacob_cov(network: nn.Module, inputs: Tensor, *, batch_norm: BatchNormMode = "batch") -> float:
    """The score of the first version of *Neural Architecture Search without Training* (June 2020).

    S = −Σ_i [log(σ_i + k) + 1 / (σ_i + k)], k = 10⁻⁵, with σ_i the eigenvalues of the correlation matrix of the rows of
    J, and J_i the gradient of the class scores' sum with respect to image i of ``inputs`` ``(N, ...)``. Images that the
    network maps by unlike linear maps give eigenvalues near 1, and S is highest, −N. It does not change when the
    network's output is scaled. −inf where the gradient of an image is the same number everywhere, as where no path
    leads to the output: then it correlates with nothing.

    Normalisation is on batch statistics, as in the code of Abdelfattah et al. (SamsungLabs/zero-cost-nas,
    ``measures/jacob_cov.py``, commit ca61347). The authors' own code of that version (BayesWatch/nas-without-training,
    ``search.py``, commit 147e7f9) normalises by running statistics (``batch_norm="eval"``, registered as
    ``jacob_cov_eval``), and its network has one class score, which the sum stands for here.
    """
    check_choice("batch_norm", batch_norm, ("batch", "eval"))
    with passes_of(network, inputs) as passes:
        gradients = passes.input_gradients if batch_norm == "batch" else passes.eval_input_gradients()
    matrix = correlations(gradients)
    if matrix is None:
        return -math.inf
    shifted = torch.linalg.eigvalsh(matrix) + OFFSET
    return check_finite("jacob_cov", float(-(shifted.log() + 1 / shifted).sum()))


register_proxy("jacob_cov_eval")(partial(jacob_cov, batch_norm="eval"))


def correlations(rows: Tensor) -> Tensor | None:
    """Pearson's correlation of every two rows ``(N, D)``: ``(N, N)`` float64 on the CPU, or None where one is constant.

    >>> correlations(torch.tensor([[1.0, 2.0, 3.0], [3.0, 2.0, 1.0]])).numpy().round(6).tolist()
    [[1.0, -1.0], [-1.0, 1.0]]
    """
    centred = rows.double() - rows.double().mean(dim=1, keepdim=True)
    norms = torch.linalg.vector_norm(centred, dim=1, keepdim=True)
    unit = centred / norms
    matrix = torch.where(norms.min() > 0, unit @ unit.T, torch.nan).cpu()  # one transfer, and one wait
    return None if bool(matrix.isnan().any()) and bool(torch.isfinite(rows).all()) else matrix.fill_diagonal_(1.0)
