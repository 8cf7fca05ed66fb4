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
# # Score a whole space
#
# A score takes a fraction of a second, and a space has thousands of networks or more. `score_archs` scores many, in one
# process, in several, or on a cluster, and keeps what it has done: it can be stopped at any moment and goes on from
# there. A score depends on the architecture, the mini-batch and the seed alone, so the table is the same to the last
# bit however it was made.

# %% tags=["parameters"]
n_archs: int = 12  # cells of NAS-Bench-201 that are scored here
batch_size: int = 32  # images in the mini-batch
seed: int = 0  # of weights and mini-batch

# %% tags=["hide-input"]
import os
import tempfile
from pathlib import Path

from naswotbook.provenance import Provenance
from naswotlib import get_space, load_images, score_archs
from naswotlib.scoring.store import read_scores

page = Provenance(globals())
os.chdir(tempfile.mkdtemp(prefix="naswotlib-"))  # the folders below land in one of its own

# %%
space = get_space("nasbench201")
images = load_images("photos", batch_size, seed=seed)
settings = {"seed": seed, "exact": False, "progress": False}

# %% [markdown]
# ## A folder that survives
#
# With `out`, rows go to a folder of parquet files. Each is written whole and then renamed, so that a process that is
# killed leaves no half of one. Here the first call does half of the work:

# %%
half = score_archs(space, space[: n_archs // 2], images, out="scores", **settings)
sorted(path.name for path in Path("scores").iterdir())

# %% [markdown]
# The same call for all of them scores only what is missing. Seconds are measured when a network is scored, so equal
# seconds show that a row is the old one:

# %%
table = score_archs(space, space[:n_archs], images, out="scores", **settings)
len(half), len(table), table.seconds[: len(half)].equals(half.seconds)

# %% [markdown]
# `read_scores("scores")`, or `pandas.read_parquet`, reads the table at any time, also while it grows. An architecture
# that fails is a row with its error; the run goes on, and says at the end how many failed. A second process with the
# same folder waits for the first one and then does what is still missing.
#
# A folder holds scores of one kind. Another mini-batch, seed, skeleton, counting, engine or version of PyTorch is
# refused, with the difference:

# %%
try:
    score_archs(space, space[:n_archs], images[:-1], out="scores", **settings)
except ValueError as error:
    print(error)

# %% [markdown]
# ## All cores of a machine
#
# ```{code-block} python
# table = score_archs(space, space, images, workers=8, out="scores", **settings)
# ```
#
# `workers` starts that many processes of one thread each. Two threads in one process are slower than one thread in each
# of two processes, and might round differently.
#
# ## Many machines
#
# `client` is that of a [Dask](https://distributed.dask.org) cluster (`pip install 'naswotlib[distributed]'`), which may
# be anywhere. Here it is one inside this very process:

# %%
from distributed import Client, LocalCluster

cluster = LocalCluster(n_workers=1, processes=False, dashboard_address=None)
client = Client(cluster)
distributed = score_archs(space, space[:n_archs], images, client=client, **settings)
client.close()
cluster.close()
columns = ["arch", "score", "num_units", "error"]
distributed[columns].equals(table[columns])

# %% [markdown]
# The process that calls `score_archs` hands out the work and writes the folder; workers need neither the folder nor the
# images. A worker that dies takes with it no more than the architectures that it was scoring, and those go to another.
#
# ### SLURM
#
# [dask-jobqueue](https://jobqueue.dask.org) starts workers as jobs of a batch system. It is not needed by this library,
# and was not run for this book: the lines below are written for its version 0.8, and names of partition and account are
# yours to fill in.
#
# ```{code-block} python
# from dask_jobqueue import SLURMCluster
# from distributed import Client
# from naswotlib import get_space, load_images, score_archs
#
# cluster = SLURMCluster(
#     queue="cpu",                 # partition
#     account="my-project",
#     cores=16,                    # of one job ...
#     processes=16,                # ... which runs 16 workers of one thread each
#     memory="32GB",               # of one job
#     walltime="04:00:00",
#     local_directory="$TMPDIR",
#     log_directory="logs",
#     job_script_prologue=["source ~/naswotlib/.venv/bin/activate"],
# )
# cluster.scale(jobs=20)           # or cluster.adapt(maximum_jobs=20)
#
# space = get_space("nasbench201")
# images = load_images("cifar10", 128, seed=0)
# with Client(cluster) as client:
#     table = score_archs(space, space, images, seed=0, exact=False, client=client, out="scores-nasbench201")
# ```
#
# `print(cluster.job_script())` shows what it submits. When the wall time of a job is over its workers are gone, and
# others take their work; when that of the process itself is over, the same script goes on from the folder.
#
# ### From the shell
#
# A scheduler that is running already is reached by its address:
#
# ```{code-block} shell
# naswot score --space nasbench201 --archs cells.txt --images cifar10 --fast --out scores --workers 8
# naswot score --space nasbench201 --archs cells.txt --images cifar10 --fast --out scores --scheduler tcp://host:8786
# ```
#
# `cells.txt` has one architecture a line; `--count 1000` draws random ones instead.
#
# ## How long it takes
#
# `seconds` of the table, times the number of networks, over the number of workers. For the rows above, with their small
# mini-batch:

# %%
mean = read_scores("scores").seconds.mean()
hours = mean * len(space) / 3600
print(f"{mean:.2f} s a network, {hours:.1f} hours of one core for all {len(space):,}")

# %% tags=["remove-input"]
page
