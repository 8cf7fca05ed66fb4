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
# # Figure 1: kernels of good and bad networks
#
# The kernel $\mathbf{K}_H$ of {eq}`eq-kernel` says for every two images of a mini-batch on how many units an untrained
# network treats them alike. The paper draws it for networks of NAS-Bench-201 and NDS-DARTS, in columns by the accuracy
# that they reached when trained, and finds the columns distinctive: kernels of good networks have fewer pairs of
# images of high similarity. It adds that NDS-DARTS covers a tighter range of accuracies, which may explain why its
# kernels differ less.

# %% tags=["parameters"]
profile: str = "demo"  # demo: networks that we trained; paper: published accuracies
panels: str = ""  # a: NAS-Bench-201, b: NDS-DARTS; empty: both where at hand
edges: list = []  # of the bands of accuracy, percent; empty: our choice
per_band: int = 5  # networks in each column
batch_size: int = 128  # images in the mini-batch
counting: str = "reference"  # of units: as the authors' code, or once each
seed: int = 0  # of architectures, weights and mini-batch
data_dir: str = ""  # of published tables and images; empty: NASWOTLIB_DATA
out_dir: str = "figures"  # in the repository; results go to its demo and paper

# %% tags=["hide-input"]
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from IPython.display import Markdown, display
from myst_nb import glue

from naswotbook.bands import draw_bands, quantile_edges
from naswotbook.pages import (
    frame_table,
    glue_published,
    repository,
    save_panel,
    show_summaries,
    write_csv,
)
from naswotbook.panels import Panel, choose_panels
from naswotbook.plots import fig1, missing_panel
from naswotbook.provenance import Provenance
from naswotbook.samples import draw_sample, needed_file
from naswotlib import get_space, load_images, naswot_score
from naswotlib.scoring.parallel import single_thread
from naswotlib.spaces import arch_seed

page = Provenance(globals())
folder = repository() / out_dir / profile
PANELS = {
    "a": Panel("fig1a-nasbench201", "NAS-Bench-201", "nasbench201", "cifar10"),
    "b": Panel("fig1b-nds-darts", "NDS-DARTS", "nds_darts", "cifar10"),
}


# %% [markdown]
# ## From published accuracies
#
# The published run has seed 0: for each band of accuracy, five random networks whose mean CIFAR-10 validation accuracy
# after 200 epochs lies in it. The bands are ours, since the paper's stand in its image alone. Kernels are divided by
# their diagonal, and darker is more similar. The table of NDS is not to be had here; once it is imported, this notebook
# draws panel (b), in five bands of equally many networks.

# %% tags=["remove-input"]
files = {
    f"fig1{letter}": (f"{panel.name}-seed0", needed_file(panel.space))
    for letter, panel in PANELS.items()
}
published = glue_published(page, files)

# %% [markdown]
# ```{glue:figure} fig1a
# :name: fig-1a
# :alt: NAS-Bench-201, five columns of kernels by accuracy, dark where images are alike; or a box naming a missing file.
#
# Paper Fig. 1a: NAS-Bench-201. Normalised kernels of untrained networks on 128 CIFAR-10 images, in columns by the
# accuracy of the trained networks.
# ```
#
# ```{glue:figure} fig1b
# :name: fig-1b
# :alt: NDS-DARTS, five columns of kernels by accuracy, dark where images are alike; or a box naming a missing file.
#
# Paper Fig. 1b: NDS-DARTS.
# ```
#
# Similarity is the share of units on which two images agree: its mean over all pairs of different images, and the value
# that one pair in a hundred exceeds, both averaged over the networks of a band. A kernel that is dark all over is that
# of a network that gives all images nearly the same code.

# %% tags=["remove-input"]
for found in published.values():
    mean, pairs = found.summary.mean_similarity, found.summary.one_in_100_above
    outcome = f"""From the least accurate band to the most accurate, what the most similar pair in a
    hundred shares goes from {pairs.iloc[0]:.3f} to {pairs.iloc[-1]:.3f} of the units, the mean
    from {mean.iloc[0]:.3f} to {mean.iloc[-1]:.3f}."""
    display(Markdown(" ".join(outcome.split())))
