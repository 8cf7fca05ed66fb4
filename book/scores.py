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
# # Score tables to download
#
# Whoever compares a search method with NASWOT needs the scores of many networks, and computing them takes hours. Here
# they are, one file a data set, counting and seed, with what they were computed from. All numbers on this page are
# computed from the files when it is built.

# %% tags=["parameters"]
profile: str = "demo"  # paper: compute a part again
part: str = "again"  # that paper computes: scores again, or accuracy, how far published accuracies agree
n_again: int = 10  # networks of each table to compute again
n_boot: int = 200  # resamples of networks behind each interval
seed: int = 0  # of the bootstrap, and of what is computed again
scores: str = "figures/paper/scores"  # in the repository: the tables
data_dir: str = ""  # of published images; empty: NASWOTLIB_DATA
out_dir: str = "figures"  # in the repository; what is computed again goes there

# %% tags=["hide-input"]
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from IPython.display import Markdown, display
from myst_nb import glue

from naswotbook.experiments.score_tables import (
    COUNTINGS,
    accuracy_agreements,
    agreements,
    compare_again,
    list_tables,
)
from naswotbook.pages import (
    glue_published,
    markdown_table,
    repository,
    save_panel,
    show_summaries,
)
from naswotbook.plots import all_and_best, distributions, relative_differences
from naswotbook.provenance import Provenance
from naswotbook.runs import read_runs
from naswotlib.errors import check_choice

page = Provenance(globals())
check_choice("profile", profile, ("demo", "paper"))
check_choice("part", part, ("again", "accuracy"))
folder = repository() / scores
tables = list_tables(folder)
LINK = "[{0}](../figures/paper/scores/{0})"

# %% [markdown]
# ## The files
#
# `once` and `reference` are the two countings of ReLU units ({doc}`glossary`); the others are not the score, but what
# it is compared with in {doc}`fig4`. A network whose kernel is singular has the score −∞. Hours are of one thread.

# %% tags=["remove-input"]
rows = [
    [
        LINK.format(row.file),
        f"{row.networks:,}",
        row.singular,
        f"{row.hours:.2f}",
        f"{row.bytes / 1e3:,.0f}",
        f"`{row.sha256[:12]}`",
    ]
    for row in tables.itertuples()
]
columns = ["file", "networks", "singular", "hours", "kB", "sha256 begins"]
display(Markdown(markdown_table(columns, rows)))
failed = int(tables.failed.sum())
Markdown(f"{tables.networks.sum():,} rows in {len(tables)} files; {failed} of them failed.")

# %% [markdown]
# The name says it all: space, data set, counting, seed, and behind them what is not the default, the size of the
# mini-batch (128 images) or a keyword of `space.build`. So does the library look for them: put a table where
# `figures/paper/scores` is, and pages use it.
#
# ## Load one

# %%
once = pd.read_parquet(folder / "nasbench201-cifar10-once-seed0.parquet")
once.head(3)

# %% [markdown]
# A table takes the place of a mini-batch in every search that scores. This is NASWOT without computing anything, on a
# space that is scored whole:

# %%
from naswotlib import naswot

naswot(
    "nasbench201", n_samples=100, rng=np.random.default_rng(seed), scores=once
).history.score.max()

# %% [markdown]
# `arch` (text)
# : The architecture, as its benchmark writes it; `get_space(name).from_str` reads it.
#
# `score` (float)
# : $\log \lvert \mathbf{K}_H \rvert$, natural logarithm, no unit; −∞ where the kernel is singular. Or the other
#   measure that the file's name says.
#
# `num_units` (integer)
# : $N_A$, ReLU units of one image, counted as the file's name says; empty for other measures.
#
# `seconds` (float)
# : Of building and scoring the network, in one thread, while the machine did other work.
#
# `error` (text)
# : Empty; a network that failed would say why.

