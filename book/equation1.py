# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Does the authors' code compute equation 1?
#
# Nearly. The released code of the paper, and implementations after it, differ from {eq}`eq-kernel` and {eq}`eq-score`
# in four details. Each is small in itself, and each is measured here: what it is, and what it does to the ranking of
# networks.

# %% tags=["parameters"]
profile: str = "demo"  # demo: networks that we trained; paper: published accuracies
n_archs: int = 200  # networks that are scored with BatchNorm in both modes; 40 at most in the demo profile
n_seeds: int = 8  # initialisations behind the noise of a score
batch_size: int = 128  # images in the mini-batch
seed: int = 0  # of architectures, weights, mini-batch and bootstrap
workers: int = 1  # processes that score
data_dir: str = ""  # of published tables and images; empty: NASWOTLIB_DATA
out_dir: str = "figures"  # in the repository; results go to its demo and paper

# %% tags=["hide-input"]
import re

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from IPython.display import Markdown, display
from myst_nb import glue
from torch import nn

from naswotbook.pages import (
    glue_published,
    kept_table,
    repository,
    save_panel,
    show_summaries,
    write_csv,
)
from naswotbook.plots import against
from naswotbook.provenance import Provenance
from naswotbook.samples import all_scores, draw_sample, load_profile, needed_file
from naswotlib import arch_seed, get_space, load_images, naswot_score
from naswotlib.stats import kendall_tau

page = Provenance(globals())
figures = repository() / out_dir
folder = figures / profile

# %% [markdown]
# ## In the published spaces
#
# All NAS-Bench-201 networks with kept scores, of which the first 200 were scored with BatchNorm in both modes, at the
# paper's settings and seed 0, and all rows of NAS-Bench-101.

# %% tags=["remove-input"]
published = glue_published(
    page, {"equation1": ("equation1-seed0", needed_file("nasbench201"))}
)

# %% [markdown]
# ```{glue:figure} equation1
# :name: fig-equation1
# :alt: Scores of networks in both countings, and on batch and running statistics, one point a network; or a box.
#
# Left: scores that count units as the authors' code does, against scores that count each unit once. Right: scores
# with BatchNorm on running statistics, against scores on the statistics of the mini-batch.
# ```
#
# *Agreement* is Kendall's $\tau$ between the two ways, with a 95% bootstrap interval; the last two columns are $\tau$
# of each way with CIFAR-10 validation accuracy after 200 epochs.

# %% tags=["remove-input"]
show_summaries(published)
if (kept := figures / "paper" / "equation1-inplace.csv").exists():
    cells = pd.read_csv(kept).iloc[0]
    text = f"Of the {cells.cells:,.0f} cells of NAS-Bench-101, {cells.failing:,.0f} ({cells.share:.2%}) have no score"
    text += " in the authors' code, for the fourth of the reasons below. The mean of their test accuracies is"
    text += (
        f" {cells.mean_accuracy_failing:.2f}, that of all cells {cells.mean_accuracy:.2f}."
    )
    display(Markdown(text))

# %% [markdown]
# ## 1. Some units are counted twice
#
# The code registers a hook on every module whose class name contains `ReLU`. On NAS-Bench-201 that is not only
# `nn.ReLU`: the block of rectification, convolution and normalisation is a container called `ReLUConvBN`. So the hook
# fires twice for each such block, once on the ReLU and once on the container, with the same input; and the units count
# double. Here is the smallest network that shows it, with a loop that does what the authors' hook does:


# %%
class ReLUConvBN(nn.Sequential):
    def __init__(self, channels):
        super().__init__(
            nn.ReLU(), nn.Conv2d(channels, channels, 1), nn.BatchNorm2d(channels)
        )


torch.manual_seed(seed)
network = nn.Sequential(nn.Conv2d(3, 4, 3), ReLUConvBN(4), nn.ReLU(), nn.Flatten())
images = load_images("photos", 16, seed=seed, side=16)


def their_kernel(network, images):
    kernel, units = np.zeros((len(images), len(images))), 0

    def hook(module, inputs, output):
        nonlocal kernel, units
        active = (inputs[0].flatten(1) > 0).double()
        kernel += (active @ active.T + (1 - active) @ (1 - active).T).numpy()
        units += active.shape[1]

    for module in network.modules():
        if "ReLU" in type(module).__name__:
            module.register_forward_hook(hook)
    network.train()(images)
    return kernel, units


