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
# # Network Design Spaces
#
# {cite:t}`radosavovic2019` drew networks at random from the search spaces of five well-known searches, put them on one
# skeleton, and trained them. Most panels of the paper's Figure 3 are about these networks. The cells are those of
# AmoebaNet {cite}`real2019`, DARTS {cite}`liu2019`, ENAS {cite}`pham2018`, NASNet {cite}`zoph2018` and PNAS
# {cite}`liu2018`.

# %% tags=["parameters"]
n_archs: int = 200  # random architectures of each space whose sizes are shown
n_scored: int = 1  # of each space, how many are scored
batch_size: int = 32  # images in the mini-batch; 128 take four times as long
seed: int = 0  # of architectures, weights and mini-batch

# %% tags=["hide-input"]
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from IPython.display import Markdown
from myst_nb import glue

from naswotbook.pages import markdown_table, size_table
from naswotbook.plots import cells, sizes
from naswotbook.provenance import Provenance
from naswotlib import get_space, list_spaces, load_images, score_archs
from naswotlib.graph.sizes import network_size
from naswotlib.spaces.base import sample_distinct
from naswotlib.spaces.sizes import network_sizes

page = Provenance(globals())

# %% [markdown]
# ## A genotype
#
# A network is made of two cells, a *normal* one and one that *reduces*, halving the image. A cell reads the outputs of
# the two cells before it, states 0 and 1. Each of its nodes adds up two operations, each on any earlier state, and
# becomes a state itself. The output concatenates nodes: all of them, or only the *loose* ones, which no other node
# reads. This is the genotype that DARTS found, in its usual form:

# %%
DARTS_V2 = """Genotype(
    normal=[('sep_conv_3x3', 0), ('sep_conv_3x3', 1), ('sep_conv_3x3', 0), ('sep_conv_3x3', 1),
            ('sep_conv_3x3', 1), ('skip_connect', 0), ('skip_connect', 0), ('dil_conv_3x3', 2)],
    normal_concat=range(2, 6),
    reduce=[('max_pool_3x3', 0), ('max_pool_3x3', 1), ('skip_connect', 2), ('max_pool_3x3', 1),
            ('max_pool_3x3', 0), ('skip_connect', 2), ('skip_connect', 2), ('max_pool_3x3', 1)],
    reduce_concat=range(2, 6))"""
fixed = get_space("nds_darts_fixed")
darts_v2 = fixed.from_str(DARTS_V2)

# %% tags=["remove-input"]
figure = cells(fixed.cells(darts_v2))
plt.close(figure)
glue("nds-darts-v2", figure, display=False)

# %% [markdown]
# ```{glue:figure} nds-darts-v2
# ---
# name: fig-nds-darts-v2
# alt: >-
#   Two cells from left to right: states 0 and 1, boxes with operations, nodes 2 to 5, and the output that concatenates
#   the nodes.
# ---
# The cells of DARTS_V2. A state that nothing reads is not drawn.
# ```
#
# `from_str` also takes the JSON of a published record. A fault is named with its place:

# %%
try:
    fixed.from_str(DARTS_V2.replace("dil_conv_3x3", "conv_7x1_1x7"))
except ValueError as error:
    print(error)

# %% [markdown]
# ## How many there are
#
# A node may read the same state twice and an operation may repeat, so a cell of $n$ nodes and $o$ operations can be
# written in $o^{2n} \cdot ((n + 1)!)^2$ ways, and a genotype in the square of that. Width and depth multiply them.

# %% tags=["remove-input"]
rows = []
for name in list_spaces("nds_*"):
    space = get_space(name)
    output = "loose nodes" if space.loose else "all nodes"
    mantissa, _, power = f"{space.num_architectures:.1e}".partition("e+")
    size = f"${mantissa} \\cdot 10^{{{power}}}$"
    rows.append([f"`{name}`", len(space.operations), space.nodes, output, size])
