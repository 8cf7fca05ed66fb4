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
# # Search for a device
#
# A network for a telephone has to be fast there, and what is fast differs between telephones. So a search is made again
# for every device, which is where a score without training pays most: the paper names this use in its introduction, and
# stops there. Here it is done. Instead of the network with the highest score we ask for the **Pareto front**: the
# networks of which none costs no more and scores higher.

# %% tags=["parameters"]
profile: str = "demo"  # demo: networks that we trained; paper: published accuracies
n_archs: int = 1000  # random architectures; fewer where the benchmark has fewer
batch_size: int = 128  # images in the mini-batch
counting: str = "once"  # of units: once each, or as the authors' code (reference)
seed: int = 0  # of architectures, weights and mini-batch
workers: int = 1  # processes that score
data_dir: str = ""  # of published tables and images; empty: NASWOTLIB_DATA
out_dir: str = "figures"  # in the repository; results go to its demo and paper

# %% tags=["hide-input"]
from types import SimpleNamespace

import matplotlib.pyplot as plt
import pandas as pd
from IPython.display import Markdown
from myst_nb import glue

from naswotbook.pages import load_published, markdown_table, repository, save_panel
from naswotbook.plots import pareto
from naswotbook.provenance import Provenance, provenance_table
from naswotbook.samples import draw_sample, score_sample
from naswotlib.errors import check_choice
from naswotlib.search.pareto import costs, front_summary, pareto_front

page = Provenance(globals())
check_choice("profile", profile, ("demo", "paper"))
figures = repository() / out_dir

# %% [markdown]
# ## From published accuracies
#
# {numref}`fig-hardware` has 1,000 random networks of NAS-Bench-201, their scores on a mini-batch of CIFAR-10, and their
# cost in multiply-adds. No accuracy was looked at to find the front. Afterwards we look at how good its networks are:
# each is compared, by validation accuracy after 200 epochs, with all of the 1,000 that cost no more than it does.

# %% tags=["remove-input"]
published = load_published(
    figures / "paper", f"hardware-flops-seed{seed}", "nasbench201.parquet"
)
glue("hardware", published.picture, display=False)

# %% [markdown]
# ```{glue:figure} hardware
# ---
# name: fig-hardware
# alt: >-
#   Score of each untrained network, upwards, against its multiply-adds, and a line of steps along the upper left edge,
#   the Pareto front; or, where the results are not here, a box that names the missing file.
# ---
# Scores against cost, and the networks that nothing beats. NAS-Bench-201, images of CIFAR-10.
# ```


# %% tags=["remove-input"]
def sentences(row):
    return (
        f"Of {row.n} networks, {row.on_front} are on the front. The median one of them is as good as or better than "
        f"{row.median_share:.0%} of those that cost no more, the worst of them than {row.least_share:.0%}. A network "
        f"drawn at random would stand in the middle, at 50%; the network that costs most is better than "
        f"{row.largest_share:.0%}.\n\nA network of the front has {row.front_1x1:.1f} 1×1 and {row.front_3x3:.1f} 3×3 "
        f"convolutions on the six edges of its cell; one of all candidates has {row.all_1x1:.1f} and {row.all_3x3:.1f}."
    )


text = ""
if published.facts:
    [row] = published.summary.itertuples()
    text = f"{sentences(row)} {published.link}\n\n{provenance_table({'front': published.facts})}"
Markdown(text)

# %% [markdown]
# The numbers of convolutions show how the score can be fooled. A 1×1 has as many units in front of it as a 3×3, and
# so adds as much to the score, for a ninth of the multiply-adds. A front of score against cost is full of them, whether
# or not they are worth it. Networks that cost more also have more units, so that much of the front is a trade of size
# against size. What the front adds is the choice *at* a cost.
#
# ## How it is done
#
# Scores come first, one for each candidate:

# %%
sample = draw_sample(
    "nasbench201", "cifar10", n_archs, profile=profile, seed=seed, data_dir=data_dir
)
options = {"counting": counting, "workers": workers, "data_dir": data_dir}
kept = figures / "paper" / "scores" if profile == "paper" else None
scores = score_sample(sample, seed=seed, batch_size=batch_size, kept=kept, **options)

# %% [markdown]
# Then what each costs. `"parameters"` and `"flops"` (multiply-adds, as the benchmarks count them) are arithmetic on the
# architecture; `"latency"` builds the network and measures it, on the processor or on `device="cuda"`. The front is
# that of any table with both columns.

# %%
skeleton = sample.skeleton
side = sample.side or 32
priced = scores.merge(
    costs("nasbench201", scores.arch, "flops", side=side, skeleton=skeleton)
)
front = pareto_front(priced, "flops")
len(front)

# %% tags=["hide-input"]
figure, ax = plt.subplots(figsize=(6, 4.5), layout="constrained")
pareto(priced, front, ax, cost="flops")
plt.close(figure)
facts = front_summary(priced, front, "flops")
for kind in ("1x1", "3x3"):
    for name, table in [("front", front), ("all", priced)]:
        facts[f"{name}_{kind}"] = table.arch.str.count(f"nor_conv_{kind}").mean()
if profile == "paper":
    summary = pd.DataFrame([facts])
    save_panel(figures / "paper", f"hardware-flops-seed{seed}", figure, summary, page)

# %% [markdown]
# ## With networks that this project trained
#
# The same with the networks of the bundled benchmark, smaller ones, scored here.

# %% tags=["remove-input"]
glue("hardware-ours", figure, display=False)
glue("hardware-count", len(priced), display=False)

# %% [markdown]
# ```{glue:figure} hardware-ours
# ---
# name: fig-hardware-ours
# alt: >-
#   Score of each untrained network of the bundled benchmark, upwards, against its multiply-adds, and a line of steps
#   along the upper left edge, the Pareto front.
# ---
# Ours: {glue:text}`hardware-count` networks of the bundled benchmark, and those that nothing beats.
# ```

# %% tags=["remove-input"]
Markdown(sentences(SimpleNamespace(**facts)))

# %% [markdown]
# The front as a table, from the cheapest on. Milliseconds were measured on the machine that built this page, with one
# thread and one image, and are the only numbers here that differ from run to run.

# %% tags=["remove-input"]
measured = costs("nasbench201", front.arch, "latency", side=side, skeleton=skeleton).latency
rows = [
    [f"{r.score:.1f}", f"{r.flops / 1e6:.2f}", f"{r.num_units:,}", f"{ms:.2f}"]
    + [f"`{r.arch.replace('|', chr(92) + '|')}`"]
    for r, ms in zip(front.itertuples(), measured, strict=True)
]
columns = ["score", "multiply-adds (million)", "N_A", "ms", "architecture"]
Markdown(markdown_table(columns, rows))

# %% [markdown]
# From the shell, with any of the three costs:
#
# ```{code-block} shell
# naswot search --space nasbench201 --n 1000 --fast --images cifar10 --pareto latency
# ```

# %% tags=["remove-input"]
page