show_summaries(published)

# %% [markdown]
# ## Networks and their kernels
#
# In the `paper` profile, all networks of the published table are put into bands; in the `demo` profile, those that this
# project has trained, in five bands of equally many, or fewer bands where there are few networks. A kernel comes from
# the same function as every score of this book.


# %%
def normalised_kernel(sample, arch, images):
    space = get_space(sample.space)
    weights = arch_seed(seed, arch)
    network = space.build(space.from_str(arch), seed=weights, **sample.skeleton)
    score = naswot_score(network, images, counting=counting)
    return score.kernel / score.num_units


def kernels_by_band(sample, limits):
    """A column of kernels for each band of accuracy that has networks, by the band's name."""
    images = load_images(
        sample.images, batch_size, seed=seed, data_dir=data_dir, side=sample.side
    )
    chosen = draw_bands(sample, limits, per_band)
    with single_thread():
        return {
            f"{limits[band]:.3g} to {limits[band + 1]:.3g}%": [
                normalised_kernel(sample, arch, images) for arch in archs
            ]
            for band, archs in chosen.groupby("band").arch
        }


def describe(kernels):
    """What stands beside a column of kernels, of its pairs of different images."""
    different = ~np.eye(batch_size, dtype=bool)
    similar = np.array([kernel[different] for kernel in kernels])
    one_in_100 = np.quantile(similar, 0.99, axis=1)
    return len(kernels), similar.mean(), one_in_100.mean()


# %%
COLUMNS = ["panel", "accuracy", "networks", "mean_similarity", "one_in_100_above"]
OURS = {("paper", "a"): [0, 40, 60, 80, 90, 100]}
pictures, rows = {}, []
where = {"profile": profile, "data_dir": data_dir}
for letter, panel in choose_panels(PANELS, panels, **where).items():
    sample = draw_sample(panel.space, panel.dataset, None, seed=seed, **where)
    fifths = [
        *dict.fromkeys(quantile_edges(sample, np.linspace(0, 1, 6)))
    ]  # equal ones: once
    columns = kernels_by_band(sample, edges or OURS.get((profile, letter), fifths))
    pictures[letter] = fig1([*columns.values()], [*columns])
    plt.close(pictures[letter])
    rows += [(letter, band, *describe(kernels)) for band, kernels in columns.items()]
summary = pd.DataFrame(rows, columns=COLUMNS)
Markdown(frame_table(summary))

# %% tags=["remove-input"]
for letter in pictures if profile == "paper" else ():
    name = f"{PANELS[letter].name}-seed{seed}"
    save_panel(folder, name, pictures[letter], summary[summary.panel == letter], page)
if profile == "demo":
    write_csv(folder / f"fig1-seed{seed}.csv", summary)

# %% [markdown]
# ## From networks that this project trained
#
# The accuracies of these networks, trained for a moment, lie closer together than the published ones, which leaves less
# to tell the columns apart.

# %% tags=["remove-input"]
for letter in PANELS:
    if letter not in pictures:
        pictures[letter], ax = plt.subplots(figsize=(4.2, 2), layout="constrained")
        missing_panel(ax, "networks of this space\nthat this project trained")
        plt.close(pictures[letter])
    glue(f"fig1{letter}-ours", pictures[letter], display=False)

# %% [markdown]
# ```{glue:figure} fig1a-ours
# :name: fig-1a-ours
# :alt: Five columns of kernels of NAS-Bench-201 networks that this project trained, by accuracy; dark is alike.
#
# Ours: NAS-Bench-201 networks of the bundled benchmark on crops of photographs, in columns by the validation accuracy
# that they reached in this project's own training.
# ```
#
# ```{glue:figure} fig1b-ours
# :name: fig-1b-ours
# :alt: Columns of kernels of NDS-DARTS networks that this project trained, by accuracy; or a box without any.
#
# Ours: NDS-DARTS networks, in the same way.
# ```

# %% tags=["remove-input"]
page
