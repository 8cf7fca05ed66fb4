"""Rules for claims about the paper's tables: means, their deviations, which method is better, and how far apart."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import t as student

from naswotbook.kept import scores_name
from naswotbook.verdicts import VERDICTS, Claim, Results, Verdict, of_interval, worst
from naswotlib.spaces.base import get_space


def means(claim: Claim, results: Results) -> Verdict:
    """Means beside the paper's, in its standard deviations: the verdict is that of the cell that lies farthest off.

    The second verdict is by standard errors of the difference, over all cells of the row together (Bonferroni).
    ``error_printed``: what the paper prints as a deviation cannot be one, and is taken for the standard error of its
    mean. ``fitted``: a setting of ours was chosen by this row.
    """
    rows = results.rows(claim).dropna(subset=["mean", "paper_mean"])
    if claim.get("error_printed"):
        error = np.hypot(rows.error, rows.paper_std)
        theirs = rows.paper_std * np.sqrt(rows.paper_runs)
        apart = rows["mean"] - rows.paper_mean
        rows = rows.assign(deviations=apart / theirs, standard_errors=apart / error, paper_error=rows.paper_std)
    else:
        rows = rows.assign(paper_error=rows.paper_std / np.sqrt(rows.paper_runs))
    rows = rows.dropna(subset="deviations")
    verdicts = [of_mean(deviations) for deviations in rows.deviations.abs()]
    row = rows.iloc[int(rows.deviations.abs().argmax())]
    errors = rows.standard_errors.abs()
    beyond = errors > [critical(row, len(rows)) for _, row in rows.iterrows()]
    notes = [f"{row.deviations:+.2f} deviations; at most {errors.max():.1f} standard errors"]
    if len(rows) > 1:
        counts = ", ".join(f"{verdicts.count(v)} {v}" for v in VERDICTS if v in verdicts)
        notes.insert(0, f"farthest of {len(rows)} cells ({counts}): {_cell(row)}")
    everyone = pd.read_csv(results.folder / claim["file"])
    everything = everyone.drawn_from.max()
    if row.drawn_from < everything:
        notes.append(f"drawn from {row.drawn_from:.0f} networks of {everything:.0f}")
    verdict = "fitted" if claim.get("fitted") else of_mean(float(rows.deviations.abs().max()))
    interval = f" [{row.low:.2f}, {row.high:.2f}]" if row.low < row.high else ""
    over = " over all runs that could be" if not row.n_runs and row.error == 0 else ""
    ours = f"{row['mean']:.2f} ± {row['std']:.2f}{interval}{over}"
    second = "" if errors.isna().all() else "beyond error" if beyond.any() else "within error"
    return Verdict(verdict, f"{row.paper_mean:.2f} ± {row.paper_std:.2f}", ours, "; ".join(notes), second)


def of_mean(deviations: float) -> str:
    """The verdict on a mean that lies so many of the paper's standard deviations from it."""
    return "reproduced" if deviations <= 0.25 else "close" if deviations <= 1 else "differs"


def critical(row: Any, cells: int) -> float:
    """How many standard errors chance allows a mean at 95%, if all ``cells`` of a row are looked at (Welch)."""
    ours, theirs = float(row.error) ** 2, float(row.paper_error) ** 2
    below = theirs**2 / (row.paper_runs - 1)
    if np.isfinite(row.dof) and row.dof > 0:
        below += ours**2 / row.dof
    return float(student.ppf(1 - 0.025 / cells, (ours + theirs) ** 2 / below if below else np.inf))


def _cell(row: Any) -> str:
    return f"{row.dataset} {row.split}"


def spreads(claim: Claim, results: Results) -> Verdict:
    """Printed deviations over runs beside ours: the farthest ratio of the rows of ``methods``.

    Reproduced within a quarter more or less (0.8 to 1.25), close from half to twice. The second verdict is by the
    standard error of the logarithm of the ratio, of normal runs; a closed form has none.
    """
    rows = results.rows(claim)
    rows = rows[rows.method.isin(claim["methods"]) & (rows.paper_std > 0)].dropna(subset="std")
    ratio = rows["std"] / rows.paper_std
    row = rows.iloc[int(np.abs(np.log(ratio)).argmax())]
    far = float(row["std"] / row.paper_std)
    verdict = "reproduced" if 0.8 <= far <= 1.25 else "close" if 0.5 <= far <= 2 else "differs"
    own = np.where(rows.n_runs > 1, 1 / (2 * (rows.n_runs.clip(lower=2) - 1)), 0.0)
    errors = np.abs(np.log(ratio)) / np.sqrt(own + 1 / (2 * (rows.paper_runs - 1)))
    second = "beyond error" if errors.max() > student.ppf(1 - 0.025 / len(rows), np.inf) else "within error"
    near = int(ratio.between(0.8, 1.25).sum())
    note = f"farthest of {len(rows)} cells, {near} within a quarter: {row.method}, {_cell(row)}"
    place = int(np.abs(np.log(ratio)).argmax())
    reach = float(np.exp(1.96 * np.sqrt(own + 1 / (2 * (rows.paper_runs.to_numpy(float) - 1)))[place]))
    ours = f"± {row['std']:.2f}, {far:.2f} times the paper's [{far / reach:.2f}, {far * reach:.2f}]"
    return Verdict(verdict, f"± {row.paper_std:.2f}", ours, note, second)


