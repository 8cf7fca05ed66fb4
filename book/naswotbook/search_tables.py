"""Tables 1 and 2: means of repeated searches beside what the paper prints, and how pages show them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pandas as pd

from naswotbook.counting import COUNTS
from naswotbook.kept import scores_name
from naswotbook.markdown import DATASETS, buttons, csv_table, folded
from naswotbook.page import Page, write_csv
from naswotbook.provenance import provenance_table
from naswotbook.registry import ROOT
from naswotbook.rules_tables import of_mean
from naswotbook.samples import all_scores
from naswotbook.searches import TRAINING

MARKS = {"close": " ≈", "differs": " ≠"}  # what stands beside a mean, by its verdict
GAPS = "Differences of mean accuracy in points, with 95% intervals"


def read_printed(table: str) -> pd.DataFrame:
    """The cells of one of the paper's tables, ``"1"``, ``"2a"`` or ``"2b"``, from ``book/paper/tables.csv``."""
    cells = pd.read_csv(ROOT / "book/paper/tables.csv", dtype={"table": str})
    return cells[cells.table == table]


def search_seconds(method: str, printed: pd.DataFrame, *, per_score: float, budget: str) -> str:
    """The column *Search (s)*: N times ``per_score`` for NASWOT, ``budget`` for what trains, else as ``printed``.

    >>> search_seconds("NASWOT (N=10)", pd.DataFrame({"method": []}), per_score=0.25, budget="12000")
    '2.5'
    """
    sample = re.fullmatch(r"NASWOT \(N=(\d+)(, .*)?\)", method)
    if sample:
        return f"{int(sample[1]) * per_score:.3g}"
    return budget if method.split(maxsplit=1)[0] in TRAINING else printed_seconds(method, printed)


def printed_seconds(method: str, printed: pd.DataFrame) -> str:
    """The same column as the paper prints it; ``"N/A"`` where it prints none."""
    quoted = printed[printed.method == method].search_seconds.dropna().tolist() if len(printed) else []
    return f"{quoted[0]:g}" if quoted else "N/A"


def as_printed(table: pd.DataFrame, cells: Iterable[str]) -> pd.DataFrame:
    """A long table laid out as the paper does, with ``cells`` as its text, in the order of its first rows.

    Index: ``method``. Columns: data set and split, as headings. ``"–"`` where there is no row.
    """
    short = table.split.map({"validation": "val.", "test": "test"})
    long = pd.DataFrame({"Method": table.method, "column": table.dataset.map(DATASETS) + " " + short, "cell": cells})
    wide = long.set_index(["Method", "column"]).cell.unstack("column", fill_value="–")
    return wide.loc[long.Method.unique(), long.column.unique()]


def mean_std(means: pd.Series[float], stds: pd.Series[float]) -> list[str]:
    """Cells such as ``89.55 ± 0.89``; ``"–"`` for NaN."""
    pairs = zip(means, stds, strict=True)
    return [f"{mean:.2f} ± {std:.2f}" if pd.notna(mean) else "–" for mean, std in pairs]


def mean_interval(table: pd.DataFrame) -> list[str]:
    """Cells such as ``92.81 [92.75, 92.87]``; the mean alone where nothing is left to chance, or no interval known."""
    rows = zip(table["mean"], table.low, table.high, strict=True)
    return [f"{mean:.2f} [{low:.2f}, {high:.2f}]" if low < high else f"{mean:.2f}" for mean, low, high in rows]


