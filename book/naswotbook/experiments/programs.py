"""What programs called NASWOT compute: each variant as a setting of this library's, on the same networks and images."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from torch import Tensor, nn

from naswotbook.experiments.equation1 import fails_in_place
from naswotbook.experiments.measures import read_measures
from naswotbook.kept import scores_name
from naswotbook.samples import load_profile
from naswotlib.scoring.compiled.packing import pack_signs
from naswotlib.scoring.kernel import KernelSum, hamming_kernel, log_determinant
from naswotlib.scoring.modes import BatchNormMode
from naswotlib.scoring.watch import watch_codes
from naswotlib.spaces import get_space
from naswotlib.spaces.base import arch_seed
from naswotlib.stats import kendall_tau

COMPUTED = ("once", "slogdet", "eval", "outputs", "outputs_eval", "normal_noise")
LAYERS = (nn.Conv2d, nn.Linear)
TITLES = {  # by column: what each variant is called on the page
    "once": "equation 1",
    "reference": "containers counted twice",
    "slogdet": "no look at the rank",
    "zeroed": "−∞ turned to 0",
    "backward": "0 where backward fails",
    "eval": "running statistics",
    "outputs": "outputs of layers",
    "outputs_eval": "outputs, running statistics",
    "normal_noise": "normal weights, noise images",
    "first": "first version",
    "first_eval": "first version, its own code",
}


def score_programs(
    name: str, archs: Sequence[str], images: Tensor, *, seed: int, skeleton: Mapping[str, int] | None = None
) -> pd.DataFrame:
    """A row for each of ``archs`` of the space ``name``: ``arch``, and a score for each of :data:`COMPUTED`.

    Weights come from ``seed`` and the architecture as :func:`naswotlib.score_archs` has it, and ``images`` are the same
    for all. ``once`` is equation 1; ``slogdet`` the same kernel's log-determinant without a look at its rank; ``eval``
    with running statistics; ``outputs`` and ``outputs_eval`` count the outputs of convolutions and linear layers, not
    the inputs of rectifiers; ``normal_noise`` has weights of a standard normal distribution, and noise for images.
    """
    space = get_space(name)
    noise = torch.randn(images.shape, generator=torch.Generator().manual_seed(seed))
    rows = []
    for arch in archs:
        own = arch_seed(seed, arch)
        network = space.build(space.from_str(arch), seed=own, **(skeleton or {}))
        kernel, outputs = kernels(network, images, "batch")
        in_eval, outputs_in_eval = kernels(network, images, "eval")
        draw_normal(network, seed=own)
        found = {
            "once": log_determinant(kernel)[0],
            "slogdet": float(np.linalg.slogdet(kernel.astype(float)).logabsdet),
            "eval": log_determinant(in_eval)[0],
            "outputs": log_determinant(outputs)[0],
            "outputs_eval": log_determinant(outputs_in_eval)[0],
            "normal_noise": log_determinant(kernels(network, noise, "batch")[0])[0],
        }
        rows.append({"arch": arch} | found)
    return pd.DataFrame(rows, columns=["arch", *COMPUTED])


def kernels(network: nn.Module, images: Tensor, mode: BatchNormMode) -> tuple[np.ndarray, np.ndarray]:
    """K_H ``(N, N)`` int64 over inputs of rectifiers, and over outputs of layers, from one forward pass."""
    total = KernelSum(len(images))

    def add(_layer: nn.Module, _inputs: object, output: Tensor) -> None:
        total.add(pack_signs(output)[0], output[0].numel(), 1)

    handles = [layer.register_forward_hook(add) for layer in network.modules() if isinstance(layer, LAYERS)]
    try:
        codes = watch_codes(network, images, batch_norm=mode)
    finally:
        for handle in handles:
            handle.remove()
    return hamming_kernel(codes), total.kernel()


def draw_normal(network: nn.Module, *, seed: int) -> None:
    """Replace the weights of convolutions and linear layers by standard normal numbers, and their biases by 0."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for layer in network.modules():
            if isinstance(layer, LAYERS):
                layer.weight.normal_(generator=generator)
                if layer.bias is not None:
                    layer.bias.zero_()


def with_derived(table: pd.DataFrame, others: Mapping[str, pd.Series], *, name: str) -> pd.DataFrame:
    """A table of :func:`score_programs`, indexed by architecture, with the variants that need no network of their own.

    ``others`` are scores by architecture that stand in other tables, by the name of their column. ``zeroed`` has 0 in
    place of −inf, and ``backward``, of NAS-Bench-101, for cells that the authors' code has no score for.
    """
    whole = table.set_index("arch").assign(**{key: values.reindex(table.arch) for key, values in others.items()})
    whole["zeroed"] = whole.once.replace(-np.inf, 0.0)
    if name == "nasbench101":
        failing = np.array([fails_in_place(str(arch)) for arch in whole.index])
        whole["backward"] = whole.once.mask(failing, 0.0)
    return whole[[column for column in TITLES if column in whole]]


