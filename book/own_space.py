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
# # Search your own space
#
# A search space is a class of about thirty lines. This page writes one, tests it, scores it, searches it, from Python
# and from the shell, and searches it again on a Dask cluster. All outputs come from running it.

# %% tags=["parameters"]
n_archs: int = 40  # random architectures to score
batch_size: int = 32  # images in the mini-batch
side: int = 16  # pixels along each side of an image; small, so that this page takes seconds
seed: int = 0  # of architectures, weights and mini-batch

# %% tags=["remove-input"]
import os
import sys
import tempfile
from pathlib import Path

from naswotbook.provenance import Provenance

page = Provenance(globals())
# The file that this page writes lands in a folder of its own, and the shell finds this environment's `naswot`.
os.chdir(tempfile.mkdtemp(prefix="naswotlib-"))
os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"

# %% [markdown]
# ## A space
#
# Ours are plain chains of convolutions, in three stages. Each stage has a width, a depth and a size of its kernels,
# and maybe adds what goes into a layer to what comes out. These are twelve choices, and 46,656 networks.
#
# An architecture is a value that does not change and can be hashed, here a tuple of the choices. The space says how
# to draw one, how to write it and to read it back, and what its network is. `graph` describes that with the few
# operations of `naswotlib.graph.Graph`; from the description, `GraphSpace` makes the module, its weights and the fast
# way to score it.

# %%
# %%writefile chains.py
import math
import re

from naswotlib.graph import Graph
from naswotlib.spaces import GraphSpace
from naswotlib.spaces.base import change_one

WIDTHS, DEPTHS, KERNELS, SKIPS = (8, 16, 32), (1, 2, 3), (3, 5), (0, 1)
CHOICES = (WIDTHS, DEPTHS, KERNELS, SKIPS) * 3  # of three stages


