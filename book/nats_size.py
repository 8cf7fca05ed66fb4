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
# # NATS-Bench size
#
# The *size* half of NATS-Bench {cite}`dong2021` keeps one cell and varies how wide the network is. Table 2(b) of the
# paper searches it, and Figure 9 plots score against accuracy. In the library the space is called `nats_size`.

# %% tags=["parameters"]
arch: str = "48:40:32:24:16"  # the configuration that is drawn
n_archs: int = 1000  # random architectures whose sizes are shown
n_scored: int = 6  # of them, how many are scored
batch_size: int = 128  # images in the mini-batch
seed: int = 0  # of architectures, weights and mini-batch

# %% tags=["hide-input"]
import matplotlib.pyplot as plt
import numpy as np
from IPython.display import Markdown
from myst_nb import glue

from naswotbook.pages import size_table
from naswotbook.plots import cells, sizes
from naswotbook.provenance import Provenance
from naswotlib import get_space, load_images, score_archs
from naswotlib.spaces.base import sample_distinct
from naswotlib.spaces.nats_size import CELL, CHANNELS
from naswotlib.spaces.sizes import network_sizes

page = Provenance(globals())

# %% [markdown]
# ## An architecture
#
# An architecture is five numbers of channels: of the stem and the first cell, of the first residual block, of the
# second cell, of the second block, and of the third cell. Each is one of

# %%
print(*CHANNELS)

# %%
space = get_space("nats_size")
widths = space.from_str(arch)
space.index(widths), len(space)

# %% tags=["remove-input"]
figure = cells(space.cells(widths))
plt.close(figure)
glue("nats-size-network", figure, display=False)
glue("nats-size-arch", arch, display=False)
topology = get_space("nasbench201")
figure = cells(topology.cells(CELL))
plt.close(figure)
glue("nats-size-cell", figure, display=False)
glue("nats-size-index", topology.index(CELL), display=False)

# %% [markdown]
# ```{glue:figure} nats-size-network
# ---
# name: fig-nats-size-network
# alt: >-
#   The parts of the network in a row, image, stem, three cells with a reduction between each two, classifier, each
#   with its numbers of channels in and out.
# ---
# The network of {glue:text}`nats-size-arch`: channels in and out of each part. A reduction halves the image.
# ```
#
# The cell of {numref}`fig-nats-size-cell` stands in all three places. Where it changes the number of channels, the
# convolutions from node 0 do so, and its skip is a 1×1 convolution with batch normalisation.
#
# ```{glue:figure} nats-size-cell
# ---
# name: fig-nats-size-cell
# alt: >-
#   The fixed cell: 3×3 convolutions on all edges but the one from node 0 to node 3, which is a skip.
# ---
# The one cell of the space, index {glue:text}`nats-size-index` of [NAS-Bench-201](nasbench201).
# ```
#
# ## How many there are
#
# Five numbers of eight values make $8^5 = 32{,}768$ architectures. The official order counts up, the last number
# fastest:

# %%
[space.to_str(space[i]) for i in (0, 1, 8, len(space) - 1)]

# %% [markdown]
# ## Sizes
#
# The networks are small: three cells instead of fifteen.

# %%
rng = np.random.default_rng(seed)
sample = sample_distinct(space, n_archs, rng)
table = network_sizes(space, sample)

# %% tags=["remove-input"]
figure, ax = plt.subplots(figsize=(6, 4), layout="constrained")
sizes(table, ax)
plt.close(figure)
glue("nats-size-sizes", figure, display=False)
glue("nats-size-count", f"{n_archs:,}", display=False)
Markdown(f"In millions:\n\n{size_table(table)}")

# %% [markdown]
# ```{glue:figure} nats-size-sizes
# ---
# name: fig-nats-size-sizes
# alt: >-
#   ReLU units of an image against parameters, on a logarithmic axis, one point a network.
# ---
# Sizes of {glue:text}`nats-size-count` random architectures, for images of 32 pixels a side and 10 classes. Bands
# are widths of the first layers, which see the image at its full side and so have most of the units.
# ```
#
# ## Sampling and mutation
#
# `space.sample` is uniform. `space.mutate` changes one of the numbers to one of the seven others. The benchmark's own
# evolution may draw the same number again, and then trains its parent a second time; that one is
# `space.mutate_benchmark`.
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
# network = space.build(space.from_str("48:40:32:24:16"), seed=0)
# naswotlib.naswot_score(network, images)
# ```
#
# and from the shell by
#
# ```{code-block} shell
# naswot score --space nats_size --arch 48:40:32:24:16
# ```
#
# The published table of accuracies can be downloaded and imported (`naswot data fetch nats_size`, then
# `naswot data import`). It is not part of this repository, so nothing on this page says how well the score ranks these
# networks.

# %% tags=["remove-input"]
page