Markdown(markdown_table(["space", "operations", "nodes", "output", "architectures"], rows))

# %% [markdown]
# The operations of each set:

# %% tags=["remove-input"]
Markdown(
    "\n".join(
        f"- `{name}`: {', '.join(get_space(name).operations)}"
        for name in list_spaces("nds_*")
        if name.count("_") == 1
    )
)

# %% [markdown]
# Width is 16, 24 or 32 and depth 4, 8, 12, 16 or 20, as other implementations have them, such as
# [that of NNI](https://github.com/microsoft/nni/blob/master/nni/nas/hub/pytorch/nasnet.py). The `fixed` spaces have
# width 16 and depth 20 alone, and that of ImageNet has width 32, 48, 64, 80 or 96 and depth 6, 10, 14, 18 or 22; these
# agree with the few published networks that were at hand, but with no description by their authors. `build` takes any
# width and depth. All decisions are drawn uniformly and independently.
#
# ## The network
#
# A 3×3 convolution to three times the *width*, then *depth* cells, then the mean over pixels and the classifier. Cells
# number ⌊depth/3⌋ and ⌊2·depth/3⌋, counted from 0, reduce: they halve the image and double the channels. The ImageNet
# space begins with three convolutions of stride 2 instead, so that its cells see an eighth of the image's side. The
# auxiliary classifier of some published networks serves training alone, and is left out.
#
# The paper of DARTS trains its genotype with width 36 and depth 20, which the space does not have but `build` does when
# asked, and gives 3.3 million parameters. Here they are counted without a single weight being made:

# %%
size = network_size(fixed.graph(darts_v2, width=36, depth=20), 32)
print(f"{size.parameters:,} parameters, N_A {size.num_units:,}")

# %% [markdown]
# ## Sizes

# %%
FAMILIES = ["nds_amoeba", "nds_darts", "nds_enas", "nds_nasnet", "nds_pnas"]
samples = {
    name: sample_distinct(get_space(name), n_archs, np.random.default_rng(seed))
    for name in FAMILIES
}
tables = [
    network_sizes(name, sample).assign(space=name) for name, sample in samples.items()
]
table = pd.concat(tables, ignore_index=True)

# %% tags=["remove-input"]
figure, ax = plt.subplots(figsize=(7, 4.5), layout="constrained")
sizes(table, ax, by="space")
plt.close(figure)
glue("nds-sizes", figure, display=False)
glue("nds-count", f"{n_archs:,}", display=False)
Markdown(
    f"5% / median / 95% of each space, in millions:\n\n{size_table(table, by='space')}"
)

# %% [markdown]
# ```{glue:figure} nds-sizes
# ---
# name: fig-nds-sizes
# alt: >-
#   ReLU units of an image against parameters, on a logarithmic axis, one point a network, a colour for each of the five
#   spaces. The five clouds overlap.
# ---
# Sizes of {glue:text}`nds-count` random architectures of each space, for images of 32 pixels a side and 10 classes.
# ```
#
# ## Scores
#
# These networks are large, and their separable convolutions take a processor long. Scores of different spaces do not
# compare; they are one below the other only to show that each space has them.

# %%
images = load_images("photos", batch_size, seed=seed)
scores = [
    score_archs(
        name, sample[:n_scored], images, seed=seed, exact=False, progress=False
    ).assign(space=name)
    for name, sample in samples.items()
]
pd.concat(scores, ignore_index=True)[["space", "score", "num_units"]]

# %% [markdown]
# One network is scored by
#
# ```{code-block} python
# network = fixed.build(darts_v2, seed=0)
# naswotlib.naswot_score(network, images)
# ```
#
# and from the shell by `naswot score --space nds_darts_fixed --arch "Genotype(normal=[...], ...)"`. Many, such as all
# those of a published file, are scored by `naswot score --space nds_darts --archs FILE --out FOLDER`, one genotype a
# line.

# %% tags=["remove-input"]
page
