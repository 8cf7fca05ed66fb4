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
# # Figure 6: the score during training
#
# The score is meant for networks before training, but nothing keeps one from computing it later. The paper trains ten
# networks of NAS-Bench-201 with more than 90% validation accuracy for 100 epochs on CIFAR-10, scores them after each,
# and observes that the score rises at once in all cases, soon stays nearly constant, and that the networks keep
# their relative order.

# %% tags=["parameters"]
profile: str = "demo"  # legend: accuracy in our training; paper: as published
zoom: int = 2  # epochs that the left plot shows
n_archs: int = 10  # of the most accurate of the networks that we trained
seed: int = 0  # with which they were trained
trained: str = ""  # a table of networks that were scored as they trained; empty: ours
data_dir: str = ""  # of published tables; empty: NASWOTLIB_DATA
out_dir: str = "figures"  # in the repository; results go to its demo and paper

# %% tags=["hide-input"]
import matplotlib.pyplot as plt
from IPython.display import Markdown, display
from myst_nb import glue

from naswotbook.experiments.trajectories import (
    TRAJECTORIES,
    load_trajectories,
    summarise_trajectories,
)
from naswotbook.pages import (
    frame_table,
    glue_published,
    repository,
    save_panel,
    show_summaries,
    write_csv,
)
from naswotbook.plots import fig6, missing_panel
from naswotbook.provenance import Provenance
from naswotbook.samples import PROFILES, load_profile
from naswotlib.errors import check_choice

page = Provenance(globals())
check_choice("profile", profile, PROFILES)
folder = repository() / out_dir / profile

# %% [markdown]
# ## At the bundled skeleton, with published accuracies
#
# Training ten networks of the paper's size for 100 epochs takes a graphics card; what is shown are networks of the same
# space on the skeleton of the bundled benchmark, 8 channels and one cell a stage, trained for 30 epochs on 16×16
# images: the most accurate ones of a random sample in a shorter training. The legend gives the accuracy that the
# published table lists for the full network. Scores are on one mini-batch of 128 crops of photographs, each unit
# counted once.

# %% tags=["remove-input"]
files = {
    "fig6": (
        "fig6-seed0",
        "networks that this project trains\nand scores after every epoch",
    )
}
published = glue_published(page, files)

# %% [markdown]
# ```{glue:figure} fig6
# :name: fig-6
# :alt: Score of each network after every epoch of training, a line a network, the first epochs enlarged; or a box.
#
# Paper Fig. 6, at the bundled skeleton: the score of NAS-Bench-201 networks while they are trained, the first epochs
# (left) and all of them (right). Epoch 0 is before training. Legend: published CIFAR-10 validation accuracy after 200
# epochs, of the full network.
# ```
#
# For every epoch: how many of the networks score higher than before training, their mean score, and Kendall's $\tau$ of
# their scores with those before training and with those after the last epoch.

# %% tags=["remove-input"]
for found in published.values():
    first, last = found.summary.iloc[1], found.summary.iloc[-1]
    outcome = f"""After one epoch {first.above_start:.0f} of {first.networks:.0f} networks score higher
    than before training, after the last {last.above_start:.0f}. The order before training and
    that at the end agree with τ = {last.tau_start:.3f}."""
    display(Markdown(" ".join(outcome.split())))
show_summaries(published)

# %% [markdown]
# ## Networks that were scored as they were trained
#
# The trainer of the bundled benchmark scores a network before the first and after each epoch, and its table keeps what
# it found; scores are those of the same function as everywhere in this book, on batch statistics.

# %%
table = load_trajectories(trained or TRAJECTORIES, seed=seed, n_archs=n_archs)
if profile == "paper":
    archs = list(table.arch)
    where = {"dataset": "cifar10", "split": "validation", "epochs": 200}
    benchmark = load_profile("nasbench201", profile=profile, data_dir=data_dir)
    table["accuracy"] = benchmark.accuracy(archs, **where)
page.came_to(n_archs=table.arch.nunique())

# %% tags=["hide-input"]
if len(table):
    summary = summarise_trajectories(table)
    figure = fig6(table, zoom=zoom)
    if profile == "paper":
        save_panel(folder, f"fig6-seed{seed}", figure, summary, page)
    display(Markdown(frame_table(summary)))
else:
    figure, ax = plt.subplots(figsize=(4.2, 2), layout="constrained")
    missing_panel(ax, "networks that this project trains\nand scores after every epoch")
plt.close(figure)
if profile == "demo":
    write_csv(folder / f"fig6-seed{seed}.csv", table)

# %% [markdown]
# ## With our accuracies

# %% tags=["remove-input"]
glue("fig6-ours", figure, display=False)

# %% [markdown]
# ```{glue:figure} fig6-ours
# :name: fig-6-ours
# :alt: Score of each network after every epoch of training, a line a network, the first epochs enlarged; or a box.
#
# Ours: the same networks. Legend: the validation accuracy that they reached in this project's own training.
# ```

# %% tags=["remove-input"]
if profile == "demo" and len(table):
    link = f"../figures/demo/fig6-seed{seed}.csv"
    display(Markdown(f"[score of every network after every epoch (CSV)]({link})"))

# %% tags=["remove-input"]
page
