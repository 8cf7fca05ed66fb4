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
# # What else predicts accuracy?
#
# Larger networks tend to be more accurate, and larger networks have more ReLUs. The score grows with their number too:
# with codes that were coin flips, it would be the function of $N_A$ in {eq}`eq-coin`, and rank networks by size and
# nothing else. So before a correlation of the score with accuracy says anything about codes, it has to be laid beside
# that of the plain count. The paper does not do this. This page does, on NAS-Bench-201, in three ways:
#
# 1. the rank correlation of size itself with accuracy, size being the number of ReLU units, of parameters, or of
#    multiply-adds (FLOPs);
# 2. the **partial** correlation of the score with accuracy, which takes out what both owe to size, and that of size,
#    which takes out what it shares with the score;
# 3. the correlation **within** groups of networks of exactly the same size, where size cannot help.
#
# The second is a rough instrument: of ranks, it does not quite vanish for two things that share nothing but size. The
# third leaves no such remainder, but needs many networks of one size.

# %% tags=["parameters"]
profile: str = "demo"  # demo: networks that we trained; paper: published accuracies
dataset: str = "cifar10"  # paper also has cifar100 and imagenet16-120
n_archs: int = 1000  # random architectures; fewer where the benchmark has fewer
batch_size: int = 128  # images in the mini-batch
counting: str = "once"  # of units: once each, or as the authors' code
n_boot: int = 1000  # resamples of networks behind each interval
seed: int = 0  # of architectures, weights, mini-batch and bootstrap
device: str = "cpu"  # that scores are computed on, such as cuda
workers: int = 1  # processes that score
data_dir: str = ""  # of published tables and images; empty: NASWOTLIB_DATA
out_dir: str = "figures"  # in the repository; results go to its demo and paper

# %% tags=["hide-input"]
import matplotlib.pyplot as plt
from IPython.display import Markdown, display
from myst_nb import glue

from naswotbook.experiments.predictors import (
    PREDICTORS,
    draw_explanation,
    explain_accuracy,
    explanation_table,
)
from naswotbook.measures import measure_sample
from naswotbook.pages import load_published, repository, save_panel, write_csv
from naswotbook.provenance import Provenance, provenance_table
from naswotbook.samples import draw_sample
from naswotlib.benchmarks.load import bundled_recipe

page = Provenance(globals())
figures = repository() / out_dir
DATASETS = {
    "cifar10": "CIFAR-10",
    "cifar100": "CIFAR-100",
    "imagenet16-120": "ImageNet16-120",
}

# %% [markdown]
# ## From published accuracies
#
# The published run has seed 0 and all cells of the space, where {numref}`fig-3a` to {numref}`fig-3c` show 1,000, on the
# same mini-batches. Each unit is counted once.

# %% tags=["remove-input"]
published, runs, links = {}, {}, []
for name, title in DATASETS.items():
    found = load_published(
        figures / "paper",
        f"predictors-{name}-seed0",
        "nasbench201.parquet,\nimported from NAS-Bench-201-v1_1-096897.pth",
    )
    glue(f"predictors-{name}", found.picture, display=False)
    if len(found.summary):
        published[title], runs[title] = found.summary, found.facts
        links.append(f"{title}: {found.link}")

# %% [markdown]
# ```{glue:figure} predictors-cifar10
# ---
# name: fig-predictors
# alt: >-
#   Left, score of each network against its number of ReLU units, in seven columns, coloured by accuracy. Right,
#   Kendall's tau of the score with accuracy within each of the columns, with its interval; or a box that names the
#   missing file.
# ---
# NAS-Bench-201, CIFAR-10. Left: score against number of units. Cells differ in how many of their six edges are
# convolutions, so the number of units has seven values. Right: $\tau$ of the score with accuracy among the networks of
# each, with a 95% bootstrap interval over networks.
# ```

# %% tags=["remove-input"]
if published:
    display(Markdown(explanation_table(published)), Markdown(", ".join(links)))
    display(Markdown(provenance_table(runs)))

# %% [markdown]
# In words:


