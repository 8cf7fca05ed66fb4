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
# # Which accuracy?
#
# A benchmark does not list *the* accuracy of an architecture. It lists one for each data set, each split, each length
# of training and each repetition, and two papers that look at different ones do not compare. This page says what the
# columns are, which of them each figure takes, and what another choice would change. In the library there is no
# default:
#
# ```{code-block} python
# benchmark = naswotlib.load_benchmark("nasbench201")
# benchmark.accuracy(arch, dataset="cifar10", split="validation", epochs=200)
# benchmark.available  # what there is to choose from
# ```

# %% tags=["parameters"]
profile: str = "demo"  # demo: networks that we trained; paper: published accuracies
data_dir: str = ""  # of published tables; empty: NASWOTLIB_DATA
out_dir: str = "figures"  # in the repository; results go to its demo and paper

# %% tags=["hide-input"]
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from IPython.display import Markdown
from myst_nb import glue

from naswotbook.experiments import agreement as choices
from naswotbook.pages import (
    load_published,
    markdown_table,
    repository,
    save_panel,
    write_csv,
)
from naswotbook.plots import agreement
from naswotbook.provenance import Provenance, provenance_table
from naswotlib import load_benchmark
from naswotlib.benchmarks.importers import nasbench201
from naswotlib.benchmarks.importers.nasbench101 import info
from naswotlib.data.fetch import data_home
from naswotlib.errors import check_choice

page = Provenance(globals())
check_choice("profile", profile, ("demo", "paper"))
figures = repository() / out_dir

# %% [markdown]
# ## The splits
#
# **NAS-Bench-201 and NATS-Bench.** A *validation* accuracy of CIFAR-10 comes from a network that saw only half of the
# training images, a *test* accuracy from another network that saw all of them, so the two are not of the same weights.

# %% tags=["remove-input"]
Markdown(markdown_table(["data set / split", "images"], nasbench201.SPLITS.items()))

# %% [markdown]
# **NAS-Bench-101**, CIFAR-10 alone:

# %% tags=["remove-input"]
nasbench101 = info(Path("nasbench_only108.tfrecord"), "", "")
Markdown(markdown_table(["split", "images"], nasbench101.splits.items()))

# %% [markdown]
# **NDS** lists errors on the test images (of ImageNet, its validation images) after every epoch, and no validation
# split. `test` is the last epoch; `test-best` is the best epoch, which its authors plot and which looks at the test
# images to find it.
#
# ## Schedules
#
# An accuracy after 12 epochs is the end of a training that was planned for 12 epochs, with a learning rate that had
# come down to zero by then. It is not the twelfth epoch of a longer training.
#
# | benchmark | epochs of its schedules |
# |---|---|
# | NAS-Bench-101 | 108; in the full file also 4, 12 and 36 |
# | NAS-Bench-201, NATS-Bench topology | 12, 200 |
# | NATS-Bench size | 1, 12, 90 |
# | NDS | one, as long as the record's learning curve |
#
# ## Repetitions
#
# NAS-Bench-101 trained every network three times. NAS-Bench-201 and NATS-Bench trained some with one, some with two,
# some with three seeds. `accuracy` is the **mean** over the repetitions that there are; `repeats="max"` takes the best
# one. The official interfaces answer with a **random** repetition unless they are told otherwise, so a program that
# uses them unawares gives other numbers at every run.
#
# ## Which one each figure takes

# %% tags=["remove-input"]
TAKEN = [
    (
        "Figures 1a, 3a, 3b, 3c",
        "NAS-Bench-201, `validation`, 200 epochs, of the panel's data set",
        "the paper says *validation accuracy when trained*",
    ),
    (
        "Figure 3d",
        "NAS-Bench-101, `test`, 108 epochs, mean",
        "the table at hand has no other; the paper says validation, its script takes the maximum of test accuracy",
    ),
    (
        "Figures 1b, 3e to 3j, 4, 10",
        "NDS, `test`, last epoch",
        "the authors' script takes 100 less the last test error",
    ),
    ("Figure 9", "NATS-Bench size, `validation`, 90 epochs", "its longest schedule"),
    (
        "Table 1",
        "NAS-Bench-101, `test`, 108 epochs, mean",
        "as for Figure 3d; a search that sees what it is judged by is marked",
    ),
    (
        "Table 2, Figure 7",
        "sees `validation` after 12 epochs and pays for it; reports the longest schedule",
        "what the benchmark's own searches do",
    ),
]
Markdown(markdown_table(["in the paper", "column here", "why"], TAKEN))

# %% [markdown]
# ## What another column changes
#
# {numref}`fig-accuracy-agreement` compares the columns of NAS-Bench-201, over all of its 15,625 networks, by the rank
# correlation that also judges the score. It bounds what any predictor can reach: none can agree with one column
# better than perfectly, and what agrees perfectly with one agrees with another only as far as the two agree.

# %% tags=["remove-input"]
published = load_published(figures / "paper", "accuracy-agreement", "nasbench201.parquet")
glue("accuracy-agreement", published.picture, display=False)

# %% [markdown]
# ```{glue:figure} accuracy-agreement
# ---
# name: fig-accuracy-agreement
# alt: >-
#   Triangle of Kendall's tau between each two columns of NAS-Bench-201's accuracies, darker for columns that agree
#   more; or, where the results are not here, a box that names the missing file.
# ---
# Kendall's $\tau$ between columns of NAS-Bench-201, means over repetitions.
# ```

