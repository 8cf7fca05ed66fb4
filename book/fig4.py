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
# # Figure 4: other measures
#
# Is the score better than what was there before it? On the five NDS spaces {cite}`radosavovic2019` the paper compares
# it with the two best measures of Abdelfattah et al. {cite}`abdelfattah2021`, by Kendall's $\tau$ with accuracy:
# `grad_norm`, the size of the gradient after one mini-batch, and `synflow`, the Synaptic Flow of Tanaka et al.
# {cite}`tanaka2020`. It finds that the score correlates with accuracy in all of the spaces, where the other two
# fluctuate. The values stand in the image alone, not in the text, so none is quoted here.
#
# Three things are added that cost nothing to compute, the number of ReLU units, of parameters, and of multiply-adds
# (FLOPs): a measure that needs a forward pass should beat those. And there is a sixth panel, NAS-Bench-201, which the
# paper does not have in this figure, but whose accuracies are to be had.

# %% tags=["parameters"]
profile: str = "demo"  # demo: networks that we trained; paper: published accuracies
panels: str = ""  # letters of the six, such as "bf"; empty: all at hand
n_archs: int = 1000  # random architectures; fewer where the benchmark has fewer
batch_size: int = 128  # images in the mini-batch
counting: str = "reference"  # of units, in the score: as the authors' code, or once each
seed: int = 0  # of architectures, weights, mini-batch and bootstrap
device: str = "cpu"  # that measures are computed on, such as cuda
workers: int = 1  # processes that compute them
data_dir: str = ""  # of published tables and images; empty: NASWOTLIB_DATA
out_dir: str = "figures"  # in the repository; results go to its demo and paper

# %% tags=["hide-input"]
from naswotbook.measure_pages import show_our_measures, show_published_measures
from naswotbook.measures import compare_measures
from naswotbook.panels import Panel
from naswotbook.provenance import Provenance

page = Provenance(globals())
PANELS = {
    "a": Panel("fig4a-nds-amoeba", "NDS-AmoebaNet", "nds_amoeba", "cifar10"),
    "b": Panel("fig4b-nds-darts", "NDS-DARTS", "nds_darts", "cifar10"),
    "c": Panel("fig4c-nds-enas", "NDS-ENAS", "nds_enas", "cifar10"),
    "d": Panel("fig4d-nds-nasnet", "NDS-NASNet", "nds_nasnet", "cifar10"),
    "e": Panel("fig4e-nds-pnas", "NDS-PNAS", "nds_pnas", "cifar10"),
    "f": Panel("fig4f-nasbench201", "NAS-Bench-201", "nasbench201", "cifar10"),
}

# %% [markdown]
# ## The measures
#
# All are computed on the untrained network, with the same weights and the same mini-batch.
#
# - **score**: the paper's, {eq}`eq-score`.
# - **grad_norm**: how large the gradient of the cross-entropy is. The paper says it in two ways. Its text has "the sum
#   of the gradient norms for every weight in the network": the Euclidean norms of the gradients of all weight tensors,
#   added up, as the code of Abdelfattah et al. has it. The caption has "the absolute Euclidean-norm of the gradients":
#   one norm, of all gradients together. Both are here.
# - **synflow**: with all weights $w$ replaced by their absolute values, and an image of ones as input, the sum over
#   weights of $|w \cdot \partial R / \partial w|$, where $R$ is the sum of the outputs. It spans a hundred orders of
#   magnitude, so its logarithm is taken, which changes no rank. BatchNorm is the identity in it.
# - **ReLU units**, **parameters**, **FLOPs**: $N_A$ of {eq}`eq-kernel` with each unit once, the number of weights, and
#   the multiply-adds of convolutions and classifier for one image.
#
# Their functions are `naswotlib.naswot_score` and those of `naswotlib.scoring.proxies`, and the shell has all of them:
# `naswot score --proxy synflow`.

