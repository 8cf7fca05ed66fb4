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
# # NAS-Bench-201
#
# {cite:t}`dong2020` trained every network of a small space on three data sets, several times each. The same space
# is the *topology* half of NATS-Bench {cite}`dong2021`, which trained it again. Panels (a) to (c) of the paper's
# Figure 3 and its Table 2 are about these networks. In the library the space is called `nasbench201`.

# %% tags=["parameters"]
index: int = 0  # official index, 0 to 15,624, of the cell that is drawn
n_archs: int = 1000  # random architectures whose sizes are shown
n_scored: int = 6  # of them, how many are scored
batch_size: int = 128  # images in the mini-batch
seed: int = 0  # of architectures, weights and mini-batch

# %% tags=["hide-input"]
from collections import Counter

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import Markdown
from myst_nb import glue

from naswotbook.pages import size_table
from naswotbook.plots import cells, sizes
from naswotbook.provenance import Provenance
from naswotlib import get_space, load_images, score_archs
from naswotlib.spaces.base import sample_distinct
from naswotlib.spaces.nasbench201 import isomorphism_class
from naswotlib.spaces.sizes import network_sizes

page = Provenance(globals())

# %% [markdown]
# ## A cell
#
# A cell has four nodes, of which node 0 is its input and node 3 its output. On each of the six edges from a node to
# a later one stands one of five operations: `none`, `skip_connect`, `nor_conv_1x1`, `nor_conv_3x3` or
# `avg_pool_3x3`. A node is the sum of what its edges bring. A convolution is ReLU, convolution, batch
# normalisation, in this order; `none` multiplies by zero. The text of a cell lists the edges into nodes 1, 2 and 3:

# %%
space = get_space("nasbench201")
cell = space[index]
space.to_str(cell)

# %% tags=["remove-input"]
figure = cells(space.cells(cell))
plt.close(figure)
glue("nasbench201-cell", figure, display=False)
glue("nasbench201-index", index, display=False)

# %% [markdown]
# ```{glue:figure} nasbench201-cell
# ---
# name: fig-nasbench201-cell
# alt: >-
#   A cell of NAS-Bench-201 from left to right: nodes 0 to 3, and on the way between any two of them a box with the
#   operation of that edge.
# ---
# The cell with index {glue:text}`nasbench201-index`. Data flow from left to right.
# ```
#
# ## How many there are
#
# Five operations on six edges make $5^6$ cells. They have an official order, in which `space[i]` and the published
# tables agree. Many of them compute the same function: a skip stands for its source, and whatever reads only zeros
# is zero. `isomorphism_class` writes a cell as an expression in its input, and the benchmark's count of distinct
# topologies is the number of different expressions. In some the input does not occur at all: behind such a cell, the
# network sees nothing of the image.

# %%
classes = Counter(map(isomorphism_class, space))
blind = {expression for expression in classes if "0" not in expression}
print(f"{len(space):,} cells, {len(classes):,} distinct topologies")
print(
    f"{sum(classes[expression] for expression in blind)} cells without a path from input to output"
)

# %% [markdown]
# ## The network
#
# | part | channels | side |
# |---|--:|--:|
# | 3×3 convolution, batch normalisation | 16 | 32 |
# | 5 cells | 16 | 32 |
# | residual block of stride 2, then 5 cells | 32 | 16 |
# | residual block of stride 2, then 5 cells | 64 | 8 |
# | batch normalisation, ReLU, mean over pixels, classifier | 64 | 1 |
#
# This is what was trained, and what the paper scores. `space.build(cell, seed=0)` makes it, with an image of 32
# pixels a side in mind; `stem_channels` and `cells_per_stage` make it smaller. Images of ImageNet16-120 have 16 pixels,
# so all sides are halved, and $N_A$ is a quarter.
#
# {numref}`fig-nasbench201-sizes` shows a random sample. Each convolution in the cell adds the same number of units,
# so there are seven levels of $N_A$; a 3×3 convolution has nine times the weights of a 1×1.

# %%
rng = np.random.default_rng(seed)
sample = sample_distinct(space, n_archs, rng)
table = network_sizes(space, sample)

# %% tags=["remove-input"]
figure, ax = plt.subplots(figsize=(6, 4), layout="constrained")
sizes(table, ax)
plt.close(figure)
glue("nasbench201-sizes", figure, display=False)
glue("nasbench201-count", f"{n_archs:,}", display=False)
Markdown(f"In millions:\n\n{size_table(table)}")

# %% [markdown]
# ```{glue:figure} nasbench201-sizes
# ---
# name: fig-nasbench201-sizes
# alt: >-
#   ReLU units of an image against parameters, on a logarithmic axis, one point a network: points lie on seven
#   horizontal lines, one for each number of convolutions in the cell.
# ---
# Sizes of {glue:text}`nasbench201-count` random architectures, for images of 32 pixels a side and 10 classes.
# ```
#
# ## Sampling and mutation
#
# `space.sample` is uniform over the indices. `space.mutate` is what the benchmark's own evolution does: it draws a
# target node, then one of the edges into it, then another operation for that edge. So edge 0→1 is drawn three
# times as often as an edge into node 3.
#
# ## Scores

# %%
images = load_images("photos", batch_size, seed=seed)
scores = score_archs(
    space, sample[:n_scored], images, seed=seed, exact=False, progress=False
)
scores[["arch", "score", "num_units"]]

# %% [markdown]
# One network is scored by
#
# ```{code-block} python
# network = space.build(cell, seed=0)
# naswotlib.naswot_score(network, images)
# ```
#
# and from the shell by
#
# ```{code-block} shell
# naswot score --space nasbench201 --arch '|none~0|+|none~0|none~1|+|nor_conv_3x3~0|none~1|skip_connect~2|'
# ```

# %% tags=["remove-input"]
page
