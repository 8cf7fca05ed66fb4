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
# # Run a search
#
# {numref}`table-2a-paper` compares searches. This page shows how to run one, and what two details of
# regularised evolution change that papers rarely mention.

# %% tags=["parameters"]
profile: str = "demo"  # demo: networks that we trained; paper: published accuracies
n_runs: int = 500  # of each variant; in the demo profile 100 at most
budget_seconds: float = 12_000.0  # of simulated training, in the paper profile
max_trained: int = 40  # networks that a search of the demo profile may train
seed: int = 0  # of searches, weights and mini-batch
workers: int = 1  # processes
data_dir: str = ""  # of published tables and images; empty: NASWOTLIB_DATA
out_dir: str = "figures"  # in the repository; results go to its demo and paper

# %% tags=["hide-input"]

import numpy as np
import pandas as pd
from IPython.display import Markdown

from naswotbook.pages import repository, write_csv
from naswotbook.provenance import Provenance, provenance_table, read_facts
from naswotbook.samples import draw_sample, load_profile, score_sample
from naswotbook.search_tables import differences, summary, training_runs
from naswotbook.table_pages import differences_table, one_table
from naswotlib import get_space, load_images, naswot
from naswotlib.errors import check_choice
from naswotlib.spaces.base import arch_seed

page = Provenance(globals())
check_choice("profile", profile, ("demo", "paper"))
repeats, n_scored = (n_runs, 1000) if profile == "paper" else (min(n_runs, 100), 100)
figures = repository() / out_dir

# %% [markdown]
# ## One search
#
# Every search takes a numpy generator, from which all its random choices come, and returns a `SearchResult`: the chosen
# architecture, what it saw on the way, and what that cost. NASWOT needs a space and a mini-batch:

# %%
images = load_images("photos", 32, seed=seed)
result = naswot(
    "nasbench201", images, n_samples=8, rng=np.random.default_rng(seed), exact=False
)
result

# %%
result.history[["arch", "score", "seconds"]]

# %% [markdown]
# The others train, which here means that they look trainings up in a benchmark. What they may see and what they pay is
# said in the call:
#
# ```{code-block} python
# benchmark = load_benchmark("nasbench201")
# result = rea(
#     "nasbench201", benchmark, dataset="cifar10", epochs=12,  # sees validation accuracy after 12 epochs, pays for it
#     budget_seconds=12_000, rng=np.random.default_rng(0),
# )
# benchmark.accuracy(result.arch, dataset="cifar10", split="test", epochs=200)  # what is reported
# ```
#
# A search that sees test accuracy has to be asked for, with `search_split="test"`. It warns, and its result says so.
# From the shell:
#
# ```{code-block} shell
# naswot search --space nasbench201 --n 100 --images cifar10 --fast
# naswot search --method rea --benchmark nasbench201 --dataset cifar10 --epochs 12 --budget-seconds 12000
# ```
#
# `repeat_search` of `naswotbook.repeat` repeats any of them, with a generator for each run.
#
# ## With replacement or without
#
# Regularised evolution {cite}`real2019` keeps a population, draws a few members of it, changes the best of those, and
# lets the oldest go. Algorithm 2 of the paper draws *without replacement*, and so do `rea` and `area`. Many programs
# draw each member independently, so that one may come twice: `replace=True`. How many are drawn is the second detail: 3
# of 10 by default here. With 10 of 10 and without replacement the parent is always the best of the population.

# %%
VARIANTS = {
    "3 drawn": {"sample_size": 3},
    "3 with replacement": {"sample_size": 3, "replace": True},
    "10 drawn": {"sample_size": 10},
    "10 with replacement": {"sample_size": 10, "replace": True},
}