score = {way: naswot_score(network, images, counting=way) for way in ("once", "reference")}
kernel, units = their_kernel(network, images)
print({way: found.num_units for way, found in score.items()}, "units; their loop:", units)
print("K_H is theirs:", {way: np.array_equal(s.kernel, kernel) for way, s in score.items()})

# %% [markdown]
# So the diagonal of the kernel is not the number of rectified linear units, and the layers of a cell weigh twice what
# stem and classifier weigh. `counting="reference"` computes what the code computes; `counting="once"`, the
# default, is equation 1. On NAS-Bench-101 the containers have other names, and both are the same.

# %%
ways = {}
for way in ("once", "reference"):
    ways[way] = all_scores(
        "nasbench201",
        "cifar10",
        n_archs,
        profile=profile,
        seed=seed,
        batch_size=batch_size,
        counting=way,
        workers=workers,
        data_dir=data_dir,
        kept=folder / "scores" if profile == "paper" else None,
    ).set_index("arch")
both = ways["once"].index.intersection(ways["reference"].index)
counted = pd.DataFrame({way: table.score[both] for way, table in ways.items()})

# %% [markdown]
# ## 2. BatchNorm on running statistics
#
# In a network that nobody trained, the running mean and variance of BatchNorm are 0 and 1: it normalises nothing. A
# forward pass in `eval()` mode therefore scores another function than the one that training starts from. The
# authors' final scripts leave networks in training mode; their first one, and some implementations after it, call
# `eval()`.

# %%
first = counted.index[: n_archs if profile == "paper" else min(n_archs, 40)]
sample = draw_sample(
    "nasbench201", "cifar10", 1, profile=profile, seed=seed, data_dir=data_dir
)
space = get_space("nasbench201")
images = load_images(
    sample.images, batch_size, seed=seed, data_dir=data_dir, side=sample.side
)


def build(arch, root):
    return space.build(space.from_str(arch), seed=arch_seed(root, arch), **sample.skeleton)


def score_in_eval():
    found = [naswot_score(build(arch, seed), images, batch_norm="eval") for arch in first]
    return pd.DataFrame({"arch": first, "score": [score.value for score in found]})


if profile == "paper":
    name = f"nasbench201-cifar10-eval-seed{seed}-archs{len(first)}-batch{batch_size}"
    running = kept_table(folder / "scores" / f"{name}.parquet", score_in_eval)
else:
    running = score_in_eval()
modes = pd.DataFrame(
    {"batch": counted.once[first], "running": running.set_index("arch").score[first]}
)

# %% [markdown]
# ## 3. A score depends on its place in the queue
#
# In the authors' first script all random numbers come from one stream, so that the weights of a network depend on
# everything that was scored before it. The final scripts put the state of the generator back after a network is built
# and before its mini-batch is drawn, so that all networks see the same images. But then every network except the first
# is built from the state that this mini-batch leaves behind, and the first from the state before it. Here the weights
# come from the root seed and the text of the architecture. The same five networks, scored in both orders:

# %%
few = list(first[:5])


def in_one_stream(archs):
    torch.manual_seed(seed)
    return {arch: int(torch.randint(2**62, ())) for arch in archs}


def put_back(archs):
    torch.manual_seed(seed)
    start, roots = torch.get_rng_state(), {}
    for arch in archs:
        roots[arch] = int(torch.randint(2**62, ()))  # the network draws its weights,
        torch.set_rng_state(start)
        torch.randperm(50_000)  # and the loader its mini-batch
    return roots


def by_text(archs):
    return dict.fromkeys(archs, seed)


orders = {}
for title, roots_of in {
    "first script": in_one_stream,
    "final scripts": put_back,
    "here": by_text,
}.items():
    for order, archs in {"": few, ", reversed": few[::-1]}.items():
        roots = roots_of(archs)
        orders[title + order] = [
            naswot_score(build(arch, roots[arch]), images, exact=False).value
            for arch in few
        ]
pd.DataFrame(orders).round(2)

# %% [markdown]
# How much that moves the ranking is a question of how noisy the score is. Over initialisations of one network its
# standard deviation, and that of the mean scores of the networks, are

# %%
again = {
    arch: [
        naswot_score(build(arch, seed + 1 + k), images, exact=False).value
        for k in range(n_seeds)
    ]
    for arch in few
}
again = pd.DataFrame(again)
again = again.loc[
    :, np.isfinite(again).all()
]  # a network with a singular kernel has no deviation
print(
    f"within a network {again.std().mean():.2f}, between networks {again.mean().std():.2f}"
)