def beside_table(
    table: pd.DataFrame, printed: pd.DataFrame, *, name: str, title: str, per_score: float, budget: str = ""
) -> str:
    """Ours and the paper's in one table, laid out as the paper has it, of the methods that it prints.

    A cell is ours, with the paper's in brackets; ≈ or ≠ stands where the ledger's rule for means calls the cell close,
    or different. ``table`` is that of :func:`naswotbook.estimates.beside_paper`, ``printed`` the cells that it was made
    with. Of methods that were not run, the paper's stand there alone. ``budget`` is what a search that trains may
    spend; how many networks it trained, where none is given. The table is named ``name-paper``, as the paper's.
    """
    table = table[table.method.isin(printed.method)]
    ours, paper = mean_std(table["mean"], table["std"]), mean_std(table.paper_mean, table.paper_std)
    marks = [MARKS.get(of_mean(deviations), "") for deviations in table.deviations.abs()]
    cells = [
        f"({theirs})" if own == "–" else own if theirs == "–" else f"{own}{mark} ({theirs})"
        for own, theirs, mark in zip(ours, paper, marks, strict=True)
    ]
    whole = [cell.replace(" ±", "\N{NO-BREAK SPACE}±").replace("± ", "±\N{NO-BREAK SPACE}") for cell in cells]
    wide = as_printed(table, ["–" if cell == "(–)" else cell for cell in whole])
    trained = table.groupby("method").trained.first()
    run = set(table[table["mean"].notna()].method)
    seconds = []
    for method in wide.index:
        limit = budget or f"{trained[method]:.0f} trainings"
        theirs = printed_seconds(method, printed)
        own = search_seconds(method, printed, per_score=per_score, budget=limit) if method in run else ""
        seconds.append(own if own == theirs else f"{own} ({theirs})".strip())
    wide.insert(0, "Search (s)", seconds)
    caption = f"{title}. Ours, and in brackets the paper's. ≈ is close, ≠ differs, by the rule of the ledger."
    return csv_table(wide.reset_index(), caption, f"{name}-paper")


def apart_table(table: pd.DataFrame, printed: pd.DataFrame, *, name: str) -> str:
    """How far ours and the paper's are apart, cell by cell. The table is named ``name-apart``."""
    both = table[table.method.isin(printed.method) & table.deviations.notna()]
    numbers = zip(both.deviations, both.standard_errors, strict=True)
    apart = as_printed(both, [f"{deviations:+.2f} ({errors:+.1f})" for deviations, errors in numbers])
    caption = "Ours less the paper's, in its standard deviations (in standard errors of the difference)."
    return csv_table(apart.reset_index(), caption, f"{name}-apart")


def counting_table(table: pd.DataFrame, *, name: str, title: str) -> str:
    """Searches that take the highest of N by the score, by each count, and by the accuracy itself (Optimal)."""
    names = ["NASWOT", *COUNTS.values(), "Optimal"]
    found = table.method.str.fullmatch(rf"({'|'.join(map(re.escape, names))}) \(N=\d+\)")
    rows = table[(found | (table.method == "Random")) & table["mean"].notna()]
    size = rows.method.str.extract(r"N=(\d+)")[0].fillna("1").astype(int)
    kind = rows.method.str.replace(r" \(.*", "", regex=True).map(
        {n: place for place, n in enumerate(["Random", *names])}
    )
    rows = rows.assign(size=size, kind=kind).sort_values(["size", "kind"], kind="stable")
    return csv_table(as_printed(rows, mean_interval(rows)).reset_index(), title, name)


def other_searches(table: pd.DataFrame, printed: pd.DataFrame) -> pd.DataFrame:
    """Rows of ``table`` that neither the paper prints nor :func:`counting_table` shows."""
    counted = table.method.str.contains(
        rf"^(?:{'|'.join(map(re.escape, ['Optimal', 'NASWOT', *COUNTS.values()]))}) \(N=\d+\)"
    )
    return table[~table.method.isin(printed.method) & ~counted & table["mean"].notna()]


def one_table(table: pd.DataFrame, *, name: str, title: str) -> str:
    """Means of searches that the paper does not have, in its layout."""
    return csv_table(as_printed(table, mean_std(table["mean"], table["std"])).reset_index(), title, name)


def differences_table(table: pd.DataFrame, *, name: str, title: str) -> str:
    """:func:`naswotbook.estimates.differences`, a row a pair of methods."""
    numbers = zip(table.difference, table.low, table.high, strict=True)
    cells = [f"{found:+.2f} [{low:+.2f}, {high:+.2f}]" for found, low, high in numbers]
    wide = as_printed(table.assign(method=table.a + " − " + table.b), cells)
    return csv_table(wide.reset_index().rename(columns={"Method": "Methods"}), title, name)