# %% tags=["remove-input"]
def in_words(published):
    """What the tables say, numbers first, a data set after the other."""
    by = {
        title: found.assign(given=found.given.fillna("")).set_index(
            ["kind", "measure", "given"]
        )
        for title, found in published.items()
    }

    def tau(*key):
        return ", ".join(f"{found.loc[key, 'tau'].item():.3f}" for found in by.values())

    apart = [
        found.loc[("overall", "naswot", "")].low.item()
        > found.loc[("overall", "num_units", "")].high.item()
        for found in by.values()
    ]
    steps = [
        f"{title}: " + ", ".join(f"{value:.2f}" for value in found.loc["group"].tau)
        for title, found in by.items()
    ]
    nothing = [
        f"{title} {row.tau:.2f} [{row.low:.2f}, {row.high:.2f}]"
        for title, found in by.items()
        for row in found.loc["group"].tail(2).itertuples()
        if row.low <= 0
    ]
    return f"""
- **Counting ReLUs is nearly as good as the score.** The score has a $\\tau$ of {tau("overall", "naswot", "")}; the
  number of units alone has {tau("overall", "num_units", "")}. The intervals are apart on {sum(apart)} of {len(apart)}
  data sets. Parameters have {tau("overall", "parameters", "")}, and so have FLOPs, since both order the cells of this
  space by 3×3 convolutions, and then by 1×1.
- **The score does know something else.** With the number of units held fixed its partial correlation is
  {tau("partial", "naswot", "num_units")}; that of the number of units, with the score held fixed, is
  {tau("partial", "num_units", "naswot")}.
- **It tells poor networks from fair ones better than fair ones from good ones.** Among cells of none, one, two and up
  to six convolutions, its $\\tau$ is: {"; ".join(steps)}. Of the two groups of most units, it is not clearly above
  zero on: {"; ".join(nothing) or "none"}.
"""


if published:
    display(Markdown(in_words(published)))

# %% [markdown]
# A search picks from the upper end, where units are most. {numref}`fig-scores-accuracy` has the most accurate networks
# in the place of the largest.

# %% [markdown]
# ## Networks, their accuracies, their scores and their sizes

# %%
sample = draw_sample(
    "nasbench201", dataset, n_archs, profile=profile, seed=seed, data_dir=data_dir
)
points = measure_sample(
    sample,
    PREDICTORS,
    seed=seed,
    batch_size=batch_size,
    counting=counting,
    device=device,
    workers=workers,
    data_dir=data_dir,
    kept=figures / "paper" / "scores" if profile == "paper" else None,
)
page.came_to(n_archs=len(points))
explained = explain_accuracy(points, seed=seed, n_boot=n_boot)

# %% tags=["hide-input"]
accuracy = f"{DATASETS[dataset]} {sample.split} accuracy (%)"
picture = draw_explanation(points, explained, accuracy=accuracy)
if profile == "paper":  # a summary: the accuracies belong to those who measured them
    compared = {"space": sample.space, "dataset": dataset, "split": sample.split}
    compared |= {"epochs": sample.epochs, "batch_size": batch_size}
    summary = explained.assign(**compared, counting=counting, seed=seed)
    save_panel(
        figures / "paper", f"predictors-{dataset}-seed{seed}", picture, summary, page
    )
else:
    write_csv(figures / "demo" / f"predictors-seed{seed}.csv", points)
glue("predictors-ours", picture, display=False)
plt.close(picture)

# %% [markdown]
# ## From networks that this project trained
#
# The same for our own: fewer, smaller, and hardly trained, so that intervals are wide.

# %% [markdown]
# ```{glue:figure} predictors-ours
# ---
# name: fig-predictors-ours
# alt: >-
#   The same two plots for the networks of the bundled benchmark and the accuracies that they reached when this project
#   trained them.
# ---
# Ours: NAS-Bench-201 networks of the bundled benchmark. Left: score against number of units, right: $\tau$ of the score
# with accuracy among networks with the same number, where there are at least ten.
# ```

# %% tags=["remove-input"]
display(Markdown(explanation_table({f"ours, n = {len(points)}": explained})))
if profile == "demo":
    link = f"../figures/demo/predictors-seed{seed}.csv"
    display(
        Markdown(f"[score, sizes and accuracy of each network (CSV)]({link})"),
        Markdown(f"Trained for {bundled_recipe('nasbench201')}."),
    )

# %% tags=["remove-input"]
page