def order(claim: Claim, results: Results) -> Verdict:
    """Methods that are ``better`` than those that are ``worse``, in every column, by the paper and then by ours."""
    where = claim.get("rows", {})
    cells = results.cells(claim["table"], where)
    printed: dict[Any, Any] = {(row.method, row.dataset, row.split): row for _, row in cells.iterrows()}
    gaps: dict[tuple[str, str, str, str], float] = {}
    errors: dict[tuple[str, str, str, str], float] = {}
    for a, b in ((_plain(a), _plain(b)) for a in claim["better"] for b in claim["worse"]):
        for key in dict.fromkeys(zip(cells.dataset, cells.split, strict=True)):
            if (a, *key) in printed and (b, *key) in printed:
                one, other = printed[a, *key], printed[b, *key]
                gaps[a, b, *key] = float(one["mean"] - other["mean"])
                variance = one["std"] ** 2 / one.n_runs + other["std"] ** 2 / other.n_runs
                errors[a, b, *key] = float(np.sqrt(variance))
    against = {names: gap for names, gap in gaps.items() if gap < 0}
    ours = _gaps_of(claim, results) if "file" in claim else None
    if against:
        (a, b, dataset, split), gap = min(against.items(), key=lambda item: item[1])
        note = f"{b} is ahead of {a} in {len(against)} of {len(gaps)} cells, most in {dataset} {split}"
        here = "" if ours is None else f"least: {_gap(ours.sort_values('low').iloc[0])}"
        return Verdict("contradicted", f"{gap:+.2f}", here, note)
    if ours is None:
        raise ValueError(f"file: the claim {claim['claim']!r} is not contradicted, and names no file to test it")
    verdict = worst([of_interval(*ends) for ends in zip(ours.low, ours.high, strict=True)])
    row = ours.sort_values("high" if verdict == "differs" else "low").iloc[0]
    named = (_plain(row.a), _plain(row.b), row.dataset, row.split)
    notes = [f"least of {len(ours)} cells: {row.a} against {row.b}, {_cell(row)}"] if len(ours) > 1 else []
    own = [gap / errors[key] for key, gap in gaps.items() if errors[key]]
    if own:
        notes.append(f"the paper's own gap is {min(own):.1f} standard errors" + (" or more" if len(own) > 1 else ""))
    if row.get("seeds", 0) > 1:
        notes.append(f"over runs and {row.seeds:.0f} seeds of the scores")
    printed_gap = gaps.get(named, min(gaps.values(), default=None))
    paper = "" if printed_gap is None else f"{printed_gap:+.2f}"
    return Verdict(verdict, paper, _gap(row), "; ".join(notes))


def _gaps_of(claim: Claim, results: Results) -> pd.DataFrame:
    table = pd.read_csv(results.folder / claim["file"])
    for column, value in claim.get("rows", {}).items():
        table = table[table[column] == value]
    found = table[table.a.isin(claim["better"]) & table.b.isin(claim["worse"])]
    if found.empty:
        raise ValueError(f"better, worse: {claim['better']} and {claim['worse']} choose nothing from {claim['file']}")
    return found


def _plain(method: str) -> str:
    """The paper's name of a method: ours may add a number of runs."""
    return re.sub(r" \(\d+ runs\)$", "", method)


def _gap(row: Any) -> str:
    return f"{row.difference:+.2f} [{row.low:+.2f}, {row.high:+.2f}]"


def _printed_gaps(claim: Claim, results: Results) -> dict[tuple[str, str], float]:
    """The paper's differences of the two methods of ``rows``, by data set and split."""
    cells = results.cells(claim["table"]).set_index(["method", "dataset", "split"])["mean"]
    a, b = (cells.loc[_plain(claim["rows"][key])] for key in ("a", "b"))
    return {key: float(gap) for key, gap in (a - b).dropna().items()}


def similar(claim: Claim, results: Results) -> Verdict:
    """Differences that lie within ``margin`` of 0 with all of their interval, in every row.

    With ``table``, the paper's own differences of the two methods of ``rows`` are looked at first. ``column`` is where
    the differences stand, ``difference`` without.
    """
    margin, paper = float(claim["margin"]), ""
    if "table" in claim:
        printed = _printed_gaps(claim, results)
        (dataset, split), most = max(printed.items(), key=lambda item: abs(item[1]))
        paper = f"{most:+.2f}"
        if abs(most) > margin:
            beyond = sum(abs(gap) > margin for gap in printed.values())
            note = f"{beyond} of {len(printed)} printed differences are beyond {margin}, most in {dataset} {split}"
            return Verdict("contradicted", paper, "", note)
    rows = results.rows(claim).rename(columns={claim.get("column", "difference"): "difference"})
    inside = (rows.low > -margin) & (rows.high < margin)
    outside = (rows.low > margin) | (rows.high < -margin)
    verdict = "differs" if outside.any() else "reproduced" if inside.all() else "undecided"
    row = rows.iloc[int(rows.difference.abs().argmax())]
    note = f"farthest of {len(rows)}; {int(inside.sum())} within {margin}" if len(rows) > 1 else f"within {margin}"
    return Verdict(verdict, paper, _gap(row), note)


