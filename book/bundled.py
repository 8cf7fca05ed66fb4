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
# # The bundled benchmark
#
# The published tables of accuracies are large, and a fresh machine has none of them. So this package brings a
# benchmark of its own: networks of every search space of the paper, made small, and **trained by this project**. It is
# what the `demo` profile of every page runs from. This page is its data card.
#
# ```{code-block} python
# benchmark = naswotlib.load_benchmark("bundled-nasbench201")  # or another table below
# benchmark.accuracy(benchmark.archs, dataset="cifar10", split="validation", epochs=3)
# benchmark.skeleton     # keywords of space.build that give the networks that were trained
# benchmark.info.sides   # side of the images in pixels
# ```

# %% tags=["parameters"]
batch_size: int = 128  # images in the mini-batch that networks are scored on
seed: int = 0  # of mini-batch, weights and bootstrap

# %% tags=["hide-input"]
import numpy as np
import pandas as pd
from IPython.display import Markdown

from naswotbook.experiments.card import holdings, tau_between_seeds, tau_with_accuracy
from naswotbook.pages import markdown_table
from naswotbook.provenance import Provenance
from naswotlib import load_images
from naswotlib.benchmarks.load import BUNDLED, bundled_recipe
from naswotlib.benchmarks.trained import read_trained
from naswotlib.training import suite
from naswotlib.training.suite import trained_networks

page = Provenance(globals())
networks = trained_networks()
table = holdings(networks)


def interval(tau) -> str:
    return f"{tau.tau:.2f} [{tau.low:.2f}, {tau.high:.2f}]"


# %% [markdown]
# ## How they were trained
#
# Every network alike, whatever its space:

# %% tags=["remove-input"]
_, metadata = read_trained(BUNDLED / "nasbench201.parquet")
facts = [
    ["recipe", bundled_recipe("nasbench201").split(";")[0]],
    ["images", metadata["images"]],
    ["validation accuracy", "of the 1,000 images a class not trained on"],
    ["test accuracy", "of CIFAR-10's 10,000 test images"],
    ["weights, order, flips", "from the seed and the text of the architecture"],
    ["processor", f"{metadata['processor']}, one thread a network, no GPU"],
    ["versions", "; ".join(sorted(networks.versions.unique()))],
    ["trained", f"{networks.date.min()} to {networks.date.max()}"],
    ["in all", f"{table.hours.sum():.1f} hours of one processor"],
    ["licence", "MIT, as the package"],
    ["size", f"{sum(p.stat().st_size for p in BUNDLED.glob('*.parquet')) / 1e3:.0f} kB"],
]
Markdown(markdown_table(["", ""], facts))

# %% [markdown]
# Only the skeleton differs, that is how wide and how deep a space's networks are. It is small, so that one of them
# trains in a minute or a few:
#
# - **NAS-Bench-201**: stem of 8 channels and one cell a stage, where the benchmark has 16 and 5. `nasbench201` is a
#   uniform sample.
# - **NAS-Bench-201, complete**: of the 729 cells whose edges are `none`, `skip_connect` or `nor_conv_3x3`, many compute
#   the same. One network of each of the 127 isomorphism classes is trained, the one of fewest convolutions, and stands
#   for its class. So the benchmark knows every cell of the space `nasbench201_complete`, and a search that mutates can
#   run on it.
# - **NATS-Bench size**: all numbers of channels divided by 4.
# - **NAS-Bench-101**: stem of 8 channels and one module a stack, where the benchmark has 128 and 3. Cells are drawn as
#   the benchmark's searches draw them, and kept where they use all seven vertices.
# - **NDS**: width divided by 4, so 4, 6 or 8; and of the cells beyond three, one in four, so a depth of 3 to 7.
# - **NDS with fixed width and depth**: what is fixed at 16 and 20 in the originals is fixed at 4 and 5 here.
# - **NDS-DARTS, ImageNet**: divided in the same way, with its ImageNet stem, but trained on CIFAR-10 as all others. The
#   stem leaves 2×2 pixels of a 16×16 image, so these are far from what the original measures.
#
# ## What there is
#
# Sets whose networks take minutes have few of them. Accuracies are of validation, in percent, after the last epoch;
# seconds are the median of a training. `load_benchmark` takes each name with `bundled-` before it.


# %% tags=["remove-input"]
rows = [
    [
        f"`{row.table}`",
        row.networks,
        row.again or "",
        *(f"{value:.2f}" for value in (row.low, row.median, row.high)),
        f"{row.seconds:.0f}",
        f"{row.hours:.1f}",
    ]
    for row in table.itertuples()
]
columns = [
    "table",
    "networks",
    "second seed",
    "lowest",
    "median",
    "highest",
    "seconds",
    "hours",
]
Markdown(markdown_table(columns, rows))