def compare_programs(table: pd.DataFrame, accuracy: npt.ArrayLike, *, seed: int, n_boot: int) -> pd.DataFrame:
    """A row for each variant of :func:`with_derived`, whose networks have ``accuracy`` (percent, in their order).

    Columns: ``variant``, its title; ``n``; ``singular``, scores of −inf; ``agreement``, Kendall's tau with ``once``,
    with its interval ``agreement_low, agreement_high``; ``tau`` with accuracy, with ``low, high``; ``less``, how much
    lower that is than the tau of ``once``.
    """
    reached = np.asarray(accuracy, dtype=float)
    rng = np.random.default_rng(seed)
    rows = []
    for column in table:
        values = table[column].to_numpy(dtype=float)
        same = kendall_tau(table.once, values, rng=rng, n_boot=n_boot)
        tau = kendall_tau(values, reached, rng=rng, n_boot=n_boot)
        row = {"variant": TITLES[str(column)], "n": len(values), "singular": int(np.isneginf(values).sum())}
        row |= {"agreement": same.tau, "agreement_low": same.low, "agreement_high": same.high}
        rows.append(row | {"tau": tau.tau, "low": tau.low, "high": tau.high})
    compared = pd.DataFrame(rows)
    return compared.assign(less=compared.tau.iloc[0] - compared.tau)


def pairwise_agreement(table: pd.DataFrame) -> pd.DataFrame:
    """Kendall's tau between every two variants, a square frame with their titles, ones on its diagonal."""
    names = [TITLES[str(column)] for column in table]
    taus = pd.DataFrame(np.eye(len(names)), index=names, columns=names)
    for one, other in combinations(table.columns, 2):
        tau = kendall_tau(table[one], table[other], rng=np.random.default_rng(0), n_boot=0).tau
        taus.loc[TITLES[one], TITLES[other]] = taus.loc[TITLES[other], TITLES[one]] = tau
    return taus


def kept_programs(folder: Path) -> dict[str, pd.DataFrame]:
    """Tables of :func:`with_derived` from what ``folder`` keeps, by space.

    Beside those of :func:`score_programs`: scores that count as the authors' code does, and the first version's from
    the table of measures, both of the same weights and mini-batch (seed 0).
    """
    tables = {}
    for name in ("nasbench201", "nasbench101"):
        [path] = folder.glob(f"programs-{name}-cifar10-seed0-*.parquet")
        others = {}
        if name == "nasbench201":
            measured = read_measures(folder, name).set_index("arch")
            others = {"first": measured.jacob_cov, "first_eval": measured.jacob_cov_eval}
            others["reference"] = pd.read_parquet(
                folder / scores_name(name, "cifar10", counting="reference", seed=0)
            ).set_index("arch")["score"]
        tables[name] = with_derived(pd.read_parquet(path), others, name=name)
    return tables


def accuracy_of(
    space: str, archs: Iterable[str], *, profile: str, data_dir: str | Path | None = None
) -> npt.NDArray[np.float64]:
    """Accuracy of each network in percent, on CIFAR-10 after the longest training: validation, or test without it."""
    benchmark = load_profile(space, profile=profile, data_dir=data_dir)
    splits = {split for name, split, _ in benchmark.available if name == "cifar10"}
    split = "validation" if "validation" in splits else "test"
    epochs = max(epochs for *key, epochs in benchmark.available if key == ["cifar10", split])
    return np.asarray(benchmark.accuracy(list(archs), dataset="cifar10", split=split, epochs=epochs), dtype=float)


def in_words(summary: pd.DataFrame) -> str:
    """What :func:`compare_programs` found, its rows with a column ``space``: farthest from equation 1, and best."""
    sentences = []
    titles = {"nasbench201": "NAS-Bench-201", "nasbench101": "NAS-Bench-101"}
    for space, rows in summary.groupby("space", sort=False):
        found: list[Any] = list(rows.itertuples())
        own, rest = found[0], found[1:]
        far, best = min(rest, key=lambda row: row.agreement), max(found, key=lambda row: row.tau)
        same = [row.variant for row in rest if row.agreement > 1 - 1e-9]
        sentences.append(
            f"On {titles[str(space)]} ({own.n} networks) equation 1 has τ {own.tau:.3f} [{own.low:.3f}, "
            f"{own.high:.3f}] with accuracy. Farthest from it is *{far.variant}*, with an agreement of "
            f"{far.agreement:.3f} and a τ of {far.tau:.3f}; *{best.variant}* has the highest τ, {best.tau:.3f}. "
            + (f"Exactly the same ranks: {', '.join(f'*{name}*' for name in same)}." if same else "")
        )
    return "\n\n".join(sentences)
