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
# # NAS-Bench-101
#
# {cite:t}`ying2019` trained every small graph of convolutions and pooling that fits into seven vertices and nine
# edges, three times each, on CIFAR-10. One panel of the paper's Figure 3 and its Table 1 are about these networks. In
# the library the space is called `nasbench101`.

# %% tags=["parameters"]
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
from naswotlib.graph.sizes import network_size
from naswotlib.spaces.base import sample_distinct
from naswotlib.spaces.nasbench101 import vertex_channels
from naswotlib.spaces.nasbench101_spec import enumerate_specs
from naswotlib.spaces.sizes import network_sizes

page = Provenance(globals())

# %% [markdown]
# ## A cell
#
# Here operations stand on vertices: 3×3 or 1×1 convolution with batch normalisation and ReLU, or 3×3 max pooling.
# Vertex 0 is the input and the last one the output. The text of a cell names the others in order, each with the
# vertices that it reads. This one, built like Inception, is the example in the benchmark's own notebook:

# %%
space = get_space("nasbench101")
spec = space.from_str(
    "conv1x1(0)|conv3x3(0)|conv3x3(0)|conv3x3(3)|maxpool3x3(0)|output(1,2,4,5)"
)
np.array(spec.matrix)

# %% tags=["remove-input"]
figure = cells(space.cells(spec))
plt.close(figure)
glue("nasbench101-cell", figure, display=False)

# %% [markdown]
# ```{glue:figure} nasbench101-cell
# ---
# name: fig-nasbench101-cell
# alt: >-
#   A cell of NAS-Bench-101 from left to right: vertices with their operations between input and output, and arrows from
#   each to those that read it.
# ---
# The Inception-like cell. Data flow from left to right.
# ```
#
# A vertex adds up what it reads and applies its operation. The output concatenates, so the vertices that it reads share
# its channels; a vertex in front of others is as wide as the widest of them, and a narrower one takes the first
# channels only. An edge from the input is a 1×1 convolution, and where it leads straight to the output its result is
# added. The channels of the vertices above, where a module goes from 128 to 256:

# %%
vertex_channels(spec.pruned.matrix, 128, 256)

# %% [markdown]
# Vertices that lie on no path from input to output take no part, and the order of the others does not matter: cells
# that are the same graph have the same `hash`, which is the key of the published table.

# %%
spec.hash

# %% [markdown]
# ## How many there are
#
# There are 423,624 different cells, by far the most of them with seven vertices. The enumeration removes graphs that
# are isomorphic before it puts operations on them, and cells that are isomorphic after. Up to five vertices it takes
# a moment:

# %%
by_size = Counter(len(found.ops) for found in enumerate_specs(5))
dict(sorted(by_size.items()))

# %% [markdown]
# A test of the library (`make test SLOW=1`) carries it through to seven and finds all of them, 62,010 with six and
# 359,082 with seven vertices.
#
# ## The network
#
# | part | channels, as scored | channels, as trained | side |
# |---|--:|--:|--:|
# | 3×3 convolution, batch normalisation, ReLU | 16 | 128 | 32 |
# | 3 modules | 16 | 128 | 32 |
# | 2×2 max pooling, 3 modules | 32 | 256 | 16 |
# | 2×2 max pooling, 3 modules | 64 | 512 | 8 |
# | mean over pixels, classifier | 64 | 512 | 1 |
#
# The benchmark's networks begin with 128 channels. The authors' script scores the same cells in networks that begin
# with 16, and so does `space.build` unless it is told otherwise. The number of parameters that the benchmark lists is
# that of the wide network:

# %%
narrow, wide = (
    network_size(space.graph(spec, stem_channels=channels), 32) for channels in (16, 128)
)
print(f"as scored  {narrow.parameters:>9,} parameters, N_A {narrow.num_units:,}")
print(f"as trained {wide.parameters:>9,} parameters, N_A {wide.num_units:,}")

# %% [markdown]
# In some cells a projection of the input is added to the only vertex that the output reads. The authors' script adds in
# place. Where that vertex is a convolution, as in 20,052 cells, this overwrites the output of its ReLU, the backward
# pass that the script makes before it scores fails, and the network gets no score. Here sums are new values, and every
# cell has one.
#
# ## Sampling
#
# *A random cell* can mean two things, and they differ much:
#
# - `space.sample` draws a graph as the benchmark's own searches do, each of 21 possible edges with probability a half,
#   until it is legal. Most of what it draws falls apart into few vertices.
# - `space.sample_table(rng, table)` draws from a list of cells, as the paper does from the benchmark, where most have
#   seven.

# %%
rng = np.random.default_rng(seed)
drawn = Counter(len(space.sample(rng).pruned.ops) for _ in range(n_archs))
{size: drawn[size] for size in range(2, 8)}

# %% [markdown]
# Likewise there are three mutations. `mutate` is ours and changes exactly one edge or operation, so that another cell
# comes out; `mutate_paper` is that of the authors' search, where operations never change and vertices never come back;
# `mutate_benchmark` is that of the benchmark's evolution, which changes several at once, or none.
#
# ## Sizes

# %%
sample = sample_distinct(space, n_archs, rng)
table = network_sizes(space, sample)

# %% tags=["remove-input"]
figure, ax = plt.subplots(figsize=(6, 4), layout="constrained")
sizes(table, ax)
plt.close(figure)
glue("nasbench101-sizes", figure, display=False)
glue("nasbench101-count", f"{n_archs:,}", display=False)
Markdown(f"In millions:\n\n{size_table(table)}")

# %% [markdown]
# ```{glue:figure} nasbench101-sizes
# ---
# name: fig-nasbench101-sizes
# alt: >-
#   ReLU units of an image against parameters, on a logarithmic axis, one point a network.
# ---
# Sizes of {glue:text}`nasbench101-count` architectures drawn by `space.sample`, as they are scored: stem of 16
# channels, images of 32 pixels a side, 10 classes.
# ```
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
# network = space.build(spec, seed=0)  # with stem_channels=128 for the network that was trained
# naswotlib.naswot_score(network, images)
# ```
#
# and from the shell by
#
# ```{code-block} shell
# naswot score --space nasbench101 --arch 'conv3x3(0)|maxpool3x3(0,1)|output(0,2)'
# ```

# %% tags=["remove-input"]
page
