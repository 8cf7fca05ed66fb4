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
# # What the paper claims, and what came out
#
# *Neural Architecture Search without Training* {cite}`mellor2021` scores networks before they are trained, and searches
# with that score in seconds. This book runs the paper again. Here stands every number that it claims, in the order of
# the paper, with what came out when we computed it, and a verdict. The method, and how to read and to run the book, are
# on the page {doc}`introduction`.
#
# No verdict is written by hand. Each follows from a rule, and from the summaries that the `paper` profile of a page
# has made from published accuracies; the place of a claim links to that page. Results that contradict the paper stand
# here like all others.

# %% tags=["parameters"]
out_dir: str = "figures"  # in the repository; results are read from its paper

# %% tags=["remove-input"]
from IPython.display import Markdown, display

from naswotbook.ledger import counts_table, ledger_tables, make_ledger
from naswotbook.pages import repository, write_csv
from naswotbook.provenance import Provenance

page = Provenance(globals())
book, figures = repository() / "book", repository() / out_dir
ledger = make_ledger(book, figures / "paper")
write_csv(figures / "demo" / "claims.csv", ledger)
Markdown(counts_table(ledger))

# %% [markdown]
# ## The ledger
#
# *Here* is a mean and standard deviation over runs with a 95% interval of the mean, a difference in points of accuracy
# with its 95% bootstrap interval, or Kendall's $\tau$ with one. Where a row of a table has several cells, the
# verdict and the numbers are those of the cell that lies farthest from the paper. The paper gives no number for words
# such as *robust*, *similar* and *close*; the thresholds are our readings, and stand in `book/claims.yml`. *Why?* leads
# to the experiment that shows what makes the difference.

# %% tags=["remove-input"]
pages = {path.stem for path in book.glob("*") if path.suffix in (".py", ".md")}
display(Markdown(ledger_tables(ledger, pages)))
display(Markdown("[The ledger as CSV](../figures/demo/claims.csv)"))

# %% [markdown]
# The rules are the functions of `naswotlib/claims.py`, the claims are in `book/claims.yml`, and the numbers of the
# paper's tables in `book/paper/tables.csv`.

# %% tags=["remove-input"]
page
