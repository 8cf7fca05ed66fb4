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
# # How cheap can it be?
#
# A score is needed for a ranking, not for itself. So a network does not have to be scored as it will be trained: it can
# be narrower, have fewer cells, and see fewer images, as long as the ranking stays. How much is lost? The same
# networks are scored in several settings, by the same engine on one thread. Settings take turns network by network, so
# that whatever slows the machine down slows all of them.

# %% tags=["parameters"]
profile: str = "demo"  # demo: networks that we trained; paper: published accuracies
n_archs: int = 300  # random architectures; 60 at most in the demo profile
settings: list = []  # [channels, cells a stage, images]; empty: those of the profile
n_boot: int = 1000  # resamples of networks behind each interval
seed: int = 0  # of architectures, weights, mini-batch and bootstrap
data_dir: str = ""  # of published tables and images; empty: NASWOTLIB_DATA
out_dir: str = "figures"  # in the repository; results go to its demo and paper

# %% tags=["hide-input"]
import matplotlib.pyplot as plt
import pandas as pd
from IPython.display import Markdown, display
from myst_nb import glue

from naswotbook.experiments.cheap import Setting, score_cheaply, summarise_settings
from naswotbook.pages import (
    frame_table,
    glue_published,
    kept_table,
    repository,
    save_panel,
    show_summaries,
    write_csv,
)
from naswotbook.plots import cost
from naswotbook.provenance import Provenance
from naswotbook.samples import draw_sample, needed_file
from naswotlib import get_space, load_images

page = Provenance(globals())
figures = repository() / out_dir
folder = figures / profile

# %% [markdown]
# ## From published accuracies
#
# NAS-Bench-201 networks at the paper's setting, which comes first, and in cheaper ones; CIFAR-10 images, and validation
# accuracy after 200 epochs of the network at full size.

# %% tags=["remove-input"]
published = glue_published(page, {"cheap": ("cheap-seed0", needed_file("nasbench201"))})

# %% [markdown]
# ```{glue:figure} cheap
# :name: fig-cheap
# :alt: Kendall's tau of score and accuracy against the cost of the score, one point a setting; or a box.
#
# Rank correlation with accuracy against the multiply-adds that a score takes. Numbers are images in the mini-batch;
# bars are 95% bootstrap intervals over networks.
# ```
#
# *Less* is how much lower $\tau$ is than in the first setting, with a 95% interval over the same networks; *agreement*
# is $\tau$ between the scores of a setting and those of the first.

# %% tags=["remove-input"]
show_summaries(published)

# %% [markdown]
# The processor seconds of a score, on one thread, in the order of the table:

# %% tags=["remove-input"]
kept = figures / "paper" / "scores" / "cheap-nasbench201-cifar10-seed0.parquet"
if kept.exists():
    groups = ["channels", "cells", "images"]
    times = pd.read_parquet(kept).groupby(groups, sort=False).seconds.median()
    times = times.rename("median_seconds").reset_index()
    times["share"] = times.median_seconds / times.median_seconds[0]
    display(Markdown(frame_table(times)))

# %% [markdown]
# ## How it is measured

# %%
FIRST = {"paper": [16, 5, 128], "demo": [8, 1, 128]}[profile]
CHEAPER = {
    "paper": [
        [16, 3, 128],
        [16, 1, 128],
        [8, 5, 128],
        [4, 5, 128],
        [16, 5, 64],
        [16, 5, 32],
        [16, 5, 16],
        [16, 1, 32],
        [16, 1, 16],
        [8, 1, 32],
        [4, 1, 32],
    ],
    "demo": [[4, 1, 128], [2, 1, 128], [8, 1, 64], [8, 1, 32], [8, 1, 16], [4, 1, 32]],
}[profile]
chosen = [Setting(*three) for three in (settings or [FIRST, *CHEAPER])]
n = n_archs if profile == "paper" else min(n_archs, 60)
sample = draw_sample(
    "nasbench201", "cifar10", n, profile=profile, seed=seed, data_dir=data_dir
)
inputs = load_images(
    sample.images,
    max(setting.images for setting in chosen),
    seed=seed,
    data_dir=data_dir,
    side=sample.side,
)


def run():
    return score_cheaply(get_space("nasbench201"), sample.archs, inputs, chosen, seed=seed)


if profile == "paper":
    name = f"cheap-nasbench201-cifar10-seed{seed}.parquet"
    table = kept_table(folder / "scores" / name, run)
else:
    table = run()
summary = summarise_settings(table, sample.accuracy, seed=seed, n_boot=n_boot)
summary.round(3)

# %% tags=["hide-input"]
figure, ax = plt.subplots(figsize=(6.5, 4.2), layout="constrained")
cost(summary, ax)
plt.close(figure)
if profile == "paper":
    save_panel(folder, f"cheap-seed{seed}", figure, summary, page)
else:
    write_csv(folder / f"cheap-seed{seed}.csv", summary)

# %% [markdown]
# ## With networks that this project trained

# %% tags=["remove-input"]
glue("cheap-ours", figure, display=False)

# %% [markdown]
# ```{glue:figure} cheap-ours
# :name: fig-cheap-ours
# :alt: The same with networks of the bundled benchmark, which are small already, one point a setting.
#
# Ours: networks of the bundled benchmark, from the skeleton that they were trained on, which is small already, to
# smaller ones.
# ```

# %% tags=["remove-input"]
page