# %% [markdown]
# ## From published accuracies
#
# The published run has seed 0, 1,000 architectures, or all where a table holds fewer, a mini-batch of 128 training
# images of CIFAR-10 and their classes, and accuracies after the longest training: of NAS-Bench-201 on the validation
# images, of NDS, which publishes no other, on the test images. Where the table of a panel is not to be had here, a box
# names the file that it needs; once that is imported, this notebook draws the panel.

# %% [markdown]
# ::::{grid} 1 1 2 2
# :gutter: 3
#
# :::{grid-item}
# ```{glue:figure} fig4a
# :name: fig-4a
# :alt: NDS-AmoebaNet, Kendall's tau of each measure with accuracy, as bars; or a box that names the missing file.
#
# Paper Fig. 4: NDS-AmoebaNet.
# ```
# :::
#
# :::{grid-item}
# ```{glue:figure} fig4b
# :name: fig-4b
# :alt: NDS-DARTS, Kendall's tau of each measure with accuracy, as bars; or a box that names the missing file.
#
# Paper Fig. 4: NDS-DARTS.
# ```
# :::
#
# :::{grid-item}
# ```{glue:figure} fig4c
# :name: fig-4c
# :alt: NDS-ENAS, Kendall's tau of each measure with accuracy, as bars; or a box that names the missing file.
#
# Paper Fig. 4: NDS-ENAS.
# ```
# :::
#
# :::{grid-item}
# ```{glue:figure} fig4d
# :name: fig-4d
# :alt: NDS-NASNet, Kendall's tau of each measure with accuracy, as bars; or a box that names the missing file.
#
# Paper Fig. 4: NDS-NASNet.
# ```
# :::
#
# :::{grid-item}
# ```{glue:figure} fig4e
# :name: fig-4e
# :alt: NDS-PNAS, Kendall's tau of each measure with accuracy, as bars; or a box that names the missing file.
#
# Paper Fig. 4: NDS-PNAS.
# ```
# :::
#
# :::{grid-item}
# ```{glue:figure} fig4f
# :name: fig-4f
# :alt: NAS-Bench-201, Kendall's tau of each measure with accuracy, as bars; or a box that names the missing file.
#
# Not in the paper: NAS-Bench-201.
# ```
# :::
# ::::

# %% tags=["remove-input"]
show_published_measures(PANELS, page)

# %% [markdown]
# What panel (f) says of NAS-Bench-201:
#
# - The score ranks networks best, and the number of ReLU units comes next: it is ahead of `synflow`, and of parameters
#   and FLOPs, which order the cells of this space alike.
# - `grad_norm` is behind all three sizes. Its two readings differ: the sum of norms, of the paper's text, ranks better
#   than the one norm of its caption.
# - `synflow` is −∞ where nothing flows from input to output, which ranks such networks last. The score is −∞ for fewer:
#   outside the cells, such a network has ReLUs that tell images apart.
#
# What is left of the score once the size of a network is known is the subject of the page of
# {numref}`fig-predictors`.

# %% [markdown]
# ## Networks, their accuracies and their measures
#
# As on the page of {numref}`fig-3a`: networks of the published table, or those that this project has trained, each with
# random weights, and measured on one mini-batch. What was computed before is taken from tables.

# %%
points, summary = compare_measures(PANELS, **page.parameters)

# %% [markdown]
# ## From networks that this project trained
#
# Ours are measured as they were trained, small, and on crops of photographs. The class of an image, for `grad_norm`, is
# which of seven photographs it was cut from.

# %% [markdown]
# ```{glue:figure} fig4-ours
# ---
# name: fig-4-ours
# alt: >-
#   Kendall's tau of the score, grad_norm in both readings, synflow, ReLU units, parameters and FLOPs with the accuracy
#   that networks reached when this project trained them, as bars with intervals, a panel a search space.
# ---
# Ours, lettered as the panels above: networks of the bundled benchmark and the accuracy that they reached in this
# project's own training.
# ```

# %% tags=["remove-input"]
show_our_measures(PANELS, points, summary, page, name="fig4")

# %% tags=["remove-input"]
page
