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
# # Figure 5: what else the score depends on
#
# The score of a network depends on the images of the mini-batch, on how many there are, and on the random weights. The
# paper takes ten networks of NAS-Bench-201, one from each five percent of accuracy between the 50th percentile and the
# best, and changes one of these things at a time, twenty times. It finds the ranking reasonably robust to the choice of
# images, hardly affected by putting noise in their place, noisier over initialisations though the better networks stay
# apart, and the best ones distinct at every size of mini-batch.

# %% tags=["parameters"]
profile: str = "demo"  # demo: networks that we trained; paper: published accuracies
n_archs: int = 10  # networks, one from each band of percentiles above the 50th
repeats: int = 5  # of each experiment; the paper has 20
batch_size: int = 128  # images in the mini-batch, where it does not change
batch_sizes: list = [32, 64, 128, 256]  # those compared
counting: str = "reference"  # of units: as the authors' code, or once each
seed: int = 0  # of networks, and of the first weights and mini-batch
device: str = "cpu"  # that scores are computed on, such as cuda
workers: int = 1  # processes that score
data_dir: str = ""  # of published tables and images; empty: NASWOTLIB_DATA
out_dir: str = "figures"  # in the repository; results go to its demo and paper

# %% tags=["hide-input"]
import matplotlib.pyplot as plt
import numpy as np
from IPython.display import Markdown, display
from myst_nb import glue

from naswotbook.bands import draw_bands, quantile_edges
from naswotbook.experiments.ablation import (
    over_smallest,
    run_ablations,
    summarise_ablations,
)
from naswotbook.pages import (
    frame_table,
    glue_published,
    kept_table,
    repository,
    save_panel,
    show_summaries,
    write_csv,
)
from naswotbook.plots import fig5
from naswotbook.provenance import Provenance
from naswotbook.samples import draw_sample, needed_file

page = Provenance(globals())
folder = repository() / out_dir / profile

# %% [markdown]
# ## From published accuracies
#
# The published run has seed 0 and the paper's settings: CIFAR-100 images, networks chosen by their CIFAR-100 validation
# accuracy after 200 epochs, 20 repeats, units counted as the authors' released code counts them, so that scores can be
# laid beside the paper's. There are 960 CIFAR-100 images at hand, so that different mini-batches share some of
# them: 20 of 128 would need 2,560. That makes the boxes of the first panel narrower than they should be, and the last
# ones' of 256 images more so.

# %% tags=["remove-input"]
files = {"fig5": ("fig5-seed0", needed_file("nasbench201"))}
published = glue_published(page, files)

# %% [markdown]
# ```{glue:figure} fig5
# :name: fig-5
# :alt: Four panels of box plots of the score of ten networks, sorted by accuracy; or a box that names a missing file.
#
# Paper Fig. 5: the score of ten NAS-Bench-201 networks over random mini-batches (top left), normally distributed inputs
# (top right), weight initialisations (bottom left) and sizes of the mini-batch (bottom right), where scores are divided
# by the smallest of all networks on mini-batches of the same size. A box holds 20 repeats.
# ```
#
# How robust is the ranking? *Agreement* is Kendall's $\tau$ between the scores of the ten networks in two repeats,
# averaged over all pairs of repeats: 1 where no repeat changes their order. *With first* is $\tau$ between their mean
# scores here and in the first experiment, so that it says for noise how far it ranks as images do. *Between* is how far
# the mean scores of the networks lie apart, *within* how far the repeats of one network do (standard deviations).

# %% tags=["remove-input"]
for found in published.values():
    by_name = found.summary.set_index("ablation")
    agreement = by_name.agreement[["mini-batches", "initialisations"]]
    outcome = f"""Two mini-batches agree on the order of the networks with τ = {agreement.iloc[0]:.3f},
    two initialisations with {agreement.iloc[1]:.3f}; noise orders them as images do with
    τ = {by_name.with_first["noise"]:.3f}."""
    display(Markdown(" ".join(outcome.split())))
show_summaries(published)

# %% [markdown]
# ## Networks and experiments
#
# One network from each band, drawn at random. Whatever does not change stays as in the first repeat. In the `demo`
# profile, networks and percentiles are those of the bundled benchmark, and images are crops of photographs.

# %%
dataset = "cifar100" if profile == "paper" else "cifar10"
sample = draw_sample(
    "nasbench201", dataset, None, profile=profile, seed=seed, data_dir=data_dir
)
shares = np.linspace(0.5, 1, n_archs + 1)
networks = draw_bands(sample, quantile_edges(sample, shares), 1)
networks["network"] = [
    f"{100 * shares[band]:.0f}–{100 * shares[band + 1]:.0f}" for band in networks.band
]


def run():
    return run_ablations(
        sample,
        networks.arch,
        repeats=repeats,
        batch_size=batch_size,
        batch_sizes=batch_sizes,
        counting=counting,
        seed=seed,
        data_dir=data_dir,
        device=device,
        workers=workers,
    )


if profile == "paper":
    kept = f"fig5-{counting}-seed{seed}-archs{n_archs}-repeats{repeats}-batch{batch_size}"
    table = kept_table(folder / "scores" / f"{kept}.parquet", run)
else:
    table = run()
table = table.merge(networks[["arch", "network"]], on="arch")
summary = summarise_ablations(table)
Markdown(frame_table(summary))

# %% tags=["hide-input"]
TITLES = {
    "mini-batches": "random mini-batches",
    "noise": "normally distributed inputs",
    "initialisations": "weight initialisations",
}
order = networks.network.tolist()
figure, axes = plt.subplots(2, 2, figsize=(10, 7.5), layout="constrained")
for ax, (ablation, title) in zip(axes.flat, TITLES.items(), strict=False):
    fig5(table[table.ablation == ablation], ax, title=title, order=order)
fig5(
    over_smallest(table),
    axes.flat[-1],
    title="size of the mini-batch",
    order=order,
    score="score / smallest of that size",
    hue="batch_size",
)
plt.close(figure)
if profile == "paper":
    save_panel(folder, f"fig5-seed{seed}", figure, summary, page)
else:
    write_csv(folder / f"fig5-seed{seed}.csv", table)

# %% [markdown]
# ## From networks that this project trained

# %% tags=["remove-input"]
glue("fig5-ours", figure, display=False)
glue("fig5-repeats", repeats, display=False)

# %% [markdown]
# ```{glue:figure} fig5-ours
# :name: fig-5-ours
# :alt: Four panels of box plots of the score of ten networks of the bundled benchmark, sorted by their accuracy.
#
# Ours: ten NAS-Bench-201 networks of the bundled benchmark, one from each five percent of the validation accuracies
# that they reached in this project's own training, over crops of photographs. A box holds {glue:text}`fig5-repeats`
# repeats.
# ```

# %% tags=["remove-input"]
if profile == "demo":
    link = f"../figures/demo/fig5-seed{seed}.csv"
    display(Markdown(f"[every score: experiment, repeat, architecture (CSV)]({link})"))

# %% tags=["remove-input"]
page