def run_variants(within, benchmark, scores, columns, budget):
    runs = []
    for method in ("REA", "AREA"):
        extra = {"scores": scores} if method == "AREA" else {}
        for name, variant in VARIANTS.items():
            label = f"{method}, {name}"
            options = {
                "n_runs": repeats,
                "seed": arch_seed(seed, label),
                "workers": workers,
            }
            found = training_runs(
                method, within, benchmark, columns, **options, **budget, **variant, **extra
            )
            runs.append(found.assign(method=label))
    return pd.concat(runs, ignore_index=True)


# %% [markdown]
# On NAS-Bench-201, with 12,000 simulated seconds; each variant has random numbers of its own:

# %% tags=["remove-input"]
files = figures / "paper" / f"table-searches-seed{seed}"
apart = files.with_name(f"{files.name}-differences")
if all(path.exists() for path in (files.with_suffix(".csv"), apart.with_suffix(".csv"))):
    blocks = [
        one_table(
            pd.read_csv(files.with_suffix(".csv")),
            name="table-searches",
            title="Mean ± std of what each variant chose. NAS-Bench-201, published accuracies.",
        ),
        differences_table(
            pd.read_csv(apart.with_suffix(".csv")),
            name="table-searches-differences",
            title="Differences of mean accuracy in points, with 95% bootstrap intervals over runs.",
        ),
        f"[means (CSV)](../figures/paper/{files.name}.csv), "
        f"[differences (CSV)](../figures/paper/{apart.name}.csv)",
        provenance_table({"": read_facts(files.with_suffix(".json"))}),
    ]
    text = "\n\n".join(blocks)
else:
    text = f"`{out_dir}/paper/{files.name}.csv` is not here."
Markdown(text)

# %% [markdown]
# Both details matter less than a standard deviation of one search, and both can be seen over 500 runs. With 3 of 10
# drawn, replacement costs AREA a little in every column; for REA the intervals hold zero. Drawing 10 instead of 3 gains
# more than that. So two programs that both say *REA* may differ by as much as the methods that they compare.
#
# ## The same with networks that this project trained
#
# A search that mutates needs a space of which every network is trained. Such is the part of NAS-Bench-201 whose edges
# are `none`, `skip_connect` or `nor_conv_3x3`, of which we trained one of each kind.

# %%
within = get_space("nasbench201" if profile == "paper" else "nasbench201_complete")
benchmark = load_profile(within.name, profile=profile, data_dir=data_dir)
budget = {"dataset": "cifar10", "epochs": 12, "budget_seconds": budget_seconds}
if profile == "demo":
    [(_, epochs)] = benchmark.available_seconds
    budget = {"dataset": "cifar10", "epochs": epochs, "max_evaluations": max_trained}
final = max(epochs for _, _, epochs in benchmark.available)
columns = [column for column in benchmark.available if column[2] == final]
sample = draw_sample(
    within.name, "cifar10", n_scored, profile=profile, seed=seed, data_dir=data_dir
)
kept = figures / "paper" / "scores" if profile == "paper" else None
scoring = {"counting": "once", "batch_size": 128, "data_dir": data_dir}
scores = score_sample(sample, seed=seed, kept=kept, workers=workers, **scoring)
runs = run_variants(within, benchmark, scores, columns, budget)
table = summary(runs)
pairs = [
    (f"{method}, {size} with replacement", f"{method}, {size} drawn")
    for method in ("REA", "AREA")
    for size in (3, 10)
]
pairs += [(f"{method}, 10 drawn", f"{method}, 3 drawn") for method in ("REA", "AREA")]
gaps = differences(runs, pairs, seed=seed)
if profile == "paper":
    write_csv(files.with_suffix(".csv"), table)
    write_csv(apart.with_suffix(".csv"), gaps)
    page.write(files.with_suffix(".json"))

# %% tags=["remove-input"]
blocks = [
    one_table(table, name="table-searches-ours", title=f"Ours: {repeats} runs of each."),
    differences_table(
        gaps,
        name="table-searches-ours-differences",
        title="Ours: differences of mean accuracy in points, with 95% bootstrap intervals.",
    ),
]
Markdown("\n\n".join(blocks))

# %% tags=["remove-input"]
page