# %% [markdown]
# ## Data card
#
# Networks
# : `get_space(name)` with its default skeleton, or with what the file's name says. For NAS-Bench-201 the default is a
#   stem of 16 channels and 5 cells a stage, as the benchmark trains them; for NAS-Bench-101 a stem of 16 channels, as
#   the authors' script scores them, where the benchmark trains 128 ({ref}`what that changes <why-fig3d>`).
#
# Which of them
# : Uniform, without replacement, and the same networks whatever the seed of the scores: those of `sample_distinct` of
#   `naswotlib.spaces.base` from a generator of seed 0, in its order; of NAS-Bench-101 rows of the published table, as
#   `draw_sample` of `naswotbook.samples` takes them.
#
# Weights
# : `space.build(arch, seed=arch_seed(seed, text))`: a row depends on the seed and on its own text, and on no other
#   row. Tables of one seed share weights.
#
# Mini-batch
# : `load_images(dataset, 128, seed=seed)`: training images with crop and flip, of 960 from each data set. Those of
#   `imagenet16-120` are 16×16 images of all 1,000 classes, since of its 120 there are too few.
#
# Engine
# : `exact=False`: sums may come in another order, see below. grad_norm and synflow have one engine.
#
# Licence
# : MIT, as the package. There is no accuracy in these files, and no image.
#
# Good for
# : Ranking networks of one space; repeating a search without computing; comparing a score of yours with this one,
#   network by network.
#
# Not good for
# : Comparing networks of two spaces, or scores of two countings: most of a score is the number of units
#   ({eq}`eq-coin`). Nor for the spread over initialisations: one table is one draw of weights and images.
#
# What was noted when rows were computed. Of the first tables, versions and hardware were not; their date is the day on
# which they were committed. The rows of a whole space came in several runs.

# %% tags=["remove-input"]
runs = read_runs(folder)
rows = []
for row in tables.itertuples():
    known = runs.get(row.file, [])
    rest = row.networks - sum(run["rows"] for run in known)
    for run in [*known, *([{"rows": rest}] if rest else [])]:
        used = [run[name] for name in ("versions", "hardware") if name in run]
        cells = [run.get("date", "not noted"), "; ".join(used) or "not noted"]
        rows.append(
            [
                row.file.removesuffix(".parquet"),
                f"{run['rows']:,}",
                *cells,
                run.get("committed", ""),
            ]
        )
Markdown(markdown_table(["table", "rows", "date", "computed with", "committed in"], rows))

# %% [markdown]
# The same with all settings: [manifest.json](../figures/paper/scores/manifest.json).
#
# ## How scores are distributed

# %% tags=["remove-input"]
figure, axes = plt.subplots(1, 2, figsize=(9.5, 3.6), layout="constrained")
for ax, chosen, by in (
    (
        axes[0],
        tables[(tables.space == "nasbench201") & (tables.measure == "once")],
        "dataset",
    ),
    (
        axes[1],
        tables[tables.measure.isin(COUNTINGS) & (tables.dataset == "cifar10")],
        "both",
    ),
):
    first = chosen[chosen.seed == 0]
    drawn = {
        row.dataset if by == "dataset" else f"{row.space}, {row.measure}": pd.read_parquet(
            folder / row.file
        ).score
        for row in first.itertuples()
    }
    title = "NAS-Bench-201, each unit once" if by == "dataset" else "CIFAR-10"
    distributions(drawn, ax, title=title)
glue("score-distributions", figure, display=False)
plt.close(figure)

# %% [markdown]
# ```{glue:figure} score-distributions
# :name: fig-score-distributions
# :alt: Two panels of histograms of scores; left by data set, right by space and counting, all on CIFAR-10.
#
# Scores of seed 0. Images of 16 pixels a side have a quarter of the units, and lower scores; counting some units twice
# moves the whole distribution.
# ```
#
# ## How far the tables agree
#
# Kendall's $\tau$ over the networks that two tables share, with its 95% interval from resampling networks. Two seeds
# differ in weights and in mini-batch; two data sets of one seed in the mini-batch alone.

# %% tags=["remove-input"]
agree = agreements(folder, n_boot=n_boot, rng=np.random.default_rng(seed))
HEADINGS = {
    "seeds": "Seeds",
    "countings": "Countings",
    "data sets": "Data sets of the mini-batch",
    "skeletons": "Skeletons",
    "measures": "The score and other measures",
}
for kind, heading in HEADINGS.items():
    of_kind = agree[agree.kind == kind]
    rows = [
        [
            ", ".join(
                str(x)
                for x in (row.space, row.dataset, row.measure, row.seed, row.skeleton)
                if x != ""
            ),
            f"{row.one or 'default'} and {row.other or 'default'}",
            f"{row.tau:.3f}",
            f"{row.low:.3f} to {row.high:.3f}",
            f"{row.n:,}",
            row.ranked_last,
        ]
        for row in of_kind.itertuples()
    ]
    columns = ["alike", "different", "τ", "95% interval", "networks", "singular"]
    text = markdown_table(columns, rows) if rows else "There are no two such tables yet."
    display(Markdown(f"**{heading}**\n\n{text}"))