# %% tags=["remove-input"]
Markdown(published.link)

# %% [markdown]
# ## Mean or maximum
#
# The script that the authors released takes, for NAS-Bench-101, the **maximum** of the final test accuracy over the
# three repetitions. The maximum of three draws from a normal distribution lies 0.85 standard deviations above its mean,
# so every network looks better by about that much of its training noise, and the noisier ones look better by more.
# Where a repetition failed to train, the maximum does not show it.
#
# How much is that? The table of NAS-Bench-101 at hand has means only. NATS-Bench's official sample holds three networks
# of each of its two spaces with every repetition. Here are its columns with several, in percentage points, means over
# the three networks:

# %% tags=["remove-input"]
choices_file = figures / "paper" / "accuracy-choices.csv"
text = f"`{out_dir}/paper/{choices_file.name}` is not here."
numbers = pd.read_csv(choices_file) if choices_file.exists() else pd.DataFrame()
if len(numbers):
    several = numbers[numbers.choice == choices.MAXIMUM]
    rows = [
        [
            f"{r.table.removeprefix('nats_')}: {r.dataset} {r.split}, {r.epochs} epochs",
            f"{r.repeats:g}",
            f"{r.std:.2f}",
            f"{r.value:+.2f}",
        ]
        for r in several.itertuples()
    ]
    columns = ["column", "repetitions", "std between them", "maximum − mean"]
    text = markdown_table(columns, rows)
Markdown(text)

# %% [markdown]
# Another sign stands in the paper. Its Table 1 gives a network drawn at random from NAS-Bench-101 90.38 ± 5.51%, over
# 500 draws. With means it is:

# %% tags=["remove-input"]
if len(numbers):
    [whole] = numbers[numbers.choice == choices.RANDOM].itertuples()
    lower = 90.38 - whole.value
    text = (
        f"{whole.value:.2f} ± {whole.std:.2f}%, over all {whole.n:,} networks. This is {lower:.2f} points less, or "
        f"{lower / (5.51 / 500**0.5):.1f} standard errors of the mean of 500 draws. A maximum over repetitions would "
        "explain it, but nothing here proves that it is the reason."
    )
Markdown(text)

# %% [markdown]
# ## What a search pays
#
# A simulated search is charged for the trainings that it looks up. The tables do not agree on how. NATS-Bench charges
# one training and **one** validation after it. The table of NAS-Bench-201 at hand charges **a validation after each**
# of the 12 epochs: for the first cell and CIFAR-10 117 seconds, where NATS-Bench has 89. `benchmark.info.seconds` says
# which it is. For the networks of NATS-Bench's sample, the ratio of the two:

# %% tags=["remove-input"]
if len(numbers):
    paid = numbers[numbers.choice == choices.EACH]
    rows = [[r.dataset, r.epochs, r.n, f"{r.value:.2f}"] for r in paid.itertuples()]
    text = markdown_table(["data set", "epochs", "networks", "ratio of seconds"], rows)
Markdown(text)

# %% [markdown]
# So a search on CIFAR-10 with 12,000 seconds affords fewer trainings by the table at hand, which Table 2 takes.
#
# ## Images
#
# A score looks at images too. Of ImageNet16-120, whose 120 classes are the first of ImageNet's 1,000, only 106
# images are at hand, and the paper's mini-batch has 128. `load_images("imagenet16-120", 128, ...)` says so and stops,
# rather than draw an image twice, which would make the kernel singular. Figures take `"imagenet16"` instead: 16×16
# images of all 1,000 classes, with the same normalisation.
#
# ## The same with networks that this project trained
#
# The columns of the bundled table of NAS-Bench-201: validation and test after each epoch of one short schedule.

# %%
if profile == "demo":
    benchmark = load_benchmark("bundled-nasbench201")
    keys = benchmark.available
else:
    benchmark = load_benchmark("nasbench201", data_dir=data_dir)
    keys = sorted(benchmark.available)
taus = choices.agreement(benchmark, keys)

# %% tags=["remove-input"]
side = 0.62 * len(taus)
figure, ax = plt.subplots(figsize=(side + 1.8, side + 1), layout="constrained")
agreement(taus, ax)
plt.close(figure)
glue("accuracy-agreement-ours", figure, display=False)
glue("accuracy-count", len(benchmark.archs), display=False)
if profile == "paper":
    below = np.tril(np.ones(taus.shape, dtype=bool), -1)
    pairs = (
        taus.where(below).stack().dropna().rename_axis(["first", "second"]).rename("tau")
    )
    save_panel(
        figures / "paper",
        "accuracy-agreement",
        figure,
        pairs.reset_index().assign(n=len(benchmark.archs)),
        page,
    )

# %% [markdown]
# ```{glue:figure} accuracy-agreement-ours
# ---
# name: fig-accuracy-agreement-ours
# alt: >-
#   Triangle of Kendall's tau between each two columns of the bundled table's accuracies, darker for columns that agree
#   more.
# ---
# Kendall's $\tau$ between columns of {glue:text}`accuracy-count` networks that this project trained.
# ```
#
# In the `paper` profile, the other numbers of this page are computed by

# %%
if profile == "paper":
    write_csv(choices_file, choices.published_choices(data_home(data_dir)))

# %% tags=["remove-input"]
runs = {"published": published.facts} if published.facts else {}
Markdown(provenance_table(runs) if runs else "")

# %% tags=["remove-input"]
page