# %% [markdown]
# ## 4. Networks that score NaN
#
# In NAS-Bench-101 the projection of the input is added to the output of a cell *in place*. Where the output has one
# other source, and that is a convolution, the addition overwrites what the backward pass of its ReLU needs. The
# authors' code calls backward although the score has no gradient, and PyTorch refuses. When scoring, NaN is
# recorded; when searching, 0, which never wins:

# %%
values = torch.relu(torch.randn(4, requires_grad=True))
values += 1
try:
    values.sum().backward()
except RuntimeError as error:
    print(str(error).partition(". ")[0])

# %% [markdown]
# Scored without a backward pass, these cells are like all others:

# %%
cells = get_space("nasbench101")
naswot_score(cells.build(cells.from_str("conv3x3(0)|output(0,1)"), seed=seed), images)


# %%
def fails(text):
    """Whether the output of a cell adds the input to one convolution."""
    *vertices, output = text.split("|")
    other = re.fullmatch(r"output\(0,(\d+)\)", output)
    return bool(other) and vertices[int(other[1]) - 1].startswith("conv")


rows = load_profile("nasbench101", profile=profile, data_dir=data_dir)
epochs = max(epochs for _, _, epochs in rows.available)
accuracy = rows.accuracy(rows.archs, dataset="cifar10", split="test", epochs=epochs)
failing = np.array([fails(arch) for arch in rows.archs])
inplace = pd.DataFrame(
    {
        "cells": [len(failing)],
        "failing": failing.sum(),
        "share": failing.mean(),
        "mean_accuracy": accuracy.mean(),
        "mean_accuracy_failing": accuracy[failing].mean() if failing.any() else np.nan,
    }
)
inplace.round(4)

# %% [markdown]
# ## What it comes to
#
# The two ways of counting and of normalising, and two seeds, each against the other and against accuracy:


# %%
def compare(name, one, other):
    pairs = {"dataset": "cifar10", "split": "validation", "epochs": sample.epochs}
    trained = load_profile("nasbench201", profile=profile, data_dir=data_dir)
    reached = trained.accuracy(list(one.index), **pairs)
    rng = np.random.default_rng(seed)
    between = kendall_tau(one, other, rng=rng)
    taus = [kendall_tau(way, reached, rng=rng, n_boot=0).tau for way in (one, other)]
    row = {"comparison": name, "n": between.n, "agreement": between.tau}
    row |= {"low": between.low, "high": between.high}
    return row | {"tau_first": taus[0], "tau_second": taus[1]}


summary = [
    compare("units once, as the code counts", counted.once, counted.reference),
    compare("BatchNorm on the mini-batch, running", modes.batch, modes.running),
]
for other in (1, 2):
    kept = figures / "paper" / "scores" / f"nasbench201-cifar10-once-seed{other}.parquet"
    if profile == "paper" and kept.exists():
        found = pd.read_parquet(kept).set_index("arch").score
        found = found[found.index.isin(counted.index)]
        summary.append(
            compare(f"seed {seed}, seed {other}", counted.once[found.index], found)
        )
summary = pd.DataFrame(summary)
summary.round(3)

# %% tags=["hide-input"]
figure, axes = plt.subplots(1, 2, figsize=(9, 3.8), layout="constrained")
against(counted.once, counted.reference, axes[0])
axes[0].set(xlabel="score, units once", ylabel="score, as the code counts")
against(modes.batch, modes.running, axes[1])
axes[1].set(
    xlabel="score, statistics of the mini-batch", ylabel="score, running statistics"
)
plt.close(figure)
if profile == "paper":
    save_panel(folder, f"equation1-seed{seed}", figure, summary, page)
    write_csv(folder / "equation1-inplace.csv", inplace)
else:
    write_csv(folder / f"equation1-seed{seed}.csv", summary)

# %% [markdown]
# ## With networks that this project trained

# %% tags=["remove-input"]
glue("equation1-ours", figure, display=False)

# %% [markdown]
# ```{glue:figure} equation1-ours
# :name: fig-equation1-ours
# :alt: The same two panels with networks of the bundled benchmark, one point a network.
#
# Ours: the same with NAS-Bench-201 networks of the bundled benchmark, at their own skeleton.
# ```

# %% tags=["remove-input"]
page
