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
# # Figure 9: networks that differ in their widths
#
# NATS-Bench's size space {cite}`dong2021` holds one cell fixed and varies how many channels each of five layers has:
# 32,768 networks. The paper's appendix B plots the score against accuracy for them on three data sets; its text is not
# at hand, so that no number of it is quoted. All networks here have the same operations, so that the score can only
# follow the widths, and with them the number of ReLU units.

# %% tags=["parameters"]
profile: str = "demo"  # demo: networks that we trained; paper: published accuracies
panels: str = ""  # letters of the three, such as "a"; empty: all at hand
n_archs: int = 1000  # random architectures; fewer where the benchmark has fewer
batch_size: int = 128  # images in the mini-batch
counting: str = "reference"  # of units: as the authors' code, or once each
seed: int = 0  # of architectures, weights, mini-batch and bootstrap
device: str = "cpu"  # that scores are computed on, such as cuda
workers: int = 1  # processes that score
data_dir: str = ""  # of published tables and images; empty: NASWOTLIB_DATA
out_dir: str = "figures"  # in the repository; results go to its demo and paper

# %% tags=["hide-input"]
from naswotbook.panel_pages import show_ours, show_published
from naswotbook.panels import Panel, score_panels
from naswotbook.provenance import Provenance

page = Provenance(globals())
PANELS = {
    "a": Panel("fig9a-cifar10", "NATS-Bench size, CIFAR-10", "nats_size", "cifar10"),
    "b": Panel("fig9b-cifar100", "NATS-Bench size, CIFAR-100", "nats_size", "cifar100"),
    "c": Panel(
        "fig9c-imagenet16-120",
        "NATS-Bench size, ImageNet16-120",
        "nats_size",
        "imagenet16-120",
    ),
}

# %% [markdown]
# ## From published accuracies
#
# The published accuracies of this space are not to be had here, so each panel is a box that names the file it needs.
# With that file imported, this notebook draws 1,000 random networks against their validation accuracy after 90 epochs,
# the longest schedule of the benchmark. A mini-batch of ImageNet16-120 would be of all 1,000 classes of 16×16 ImageNet,
# as in {numref}`fig-3c`.

# %% [markdown]
# ::::{grid} 1 1 2 3
# :gutter: 3
#
# :::{grid-item}
# ```{glue:figure} fig9a
# :name: fig-9a
# :alt: NATS-Bench size, score against CIFAR-10 validation accuracy; or a box that names the missing file.
#
# Paper Fig. 9a: NATS-Bench size, CIFAR-10.
# ```
# :::
#
# :::{grid-item}
# ```{glue:figure} fig9b
# :name: fig-9b
# :alt: NATS-Bench size, score against CIFAR-100 validation accuracy; or a box that names the missing file.
#
# Paper Fig. 9b: NATS-Bench size, CIFAR-100.
# ```
# :::
#
# :::{grid-item}
# ```{glue:figure} fig9c
# :name: fig-9c
# :alt: NATS-Bench size, score against ImageNet16-120 validation accuracy; or a box that names the missing file.
#
# Paper Fig. 9c: NATS-Bench size, ImageNet16-120.
# ```
# :::
# ::::

# %% tags=["remove-input"]
show_published(PANELS, page)

# %% [markdown]
# ## Networks, their accuracies and their scores
#
# As on the page of {numref}`fig-3a`: random networks of the space, or those that this project has trained, each with
# random weights and scored on one mini-batch.

# %%
points, summary = score_panels(PANELS, **page.parameters)

# %% [markdown]
# ## From networks that this project trained
#
# Ours are of the same space, a quarter as wide, and trained for a moment on CIFAR-10 at 16×16 pixels. They are scored
# as they were trained, on crops of photographs.

# %% [markdown]
# ```{glue:figure} fig9-ours
# ---
# name: fig-9-ours
# alt: >-
#   Score of each untrained network of the bundled NATS-Bench size table, upwards, against the validation accuracy it
#   reached when this project trained it; or, where there is no such table yet, a box that says so.
# ---
# Ours: NATS-Bench size networks and the validation accuracy that they reached in this project's own training. The
# table below says how they were built and trained.
# ```

# %% tags=["remove-input"]
show_ours(PANELS, points, summary, page, name="fig9")

# %% tags=["remove-input"]
page