# %% [markdown]
# ## What the scores are worth
#
# Kendall's $\tau$ of each table with published accuracy after the longest training, on the validation split, or on the
# test split where the table at hand has no other. Figures 3 and 4 show samples of 1,000; here stand all networks of a
# table, and beside them the tenth with the highest accuracy, which is where a search has to choose in the end.

# %% tags=["remove-input"]
if profile == "paper" and part == "accuracy":
    rng = np.random.default_rng(seed)
    taus = accuracy_agreements(folder, tables, n_boot=n_boot, rng=rng, data_dir=data_dir)
    figure, ax = plt.subplots(figsize=(7, 0.5 + 0.35 * len(taus)), layout="constrained")
    all_and_best(taus, ax)
    panel = f"scores-accuracy-seed{seed}"
    save_panel(repository() / out_dir / "paper", panel, figure, taus, page)
    plt.close(figure)
worth = glue_published(
    page, {"scores-accuracy": ("scores-accuracy-seed0", "published accuracies")}
)

# %% [markdown]
# ```{glue:figure} scores-accuracy
# :name: fig-scores-accuracy
# :alt: Kendall's tau of each score table with published accuracy, over all networks and over the best tenth.
#
# $\tau$ with published accuracy of each table, over all its networks and over the tenth with the highest accuracy;
# lines are 95% intervals.
# ```

# %% tags=["remove-input"]
for found in worth.values():
    rows = found.summary
    below = rows[rows.high_best < 0].file.str.removesuffix(".parquet")
    names = ", ".join(f"`{name}`" for name in below)
    text = f"""In {(rows.tau > rows.tau_best).sum()} of {len(rows)} tables the best tenth is ordered less well than all
    networks. Tables in which its order is reversed, the whole interval below zero: {names or "none"}."""
    display(Markdown(" ".join(text.split())))
show_summaries(worth)

# %% [markdown]
# ## Exact against fast
#
# The tables come from the fast engine. Here networks of each, drawn at random, are computed again by the exact one, on
# the same images and from the same seeds. The design allows a score to move by one part in a million.

# %% tags=["remove-input"]
if profile == "paper" and part == "again":
    again = compare_again(folder, tables, n_again, seed=seed, data_dir=data_dir)
    figure, ax = plt.subplots(figsize=(7, 0.5 + 0.3 * len(again)), layout="constrained")
    relative_differences(again, ax)
    save_panel(
        repository() / out_dir / "paper", f"scores-again-seed{seed}", figure, again, page
    )
    plt.close(figure)
published = glue_published(
    page, {"scores-again": ("scores-again-seed0", "the images of the tables")}
)

# %% [markdown]
# ```{glue:figure} scores-again
# :name: fig-scores-again
# :alt: Median and largest relative difference of each score table from scores computed again, on a logarithmic axis.
#
# Kept scores against scores computed again exactly: median and largest relative difference of each table. Where there
# is none at all, the mark is at the left edge.
# ```

# %% tags=["remove-input"]
for found in published.values():
    rows, worst = found.summary, found.summary.largest.max()
    differ = int(rows["differ"].sum())
    display(
        Markdown(
            f"Of {rows.n.sum()} networks computed again, {rows.singular.sum()} are singular in both, {differ} in one "
            f"alone; of the others, the largest relative difference is {worst:.1e}."
        )
    )
    found.summary["median"] = found.summary["median"].map("{:.1e}".format)
    found.summary["largest"] = found.summary["largest"].map("{:.1e}".format)
show_summaries(published)

# %% [markdown]
# ## Tables of single pages
#
# These hold scores that one page draws from, with its own columns. They are here for completeness.

# %% tags=["remove-input"]
PAGES = {"fig5": "fig5", "cheap": "cheap", "nasbench201-cifar10-eval": "equation1"}
rows = []
for path in sorted(folder.glob("*.parquet")):
    if path.name not in set(tables.file):
        [of] = [name for start, name in PAGES.items() if path.name.startswith(start)] or [
            ""
        ]
        held = pd.read_parquet(path)
        names = ", ".join(f"`{name}`" for name in held.columns)
        rows.append(
            [
                LINK.format(path.name),
                f"{{doc}}`{of}`" if of else "",
                f"{len(held):,}",
                names,
            ]
        )
Markdown(markdown_table(["file", "page", "rows", "columns"], rows))

# %% tags=["remove-input"]
page
