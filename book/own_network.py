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
# # Score your own network
#
# Any `torch.nn.Module` can be scored: no search space, no labels, no training. All outputs on this page come from
# running it.

# %% tags=["parameters"]
batch_size: int = 64  # images in the mini-batch
side: int = 64  # pixels along each side of an image
repeats: int = 5  # initialisations behind a mean
seed: int = 0  # of weights and mini-batch

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
# ## From Python
#
# A mini-batch is a float tensor, images first. Here it is of crops of photographs that come with scikit-image;
# `load_images` also takes a folder of images, a tar or an `.npz`. The network is one that torchvision has, without
# its trained weights.

# %%
import torch
import torchvision

from naswotlib import load_images, naswot_score

images = load_images("photos", batch_size, seed=seed, side=side)
torch.manual_seed(seed)
resnet = torchvision.models.resnet18(weights=None, num_classes=10)
score = naswot_score(resnet, images)
score

# %% [markdown]
# The score is `float(score)`. The rest is what it was computed from: $N_A$ in {eq}`eq-kernel` is `num_units`, the
# kernel itself is `score.kernel`, and `rank` falls below the number of images when the network cannot tell some of
# them apart; then the score is −∞. The network comes back as it was, BatchNorm statistics included.
#
# `layers` says where the units are. A block of ResNet uses one `nn.ReLU` module twice, so the units of both calls
# stand under one name:

# %%
score.layers

# %% [markdown]
# Nothing needs to be an `nn.ReLU`: activations are seen where they happen, so functional calls count too. This
# network has one of each, and a GELU.

# %%
# %%writefile mynets.py
import torch.nn.functional as F
from torch import nn


class Net(nn.Module):
    def __init__(self, width=32):
        super().__init__()
        self.wide = nn.Conv2d(3, width, 3, stride=2, padding=1)
        self.deep = nn.Conv2d(width, width, 3, stride=2, padding=1)
        self.relu = nn.ReLU()
        self.last = nn.Linear(width, width)
        self.head = nn.Linear(width, 10)

    def forward(self, x):
        x = F.relu(self.wide(x))
        x = self.relu(self.deep(x))
        x = F.gelu(self.last(x.mean((2, 3))))
        return self.head(x)


def make():
    return Net()


# %%
import mynets

torch.manual_seed(seed)
network = mynets.make()
score = naswot_score(network, images)
print(score.layers)
print(score.uncounted)

# %% [markdown]
# The GELU ran but was not counted, and `uncounted` says so: the paper defines codes for ReLU alone. It can be
# counted by the sign of its input when you ask for it, as can the other activations in
# `naswotlib.scoring.watch.ACTIVATIONS`. That is an extension of the paper's score; nobody has promised that it predicts
# accuracy.

# %%
print(naswot_score(network, images, activations=("relu", "gelu")))

# %% [markdown]
# A transformer has nothing else to count. Here is a small one, which sees the image in patches of 16 pixels a side; its
# units are the GELUs of two feed-forward blocks, one for each token:

# %%
from torchvision.models import VisionTransformer

torch.manual_seed(seed)
transformer = VisionTransformer(
    image_size=side, patch_size=16, num_layers=2, num_heads=2, hidden_dim=32, mlp_dim=128
)
score = naswot_score(transformer, images, activations=("gelu",))
print(score)
print(score.layers)

# %% [markdown]
# A network without any activation that counts is an error, and not a score of zero:

# %%
try:
    naswot_score(torch.nn.Sequential(torch.nn.Flatten(), torch.nn.GELU()), images)
except ValueError as error:
    print(error)

# %% [markdown]
# ## From the shell
#
# Weights are random, and so is the score. A factory that is called without arguments, named as `module:function`,
# makes a new network for each repetition; the command prints mean and standard deviation over initialisations.

# %%
# !naswot score --module mynets:make --images photos --repeats {repeats} --seed {seed}

# %% [markdown]
# Scores of both calls differ, since the command takes 128 crops of 32 pixels a side where it is not told otherwise.
# `--images` also takes a folder of your own images, a tar, or an `.npz`; `--json` prints the same for a program.
#
# ## What the number is good for
#
# Use it to **rank networks of one family on one mini-batch**: the width of a stage here, an operation there, in the
# skeleton that you mean to train. It is not an absolute measure of quality, because most of its size has nothing to do
# with what the network is like. If the codes of different images were independent coin flips, then $\mathbf{K}_H$
# would hold $N_A$ on its diagonal and $N_A / 2$ elsewhere, and its determinant would be known:
#
# ```{math}
# :label: eq-coin
# \log \left| \mathbf{K}_H \right| = N \log \frac{N_A}{2} + \log (N + 1) .
# ```
#
# So a network with more units starts from a higher number, and so does every network on a larger mini-batch:

# %%
import math

from IPython.display import Markdown

lines = [
    "| network | images | units | score | score of coin flips |",
    "|---|--:|--:|--:|--:|",
]
candidates = {"Net": network, "ResNet-18": resnet, "transformer": transformer}
for name, candidate in candidates.items():
    for n in (batch_size // 2, batch_size):
        counted = ("gelu",) if candidate is transformer else ("relu",)
        found = naswot_score(candidate, images[:n], activations=counted)
        coins = n * math.log(found.num_units / 2) + math.log(n + 1)
        lines.append(
            f"| {name} | {n} | {found.num_units} | {float(found):.0f} | {coins:.0f} |"
        )
Markdown("\n".join(lines))

# %% [markdown]
# Between two families, most of the difference is the last column: counting, not quality. What the score can say
# about a ranking within a family is measured on the page of {numref}`fig-3-ours`.

# %% tags=["remove-input"]
page