class Chains(GraphSpace):
    """Three stages of convolutions, each with a width, a depth, a kernel and maybe skips."""

    name = "chains"
    num_architectures = math.prod(map(len, CHOICES))

    def sample(self, rng):
        return tuple(int(rng.choice(options)) for options in CHOICES)

    def mutate(self, arch, rng):
        place = int(rng.integers(len(arch)))
        return change_one(arch, place, CHOICES[place], rng)

    def decisions(self, arch):
        return arch

    def to_str(self, arch):
        return ",".join("w{}d{}k{}s{}".format(*arch[i : i + 4]) for i in (0, 4, 8))

    def from_str(self, text):
        arch = tuple(map(int, re.findall(r"\d+", text)))
        known = len(arch) == len(CHOICES) and all(map(tuple.__contains__, CHOICES, arch))
        if not known or self.to_str(arch) != text.strip():
            raise ValueError(
                f"arch: {text!r} is not a chain such as w8d1k3s0,w8d1k3s0,w8d1k3s0"
            )
        return arch

    def graph(self, arch, *, num_classes=10):
        g = Graph()
        x = g.input(3)
        for stage in range(3):
            width, depth, kernel, skip = arch[4 * stage : 4 * stage + 4]
            for layer in range(depth):
                name = f"stage{stage}.layer{layer}"
                y = g.conv(x, width, kernel, padding=kernel // 2, name=f"{name}.conv")
                y = g.relu(g.batch_norm(y, name=f"{name}.bn"), name=f"{name}.relu")
                x = g.add(x, y) if skip and layer else y
            x = g.max_pool(x, 2, stride=2)
        g.linear(g.global_pool(x), num_classes, name="classifier")
        return g


# %% [markdown]
# That is all. Nothing has to be registered. The network of an architecture is an ordinary module, for you to train:

# %%
import chains
import numpy as np

from naswotlib import load_images, score_archs
from naswotlib.spaces.base import sample_distinct

space = chains.Chains()
rng = np.random.default_rng(seed)
arch = space.sample(rng)
print(space.to_str(arch))
space.build(arch, seed=seed).stage0

# %% [markdown]
# ## Does it keep its promises?
#
# A text that reads back as another architecture, or a network that two builds with one seed make differently, spoils
# results in silence. `ScoreContract` has the tests that every space of this library passes, and three lines put ours
# under them. What a space does not have, such as an order or drawings of its cells here, is skipped. (For a search of
# your own there is `naswotlib.search.contracts`; `pip install 'naswotlib[test]'` brings pytest.)

# %%
# %%writefile test_chains.py
import chains

from naswotlib.scoring.contracts import ScoreContract


class TestChains(ScoreContract):
    space = chains.Chains()


# %%
# !pytest -q --color=no test_chains.py

# %% [markdown]
# ## Scores
#
# `score_archs` gives a table, a row a network. It builds each with weights of its own, which depend on `seed` and on
# the text of the architecture, and on nothing else.

# %%
images = load_images("photos", batch_size, seed=seed, side=side)
archs = sample_distinct(space, n_archs, rng)
table = score_archs(space, archs, images, seed=seed, exact=False, progress=False)
table.sort_values("score", ascending=False).head()

# %% [markdown]
# Before you trust the order, look at what it follows. In a space whose networks differ in size, that is the number of
# ReLU units, $N_A$ in {eq}`eq-kernel`, much as the score of coin flips follows it ({eq}`eq-coin`):

# %% tags=["hide-input"]
import matplotlib.pyplot as plt
from IPython.display import Markdown
from myst_nb import glue

from naswotbook.plots import score_against_units
from naswotlib.stats import kendall_tau

figure, ax = plt.subplots(figsize=(6, 4), layout="constrained")
score_against_units(table, ax, images=batch_size)
glue("own-space", figure, display=False)
plt.close(figure)
units = table.num_units.astype(float)
tau = kendall_tau(table.score, units, rng=np.random.default_rng(seed))

# %% [markdown]
# ```{glue:figure} own-space
# :name: fig-own-space
# :alt: Score of each chain upwards against its number of ReLU units; the points rise along the line of coin flips.
#
# Score of random chains against their number of ReLU units. The line is the score of a network whose codes are coin
# flips.
# ```

# %% tags=["remove-input"]
Markdown(f"Kendall's rank correlation of the two is {tau}.")

# %% [markdown]
# So a search over all of them finds large networks, whatever else they are. Nobody has measured whether the score
# predicts accuracy *in this space*: train a dozen of its networks, large and small, and compute `kendall_tau` of
# score and accuracy, before you lean on it. {doc}`predictors` shows what is left of the score within networks of
# equal size.
#
# ## Search
#
# NASWOT takes the highest score of a number of random networks:

# %%
from naswotlib import naswot

options = {"n_samples": n_archs, "seed": seed, "exact": False}
result = naswot(space, images, rng=np.random.default_rng(seed), **options)
print(f"{space.to_str(result.arch)}, {result.search_seconds:.1f} s")

# %% [markdown]
# A search under a limit is the same with a `sample` that draws again where the network is too large.
# `naswotlib.graph.sizes.network_size` counts parameters, multiply-adds and units from the graph alone:

# %%
from naswotlib.graph.sizes import network_size


class SmallChains(chains.Chains):
    name = "small_chains"

    def sample(self, rng):
        while True:
            arch = super().sample(rng)
            if network_size(self.graph(arch), side=side).flops < 5e5:
                return arch


small = naswot(SmallChains(), images, rng=np.random.default_rng(seed), **options)
print(space.to_str(small.arch), network_size(space.graph(small.arch), side=side))

# %% [markdown]
# Evolution needs `mutate`, which changes one choice. It also needs accuracies: `rea` and `area` ask any object that
# has `accuracy` and `train_seconds`. A trainer of yours fits there, and so does a table. Here the score itself takes
# the place of the accuracy, so that this page trains nothing: what evolves is the score. Random search sees as many
# networks, and the number beside each name is the highest score that it saw.

# %%
from naswotlib import random_search, rea


class ScoreInstead:
    def accuracy(self, arch, *, dataset, split, epochs):
        scored = score_archs(space, [arch], images, seed=seed, exact=False, progress=False)
        return scored.score[0]

    def train_seconds(self, arch, *, dataset, epochs):
        return 0.0


settings = {"dataset": "photos", "epochs": 0, "max_evaluations": n_archs}
for search in (random_search, rea):
    found = search(space, ScoreInstead(), rng=np.random.default_rng(seed), **settings)
    best = found.history.accuracy.max()
    print(f"{found.method:13} {best:.1f} {space.to_str(found.arch)}")

# %% [markdown]
# ## From the shell
#
# `--space` takes `module:class`, and looks in the working folder too. All options of {doc}`searches` and
# {doc}`cluster` apply, `--out` and `--workers` among them.

# %%
# !naswot search --space chains:Chains --n 10 --batch-size {batch_size} --fast --seed {seed} --pareto parameters

# %% [markdown]
# ## The same search on many machines
#
# With the client of a [Dask](https://distributed.dask.org) cluster, its workers score, wherever they are. Here the
# cluster is one inside this process; {doc}`cluster` says how to get one on SLURM, and how a folder `out` keeps what
# was scored.

# %%
from distributed import Client, LocalCluster

with (
    LocalCluster(n_workers=1, processes=False, dashboard_address=None) as cluster,
    Client(cluster) as client,
):
    rng = np.random.default_rng(seed)
    far = naswot(space, images, rng=rng, client=client, **options)
far.arch == result.arch, far.history.score.equals(result.history.score)

# %% [markdown]
# Workers need this library, and not `chains.py`: the code of the module that defines the space travels with it, as
# does that of a class in a notebook. What else that module imports they must have, and a space that is part of an
# installed package has to be installed there too.
#
# A folder `out` knows a space by its `name`. When you change what `graph` makes, change the name, or use another
# folder: else old scores and new ones would stand in one table.
#
# ## Networks that you have already
#
# `graph` is the fast way, not the only one. Scoring and searching ask for `name`, `sample`, `to_str`, `from_str` and
# `build`, which may return any module. Here are the 81 networks of torchvision's ResNet with one to three blocks a
# stage:

# %%
import torch
import torchvision


class ResNets:
    name = "resnets"

    def sample(self, rng):
        return tuple(int(blocks) for blocks in rng.integers(1, 4, size=4))

    def to_str(self, arch):
        return "-".join(map(str, arch))

    def from_str(self, text):
        return tuple(map(int, text.split("-")))

    def build(self, arch, *, seed, num_classes=10):
        # The seed says all, and the random state of the caller stays as it was.
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            block = torchvision.models.resnet.BasicBlock
            return torchvision.models.ResNet(block, arch, num_classes=num_classes)


four = sample_distinct(ResNets(), 4, np.random.default_rng(seed))
score_archs(ResNets(), four, images, seed=seed, exact=False, progress=False)

# %% tags=["remove-input"]
page