def no_farther(claim: Claim, results: Results) -> Verdict:
    """Two methods that are no farther apart than the paper prints them, in every column that it prints.

    What a text calls close is then what its table shows. Reproduced where all intervals end below the printed gap.
    """
    printed = _printed_gaps(claim, results)
    rows = results.rows(claim)
    rows = rows[[(row.dataset, row.split) in printed for row in rows.itertuples()]]
    theirs = np.array([printed[key] for key in zip(rows.dataset, rows.split, strict=True)])
    verdict = worst(
        [of_interval(gap - row.high, gap - row.low) for gap, row in zip(theirs, rows.itertuples(), strict=True)]
    )
    row, gap = rows.iloc[int((rows.high - theirs).argmax())], theirs[int((rows.high - theirs).argmax())]
    note = (
        f"nearest to the printed gap of {len(rows)} cells: {_cell(row)}; gaps here are {rows.difference.min():.2f} to "
    )
    return Verdict(verdict, f"{gap:+.2f}", _gap(row), f"{note}{rows.difference.max():.2f} points")


def between(claim: Claim, results: Results) -> Verdict:
    """The mean of the second of three ``methods`` as a share of the way from the first to the third; half is midway.

    Midway is taken to mean a share of 0.25 to 0.75. The interval comes from the errors of the three means.
    """
    rows = results.rows(claim).set_index("method").loc[claim["methods"]]

    def share(values: Any) -> Any:
        low, middle, high = values
        return (middle - low) / (high - low)

    drawn = rows["mean"].to_numpy()[:, None] + rows.error.fillna(0.0).to_numpy()[:, None] * np.random.default_rng(
        0
    ).standard_normal((3, 20_000))
    ours, (low, high) = float(share(rows["mean"])), np.quantile(share(drawn), [0.025, 0.975])
    inside, outside = low >= 0.25 and high <= 0.75, high < 0.25 or low > 0.75
    verdict = "reproduced" if inside else "differs" if outside else "undecided"
    return Verdict(
        verdict, f"{share(rows.paper_mean):.2f} of the way", f"{ours:.2f} [{low:.2f}, {high:.2f}] of the way"
    )


def size(claim: Claim, results: Results) -> Verdict:
    """How many architectures there are: rows of a published table (``file``), or those that a space enumerates."""
    if "file" in claim:
        count = int(results.rows(claim).drawn_from.iloc[0])
        note = "rows of the published table"
    else:
        space = get_space(claim["space"])
        count, note = len({space.to_str(arch) for arch in space}), "counted one by one"
    return Verdict("reproduced" if count == claim["paper"] else "differs", "", str(count), note)


def seconds(claim: Claim, results: Results) -> Verdict:
    """Seconds of NASWOT: ours is N times the mean of those in the table of scores.

    ``against``: another method of the printed table, whose seconds are divided by NASWOT's, as printed.
    """
    method, space = claim["method"], claim.get("space", "nasbench201")
    table = {"nasbench201": "2a", "nats_size": "2b", "nasbench101": "1"}[space]
    cells = results.cells(table).set_index("method").search_seconds
    printed = float(cells[[method]].iloc[0])
    notes = ["ours on a CPU, while it did other work"]
    if "against" in claim:
        times = float(cells[[claim["against"]]].iloc[0]) / printed
        notes.append(f"as printed, {times:.0f} times faster than {claim['against']}: 10 to the {np.log10(times):.1f}")
    kept = [
        results.folder / "scores" / scores_name(space, "cifar10", counting=c, seed=0) for c in ("once", "reference")
    ]
    found = [path for path in kept if path.exists()]
    if not found:
        return Verdict("not compared", f"{printed:g} s")
    each = pd.read_parquet(found[0], columns=["seconds"]).seconds.mean()
    return Verdict("not compared", f"{printed:g} s", f"{int(method[10:-1]) * each:.1f} s", "; ".join(notes))


def quoted(claim: Claim, results: Results) -> Verdict:
    """What the paper itself quotes."""
    if "table" not in claim:
        return Verdict("quoted")
    cells = results.cells(claim["table"])
    row = cells[(cells.method == claim["claim"]) & (cells.dataset == "cifar10") & (cells.split == "test")].iloc[0]
    return Verdict("quoted", f"{row['mean']:.2f} ± {row['std']:.2f}", "", "cifar10 test")


def repeated(claim: Claim, results: Results) -> Verdict:
    """A number that the paper's table has too, where it is judged."""
    return Verdict("repeated", "", "", f"judged at {claim['see']}")