# %% [markdown]
# `nasbench201-trajectories` has the most accurate of the first 140 NAS-Bench-201 networks, trained for 30 epochs and
# not 3, with the score before the first and after each: the data of Figure 6. The paper trains ten for 100 epochs.
#
# ## How far training repeats itself
#
# A network trained twice, from two seeds, reaches two accuracies. Kendall's $\tau$ between the two, over networks, is
# the ceiling of what any score can reach on a table: what the seed decides cannot be known before.

# %% tags=["remove-input"]
rows = []
for name in table.table[table.again > 0]:
    tau = tau_between_seeds(networks, name, rng=np.random.default_rng(seed))
    rows.append([f"`{name}`", tau.n, interval(tau)])
Markdown(markdown_table(["table", "networks", "τ between two seeds"], rows))

# %% [markdown]
# ## The score, and what it must beat
#
# Kendall's $\tau$ of the score of untrained networks, in the form in which they were trained, with the validation
# accuracy after training, and of three plain counts. Its interval is at 95%, from resampling networks. Tables with
# fewer than eight networks are left out.

# %% tags=["remove-input"]
inputs = load_images("photos", batch_size, seed=seed, side=16)
results = {}
for name in table.table[(table.networks >= 8) & (table.table != suite.TRAJECTORIES)]:
    results[name] = tau_with_accuracy(networks, name, inputs, seed=seed)
rows = [
    [f"`{name}`", taus["score"].n, *map(interval, taus.values())]
    for name, taus in results.items()
]
Markdown(
    markdown_table(
        ["table", "networks", "score", "parameters", "FLOPs", "ReLU units"], rows
    )
)

# %% tags=["remove-input"]
positive = [name for name, taus in results.items() if taus["score"].low > 0]
open_ones = [name for name in results if name not in positive]
beaten = [
    name
    for name, taus in results.items()
    if max(tau.tau for tau in taus.values()) > taus["score"].tau
]


def listed(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "none"


Markdown(
    f"The interval of the score's τ lies above 0 for {listed(positive)}; it does not for {listed(open_ones)}. "
    f"One of the plain counts has a higher τ than the score for {listed(beaten)}."
)

# %% [markdown]
# ## Other measures, kept
#
# grad_norm, in both readings of the paper, and synflow of untrained networks take a backward pass each, so they are
# kept beside the accuracies: weights of seed 0, on the 128 photographs of seed 0. Here 20 networks of NAS-Bench-201 and
# NDS, drawn at random, are computed again.

# %% tags=["remove-input"]
kept = [
    (name, row)
    for name in table.table
    for row in suite.kept_proxies(name).itertuples(index=False)
]
drawn = [kept[i] for i in np.random.default_rng(seed).permutation(len(kept))[:20]]
worst = 0.0
for name in {name for name, _ in drawn}:
    stored = pd.DataFrame([row for part, row in drawn if part == name])
    again = suite.compute_proxies(BUNDLED / f"{name}.parquet", stored.arch.tolist())
    for proxy in suite.KEPT_PROXIES:
        difference = abs(again[proxy] - stored[proxy]) / abs(stored[proxy])
        worst = max(worst, difference.max())
Markdown(
    f"Of {len(kept)} networks, {len(drawn)} again: the largest relative difference is {worst:.1g}."
)

# %% [markdown]
# ## What it is good for, and what not
#
# It serves to run everything without a download: to see that a figure can be made, that a search works, that a score
# tells good networks from bad ones at all.
#
# It does not replace a published table. The networks are small, the images have a quarter of the pixels, and three
# epochs are far from convergence: a network that learns fast looks better here than one that ends higher. How much of
# their order is noise of training is what the second seeds say. Few networks make wide intervals, and the spaces differ
# in how many there
# are. No accuracy here may be compared with one in the literature.
#
# ## How to check it, and how to make your own
#
# Each row keeps the first 20 losses of its training. This trains three networks again, drawn at random, and prints the
# differences. The folder must hold the images these networks were trained on, CIFAR-10 as two tars of JPEG files,
# `cifar10-jpeg-train.tar` and `cifar10-jpeg-test.tar`, of `split/class/number.jpg`: other pixels make other losses.
#
# ```{code-block} shell
# naswot train --verify 3 --data-dir path/to/images
# ```
#
# And this trains all of them again into a folder, on all cores. Stopped at any moment it continues where it was:
#
# ```{code-block} shell
# naswot train --suite bundled --data-dir path/to/images --out folder
# ```
#
# With CIFAR-10 as it is published, the same trainer makes a table of your own: of any space, your own as
# `package.module:Space` too, or with `--suite bundled --out folder` of all:
#
# ```{code-block} shell
# naswot data fetch cifar10
# naswot train --space nds_darts --count 24 --out mine.parquet
# ```
#
# `load_benchmark("mine", data_dir=".")` reads it.

# %% tags=["remove-input"]
page
