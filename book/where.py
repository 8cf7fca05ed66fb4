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
# # Where everything is
#
# From the paper to the page that shows it, to the code that computes it; and what each notebook needs to run.

# %% tags=["parameters"]
published: str = "figures/paper"  # in the repository: provenance, kept scores

# %% tags=["remove-input"]
import json

from IPython.display import Markdown

from naswotbook.experiments.score_tables import list_tables
from naswotbook.map import notebook_table, paper_table
from naswotbook.pages import repository
from naswotbook.provenance import Provenance, provenance_table

page = Provenance(globals())
book, panels = repository() / "book", repository() / published
Markdown(paper_table(book))

# %% [markdown]
# A name of the public interface leads to {doc}`api`, any other to the file that it is written in. Every figure has a
# function of its name in `naswotbook.plots`, which draws a table and knows of no file. The numbers that are drawn come
# from the other functions of its row.
#
# ## What each notebook needs
#
# In the `demo` profile a notebook reads what comes with the package: tables of the bundled benchmark, which
# `load_benchmark` takes by the names below, and photographs. In the `paper` profile it reads published tables and
# images, from a folder; `naswot data list` says where each is to be had. A page that has no panel of its own from
# published data shows what it computes in both.

# %% tags=["remove-input"]
Markdown(notebook_table(book, panels))

# %% tags=["remove-input"]
costs = json.loads((book / "costs.json").read_text())
tables = list_tables(panels / "scores")
Markdown(
    f"Minutes and memory of `demo` were measured with `python tests/speed/page_costs.py` on {costs['date']}, a page "
    f"after the other, each in one process ({costs['hardware']}). The machine did other work at the same time, "
    "so that the clock says more than it would on a quiet one; the processor time says less of that. Megabytes are "
    "the largest resident memory of one process. Load, too, is in [the table](costs.csv).\n\n"
    "Minutes of `paper` are what the provenance of the published panels says, drawn from kept scores. Memory was "
    f"not measured there. To compute the kept scores took {tables.hours.sum():.1f} hours of one thread in all; "
    "{doc}`scores` says how much each table, and nobody has to do it again."
)

# %% tags=["remove-input"]
Markdown(provenance_table({"of the measurement": costs}))

# %% tags=["remove-input"]
page
