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
# # Figure 7: search time against accuracy
#
# What does a search cost, and how good is what it finds? Figure 7 of the paper draws the methods of its Table 2(a) by
# these two numbers. NASWOT stands far to the left, since it trains nothing, and a little below the best, so that
# the choice is one of time against the last point of accuracy.

# %% tags=["parameters"]
profile: str = "demo"  # demo: networks that we trained; paper: published accuracies
dataset: str = "cifar10"  # paper also has cifar100 and imagenet16-120
split: str = "test"  # or validation
seed: int = 0  # of the searches
out_dir: str = "figures"  # in the repository; means are read from its demo and paper

# %% tags=["hide-input"]
import matplotlib.pyplot as plt
import pandas as pd
from myst_nb import glue

from naswotbook import table_pages
from naswotbook.pages import (
    glue_published,
    repository,
    save_panel,
    show_summaries,
    write_csv,
)
from naswotbook.plots import fig7, missing_panel
from naswotbook.provenance import Provenance, read_facts
from naswotbook.samples import PROFILES, all_scores, load_profile
from naswotbook.search_tables import trade_off
from naswotlib.errors import check_choice

page = Provenance(globals())
check_choice("profile", profile, PROFILES)
check_choice("dataset", dataset, table_pages.DATASETS)
check_choice("split", split, ("validation", "test"))
figures = repository() / out_dir

# %% [markdown]
# ## From published accuracies

# %% tags=["remove-input"]
needed = "figures/paper/table2a-seed0.csv,\nmade by the page of Table 2"
published = glue_published(page, {"fig7": ("fig7-seed0", needed)})

# %% [markdown]
# ```{glue:figure} fig7
# :name: fig-7
# :alt: Seconds of search against test accuracy of the network found, one point a method; or a box.
#
# Paper Fig. 7: seconds of search against CIFAR-10 test accuracy in NAS-Bench-201. Filled: run here; hollow: as the
# paper's Table 2(a) prints it. Bars are standard deviations over runs. Right, the top of the same picture.
# ```
#
# **Points do not compare along the axis of time.** The paper's seconds are of one GeForce GTX 1080 Ti. Ours of NASWOT
# were measured on two cores of a processor, and ours of searches that train are simulated: the seconds that the
# benchmark lists, until 12,000 are spent. What does compare is the height of a filled and a hollow point.

# %% tags=["remove-input"]
show_summaries(published)

# %% [markdown]
# ## The numbers
#
# The means are those that the page of {numref}`table-2a-paper` computed. Seconds of NASWOT are N times the mean of
# those in the table of scores; in the `demo` profile, N times what a network of the bundled skeleton took when the
# `paper` profile ran last. A training there costs what the bundled networks took on average.

# %%
name = {"paper": "table2a", "demo": "table2"}[profile]
means = figures / profile / f"{name}-seed{seed}.csv"
printed = pd.read_csv(repository() / "book/paper/tables.csv", dtype={"table": str})
printed = printed[printed.table == "2a"]
points = pd.DataFrame()
if means.exists():
    table = pd.read_csv(means)
    if profile == "paper":
        facts = read_facts(means.with_suffix(".json"))
        file, budget = facts["scores"].split(", ")[0], float(facts["budget_seconds"])
        per_score = pd.read_parquet(figures / "paper" / "scores" / file).seconds.mean()
    else:
        trained = load_profile("nasbench201", profile="demo")
        [(_, epochs)] = trained.available_seconds
        each = trained.train_seconds(trained.archs, dataset="cifar10", epochs=epochs).mean()
        budget = each * table.trained.max()
        per_score = (
            float(published["fig7"].facts["bundled_score_seconds"])
            if published
            else float("nan")
        )
    chosen = {"dataset": dataset, "split": split, "per_score": per_score, "budget": budget}
    points = trade_off(table, printed, **chosen)
points

# %% tags=["hide-input"]
if points.empty:
    figure, ax = plt.subplots(figsize=(4.2, 2), layout="constrained")
    missing_panel(ax, f"{means.name},\nmade by the page of Table 2")
else:
    figure = fig7(points, accuracy=f"{table_pages.DATASETS[dataset]} {split} accuracy (%)")
plt.close(figure)
if profile == "paper" and len(points):
    few = {"seed": seed, "batch_size": 128, "counting": "once"}
    scored = all_scores("nasbench201", "cifar10", 20, profile="demo", **few)
    page.parameters["bundled_score_seconds"] = f"{scored.seconds.median():.3g}"
    save_panel(figures / "paper", f"fig7-seed{seed}", figure, points, page)
elif len(points):
    write_csv(figures / "demo" / f"fig7-seed{seed}.csv", points)

# %% [markdown]
# ## From networks that this project trained

# %% tags=["remove-input"]
glue("fig7-ours", figure, display=False)

# %% [markdown]
# ```{glue:figure} fig7-ours
# :name: fig-7-ours
# :alt: Seconds of search against accuracy of what it found, one point a method, on the bundled benchmark; or a box.
#
# Ours: the searches of {numref}`table-2-demo`.
# ```

# %% tags=["remove-input"]
page