def searched_scores(page: Page, space: str, dataset: str = "cifar10", **other: Any) -> pd.DataFrame:
    """The scores among which the searches of a page choose: :func:`naswotbook.samples.all_scores`.

    Its keywords are the parameters of the page but for ``other``. In the ``paper`` profile the provenance of the page
    says from which files they come, as ``scores``.
    """
    how: dict[str, Any] = {"n_archs": page.parameters.get("n_archs")} | page.scored | other
    if page.kept:
        name = scores_name(space, dataset, **{key: how[key] for key in ("counting", "seed", "batch_size")})
        before = page.parameters.get("scores", "").split(", ")
        page.parameters["scores"] = ", ".join(dict.fromkeys([*filter(None, before), name]))
    return all_scores(space, dataset, profile=page.profile, **how)


def keep_searches(page: Page, name: str, means: pd.DataFrame, gaps: pd.DataFrame) -> None:
    """Write means and differences: with their provenance as the entry ``name`` of the registry, or, in the
    ``demo`` profile, as the page, with a link to each.
    """
    stem = page.entry(name).stem(page.seed) if page.kept else f"{page.name}-seed{page.seed}"
    write_csv(page.folder / f"{stem}-differences.csv", gaps)
    if page.kept:
        page.save(name, means)
    else:
        page.data(means)
        page.show(_links("demo", stem))


def show_searches(
    page: Page,
    name: str,
    printed: pd.DataFrame | None = None,
    *,
    label: str,
    title: str,
    words: Callable[[pd.DataFrame, pd.DataFrame], str] | None = None,
) -> None:
    """Show what the ``paper`` profile made of searches: in words, then their means, differences, files and provenance.

    In that profile itself, which is to replace them, they are not shown.

    With ``printed``, of a table of the paper, means are :func:`beside_table`, :func:`counting_table` and the other
    searches, and the paper's table alone where there was no run; without, :func:`one_table`, or that they are not here.
    ``words`` is given means and differences. Tables are named by ``label``.
    """
    entry = page.entry(name)
    found, gaps = page.find(entry), page.paper / f"{entry.stem()}-differences.csv"
    if found is None:
        missing = f"`figures/paper/{entry.stem()}.csv` is not here."
        page.show(missing if printed is None else _paper_alone(printed, f"{label}-paper", title))
        return
    if page.kept:  # a run that is to replace these does not show them
        return
    apart = pd.read_csv(gaps)
    if words is not None:
        page.show(words(found.summary, apart))
    if printed is None:
        page.show(one_table(found.summary, name=label, title=title))
    else:
        seconds = found.facts.get("budget_seconds", "")
        budget, per_score = seconds and f"{float(seconds):.0f}", seconds_a_score(page, found.facts)
        page.show(beside_table(found.summary, printed, name=label, title=title, per_score=per_score, budget=budget))
        chosen = "Ours: search by counting. The highest of N random networks; closed form, 95% interval over seeds."
        page.show(counting_table(found.summary, name=f"{label}-counting", title=chosen))
        others = other_searches(found.summary, printed)
        page.show(
            one_table(others, name=f"{label}-others", title="Ours: other searches, which the paper does not have.")
        )
        far = apart_table(found.summary, printed, name=label)
        page.show(folded("How far apart: ours less the paper's, in deviations", far))
    page.show(differences_table(apart, name=f"{label}-differences", title=f"Ours: {GAPS.lower()}."))
    page.show(_links("paper", entry.stem()), provenance_table({"": found.facts}))


def seconds_a_score(page: Page, facts: Mapping[str, str]) -> float:
    """The mean of the seconds in the first table of scores that searches with the provenance ``facts`` chose from."""
    table = pd.read_parquet(page.scores / facts["scores"].split(", ")[0], columns=["seconds"])
    return float(table.seconds.mean())


def _paper_alone(printed: pd.DataFrame, name: str, title: str) -> str:
    paper = as_printed(printed, mean_std(printed["mean"], printed["std"]))
    paper.insert(0, "Search (s)", [printed_seconds(method, printed) for method in paper.index])
    return csv_table(paper.reset_index(), f"{title}, as the paper prints it; not run here.", name)


def _links(profile: str, stem: str) -> str:
    return link_files(profile, [("means", stem), ("differences", f"{stem}-differences")])


def link_files(profile: str, files: Iterable[tuple[str, str]]) -> str:
    """Buttons for CSVs of a profile, by what each is called and the name of its file, without the suffix."""
    return buttons({f"{text} (CSV)": f"../figures/{profile}/{file}.csv" for text, file in files})
