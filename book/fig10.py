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
# # Figure 10: fixed width and depth
#
# The NDS sets of {numref}`fig-3e` to {numref}`fig-3i` vary three things at once: the cell, the number of channels, and
# the number of cells. NDS {cite}`radosavovic2019` also has sets of DARTS, ENAS and PNAS cells in which width and depth
# are the same for all, so that only the cell is left to tell good networks from bad ones. The paper plots the score for
# them in its appendix B, whose text is not at hand: no number of it is quoted here.

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
    "a": Panel("fig10a-nds-darts", "NDS-DARTS, fixed", "nds_darts_fixed", "cifar10"),
    "b": Panel("fig10b-nds-enas", "NDS-ENAS, fixed", "nds_enas_fixed", "cifar10"),
    "c": Panel("fig10c-nds-pnas", "NDS-PNAS, fixed", "nds_pnas_fixed", "cifar10"),
}

# %% [markdown]
# ## From published accuracies
#
# The published accuracies of these sets are not to be had here, so each panel is a box that names the file it needs.
# With that file imported, this notebook draws 1,000 random networks of it, all of 16 channels and 20 cells, against
# their test accuracy after the last epoch; the files have no validation accuracy.

# %% [markdown]
# ::::{grid} 1 1 2 3
# :gutter: 3
#
# :::{grid-item}
# ```{glue:figure} fig10a
# :name: fig-10a
# :alt: NDS-DARTS, score against CIFAR-10 test accuracy; or a box that names the missing file.
#
# Paper Fig. 10a: NDS-DARTS of fixed width and depth.
# ```
# :::
#
# :::{grid-item}
# ```{glue:figure} fig10b
# :name: fig-10b
# :alt: NDS-ENAS, score against CIFAR-10 test accuracy; or a box that names the missing file.
#
# Paper Fig. 10b: NDS-ENAS of fixed width and depth.
# ```
# :::
#
# :::{grid-item}
# ```{glue:figure} fig10c
# :name: fig-10c
# :alt: NDS-PNAS, score against CIFAR-10 test accuracy; or a box that names the missing file.
#
# Paper Fig. 10c: NDS-PNAS of fixed width and depth.
# ```
# :::
# ::::

# %% tags=["remove-input"]
show_published(PANELS, page)

# %% [markdown]
# ## Networks, their accuracies and their scores
#
# As on the page of {numref}`fig-3a`: networks of the published table, or those that this project has trained, each with
# random weights and scored on one mini-batch.

# %%
points, summary = score_panels(PANELS, **page.parameters)

# %% [markdown]
# ## From networks that this project trained
#
# Ours have the cells of these sets on one small skeleton, the same for all, trained for a moment on CIFAR-10 at 16×16
# pixels. They are scored as they were trained, on crops of photographs.

# %% [markdown]
# ```{glue:figure} fig10-ours
# ---
# name: fig-10-ours
# alt: >-
#   Score of each untrained network of the bundled tables with fixed width and depth, upwards, against the validation
#   accuracy it reached when this project trained it, a panel a set.
# ---
# Ours, lettered as the paper's panels: networks of fixed width and depth and the validation accuracy that they reached
# in this project's own training, which is described below.
# ```

# %% tags=["remove-input"]
show_ours(PANELS, points, summary, page, name="fig10")

# %% tags=["remove-input"]
page
